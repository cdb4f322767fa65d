"""A scenario that changes nothing gives the baseline, to the bit."""

import pandas as pd
import pytest

from abm import RelocationModel
from experiments.overrides import load_scenario

NOTHING = (
    "tariffs.special.USA.MEX.all=0",
    "barriers.USA.MEX.all=0",
    "competition.markup_scale=1",
    "threat.rate=0",
)


@pytest.fixture(scope="module")
def baseline():
    model = RelocationModel("status-quo", firms=300)
    model.run_for(4)
    return model.frames()


@pytest.mark.parametrize("override", NOTHING[:3])
def test_a_lever_at_zero_is_the_status_quo_bit_for_bit(baseline, override):
    model = RelocationModel(load_scenario("status-quo", [override]), firms=300)
    model.run_for(4)
    for name in ("outcomes", "trade", "moves", "content"):
        pd.testing.assert_frame_equal(baseline[name], model.frames()[name], check_exact=True)
