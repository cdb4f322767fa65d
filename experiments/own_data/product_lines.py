"""Figures by product line of the Harmonized System, and the goods of the model they belong to.

A line has 2 to 10 digits, with or without points. Layouts are told apart by the names of
columns: those of the HTS of the United States, of WITS, of the WTO, of the tracker of the
Budget Lab at Yale, or plain ones.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from abm import data
from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.own_data.mapping import shipped_mapping

LARGEST = 200_000_000
"""Bytes; a schedule by ten digits and all partners has 50 million."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("hs", "hs2", "hs4", "hs6", "hs8", "hs10", "hts", "hts8", "hts10", "hts number",
             "hs code", "hs_code", "code",
             "product", "product code", "product/sector code", "commodity"),
    "rate": ("rate", "duty", "total_rate", "mfn_rate", "general rate of duty", "weighted average",
             "simple average", "average of av duties", "av duty rate (%)", "value"),
    "weight": ("weight", "trade", "imports", "import_value", "imports_usd", "value_usd",
               "imports value in 1000 usd"),
    "claimed": ("claimed", "claimed_usd", "claimed_value", "preference_value"),
    "share": ("claim_share", "share", "claimed_share", "utilisation", "utilization"),
    "origin": ("origin", "partner name", "partner", "exporter", "country"),
    "destination": ("destination", "reporter name", "reporter", "importer", "reporting economy"),
}  # fmt: skip
"""How columns may be named, the first found holding."""

PERCENT = (
    "weighted average",
    "simple average",
    "average of av duties",
    "av duty rate (%)",
    "value",
)
"""Columns of rates that hold per cent: those of WITS and the WTO."""

WORLD = ("world", "all", "000", "0", "wld", "")
"""Partners that mean every origin."""

_FREE = re.compile(r"free\b", re.IGNORECASE)
_AD_VALOREM = re.compile(r"([\d.]+)\s*%")


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
    rate: float | None
    weight: float | None
    claimed: float | None


@cache
def concordance() -> dict[str, str]:
    """Return goods by prefix of the Harmonized System."""
    text = (files(data) / "concordances" / "hs_to_goods.csv").read_text(encoding="utf-8")
    return {row["prefix"]: row["good"] for row in csv.DictReader(io.StringIO(text))}


def good_of(code: str) -> str | None:
    """Return the good of a line; None for chapters without one, such as 98 and 99."""
    goods = concordance()
    return next((goods[code[:n]] for n in (6, 4, 2) if code[:n] in goods and len(code) >= n), None)


def read_lines(source: Path, needed: str) -> list[ProductLine]:
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
    rows, heads = _rows(source)
    place = {
        what: next((heads[name] for name in names if name in heads), None)
        for what, names in COLUMNS.items()
    }
    if place["code"] is None:
        raise ScenarioError(f"{source}: has no column of codes; it may be {_names('code')}")
    if needed == "rate" and place["rate"] is None:
        raise ScenarioError(f"{source}: has no column of rates; it may be {_names('rate')}")
    if needed == "claimed" and place["claimed"] is None and place["share"] is None:
        said = f"{_names('claimed')}, {_names('share')}"
        raise ScenarioError(f"{source}: has no column of claims; it may be {said}")
    percent = (place["rate"] or "").strip().lower() in PERCENT
    found = []
    for number, row in enumerate(rows, start=2):
        line = _line(f"{source.name}, line {number}", row, place, percent, needed)
        if line is not None:
            found.append(line)
    if not found:
        raise ScenarioError(f"{source}: has no product line")
    return found


def _names(what: str) -> str:
    return ", ".join(COLUMNS[what])


def _rows(source: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    try:
        with source.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise ScenarioError(f"{source}: cannot be read ({error.strerror})") from None
    if len(raw) > LARGEST:
        raise ScenarioError(f"{source}: is larger than a schedule may be (200 MB)")
    text = raw.decode("utf-8-sig", errors="replace")
    first = text.partition("\n")[0]
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
        rows = [{k: v or "" for k, v in row.items() if isinstance(k, str)} for row in reader]
        names = reader.fieldnames or []
    except csv.Error as error:
        raise ScenarioError(f"{source}: is no CSV ({error})") from None
    return rows, {name.strip().lower(): name for name in reversed(names) if isinstance(name, str)}


def _line(
    where: str, row: Mapping[str, str], place: Mapping[str, str | None], percent: bool, needed: str
) -> ProductLine | None:
    def cell(what: str) -> str:
        name = place[what]
        return "" if name is None else str(row.get(name) or "").strip()

    code = re.sub(r"[.\s]", "", cell("code"))
    if not code:
        return None  # a heading of the HTS, or an empty line
    if not re.fullmatch(r"\d{2,12}", code):
        raise ScenarioError(f"{where}: {shown(cell('code'))} is no code of the Harmonized System")
    code = code if len(code) % 2 == 0 else f"0{code}"  # a spreadsheet ate the first zero
    weight = _number(where, "weight", cell("weight"))
    claimed = None
    if needed == "claimed":
        value = _number(where, "claim", cell("share" if place["claimed"] is None else "claimed"))
        claimed = _share(where, value, weight if place["claimed"] is not None else 1.0)
    return ProductLine(
        code,
        good_of(code),
        _region(cell("origin")),
        _region(cell("destination")),
        _rate(where, cell("rate"), percent) if needed == "rate" else None,
        weight,
        claimed,
    )


def _share(where: str, value: float | None, whole: float | None) -> float | None:
    """Return a claim as a share of the value; None where nothing was imported."""
    if value is None or whole == 0:
        return None
    if whole is None:
        raise ScenarioError(f"{where}: has a value claimed and none imported")
    if value > whole * (1 + 1e-6):
        raise ScenarioError(f"{where}: {value:g} is claimed of {whole:g}")
    return min(value / whole, 1.0)


def _region(name: str) -> str:
    if not name:
        return ""
    if name.lower() in WORLD:
        return "all"
    return str(shipped_mapping("countries").of(name))


def _number(where: str, what: str, text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        raise ScenarioError(f"{where}: {what} = {shown(text)}; must be a number") from None
    if not 0 <= number < float("inf"):
        raise ScenarioError(f"{where}: {what} = {shown(text)}; must be 0 or more")
    return number


def _rate(where: str, text: str, percent: bool) -> float | None:
    """Return an ad valorem rate as a fraction; None for a specific or compound one."""
    if _FREE.match(text):
        return 0.0
    said = _AD_VALOREM.fullmatch(text)
    try:
        rate = float(said[1]) / 100 if said else float(text) / (100 if percent else 1)
    except ValueError:
        return None  # such as 1.1 cents a kilogram
    if not 0 <= rate < float("inf"):
        raise ScenarioError(f"{where}: rate = {shown(text)}; must be 0 or more")
    if rate > 5:
        raise ScenarioError(
            f"{where}: rate = {shown(text)}; must be a fraction up to 5, or written in % "
            f"(did you mean {rate:g}%?)"
        )
    return rate
