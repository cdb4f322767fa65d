"""Runs in Python: one scenario, or two under the same luck."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from abm.engine.seeds import seed_of
from abm.scenario.scenario import Scenario
from experiments.outcomes.summary import entries
from experiments.runs.runner import RunResult, run_scenario
from experiments.scenarios.overrides import Source, load_scenario

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
        Folder for tables, summary and figures; nothing is written without it.

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
) -> dict[str, pd.DataFrame]:
    """The tables of two scenarios that differ by policy alone, seed by seed.

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
        A pair of runs for each.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of `docs/outputs.md`, rows of all runs under one another, with the columns
        ``seed`` and ``scenario`` in front; and ``headlines``, a row a seed and headline of
        the summary: its ``unit``, what it is at the ``end`` of the scenario, and the
        ``difference`` from the reference, NaN for a share of nothing.

    Raises
    ------
    ScenarioError
        If there is no such scenario, something in it cannot be, or no seed is given.
    KeyboardInterrupt
        If a run is stopped: a pair that is not whole would be compared as if it were.

    Examples
    --------
    >>> headlines = compare("blanket-25", firms=200, quarters=5)["headlines"].set_index("headline")
    >>> bool(headlines.loc["preference_utilisation.MEX", "difference"] > 0)
    True
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for seed in seeds:
        pair = run(scenario, reference, firms=firms, quarters=quarters, seed=seed)
        if pair.interrupted or pair.reference is None:
            raise KeyboardInterrupt
        for one in (pair.run, pair.reference):
            for name, rows in one.tables.items():
                labelled = rows.assign(seed=seed, scenario=one.name)
                parts.setdefault(name, []).append(labelled[["seed", "scenario", *rows.columns]])
        parts.setdefault("headlines", []).append(_headlines(pair, seed))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


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
