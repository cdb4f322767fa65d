"""Tables in workbooks with several lines of names: WIOD and ADB MRIO.

All have region and industry of every row in columns on the left, and those of every
column in lines on top; which line is which is found by what stands in it.
"""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.errors import OutputError, ScenarioError
from experiments.own_data.mapping import Mapping, shipped_mapping
from experiments.own_data.published import READABLE, Array, Published

HEAD = 12
"""Lines and columns within which names stand."""

MAPPINGS = ("isic4", "wiod35")
"""Classifications that such tables use: that of the release of 2016, and the older one."""

TOTALS = {"TOT", "NAN"}
"""What stands in the place of a region where a row or column is a total."""

ENOUGH = 0.3
"""Share of names, final demand among them, that must be industries."""

LONGEST_CODE = 12

_REGION = re.compile(r"[A-Za-z]{3}")
_OUTPUT = re.compile(r"\boutput\b|\bgo\b|\br69\b")
_INPUTS = re.compile(r"intermediate consumption|total intermediate|ii_fob|\br60\b")
"""How the last rows call gross output, and the sum of inputs."""

Grid = NDArray[Any]
Names = list[tuple[str, str]]
"""Region and industry of rows or columns; empty where it is none of a region."""


def read_workbook(source: Path, kind: str) -> Published:
    """Return the table in the first sheet of a workbook that holds one.

    Parameters
    ----------
    source : Path
        An .xlsx, .xlsb or .xls.
    kind : str
        ``"wiod"`` or ``"adb"``.

    Raises
    ------
    ScenarioError
        If none is found.
    OutputError
        If a package is missing.
    """
    for grid in _sheets(source):
        found = _table(grid, kind)
        if found is not None:
            return found
    raise ScenarioError(f"{source}: holds no table of WIOD or ADB; readable are {READABLE}")


def _sheets(source: Path) -> list[Grid]:
    if find_spec("python_calamine"):
        engine = "calamine"
    elif find_spec("openpyxl") and source.suffix.lower() == ".xlsx":
        engine = "openpyxl"
    else:
        raise OutputError(f"{source.suffix} needs more packages: pip install 'nearshore[economy]'")
    try:
        # Text such as n/a is no blank: the audit names it.
        sheets = pd.read_excel(
            source,
            sheet_name=None,
            header=None,
            engine=engine,
            keep_default_na=False,
            na_values=[""],
        )
    except Exception as error:  # whatever a library says of a file that is no workbook
        if isinstance(error, MemoryError):
            raise
        raise ScenarioError(f"{source}: is no workbook; readable are {READABLE}") from None
    return [frame.to_numpy(dtype=object) for frame in sheets.values() if frame.shape[0] > HEAD]


def _table(grid: Grid, kind: str) -> Published | None:
    """Return the table in a sheet, or None if there is none."""
    top, left = _names(grid[:HEAD]), _names(grid[:, :HEAD].T)
    line, column = _region_line(top), _region_line(left)
    if line is None or column is None:
        return None
    sectors = max(MAPPINGS, key=lambda name: _fit(top, line, name) + _fit(left, column, name))
    heads, names = _codes(top, line, sectors), _codes(left, column, sectors)
    if heads is None or names is None:
        return None
    across = [(r, c) if _is_region(r) else ("", "") for r, c in zip(top[line], heads, strict=True)]
    down = [(r, c) if _is_region(r) else ("", "") for r, c in zip(left[column], names, strict=True)]
    both = set(across) - {("", "")}
    rows = [key for key in down if key in both]
    twice = next((key for key in rows if rows.count(key) > 1), None) if rows else None
    if twice is not None:
        raise ScenarioError(f"row {'_'.join(twice)} is there twice")
    return _cut(grid, (across, down), rows, Published.empty(kind, sectors)) if rows else None


