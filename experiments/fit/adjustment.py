"""Fits how fast trade follows duties to BLP-1, CHINA-1 and METALS-1.

    python -m experiments.fit.adjustment --out results/adjustment

searches the parameters of ``adjustment.toml`` with the estimator of ``nearshore
calibrate`` (least squares with slopes by differences, intervals from them and from
profiles, common random numbers) and writes the numbers, the fitted scenario and a page.
``--look`` gives the figures at the values at hand and fits nothing.

Which rows are for the fit and which for tests is in ``adjustment_split.json``, with
checksums of every row and of the targets. A fit whose targets differ does not begin.
"""

import json
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer

from abm import data
from abm.config import files
from abm.config.keys import keys_of
from abm.economy.tables import Array
from abm.errors import NearshoreError, OutputError, ScenarioError
from experiments.estimation.answer import write_answer
from experiments.estimation.search import Search
from experiments.estimation.target_file import Target, TargetFile
from experiments.fit.adjustment_runs import Observer
from experiments.outcomes.estimates import estimate
from experiments.runs.processes import process_pool
from experiments.scenarios.overrides import parse_overrides
from experiments.sweeps.design.points import points
from experiments.sweeps.work.sweep import check_writable

FITTED_HERE = Path(str(resources.files("experiments"))) / "fit"

FIT_ROWS = ("BLP-1", "CHINA-1", "METALS-1")
"""Rows of ``published_results_2.csv`` that this fit looks at."""

OTHER_FIT_ROWS = ("ENTRY-1", "FDI-1", "OWN-1", "OWN-2", "LEAD-1", "TAX-1")
"""Rows that another fit may use, in the part that their status names."""

TOLD = ("blp/quarter 1", "blp/quarter 4", "blp/quarter 12", "blp/long run", "metals/MEX/after")
"""Figures that are told beside the targets and weigh nothing."""


type Moments = Callable[[Sequence[dict[str, Any]]], Array]


def split_of_rows() -> dict[str, Any]:
    """What every published row is used for, with its checksum, and that of the targets.

    Returns
    -------
    dict
        ``rows`` by id, each ``use`` and ``sha256`` over its fields; ``targets_sha256`` as
        the calibration has it; ``sha256`` over all this.
    """
    rows = {}
    for row in data.read("published_results_2").to_dict("records"):
        use = "test"
        if row["id"] in FIT_ROWS:
            use = "fit"
        elif row["id"] in OTHER_FIT_ROWS:
            use = f"fit elsewhere ({row['status']})"
        rows[row["id"]] = {"use": use, "sha256": _checksum(row)}
    targets = [target.as_written() for target in targets_as_written()]
    split = {"format": 1, "rows": rows, "targets_sha256": _checksum(targets)}
    return split | {"sha256": _checksum(split)}


def targets_as_written() -> list[Target]:
    """Targets of ``adjustment.toml``, whatever its parameters."""
    return [Target.model_validate(target) for target in _document()["targets"]]


def _document() -> dict[str, Any]:
    return files.read_alone(FITTED_HERE / "adjustment.toml", keys_of(TargetFile), "file of targets")


