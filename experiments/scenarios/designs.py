"""What is run for validation: a scenario, its overrides and a length, under a name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from abm import data
from abm.axes import HOSTS
from abm.config.keys import flatten
from abm.scenario.scenario import Scenario
from experiments.scenarios.overrides import load_scenario

SHORT_RUN = 12
"""Quarters of a run with fixed plants: claims, parts and wages have then settled."""

LAST_QUARTER = 40
"""Quarters of a run in which plants move: ten years, three times a plant's building time."""

THREAT_RUN = 24
"""Quarters over which decisions under a threat are counted."""


@dataclass(frozen=True)
class Design:
    """One cell of an experiment; runs of one seed differ through it alone.

    Attributes
    ----------
    name : str
    scenario : str
        A shipped one.
    overrides : tuple of str
        ``KEY=VALUE``, held for the whole run.
    quarters : int
    """

    name: str
    scenario: str
    overrides: tuple[str, ...]
    quarters: int

    def load(self, assumptions: tuple[str, ...] = ()) -> Scenario:
        """The scenario in full, with further assumptions that all designs share."""
        return load_scenario(self.scenario, (*self.overrides, *assumptions))


FIXED_PLANTS = "firms.relocation=false"


def content(threshold: float, *sectors: str) -> tuple[str, ...]:
    """Overrides that set the content threshold of some sectors."""
    key = "rules_of_origin.regional_value_content"
    return tuple(f"{key}.{sector}={threshold}" for sector in sectors)


def fixed(name: str, *overrides: str) -> Design:
    """A run on the baseline in which plants stay where they are."""
    return Design(f"{name}, fixed plants", "status-quo", (*overrides, FIXED_PLANTS), SHORT_RUN)


def moving(name: str, *overrides: str, scenario: str = "status-quo") -> Design:
    """A long run in which plants move."""
    return Design(f"{name}, plants move", scenario, overrides, LAST_QUARTER)


BASE_FIXED = fixed("NAFTA")
BASE_MOVING = moving("NAFTA")


def last_rules(scenario: str) -> tuple[str, ...]:
    """Overrides that ask for the rules of origin with which a shipped scenario ends."""
    rules = Scenario.load(scenario).instruments_at_the_end.rules_of_origin
    return tuple(
        f"rules_of_origin.{key}={json.dumps(value)}"
        for key, value in flatten(rules.model_dump(exclude_none=True)).items()
    )


USMCA_MOVING = moving("USMCA rules of origin", *last_rules("usmca"))

CAR_THRESHOLDS = (0.50, 0.625, 0.70, 0.75, 0.80, 0.85, 0.90, 1.0)


def cars_fixed(threshold: float) -> Design:
    """The content rule of cars alone changed, plants fixed."""
    if threshold == 0.625:
        return BASE_FIXED
    return fixed(f"cars {threshold:.1%}", *content(threshold, "cars"))


def trucks_fixed(threshold: float) -> Design:
    """The content rule of light trucks alone changed, plants fixed."""
    return fixed(f"light trucks {threshold:.1%}", *content(threshold, "light_trucks"))


def vehicles_moving(threshold: float) -> Design:
    """The content rule of cars and light trucks changed, plants moving."""
    return moving(f"vehicles {threshold:.1%}", *content(threshold, "cars", "light_trucks"))


WITHDRAWAL = moving("no agreement", "agreement.preference=false")


def duties_of_1993() -> Design:
    """Applied duties between the members as of 1993, charged whatever the origin.

    The rules of origin stay, so the difference is that of duties alone, as in a study
    without rules. The study's motor industry stands for cars, light trucks and parts.
    """
    rates = data.read("applied_tariffs_1993_2005")
    rates = rates[(rates["year"] == 1993) & rates["exporter_group"].isin(HOSTS)]
    motor = ("cars", "light_trucks", "vehicle_parts")
    overrides = ["tariffs.special_waived_for_originating=false"]
    for row in rates.itertuples():
        if row.importer == row.exporter_group:
            continue
        sectors = motor if row.sector == "vehicles_and_parts" else (row.sector,)
        overrides += [
            f"tariffs.special.{row.importer}.{row.exporter_group}.{sector}={row.applied_tariff}"
            for sector in sectors
        ]
    return moving("duties of 1993", *overrides)


