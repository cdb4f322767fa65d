"""A twin is what setting a model up anew would give, at a fraction of the time."""

import numpy as np
import pandas as pd
import pytest

from abm import RelocationModel
from abm.errors import ScenarioError
from abm.worlds.twin import alike, twin
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import at_rest

pytestmark = pytest.mark.anew

FIRMS, QUARTERS = 200, 3


@pytest.fixture(scope="module")
def donor():
    return at_rest(FIRMS, seed=3)


def test_a_twin_runs_byte_for_byte_as_a_model_set_up_anew(donor):
    scenario = load_scenario("threat-35")
    fresh = RelocationModel(scenario, firms=FIRMS, rng=3)
    again = twin(donor, scenario)
    for model in (fresh, again):
        model.run_for(QUARTERS)
    for name, table in fresh.frames().items():
        pd.testing.assert_frame_equal(again.frames()[name], table, check_exact=True)


def test_a_twin_that_runs_leaves_the_model_it_came_from_alone(donor):
    before = donor.firms.config.copy()
    twin(donor, load_scenario("blanket-25")).run_for(QUARTERS)
    assert donor.quarter == 0
    np.testing.assert_array_equal(donor.firms.config, before)


def test_other_firms_have_no_twin_here(donor):
    other = load_scenario("status-quo", ["firms.build_cost=0.4"])
    assert not alike(donor.scenario, other)
    with pytest.raises(ScenarioError, match="other firms or another economy"):
        twin(donor, other)


def test_without_relocation_plants_stay_and_claims_still_move(donor):
    rule = "rules_of_origin.regional_value_content.cars=0.9"
    stays = twin(donor, load_scenario("status-quo", ["firms.relocation=false", rule]))
    plants = stays.firms.plants.copy()
    stays.run_for(QUARTERS)
    np.testing.assert_array_equal(stays.firms.plants, plants)
    assert stays.frames()["moves"].empty
    base = twin(donor, load_scenario("status-quo", ["firms.relocation=false"]))
    base.run_for(QUARTERS)
    assert stays.accounts.eligible[0].sum() < base.accounts.eligible[0].sum()
