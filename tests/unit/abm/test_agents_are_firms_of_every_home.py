"""Mesa's agents are firms of five homes, those without a plant included."""

import numpy as np
import pytest

from abm.axes import HOMES, HOSTS
from abm.model import RelocationModel
from agents import Firm


@pytest.fixture(scope="module")
def model() -> RelocationModel:
    return RelocationModel("status-quo", firms=200, rng=1)


@pytest.fixture(scope="module")
def firms(model) -> list[Firm]:
    return list(model.agents_by_type[Firm])


def test_there_is_an_agent_for_every_row_and_firms_of_every_home(model, firms):
    assert [firm.row for firm in firms] == list(range(len(model.firms)))
    assert {firm.home for firm in firms} == set(HOMES)


def test_a_firm_has_capacity_where_it_has_plants_and_nowhere_else(model, firms):
    for firm in firms:
        assert tuple(firm.capacity) == firm.plants
        assert all(units > 0 for units in firm.capacity.values())
    total = sum(sum(firm.capacity.values()) for firm in firms)
    assert total == pytest.approx(model.capacity[model.firms.plants].sum())


def test_a_firm_without_a_plant_says_what_it_is(model, firms):
    idle = [firm for firm in firms if not firm.plants and firm.target is None]
    said = {firm.doing for firm in idle}
    assert said == {"not founded", "serves from home"}
    assert all((firm.home in HOSTS) == (firm.doing == "not founded") for firm in idle)
    assert all(firm.capacity == {} for firm in idle)


def test_a_firm_at_work_says_on_what_and_for_how_long(model, firms):
    row = int(np.flatnonzero(model.firms.target >= 0)[0])
    firm = firms[row]
    assert str(firm.target) in firm.doing
    assert f"{firm.quarters_left} quarters of the stage left" in firm.doing