def _checksum(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()


def frozen_split() -> dict[str, Any]:
    """The split as it was written down before the fit."""
    found: dict[str, Any] = json.loads((FITTED_HERE / "adjustment_split.json").read_bytes())
    return found


def check_split() -> None:
    """Refuse rows or targets that are not those written down.

    Raises
    ------
    OutputError
        Naming the first that differs.
    """
    now, written = split_of_rows(), frozen_split()
    if now == written:
        return
    rows = written["rows"].keys() | now["rows"].keys()
    off = [name for name in sorted(rows) if written["rows"].get(name) != now["rows"].get(name)]
    what = off[0] if off else "its targets"
    raise OutputError(f"adjustment_split.json: {what} differs from what was written down")


def read_targets(ranges: dict[str, Any] | None = None, **changes: Any) -> TargetFile:
    """The calibration, with other parameters where ``ranges`` names some.

    Parameters
    ----------
    ranges : dict, optional
        By dotted key, such as ``{"uniform": [0.5, 1.0]}``.
    **changes
        Values of other settings of the file.
    """
    document = _document()
    parameters = document["parameters"] if ranges is None else ranges
    return TargetFile.from_document(
        document | {"name": "adjustment", "parameters": parameters} | changes
    )


def range_of(text: str) -> tuple[str, dict[str, list[float]]]:
    """Return a parameter and its range, as ``KEY=LOW:HIGH`` says it."""
    key, equals, ends = text.partition("=")
    try:
        low, high = (float(end) for end in ends.split(":"))
    except ValueError:
        equals = ""
    if not equals:
        raise ScenarioError(f"{json.dumps(text)}: a parameter is written KEY=LOW:HIGH")
    return key.strip(), {"loguniform" if low > 0 else "uniform": [low, high]}


def look(observer: Observer, targets: dict[str, float]) -> list[str]:
    """Return a line a figure: mean over populations, 95% interval, and the target."""
    drawn = observer([{}])[0]
    lines = []
    for name, draws in zip(observer.outcomes, drawn.T, strict=True):
        asked = f", target {targets[name]:g}" if name in targets else ""
        lines.append(f"{name}: {estimate(name, draws).text}{asked}")
    return lines


# why: an argument is an option of the command
def main(
    out: Annotated[Path | None, typer.Option(help="Folder for what the fit says.")] = None,
    firms: Annotated[int, typer.Option(min=1, help="Per population.")] = 1_000,
    seeds: Annotated[int, typer.Option(min=2, help="Populations.")] = 4,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.")] = None,
    set_: Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE")] = [],  # noqa: B006
    parameter: Annotated[list[str], typer.Option(metavar="KEY=LOW:HIGH")] = [],  # noqa: B006
    only_look: Annotated[bool, typer.Option("--look", help="Fit nothing.")] = False,
) -> None:
    """Fit the speed of adjustment, or look at its figures."""
    check_split()
    if not only_look and out is None:
        raise OutputError("--out: name a folder for the fit, or --look")
    parse_overrides(set_)
    with process_pool(workers) as pool:
        if only_look:
            asked = {target.outcome: target.value for target in targets_as_written()}
            names = tuple(dict.fromkeys((*asked, *TOLD)))
            lines = look(Observer(names, firms, seeds, tuple(set_), pool), asked)
        else:
            ranges = dict(map(range_of, parameter)) if parameter else None
            file = read_targets(ranges, firms=firms, replications=seeds)
            names = tuple(target.outcome for target in file.targets)
            observer = Observer(names, firms, seeds, tuple(set_), pool, _count)
            lines = fit(file, Path(str(out)), observer)
    sys.stdout.write("\n".join(lines) + "\n")


def fit(file: TargetFile, out: Path, moments: Moments) -> list[str]:
    """Search the parameters and write ``fit.json``, ``fitted.toml`` and ``report.html``.

    Parameters
    ----------
    file : TargetFile
    out : Path
        A new or empty folder.
    moments : callable
        From points of the parameters to figures, shape (point, population, target).

    Returns
    -------
    list of str
        What was found, a line each: values with intervals from profiles and whether the
        targets identify them, what is hard to tell apart, and every target.

    Raises
    ------
    OutputError
        If the folder holds something, or no start gives a value for every target.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is there already; name a new or empty folder")
    check_writable(out)
    found = Search(file, moments, points(file.sweep)).run()
    out.mkdir(parents=True, exist_ok=True)
    return write_answer(out, file, FITTED_HERE, found)


def _count(points_done: int) -> None:
    sys.stderr.write(f"{points_done} more points of the parameters looked at\n")


if __name__ == "__main__":
    try:
        typer.run(main)
    except NearshoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
