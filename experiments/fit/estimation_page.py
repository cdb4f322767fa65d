"""Puts what a fit of the speed of adjustment found into ``docs/adjustment.md``.

    python -m experiments.fit.estimation_page results/adjustment

takes the numbers of the folder's ``fit.json`` over into ``adjustment_found.json``, beside
the targets, and rewrites the part of the page that tells them. A fit to other targets than
those written down is refused. ``python docs/generate.py`` writes the same part from the
numbers taken over; so does a test, which also holds them to the model's defaults.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from abm import data
from abm.errors import NearshoreError, OutputError
from abm.scenario.assumptions import EconomyAssumptions
from experiments.estimation.answer import FIT, FITTED_TOGETHER
from experiments.fit.published import FITTED_HERE, frozen_split, targets_as_written
from experiments.labels import REGION_NAMES
from experiments.runs.on_disk.run_folders import write_whole

FOUND = FITTED_HERE / "adjustment_found.json"
PAGE = FITTED_HERE.parents[1] / "docs" / "adjustment.md"

FITTED_SPEEDS = ("renewal", "renewal_slope", "win", "shift")
"""Settings of the economy that the fit is about."""

ROUNDED = 0.05
"""How far a default may be from the fitted value, as a share of it."""

KEPT = {
    "economy.renewal_slope": "every value above 0.01 fits as well",
    "economy.win": "the fit runs to an edge, for the sake of figures that no speed reaches",
    "economy.shift": "the fit runs to an edge, for the sake of figures that no speed reaches",
}
"""Speeds whose default is an assumption although there is a fit, and why."""

FOUND_BLOCK = re.compile(r"(<!-- generated: adjustment_found -->\n).*?(<!-- end -->)", re.DOTALL)

LABELS = {
    "china": "{1}: share of {2} in US imports, {3} on 2017, points",
    "metals": "US imports of metals from {1}, {2} the duty, on a year before, %",
    "blp/year": "elasticity of imports to a lasting duty, a year on",
    "blp/ratio": "the same over that of years seven to ten",
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
    return _table(
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
    return _table(
        ("row", "used for", "claim", "SHA-256"),
        (
            (name, row["use"].split(" (")[0], claims[name], f"`{row['sha256'][:12]}`")
            for name, row in rows.items()
        ),
    )


def found_text() -> str:
    """What the fit found; without one, that there is none and what stands in its place."""
    if not FOUND.is_file():
        defaults = EconomyAssumptions()
        speeds = {name: getattr(defaults, name) for name in FITTED_SPEEDS}
        values = ", ".join(f"`economy.{name}` {speed:g}" for name, speed in speeds.items())
        return f"Not fitted yet. The defaults are assumptions: {values}."
    return "\n\n".join(_sections(json.loads(FOUND.read_bytes())))


def unlike_defaults(found: dict[str, Any]) -> list[str]:
    """Keys of the speeds whose default is another than the fitted value, beyond rounding."""
    defaults = EconomyAssumptions()
    fitted = {key: known["value"] for key, known in found["parameters"].items()}
    of_speeds = ((f"economy.{name}", getattr(defaults, name)) for name in FITTED_SPEEDS)
    return [
        key
        for key, now in of_speeds
        if key in fitted and abs(now - fitted[key]) > ROUNDED * abs(fitted[key])
    ]


def _sections(found: dict[str, Any]) -> Iterator[str]:
    """Parameters, what is known of them together, and every figure."""
    yield _table(
        ("parameter", "value", "95% from slopes", "95% from the profile", "the targets say"),
        (
            (
                f"`{key}`",
                f"{known['value']:.3g}",
                _span(known["interval"]),
                _span(known["profile"]),
                known["verdict"],
            )
            for key, known in found["parameters"].items()
        ),
    )
    yield " ".join(_knowledge(found))
    if kept := [key for key in unlike_defaults(found) if key in KEPT]:
        defaults = EconomyAssumptions()
        yield _table(
            ("parameter", "fitted", "default", "why the default is an assumption still"),
            (
                (
                    f"`{key}`",
                    f"{found['parameters'][key]['value']:.3g}",
                    f"{getattr(defaults, key.removeprefix('economy.')):g}",
                    KEPT[key],
                )
                for key in kept
            ),
        )
    yield _table(
        ("figure", "target", "model", "standard errors away"),
        (
            (
                figure_in_words(row["outcome"]),
                f"{row['target']:g}",
                "no value" if row["model"] is None else f"{row['model']:.3g}",
                "" if row["model"] is None else f"{row['errors_away']:+.1f}",
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


def _span(ends: Sequence[float | None]) -> str:
    """An interval; open where the range searched ends first."""
    low, high = ends
    if low is None and high is None:
        return "open"
    if low is None:
        return f"below {high:.3g}"
    return f"above {low:.3g}" if high is None else f"{low:.3g} to {high:.3g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


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


def with_block(page: str, write: Callable[[], str]) -> str:
    """A page with what was found in its place."""
    return FOUND_BLOCK.sub(lambda block: f"{block[1]}{write()}\n{block[2]}", page)


def main(folder: Annotated[Path, typer.Argument(help="Where the fit wrote fit.json.")]) -> None:
    """Take a fit over into the page."""
    text = json.dumps(take_over(folder), indent=1, allow_nan=False) + "\n"
    page = PAGE.read_text(encoding="utf-8")
    write_whole(FOUND, text.encode())
    write_whole(PAGE, with_block(page, found_text).encode())
    sys.stdout.write(f"Written: {FOUND}, {PAGE}\n")


if __name__ == "__main__":
    try:
        typer.run(main)
    except NearshoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
