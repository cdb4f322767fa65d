"""What a fit leaves: numbers, a scenario with the fitted values, and a page on both."""

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from abm.config import files
from abm.config.keys import keys_of
from abm.scenario.scenario import Scenario
from experiments.estimation.search import CONFIDENCE, LIMIT, FittedParameters, Known
from experiments.estimation.target_file import TargetFile
from experiments.runs.on_disk.run_folders import write_whole
from experiments.scenarios.describe import described_scenario
from experiments.scenarios.overrides import load_scenario
from experiments.sweeps.answers.report import REPORT, as_svg, report_template

FIT = "fit.json"
FITTED = "fitted.toml"

FITTED_TOGETHER = 0.9
"""Two estimates with a correlation beyond this are called hard to tell apart."""


def as_numbers(file: TargetFile, found: FittedParameters) -> dict[str, Any]:
    """Return a fit as JSON can say it; targets used to fit and to test are apart."""
    runs = found.moments if found.runs is None else found.runs
    rows = [
        {
            "outcome": target.name,
            "target": target.value,
            "target_error": target.error,
            "model": _finite(moment),
            "error": _finite(error),
            "errors_away": _finite((moment - target.value) / error),
            "run": _finite(run),
            "source": target.source,
        }
        for target, moment, error, run in zip(
            file.targets, found.moments, found.errors, runs, strict=True
        )
    ]
    uses = [target.use for target in file.targets]
    keys = [known.key for known in found.parameters]
    return {
        "format": 1,
        "firms": file.firms,
        "replications": file.replications,
        "search": file.search,
        "parameters": {known.key: _of(known) for known in found.parameters},
        "fitted": [row for row, use in zip(rows, uses, strict=True) if use == "fit"],
        "tested": [row for row, use in zip(rows, uses, strict=True) if use == "test"],
        "distance": found.distance,
        "degrees_of_freedom": found.freedom,
        "p_value": found.p_value,
        "correlation": {
            f"{one}, {other}": _finite(found.correlation[a, b])
            for a, one in enumerate(keys)
            for b, other in enumerate(keys)
            if a < b
        },
        "weakest_direction": dict(zip(keys, map(float, found.weakest), strict=True)),
        "weakest_error": _finite(found.weakest_error),
        "evaluations": found.evaluations,
        "targets_sha256": file.split["sha256"],
    }


def in_words(numbers: dict[str, Any]) -> list[str]:
    """Return what a fit says, a line each."""
    lines = []
    for key, known in numbers["parameters"].items():
        span = f"{_end(known['profile'][0], 'below')} to {_end(known['profile'][1], 'above')}"
        lines.append(f"{key} = {known['value']:.4g} ({span}): {known['verdict']}")
    for pair, correlation in numbers["correlation"].items():
        if correlation is not None and abs(correlation) > FITTED_TOGETHER:
            lines.append(f"hard to tell apart: {pair} (correlation {correlation:.2f})")
    for said, rows in (("fitted", numbers["fitted"]), ("test", numbers["tested"])):
        for row in rows:
            model = "no value" if row["model"] is None else f"{row['model']:.5g}"
            away = "" if row["model"] is None else f", {row['errors_away']:+.1f} errors away"
            lines.append(f"{said}: {row['outcome']} = {model}, target {row['target']:.5g}{away}")
    if numbers["search"] == "surface":
        gap, worst = max(
            (abs(row["run"] - row["model"]) / row["error"], row["outcome"])
            for row in numbers["fitted"]
            if row["run"] is not None and row["model"] is not None
        )
        lines.append(
            f"surface: runs at the best values differ from it by at most {gap:.1f} errors ({worst})"
        )
    if numbers["p_value"] is not None:
        lines.append(
            f"distance {numbers['distance']:.3g} with {numbers['degrees_of_freedom']} degrees of "
            f"freedom: p = {numbers['p_value']:.2g}"
        )
    return lines


def write_answer(
    folder: Path, file: TargetFile, beside: Path, found: FittedParameters
) -> list[str]:
    """Write the numbers, the fitted scenario and the page; return the lines of `in_words`."""
    numbers = as_numbers(file, found)
    lines = in_words(numbers)
    text = json.dumps(numbers, indent=2, allow_nan=False) + "\n"
    write_whole(folder / FIT, text.encode())
    write_whole(folder / FITTED, fitted_scenario(file, beside, numbers).encode())
    page = report_template("experiments.estimation").render(
        file=file,
        numbers=numbers,
        lines=lines,
        confidence=CONFIDENCE,
        figures=[as_svg(profile_figure(known, found)) for known in found.parameters],
    )
    write_whole(folder / REPORT, page.encode())
    return lines


def fitted_scenario(file: TargetFile, beside: Path, numbers: dict[str, Any]) -> str:
    """Return the scenario with the fitted values, each with where it is from."""
    source = files.neighbour(file.scenario, beside)
    values = {key: known["value"] for key, known in numbers["parameters"].items()}
    document = files.read(source, keys_of(Scenario))
    scenario = load_scenario(source).overridden(document, {**file.set, **values})
    used = ", ".join(target.name for target in file.used_to("fit"))
    said = {
        key: f"fitted to {used}; targets {numbers['targets_sha256'][:12]}; {known['verdict']}"
        for key, known in numbers["parameters"].items()
    }
    changed = {"name": f"{scenario.name}-fitted", "sources": {**scenario.sources, **said}}
    return described_scenario(scenario.model_copy(update=changed))


def profile_figure(known: Known, found: FittedParameters) -> Figure:
    """Return the profile of one parameter: the least distance with it held at each value."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot()
    values, squares = zip(*known.profile, strict=True)
    axes.plot(values, [square - found.distance for square in squares], color="#1f4e79", marker="o")
    axes.axhline(LIMIT, color="#888888", linestyle="--")
    axes.annotate(
        "95%", (values[-1], LIMIT), textcoords="offset points", xytext=(-8, 4), ha="right"
    )
    axes.axvline(known.value, color="#c55a11")
    axes.set_ylim(-0.5, 20)
    axes.set_xlabel(known.key)
    axes.set_ylabel("distance above the best fit")
    axes.set_title(known.verdict[:1].upper() + known.verdict[1:], fontsize=10)
    return figure


def _of(known: Known) -> dict[str, Any]:
    return {
        "value": known.value,
        "interval": [known.low, known.high],
        "profile": [known.profile_low, known.profile_high],
        "verdict": known.verdict,
        "curve": [list(pair) for pair in known.profile],
    }


def _finite(number: float) -> float | None:
    return float(number) if abs(number) < float("inf") else None


def _end(value: float | None, side: str) -> str:
    return f"open {side}" if value is None else f"{value:.4g}"
