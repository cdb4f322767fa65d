"""Points of a sweep from a file of the user's: CSV, a column a factor, a row a point.

The file lies beside the sweep's and is known by its checksum, so that a sweep that is
resumed is the one that was begun. Its points are stored with the sweep, which needs the
file no more afterwards.
"""

import csv
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from abm.config.keys import shown
from abm.errors import ScenarioError

IMPORTED = "imported"
"""What a sweep says in the place of a factor's values: they are in the file."""

LARGEST = 200_000_000
"""Bytes of a file."""

MOST_POINTS = 1_000_000
MOST_COLUMNS = 100


def with_imported(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what a sweep's file says, the name of a design's file replaced by what it is.

    Parameters
    ----------
    document : mapping
        With ``design = "file.csv"``.
    folder : Path
        Of the sweep's file.

    Raises
    ------
    ScenarioError
        If there is no such file in the folder itself, or it is no design.
    """
    name = document["design"]
    if document.get("factors"):
        raise ScenarioError(
            f"design = {shown(name)}: its columns are the factors; leave [factors] out"
        )
    content = _content(name, folder)
    keys, rows = _table(name, content)
    design = {"kind": IMPORTED, "file": name, "n": len(rows)}
    design["sha256"] = sha256(content).hexdigest()
    return {**document, "design": design, "factors": dict.fromkeys(keys, IMPORTED)}


def imported_points(name: str, checksum: str, folder: Path) -> list[dict[str, Any]]:
    """Return the points of a design's file, a value for every factor.

    Raises
    ------
    ScenarioError
        If the file is gone, or no longer the one that the sweep was begun with.
    """
    content = _content(name, folder)
    if sha256(content).hexdigest() != checksum:
        raise ScenarioError(f"design = {shown(name)}: was changed since the sweep was written")
    keys, rows = _table(name, content)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _content(name: str, folder: Path) -> bytes:
    """Return the content of a file that lies in a folder itself."""
    plain = not any(letter in name for letter in "/\\:\0") and name not in ("", ".", "..")
    path = folder / name
    try:
        inside = plain and len(name) < 200 and path.resolve().parent == folder.resolve()
        if not inside or not path.is_file():
            raise ScenarioError(f"design = {shown(name)}: no such file beside the sweep's")
        if path.suffix.lower() != ".csv":
            raise ScenarioError(f"design = {shown(name)}: must be a .csv")
        if path.stat().st_size > LARGEST:
            raise ScenarioError(f"design = {shown(name)}: is larger than {LARGEST // 10**6} MB")
        return path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"design = {shown(name)}: cannot be read ({error.strerror})") from None


def _table(name: str, content: bytes) -> tuple[list[str], list[list[Any]]]:
    """Return the head and the values of a design's file."""
    where = f"design = {shown(name)}"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{where}: is not UTF-8 text (byte {error.start})") from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[list[Any]] = []
    keys: list[str] = []
    try:
        keys = [cell.strip() for cell in next(reader, [])]
        _check_head(where, keys)
        for cells in reader:
            if not cells:
                continue  # an empty line
            if len(cells) != len(keys):
                found = f"has {len(cells)} values for {len(keys)} factors"
                raise ScenarioError(f"{where}, line {reader.line_num}: {found}")
            rows.append(
                [
                    _value(cell.strip(), f"{where}, line {reader.line_num}, {key}")
                    for cell, key in zip(cells, keys, strict=True)
                ]
            )
            if len(rows) > MOST_POINTS:
                raise ScenarioError(f"{where}: has more than {MOST_POINTS} points")
    except csv.Error as error:
        raise ScenarioError(f"{where}, line {reader.line_num}: is no CSV ({error})") from None
    if not rows:
        raise ScenarioError(f"{where}: has no point")
    return keys, rows


def _check_head(where: str, keys: list[str]) -> None:
    if not keys or not all(keys):
        raise ScenarioError(f"{where}: its first line must name the factors, by dotted key")
    if len(keys) > MOST_COLUMNS:
        raise ScenarioError(f"{where}: has more than {MOST_COLUMNS} factors")
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ScenarioError(f"{where}: names {shown(twice)} twice")


def _value(cell: str, where: str) -> Any:
    """Return the value of a cell: a number, true or false, a list as TOML writes it, or text."""
    if not cell:
        raise ScenarioError(f"{where}: has no value")
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    try:
        number = int(cell) if cell.lstrip("+-").isdecimal() and len(cell) < 20 else float(cell)
    except ValueError:
        return _listed(cell, where)
    if not isfinite(number):
        raise ScenarioError(f"{where}: {shown(cell)} is not finite")
    return number


def _listed(cell: str, where: str) -> Any:
    if not cell.startswith("["):
        return cell
    try:
        return tuple(tomllib.loads(f"value = {cell}")["value"])
    except (ValueError, RecursionError):
        raise ScenarioError(f"{where}: {shown(cell)} is no list") from None
