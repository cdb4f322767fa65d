"""Whether the packages here fit together, told before the page stays blank."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ECHARTS = "echarts@5.4.0/dist/echarts.js"


def problems(installed: Callable[[str], str] = version) -> list[str]:
    """Lines that name what is wrong and what to do; empty if all is well.

    Parameters
    ----------
    installed : callable
        Gives the version of a package.
    """
    return list(_problems(installed))


def _problems(installed: Callable[[str], str]) -> Iterator[str]:
    for package in ("ipyvue", "ipyvuetify"):
        found = _found(package, installed)
        if found is not None and int(found.split(".")[0]) >= 2:
            solara = _found("solara", installed)
            yield (
                f"{package} {found} and solara {solara} do not fit: the page stays empty;"
                f" pip install '{package}<2'"
            )
    for package in ("solara", "solara-assets", "uvicorn", "mesa"):
        if _found(package, installed) is None:
            yield f"{package} is missing; pip install {package}"
    if _found("solara-assets", installed) is not None and not _assets().is_file():
        yield f"solara-assets lacks {ECHARTS}: without a network charts stay empty"


def _found(package: str, installed: Callable[[str], str]) -> str | None:
    try:
        return installed(package)
    except PackageNotFoundError:
        return None


def _assets() -> Path:
    return Path(sys.prefix) / "share" / "solara" / "cdn" / ECHARTS
