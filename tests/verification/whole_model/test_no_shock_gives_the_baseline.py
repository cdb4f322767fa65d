"""A scenario that changes nothing gives the baseline, to the bit."""

import pandas as pd
import pytest

from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

ONE_BY_ONE = (
    "tariffs.special.USA.MEX.all=0",
    "barriers.USA.MEX.all=0",
    "competition.markup_scale=1",
)
TOGETHER = (
    "services.MEX.USA.all=0",
    "subsidies.USA.all=0",
    "foreign_support.CHN.all=0",
    "intellectual_property.MEX=0",
    "labour_rights.union_premium.MEX=0",
    "labour_rights.wage_floor.USA=5",
)
NOTHING_TO_ACT_ON = (
    "retaliation.USA=1",
    "retaliation.MEX=1",
    "retaliation.CAN=1",
    "reaction.elasticity=3",
)
"""Rules of governments who see neither a duty nor a threat."""


@pytest.fixture(scope="module")
def baseline():
    model = model_of("status-quo", 300)
    model.run_for(4)
    return model.frames()


@pytest.mark.parametrize(
    "overrides", [*((one,) for one in ONE_BY_ONE), TOGETHER, NOTHING_TO_ACT_ON]
)
def test_levers_at_zero_are_the_status_quo_bit_for_bit(baseline, overrides):
    model = model_of(load_scenario("status-quo", list(overrides)), 300)
    model.run_for(4)
    for name in ("outcomes", "trade", "moves", "content"):
        pd.testing.assert_frame_equal(baseline[name], model.frames()[name], check_exact=True)
