"""Conclusions under other assumptions: which keep their sign, and which hang on one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm.axes import HOSTS, MOTOR
from abm.economy.tables import Array
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from experiments.scenarios.designs import (
    BASE_MOVING,
    USMCA_MOVING,
    WITHDRAWAL,
    Design,
    duty_on_cars,
    threat,
)
from experiments.validation.finding import Results
from experiments.validation.sections import Section

SEEDS = 3
"""Seeds of each variant; effects are paired, so that their sign shows in few."""

DEFAULTS = {"firms": FirmAssumptions(), "economy": EconomyAssumptions()}


def _times(factor: float, *keys: str) -> tuple[str, ...]:
    """Overrides that make assumptions a multiple of their defaults."""
    parts = (key.split(".") for key in keys)
    usual = (getattr(DEFAULTS[section], name) for section, name in parts)
    return tuple(f"{key}={factor * value:.6g}" for key, value in zip(keys, usual, strict=True))


SUNK = ("firms.build_cost", "firms.closure_cost")
NOISE = ("firms.build_noise", "firms.keep_noise")
DEATHS = ("firms.death_always", "firms.death_of_small")

VARIANTS: dict[str, tuple[str, ...]] = {
    "theta halved": ("economy.theta_scale=0.5",),
    "theta by half more": ("economy.theta_scale=1.5",),
    "sigma - 1 down by a quarter": ("economy.sigma_scale=0.75",),
    "sigma - 1 by half more": ("economy.sigma_scale=1.5",),
    "sunk cost halved": _times(0.5, *SUNK),
    "sunk cost doubled": _times(2, *SUNK),
    "all myopic": ("firms.beliefs.myopic=1.0",),
    "all adaptive": ("firms.beliefs.adaptive=1.0",),
    "all forward": ("firms.beliefs.forward=1.0",),
}
"""Other assumptions, one at a time, as overrides."""


AT_BOUNDS: dict[str, tuple[str, ...]] = VARIANTS | {
    "wages fixed": (
        "economy.wage_elasticity=0.0",
        *(f"economy.labour_slope.{host}=0.0" for host in HOSTS),
    ),
    "wages follow jobs one for one": ("economy.wage_elasticity=1.0",),
    "nothing closes beyond manufacturing": ("economy.closure=partial",),
    "people alone come from services": ("economy.closure=labour",),
    "exchange rates stand": ("economy.exchange_speed=0.0",),
    "exchange rates twice as quick": _times(2, "economy.exchange_speed"),
    "regions with plants draw buyers": ("economy.agglomeration=0.3",),
    "no standing relations": ("economy.relation=0.0",),
    "suppliers are kept": ("economy.rewire_per_year=0.0",),
    "suppliers are looked for each year": ("economy.rewire_per_year=1.0",),
    "contracts and customers slower": (
        "economy.renewal=0.136", "economy.win=0.855", "economy.shift=0.018",
    ),
    "contracts and customers faster": (
        "economy.renewal=0.164", "economy.shift=0.023",
    ),
    "trade in the long run at once": ("economy.adjustment=long run",),
    "a future worth less": ("firms.discount_per_year=0.90",),
    "a future worth more": ("firms.discount_per_year=0.95",),
    "reviews half as often": ("firms.reviews_per_year=0.5",),
    "reviews in every quarter": ("firms.reviews_per_year=4.0",),
    "choices half as noisy": _times(0.5, *NOISE),
    "choices twice as noisy": _times(2, *NOISE),
    "plants die half as often": _times(0.5, *DEATHS),
    "plants die twice as often": _times(2, *DEATHS),
    "firms half as honest": _times(0.5, "firms.honesty_median"),
    "firms twice as honest": _times(2, "firms.honesty_median"),
}  # fmt: skip
"""The same and more, each assumption on both sides of what it is: a user's conclusions are put to
these. Speeds of trade have the ends of the intervals that were fitted (customers cannot choose more
often than every quarter, as they do), the discount its source's."""


@dataclass(frozen=True)
class Conclusion:
    """A conclusion: the effect of one design against another, seed by seed."""

    label: str
    unit: str
    effect: Callable[[Results], Array]


def _within(results: Results) -> Array:
    names = [f"imports/goods/{to}/{of}" for to in HOSTS for of in HOSTS if of != to]
    return results.change(WITHDRAWAL, BASE_MOVING, *names)


def _jobs(design: Design, host: str, sectors: tuple[str, ...]) -> Callable[[Results], Array]:
    names = [f"jobs/{sector}/{host}" for sector in sectors]
    return lambda results: results.change(design, BASE_MOVING, *names)


def _price(results: Results) -> Array:
    names = ("quantity/cars/USA", "quantity/light_trucks/USA")
    return 100 * (results.of(BASE_MOVING, *names) / results.of(USMCA_MOVING, *names) - 1)


def _entry(results: Results) -> Array:
    return results.change(threat(0.025), threat(0.0), "entries/MEX")


CONCLUSIONS = (
    Conclusion("USMCA: US jobs in vehicle parts", "%",
               _jobs(USMCA_MOVING, "USA", ("vehicle_parts",))),
    Conclusion("USMCA: US jobs in assembly", "%",
               _jobs(USMCA_MOVING, "USA", ("cars", "light_trucks"))),
    Conclusion("USMCA: motor jobs in Mexico", "%", _jobs(USMCA_MOVING, "MEX", MOTOR)),
    Conclusion("USMCA: US price of vehicles", "%", _price),
    Conclusion("No agreement: trade between the members", "%", _within),
    Conclusion("No agreement: welfare of Mexico, percent of GDP", "",
               lambda results: results.of(WITHDRAWAL, "welfare/MEX")
               - results.of(BASE_MOVING, "welfare/MEX")),
    Conclusion("25% on cars: output of cars in Mexico", "%",
               lambda results: results.change(duty_on_cars(0.25), BASE_MOVING, "output/cars/MEX")),
    Conclusion("Threat at 2.5% a quarter: plants decided on in Mexico", "%", _entry),
)  # fmt: skip

DESIGNS = (BASE_MOVING, USMCA_MOVING, WITHDRAWAL, duty_on_cars(0.25), threat(0.0), threat(0.025))


def section(default: Results, variants: dict[str, Results]) -> Section:
    """Every conclusion under every variant, and whether its sign stands.

    Parameters
    ----------
    default : Results
        Under the shipped assumptions.
    variants : dict of str to Results
        By name; without seeds where none could be calibrated.
    """
    rows = []
    for conclusion in CONCLUSIONS:
        base = conclusion.effect(default)
        cells, turned = [_number(base.mean(), conclusion.unit)], []
        for name, results in variants.items():
            if not results.runs:
                cells.append("did not calibrate")
                continue
            effect = conclusion.effect(results)
            cells.append(_number(effect.mean(), conclusion.unit))
            if (np.sign(effect) != np.sign(base.mean())).any():
                turned.append(name)
        if (np.sign(base) != np.sign(base.mean())).any():
            turned.insert(0, "the default, by seed")
        stands = "not under " + ", ".join(turned) if turned else "yes"
        rows.append((conclusion.label, *cells, stands))
    return Section(
        "Which conclusions are robust",
        (
            f"Each conclusion's mean effect under the shipped assumptions and with one of them"
            f" changed ({SEEDS} seeds each, set up and calibrated anew). A sign stands if every"
            " seed of every variant has the sign of the default's mean.",
        ),
        ("Conclusion", "Shipped", *variants, "Sign stands"),
        rows,
    )


def _number(value: float, unit: str) -> str:
    return f"{value:+.2f}{unit}".replace("-", "\N{MINUS SIGN}")