def _cut(grid: Grid, names: tuple[Names, Names], rows: Names, empty: Published) -> Published:
    """Cut a sheet into use, final demand, totals and what stands below."""
    across, down = names
    inside, regions = set(rows), {region for region, _ in rows}
    at, order = [down.index(row) for row in rows], [across.index(row) for row in rows]
    final = [k for k, key in enumerate(across) if key[0] in regions and key not in inside]
    cells, text = _numbers(grid[np.ix_(at, [*order, *final])])
    beyond = range(max([*order, *final]) + 1, len(across))
    totals = [_numbers(grid[np.ix_(at, [k])])[0][:, 0] for k in beyond]
    full = [total for total in totals if np.isfinite(total).all()]
    below = [
        (_said(grid[k]), _numbers(grid[np.ix_([k], order)])[0][0])
        for k in range(max(at) + 1, len(down))
    ]
    output = [row for said, row in below if _OUTPUT.search(said)]
    added = [
        np.nan_to_num(row)
        for said, row in below
        if not _OUTPUT.search(said) and not _INPUTS.search(said) and np.isfinite(row).any()
    ]
    sold_to = [*rows, *(across[k] for k in final)]
    return replace(
        empty,
        rows=rows,
        use=cells[:, : len(rows)],
        final=cells[:, len(rows) :],
        markets=[across[k][0] for k in final],
        row_totals=full[-1] if full else None,
        column_totals=output[0] if output else None,
        value_added=np.sum(added, axis=0) if added else None,
        text_cells=[f"{'_'.join(rows[i])}, {'_'.join(sold_to[j])}: {cell}" for i, j, cell in text],
        unit="million USD",
    )


def _names(lines: Grid) -> list[list[str]]:
    return [["" if pd.isna(cell) else str(cell).strip() for cell in line] for line in lines]


def _is_region(name: str) -> bool:
    return _REGION.fullmatch(name) is not None and name.upper() not in TOTALS


def _region_line(lines: list[list[str]]) -> int | None:
    """Return which line holds regions: that with most codes, the United States among them."""
    counts = [sum(map(_is_region, line)) if "USA" in line else 0 for line in lines]
    best = int(np.argmax(counts))
    return best if counts[best] else None


def _codes(lines: list[list[str]], regions: int, mapping: str) -> list[str] | None:
    """Return the line of industries: that whose names the mapping knows best."""
    others = [line for k, line in enumerate(lines) if k != regions]
    best = max(others, key=lambda line: _share_known(line, lines[regions], mapping))
    return best if _share_known(best, lines[regions], mapping) > ENOUGH else None


def _fit(lines: list[list[str]], regions: int, mapping: str) -> float:
    line = _codes(lines, regions, mapping)
    return 0.0 if line is None else _share_known(line, lines[regions], mapping)


def _share_known(line: list[str], regions: list[str], mapping: str) -> float:
    """Share of the names beside a region that a mapping knows."""
    beside = [name for name, region in zip(line, regions, strict=True) if _is_region(region)]
    if 2 * sum(map(_is_number, beside)) > len(beside):
        return 0.0  # a line of money; divisions such as 19 are numbers, too, but never most
    meaning = shipped_mapping(mapping)
    known = {name: _is_code(name) and _is_known(meaning, name) for name in set(beside)}
    return sum(known[name] for name in beside) / max(len(beside), 1)


def _is_code(name: str) -> bool:
    """Return whether a name is a code: descriptions may begin with a letter that is one, too."""
    return " " not in name and len(name) <= LONGEST_CODE


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).removeprefix("-").isdigit()


def _is_known(meaning: Mapping, code: str) -> bool:
    try:
        return meaning.of(code) is not None
    except ScenarioError:
        return False


def _numbers(part: Grid) -> tuple[Array, list[tuple[int, int, str]]]:
    """Return cells as numbers, NaN where blank, and which hold text."""
    numbers = np.column_stack(
        [
            pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(np.float64)
            for column in part.T
        ]
    )
    odd = np.argwhere(np.isnan(numbers) & ~pd.isna(part))
    text = [(int(i), int(j), str(part[i, j]).strip()[:40]) for i, j in odd]
    return numbers, [found for found in text if found[2]]


def _said(line: NDArray[Any]) -> str:
    return " ".join(str(cell) for cell in line[:HEAD] if isinstance(cell, str)).lower()
