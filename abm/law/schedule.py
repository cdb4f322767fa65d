"""Ordinary duties and metal contents by product, as tables beside the acts."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np

from abm import data
from abm.law.act import METALS

SUBHEADING_DIGITS = 6
"""Of the codes of these tables."""

DECIMALS = 6
"""To which rates and shares are rounded."""


@dataclass(frozen=True)
class ScheduledProduct:
    """What a table has of a product: the value to go by, and its range over what the code holds.

    Attributes
    ----------
    value, low, high : float
    exact : bool
        Whether the code is one of the table's.
    """

    value: float
    low: float
    high: float
    exact: bool


def ordinary_duty(table: str, code: str, origin: str) -> ScheduledProduct | None:
    """Return the most-favoured-nation rate of a product, or None where the table lacks it.

    Parameters
    ----------
    table : str
        Name of the table.
    code : str
        Digits alone, six or more. A finer code has the mean of its six digits.
    origin : str
        The rate of a six-digit code is a mean over its lines with the weights of this origin's
        trade, where the table knows it.
    """
    return _known(table, "rate", code, origin)


def metal_content(table: str, metal: str, code: str, origin: str) -> ScheduledProduct | None:
    """Return a metal's share of the value of a product, or None where the table lacks it."""
    return _known(table, metal, code, origin)


def codes(table: str) -> tuple[str, ...]:
    """Return the products that a table has, in order."""
    return tuple(_rows(table))


def _known(table: str, what: str, code: str, origin: str) -> ScheduledProduct | None:
    found = [
        float(text)
        for row in _within(_rows(table), code)
        if (text := row.get(f"{what}_{origin}") or row[what])
    ]
    if not found:
        return None
    values = np.array(found)
    low, high = float(values.min()), float(values.max())
    return ScheduledProduct(
        round(float(values.mean()), DECIMALS), low, high, len(code) == SUBHEADING_DIGITS
    )


NEW_CODES_IN_FORCE = {"USA": date(2022, 1, 27)}
"""When an importer took over the Harmonized System of 2022; others on the first of that year."""


def former_code(code: str, importer: str, on: date) -> str:
    """Return where the goods of a code stood on a day on which it was not in use yet, or nothing.

    Parameters
    ----------
    code : str
        Digits alone.
    importer : str
    on : datetime.date
    """
    if on >= NEW_CODES_IN_FORCE.get(importer, date(2022, 1, 1)):
        return ""
    return _former_codes().get(code[:SUBHEADING_DIGITS], "")


@cache
def _former_codes() -> dict[str, str]:
    text = (files(data) / "law" / "codes_of_2022.csv").read_text(encoding="utf-8")
    return {row["hs6"]: row["formerly"] for row in csv.DictReader(text.splitlines())}


def _within(rows: Mapping[str, dict[str, str]], code: str) -> list[dict[str, str]]:
    if len(code) >= SUBHEADING_DIGITS:
        row = rows.get(code[:SUBHEADING_DIGITS])
        return [] if row is None else [row]
    return [row for known, row in rows.items() if known.startswith(code)]


@cache
def _rows(table: str) -> dict[str, dict[str, str]]:
    text = (files(data) / "law" / f"{table}.csv").read_text(encoding="utf-8")
    rows = {row["hs6"]: row for row in csv.DictReader(text.splitlines())}
    missing = {"rate", *METALS} - set(next(iter(rows.values())))
    if missing:
        raise ValueError(f"{table}.csv lacks {', '.join(sorted(missing))}")
    return rows
