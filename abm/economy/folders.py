"""Which economy a run starts from: a base year that is shipped, or a folder of tables.

A folder holds the three tables of `FLOWS` and, where it has them, others by the names they
have in ``abm/data``; what it does not say is as shipped. What is read is checked cell by
cell, and known by its content: the checksum of an economy is part of every identity.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from abm import data
from abm.axes import FOOTLOOSE, HOMES, HOSTS, REGIONS, SECTORS
from abm.economy.tables import (
    ACCOUNT_AXES,
    BASE_YEAR,
    FINAL_AXES,
    FLOWS,
    USE_AXES,
    Economy,
    economy_from,
    load_economy,
    shipped_table,
)
from abm.errors import ScenarioError

LARGEST = 50_000_000
"""Bytes of a table; those written by the program have a quarter of a million."""

SAME = 1e-4
"""Relative gap between output and the sum of its row that rounding may leave."""

_TRADE = {"importer": REGIONS, "exporter": REGIONS, "sector": SECTORS}

ECONOMY_COLUMNS: dict[str, tuple[dict[str, tuple[str, ...]], tuple[str, ...]]] = {
    "intermediate_use": (USE_AXES, ("value_musd",)),
    "final_demand": (FINAL_AXES, ("value_musd",)),
    "output_value_added": (ACCOUNT_AXES, ("gross_output_musd", "value_added_musd")),
    "labour": (
        {"region": HOSTS, "sector": SECTORS},
        ("employment_thousand", "labour_share_of_value_added", "hourly_compensation_usd"),
    ),
    "establishments": ({"region": HOSTS}, ("establishments",)),
    "elasticities": ({"sector": SECTORS}, ("theta", "sigma")),
    "applied_duties": (_TRADE, ("rate",)),
    "customs_over_basic": (_TRADE, ("ratio",)),
    "owners": ({"sector": FOOTLOOSE, "host": HOSTS, "home": HOMES}, ("share",)),
    "regional_distances": ({"origin": REGIONS, "destination": REGIONS}, ("km",)),
}
"""Of each table: what tells its rows apart, with the labels there are, and its figures."""

RANGES: dict[str, tuple[float, float]] = {
    "employment_thousand": (0.0, 1e6),
    "labour_share_of_value_added": (0.0, 1.0),
    "hourly_compensation_usd": (0.01, 1_000.0),
    "establishments": (1.0, 1e8),
    "theta": (0.1, 100.0),
    "sigma": (1.01, 100.0),
    "rate": (0.0, 2.0),
    "ratio": (0.1, 10.0),
    "km": (1.0, 20_100.0),
}
"""Least and most of a figure; beyond are other units, such as per cent for fractions."""

FLOW_RANGE = (0.0, float("inf"))

NAMES_ALIKE = 0.6
"""Likeness from which the name of a file is taken for a slip of a table's."""


@cache
def base_years() -> tuple[str, ...]:
    """Names of the base years that are shipped."""
    beside = (entry.name for entry in _shipped().iterdir() if entry.is_dir())
    return tuple(sorted({BASE_YEAR, *beside} - {"__pycache__"}))


def located(table: str, folder: Path) -> str:
    """Return an economy as every process finds it: a base year, or an absolute path.

    Parameters
    ----------
    table : str
        A shipped base year, or a folder.
    folder : Path
        Where a relative path starts.

    Raises
    ------
    ScenarioError
        If it names nothing.
    """
    if not table.strip():
        years = ", ".join(base_years())
        raise ScenarioError(f"economy.table = {table!r}: must be a folder, or one of {years}")
    return table if table in base_years() else os.path.abspath(folder / table)


def economy_of(table: str = BASE_YEAR) -> Economy:
    """Return an economy by the name of its base year, or from its folder.

    Raises
    ------
    ScenarioError
        If there is none, or its tables cannot be; in one line.
    """
    if table == BASE_YEAR:
        return load_economy()
    found = _tables(table)
    return _economy(table, tuple(found.items()))


def economy_checksum(table: str = BASE_YEAR) -> str:
    """SHA-256 over the tables of an economy, in hexadecimal, whatever their line ends."""
    if table == BASE_YEAR:
        return data.checksum()
    digest = sha256()
    for name, content in sorted(_tables(table).items()):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def as_shipped(table: str) -> tuple[str, ...]:
    """Names of the tables that an economy does not have of its own."""
    if table == BASE_YEAR:
        return ()
    return tuple(name for name in ECONOMY_COLUMNS if name not in _tables(table))


def of_another_year(table: str) -> list[str]:
    """Return a line about the figures that do not follow an economy, if there are any."""
    names = ", ".join(as_shipped(table))
    told = f"economy {table}: {names} are as shipped, of {BASE_YEAR} or near it"
    return [told] if names else []


def _shipped() -> Traversable:
    return files(data) / "base_years"


