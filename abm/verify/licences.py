"""Licences under quotas, by sums over lines and by what holders may ask."""

from collections.abc import Iterator
from itertools import product
from math import fsum
from typing import Any

from abm.axes import FOOTLOOSE, HOSTS, REGIONS, SECTORS
from abm.economy.sector_lines import line_names

type Sum = tuple[str, float, float]
"""What it is, and the two ways to come to it."""

type Flow = tuple[int, int, int]
"""Line or sector, source and market."""


def licence_sums(model: Any) -> Iterator[Sum]:
    """Yield what licences of the quarter just recorded must add up to; nothing without a quota.

    Parameters
    ----------
    model : RelocationModel
        After its last phase.
    """
    if model.line_flows is None:
        return
    sector_of, trade = model.economy.lines.sector, model.records.trade[-1]["value_musd"]
    for use, sector in product(range(2), range(len(FOOTLOOSE))):
        own = [line for line, of in enumerate(sector_of) if of == sector]
        for source, market in product(range(len(HOSTS)), range(len(REGIONS))):
            parts = fsum(float(model.line_flows[use, line, source, market]) for line in own)
            whole = float(trade[use, sector, source, market])
            yield f"{_flow((sector, source, market))} by line, use {use}", whole, parts
    earned: dict[Flow, float] = {}
    for at in product(range(len(sector_of)), range(len(REGIONS)), range(len(REGIONS))):
        yield _what_is_asked(model, at)
        cell = (int(sector_of[at[0]]), *at[1:])
        earned[cell] = earned.get(cell, 0.0) + _earned_abroad(model, at)
    for flow, amount in earned.items():
        found = float(model.accounts.licences_abroad[0, *flow])
        yield f"licences for {_flow(flow)} to consumers", found, amount


def _flow(flow: Flow) -> str:
    sector, source, market = flow
    return f"{SECTORS[sector]} of {REGIONS[source]} into {REGIONS[market]}"


def _what_is_asked(model: Any, at: Flow) -> Sum:
    """A price that holders of licences may ask: not below nothing, nor above what they save."""
    price = float(model.licences[*at, -1])
    most = float(model.policy.licence_most[*at, model.in_force.regime])
    line, source, market = at
    what = f"licences for {line_names()[line]} of {REGIONS[source]} into {REGIONS[market]}"
    return f"{what}, what may be asked", price, min(max(price, 0.0), most)


def _earned_abroad(model: Any, at: Flow) -> float:
    """What the country of origin earns of one line's licences for consumers' goods."""
    regime = model.in_force.regime
    part = float(model.policy.licence_abroad[*at, regime] * model.licences[*at, -1])
    if part == 0:
        return 0.0
    to_consumers, to_users = (float(flows[*at]) for flows in model.line_flows)
    quota = float(model.policy.quota[*at, regime] * model.base_imports[*at])
    within = min(1.0, quota / (to_consumers + to_users)) if to_consumers > 0 else 0.0
    margin = float(model.calibration.trade_margin[model.economy.lines.sector[at[0]], *at[1:]])
    return part * within * to_consumers * (1 + margin)
