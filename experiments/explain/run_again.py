"""A firm of a finished run, explained: the run is made again and watched.

A run is the same every time it is made, so its folder need not hold what every firm
ever weighed: from the scenario, the seed and the number of firms in its manifest the
model comes to the same quarter again, where the firm's own arrays can be read. That
this is so is checked against the folder's tables.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm import RelocationModel
from abm.axes import CONFIG_LABELS, HOSTS
from abm.config.keys import shown
from abm.errors import CheckpointError, OutputError, ScenarioError
from abm.explain.decision import explained
from abm.explain.explanation import Explanation
from abm.explain.one_firm import Moment
from abm.policy.instruments.floors import FIXED
from abm.policy.timeline import segments
from abm.scenario.scenario import Scenario
from abm.trade.borders.crossing import MEMBER_PAIRS
from experiments.explain.watched import WatchedModel
from experiments.runs.on_disk.confined import read_inside
from experiments.runs.on_disk.provenance import check_economy, git_revision, versions
from experiments.runs.on_disk.run_folders import (
    FOLDER_FORMAT,
    MANIFEST,
    PROGRAM,
    manifest_problem,
    read_json,
)
from experiments.scenarios.duties import rates_by_name

SAME = 1e-6
"""Relative gap to the stored tables that other processors' last bits may leave."""


@dataclass(frozen=True)
class Turn:
    """Something that happened to a firm's plants."""

    quarter: int
    stage: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A firm of a run, its plants over time, and one decision explained.

    Attributes
    ----------
    folder : str
    scenario : str
    quarters : int
        Up to where the run was made again.
    first_plants : str
        Those of the calibration year.
    turns : tuple of Turn
    reviews : tuple of int
        Quarters in which it decided.
    explained : Explanation
    levied : dict of str to dict of str to float
        Rates of acts and measures on its product that are due in any case, by name, by pair such
        as ``MEX to USA``.
    """

    folder: str
    scenario: str
    quarters: int
    first_plants: str
    turns: tuple[Turn, ...]
    reviews: tuple[int, ...]
    explained: Explanation
    levied: dict[str, dict[str, float]]


@dataclass
class _Seen:
    """What a watched firm has done so far, and the moment to explain."""

    first_plants: str = ""
    turns: list[Turn] = field(default_factory=list)
    reviews: list[int] = field(default_factory=list)
    moment: Moment | None = None


class _ModelOfFirm(WatchedModel):
    """A model in which one firm is watched from the start.

    Parameters
    ----------
    scenario : Scenario
    firms, seed : int
    row : int
        The firm.
    quarter : int or None
        When to look; None for its last decision.
    """

    def __init__(
        self, scenario: Scenario, firms: int, seed: int, row: int, quarter: int | None
    ) -> None:
        super().__init__(scenario, firms=firms, rng=seed)
        if not 0 <= row < len(self.firms):
            raise ScenarioError(f"--firm {row}: the run has firms 0 to {len(self.firms) - 1}")
        self.row, self.asked = row, quarter
        self.seen = _Seen(first_plants=CONFIG_LABELS[int(self.firms.config[row])])

    def value_plans(self) -> None:
        """What every set of plants is worth; the moment that is asked for is kept."""
        super().value_plans()
        reviews = self.row in self.plans.rows
        if reviews:
            self.seen.reviews.append(self.quarter)
        if self.quarter == self.asked or (self.asked is None and reviews):
            self.seen.moment = self.moment

    def relocate(self) -> None:
        """Move plants; what the firm does is kept."""
        super().relocate()
        assert self.moves is not None
        for place in np.flatnonzero(self.moves.rows == self.row):
            self.seen.turns.append(
                Turn(
                    self.quarter,
                    str(self.moves.stage[place]),
                    CONFIG_LABELS[int(self.moves.from_config[place])],
                    CONFIG_LABELS[int(self.moves.to_config[place])],
                )
            )


def explain_firm(folder: Path, row: int, quarter: int | None = None) -> Told:
    """Explain why a firm of a finished run stayed or moved.

    Parameters
    ----------
    folder : Path
        Of a run, or of a comparison, whose run is then meant and not its reference.
    row : int
        Number of the firm, from 0.
    quarter : int, optional
        When; without it the firm's last decision.

    Returns
    -------
    Told

    Raises
    ------
    OutputError
        If the folder is no run's, or of another version.
    ScenarioError
        If there is no such firm or quarter.
    """
    folder, manifest = read_manifest(folder)
    finished = manifest["quarters"]
    if quarter is not None and not 1 <= quarter <= finished:
        raise ScenarioError(f"--quarter {quarter}: the run has quarters 1 to {finished}")
    last = finished if quarter is None else quarter
    model = _watched(manifest, row, quarter, last)
    check_same(model, folder, manifest)
    seen = model.seen
    # A firm that never decides is looked at in the last quarter.
    moment = seen.moment or model.moment
    assert moment is not None
    return Told(
        str(folder),
        model.scenario.name,
        last,
        seen.first_plants,
        tuple(seen.turns),
        tuple(seen.reviews),
        explained(moment, row),
        _due_in_any_case(model, moment.quarter, int(model.firms.line[row])),
    )


def _due_in_any_case(
    model: RelocationModel, quarter: int, line: int
) -> dict[str, dict[str, float]]:
    """Rates on a line that no claim avoids, as acts and measures stood in a quarter."""
    scenario = model.scenario
    dated = (*scenario.dated, *model.in_force.decided)
    stood = segments(scenario.start, scenario.instruments, dated)
    now = [one for one in stood if one.start <= quarter][-1].instruments
    due = {name: rate[FIXED, line] for name, rate in rates_by_name(now).items()}
    return {
        f"{HOSTS[source]} to {HOSTS[market]}": {
            name: float(rate[source, market]) for name, rate in due.items() if rate[source, market]
        }
        for source, market in MEMBER_PAIRS
    }


def _watched(description: dict[str, Any], row: int, quarter: int | None, last: int) -> _ModelOfFirm:
    """The run of a manifest made again up to a quarter, its forks too, with a firm watched."""
    scenario = Scenario.from_document(description["scenario"])
    origin = description.get("forked_from")
    if origin is None:
        firms, seed = description["firms"], description["seed"]
        model = _ModelOfFirm(scenario, firms, seed, row, quarter)
    else:
        model = _watched({**description, **origin}, row, quarter, min(origin["quarter"], last))
        model.fork(scenario)
    while model.quarter < last:
        model.step()
    return model


def read_manifest(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder of a run and its manifest, given that of the run or of its comparison.

    Raises
    ------
    OutputError
        If it is none of ours, or made by another version.
    """
    manifest = _checked_manifest(folder)
    if "scenario" not in manifest and "run" in manifest:
        return _inside(folder, manifest["run"])
    return _of_run(folder, manifest)


