"""What the tables of a quarter must add up to, by sums over their cells."""

from collections.abc import Iterator
from math import fsum
from typing import Any

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, REGIONS, SECTORS

type Sum = tuple[str, float, float]
"""What it is, and the two ways to come to it."""

PARTS_OF_TRADE = (
    ("claimed_musd", "value_musd"),
    ("dutiable_musd", "value_musd"),
    ("claimed_dutiable_musd", "claimed_musd"),
    ("claimed_dutiable_musd", "dutiable_musd"),
    ("false_claim_musd", "claimed_musd"),
    ("licence_abroad_musd", "duty_musd"),
)
"""Columns of trade of which the first is a part of the second, cell by cell."""


def sums_of(model: Any) -> Iterator[Sum]:
    """Yield every sum that the quarter just recorded must keep.

    Parameters
    ----------
    model : RelocationModel
        After its last phase.
    """
    outcomes, trade = model.records.outcomes[-1], model.records.trade[-1]
    accounts, firms = model.accounts, model.firms
    for s, sector in enumerate(FOOTLOOSE):
        for h, host in enumerate(HOSTS):
            where = f"of {sector} in {host}"
            sold = fsum(trade["value_musd"][:, SECTORS.index(sector), h].ravel().tolist())
            yield f"output and sales {where}", float(outcomes["output_musd"][s, h]), sold
            made = float(outcomes["output_musd"][s, h] - accounts.purchases[s, h])
            yield f"value added {where}", float(outcomes["value_added_musd"][s, h]), made
            outlay = float(_outlay(accounts)[s, h])
            yield f"cost plus profit and output {where}", outlay, sold
            jobs = float(accounts.employment[s, h])
            yield f"jobs {where}", float(outcomes["employment"][s, h]), jobs
            stands = (firms.sector == s) & firms.plants[:, h]
            plants = fsum(firms.weight[stands].tolist())
            yield f"plants {where}", float(outcomes["plants"][s, h]), plants
    paid = trade["duty_musd"] + trade["penalty_musd"] - trade["licence_abroad_musd"]
    for m, market in enumerate(REGIONS):
        collected = fsum(paid[..., m].ravel().tolist())
        yield f"duties and fines paid in {market}", float(accounts.duty_revenue[m]), collected


def _outlay(accounts: Any) -> Any:
    """What is paid for goods sold, and what is left to owners, shape (sector, host)."""
    paid = accounts.purchases + accounts.labour_and_capital + accounts.paperwork
    paid = paid + accounts.penalties + accounts.royalties - accounts.subsidies
    return paid + accounts.overhead.sum(axis=2) + accounts.profit + accounts.rents


def parts_of(model: Any) -> Iterator[tuple[str, float]]:
    """Yield by how much a part of trade exceeds its whole, as a share of it, at its worst."""
    trade = model.records.trade[-1]
    for part, whole in PARTS_OF_TRADE:
        excess = (trade[part] - trade[whole]) / np.maximum(trade[whole], 1.0)
        yield f"{part} beyond {whole}, share of it", float(excess.max())
    for name, flows in trade.items():
        yield f"{name} below zero, share of the largest", float(-flows.min() / flows.max(initial=1))
