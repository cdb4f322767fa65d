"""Yesterday's numbers of every shipped scenario, and the command that makes them today's.

    make freeze

A frozen file holds what a small run said: its headlines, the sum of every column of
numbers, and a hash of every table's labels, which says that the same rows, firms' moves
and events among them, are there. Numbers of new columns are held from the next freeze on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from math import isclose
from pathlib import Path
from typing import Any

import pandas as pd

from abm import RelocationModel
from abm.scenario.scenario import Scenario, shipped
from experiments.outcomes.summary import entries, summary

FIRMS, SEED = 200, 1

LONGEST = 32
"""Quarters after which a run is cut; the USMCA is in force from the fifteenth."""

FOLDER = Path(__file__).parent / "frozen"

TOLERANCE = 2e-4
"""Relative difference that processors may make, and no change of the model should.

They round exponentials and sums differently. That moves most numbers by less than a millionth, but
a firm at the edge between complying and not may end on either side of it: between two processors
that moved 0.009% of what is claimed in `usmca-by-line`.
"""

HEADLINES = (
    "us_goods_balance.MEX",
    "us_goods_balance.CAN",
    "us_deficit_index.all",
    "manufacturing_employment.USA",
    "manufacturing_employment.MEX",
    "manufacturing_employment.CAN",
    "plants_moved.agents.moved.all",
    "preference_utilisation.all",
    "false_claim_share.all",
    "mean_content.manufacturing.all",
    "mean_content.cars.all",
    "consumer_prices.USA",
    "real_income.USA",
    "duty_revenue.USA",
)

Numbers = dict[str, Any]


def numbers_of(scenario: str) -> Numbers:
    """What a small run of a shipped scenario says today."""
    model = RelocationModel(scenario, firms=FIRMS, rng=SEED)
    model.run_for(min(Scenario.load(scenario).quarters, LONGEST))
    tables = model.frames()
    ends = {".".join(path): entry["end"] for path, entry in entries(summary(tables))}
    return {
        "headlines": {name: ends[name] for name in HEADLINES},
        "sums": {name: _sums(table) for name, table in tables.items() if len(table)},
        "rows": {name: len(table) for name, table in tables.items()},
        "labels": {name: _hash(table) for name, table in tables.items()},
    }


def _sums(table: pd.DataFrame) -> dict[str, float]:
    numbers = table.select_dtypes("number").drop(columns="quarter")
    return {name: float(value) for name, value in numbers.sum().items()}


def _hash(table: pd.DataFrame) -> str:
    """Of the quarters and labels of every row, in order; no rounded number is among them.

    Nor are the numbers of firms that moved, which rows of moves name since the last freeze.
    """
    labels = table.drop(columns=[*table.select_dtypes("float"), "firm_ids"], errors="ignore")
    return hashlib.sha256(labels.astype(str).to_csv(index=False).encode()).hexdigest()[:16]


def moved(frozen: Numbers, now: Numbers) -> Iterator[str]:
    """A line for every number that is not what it was, and by how much it moved."""
    for (name, was), (_, is_now) in zip(
        _leaves(frozen), _leaves(_cut_to(frozen, now)), strict=True
    ):
        if was == is_now:
            continue
        if not (isinstance(was, float) and isinstance(is_now, float)):
            yield f"{name}: was {was}, is {is_now}"
        elif not isclose(was, is_now, rel_tol=TOLERANCE):
            by = f" ({is_now / was - 1:+.2g} of it)" if was else ""
            yield f"{name}: was {was:.9g}, is {is_now:.9g}{by}"


def _cut_to(frozen: Numbers, now: Mapping[str, Any]) -> Numbers:
    """What stands today under the names that were frozen; None where there is nothing."""
    return {
        name: _cut_to(value, now.get(name) or {}) if isinstance(value, dict) else now.get(name)
        for name, value in frozen.items()
    }


def _leaves(numbers: Numbers, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, value in numbers.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield ".".join((*path, name)), value


def main() -> None:
    """Freeze every shipped scenario anew, and print what moved."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.stem not in shipped():
            path.unlink()
    for scenario in sorted(shipped()):
        path = FOLDER / f"{scenario}.json"
        now = numbers_of(scenario)
        frozen = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        lines = list(moved(frozen, now)) if frozen else ["is new"]
        for line in lines:
            print(f"{scenario}: {line}")
        path.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
