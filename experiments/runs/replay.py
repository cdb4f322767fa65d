"""A run that broke down, as a file that runs it again."""

import json
from pathlib import Path

from abm.config.keys import shown
from abm.errors import OutputError
from experiments.runs.continuing import run_again
from experiments.runs.on_disk.failure import FAILURE_FORMAT
from experiments.runs.on_disk.run_folders import PROGRAM, manifest_problem


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
    try:
        failure = json.loads(path.read_bytes())
        ours = failure["program"] == PROGRAM
        form = failure["format"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise OutputError(f"{path}: is no failure file written by {PROGRAM} run")
    if form != FAILURE_FORMAT:
        raise OutputError(
            f"{path}: is in format {shown(form)}; this version reads {FAILURE_FORMAT}"
        )
    problem = manifest_problem(failure)
    if problem or not {"scenario", "firms", "seed", "quarter"} <= failure.keys():
        raise OutputError(f"{path}: {problem or 'does not say what to run'}")
    reached: int = run_again(failure, failure["quarter"]).quarter
    return reached
