"""Models of the same firms under many policies, set up once for each size."""

from functools import cache

from abm import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.twin import alike, twin


@cache
def at_rest(firms: int) -> RelocationModel:
    """The status quo in quarter 0, which stays there."""
    return RelocationModel("status-quo", firms=firms)


def model_of(scenario: Scenario, firms: int) -> RelocationModel:
    """A model in quarter 0, at little cost where it assumes what the status quo does."""
    base = at_rest(firms)
    if alike(base.scenario, scenario):
        return twin(base, scenario)
    return RelocationModel(scenario, firms=firms)
