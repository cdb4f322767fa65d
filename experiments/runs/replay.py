"""A run that broke down, as a file that runs it again."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.config.keys import shown
from abm.errors import NonFiniteError, OutputError
from experiments.runs.folders import PROGRAM, manifest_problem, sealed, write_json
from experiments.runs.provenance import git_revision, versions

if TYPE_CHECKING:
    from abm.scenario.scenario import Scenario

FORMAT = 2


def failure_file(out: Path) -> Path:
    """Where the failure of a run that should have gone to ``out`` is written: beside it."""
    return out.with_name(f"{out.name}-failure.json")


def write_failure(
    path: Path,
    error: NonFiniteError,
    scenario: "Scenario",
    firms: int,
    seed: int,
    forked_from: dict[str, Any] | None = None,
) -> None:
    """Write what it takes to see the failure again.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    error : NonFiniteError
    scenario : Scenario
        The one that broke down.
    firms, seed : int
    forked_from : dict, optional
        The past of a run that was forked, as its manifest has it.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "program": PROGRAM,
        "error": str(error),
        "phase": error.phase,
        "quarter": error.quarter,
        # Not a number has no place in JSON; as text it can still be read.
        "inputs": {name: str(value) for name, value in error.inputs.items()},
        "firms": firms,
        "seed": seed,
        "scenario": scenario.model_dump(mode="json"),
        "forked_from": forked_from,
        "versions": versions(),
        "git_revision": git_revision(),
    }
    draft = path.with_name(f".{path.name}-new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(draft, sealed(content))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def replay(path: Path) -> int:
    """Run what a failure file says up to the quarter that failed.

    Returns
    -------
    int
        The quarter reached, where nothing breaks down any more.

    Raises
    ------
    NonFiniteError
        Where it breaks down again.
    OutputError
        If the file is none of ours.
    """
    from experiments.runs.continuing import run_again

    try:
        failure = json.loads(path.read_bytes())
        ours = failure["program"] == PROGRAM
        form = failure["format"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise OutputError(f"{path}: is no failure file written by {PROGRAM} run")
    if form != FORMAT:
        raise OutputError(f"{path}: is in format {shown(form)}; this version reads {FORMAT}")
    problem = manifest_problem(failure)
    if problem or not {"scenario", "firms", "seed", "quarter"} <= failure.keys():
        raise OutputError(f"{path}: {problem or 'does not say what to run'}")
    return run_again(failure, failure["quarter"]).quarter
