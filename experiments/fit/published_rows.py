"""One estimation of what published rows identify, and which row is used for what.

    nearshore calibrate experiments/fit/estimation.toml --out results/estimation --workers 2

searches the parameters of ``estimation.toml`` as `nearshore calibrate` does any file that
says ``runs = "published"``: least squares on common random numbers, intervals from slopes
and from profiles, and a folder that ``--resume`` goes on with.

    python -m experiments.fit.published_rows --set economy.win=0.3

tells the figures where parameters are as they are, or as ``--set`` has them.

Which rows are for the fit and which for tests is in ``estimation_split.json``, with
checksums of every row and of the targets. An estimation whose targets differ does not begin.
"""

import json
import sys
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from abm import data
from abm.config import files
from abm.config.keys import keys_of, shown
from abm.errors import NearshoreError, OutputError, ScenarioError
from abm.model import RelocationModel
from experiments.estimation.target_file import Target, TargetFile
from experiments.fit.published_runs import NO_NEWS, PUBLISHED_FIGURES, figures_of
from experiments.outcomes.estimates import estimate
from experiments.scenarios.overrides import parse_overrides

FITTED_HERE = Path(str(resources.files("experiments"))) / "fit"

FIT_ROWS = ("BLP-1", "CHINA-1", "METALS-1", "ENTRY-1", "FDI-1", "TAX-1")
"""Rows of ``published_results_2.csv`` that this estimation looks at."""

PUT_IN_ROWS = ("OWN-1", "OWN-2", "LEAD-1")
"""Rows that the base year, or a setting, takes over as observed, in the part that their status
names; they identify nothing."""


def split_of_rows() -> dict[str, Any]:
    """What every published row is used for, with its checksum, and that of the targets.

    Returns
    -------
    dict
        ``rows`` by id, each ``use`` and ``sha256`` over its fields; ``targets_sha256`` as
        the estimation has it; ``sha256`` over all this.
    """
    rows = {}
    for row in data.read("published_results_2").to_dict("records"):
        use = "test"
        if row["id"] in FIT_ROWS:
            use = "fit"
        elif row["id"] in PUT_IN_ROWS:
            use = f"put in ({row['status']})"
        rows[row["id"]] = {"use": use, "sha256": _checksum(row)}
    targets = [target.as_written() for target in targets_as_written()]
    split = {"format": 1, "rows": rows, "targets_sha256": _checksum(targets)}
    return split | {"sha256": _checksum(split)}


def targets_as_written() -> list[Target]:
    """Targets of ``estimation.toml``, whatever its parameters."""
    return [Target.model_validate(target) for target in _document()["targets"]]


def read_parameters() -> list[str]:
    """Keys of the parameters that are estimated."""
    return list(_document()["parameters"])


def _document() -> dict[str, Any]:
    return files.read_alone(FITTED_HERE / "estimation.toml", keys_of(TargetFile), "file of targets")


def _checksum(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()


def frozen_split() -> dict[str, Any]:
    """The split as it was written down before the fit."""
    found: dict[str, Any] = json.loads((FITTED_HERE / "estimation_split.json").read_bytes())
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
    raise OutputError(f"estimation_split.json: {what} differs from what was written down")


def check_targets(file: TargetFile) -> None:
    """Refuse targets that the runs behind the published rows have no figure for.

    Raises
    ------
    ScenarioError
        Naming the first, and what there is.
    """
    for target in file.targets:
        if target.name not in PUBLISHED_FIGURES:
            raise ScenarioError(
                f'targets: {shown(target.name)}: runs = "published" have no such figure; '
                f"they have {', '.join(PUBLISHED_FIGURES)}"
            )
    if file.split["sha256"] == frozen_split()["targets_sha256"]:
        check_split()


def look(settings: tuple[str, ...], firms: int, seeds: int) -> list[str]:
    """Return a line a figure: mean over populations, 95% interval, and the target."""
    asked = {target.outcome: target.value for target in targets_as_written()}
    scenario = NO_NEWS.load(settings)
    drawn = [
        figures_of(RelocationModel(scenario, firms=firms, rng=seed)) for seed in range(1, seeds + 1)
    ]
    lines = []
    for name in PUBLISHED_FIGURES:
        found = estimate(name, np.array([one[name] for one in drawn]))
        lines.append(f"{name}: {found.text}")
        if name in asked:
            lines[-1] += f", target {asked[name]:g}"
    return lines


# why: an argument is an option of the command
def main(
    firms: Annotated[int, typer.Option(min=1, help="Per population.")] = 1_000,
    seeds: Annotated[int, typer.Option(min=2, help="Populations.")] = 2,
    set_: Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE")] = [],  # noqa: B006
) -> None:
    """Tell the figures of the published rows, and fit nothing."""
    check_split()
    parse_overrides(set_)
    sys.stdout.write("\n".join(look(tuple(set_), firms, seeds)) + "\n")


if __name__ == "__main__":
    try:
        typer.run(main)
    except NearshoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
