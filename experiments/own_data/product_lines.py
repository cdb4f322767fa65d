"""Figures by product line of the Harmonized System, and the goods of the model they belong to.

A line has 1 to 10 digits, with or without points, in a file that
`experiments.own_data.product_files` reads.
"""

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from abm import data
from abm.axes import REGIONS
from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.own_data.mapping import OTHERS, shipped_mapping
from experiments.own_data.product_files import Rows, read_rows

PERCENT = (
    "weighted average",
    "simple average",
    "average of av duties",
    "av duty rate (%)",
    "value",
)
"""Columns of rates that hold per cent: those of WITS and the WTO."""

FRACTIONS = ("total_rate", "total_additional")
"""Columns of rates that are known to hold fractions, which may be above 1: those of Yale."""

LARGEST_FRACTION = {True: 5.0, False: 1.0}
"""Of a rate without %, by whether its column is known to hold fractions."""

LARGEST_PERCENT = 10_000.0

WORLD = ("world", "all", "000", "0", "wld", "")
"""Partners that mean every origin."""

LABELS_ALIKE = 0.83
"""Likeness from which a name that is not known is taken for a slip of one that is."""

_FREE = re.compile(r"free\b", re.IGNORECASE)
_PERCENT = re.compile(r"(-?[\d.,]+)\s*%")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"-?\d*,\d+")


@dataclass(frozen=True)
class ProductLine:
    """One line of a file.

    Attributes
    ----------
    code : str
        Digits alone.
    good : str or None
        None where the concordance has none.
    origin, destination : str
        Region; ``""`` where the file does not say, ``"all"`` for the world.
    pair : tuple of str
        Destination and origin as the file names them.
    rate : float or None
        Ad valorem; None for specific and compound rates.
    weight : float or None
    claimed : float or None
        Share of the value for which the preference was claimed.
    """

    code: str
    good: str | None
    origin: str
    destination: str
    pair: tuple[str, str]
    rate: float | None
    weight: float | None
    claimed: float | None


@dataclass(frozen=True)
class ProductLines:
    """The lines of a file, and what to tell of how it was read."""

    lines: list[ProductLine]
    told: list[str]


@cache
def concordance() -> dict[str, str]:
    """Return goods by prefix of the Harmonized System."""
    text = (files(data) / "concordances" / "hs_to_goods.csv").read_text(encoding="utf-8")
    return {row["prefix"]: row["good"] for row in csv.DictReader(io.StringIO(text))}


def good_of(code: str) -> str | None:
    """Return the good of a line; None for chapters without one, such as 98 and 99."""
    goods = concordance()
    return next((goods[code[:n]] for n in (6, 4, 2) if code[:n] in goods and len(code) >= n), None)


def read_lines(source: Path, needed: str) -> ProductLines:
    """Return the lines of a file.

    Parameters
    ----------
    source : Path
        A CSV; fields apart by comma, semicolon or tabulator.
    needed : str
        ``"rate"`` or ``"claimed"``.

    Raises
    ------
    ScenarioError
        If it is no such file; in one line.
    """
    rows = read_rows(source, needed)
    lines, texts = [], []
    for at, number in enumerate(rows.numbers):
        where = f"{source.name}, line {number}"
        lines.append(_line(where, rows, at, needed))
        texts.append(rows.cell(at, "rate") if needed == "rate" else "")
    told = [rows.columns(), *_others(lines)]
    if rows.without_code:
        told.append(f"{rows.without_code} lines have no code and are left out")
    odd = [text for line, text in zip(lines, texts, strict=True) if text and line.rate is None]
    if odd:
        some = ", ".join(shown(text) for text in dict.fromkeys(odd[:100]))[:100]
        told.append(f"{len(odd)} rates are not ad valorem and in no average, such as {some}")
    if rows.place["weight"] is not None:
        bare = [line.code for line in lines if line.weight is None]
        if bare:
            told.append(
                f"{len(bare)} lines have no weight and count for nothing, such as {bare[0]}"
            )
    kept = _once(source, lines, needed)
    if len(kept) < len(lines):
        told.append(f"{len(lines) - len(kept)} lines are headings or parts of others, left out")
    return ProductLines(kept, told)


def _line(where: str, rows: Rows, at: int, needed: str) -> ProductLine:
    code = _code(where, rows.cell(at, "code"))
    weight = _number(where, "weight", rows.cell(at, "weight"), rows.decimal_comma)
    rate = claimed = None
    if needed == "claimed":
        by_value = rows.place["claimed"] is not None
        text = rows.cell(at, "claimed" if by_value else "share")
        percent = not by_value and text.endswith("%")
        value = _number(where, "claim", text.rstrip("% ") if percent else text, rows.decimal_comma)
        whole = 100.0 if percent else 1.0
        claimed = _share(where, value, weight if by_value else whole)
    else:
        rate = _rate(where, rows.cell(at, "rate"), (rows.place["rate"] or "").lower())
    origin, destination = rows.cell(at, "origin"), rows.cell(at, "destination")
    return ProductLine(
        code,
        good_of(code),
        _region(origin),
        _region(destination),
        (destination, origin),
        rate,
        weight,
        claimed,
    )


