"""Where results come from: versions, revision and processor."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import numpy as np

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


def git_revision(source: Path = Path(__file__).parents[2]) -> str | None:
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
    """System, architecture and the instruction sets NumPy found.

    Exponentials and logarithms differ in their last bits between instruction sets, so
    equal bytes can be expected only where these are equal.
    """
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu_features": [*simd["baseline"], *simd.get("found", [])],
    }
