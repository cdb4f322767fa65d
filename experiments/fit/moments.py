"""The figures that the fit compares: parts content and claims of origin, observed and modelled."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, N_GOODS, N_HOSTS, USA
from abm.base_year.calibration import BaseYear, calibrate
from abm.base_year.first_plants import place_firms
from abm.base_year.population import (
    draw_origin,
    draw_population,
    fitted_by_sector,
    fitted_can_qualify,
    fitted_origin_share,
)
from abm.core.demand.claims import Claim
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.tables import Array, Economy, load_economy
from abm.engine.blocks import of_one_sector, sector_rows
from abm.engine.draws import Draws
from abm.errors import CalibrationError
from abm.policy import Policy, compile_policy
from abm.policy.regime import INSTRUMENTS
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario
from abm.trade.borders.crossing import Borders, claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.certificates import qualified_share
from abm.trade.flows.deliveries import sales_by_appeal, tally_plants
from abm.trade.inputs.input_prices import (
    outside_duty,
    price_inputs,
    solve_costs,
    value_added_cost,
)
from abm.trade.sales.market_clearing import FINAL, appeal, standing_plants
from agents import FirmTable

FIRMS_OBSERVED = 20_000
"""Size of a population; some hundred plants then stand in the cells that are fitted."""

SEEDS_POOLED = (1, 2, 3)
"""Populations pooled."""

NUDGES = (1.0, 1.01, 0.99, 1.02, 0.98)
"""Factors on all spreads, tried in turn; each is well within sampling error."""


@dataclass(frozen=True)
class Parameters:
    """What is fitted, by sector.

    Attributes
    ----------
    content_spread : ndarray, shape (sector,)
        Standard deviation of a firm's log taste for sources, and of its log odds of origin.
    origin_share : ndarray, shape (sector, host)
        Part of qualifying deliveries to plants that originates by value.
    paperwork_median : ndarray, shape (sector, host)
        Median cost of proving origin, share of unit cost, by exporting host.
    can_qualify : ndarray, shape (sector, host)
        Part of the goods that originates where the mix of inputs meets the rule, by
        exporting host.
    """

    content_spread: Array
    origin_share: Array
    paperwork_median: Array
    can_qualify: Array

    @classmethod
    def stored(cls) -> "Parameters":
        """Those in ``fitted_parameters.csv``, with which populations are drawn."""
        medians = [fitted_by_sector(f"paperwork_median_{host}") for host in HOSTS]
        return cls(
            fitted_by_sector("content_spread"),
            fitted_origin_share(),
            np.stack(medians, axis=1),
            fitted_can_qualify(),
        )


@dataclass(frozen=True)
class Exports:
    """What the plants of one sector at one host face when they sell to the United States.

    All arrays have shape (plant,); costs are relative to the base year's unit cost.

    Attributes
    ----------
    value : ndarray
        Border value of their sales, million USD a quarter.
    free_cost, compliant_cost : ndarray
        Unit cost of the free mix and of the mix that meets the rule, which is infinite
        where none does.
    meets_rule : ndarray of bool
        True where the free mix meets it.
    parts_content : ndarray
        Originating share of the materials in what is sold to the United States in the
        base year, under NAFTA's rule.
    content : ndarray
        Regional value content of the free mix, under USMCA's qualifying shares.
    can_qualify : ndarray
        Part of their goods that originates where the mix meets the rule.
    """

    value: Array
    free_cost: Array
    compliant_cost: Array
    meets_rule: NDArray[np.bool_]
    parts_content: Array
    content: Array
    can_qualify: Array

    @classmethod
    def pooled(cls, samples: list["Exports"]) -> "Exports":
        """Plants of several seeds as if they were one population."""
        return cls(
            *(
                np.concatenate([getattr(sample, item.name) for sample in samples])
                for item in fields(cls)
            )
        )


type View = dict[tuple[str, str], Exports]
"""`Exports` by (sector, host)."""


@dataclass(frozen=True)
class Border:
    """What a claim on the way into the United States saves and risks.

    Attributes
    ----------
    false_claim_cost : float
        Expected back duty and fine, in multiples of the duty.
    honesty_median, honesty_spread : float
        Of the lognormal reluctance to lie.
    """

    false_claim_cost: float
    honesty_median: float
    honesty_spread: float


UNLISTED = 0.075
"""Mexican share of parts where the label lists none: half of the 15% from which it must."""


def carline_content() -> pd.DataFrame:
    """Regional parts content of carlines of model year 2020.

    Returns
    -------
    pandas.DataFrame
        Columns ``host``, ``content`` and ``listed``, the part of it that the label lists;
        a row a carline.
    """
    carlines = data.read("vehicle_parts_content_2020")
    listed = carlines["north_american_parts_share_lower_bound"]
    unlisted = ~(carlines["mexico_parts_share_if_listed"] > 0)
    return pd.DataFrame(
        {
            "host": carlines["assembly_country"],
            "content": listed + UNLISTED * unlisted,
            "listed": listed,
        }
    )


def spread_within_hosts(content: Mapping[str, Array], carlines: Mapping[str, int]) -> float:
    """Standard deviation from the host's mean, hosts weighted by their carlines."""
    variance = [carlines[host] * float(np.var(content[host])) for host in carlines]
    return float(np.sqrt(sum(variance) / sum(carlines.values())))


