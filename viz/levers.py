"""The lever panel: which levers there are, read off what a scenario may say.

Unit, range and meaning of a lever come from its key in
:class:`~abm.policy.regime.Instruments`. The list below says which stand in front and
under which heading; every other key with a number or a switch follows under "More".
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.errors import ScenarioError
from abm.keys import flatten, keys_of
from abm.model import RelocationModel
from abm.policy.compiled import compile_known
from abm.policy.regime import Instruments
from experiments.labels import REGION_NAMES, SECTOR_NAMES

ALL_REGIONS, ALL_SECTORS = "All regions", "All"

CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "into": ("Into", {host: REGION_NAMES[host] for host in HOSTS}),
    "from": ("From", {"all": ALL_REGIONS} | {region: REGION_NAMES[region] for region in REGIONS}),
    "goods": ("Goods", {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in GOODS}),
    "sectors": ("Sector", {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in SECTORS}),
    "sector": ("Sector", {name: SECTOR_NAMES[name] for name in FOOTLOOSE}),
    "manufactures": (
        "Sector",
        {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in FOOTLOOSE},
    ),
    "host": ("Country", {host: REGION_NAMES[host] for host in HOSTS}),
    "market": ("Market", {host: REGION_NAMES[host] for host in HOSTS}),
}
"""What a slot of a key may be filled with."""


@dataclass(frozen=True)
class Lever:
    """A lever of the panel.

    Attributes
    ----------
    group, label : str
    key : str
        Dotted key; slots in braces are chosen in the panel.
    most : float or None
        End of its slider, where the range allowed is too long for one.
    chosen : tuple of str
        What its slots hold at first.
    """

    group: str
    label: str
    key: str
    most: float | None = None
    chosen: tuple[str, ...] = ()

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots of its key."""
        return tuple(part[1:-1] for part in self.key.split(".") if part.startswith("{"))

    def filled(self, chosen: dict[str, str]) -> str:
        """The key with its slots filled."""
        return self.key.format(**chosen)


IMPORTANT = (
    Lever("Tariffs", "Special duty", "tariffs.special.{into}.{from}.{goods}", 1.0,
          chosen=("USA", "MEX", "all")),
    Lever("Tariffs", "Spare goods that claim origin", "tariffs.special_waived_for_originating"),
    Lever("Tariffs", "Free trade for originating goods", "agreement.preference"),
    Lever("Rules of origin", "Content required",
          "rules_of_origin.regional_value_content.{sector}", chosen=("cars",)),
    Lever("Rules of origin", "High-wage labour required",
          "rules_of_origin.labour_value_content.{sector}", chosen=("cars",)),
    Lever("Customs", "Claims audited", "enforcement.audit_rate.{market}", chosen=("USA",)),
    Lever("Customs", "Fine on false claims", "enforcement.penalty.{market}", 10.0, chosen=("USA",)),
    Lever("Customs", "Cost of paperwork", "enforcement.paperwork_scale", 5.0),
    Lever("Borders and markets", "Non-tariff barrier", "barriers.{into}.{from}.{sectors}", 1.0,
          chosen=("USA", "MEX", "all")),
    Lever("Borders and markets", "Production subsidy", "subsidies.{host}.{manufactures}", 0.5,
          chosen=("USA", "all")),
    Lever("Borders and markets", "Markup over cost", "competition.markup_scale", 3.0),
)  # fmt: skip
"""Levers in front, in the order of the panel."""

THREAT = "threat"
"""The section that has buttons instead of levers."""


@cache
def levers() -> tuple[Lever, ...]:
    """Every lever: the important ones, then all other keys with a number or a switch."""
    keys = keys_of(Instruments)
    front = {_stem(lever.key) for lever in IMPORTANT}
    more = []
    for leaf in keys.leaves():
        key = ".".join(str(part) for part in leaf)
        plain = (keys.schema(leaf) or {}).get("type") in ("number", "integer", "boolean")
        if plain and leaf[0] != THREAT and not any(key.startswith(stem) for stem in front):
            more.append(Lever("More", key.replace("_", " ").replace(".", ", "), key))
    return (*IMPORTANT, *more)


def _stem(key: str) -> str:
    return key.partition(".{")[0]


def in_force(model: RelocationModel) -> Instruments:
    """The instruments of the quarter that begins next, as far as they are known."""
    # Levers of the quarter are in the scenario already, not yet in the compiled policy.
    policy = compile_known(model.scenario, model.quarter + 1, model.decided)
    return policy.timeline[policy.segment_at(model.quarter + 1)].instruments


def value_of(instruments: Instruments, key: str) -> float | bool:
    """What holds at a key; where nothing is said of a cell, what is said of all holds."""
    values = flatten(instruments.model_dump(exclude_none=True))
    parts = key.split(".")
    candidates = [key]
    if keys_of(Instruments).names(tuple(parts[:-1])) is not None and len(parts) >= 4:
        candidates += [
            ".".join([*parts[:-1], "all"]),
            ".".join([*parts[:-2], "all", parts[-1]]),
            ".".join([*parts[:-2], "all", "all"]),
        ]
    found = next((values[name] for name in candidates if name in values), 0.0)
    return found if isinstance(found, bool) else float(found)


