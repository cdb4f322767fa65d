"""The file that a failed run leaves, from which it can be run again."""

from pathlib import Path
from typing import Any

from abm.errors import PhaseError
from abm.scenario.scenario import Scenario
from experiments.runs.on_disk.provenance import economy_facts, git_revision, versions
from experiments.runs.on_disk.run_folders import PROGRAM, sealed, write_json

FAILURE_FORMAT = 2


def failure_file(out: Path) -> Path:
    """Where the failure of a run that should have gone to ``out`` is written: beside it."""
    return out.with_name(f"{out.name}-failure.json")


def write_failure(
    path: Path,
    error: PhaseError,
    scenario: Scenario,
    firms: int,
    seed: int,
    forked_from: dict[str, Any] | None = None,
) -> None:
    """Write what it takes to see the failure again.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    error : PhaseError
    scenario : Scenario
        The one that broke down.
    firms, seed : int
    forked_from : dict, optional
        The past of a run that was forked, as its manifest has it.
    """
    content: dict[str, Any] = {
        "format": FAILURE_FORMAT,
        "program": PROGRAM,
        "error": str(error),
        "phase": error.phase,
        "quarter": error.quarter,
        # Not a number has no place in JSON; as text it can still be read.
        "inputs": {name: str(value) for name, value in error.inputs.items()},
        "firms": firms,
        "seed": seed,
        "scenario": scenario.model_dump(mode="json"),
        "economy": economy_facts(scenario),
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
