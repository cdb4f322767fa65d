"""Levers of governments: keys of a scenario that one of them sets, and values to choose from.

Whose a lever is follows from its key. A duty is its destination's, a subsidy the host's. A rule
of origin is common to all three: the model has one threshold for all borders, since a good that
originates does so wherever in the region it is sold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from abm.axes import HOSTS
from abm.config.keys import keys_of, shown
from abm.config.settings import read_percent
from abm.errors import ScenarioError
from abm.scenario.overriding import check_key
from abm.scenario.scenario import Scenario
from experiments.sweeps.design.factors import read_factor

COMMON = ""
"""In the place of a government: the lever is everybody's."""

OWNED_BY_WORD = {
    "tariffs.special": 2,
    "barriers": 1,
    "services": 1,
    "subsidies": 1,
    "investment_grant": 1,
    "assembly_offset.share": 2,
    "output_remission": 1,
    "plan_relief": 1,
    "enforcement.audit_rate": 2,
    "enforcement.penalty": 2,
    "retaliation": 1,
    "rules_of_origin.country_content": 2,
    "rules_of_origin.by_partner": 2,
}
"""Beginnings of keys, and which word of the key, from 0, is the government's."""

COMMON_KEYS = (
    "rules_of_origin.regional_value_content",
    "rules_of_origin.labour_value_content",
    "rules_of_origin.metals_content",
    "rules_of_origin.core_parts_content",
    "rules_of_origin.tariff_shift",
    "rules_of_origin.lines",
    "rules_of_origin.or_else",
)
"""Beginnings of keys that are thresholds of the agreement, the higher the stricter."""

MOST_VALUES = 1001
"""Of one lever."""


@dataclass(frozen=True)
class PolicyLever:
    """A key that a government sets for the whole run.

    Attributes
    ----------
    key : str
    owner : str
        A government, or `COMMON`.
    values : tuple of float
        What it may be set to, ascending.
    start : float
        What the scenario comes to say of it; 0 where that is silent.
    """

    key: str
    owner: str
    values: tuple[float, ...]
    start: float

    def is_of(self, government: str) -> bool:
        """Whether a government may set it, alone or with the others."""
        return self.owner in (COMMON, government)


def read_lever(key: str, spec: Any, scenario: Scenario) -> PolicyLever:
    """Return the lever that a file or an option describes.

    Parameters
    ----------
    key : str
    spec : object
        A list of numbers, or ``{ from, to, steps }``, as a factor of a sweep is written.
    scenario : Scenario

    Raises
    ------
    ScenarioError
        If there is no such key, nobody owns it, or its values are no ascending numbers.
    """
    check_key(keys_of(Scenario), key)
    owner = owner_of(key, scenario)
    factor = read_factor(key, spec, said=f"levers: {key}", most=MOST_VALUES)
    values = factor.values
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        wrong = next(v for v in values if isinstance(v, bool) or not isinstance(v, int | float))
        raise ScenarioError(f"levers: {key}: {shown(wrong)} is no number")
    if not 2 <= len(values) <= MOST_VALUES:
        raise ScenarioError(
            f"levers: {key}: has {len(values)} values to choose from; 2 to {MOST_VALUES} are "
            "allowed, written FROM:TO:STEPS or as a list"
        )
    if any(low >= high for low, high in pairwise(values)):
        raise ScenarioError(f"levers: {key}: its values must ascend")
    return PolicyLever(key, owner, tuple(map(float, values)), _said(key, scenario))


def owner_of(key: str, scenario: Scenario) -> str:
    """Return the government that sets a key, or `COMMON`.

    Raises
    ------
    ScenarioError
        If nobody does.
    """
    words = key.split(".")
    owner: str | None
    if words[0] == "measures" and len(words) > 2:
        owner = _levied_by(words[1], scenario)
    elif any(key.startswith(f"{common}.") for common in COMMON_KEYS):
        return COMMON
    else:
        places = [at for start, at in OWNED_BY_WORD.items() if key.startswith(f"{start}.")]
        owner = words[places[0]] if places and len(words) > places[0] else None
    if owner is not None and owner in HOSTS:
        return owner
    if owner is not None:
        raise ScenarioError(f"levers: {key}: is of {shown(owner)}; governments are those of "
                            f"{', '.join(HOSTS)}")  # fmt: skip
    known = ", ".join([*OWNED_BY_WORD, "measures", *COMMON_KEYS])
    raise ScenarioError(f"levers: {key}: no government sets it; what they set begins with {known}")


def read_option(text: str) -> tuple[str, Any]:
    """Return key and values of ``KEY=FROM:TO``, ``KEY=FROM:TO:STEPS`` or ``KEY=V,V,V``.

    Raises
    ------
    ScenarioError
        If it is none of them.
    """
    key, equals, written = (part.strip() for part in text.partition("="))
    try:
        if not key or not equals or not written:
            raise ValueError
        if ":" not in written:
            return key, [_number(part) for part in written.split(",")]
        low, high, *steps = written.split(":")
        count = int(steps[0]) if steps else USUAL_STEPS
        if len(steps) > 1:
            raise ValueError
        return key, {"from": _number(low), "to": _number(high), "steps": count}
    except ValueError:
        raise ScenarioError(
            f"--levers {shown(text)}: is written KEY=FROM:TO, KEY=FROM:TO:STEPS or KEY=V,V,V"
        ) from None


USUAL_STEPS = 11
"""Values from one end of a lever to the other, unless said."""


def _number(text: str) -> float:
    return float(str(read_percent(text)))


def _levied_by(name: str, scenario: Scenario) -> str:
    measure = scenario.measures.get(name)
    if measure is None:
        there = ", ".join(scenario.measures) or "none"
        raise ScenarioError(f"levers: measures.{name}: no such measure; there are {there}")
    return measure.destination


def _said(key: str, scenario: Scenario) -> float:
    """Return what a scenario says of a key once its timeline has run; 0 where it is silent."""
    found: Any = scenario.instruments_at_the_end.model_dump()
    for word in key.split("."):
        found = found.get(word) if isinstance(found, Mapping) else None
    return 0.0 if found is None else float(found)
