"""Models of the same firms under many policies, set up once for each size and seed.

This is the one place where tests that only read a model, or start from one at quarter 0,
get it from. A test whose subject is the setting up itself makes its models anew.
"""

from functools import cache

from abm import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.twin import alike, twin

NOBODY_MOVES = (
    "firms.relocation=false",
    "firms.reviews_per_year=0",
    "firms.death_always=0",
    "firms.death_of_small=0",
)
"""Overrides under which plants never came or went: none is young, and customers are at rest."""


@cache
def at_rest(firms: int, seed: int = 1) -> RelocationModel:
    """The status quo in quarter 0, which every test shares and none may change."""
    return RelocationModel("status-quo", firms=firms, rng=seed)


def model_of(scenario: Scenario | str, firms: int, seed: int = 1) -> RelocationModel:
    """A model of one's own in quarter 0, at little cost where firms are the status quo's."""
    if isinstance(scenario, str):
        scenario = Scenario.load(scenario)
    base = at_rest(firms, seed)
    if alike(base.scenario, scenario):
        return twin(base, scenario)
    return RelocationModel(scenario, firms=firms, rng=seed)