@dataclass(frozen=True)
class FitSetting:
    """What does not change while parameters are searched: economy, firms' settings, policies."""

    economy: Economy
    baseline: Scenario
    nafta: Policy
    usmca: Policy

    @classmethod
    def shipped(cls) -> "FitSetting":
        """The baseline in its first quarter, and the last regime of ``usmca-content``."""
        baseline, reform = Scenario.load("status-quo"), Scenario.load("usmca-content")
        last = reform.instruments_at_the_end
        final = baseline.model_copy(update={name: getattr(last, name) for name in INSTRUMENTS})
        return cls(
            load_economy(),
            baseline,
            compile_policy(baseline),
            compile_policy(final),
        )

    @property
    def settings(self) -> FirmAssumptions:
        """What is assumed of firms."""
        return self.baseline.firms

    @property
    def border(self) -> Border:
        """What claims save and risk on the way into the United States."""
        return Border(
            false_claim_cost=float(
                self.usmca.audit_rate[USA, 0] * (1 + self.usmca.penalty[USA, 0])
            ),
            honesty_median=self.settings.honesty_median,
            honesty_spread=self.settings.honesty_spread,
        )


def draw_firms(world: FitSetting, parameters: Parameters, firms: int, seed: int) -> FirmTable:
    """A population of the base year whose firms differ as the parameters say.

    The draws are those of `abm.base_year.population`, rescaled from the stored parameters.
    """
    draws = Draws(seed)
    table = draw_population(world.economy, world.settings, firms, draws)
    policy = compile_policy(world.baseline, quarters=0)
    place_firms(table, world.economy, world.baseline, policy, draws)
    stored = Parameters.stored()
    power = (parameters.content_spread / stored.content_spread)[table.sector]
    table.sourcing_draw[:] = table.sourcing_draw ** power[:, None, None].astype(np.float32)
    table.affinity[:] = table.sourcing_draw
    draw_origin(table, parameters.origin_share, parameters.content_spread[table.sector], draws)
    table.paperwork[:] *= (parameters.paperwork_median / stored.paperwork_median)[table.sector]
    table.can_qualify[:] = parameters.can_qualify[table.sector]
    return table


def observe(world: FitSetting, parameters: Parameters, firms: int, seed: int) -> View:
    """Calibrate a population and look at its exports to the United States under USMCA.

    Where one firm at the margin between claiming and paying keeps a calibration
    from settling, spreads are nudged.

    Parameters
    ----------
    world : FitSetting
    parameters : Parameters
    firms : int
        Size of the population.
    seed : int

    Returns
    -------
    View

    Raises
    ------
    CalibrationError
        If no constants reproduce the base year with parameters as these.
    """
    failures = []
    for nudge in NUDGES:
        try:
            nudged = replace(parameters, content_spread=parameters.content_spread * nudge)
            return _observe(world, nudged, firms, seed)
        except CalibrationError as error:
            failures.append(error)
    raise failures[0]