def panel(model: RelocationModel, chosen: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Everything the panel shows, group by group.

    Parameters
    ----------
    model : RelocationModel
    chosen : dict
        What the slots of each lever hold, by the lever's key.
    """
    now = in_force(model)
    groups: dict[str, list[dict[str, Any]]] = {}
    for number, lever in enumerate(levers()):
        groups.setdefault(lever.group, []).append(_row(number, lever, now, chosen))
    shown = [
        {"name": name, "levers": rows, "open": name not in ("More",), "buttons": None}
        for name, rows in groups.items()
    ]
    shown.insert(1, _threat_group(now))
    return shown


def slots_of(lever: Lever, chosen: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the slots of a lever hold."""
    return dict(zip(lever.slots, lever.chosen, strict=True)) | chosen.get(lever.key, {})


def _row(
    number: int, lever: Lever, now: Instruments, chosen: dict[str, dict[str, str]]
) -> dict[str, Any]:
    slots = slots_of(lever, chosen)
    key = lever.filled(slots)
    path, keys = tuple(key.split(".")), keys_of(Instruments)
    schema = keys.schema(path) or {}
    switch = schema.get("type") == "boolean"
    value = value_of(now, key)
    low, high = float(schema.get("minimum", 0.0)), float(schema.get("maximum", 1.0))
    # Rates and shares; multiples and money reach further.
    percent = not switch and "scale" not in key and high <= 5
    factor = 100.0 if percent else 1.0
    return {
        "id": number,
        "label": lever.label,
        "kind": "switch" if switch else "number",
        "value": value if switch else round(factor * float(value), 6),
        "low": factor * low,
        "high": factor * high,
        "most": factor * min(high, lever.most or high),
        "step": 0.5 if percent else 0.01,
        "sign": "%" if percent else "\N{MULTIPLICATION SIGN}",
        "unit": ("percent, " if percent else "") + keys.about(path, "unit"),
        "meaning": keys.about(path, "description"),
        "choices": [_choice(slot, slots) for slot in lever.slots],
        "note": "",
    }


def _choice(slot: str, slots: dict[str, str]) -> dict[str, Any]:
    name, options = CHOICES[slot]
    allowed = {v: label for v, label in options.items() if v != slots.get("into") or slot == "into"}
    return {
        "slot": slot,
        "name": name,
        "value": slots[slot],
        "options": [{"value": value, "label": label} for value, label in allowed.items()],
    }


def pulled(number: int, value: object, chosen: dict[str, dict[str, str]]) -> dict[str, object]:
    """The change of policy that a lever set to a value means.

    Raises
    ------
    ScenarioError
        If there is no such lever, or the value is neither a number nor a switch.
    """
    if not isinstance(number, int) or not 0 <= number < len(levers()):
        raise ScenarioError(f"levers: there is no lever {number!r}")
    lever = levers()[number]
    key = lever.filled(slots_of(lever, chosen))
    schema = keys_of(Instruments).schema(tuple(key.split("."))) or {}
    if schema.get("type") == "boolean":
        return {key: bool(value)}
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScenarioError(f"{key} = {value!r}: must be a number")
    percent = "scale" not in key and float(schema.get("maximum", 1.0)) <= 3
    return {key: round(value / 100, 8) if percent else float(value)}


# --- threats -------------------------------------------------------------------------


def _threat_group(now: Instruments) -> dict[str, Any]:
    threat = now.threat
    stands = threat is not None and threat.standing and threat.withdrawn is None
    imposed = stands and threat is not None and threat.imposed not in ("never", "drawn")
    return {
        "name": "Threat against Mexico",
        "open": True,
        "levers": [],
        "buttons": [
            {"name": "border_tax", "label": "Announce 35% border tax", "enabled": not stands},
            {"name": "blanket", "label": "Announce 25% duty", "enabled": not stands},
            {"name": "impose", "label": "Impose", "enabled": stands and not imposed},
            {"name": "withdraw", "label": "Withdraw", "enabled": stands},
        ],
    }


def threat_changes(button: str) -> dict[str, object]:
    """The change of policy that a button of the threat means.

    Raises
    ------
    ScenarioError
        If there is no such button.
    """
    announced = {"threat.standing": True, "threat.imposed": "never", "threat.origins": ["MEX"]}
    by_button: dict[str, dict[str, object]] = {
        "border_tax": {"threat.instrument": "border_tax", "threat.rate": 0.35, **announced},
        "blanket": {"threat.instrument": "blanket", "threat.rate": 0.25, **announced},
        "impose": {"threat.imposed": "always"},
        "withdraw": {"threat.standing": False},
    }
    if button not in by_button:
        raise ScenarioError(f"threat: there is no button {button!r}")
    return by_button[button]
