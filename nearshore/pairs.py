"""Runs in Python: one scenario, or two under the same luck."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import batched
from pathlib import Path

import pandas as pd

from abm.engine.seeds import seed_of
from abm.errors import ScenarioError
from abm.model import RelocationModel
from abm.own_rules import Rule
from abm.scenario.scenario import Scenario
from experiments.outcomes.derived import derived
from experiments.outcomes.over_seeds import add_intervals, measured, of_seeds
from experiments.outcomes.summary import entries
from experiments.runs.runner import RunResult, run_scenario
from experiments.scenarios.overrides import Source, load_scenario
from nearshore.comparison import PolicyComparison

FIRMS = 2_000


def run(
    scenario: Scenario | Source,
    against: Scenario | Source | None = None,
    *,
    firms: int = FIRMS,
    quarters: int | None = None,
    seed: int = 1,
    out: Path | None = None,
) -> RunResult:
    """Run a scenario, alone or beside a reference with the same firms and luck.

    Parameters
    ----------
    scenario, against : Scenario, str or path-like
        A scenario, a shipped one's name, or a file. `load_scenario` overrides values.
    firms : int
    quarters : int, optional
        The scenario's own number unless given.
    seed : int
        Of all draws.
    out : Path, optional
        Folder for tables, summary and figures; without it no results are written.

    Returns
    -------
    RunResult
        ``run.tables`` and ``reference.tables`` are pandas frames by name, ``summary`` the
        headlines.

    Raises
    ------
    ScenarioError
        If there is no such scenario, or something in it cannot be.
    OutputError
        If the folder holds something else or cannot be written.
    """
    chosen = _read(scenario)
    length = {"quarters": chosen.quarters if quarters is None else quarters}
    return run_scenario(
        chosen.model_copy(update=length),
        firms=firms,
        quarters=length["quarters"],
        seed=seed_of(seed),
        out=out,
        against=None if against is None else _read(against).model_copy(update=length),
        quiet=True,
    )


def compare(
    scenario: Scenario | Source,
    reference: Scenario | Source = "status-quo",
    *,
    firms: int = FIRMS,
    quarters: int | None = None,
    seeds: Iterable[int] = (1,),
    rule: Rule | None = None,
) -> PolicyComparison:
    """Two scenarios that differ by policy alone, run seed by seed.

    With one seed both have the same firms and the same luck, so that what differs is what
    policy does; how much that varies over seeds says how far to trust it.

    Parameters
    ----------
    scenario, reference : Scenario, str or path-like
        As for `run`.
    firms : int
    quarters : int, optional
        The scenario's own number unless given; the reference has the same.
    seeds : iterable of int
        A pair of runs for each; several for an interval of every difference.
    rule : callable, optional
        A rule of your own for where firms produce, in both scenarios; see `abm.own_rules`.

    Returns
    -------
    PolicyComparison
        With ``summary``, ``tables``, ``figures`` and ``brief()``.

    Raises
    ------
    ScenarioError
        If there is no such scenario, something in it cannot be, or no seed is given.
    KeyboardInterrupt
        If a run is stopped: a pair that is not whole would be compared as if it were.

    Examples
    --------
    >>> found = compare("blanket-25", firms=200, quarters=5)
    >>> bool(found.summary.loc["preference_utilisation.MEX", "difference"] > 0)
    True
    >>> found
    PolicyComparison(blanket-25 against status-quo, quarter 5, 200 firms, seed 1)
    """
    asked = list(dict.fromkeys(seed_of(seed) for seed in seeds))
    if not asked:
        raise ScenarioError("seeds: none is given; one at least is needed")
    parts: dict[str, list[pd.DataFrame]] = {}
    measurements: list[pd.DataFrame] = []
    first: RunResult | None = None
    chosen, other = _read(scenario), _read(reference)
    length = {"quarters": chosen.quarters if quarters is None else quarters}
    for seed in asked:
        pair = run_scenario(
            chosen.model_copy(update=length),
            against=other.model_copy(update=length),
            firms=firms,
            quarters=length["quarters"],
            seed=seed,
            out=None,
            quiet=True,
            model_factory=partial(_following, rule),
        )
        if pair.interrupted or pair.reference is None:
            raise KeyboardInterrupt
        first = first or pair
        for one in (pair.run, pair.reference):
            measurements.append(measured(seed, one.name, one.tables))
            for name, rows in (one.tables | derived(one.tables)).items():
                labelled = rows.assign(seed=seed, scenario=one.name)
                parts.setdefault(name, []).append(labelled[["seed", "scenario", *rows.columns]])
        parts.setdefault("headlines", []).append(_headlines(pair, seed))
    assert first is not None
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    return PolicyComparison(_with_intervals(first, measurements), tables)


def _following(rule: Rule | None, scenario: Scenario, firms: int, seed: int) -> RelocationModel:
    """A model whose firms follow a rule."""
    return RelocationModel(scenario, firms=firms, rng=seed, rule=rule)


def _with_intervals(first: RunResult, measurements: list[pd.DataFrame]) -> RunResult:
    """A pair of runs with what the pairs of all seeds say, if there are several."""
    assert first.reference is not None
    seeds = [pd.concat(pair) for pair in batched(measurements, 2)]
    found = of_seeds(seeds, first.run.name, first.reference.name, first.firms)
    if found is not None:
        add_intervals(first.summary, found)
    return replace(first, seeds=found)


def _headlines(pair: RunResult, seed: int) -> pd.DataFrame:
    """A row a headline: what it is at the end, and the difference from the reference."""
    rows = [
        (seed, ".".join(path), entry["unit"], entry["end"], entry["difference"])
        for path, entry in entries(pair.summary)
    ]
    table = pd.DataFrame(rows, columns=["seed", "headline", "unit", "end", "difference"])
    return table.astype({"end": float, "difference": float})


def _read(scenario: Scenario | Source) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
