"""The figures the model starts from: one CSV a subject, sources in ``SOURCES.md``."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import pandas as pd


def path(name: str) -> Traversable:
    """Where a table lies, also when the package is installed as an archive.

    Parameters
    ----------
    name : str
        File name without ``.csv``.

    Returns
    -------
    Traversable
        Opens and reads like a path.

    Raises
    ------
    FileNotFoundError
        If there is no such table; the text lists those there are.
    """
    table = files(__name__) / f"{name}.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{name}: no such table; there are {', '.join(names())}")
    return table


def names() -> list[str]:
    """Names of all tables, sorted."""
    return sorted(
        entry.name.removesuffix(".csv")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".csv")
    )


def read(name: str, text: Sequence[str] = ()) -> pd.DataFrame:
    """One table, with its columns as ``SOURCES.md`` describes them.

    Parameters
    ----------
    name : str
        File name without ``.csv``.
    text : sequence of str, optional
        Columns to be kept as they are written, such as codes with a zero in front.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    FileNotFoundError
        If there is no such table.

    Examples
    --------
    >>> read("establishments").set_index("region").loc["MEX", "establishments"].item()
    579828
    """
    with path(name).open("rb") as file:
        return pd.read_csv(file, dtype=dict.fromkeys(text, str))


@cache
def checksum() -> str:
    """SHA-256 over the names and contents of all tables, in hexadecimal.

    Two runs with the same checksum started from the same figures. Line ends do not
    count, so a checkout that rewrites them gives the same answer.
    """
    digest = sha256()
    for name in names():
        content = path(name).read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
