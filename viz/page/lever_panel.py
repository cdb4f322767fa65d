"""The lever panel: which levers there are, read off what a scenario may say.

Unit, range and meaning of a lever come from its key in
:class:`~abm.policy.regime.Instruments`. The list below says which stand in front and
under which heading; every other key with a number or a switch follows under "More".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.config.keys import flatten, keys_of
from abm.errors import ScenarioError
from abm.policy.instruments.services import SERVICES
from abm.policy.regime import Instruments
from abm.policy.regimes import known_entries
from abm.policy.timeline import TimelineEntry, segments
from abm.scenario.scenario import Scenario
from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.scenarios.names_and_units import KEY_NAMES

ALL_REGIONS, ALL_MEMBERS, ALL_SECTORS = "All regions", "All members", "All"

CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "host": ("Country", {host: REGION_NAMES[host] for host in HOSTS}),
    "into": ("Into", {host: REGION_NAMES[host] for host in HOSTS}),
    "from": ("From", {"all": ALL_REGIONS} | {region: REGION_NAMES[region] for region in REGIONS}),
    "member": ("From", {"all": ALL_MEMBERS} | {host: REGION_NAMES[host] for host in HOSTS}),
    "goods": ("Goods", {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in GOODS}),
    "sectors": ("Sector", {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in SECTORS}),
    "sector": ("Sector", {name: SECTOR_NAMES[name] for name in FOOTLOOSE}),
    "manufactures": (
        "Sector",
        {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in FOOTLOOSE},
    ),
    "market": ("Market", {host: REGION_NAMES[host] for host in HOSTS}),
    "region": ("Region", {region: REGION_NAMES[region] for region in REGIONS}),
    "abroad": ("Region", {region: REGION_NAMES[region] for region in REGIONS[len(HOSTS) :]}),
    "services": ("Service", {"all": ALL_SECTORS} | {name: SECTOR_NAMES[name] for name in SERVICES}),
}
"""What a slot of a key may be filled with."""

SLOT_BELOW = {"by_partner": "into"}
"""The slot right below a heading, where what it may hold does not tell what it is."""

PARTNER_OF = {"from": ("into", "region"), "member": ("into",)}
"""Slots that may not hold what another slot of the key holds: nobody trades abroad with himself."""


@dataclass(frozen=True)
class PanelLever:
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


def _front(
    group: str, key: str, most: float | None = None, chosen: tuple[str, ...] = ()
) -> PanelLever:
    """A lever with the name that its key has in reports, too."""
    return PanelLever(group, KEY_NAMES[_stem(key)], key, most, chosen)


def _stem(key: str) -> str:
    return key.partition(".{")[0]


MARKETS = "Borders and markets"

IMPORTANT = (
    _front("Tariffs", "tariffs.special.{into}.{from}.{goods}", 1.0, ("USA", "MEX", "all")),
    _front("Tariffs", "tariffs.special_waived_for_originating"),
    _front("Tariffs", "agreement.preference"),
    _front("Rules of origin", "rules_of_origin.regional_value_content.{sector}", chosen=("cars",)),
    _front(
        "Rules of origin", "rules_of_origin.labour_value_content.{manufactures}", chosen=("cars",)
    ),
    _front("Customs", "enforcement.audit_rate.{market}", chosen=("USA",)),
    _front("Customs", "enforcement.penalty.{market}", 10.0, ("USA",)),
    _front("Customs", "enforcement.paperwork_scale", 5.0),
    _front(MARKETS, "barriers.{into}.{from}.{sectors}", 1.0, ("USA", "MEX", "all")),
    _front(MARKETS, "subsidies.{host}.{manufactures}", 0.5, ("USA", "all")),
    _front(MARKETS, "competition.markup_scale", 3.0),
)
"""Levers in front, in the order of the panel."""

THREAT = "threat"
"""The section that has buttons instead of levers."""


@cache
def levers() -> tuple[PanelLever, ...]:
    """Every lever: the important ones, then all other keys with a number or a switch."""
    keys = keys_of(Instruments)
    front = {_stem(lever.key) for lever in IMPORTANT}
    more: dict[str, PanelLever] = {}
    for leaf in keys.leaves():
        key = ".".join(str(part) for part in leaf)
        plain = (keys.schema(leaf) or {}).get("type") in ("number", "integer", "boolean")
        if plain and leaf[0] != THREAT and not any(key.startswith(stem) for stem in front):
            pattern = ".".join(_pattern(key.split(".")))
            more.setdefault(
                pattern, PanelLever("More", _label(pattern), pattern, chosen=_first(pattern))
            )
    return (*IMPORTANT, *more.values())


def _pattern(parts: list[str]) -> Iterator[str]:
    """A key with a slot for every part that may be any region or any sector."""
    slots = {frozenset(options): slot for slot, (_, options) in reversed(CHOICES.items())}
    for depth, part in enumerate(parts):
        names = keys_of(Instruments).names(tuple(parts[:depth])) or ()
        slot = SLOT_BELOW.get(parts[depth - 1] if depth else "", slots.get(frozenset(names)))
        yield part if slot is None else f"{{{slot}}}"


def _label(pattern: str) -> str:
    words = ": ".join(part for part in pattern.split(".") if not part.startswith("{"))
    return words.replace("_", " ").capitalize()


def _first(pattern: str) -> tuple[str, ...]:
    """The first choice of every slot; where goods come from, everywhere."""
    slots = PanelLever("", "", pattern).slots
    return tuple(next(iter(CHOICES[slot][1])) for slot in slots)


def in_force(
    scenario: Scenario, quarter: int, decided: Sequence[TimelineEntry] = ()
) -> Instruments:
    """The instruments of a quarter, as far as they are known by then."""
    known = known_entries(scenario, quarter, decided)
    timeline = segments(scenario.start, scenario.instruments, known)
    return next(part for part in reversed(timeline) if part.start <= quarter).instruments


def said(instruments: Instruments) -> dict[str, Any]:
    """Everything that instruments say, by dotted key."""
    return flatten(instruments.model_dump(exclude_none=True))


def value_of(values: Mapping[str, Any], key: str) -> float | bool:
    """What holds at a key; where nothing is said of a cell, what is said of all holds."""
    found = next((values[name] for name in _said_of(key) if name in values), 0.0)
    return found if isinstance(found, bool) else float(found)


@cache
def _said_of(key: str) -> list[str]:
    """The keys that may say it, the most particular first: a sector wins over an origin."""
    ways, parts = [], key.split(".")
    for depth, part in enumerate(parts):
        known = keys_of(Instruments).names(tuple(parts[:depth])) or ()
        ways.append((part, "all") if "all" in known and part != "all" else (part,))
    found = sorted(product(*ways), key=lambda names: [name == "all" for name in reversed(names)])
    return [".".join(names) for names in found]


@dataclass(frozen=True)
class Scale:
    """How a value is shown and entered.

    Attributes
    ----------
    factor : float
        Shown over written: 100 where the panel says percent.
    step : float
        Of the slider, as shown.
    sign, words : str
        Behind the number, and read aloud.
    """

    factor: float
    step: float
    sign: str
    words: str


@cache
def scale_of(key: str) -> Scale:
    """How the value of a key is shown and entered; read off its unit alone."""
    unit = keys_of(Instruments).about(tuple(key.split(".")), "unit")
    if unit.startswith(("ad valorem", "share", "probability")):
        return Scale(100.0, 0.5, "%", f"percent, {unit}")
    if unit.startswith("USD"):
        return Scale(1.0, 0.5, "$", unit)
    return Scale(1.0, 0.01, "\N{MULTIPLICATION SIGN}", unit)


def panel(
    scenario: Scenario,
    quarter: int,
    chosen: dict[str, dict[str, str]],
    decided: Sequence[TimelineEntry] = (),
) -> list[dict[str, Any]]:
    """Everything the panel shows, group by group.

    Parameters
    ----------
    scenario : Scenario
        Levers included.
    quarter : int
        The one that begins next.
    chosen : dict
        What the slots of each lever hold, by the lever's key.
    decided : sequence of TimelineEntry
        What governments did by their rules.
    """
    now = in_force(scenario, quarter, decided)
    values = said(now)
    groups: dict[str, list[dict[str, Any]]] = {}
    for number, lever in enumerate(levers()):
        groups.setdefault(lever.group, []).append(_row(number, lever, values, chosen))
    shown = [
        {"name": name, "levers": rows, "open": name not in ("More",), "buttons": None}
        for name, rows in groups.items()
    ]
    shown.insert(1, _threat_group(now))
    return shown


def abroad(slots: Mapping[str, str]) -> dict[str, str]:
    """What slots hold, once whoever would trade with himself trades with all others."""
    own = {
        slot: "all"
        for slot, others in PARTNER_OF.items()
        if slot in slots and slots[slot] in [slots.get(other) for other in others]
    }
    return {**slots, **own}


def slots_of(lever: PanelLever, chosen: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the slots of a lever hold."""
    return dict(zip(lever.slots, lever.chosen, strict=True)) | chosen.get(lever.key, {})


