"""Tables whose rows and columns are named REGION_INDUSTRY: OECD, FIGARO, and a plain CSV."""

import csv
import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.own_data.published import READABLE, Array, Published

TOTALS = {"OUT", "OUTPUT", "TOTAL", "TOT", "GO", "GROSS_OUTPUT"}
"""How a column or row of gross output may be named."""

ADDED = {"VA", "VALU", "VALUE_ADDED", "TLS", "TAXSUB", "TXS"}
"""How rows between inputs and output may be named; those of FIGARO begin with W2."""

DISCREPANCIES = {"DISC", "ALL", "DISCREPANCY"}

_ISIC_3 = re.compile(r"C\d\d(T\d\d)?[A-Z]{3,}")
"""A code as in the edition of 2016, such as C15T16FOD."""

Cells = tuple[list[str], list[str], pd.DataFrame]
"""Names of columns, names of rows, and what stands between."""


def read_labelled(source: Path, kind: str) -> Published:
    """Return a table with one label a row and a column.

    Parameters
    ----------
    source : Path
        A CSV, or a ZIP with one in it; fields apart by comma, semicolon or tabulator.
    kind : str
        ``"oecd"``, ``"figaro"`` or ``"plain"``.

    Raises
    ------
    ScenarioError
        If it is no such table.
    """
    heads, names, cells = _cells(source)
    rows = [name for name in names if _is_industry(name)]
    columns = [name for name in heads if name in set(rows)]
    _check_names(source, heads, names, rows, columns)
    regions = {name.partition("_")[0] for name in rows}
    totals = [name for name in heads if name.upper() in TOTALS]
    odd = [name for name in heads if name.split("_")[0].upper() in DISCREPANCIES]
    final = [name for name in heads if name not in {*columns, *totals, *odd}]
    stray = next((name for name in final if name.partition("_")[0] not in regions), None)
    if stray is not None:
        raise ScenarioError(f"{source}: column {shown(stray)} is of no region of its rows")
    numbers, text = _numbers(cells, heads, names)
    place = {name: at for at, name in enumerate(heads)}
    of_rows = numbers[[names.index(name) for name in rows]]
    below = {name: numbers[at] for at, name in enumerate(names) if name not in set(rows)}
    order = [place[name] for name in rows]
    codes = [name.partition("_")[2] for name in rows]
    old = kind == "oecd" and all(_ISIC_3.fullmatch(code) for code in codes)
    return Published(
        kind=kind,
        rows=[(name.partition("_")[0], name.partition("_")[2]) for name in rows],
        use=of_rows[:, order],
        final=of_rows[:, [place[name] for name in final]],
        markets=[name.partition("_")[0] for name in final],
        row_totals=of_rows[:, place[totals[0]]] if totals else None,
        column_totals=_sum_of(below, order, lambda name: name.upper() in TOTALS),
        value_added=_sum_of(below, order, _is_added),
        text_cells=text,
        discrepancy=np.nansum(of_rows[:, [place[name] for name in odd]], axis=1) if odd else None,
        sectors="isic3" if old else "isic4",
        unit="million EUR" if kind == "figaro" or _is_figaro(names, heads) else "",
    )


def first_labels(source: Path) -> list[str]:
    """Return the names of the first columns, to see what a file may be; none if it has none."""
    try:
        with _open(source) as stream:
            line = stream.readline(1_000_000)
    except (ScenarioError, OSError):
        return []
    return next(csv.reader([line], delimiter=_delimiter(line)), [])[:5]


