"""Comparisons over several seeds, made of synthetic tables: no model is run."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import pandas as pd

from abm.scenario.scenario import Scenario
from experiments.outcomes.over_seeds import OverSeeds, add_intervals, measured, of_seeds
from experiments.outcomes.summary import Summary, summary
from experiments.runs.channels import CHANNEL_NAMES, channels_table
from experiments.runs.runner import RunResult
from tests.synthetic import a_run, tables

QUARTERS = 20

FIRMS = 500

SURE = (0.1, 0.11, 0.09, 0.105)
"""Tilts of four seeds that agree."""

UNSURE = (0.04, -0.02, 0.05, -0.01)
"""Tilts of four seeds that do not agree on the sign."""


@cache
def over_seeds(tilts: tuple[float, ...], against: float = 0.0) -> OverSeeds:
    """A run whose tilt differs from seed to seed, against one that is the same in all."""
    parts = [
        _measured(name, some).assign(seed=seed)
        for seed, tilt in enumerate(tilts, start=1)
        for name, some in (("usmca", tilt), ("status-quo", against))
    ]
    found = of_seeds(_by_seed(parts), "usmca", "status-quo", FIRMS)
    assert found is not None
    return found


@cache
def _measured(scenario: str, tilt: float) -> pd.DataFrame:
    """What is kept of one run, which says the same whatever its seed is called."""
    return measured(0, scenario, tables(QUARTERS, tilt))


@cache
def _said(tilts: tuple[float, ...], against: float) -> Summary:
    """The summary of such runs, with its intervals where there are several seeds."""
    found = summary(tables(QUARTERS, tilts[0]), tables(QUARTERS, against))
    if len(tilts) > 1:
        add_intervals(found, over_seeds(tilts, against))
    return found


def _by_seed(parts):
    whole = pd.concat(parts, ignore_index=True)
    return [part for _, part in whole.groupby("seed")]


def a_result(
    tilts: tuple[float, ...], against: float = 0.0, scenario: Scenario | None = None
) -> RunResult:
    """What such runs leave; with one tilt, of a single seed."""
    run, reference = a_run("usmca", QUARTERS, tilts[0]), a_run("status-quo", QUARTERS, against)
    said = deepcopy(_said(tilts, against))
    seeds = over_seeds(tilts, against) if len(tilts) > 1 else None
    scenarios = (scenario or Scenario.load("usmca"), Scenario.load("status-quo"))
    return RunResult(
        said, None, False, run, reference, seeds=seeds, scenarios=scenarios, firms=FIRMS, seed=1
    )


def with_channels(result: RunResult, **parts: float) -> RunResult:
    """The same with US jobs split into the parts given; what is left goes to prices."""
    said = result.summary
    for group in said.values():
        _leave_unsplit(group)
    entry = said["manufacturing_employment"]["USA"]
    split = dict.fromkeys(CHANNEL_NAMES, 0.0) | parts
    split["price_feedback"] += entry["difference"] - sum(split.values())
    entry["channels"], entry["channels_by_order"] = split, [split, split]
    return replace(result, channels=channels_table(said))


def _leave_unsplit(group):
    if "unit" in group:
        group["channels"] = group["channels_by_order"] = None
        return
    for below in group.values():
        _leave_unsplit(below)
