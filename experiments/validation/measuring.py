"""A quarter of a model as named numbers, and a whole run as their averages.

A measure's name reads from the general to the special, ``jobs/cars/MEX``. Flows are
million USD a quarter at basic prices.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from abm.axes import (
    FOOTLOOSE,
    HAS_PLANT,
    HOSTS,
    MOTOR,
    N_GOODS,
    PARTNERS,
    QUARTERS_A_YEAR,
    REGIONS,
    USA,
)
from abm.economy.tables import Array
from abm.model import RelocationModel
from abm.trade.books import indicators
from experiments.outcomes.observing import shipped
from experiments.outcomes.welfare import welfare

GROUPS = {sector: [place] for place, sector in enumerate(FOOTLOOSE)} | {"goods": [*range(N_GOODS)]}
"""Sectors whose flows are measured, each of its own and all goods together."""

QUARTERS_AVERAGED = QUARTERS_A_YEAR
"""Last quarters of a run that are averaged: plants are reviewed once a year."""

Measures = dict[str, float]


def run_and_measure(model: RelocationModel, quarters: int) -> Measures:
    """Run a model and average its last quarters.

    Parameters
    ----------
    model : RelocationModel
        At quarter 0.
    quarters : int

    Returns
    -------
    dict of str to float
        Measures of the last `QUARTERS_AVERAGED`; ``entries/MEX``, the plants in Mexico that
        firms are expected to decide on over the whole run; costs of origin at its end.
    """
    window = min(QUARTERS_AVERAGED, quarters)
    total: Counter[str] = Counter()
    entries = 0.0
    for quarter in range(quarters):
        config, free = model.firms.config.copy(), model.firms.target < 0
        model.step()
        entries += expected_entries(model, "MEX", config, free)
        if quarter >= quarters - window:
            total.update(quarter_measures(model))
    measured = {name: value / window for name, value in total.items()}
    return measured | {"entries/MEX": entries} | compliance_costs(model)


def quarter_measures(model: RelocationModel) -> Measures:
    """Jobs, output, prices, content, claims, trade and welfare of the quarter just run."""
    parts = (_by_sector_and_host, _trade, _claims, _welfare, _prices)
    return {name: value for part in parts for name, value in part(model).items()}


def _by_sector_and_host(model: RelocationModel) -> Measures:
    accounts = model.accounts
    found = {}
    columns = {
        "jobs": accounts.employment,
        "output": accounts.sales,
        "comply": accounts.true_claims,
        "content": accounts.content,
    }
    for name, values in columns.items():
        for j, sector in enumerate(FOOTLOOSE):
            for h, host in enumerate(HOSTS):
                found[f"{name}/{sector}/{host}"] = float(values[j, h])
    # A sector at a time: each is a set of books with one sector in it.
    mean, *_ = indicators.mean_content(accounts.content[:, None], accounts.sales[:, None]).T
    return found | {f"content/{sector}/all": float(mean[j]) for j, sector in enumerate(FOOTLOOSE)}


def _prices(model: RelocationModel) -> Measures:
    """Price and real quantity bought by consumers, calibration year = 1."""
    found = {}
    for j, sector in enumerate(FOOTLOOSE):
        for h, host in enumerate(HOSTS):
            price = float(model.accounts.own_prices[j, h])
            spent = float(model.calibration.expenditure[j, h])
            found[f"price/{sector}/{host}"] = price
            found[f"quantity/{sector}/{host}"] = spent / price
    return found


def _trade(model: RelocationModel) -> Measures:
    """Imports of the three members by origin, both uses, motor sectors and all goods."""
    value = model.accounts.final.value + model.accounts.intermediate.value
    return {
        f"imports/{name}/{market}/{origin}": float(value[rows][:, o, m].sum())
        for name, rows in GROUPS.items()
        for m, market in enumerate(HOSTS)
        for o, origin in enumerate(REGIONS)
        if o != m
    }


def _claims(model: RelocationModel) -> Measures:
    """US imports from the partners: dutiable and claimed, by sector and for all goods."""
    found = {}
    for name in ("claimed", "dutiable", "claimed_dutiable", "value"):
        flows = indicators.both_uses(model.accounts, name)
        for group, rows in GROUPS.items():
            _, *entering = indicators.us_imports_from_partners(flows[:, rows])
            for partner, amount in zip(PARTNERS, entering, strict=True):
                found[f"us_{name}/{group}/{partner}"] = float(amount)
    return found


def _welfare(model: RelocationModel) -> Measures:
    """Real income against the calibration year, percent of its GDP."""
    of_host = zip(HOSTS, welfare(model), strict=True)
    return {f"welfare/{host}": float(worth) for host, worth in of_host}


def expected_entries(
    model: RelocationModel, host: str, config: NDArray[np.int8], free: NDArray[np.bool_]
) -> float:
    """Real plants at a host that firms deciding this quarter decide to open, on average.

    The average is over what luck may be, given everything else, so that it
    has no sampling noise of its own.

    Parameters
    ----------
    model : RelocationModel
        After the step.
    host : str
    config : ndarray of int, shape (firm,)
        Sets of plants before it.
    free : ndarray of bool, shape (firm,)
        Who was building nothing then.
    """
    plans = model.plans
    opens = HAS_PLANT[:, HOSTS.index(host)]
    lacks = free[plans.rows] & ~opens[config[plans.rows]]
    chance = plans.weighed.expected[lacks][:, opens].sum(axis=1)
    return float(model.firms.weight[plans.rows][lacks] @ chance)


def compliance_costs(model: RelocationModel) -> Measures:
    """Median cost of proving origin on motor goods sold to the United States, ad valorem.

    Of the three motor sectors together, ``compliance_cost/motor``, and of each.
    Over all shipments on lines with a rate above zero, claimed or not, weighted by
    value: dearer inputs where the rule binds, and paperwork. A shipment that no mix
    could make originate costs infinitely much.
    """
    found: dict[str, list[tuple[Array, Array]]] = {sector: [] for sector in MOTOR}
    for plants in shipped(model, map(FOOTLOOSE.index, MOTOR)):
        if plants.host != USA:
            proof = _proof(model, plants.rows, plants.host, plants.value[:, USA])
            found[FOOTLOOSE[plants.sector]].append(proof)
    found["motor"] = [shipments for some in found.values() for shipments in some]
    return {
        f"compliance_cost/{goods}": _weighted_median(*map(np.concatenate, zip(*some, strict=True)))
        for goods, some in found.items()
    }


def _proof(
    model: RelocationModel, rows: NDArray[np.integer], host: int, sold: Array
) -> tuple[Array, Array]:
    """Cost of origin and value of every dutiable shipment from a host, shape (plant,)."""
    made = model.costs.compliant_cost[rows, host, model.trade].astype(float)
    free = model.costs.free_cost[rows, host, model.trade].astype(float)
    paperwork = model.firms.paperwork[rows, host] * model.now.paperwork_scale[model.trade]
    cost = made * (1 + paperwork) / free - 1
    dutiable = model.firms.product_duty[rows, host, USA] > 0
    return cost, np.where(dutiable, sold, 0.0)


def _weighted_median(numbers: Array, weights: Array) -> float:
    """The lower number at which half of the weight is reached."""
    order = np.argsort(numbers, kind="stable")
    reached = np.cumsum(weights[order])
    return float(numbers[order][np.searchsorted(reached, reached[-1] / 2)])
