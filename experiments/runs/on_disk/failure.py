"""The file that a failed run leaves, from which it can be run again."""

import os
from itertools import chain, count
from pathlib import Path
from typing import Any

from abm.errors import NonFiniteError
from abm.scenario.scenario import Scenario
from experiments.runs.on_disk.provenance import economy_facts, git_revision, versions
from experiments.runs.on_disk.run_folders import (
    PROGRAM,
    as_json,
    read_json,
    seal_holds,
    sealed,
    write_whole,
)

FAILURE_FORMAT = 2


def failure_file(out: Path) -> Path:
    """Where the failure of a run that should have gone to ``out`` is written: beside it.

    A file that somebody changed, or that was never ours, keeps its name, and a number is
    added to that of the new one.
    """
    numbers = chain([""], (f"-{number}" for number in count(2)))
    paths = (out.with_name(f"{out.name}-failure{number}.json") for number in numbers)
    return next(filter(_is_free, paths))


def _is_free(path: Path) -> bool:
    found = read_json(path.parent, path.name)
    return not os.path.lexists(path) or (found.get("program") == PROGRAM and seal_holds(found))


def write_failure(
    path: Path,
    error: NonFiniteError,
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
    error : NonFiniteError
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
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, as_json(sealed(content)).encode())
