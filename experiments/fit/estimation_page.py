"""Puts what the estimation of what moves found into ``docs/fit.md``.

    python -m experiments.fit.estimation_page results/estimation

takes the numbers of the folder's ``fit.json`` over into ``estimation_found.json``, beside
the targets, and rewrites the part of the page that tells them. A fit to other targets than
those written down is refused. ``python docs/generate.py`` writes the same part from the
numbers taken over; so does a test, which also holds them to the model's defaults.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from abm import data
from abm.errors import NearshoreError, OutputError
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from experiments.estimation.answer import FIT, FITTED_TOGETHER
from experiments.fit.published_rows import (
    FITTED_HERE,
    frozen_split,
    read_parameters,
    targets_as_written,
)
from experiments.labels import REGION_NAMES
from experiments.markdown import table
from experiments.runs.on_disk.run_folders import write_whole

FOUND = FITTED_HERE / "estimation_found.json"
FIT_PAGE = FITTED_HERE.parents[1] / "docs" / "fit.md"

ROUNDING = 1e-9
"""A parameter nearer zero is zero; none has so small a unit."""

ROUNDED = 0.05
"""How far a default may be from the fitted value, as a share of it."""

KEPT: dict[str, str] = {}
"""Parameters whose default is an assumption although there is an estimate, and why."""

LABELS = {
    "china": "{1}: share of {2} in US imports, {3} on 2017, points",
    "metals": "US imports of metals from {1}, {2} the duty, on a year before, %",
    "blp/year": "elasticity of imports to a lasting duty, a year on",
    "blp/ratio": "the same over that of years seven to ten",
    "entry/plants": "US plants that open, % of all a year",
    "exit/plants": "US plants that close, % of all a year",
    "entry/jobs": "US jobs at plants that opened within the year, % of all",
    "exit/jobs": "US jobs at plants that closed within the year, % of all",
    "fdi/new": "new plants of owners from elsewhere in Mexico, bn USD a year",
    "fdi/all": "all that these invest there, bn USD a year",
    "tax": "foreign-owned plants in Mexico on a point of tax on profit, %",
}
"""Figures in words, by the first part of their name; numbers stand for further parts."""


def figure_in_words(outcome: str) -> str:
    """A figure of the fit as a reader says it."""
    parts = outcome.split("/")
    label = LABELS.get(outcome) or LABELS[parts[0]]
    for place, part in enumerate(parts):
        label = label.replace(f"{{{place}}}", REGION_NAMES.get(part, part))
    return label


def targets_table() -> str:
    """The targets as written down, with the range that their row allows."""
    return table(
        ("row", "figure", "target", "95% of it"),
        (
            (
                target.source.split(":")[0],
                figure_in_words(target.outcome),
                f"{target.value:g}",
                f"±{1.96 * target.error:.2g}",
            )
            for target in targets_as_written()
        ),
    )


def split_table() -> str:
    """What every published row is used for, and the first digits of its checksum."""
    rows = frozen_split()["rows"]
    claims = data.read("published_results_2").set_index("id")["claim"]
    return table(
        ("row", "used for", "claim", "SHA-256"),
        (
            (name, row["use"].split(" (")[0], claims[name], f"`{row['sha256'][:12]}`")
            for name, row in rows.items()
        ),
    )


def default_of(key: str) -> float:
    """What a parameter is unless it is set."""
    section, _, name = key.partition(".")
    settings = {"economy": EconomyAssumptions, "firms": FirmAssumptions}[section]()
    return float(getattr(settings, name))


def found_text() -> str:
    """What the estimation found; without one, that there is none and what stands in its place."""
    if not FOUND.is_file():
        values = ", ".join(f"`{key}` {default_of(key):g}" for key in read_parameters())
        return f"Not estimated yet. The defaults are assumptions: {values}."
    return "\n\n".join(_sections(json.loads(FOUND.read_bytes())))


def unlike_defaults(found: dict[str, Any]) -> list[str]:
    """Keys of parameters whose default is another than the estimate, beyond rounding."""
    estimates = {key: known["value"] for key, known in found["parameters"].items()}
    return [
        key
        for key, estimated in estimates.items()
        if abs(default_of(key) - estimated) > ROUNDED * abs(estimated)
    ]


def _sections(found: dict[str, Any]) -> Iterator[str]:
    """Parameters, what is known of them together, and every figure."""
    yield table(
        ("parameter", "value", "95% from slopes", "95% from the profile", "the targets say"),
        (
            (
                f"`{key}`",
                _short(known["value"]),
                _span(known["interval"]),
                _span(known["profile"]),
                known["verdict"],
            )
            for key, known in found["parameters"].items()
        ),
    )
    yield " ".join(_knowledge(found))
    if kept := [key for key in unlike_defaults(found) if key in KEPT]:
        yield table(
            ("parameter", "estimate", "default", "why the default is another"),
            (
                (
                    f"`{key}`",
                    _short(found["parameters"][key]["value"]),
                    f"{default_of(key):g}",
                    KEPT[key],
                )
                for key in kept
            ),
        )
    yield table(
        ("figure", "target", "model", "standard errors away", "runs at the estimate"),
        (
            (
                figure_in_words(row["outcome"]),
                f"{row['target']:g}",
                "no value" if row["model"] is None else f"{row['model']:.3g}",
                "" if row["model"] is None else f"{row['errors_away']:+.1f}",
                "" if row["run"] is None else f"{row['run']:.3g}",
            )
            for row in found["fitted"]
        ),
    )


def _knowledge(found: dict[str, Any]) -> Iterator[str]:
    """Sentences on size, fit, and what the targets cannot tell."""
    if "firms" in found:
        yield f"Of {found['replications']} populations of {found['firms']:,} firms."
    loose = [key for key, known in found["parameters"].items() if known["verdict"] != "identified"]
    if loose:
        yield "Not pinned down from both sides: " + ", ".join(f"`{key}`" for key in loose) + "."
    else:
        yield "The targets bound every parameter from both sides."
    for pair, correlation in found["correlation"].items():
        if correlation is not None and abs(correlation) > FITTED_TOGETHER:
            both = " and ".join(f"`{key}`" for key in pair.split(", "))
            yield f"Hard to tell apart: {both} (correlation {correlation:.2f})."
    if found["p_value"] is not None:
        missed = "; the model does not meet all targets within their errors"
        yield (
            f"The sum of squares is {found['distance']:.3g} with {found['degrees_of_freedom']} "
            f"degrees of freedom (p = {found['p_value']:.2g})"
            f"{missed if found['p_value'] < 0.05 else ''}."
        )


def _short(value: float) -> str:
    """Three digits; what differs from zero by rounding alone is zero."""
    return f"{value if abs(value) > ROUNDING else 0.0:.3g}"


def _span(ends: Sequence[float | None]) -> str:
    """An interval; open where the range searched ends first."""
    low, high = ends
    if low is None and high is None:
        return "open"
    if low is None:
        return f"below {high:.3g}"
    return f"above {low:.3g}" if high is None else f"{low:.3g} to {high:.3g}"


def take_over(folder: Path) -> dict[str, Any]:
    """The numbers of a fit, once they are known to be of the targets written down.

    Raises
    ------
    OutputError
        If the folder holds no fit, or one to other targets.
    """
    try:
        found: dict[str, Any] = json.loads((folder / FIT).read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder / FIT}: cannot be read ({error})") from None
    if (
        not isinstance(found, dict)
        or found.get("targets_sha256") != (frozen_split()["targets_sha256"])
    ):
        raise OutputError(f"{folder / FIT}: is no fit to the targets written down")
    for known in found["parameters"].values():
        known.pop("curve", None)  # of the figures alone
    return found


def with_block(page: str, block: str, told: str) -> str:
    """A page with something else between the marks of a block, ``<!-- BLOCK -->`` and its end."""
    start, end = f"<!-- {block} -->\n", "<!-- end -->"
    before, _, rest = page.partition(start)
    return f"{before}{start}{told}\n{end}{rest.partition(end)[2]}"


def main(folder: Annotated[Path, typer.Argument(help="Where the fit wrote fit.json.")]) -> None:
    """Take a fit over into the page."""
    text = json.dumps(take_over(folder), indent=1, allow_nan=False) + "\n"
    page = FIT_PAGE.read_text(encoding="utf-8")
    write_whole(FOUND, text.encode())
    write_whole(FIT_PAGE, with_block(page, "generated: estimation_found", found_text()).encode())
    sys.stdout.write(f"Written: {FOUND}, {FIT_PAGE}\n")


if __name__ == "__main__":
    try:
        typer.run(main)
    except NearshoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