def _observe(world: FitSetting, parameters: Parameters, firms: int, seed: int) -> View:
    table = draw_firms(world, parameters, firms, seed)
    base = calibrate(table, world.economy, world.nafta, world.settings)
    costs, borders = _under_usmca(world, table, base)
    parts_content = _parts_content(world, table, base)
    view: View = {}
    for sector, rows in enumerate(sector_rows(table)):
        values = _sales_in_usa(world, table, base, sector)
        for host, name in enumerate(HOSTS):
            at = np.flatnonzero(table.plants[rows, host]) + rows.start
            view[FOOTLOOSE[sector], name] = Exports(
                value=values[host],
                free_cost=costs.free_cost[at, host, 0].astype(np.float64),
                compliant_cost=costs.compliant_cost[at, host, 0].astype(np.float64),
                meets_rule=borders.meets_rule[at, host, USA, 0],
                parts_content=parts_content[at, host].astype(np.float64),
                content=costs.free_content[at, host, 0].astype(np.float64),
                can_qualify=table.can_qualify[at, host].astype(np.float64),
            )
    return view


def _under_usmca(
    world: FitSetting, table: FirmTable, base: BaseYear, rounds: int = 3
) -> tuple[UnitCosts, Borders]:
    """Costs and claims at base-year prices under USMCA's rules, parts losing origin with them."""
    economy, policy, calibration = world.economy, world.usmca, base.calibration
    conditions = calibration.conditions
    value_added = value_added_cost(table, calibration, conditions, policy)
    outside = outside_duty(economy, policy)
    for remaining in reversed(range(rounds)):
        terms = price_inputs(economy, calibration, conditions, policy)
        costs = UnitCosts.empty(len(table), len(HOSTS), 1)
        solve_costs(table, terms, value_added, costs)
        borders = claim_origin(table, policy, costs)
        if remaining:
            quarter = Quarter(table, economy, calibration, policy, costs, borders, outside)
            sales = sales_by_appeal(quarter, regime=0)
            tally = tally_plants(quarter, terms, value_added, regime=0, sales=sales)
            qualified = qualified_share(tally.filings, None, conditions.qualified)
            conditions = conditions.with_regimes(qualified, conditions.certificates)
    return costs, borders


def _parts_content(world: FitSetting, table: FirmTable, base: BaseYear) -> Array:
    """Originating share of materials in what is sold in the USA, shape (firm, host).

    Materials are at basic values, those of the average plant of sector and host over what
    it pays; what does not originate is so in its content already.
    """
    calibration, costs = base.calibration, base.costs
    terms = price_inputs(world.economy, calibration, calibration.conditions, world.nafta)
    value_added = value_added_cost(table, calibration, calibration.conditions, world.nafta)
    other_cost = value_added[..., 0].astype(np.float64)
    for sector, rows in enumerate(sector_rows(table)):
        other_cost[rows] += terms[sector].services[:, 0]
    claims = base.borders.claim[:, :, USA, 0] == Claim.COMPLIES
    adjusts = claims & ~base.borders.meets_rule[:, :, USA, 0]
    threshold = world.nafta.content_threshold[table.line, 0]
    content = np.where(adjusts, threshold, costs.free_content[..., 0])
    cost = np.where(adjusts, costs.compliant_cost[..., 0], costs.free_cost[..., 0])
    paid = base.tally.purchases[:, :N_GOODS].sum(axis=(4, 5))
    basic = paid / calibration.base_on_top[:N_GOODS, :, :N_HOSTS]
    whole = np.maximum(paid.sum(axis=(1, 2)), np.finfo(float).tiny)
    at_basic = (basic.sum(axis=(1, 2)) / whole)[table.sector]
    share: Array = 1 - (1 - content) * cost / ((cost - other_cost) * at_basic)
    return share


def _sales_in_usa(world: FitSetting, table: FirmTable, base: BaseYear, sector: int) -> list[Array]:
    """Border value of base-year sales in the USA of the plants at every host.

    Returns
    -------
    list of ndarray, shape (plant,)
        Million USD a quarter, in the order of the rows of the plants' firms.
    """
    quarter = Quarter(
        table,
        world.economy,
        base.calibration,
        world.nafta,
        base.costs,
        base.borders,
        outside_duty(world.economy, world.nafta),
    )
    block = of_one_sector(table, sector)
    plants = standing_plants(quarter, block, regime=0)
    values = []
    for place, sold in zip(plants, appeal(plants, base.calibration.access, block), strict=True):
        sold[:, FINAL] /= place.mark_on
        values.append(sold[..., USA].sum(axis=1, dtype=np.float64))
    return values
