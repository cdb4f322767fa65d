"""A run that broke down, as a file that runs it again."""

import json
from pathlib import Path

from abm.errors import OutputError
from experiments.runs.continuing import run_again
from experiments.runs.failure import FAILURE_FORMAT
from experiments.runs.folders import PROGRAM


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
        known = failure["program"] == PROGRAM and failure["format"] == FAILURE_FORMAT
        known = known and {"scenario", "firms", "seed"} <= failure.keys()
        quarter = failure["quarter"]
    except (OSError, ValueError, LookupError, TypeError):
        known = False
    if not known:
        raise OutputError(f"{path}: is no failure file written by {PROGRAM} run")
    reached: int = run_again(failure, quarter).quarter
    return reached
