"""Outcomes, and keys of a scenario, as a person says them: for axes and headings."""

from functools import cache

from abm.axes import REGIONS, SECTORS
from abm.config.keys import keys_of
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.labels import HEADLINE_NAMES, REGION_NAMES, SECTOR_NAMES
from experiments.outcomes.cells import AXES, CHANGE, OutcomeCell, read_cell
from experiments.outcomes.headlines import unit_of
from experiments.outcomes.tables import TABLES

KEY_NAMES = {
    "tariffs.special": "Special duty",
    "tariffs.special_waived_for_originating": "Exempt goods that claim origin",
    "agreement.preference": "Free trade for originating goods",
    "rules_of_origin.regional_value_content": "Content required",
    "rules_of_origin.labour_value_content": "High-wage labour required",
    "enforcement.audit_rate": "Claims audited",
    "enforcement.penalty": "Fine on false claims",
    "enforcement.paperwork_scale": "Cost of paperwork",
    "barriers": "Non-tariff barrier",
    "subsidies": "Production subsidy",
    "competition.markup_scale": "Markup over cost",
    "threat.rate": "Rate of the threatened duty",
    "threat.arrival_per_quarter": "Chance that the threat is carried out",
}
"""Keys that have a name of their own; those of others are made of their parts."""


def key_in_words(key: str) -> str:
    """What a dotted key of a scenario is called: ``Content required (cars)``."""
    parts = key.split(".")
    named = [depth for depth in range(len(parts), 0, -1) if ".".join(parts[:depth]) in KEY_NAMES]
    depth = named[0] if named else 0
    rest = [part for part in parts[depth:] if part != "all"]
    where = [_place(part) for part in rest if part in (*REGIONS, *SECTORS)]
    words = [part.replace("_", " ") for part in rest if part not in (*REGIONS, *SECTORS)]
    name = KEY_NAMES[".".join(parts[:depth])] if named else ": ".join(words).capitalize()
    more = where if not named else [*words, *where]
    return f"{name} ({', '.join(more)})" if more else name


def _place(part: str) -> str:
    return REGION_NAMES.get(part) or SECTOR_NAMES[part].lower()


def unit_of_key(key: str) -> str:
    """The unit of a key's value; nothing where it has none."""
    return keys_of(Scenario).about(tuple(key.split(".")), "unit")


def outcome_in_words(name: str) -> str:
    """What an outcome is called: ``Manufacturing jobs, Mexico, change since the start``."""
    cell = _cell(name)
    if cell is None:
        return name
    stem, of_change = cell.column.removesuffix(CHANGE), cell.column.endswith(CHANGE)
    said = [_column(stem)]
    if cell.over:
        said = [f"{said[0]} as a share of {_column(cell.over)}"]
    said += [_place(label) for _, label in cell.cut if label in (*REGIONS, *SECTORS)]
    said += [label for _, label in cell.cut if label not in (*REGIONS, *SECTORS)]
    said += ["change since the start"] * of_change
    said += [f"at {cell.when}"] * (cell.when is not None)
    return ", ".join(said)


def unit_of_outcome(name: str) -> str:
    """The unit of an outcome; nothing where it is not known."""
    cell = _cell(name)
    if cell is None:
        return ""
    if cell.over:
        return "share"
    table, _, column = cell.column.partition(".")
    if cell.table is not None:
        return TABLES[table][column].unit if column in TABLES[table] else ""
    return unit_of(tuple(cell.column.removesuffix(CHANGE).split(".")))


@cache
def _cell(name: str) -> OutcomeCell | None:
    """What a name says; None for a name that is none of ours."""
    try:
        cell = read_cell(name)
    except ScenarioError:
        return None
    return cell if cell.table is not None or cell.column.split(".")[0] in HEADLINE_NAMES else None


def _column(name: str) -> str:
    """A column of a table, or a headline."""
    first, *rest = name.split(".")
    if first in AXES and rest and rest[0] in TABLES[first]:
        return rest[0].replace("_", " ").removesuffix(" musd").capitalize()
    words = [part for part in rest if part != "all"]
    told = [REGION_NAMES.get(word) or word.replace("_", " ") for word in words]
    return ", ".join([HEADLINE_NAMES[first], *told])


def axis_label(name: str) -> str:
    """A factor or an outcome with its unit; any other name as it is."""
    if _cell(name) is not None:
        return f"{outcome_in_words(name)} ({unit_of_outcome(name)})"
    if keys_of(Scenario).schema(tuple(name.split("."))) is None:
        return name
    unit = unit_of_key(name)
    return key_in_words(name) + (f", {unit}" if unit not in ("", "1") else "")
