"""What part of each sector the acts of 2018 and 2019 cover of China and the rest of the world.

    python -m experiments.scenarios.coverage_of_acts

rewrites ``abm/data/coverage_of_acts.csv``. No products of these two are known, but the duties
that customs collected are, by quarter (`experiments.scenarios.collected_duties`). In every sector
shares are found, of lists without a good in common no more than all together, that come nearest,

    collected(quarter) ~ sum over acts of rate(act, days of the quarter) * share(act)

in least squares over 2018 to 2022. Steel and aluminium, whose duties began on one day, share what
is found in proportion to their rates times what Mexico and Canada sell of each.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from abm.axes import GOODS
from abm.economy.sector_lines import Array
from abm.law.act_files import shipped
from abm.law.changes import turning_days
from abm.policy.instruments.duties_of_acts import alone
from experiments.runs.on_disk.run_folders import write_whole
from experiments.scenarios.collected_duties import special_duties

METAL_ACTS = ("us-232-steel-2018", "us-232-aluminium-2018")
CHINAS_LISTS = tuple(f"us-301-china-list-{name}" for name in ("1", "2", "3", "4a"))
SHARE_DECIMALS = 4
FIRMLY = 1000.0
"""Weight of the condition that lists do not cover more than there is."""


def fitted() -> pd.DataFrame:
    """Return the shares: columns act, origin, sector and share; those of nothing left out."""
    rows = [row for origin in ("CHN", "ROW") for good in GOODS for row in _of(origin, good)]
    return pd.DataFrame(rows, columns=["act", "origin", "sector", "share"])


def _of(origin: str, good: str) -> Iterator[tuple[str, str, str, float]]:
    collected = special_duties()[origin].get(good)
    if collected is None:
        return
    quarters = [period.start_time.date() for period in collected.index]
    groups: list[tuple[str, ...]] = [METAL_ACTS] if good == "metals" else []
    groups += [(name,) for name in CHINAS_LISTS] if origin == "CHN" else []
    if not groups:
        return
    rates = np.stack([_rate(group, origin, quarters) for group in groups], axis=1)
    shares = _nearest(rates, collected.to_numpy(), [group != METAL_ACTS for group in groups])
    for group, share in zip(groups, shares, strict=True):
        for name in group:
            part = round(float(share * _relative(name, group, origin)), SHARE_DECIMALS)
            if part:
                yield name, origin, good, part


def _nearest(rates: Array, collected: Array, lists: Sequence[bool]) -> Array:
    """Return shares from nothing to all that come nearest to what was collected.

    Parameters
    ----------
    rates : ndarray, shape (quarter, act)
    collected : ndarray, shape (quarter,)
    lists : sequence of bool
        Which acts have lists without a good in common, so that together they cover all at most.
    """
    slack = np.zeros((len(rates), 1))  # what no list covers
    whole = np.append(np.array(lists, dtype=float), 1.0) * FIRMLY
    known = np.vstack([np.hstack([rates, slack]), whole])
    shares: Array = nnls(known, np.append(collected, FIRMLY))[0]
    return shares[:-1]


def _rate(group: Sequence[str], origin: str, quarters: Sequence[date]) -> Array:
    """Return what acts would ask of a sector that they cover as they do the stand-in's metals."""
    return np.sum(
        [_relative(name, group, origin) * _statutory(name, origin, quarters) for name in group],
        axis=0,
    )


def _relative(name: str, group: Sequence[str], origin: str) -> float:
    """Return the part of metals that an act covers of products that stand in; 1 if it is alone."""
    if len(group) == 1:
        return 1.0
    act = shipped().acts[name]
    by_line, highest = alone(name, act.effective, origin)
    return by_line["metals"] / highest


def _statutory(name: str, origin: str, quarters: Sequence[date]) -> Array:
    """Return an act's highest rate, quarters by days."""
    found = []
    for first in quarters:
        last = (pd.Period(first, freq="Q") + 1).start_time.date()
        turns = [day for day in turning_days(shipped().acts[name]) if first < day < last]
        spells = pairwise([first, *turns, last])
        total = sum(_highest(name, begin, origin) * (end - begin).days for begin, end in spells)
        found.append(total / (last - first).days)
    return np.array(found)


@cache
def _highest(name: str, day: date, origin: str) -> float:
    held = not shipped().acts[name].why_not_held(day)
    return alone(name, day, origin)[1] if held else 0.0


def main() -> None:
    """Rewrite the table."""
    table = fitted()
    file = Path(str(resources.files("abm.data"))) / "coverage_of_acts.csv"
    write_whole(file, table.to_csv(index=False).encode())
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