def read_reference(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the same of the run that a comparison's run is against; None for a run alone.

    Raises
    ------
    OutputError
        If it is none of ours, or made by another version.
    """
    manifest = _checked_manifest(folder)
    return _inside(folder, manifest["reference"]) if "reference" in manifest else None


def _inside(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """The folder of one of the runs of a comparison, and its manifest."""
    folder = folder / name
    if folder.is_symlink():
        raise OutputError(f"{folder}: is a link, not the folder of a run")
    return _of_run(folder, _checked_manifest(folder))


def _of_run(folder: Path, manifest: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    missing = {"scenario", "firms", "seed", "calibration_checksum"} - set(manifest)
    if missing or manifest["quarters"] < 1:
        raise OutputError(f"{folder}: is no folder of a run of {PROGRAM}")
    return folder, manifest


def _checked_manifest(folder: Path) -> dict[str, Any]:
    manifest = _manifest(folder)
    _check_version(folder, manifest)
    return manifest


def _check_version(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a manifest of another format or version."""
    told = manifest.get("versions")
    made = told.get("nearshore") if isinstance(told, dict) else None
    here = versions()["nearshore"]
    if manifest.get("format") != FOLDER_FORMAT or made != here:
        raise OutputError(
            f"{folder}: made by {PROGRAM} {made} in format {shown(manifest.get('format'))}, this "
            f"is {here} in format {FOLDER_FORMAT}; use the version that made it, or run it again"
        )


def _manifest(folder: Path) -> dict[str, Any]:
    manifest = read_json(folder, MANIFEST)
    if manifest.get("program") != PROGRAM or "quarters" not in manifest:
        raise OutputError(f"{folder}: is no folder of a run of {PROGRAM}")
    if manifest.get("format") == FOLDER_FORMAT and (problem := manifest_problem(manifest)):
        raise OutputError(f"{folder}: {MANIFEST} {problem}")
    return manifest


def check_same(model: RelocationModel, folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a run that, made again, comes out otherwise now.

    Parameters
    ----------
    model : RelocationModel
        The run made again.
    folder : Path
    manifest : dict

    Raises
    ------
    OutputError
        If its figures, tables or economy are not those of the folder.
    """
    if model.calibration_checksum != manifest["calibration_checksum"]:
        raise OutputError(f"{folder}: made from other figures than those in abm/data now")
    try:
        check_economy(manifest, model.scenario)
    except CheckpointError as error:
        raise OutputError(f"{folder}: {error}") from None
    made = model.frames()["outcomes"]
    numbers = list(made.select_dtypes("number"))
    try:
        stored = pd.read_parquet(BytesIO(read_inside(folder, "outcomes.parquet")))
        stored = stored[stored["quarter"] <= model.quarter].reindex(
            columns=numbers, fill_value=np.nan
        )
        stored = stored.astype(np.float64)
    except (OSError, ValueError, LookupError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise OutputError(f"{folder}: outcomes.parquet cannot be read ({said})") from error
    if len(stored) == len(made) and np.allclose(
        stored[numbers], made[numbers], rtol=SAME, atol=SAME
    ):
        return
    raise OutputError(
        f"{folder}: comes out otherwise now (revision {manifest.get('git_revision')} then, "
        f"{git_revision()} now); use the version that made it, or run it again"
    )