def duty_on_cars(rate: float) -> Design:
    """A duty between the United States and each partner on cars, both ways, on all origins."""
    pairs = [("USA", "MEX"), ("USA", "CAN"), ("MEX", "USA"), ("CAN", "USA")]
    duties = [f"tariffs.special.{market}.{origin}.cars={rate}" for market, origin in pairs]
    waiver = "tariffs.special_waived_for_originating=false"
    return moving(f"{rate:.0%} on cars", *duties, waiver)


def threat(arrival: float) -> Design:
    """A border tax of 35% that is threatened with a hazard a quarter and never comes."""
    return Design(
        f"threat at {arrival:.2%} a quarter",
        "threat-35",
        (f"threat.arrival_per_quarter={arrival}",),
        THREAT_RUN,
    )


def _all_content(changed: Callable[[float], float]) -> tuple[str, ...]:
    """Overrides that change every content threshold of the baseline."""
    before = Scenario.load("status-quo").rules_of_origin.regional_value_content
    return tuple(
        setting for sector, value in before for setting in content(round(changed(value), 4), sector)
    )


def looser_content(points: float) -> Design:
    """Every content threshold of the baseline lowered, plants fixed."""
    return fixed(f"content {points:.0%} lower", *_all_content(lambda value: value - points))


def scaled_content(factor: float) -> Design:
    """Every content threshold of the baseline times a factor, plants fixed; 0 ends the rules."""
    name = f"content times {factor:g}" if factor else "no rules of origin"
    return fixed(name, *_all_content(lambda value: min(value * factor, 1.0)))


WIDER_CUMULATION = fixed(
    "goods of the rest of the world originate", "rules_of_origin.cumulation.ROW=1.0"
)

FIRST_QUARTER = Design("NAFTA, first quarter", "status-quo", (), 1)
HISTORY = Design("history to the end of 2023", "history", (), 32)
METAL_DUTIES = Design("metal duties of 2018, a year on", "metals-2018", (), 9)
NO_METAL_DUTIES = Design("NAFTA, nine quarters", "status-quo", (), 9)
END_THREATENED = Design(
    "end of preference threatened", "threat-35", ("threat.instrument=withdrawal",), 8
)


def measure(name: str, terms: Mapping[str, Any]) -> tuple[str, ...]:
    """Overrides that add a measure; terms as in a scenario's file."""
    rates = terms["rates"].items()
    others = {term: value for term, value in terms.items() if term != "rates" and value}
    return (
        *(f"measures.{name}.{term}={_as_toml(value)}" for term, value in others.items()),
        *(f"measures.{name}.rates.{good}={rate}" for good, rate in rates),
    )


def _as_toml(value: Any) -> str:
    return json.dumps(value, default=str)


CHINAS_ANSWER: dict[str, dict[str, Any]] = {
    "answer-china-2018": {"rates": {"all": 0.10, "food": 0.25}, "effective": "2018-09-24"},
    "answer-china-2019": {"rates": {"all": 0.05}, "effective": "2019-06-01"},
}
"""What China levied on goods of the United States: from memory, unverified. Its average duty on
them rose by some ten points in 2018, most on food, and further in 2019."""


def _answers() -> tuple[str, ...]:
    """What Canada, Mexico and China levied in return for the duties of 2018."""
    acts = tuple(f"acts.{name}=true" for name in ("ca-surtax-2018", "mx-retaliation-2018"))
    china = {"authority": "retaliation", "destination": "CHN", "origins": ("USA",)}
    measures = (measure(name, china | terms) for name, terms in CHINAS_ANSWER.items())
    return acts + tuple(line for one in measures for line in one)


COLLECTED_ANSWERED = Design("duties of 2018-19 as collected, answered", "collected-2018",
                            _answers(), 12)  # fmt: skip


def washing_machines(*origins: str) -> Design:
    """A US duty of 20% on washing machines, driers and dishwashers, plants fixed."""
    terms = {
        "authority": "safeguard",
        "destination": "USA",
        "origins": origins,
        "rates": {"washing_machines": 0.20},
        "in_force": True,
    }
    return fixed(f"20% on washing machines, {'+'.join(origins)}", *measure("washers", terms))
