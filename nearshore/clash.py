"""Whether the packages that stand beside this one are ours.

``abm``, ``agents``, ``experiments`` and ``viz`` are installed beside ``nearshore``. Another
distribution may bring a package of the same name, which then stands in front of ours, or
whose files are written over ours; uninstalling it removes what is left. Neither pip nor
Python says so. Here it becomes one line that names the package and what to do.
"""

import hashlib
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, PackagePath, distribution, distributions
from importlib.util import find_spec
from pathlib import Path

NAME = "nearshore"

PACKAGES = ("abm", "agents", "experiments", "viz")

REMEDY = "install nearshore again, in an environment of its own"

HERE = Path(__file__).resolve().parents[1]
"""Where our packages stand."""


def first_problem() -> str | None:
    """The first package that is not ours, in one line; a quick look, taken at every import."""
    heads = {f"{package}/__init__.py" for package in PACKAGES}
    return next(_problems(part for part in _recorded() if part.as_posix() in heads), None)


def problems() -> list[str]:
    """A line for every package of which a file is not ours any more; reads all files."""
    return list(_problems(_recorded()))


def at_command_line() -> bool:
    """Whether this process is our command, which says a problem in its own line and ends."""
    asked = sys.argv[0] if sys.argv else ""
    if asked == "-m":  # while `python -m nearshore` looks for it
        return NAME in sys.orig_argv[1:]
    return Path(asked).stem == NAME


def _problems(recorded: Iterable[PackagePath]) -> Iterator[str]:
    """A line for each package that another stands in front of, or that was written over."""
    in_front = {package: found for package in PACKAGES if (found := _in_front_of(package))}
    yield from in_front.values()
    changed: dict[str, list[str]] = {}
    for part in recorded:
        if part.parts[0] not in in_front and not _is_as_installed(part):
            changed.setdefault(part.parts[0], []).append(part.as_posix())
    for package, files in changed.items():
        others = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield (
            f"{package}: {files[0]}{others} is not as nearshore installed it"
            f"{_brought_by(files[0])}; {REMEDY}"
        )


def _in_front_of(package: str) -> str | None:
    """What is imported in the place of a package of ours, as a line; None if it is ours."""
    try:
        spec = find_spec(package)
    except ValueError:  # imported already, by hand
        spec = None
    origin = None if spec is None else spec.origin
    ours = HERE / package / "__init__.py"
    if origin is not None and Path(origin).resolve() == ours:
        return None
    if origin is None:
        return f"{package}: nearshore's {package}/__init__.py is gone; {REMEDY}"
    return f"{package}: Python finds {origin}{_brought_by(origin)}, not nearshore's; {REMEDY}"


def _recorded() -> list[PackagePath]:
    """Files of our packages as pip noted them; none in a checkout, where they may change."""
    try:
        ours = distribution(NAME)
    except PackageNotFoundError:
        return []
    if Path(str(ours.locate_file(NAME))).resolve() != HERE / NAME:
        return []
    return [part for part in ours.files or () if part.parts[0] in PACKAGES and part.hash]


def _is_as_installed(part: PackagePath) -> bool:
    noted = part.hash
    try:
        content = Path(str(part.locate())).read_bytes()
    except OSError:
        return False
    digest = hashlib.new(noted.mode, content).digest() if noted else b""
    return noted is None or urlsafe_b64encode(digest).rstrip(b"=").decode() == noted.value


def _brought_by(file: str) -> str:
    """The distribution that lists a file beside us, as `` (of NAME VERSION)``, or nothing."""
    path = HERE / file
    for other in distributions():
        if other.name == NAME:
            continue
        for part in other.files or ():
            if part.name == path.name and Path(str(part.locate())).resolve() == path:
                return f" (of {other.name} {other.version})"
    return ""
