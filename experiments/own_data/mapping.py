"""From the labels of a table to regions and sectors of the model, by small CSV files.

A mapping of regions has the columns ``label,region``, one of sectors ``label,sector``; a
row ``*`` stands for every other label. Where a table does not tell sectors apart, they
stand together: ``cars+light_trucks+vehicle_parts``.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from abm.axes import REGIONS, SECTORS
from abm.config.files import content
from abm.config.keys import shown
from abm.errors import ScenarioError

OTHERS = "*"

LARGEST = 1_000_000
"""Bytes of a mapping."""

_DIVISION = re.compile(r"[A-Za-z]?(\d\d)(\d*)(?:[T_-][A-Z]?(\d\d))?")
"""A code of ISIC with or without its letter, up to the last division that it covers."""


@dataclass(frozen=True)
class Mapping:
    """What labels mean.

    Attributes
    ----------
    name : str
        For messages.
    meaning : dict of str to str
        Region, or sectors joined by ``+``, by label.
    by_division : bool
        Whether labels are divisions of ISIC, which codes of a table may cover several of.
    """

    name: str
    meaning: dict[str, str]
    by_division: bool = False

    def of(self, label: str) -> str | None:
        """Return what a label means; None for one that is not known.

        Raises
        ------
        ScenarioError
            If a code covers divisions of different sectors.
        """
        if label in self.meaning:
            return self.meaning[label]
        found = _DIVISION.match(label) if self.by_division else None
        if found is None:
            return self.meaning.get(OTHERS)
        first, last = int(found[1]), int(found[3] or found[1])
        covered = {self.meaning.get(f"{d:02d}") for d in range(first, max(first, last) + 1)}
        # Gaps of the classification, such as 04, are no division of their own.
        covered.discard(None)
        if len(covered) > 1:
            raise ScenarioError(
                f"{shown(label)}: covers {' and '.join(sorted(str(c) for c in covered))}; say "
                "what it means with --sectors"
            )
        return next(iter(covered), None)


def shipped_mapping(name: str) -> Mapping:
    """Return a mapping that comes with the package: ``isic4``, ``isic3``, ``regions``..."""
    text = (files("experiments.own_data.mappings") / f"{name}.csv").read_text(encoding="utf-8")
    return Mapping(name, _rows(text, name, _column(name)), name.startswith("isic"))


def read_mapping(path: Path, column: str) -> Mapping:
    """Return the mapping in a user's file.

    Parameters
    ----------
    path : Path
    column : str
        ``"region"`` or ``"sector"``.

    Raises
    ------
    ScenarioError
        If it is none; in one line.
    """
    raw = content(path, LARGEST, "mapping", str(path))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8 text") from None
    return Mapping(str(path), _rows(text, str(path), column))


def parts(meaning: str) -> tuple[str, ...]:
    """Return the sectors that stand together in a meaning."""
    return tuple(meaning.split("+"))


def joined(meanings: Iterable[str]) -> dict[str, str]:
    """Return for each group of sectors the one it belongs to where groups that overlap are one."""
    groups: list[set[str]] = []
    asked = list(dict.fromkeys(meanings))
    for meaning in asked:
        mine = set(parts(meaning))
        apart = [group for group in groups if not group & mine]
        groups = [*apart, mine.union(*(group for group in groups if group & mine))]
    whole = {sector: group for group in groups for sector in group}
    order = {
        sector: "+".join(name for name in SECTORS if name in group)
        for sector, group in whole.items()
    }
    return {meaning: order[parts(meaning)[0]] for meaning in asked}


def _column(name: str) -> str:
    return "region" if name in ("regions", "countries") else "sector"


def _rows(text: str, where: str, column: str) -> dict[str, str]:
    known = REGIONS if column == "region" else SECTORS
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        if reader.fieldnames is None or not {"label", column} <= set(reader.fieldnames):
            raise ScenarioError(f"{where}: has no columns label,{column}")
        found: dict[str, str] = {}
        for row in reader:
            label, meaning = (str(row[name] or "").strip() for name in ("label", column))
            names = meaning.split("+") if column == "sector" else [meaning]
            wrong = next((name for name in names if name not in known), None)
            if wrong is not None:
                raise ScenarioError(
                    f"{where}: {shown(label)} is {shown(wrong)}; must be of {', '.join(known)}"
                )
            if label in found:
                raise ScenarioError(f"{where}: {shown(label)} is there twice")
            found[label] = meaning
    except csv.Error as error:
        raise ScenarioError(f"{where}: is no CSV ({error})") from None
    return found
