"""A file with a line a product: which columns it has, and whether it is of one kind.

Layouts are told apart by the names of columns: those of the HTS of the United States, of
WITS, of the WTO, of the tracker of the Budget Lab at Yale, or plain ones.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from abm.config.files import content
from abm.config.keys import shown
from abm.errors import ScenarioError

LARGEST = 200_000_000
"""Bytes; a schedule by ten digits and all partners has 50 million."""

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "code": ("hs", "hs2", "hs4", "hs6", "hs8", "hs10", "hts", "hts8", "hts10", "hts number",
             "hs code", "hs_code", "code",
             "product", "product code", "product/sector code", "commodity"),
    "rate": ("rate", "duty", "total_additional", "total_rate", "mfn_rate",
             "general rate of duty", "weighted average",
             "simple average", "average of av duties", "av duty rate (%)", "value"),
    "weight": ("weight", "trade", "imports", "import_value", "imports_usd", "value_usd",
               "imports value in 1000 usd"),
    "claimed": ("claimed", "claimed_usd", "claimed_value", "preference_value"),
    "share": ("claim_share", "share", "claimed_share", "utilisation", "utilization"),
    "origin": ("origin", "partner name", "partner economy", "partner", "exporter", "country"),
    "destination": ("destination", "reporter name", "reporter", "importer", "reporting economy"),
}  # fmt: skip
"""How columns may be named, the first found holding."""

VERSIONS = (
    "year",
    "tariff year",
    "duty type",
    "dutytype",
    "duty code",
    "indicator",
    "indicator code",
    "revision",
    "effective_date",
    "valid_from",
)
"""Columns of which one pair must have one value: an average over several would mean nothing."""

Place = Mapping[str, str | None]
"""Name of the column of each thing a line may say, as the file has it; None if it has none."""


@dataclass(frozen=True)
class Rows:
    """The lines of a file that have a code.

    Attributes
    ----------
    cells : list of dict
        Fields by the name of their column.
    numbers : list of int
        Line of the file, for messages.
    place : mapping
        Which column says what.
    decimal_comma : bool
        Whether commas may be decimal, as in files whose fields are apart by semicolons.
    without_code : int
        Lines that have no code, such as headings of the HTS.
    """

    cells: list[dict[str, str]]
    numbers: list[int]
    place: Place
    decimal_comma: bool
    without_code: int

    def cell(self, at: int, what: str) -> str:
        """Return what a line says of something; ``""`` where it does not."""
        name = self.place[what]
        return "" if name is None else self.cells[at].get(name, "").strip()

    def columns(self) -> str:
        """Return which columns were read, in one line."""
        used = (f"{what} = {shown(name)}" for what, name in self.place.items() if name is not None)
        return f"columns read: {', '.join(used)}"


def read_rows(source: Path, needed: str) -> Rows:
    """Return the lines of a CSV; fields apart by comma, semicolon or tabulator.

    Parameters
    ----------
    source : Path
    needed : str
        ``"rate"`` or ``"claimed"``.

    Raises
    ------
    ScenarioError
        If it is no such file; in one line.
    """
    heads, lines, delimiter = _fields(source)
    by_name = {head.lower(): head for head in reversed(heads)}
    place = {
        what: next((by_name[name] for name in names if name in by_name), None)
        for what, names in COLUMN_NAMES.items()
    }
    if place["claimed"] is not None:
        place["share"] = None
    for what in ("share", "claimed") if needed == "rate" else ("rate",):
        place[what] = None
    _check_columns(source, heads, place, needed)
    cells, numbers, without = [], [], 0
    for number, fields in lines:
        if len(fields) > len(heads) and any(field.strip() for field in fields[len(heads) :]):
            raise ScenarioError(
                f"{source.name}, line {number}: has {len(fields)} fields under {len(heads)} names"
            )
        row = dict(zip(heads, fields, strict=False))
        if row.get(str(place["code"]), "").strip():
            cells.append(row)
            numbers.append(number)
        elif any(field.strip() for field in fields):
            without += 1
    if not cells:
        raise ScenarioError(f"{source}: has no product line")
    rows = Rows(cells, numbers, place, delimiter == ";", without)
    _check_versions(source, rows, [head for head in heads if head.lower() in VERSIONS])
    return rows


def _fields(source: Path) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    """Return names of columns, the fields of every line with its number, and what parts them."""
    raw = content(source, LARGEST, "schedule", str(source))
    text = raw.decode("utf-8-sig", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        heads = [head.strip() for head in next(reader, [])]
        lines = [(reader.line_num, fields) for fields in reader]
    except csv.Error as error:
        raise ScenarioError(f"{source}: is no CSV ({error})") from None
    while heads and not heads[-1]:
        heads.pop()  # a comma at the end of the first line names nothing
    return heads, lines, delimiter


def _check_columns(source: Path, heads: list[str], place: Place, needed: str) -> None:
    """Refuse a file in which something needed has no column, or two of one name."""
    if place["code"] is None:
        raise ScenarioError(f"{source}: has no column of codes; it may be {_names('code')}")
    if needed == "rate" and place["rate"] is None:
        raise ScenarioError(f"{source}: has no column of rates; it may be {_names('rate')}")
    if needed == "claimed" and place["claimed"] is None and place["share"] is None:
        said = f"{_names('claimed')}, {_names('share')}"
        raise ScenarioError(f"{source}: has no column of claims; it may be {said}")
    lower = [head.lower() for head in heads]
    twice = next((name for name in place.values() if name and lower.count(name.lower()) > 1), None)
    if twice is not None:
        raise ScenarioError(f"{source}: column {shown(twice)} is there twice")


def _names(what: str) -> str:
    return ", ".join(COLUMN_NAMES[what])


def _check_versions(source: Path, rows: Rows, columns: list[str]) -> None:
    """Refuse lines of one pair that are of several years, kinds of duty or revisions."""
    for column in columns:
        seen: dict[tuple[str, str], str] = {}
        for at, row in enumerate(rows.cells):
            value = row.get(column, "").strip()
            pair = (rows.cell(at, "destination").lower(), rows.cell(at, "origin").lower())
            if value.lower() != seen.setdefault(pair, value).lower():
                raise ScenarioError(
                    f"{source}: column {shown(column)} has {shown(seen[pair])} and "
                    f"{shown(value)}; keep the lines of one, an average over both means nothing"
                )
