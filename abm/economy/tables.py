"""An economy as arrays; that of 2017 is read from ``abm/data``.

Flows are million USD of 2017 a year at basic prices, rates are fractions.
``Z[s, k, l, j]`` is what sector ``j`` in region ``l`` buys of input ``k`` from
region ``s``; ``final_demand[s, j, m]`` what market ``m`` consumes. What traders earn on
goods stands with the goods (`abm.economy.trade_margins`), not with other services.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import data
from abm.axes import (
    FOOTLOOSE,
    GOODS,
    HOMES,
    HOSTS,
    N_FOOTLOOSE,
    N_GOODS,
    N_HOSTS,
    N_REGIONS,
    REGIONS,
    SECTORS,
)
from abm.economy.line_shares import product_lines
from abm.economy.rate_distribution import RateDistribution
from abm.economy.sector_lines import SectorLines
from abm.economy.trade_margins import valued
from abm.errors import ScenarioError

Array = NDArray[np.float64]

BASE_YEAR = "2017"
"""The base year whose tables lie in ``abm/data`` itself."""

FLOWS = ("intermediate_use", "final_demand", "output_value_added")
"""Tables of flows, whose files in ``abm/data`` end in their year."""

MERCHANDISE_PROCESSING_FEE = 0.003464
"""Ad valorem fee on US imports, waived on originating goods (19 CFR 24.23, unverified)."""

PROFIT_SHARE_OF_SURPLUS = 0.5
"""Part of the operating surplus that is pure profit; the rest pays for capital (assumption)."""


@dataclass(frozen=True)
class Economy:
    """Observed figures the model starts from.

    Attributes
    ----------
    intermediate_use : ndarray, shape (source, input, using region, using sector)
    final_demand : ndarray, shape (source, sector, market)
    output, value_added : ndarray, shape (region, sector)
        Million USD a year at basic prices.
    employment : ndarray, shape (host, sector)
        Persons engaged.
    labour_share : ndarray, shape (host, sector)
        Labour's part of value added.
    hourly_pay : ndarray, shape (host, sector)
        Compensation of labour, USD an hour.
    theta, sigma : ndarray, shape (sector,)
        Elasticity of sourcing and of demand.
    applied_duty : ndarray, shape (sector, source, market)
        Duty on trade in which no preference is at stake, fees included.
    customs_over_basic : ndarray, shape (sector, source, market)
        Value on which duty falls over value at basic prices, one plus what traders earn;
        0 where no customs border is crossed.
    records_over_customs : ndarray, shape (sector, source, market)
        What customs record over that value: a mismatch of sources, which enters no price and
        no account. For comparisons with records of customs only.
    rates : dict
        `RateDistribution` by (exporting host, importing host, sector).
    lines : SectorLines
        What the products of a sector are, with their own rates, whose distribution this is.
    establishments : ndarray, shape (host,)
        Real manufacturing establishments.
    distance : ndarray, shape (region, region)
        Thousand km, population-weighted.
    owners : ndarray, shape (footloose sector, host, home)
        Share of a host's output that is made by owners from each home; sums to 1 over homes.
    """

    intermediate_use: Array
    final_demand: Array
    output: Array
    value_added: Array
    employment: Array
    labour_share: Array
    hourly_pay: Array
    theta: Array
    sigma: Array
    applied_duty: Array
    customs_over_basic: Array
    records_over_customs: Array
    rates: dict[tuple[int, int, int], RateDistribution]
    lines: SectorLines
    establishments: Array
    distance: Array
    owners: Array

    @property
    def trade_margin(self) -> Array:
        """What traders earn on a good over its basic value, shape (sector, source, market)."""
        crosses = self.customs_over_basic > 0
        margin: Array = np.where(crosses, self.customs_over_basic - 1, 0.0)
        return margin

    @property
    def makes(self) -> NDArray[np.bool_]:
        """Whether anything of a sector is made at a host, shape (footloose sector, host)."""
        made: NDArray[np.bool_] = self.output[:N_HOSTS, :N_FOOTLOOSE].T > 0
        return made

    @property
    def margin(self) -> Array:
        """Pure profit as a share of sales, shape (footloose sector,); the same at every host.

        Half the operating surplus of the host where it is smallest, so that labour and
        capital cost something everywhere that something is made.
        """
        surplus = (self.value_added[:N_HOSTS] * (1 - self.labour_share))[:, :N_FOOTLOOSE]
        sales = self.output[:N_HOSTS, :N_FOOTLOOSE]
        of_sales = np.divide(surplus, sales, out=np.full_like(sales, np.inf), where=sales > 0)
        share: Array = PROFIT_SHARE_OF_SURPLUS * of_sales.min(axis=0)
        return share

    def fingerprint(self) -> str:
        """SHA-256 of all figures."""
        named = {"": self, "lines.": self.lines, "products.": self.lines.products}
        arrays = {
            f"{part}{name}": value
            for part, of in named.items()
            for name, value in vars(of).items()
            if isinstance(value, np.ndarray)
        }
        for key, distribution in sorted(self.rates.items()):
            arrays[f"rates.{key}"] = np.append(distribution.shares, distribution.position)
        told = sha256(repr((self.lines.name, self.lines.codes)).encode())
        for name in sorted(arrays):
            told.update(f"{name}{arrays[name].shape}{arrays[name].dtype}".encode())
            told.update(np.ascontiguousarray(arrays[name]).tobytes())
        return told.hexdigest()


def _cube(frame: pd.DataFrame, columns: dict[str, tuple[str, ...]], value: str) -> Array:
    """A tidy table as an array whose axes are ``columns``; missing cells are 0."""
    index = tuple(pd.Categorical(frame[column], labels).codes for column, labels in columns.items())
    known = np.all([codes >= 0 for codes in index], axis=0)
    cube = np.zeros([len(labels) for labels in columns.values()])
    cube[tuple(codes[known] for codes in index)] = frame[value].to_numpy()[known]
    return cube


USE_AXES = {
    "source_region": REGIONS,
    "input_sector": SECTORS,
    "using_region": REGIONS,
    "using_sector": SECTORS,
}
FINAL_AXES = {"source_region": REGIONS, "sector": SECTORS, "market": REGIONS}
ACCOUNT_AXES = {"region": REGIONS, "sector": SECTORS}


@cache
def observed_flows() -> tuple[Array, Array]:
    """Intermediate use and final demand as the tables have them, margins within services.

    Returns
    -------
    intermediate_use : ndarray, shape (source, input, using region, using sector)
    final_demand : ndarray, shape (source, sector, market)
    """
    return (
        _cube(shipped_table("intermediate_use"), USE_AXES, "value_musd"),
        _cube(shipped_table("final_demand"), FINAL_AXES, "value_musd"),
    )


def mismatch(recorded: Array, customs: Array) -> Array:
    """Customs records over customs values, 1 where there are none."""
    ratio: Array = np.divide(recorded, customs, out=np.ones_like(customs), where=customs > 0)
    return ratio


@cache
def load_economy() -> Economy:
    """Read the tables of 2017 once.

    Returns
    -------
    Economy
    """
    return economy_from(shipped_table)


def shipped_table(name: str) -> pd.DataFrame:
    """Return a table of the shipped economy by its name, for flows without their year."""
    return data.read(f"{name}_{BASE_YEAR}" if name in FLOWS else name)


def economy_from(read: Callable[[str], pd.DataFrame]) -> Economy:
    """Put the tables of an economy into arrays.

    Parameters
    ----------
    read : callable
        Gives a table by the name it has in ``abm/data``, flows without their year.

    Returns
    -------
    Economy
    """
    labour = read("labour")
    labour_axes = {"region": HOSTS, "sector": SECTORS}
    accounts = read("output_value_added")
    trade_axes = {"sector": SECTORS, "exporter": REGIONS, "importer": REGIONS}
    applied = _cube(read("applied_duties"), trade_axes, "rate")
    usa = REGIONS.index("USA")
    applied[:N_GOODS, :, usa] += MERCHANDISE_PROCESSING_FEE
    recorded = _cube(read("customs_over_basic"), trade_axes, "ratio")
    for region in range(N_REGIONS):
        applied[:, region, region] = recorded[:, region, region] = 0
    flows = valued(
        _cube(read("intermediate_use"), USE_AXES, "value_musd"),
        _cube(read("final_demand"), FINAL_AXES, "value_musd"),
        recorded,
    )
    rates = _rate_distributions()
    elasticities = read("elasticities").set_index("sector").loc[list(SECTORS)]
    establishments = read("establishments").set_index("region").loc[list(HOSTS)]
    distance = _cube(read("regional_distances"), {"origin": REGIONS, "destination": REGIONS}, "km")
    return Economy(
        intermediate_use=flows.intermediate_use,
        final_demand=flows.final_demand,
        output=_cube(accounts, ACCOUNT_AXES, "gross_output_musd"),
        value_added=_cube(accounts, ACCOUNT_AXES, "value_added_musd"),
        employment=1000 * _cube(labour, labour_axes, "employment_thousand"),
        labour_share=_cube(labour, labour_axes, "labour_share_of_value_added"),
        hourly_pay=_cube(labour, labour_axes, "hourly_compensation_usd"),
        theta=elasticities["theta"].to_numpy(np.float64),
        sigma=elasticities["sigma"].to_numpy(np.float64),
        applied_duty=applied,
        customs_over_basic=flows.customs_over_basic,
        records_over_customs=mismatch(recorded, flows.customs_over_basic),
        rates=rates,
        lines=product_lines(rates),
        establishments=establishments["establishments"].to_numpy(np.float64),
        distance=distance / 1000,
        owners=_owners(read("owners")),
    )


def _owners(shares: pd.DataFrame) -> Array:
    """Shares of owners by home, those of every sector and host summing to one exactly."""
    axes = {"sector": FOOTLOOSE, "host": HOSTS, "home": HOMES}
    owners = _cube(shares, axes, "share")
    total = owners.sum(axis=2, keepdims=True)
    if not (total > 0).all():
        sector, host, _ = np.argwhere(total <= 0)[0]
        raise ScenarioError(f"owners.csv: nobody owns {FOOTLOOSE[sector]} in {HOSTS[host]}")
    return owners / total


def _rate_distributions() -> dict[tuple[int, int, int], RateDistribution]:
    bins = data.read("mfn_rate_bins")
    bands = [
        "share_zero",
        "share_0_to_2p5",
        "share_2p5_to_5",
        "share_5_to_10",
        "share_10_to_20",
        "share_over_20",
    ]
    rates = {}
    for row in bins.itertuples():
        if row.sector not in GOODS:
            continue
        shares = np.array([getattr(row, band) for band in bands])
        key = (HOSTS.index(row.exporter), HOSTS.index(row.importer), SECTORS.index(row.sector))
        rates[key] = RateDistribution.with_mean(shares / shares.sum(), float(row.mean))
    missing = {
        (s, m, k) for s in range(N_HOSTS) for m in range(N_HOSTS) if s != m for k in range(N_GOODS)
    } - rates.keys()
    if missing:
        s, m, k = min(missing)
        raise ValueError(f"mfn_rate_bins.csv lacks {HOSTS[s]} to {HOSTS[m]}, {SECTORS[k]}")
    return rates