def _code(where: str, text: str) -> str:
    """Return the digits of a code, a zero that a spreadsheet ate put back in front."""
    # Programs write the number 870323 as 870323.0 once a column has a gap.
    groups = re.sub(r"\s", "", re.sub(r"\.0$", "", text)).split(".")
    code = "".join(groups)
    if not re.fullmatch(r"\d{1,10}", code):
        raise ScenarioError(
            f"{where}: {shown(text)} is no code of the Harmonized System, which has 2 to 10 digits"
        )
    if len(groups) > 1 and (len(groups[0]) not in (3, 4) or any(len(g) % 2 for g in groups[1:])):
        raise ScenarioError(
            f"{where}: {shown(text)} is no code of the Harmonized System; with points it is "
            "written as 8703.23 or 8703.23.00.10 (did a spreadsheet eat its last zero?)"
        )
    return code if len(code) % 2 == 0 else f"0{code}"


def _once(source: Path, lines: list[ProductLine], needed: str) -> list[ProductLine]:
    """Return lines without headings of others and parts of others, so that each counts once.

    Raises
    ------
    ScenarioError
        If a product of one pair has two rates.
    """
    figured: dict[tuple[str, str], dict[str, float]] = {}
    for line in lines:
        figure = getattr(line, needed)
        if figure is None:
            continue
        known = figured.setdefault(line.pair, {})
        # Claims of one product may stand in several lines, such as those of months.
        if needed == "rate" and known.setdefault(line.code, figure) != figure:
            flow = f" of {' from '.join(line.pair)}" if all(line.pair) else ""
            raise ScenarioError(
                f"{source}: {line.code}{flow} has the rates {known[line.code]:g} and {figure:g}; "
                "keep one"
            )
        known.setdefault(line.code, figure)
    above = {pair: {c[:n] for c in codes for n in range(2, len(c), 2)}
             for pair, codes in figured.items()}  # fmt: skip

    def counts(line: ProductLine) -> bool:
        codes = figured.get(line.pair, {})
        if line.code in above.get(line.pair, ()):
            return False
        below = any(line.code[:n] in codes for n in range(2, len(line.code), 2))
        return getattr(line, needed) is not None or not below

    return [line for line in lines if counts(line)]


def _others(lines: Iterable[ProductLine]) -> list[str]:
    """Return a line about names that were taken as the rest of the world."""
    named = Counter(
        name
        for line in lines
        for name, region in zip(line.pair, (line.destination, line.origin), strict=True)
        if region == "ROW" and name.upper() != "ROW"
    )
    if not named:
        return []
    some = ", ".join(shown(name) for name in list(named)[:5])
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return [f"taken as the rest of the world, ROW: {some}{more}"]


def _share(where: str, value: float | None, whole: float | None) -> float | None:
    """Return a claim as a share of the value; None where nothing was imported."""
    if value is None or whole == 0:
        return None
    if whole is None:
        raise ScenarioError(f"{where}: has a value claimed and none imported")
    if value > whole * (1 + 1e-6):
        hint = "; a share is a fraction, or written in %" if whole == 1 else ""
        raise ScenarioError(f"{where}: {value:g} is claimed of {whole:g}{hint}")
    return min(value / whole, 1.0)


@cache
def _region(name: str) -> str:
    """Return the region of a country by its name or code, however it is written.

    Raises
    ------
    ScenarioError
        If it is nearly the name of a region of the model.
    """
    said = re.sub(r"\.0$", "", name).casefold()
    if not name:
        return ""
    if said in WORLD:
        return "all"
    known = {label.casefold(): region for label, region in _countries().items()}
    if said in known:
        return known[said]
    long_enough = [label for label in known if len(label) > 4]
    near = difflib.get_close_matches(said, long_enough, 1, LABELS_ALIKE)
    if near:
        raise ScenarioError(f"{shown(name)}: no such country; did you mean {known[near[0]]}?")
    return "ROW"


def _countries() -> dict[str, str]:
    meaning = shipped_mapping("countries").meaning
    return {label: region for label, region in meaning.items() if label != OTHERS} | {
        region: region for region in REGIONS
    }


def _number(where: str, what: str, text: str, decimal_comma: bool) -> float | None:
    if not text:
        return None
    grouped = not decimal_comma and _THOUSANDS.fullmatch(text)
    try:
        number = float(text.replace(",", "") if grouped else text)
    except ValueError:
        said = "; decimals stand behind a point" if "," in text else ""
        raise ScenarioError(f"{where}: {what} = {shown(text)}; must be a number{said}") from None
    if not 0 <= number < float("inf"):
        raise ScenarioError(f"{where}: {what} = {shown(text)}; must be 0 or more")
    return number


def _rate(where: str, text: str, column: str) -> float | None:
    """Return an ad valorem rate as a fraction; None for a specific or compound one."""
    if not text:
        return None
    if _FREE.match(text):
        return 0.0
    said = _PERCENT.fullmatch(text)
    number = said[1] if said else text
    if _DECIMAL_COMMA.fullmatch(number):
        raise ScenarioError(
            f"{where}: rate = {shown(text)}; must be a number, decimals behind a point"
        )
    try:
        rate = float(number)
    except ValueError:
        return None  # such as 1.1 cents a kilogram
    percent = said is not None or column in PERCENT
    most = LARGEST_PERCENT if percent else LARGEST_FRACTION[column in FRACTIONS]
    if not 0 <= rate < float("inf"):
        raise ScenarioError(f"{where}: rate = {shown(text)}; must be 0 or more")
    if rate > most:
        hint = "" if percent else f", or written in % (did you mean {rate:g}%?)"
        said_most = f"up to {most:g}%" if percent else f"a fraction up to {most:g}"
        raise ScenarioError(f"{where}: rate = {shown(text)}; must be {said_most}{hint}")
    return rate / 100 if percent else rate