def _tables(table: str) -> dict[str, bytes]:
    """Return the content of the tables that a folder or a base year has, by name."""
    place: Traversable = _shipped() / table if table in base_years() else Path(table)
    try:
        if not place.is_dir():
            years = ", ".join(base_years())
            raise ScenarioError(
                f"economy.table = {table[:200]!r}: no such folder; base years are {years}"
            )
        _check_files(table, [entry.name for entry in place.iterdir()])
        found = {}
        for name in ECONOMY_COLUMNS:
            file = place / f"{name}.csv"
            if file.is_file():
                with file.open("rb") as stream:
                    content = stream.read(LARGEST + 1)
                if len(content) > LARGEST:
                    raise ScenarioError(f"{table}: {name}.csv is larger than 50 MB")
                found[name] = content.replace(b"\r\n", b"\n")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise ScenarioError(f"economy.table = {table[:200]!r}: cannot be read ({said})") from None
    missing = next((name for name in FLOWS if name not in found), None)
    if missing:
        raise ScenarioError(f"{table}: holds no economy ({missing}.csv is missing)")
    return found


def _check_files(table: str, names: list[str]) -> None:
    """Refuse a file that is nearly called like a table, and would not be read."""
    own = [f"{name}.csv" for name in ECONOMY_COLUMNS]
    for name in sorted(set(names) - set(own)):
        near = difflib.get_close_matches(Path(name).stem.lower(), ECONOMY_COLUMNS, 1, NAMES_ALIKE)
        if near and name.lower().endswith(".csv"):
            raise ScenarioError(
                f"{table}: {name[:80]} is no table of an economy; did you mean {near[0]}.csv? "
                f"There are {', '.join(own)}"
            )


@lru_cache(maxsize=8)
def _economy(table: str, found: tuple[tuple[str, bytes], ...]) -> Economy:
    own = {name: _frame(table, name, content) for name, content in found}
    economy = economy_from(lambda name: own[name] if name in own else shipped_table(name))
    _check_sums(table, economy)
    return economy


def _frame(table: str, name: str, content: bytes) -> pd.DataFrame:
    """Read a table in which every cell must be there once, and in its range."""
    where = f"{table}: {name}.csv"
    axes, figures = ECONOMY_COLUMNS[name]
    try:
        frame = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)
    except (ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:150]
        raise ScenarioError(f"{where}: is no table ({said})") from None
    lacking = next((column for column in (*axes, *figures) if column not in frame), None)
    if lacking:
        raise ScenarioError(f"{where}: has no column {lacking}")
    _check_rows(where, frame, axes, _rows_needed(name))
    for column in figures:
        numbers = np.array([_number(text) for text in frame[column]])
        least, most = RANGES.get(column, FLOW_RANGE)
        bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= least) & (numbers <= most)))
        if len(bad):
            value = str(frame[column].iloc[bad[0]])[:40]
            said = f"{least:g} or more" if most == FLOW_RANGE[1] else f"from {least:g} to {most:g}"
            raise ScenarioError(
                f"{where}: {column} = {value} in line {bad[0] + 2}; must be a number, {said}"
            )
        frame[column] = numbers
    return frame


def _number(text: str) -> float:
    """Read a number to its last digit, so that a file gives the same bytes everywhere."""
    try:
        return float(text)
    except ValueError:
        return np.nan


def _rows_needed(name: str) -> list[tuple[str, ...]]:
    """Return the rows that a table must have: those that the shipped one has."""
    axes = ECONOMY_COLUMNS[name][0]
    every = list(product(*axes.values()))
    if name in FLOWS:
        return every
    there = set(shipped_table(name)[list(axes)].itertuples(index=False, name=None))
    return [row for row in every if row in there]


def _check_rows(
    where: str,
    frame: pd.DataFrame,
    axes: Mapping[str, tuple[str, ...]],
    needed: Sequence[tuple[str, ...]],
) -> None:
    """Refuse a table without a row that it needs, with one twice, or with one of no label."""
    rows = list(frame[list(axes)].itertuples(index=False, name=None))
    seen = set(rows)
    if len(seen) < len(rows):
        twice = next(row for row in rows if rows.count(row) > 1)
        raise ScenarioError(f"{where}: {', '.join(map(str, twice))} is there twice")
    every = list(product(*axes.values()))
    lacking = next((row for row in needed if row not in seen), None)
    if lacking:
        raise ScenarioError(f"{where}: has no row {', '.join(lacking)}")
    extra = min(seen - set(every), key=str, default=None)
    if extra is not None:
        raise ScenarioError(f"{where}: {', '.join(map(str, extra))[:80]} is no row of the model")


def _check_sums(table: str, economy: Economy) -> None:
    """Refuse accounts that are not what flows add up to."""
    margin = np.moveaxis(economy.trade_margin, 0, 1)
    on_inputs, on_final = (
        economy.intermediate_use * margin[..., None],
        economy.final_demand * margin,
    )
    sold = economy.intermediate_use.sum(axis=(2, 3)) + economy.final_demand.sum(axis=2)
    # What traders earn on goods is a service that the tables have among other services.
    services = SECTORS.index("other_services")
    sold[:, services] += on_inputs.sum(axis=(1, 2, 3)) + on_final.sum(axis=(1, 2))
    kept = economy.output - (economy.intermediate_use + on_inputs).sum(axis=(0, 1))
    for what, told, found in (
        ("gross output", economy.output, sold),
        ("value added", economy.value_added, kept),
    ):
        off = np.abs(told - found) > SAME * np.maximum(economy.output, 1.0)
        if off.any():
            region, sector = np.argwhere(off)[0]
            raise ScenarioError(
                f"{table}: {what} of {SECTORS[sector]} in {REGIONS[region]} is "
                f"{told[region, sector]:.6g}, but its flows give {found[region, sector]:.6g}"
            )