def _open(source: Path) -> io.TextIOBase:
    """Open a CSV, one that is packed by gzip, or the one CSV in a ZIP."""
    if source.suffix.lower() == ".gz":
        try:
            unpacked = io.BytesIO(gzip.decompress(source.read_bytes()))
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise ScenarioError(f"{source}: is no whole gzip file") from None
        return io.TextIOWrapper(unpacked, "utf-8-sig", errors="replace", newline="")
    if source.suffix.lower() != ".zip":
        return source.open(encoding="utf-8-sig", errors="replace", newline="")
    try:
        archive = zipfile.ZipFile(source)
    except zipfile.BadZipFile:
        raise ScenarioError(f"{source}: is no ZIP") from None
    inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    if len(inside) != 1:
        said = ", ".join(sorted(inside)[:4]) or "none"
        raise ScenarioError(
            f"{source}: holds {len(inside)} tables ({said}); unpack the one that you mean"
        )
    return io.TextIOWrapper(archive.open(inside[0]), "utf-8-sig", errors="replace", newline="")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _cells(source: Path) -> Cells:
    with _open(source) as stream:
        first = stream.readline()
        delimiter = _delimiter(first)
        heads = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])][1:]
        if not heads:
            raise ScenarioError(f"{source}: cannot be read as a table; readable are {READABLE}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # columns of mixed types are looked at below
                frame = pd.read_csv(
                    stream,
                    header=None,
                    sep=delimiter,
                    keep_default_na=False,
                    na_values=[""],
                    low_memory=False,
                )
        except (ValueError, csv.Error, RecursionError) as error:
            said = " ".join(str(error).split())[:80]
            raise ScenarioError(
                f"{source}: is no table of one width ({said}); readable are {READABLE}"
            ) from None
    if frame.shape[1] != len(heads) + 1:
        raise ScenarioError(
            f"{source}: has {len(heads) + 1} names of columns over {frame.shape[1]} columns"
        )
    frame = frame.dropna(how="all")  # an empty line says nothing
    names = [str(name).strip() for name in frame[0]]
    return heads, names, frame.drop(columns=0)


def _is_industry(name: str) -> bool:
    """Return whether a row is one of an industry, rather than of totals or value added."""
    return "_" in name and name.upper() not in TOTALS and not _is_added(name)


def _is_figaro(names: Sequence[str], heads: Sequence[str]) -> bool:
    """Return whether names are those of FIGARO, whatever the file is called: it is in EUR."""
    return any(name.startswith("W2_") for name in names) or any("_P3_S1" in name for name in heads)


def _is_added(name: str) -> bool:
    upper = name.upper()
    # Taxes by country in the edition of 2018, such as AUS_TAXSUB.
    return upper in ADDED or upper.startswith("W2_") or upper.rpartition("_")[2] in ADDED


def _check_names(
    source: Path,
    heads: Sequence[str],
    names: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Refuse what is no square table with every name once."""
    if not rows or not columns:
        raise ScenarioError(
            f"{source}: has no rows and columns named REGION_INDUSTRY; readable are {READABLE}"
        )
    for what, given in (("column", heads), ("row", names)):
        seen: set[str] = set()
        twice = next((n for n in given if n in seen or seen.add(n)), None)  # type: ignore[func-returns-value]
        if twice is not None:
            raise ScenarioError(f"{source}: {what} {shown(twice)} is there twice")
    without = next((name for name in rows if name not in set(columns)), None)
    if without is not None:
        raise ScenarioError(f"{source}: row {shown(without)} has no column; it must be square")
    known = set(rows)
    stray = next(
        (n for n in names if n not in known and n.upper() not in TOTALS and not _is_added(n)), None
    )
    if stray is not None:
        raise ScenarioError(
            f"{source}: row {shown(stray)} is neither REGION_INDUSTRY nor one of "
            f"{', '.join(sorted(TOTALS | ADDED))}"
        )
    regions = {name.partition("_")[0] for name in rows}
    total = next((n for n in heads if n not in known and n.rpartition("_")[2] in TOTALS
                  and n.upper() not in TOTALS), None)  # fmt: skip
    if total is not None:
        raise ScenarioError(
            f"{source}: column {shown(total)} is a total, which would count twice; leave it out"
        )
    bare = next((n for n in heads if n.partition("_")[0] in regions and "_" not in n), None)
    if bare is not None:
        raise ScenarioError(f"{source}: column {shown(bare)} does not say what is bought")


def _numbers(
    cells: pd.DataFrame, heads: Sequence[str], names: Sequence[str]
) -> tuple[Array, list[str]]:
    """Return all cells as numbers, and which hold text."""
    text: list[str] = []
    columns: list[Any] = []
    for head, (_, column) in zip(heads, cells.items(), strict=True):
        if not pd.api.types.is_numeric_dtype(column):
            read = pd.to_numeric(column, errors="coerce")
            for at in np.flatnonzero(read.isna().to_numpy() & column.notna().to_numpy()):
                text.append(f"{names[int(at)]}, {head}: {shown(str(column.iloc[at]))}")
            column = read
        columns.append(column.to_numpy(np.float64))
    return np.column_stack(columns), text


def _sum_of(below: dict[str, Array], order: list[int], chosen: Any) -> Array | None:
    """Return the sum of some rows below the industries, in the order of these; None if none is."""
    found = [row[order] for name, row in below.items() if chosen(name)]
    return np.sum(found, axis=0) if found else None
