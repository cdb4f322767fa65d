"""A finished run read back from its folder."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from abm.config.keys import shown
from abm.errors import CheckpointError, ScenarioError, StoreError
from abm.scenario.scenario import Scenario
from experiments.outcomes.over_seeds import of_seeds
from experiments.outcomes.tables import TABLES, RunFrames
from experiments.runs.lines_modelled import LineShare, from_numbers
from experiments.runs.on_disk.checkpoints import NO_CHECKPOINT
from experiments.runs.on_disk.confined import read_inside
from experiments.runs.on_disk.kept_seeds import kept_seeds
from experiments.runs.on_disk.run_folders import (
    CHANNELS_FILE,
    FILES,
    FOLDER_FORMAT,
    MANIFEST,
    PROGRAM,
    SUMMARY,
    manifest_problem,
    read_json,
    unchanged,
)
from experiments.runs.runner import RunResult


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run or a comparison.

    Raises
    ------
    CheckpointError
        If there is none of ours, or it is not as it was written.
    """
    manifest = read_json(folder, MANIFEST)
    if manifest.get("program") != PROGRAM or "format" not in manifest:
        raise CheckpointError(f"{folder}: holds no run written by {PROGRAM} run")
    if manifest.get("kind") == "sweep":
        raise CheckpointError(f"{folder}: {NO_CHECKPOINT}")
    if manifest["format"] != FOLDER_FORMAT:
        form = shown(manifest["format"])
        raise CheckpointError(f"{folder}: is in format {form}; this version reads {FOLDER_FORMAT}")
    if problem := manifest_problem(manifest):
        raise CheckpointError(f"{folder}: {MANIFEST} {problem}")
    return manifest


def read_result(folder: Path) -> RunResult:
    """What a run left in its folder, as `experiments.runs.runner.run_scenario` returned it.

    Parameters
    ----------
    folder : Path
        Of a run or of a comparison.

    Returns
    -------
    RunResult

    Raises
    ------
    CheckpointError
        If the folder holds no run of this version.
    StoreError
        If a file in it is not as it was written.
    """
    manifest = read_manifest(folder)
    if "run" not in manifest:
        manifest = {**manifest, "run": ""}
    names = [manifest[key] for key in ("run", "reference") if key in manifest]
    read = [_read_run(folder / name, name) for name in names]
    runs, scenarios, lines = zip(*read, strict=True)
    summary = _checked_json(folder, SUMMARY, manifest)
    parts = kept_seeds(folder) if len(runs) > 1 else []
    pair = [run.name for run in runs]
    return RunResult(
        summary,
        folder,
        runs[0].quarters < manifest["quarters_asked"],
        runs[0],
        runs[1] if len(runs) > 1 else None,
        channels=_channels(folder, manifest),
        seeds=of_seeds(parts, pair[0], pair[1], manifest["firms"]) if len(parts) > 1 else None,
        scenarios=scenarios,
        firms=manifest["firms"],
        seed=manifest["seed"],
        lines_far_off=tuple(dict.fromkeys(line for of_one in lines for line in of_one)),
    )


def _read_run(folder: Path, name: str) -> tuple[RunFrames, Scenario, tuple[LineShare, ...]]:
    """The tables and the scenario of one run, and lines that its model has too little of."""
    if folder.is_symlink():
        raise CheckpointError(f"{folder}: is a link, not the folder of a run")
    manifest = read_manifest(folder)
    try:
        scenario = Scenario.from_document(manifest["scenario"])
    except (ScenarioError, LookupError, TypeError) as error:
        raise CheckpointError(f"{folder}: holds a scenario that cannot be: {error}") from None
    tables = {table: _table(folder, f"{table}.parquet", manifest) for table in TABLES}
    try:
        lines = from_numbers(manifest.get("lines_far_off", ()))
    except (LookupError, TypeError):
        raise CheckpointError(f"{folder}: {MANIFEST} is wrong: its 'lines_far_off'") from None
    return RunFrames(name or scenario.name, scenario.start, tables), scenario, lines


def _table(folder: Path, name: str, manifest: dict[str, Any]) -> pd.DataFrame:
    if not unchanged(folder, name, manifest):
        raise StoreError(f"{folder / name}: is missing, or was changed since the run wrote it")
    return pd.read_parquet(BytesIO(read_inside(folder, name)))


def _checked_json(folder: Path, name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    if not unchanged(folder, name, manifest):
        raise StoreError(f"{folder / name}: is missing, or was changed since the run wrote it")
    return read_json(folder, name)


def _channels(folder: Path, manifest: dict[str, Any]) -> pd.DataFrame | None:
    return _table(folder, CHANNELS_FILE, manifest) if CHANNELS_FILE in manifest[FILES] else None
