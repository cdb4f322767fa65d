"""The report of a sweep: one HTML file that needs no network and says where it is from."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from matplotlib.figure import Figure
from pandas.api.types import is_numeric_dtype

from abm.errors import OutputError, StoreError
from experiments.outcomes.intervals import Interval
from experiments.runs.on_disk.confined import is_file_inside
from experiments.runs.on_disk.run_folders import write_whole
from experiments.scenarios.names_and_units import axis_label, key_in_words, outcome_in_words
from experiments.sweeps.answers import report_figures
from experiments.sweeps.answers.answers import cell_means, paired_differences
from experiments.sweeps.answers.export import chosen_outcomes
from experiments.sweeps.answers.indices import has_indices, what_matters
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.by_column import batches, checked_columns
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.reading import makers_table, status
from experiments.sweeps.store.remembered import Remembered
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore

REPORT = "report.html"

SEAL = "<!-- sha256 of all above: {} -->\n"
"""Last line of a report: one that was changed by hand is not written over."""

MOST_OUTCOMES = 12
"""In a report, where the file names none."""

MOST_ROWS = 100

METHODS = {"sobol": "Sobol' indices", "morris": "Morris' screening", "given": "Delta and PAWN"}

SALT = "nearshore"
"""Fixes the names that Matplotlib gives inside an SVG, so that a report can be compared."""


def write_report(store: SweepStore) -> Path:
    """Write the report of a sweep into its folder.

    Every file is verified on the way, and what is missing is named.

    Raises
    ------
    StoreError
        If a file is damaged.
    OutputError
        If a report is there that somebody has changed.
    """
    path = store.folder / REPORT
    if (path.exists() or path.is_symlink()) and not _is_as_written(path):
        raise OutputError(f"{path}: was changed since it was written; move it away first")
    memory = Remembered(store.folder)
    text = consistently(store.folder, lambda found, history: _report_text(found, history, memory))
    memory.save()
    seal = SEAL.format(sha256(text.encode()).hexdigest())
    write_whole(path, (text + seal).encode())
    return path


def _is_as_written(path: Path) -> bool:
    """Return whether a report is one of ours that nobody has changed."""
    if not is_file_inside(path):
        return False
    content = path.read_bytes()
    text, seal = content[: -len(SEAL.format("0" * 64))], content[-len(SEAL.format("0" * 64)) :]
    return seal == SEAL.format(sha256(text).hexdigest()).encode()


def _report_text(store: SweepStore, history: History, memory: Remembered) -> str:
    """Return the report as a page; one outcome is held at a time."""
    found = checked_columns(store, history, memory)
    sweep = store.sweep
    outcomes = chosen_outcomes(found.names, sweep)
    if not sweep.outcomes:
        outcomes = outcomes[:MOST_OUTCOMES]
    text: str = report_template("experiments.sweeps.answers").render(
        sweep=sweep,
        status=status(store),
        manifest=store.manifest,
        sessions=history.sessions,
        failures=[history.failed[run] for run in sorted(history.failed)][:MOST_ROWS],
        sections=(
            _section(store, table.to_pandas(), outcome)
            for outcome, table in batches(found, outcomes)
        ),
        makers=makers_table(history).to_pylist(),
        scenarios=store.scenarios(),
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        most_rows=MOST_ROWS,
    )
    return text


def _section(store: SweepStore, results: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """Return tables and pictures of one outcome."""
    sweep, factors = store.sweep, list(store.sweep.factors)
    drawn = has_indices(sweep)
    means = cell_means(results, outcome, factors)
    section: dict[str, Any] = {
        "outcome": outcome,
        "means": [] if drawn else means.head(MOST_ROWS).to_dict("records"),
        "cells": len(means),
        "differences": [],
        "indices": [],
        "figures": [],
    }
    if sweep.reference:
        table = paired_differences(results, outcome, factors, sweep.reference)
        section["differences"] = [
            {**row, "says": _in_words(row)} for row in table.head(MOST_ROWS).to_dict("records")
        ]
    if drawn:
        points = store.points()
        section["indices"] = [
            _indices(sweep, results[results["scenario"] == name], name, outcome, points)
            for name in store.manifest["scenarios"]
        ]
    pictures = _pictures(results, means, outcome, factors, drawn=drawn)
    section["figures"] = [as_svg(figure) for figure in pictures]
    return section


def _pictures(
    results: pd.DataFrame, means: pd.DataFrame, outcome: str, factors: list[str], *, drawn: bool
) -> Iterator[Figure]:
    numeric = [key for key in factors if is_numeric_dtype(means[key])]
    if drawn:
        yield from (report_figures.scatter(results, key, outcome) for key in numeric)
        return
    several = means["scenario"].nunique() > 1
    if numeric:
        others = [key for key in factors if key != numeric[0]]
        yield report_figures.response(means, numeric[0], outcome, ["scenario"] * several + others)
    if len(factors) == 2:
        yield report_figures.heat_map(means, factors[0], factors[1], outcome)


def _indices(
    sweep: SweepFile,
    results: pd.DataFrame,
    scenario: str,
    outcome: str,
    points: Sequence[Point],
) -> dict[str, Any]:
    told: dict[str, Any] = {"scenario": scenario, "refusal": "", "rows": [], "columns": []}
    try:
        found = what_matters(results, sweep, outcome, points)
    except StoreError as refusal:
        return told | {"refusal": str(refusal)}
    title = f"{METHODS[found.kind]}: {outcome_in_words(outcome)}, {scenario}"
    figures = [report_figures.bars(found.table, found.shown, title)]
    if not found.course.empty:
        main = found.shown[-1].replace("_", " ")
        figures.append(report_figures.course(found.course, f"{main}: {scenario}"))
    shared = found.luck
    return told | {
        "method": METHODS[found.kind],
        "rows": found.table.to_dict("records"),
        "columns": [name for name in found.table if name != "factor"],
        "luck": None if shared is None else [e[0] for e in (shared.value, shared.low, shared.high)],
        "notes": found.notes,
        "figures": [as_svg(figure) for figure in figures],
    }


def _in_words(row: dict[str, Any]) -> str:
    found = Interval(row["mean"], row["low"], row["high"], row["n"])
    if found.n < 2:
        return "one replication: no interval"
    if found.mean == 0 and found.low == found.high:
        return "no difference in any replication"
    if found.crosses_zero:
        return "95% interval crosses 0: the sign is open"
    return "higher than the reference" if found.mean > 0 else "lower than the reference"


def as_svg(figure: Figure) -> Markup:
    """Return a picture as text of a page; Matplotlib has escaped what stands in it."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": SALT}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return Markup(text[text.index("<svg") :])


def report_template(package: str) -> Template:
    """Return the template ``report.html`` of a package; what it is given is escaped."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number_text
    environment.filters["label"] = axis_label
    environment.filters["words"] = key_in_words
    return environment.get_template(REPORT)


def number_text(value: Any) -> str:
    """Return a number as a page shows it; nothing where there is none."""
    if value is None or value != value:
        return ""
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)
