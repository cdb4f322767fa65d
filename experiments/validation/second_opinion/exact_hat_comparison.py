"""The frictionless model and exact-hat algebra side by side, on one change of duties."""

from dataclasses import dataclass

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, QUARTERS_A_YEAR
from abm.economy.tables import Array
from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.validation.second_opinion.exact_hat import Counterfactual, solve
from experiments.validation.second_opinion.frictionless import FrictionlessModel
from experiments.validation.sections import Section

RATE = 0.10
SETTLING = 60
"""Quarters in which wages and prices, each passed on a quarter late, come to rest."""


@dataclass(frozen=True)
class Comparison:
    """One counterfactual solved twice.

    Attributes
    ----------
    trade_before, trade_model : ndarray, shape (sector, source, market)
        Million USD a year at basic prices, both uses.
    output_before, output_model : ndarray, shape (sector, host)
    wage_model : ndarray, shape (host,)
    peer : Counterfactual
    peer_before : ndarray, shape (sector, source, market)
        The observed table.
    """

    trade_before: Array
    trade_model: Array
    output_before: Array
    output_model: Array
    wage_model: Array
    peer: Counterfactual
    peer_before: Array

    def largest_gap(self) -> float:
        """Largest relative gap in the factor on trade, footloose sectors among members."""
        among = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS), slice(0, N_HOSTS))
        model = self.trade_model[among] / self.trade_before[among]
        peer = self.peer.trade[among] / self.peer_before[among]
        return float(np.abs(model / peer - 1).max())


def compare(rate: float = RATE, assumptions: tuple[str, ...] = ()) -> Comparison:
    """Duties between all members on all footloose goods, whatever their origin."""
    duties = [
        f"tariffs.special.{market}.{origin}.{sector}={rate}"
        for market in HOSTS
        for origin in HOSTS
        for sector in FOOTLOOSE
        if origin != market
    ]
    model = FrictionlessModel("tariffs.special_waived_for_originating=false", *duties, *assumptions)
    base = model.base_accounts
    before = model.calibration.base_input_duty
    model.run_for(SETTLING)
    after = model.conditions.certificates.duty[..., 0]
    now, economy = model.accounts, model.economy
    return Comparison(
        trade_before=QUARTERS_A_YEAR * (base.final.value + base.intermediate.value),
        trade_model=QUARTERS_A_YEAR * (now.final.value + now.intermediate.value),
        output_before=QUARTERS_A_YEAR * base.sales,
        output_model=QUARTERS_A_YEAR * now.sales,
        wage_model=model.conditions.wage,
        peer=solve(economy, before, after, model.scenario.economy.wage_elasticity),
        peer_before=np.transpose(
            economy.final_demand + economy.intermediate_use.sum(axis=3), (1, 0, 2)
        ),
    )


def section(assumptions: tuple[str, ...] = ()) -> Section:
    """Change of imports from the partners and of output, sector by sector and country.

    Parameters
    ----------
    assumptions : tuple of str
        Overrides, such as another economy.
    """
    found = compare(assumptions=assumptions)
    rows = []
    for j, sector in enumerate(FOOTLOOSE):
        cells = [SECTOR_NAMES[sector]]
        for h in range(N_HOSTS):
            partners = [o for o in range(N_HOSTS) if o != h]
            before = found.trade_before[j, partners, h].sum()
            for trade in (found.trade_model, found.peer.trade):
                cells.append(_percent(trade[j, partners, h].sum() / before))
        rows.append(tuple(cells))
    worst = found.largest_gap()
    heads = [f"{REGION_NAMES[host]}, {what}" for host in HOSTS for what in ("model", "exact hat")]
    return Section(
        "Peer: exact-hat algebra on the same tables",
        (
            f"Imports from the two partners after duties of {RATE:.0%} between all members on all"
            " manufactures, whatever their origin: the model with one firm a sector and country,"
            " without rules, paperwork, links or relocation, and a solver in the manner of Dekle,"
            " Eaton and Kortum (2008) and Caliendo and Parro (2015), written apart from it, on the"
            " same tables and closure.",
            f"Over every footloose sector and pair of members the largest relative gap in the"
            f" factor on trade is {worst:.1e}; the model's costs are in single precision.",
        ),
        ("Sector", *heads),
        rows,
    )


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.2f}%".replace("-", "\N{MINUS SIGN}")