def _row(
    number: int, lever: PanelLever, values: Mapping[str, Any], chosen: dict[str, dict[str, str]]
) -> dict[str, Any]:
    slots = slots_of(lever, chosen)
    key = lever.filled(slots)
    path, keys = tuple(key.split(".")), keys_of(Instruments)
    schema = keys.schema(path) or {}
    switch = schema.get("type") == "boolean"
    value, scale = value_of(values, key), scale_of(key)
    low, high = _ends(schema, scale)
    return {
        "id": number,
        "label": lever.label,
        "kind": "switch" if switch else "number",
        "value": value if switch else _shown(value, scale),
        "low": low,
        "high": high,
        "most": min(high, _shown(lever.most or high, scale)),
        "step": scale.step,
        "sign": scale.sign,
        "unit": scale.words,
        "meaning": keys.about(path, "description"),
        "choices": [_choice(slot, slots) for slot in lever.slots],
    }


def _shown(value: float, scale: Scale) -> float:
    return round(scale.factor * float(value), 6)


def _ends(schema: dict[str, Any], scale: Scale) -> tuple[float, float]:
    """The range that can be entered, as shown; an end that is not allowed is left by a step."""
    low = _shown(schema.get("minimum", schema.get("exclusiveMinimum", 0.0)), scale)
    high = _shown(schema.get("maximum", schema.get("exclusiveMaximum", 1.0)), scale)
    low += scale.step * ("exclusiveMinimum" in schema)
    return low, high - scale.step * ("exclusiveMaximum" in schema)


def _choice(slot: str, slots: dict[str, str]) -> dict[str, Any]:
    name, options = CHOICES[slot]
    taken = [slots[other] for other in PARTNER_OF.get(slot, ()) if other in slots]
    allowed = {value: label for value, label in options.items() if value not in taken}
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
    return {key: round(value / scale_of(key).factor, 8)}


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
