"""Where results come from: versions, revision and processor."""

import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from abm.economy.folders import as_shipped, economy_checksum
from abm.engine.kernel_choice import kernel_name
from abm.errors import CheckpointError
from abm.scenario.scenario import Scenario

PACKAGES = ("nearshore", "numpy", "mesa", "pandas", "pyarrow")


def versions() -> dict[str, str | None]:
    """Versions of Python and of what the results depend on; None where not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def git_revision(source: Path = Path(__file__).parents[3]) -> str | None:
    """Revision of the source tree, ``-modified`` added if tracked files differ from it.

    Parameters
    ----------
    source : Path
        Top folder of the source.

    Returns
    -------
    str or None
        None without git, without a commit, or where ``source`` is not the top of a
        repository: installed packages often lie inside somebody else's.
    """

    def ask(*arguments: str) -> list[str] | None:
        try:
            answer = subprocess.run(
                ["git", "-C", str(source), *arguments],
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.splitlines()

    head = ask("rev-parse", "--show-toplevel", "--verify", "HEAD")
    if head is None or Path(head[0]).resolve() != source.resolve():
        return None
    changes = ask("status", "--porcelain", "--untracked-files=no")
    return head[1] + ("-modified" if changes else "")


def processor() -> dict[str, object]:
    """System, architecture, the instruction sets NumPy found, and the code that values plants.

    Exponentials and logarithms differ in their last bits between instruction sets, and so
    does compiled code from NumPy's: equal bytes can be expected only where these are equal.
    """
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu_features": [*simd["baseline"], *simd.get("found", [])],
        "plants_valued_by": kernel_name(),
    }


def economy_facts(scenario: Scenario) -> dict[str, Any]:
    """The economy of a run: its name, its checksum, and what of it is as shipped."""
    table = scenario.economy.table
    facts = {"table": table, "sha256": economy_checksum(table)}
    return facts | ({"as_shipped": list(as_shipped(table))} if as_shipped(table) else {})


def check_economy(described: Mapping[str, Any], scenario: Scenario) -> None:
    """Refuse to run again what was made with other tables than there are now.

    Parameters
    ----------
    described : mapping
        A manifest or the like; ``economy`` in it is as `economy_facts` gave it.
    scenario : Scenario
        The one that it describes.

    Raises
    ------
    CheckpointError
        If the tables were changed since.
    """
    made = described.get("economy")
    made = made.get("sha256") if isinstance(made, Mapping) else None
    table = scenario.economy.table
    if made is not None and made != economy_checksum(table):
        raise CheckpointError(f"economy {table}: its tables are not those the run was made with")
