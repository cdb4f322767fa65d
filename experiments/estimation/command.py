"""Carry out an estimation: write down the split, search, say what was found."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abm.config.keys import shown
from abm.errors import OutputError
from experiments.estimation.answer import write_answer
from experiments.estimation.response_surface import fitted_on_surface
from experiments.estimation.search import Search
from experiments.estimation.simulated import RUNS, Simulated
from experiments.estimation.target_file import CUTS, TargetFile, read_target_file
from experiments.runs.on_disk.run_folders import read_json, write_whole
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.work.on_demand import StoppedError
from experiments.sweeps.work.sweep import Options, check_writable
from experiments.sweeps.workers.one_run import simulate

TARGETS = "targets.json"


@dataclass(frozen=True)
class EstimationResult:
    """How an estimation ended.

    Attributes
    ----------
    folder : Path
    code : int
        Exit code.
    lines : list of str
        What to tell.
    """

    folder: Path
    code: int = 0
    lines: list[str] = field(default_factory=list)


def estimate(
    source: str | Path,
    out: Path,
    options: Options | None = None,
    *,
    run_one: RunFunction = simulate,
) -> EstimationResult:
    """Fit the parameters of a file to its targets.

    Parameters
    ----------
    source : str or Path
        A TOML file.
    out : Path
        Folder; one that holds the same estimation is gone on with if ``options.resume``.
    options : Options, optional
    run_one : callable
        Carries out one run.

    Raises
    ------
    ScenarioError, OutputError
        If the file or the folder will not do.
    StoreError
        If the folder is damaged, or in use by another program.
    """
    options = options or Options()
    file, beside = read_target_file(source, options.economy)
    simulated = Simulated(out, file, beside, options, run_one)
    _write_down(out, file, resume=options.resume)
    try:
        with simulated:
            if file.search == "surface":
                found = fitted_on_surface(file, simulated)
            else:
                found = Search(file, simulated.at, simulated.starts).run()
    except StoppedError as stopped:
        return EstimationResult(out, stopped.code, [str(stopped)])
    # What the options named has been told already.
    told = simulated.told if options.economy is None else []
    return EstimationResult(out, 0, [*told, *write_answer(out, file, beside, found)])


def _write_down(out: Path, file: TargetFile, *, resume: bool) -> None:
    """Record what each target is used for, before anything runs.

    Raises
    ------
    OutputError
        If the folder holds something else, or another split.
    """
    path = out / TARGETS
    if not path.exists():
        held = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
        if held or (out.exists() and not out.is_dir()):
            what = f"holds {held[0]}" if held else "is a file"
            raise OutputError(f"{out}: {what}; name a new or empty folder")
        check_writable(out)
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(file.split, indent=2, allow_nan=False) + "\n"
        write_whole(path, text.encode())
        return
    written = read_json(out, TARGETS)
    if written.get("sha256") != file.split["sha256"]:
        raise OutputError(
            f"{out}: its targets were written down before the fit and are not those of the file "
            f"({_difference(written, file)}); name another folder"
        )
    if not resume and (out / RUNS).exists():
        raise OutputError(f"{out}: holds an estimation; --resume goes on with it")


def _difference(written: dict[str, Any], file: TargetFile) -> str:
    theirs, mine = (
        {_called(target): target for target in split.get("targets", [])}
        for split in (written, file.split)
    )
    changed = [name for name in {**theirs, **mine} if theirs.get(name) != mine.get(name)]
    return shown(changed[0]) if changed else "their order"


def _called(target: dict[str, Any]) -> str:
    """Return how a target that was written down is told apart."""
    cuts = [f"{key} {target[key]}" for key in CUTS if key in target]
    return ", ".join([str(target.get("outcome")), *cuts])
