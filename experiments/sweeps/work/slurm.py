"""An array job for SLURM: every job is a shard, with no scheduler and no ports of ours."""

import re
import shlex
import subprocess
from pathlib import Path

from abm.config.keys import shown
from abm.errors import OutputError, ScenarioError

_PLAIN = re.compile(r"[\w.:-]{1,60}")

GRACE_SECONDS = 60
"""SLURM warns this long before a job's end; a sweep needs some seconds to write."""


# why: an argument is an option of the command that it writes for
def script(
    file: str,
    folder: Path,
    array: int,
    *,
    workers: int,
    time: str,
    mem: str,
    partition: str | None,
    economy: str | None = None,
) -> str:
    """Return a batch script that carries out a sweep in ``array`` shards.

    Raises
    ------
    ScenarioError
        If an option could be taken for something else by SLURM.
    """
    for option, text in (("--time", time), ("--mem", mem), ("--partition", partition)):
        if text is not None and not _PLAIN.fullmatch(text):
            raise ScenarioError(f"{option} {shown(text)}: has letters that SLURM does not take")
    command = ["nearshore", "sweep", file, "--out", str(folder), "--workers", str(workers)]
    command += [] if economy is None else ["--economy", economy]
    lines = [
        "#!/bin/sh",
        f"#SBATCH --array=1-{array}",
        f"#SBATCH --time={time}",
        f"#SBATCH --mem={mem}",
        f"#SBATCH --cpus-per-task={workers}",
        "#SBATCH --requeue",
        f"#SBATCH --signal=B:TERM@{GRACE_SECONDS}",
        *([f"#SBATCH --partition={partition}"] if partition else []),
        "# Runs already stored are not run again, so a job may be stopped and started at will.",
        f'exec {shlex.join(command)} --shard "$SLURM_ARRAY_TASK_ID/{array}" --quiet',
    ]
    return "\n".join(lines) + "\n"


def submit_script(text: str) -> str:
    """Hand a script to ``sbatch`` and return what it says.

    Raises
    ------
    OutputError
        If there is no SLURM, or it refuses.
    """
    try:
        done = subprocess.run(
            ["sbatch"], input=text, text=True, capture_output=True, check=True, timeout=60
        )
    except FileNotFoundError:
        raise OutputError("sbatch: not found; leave --submit out and hand the script on") from None
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or str(error)
        raise OutputError(f"sbatch: {' '.join(str(said).split())}") from None
    return done.stdout.strip()
