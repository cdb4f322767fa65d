"""Worlds at the edge of what a scenario may say run, and their books balance.

Every quarter checks its identities by itself and stops the run if one fails; what is
checked here besides is independent of that check.
"""

import numpy as np
import pytest

from abm import RelocationModel
from abm.accounts import ROUNDING
from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS
from abm.twin import alike, twin
from experiments.overrides import load_scenario

FIRMS = 200


def content(threshold):
    key = "rules_of_origin.regional_value_content"
    return [f"{key}.{sector}={threshold}" for sector in FOOTLOOSE]


def duties(rate):
    rates = [
        f"tariffs.special.{market}.{origin}.all={rate}"
        for market in HOSTS
        for origin in (*HOSTS, "CHN", "ROW")
        if origin != market
    ]
    return [*rates, "tariffs.special_waived_for_originating=false"]


WORLDS = {
    "duties of nothing": duties(0.0),
    "the highest duties a scenario may set": duties(5.0),
    "no content at all asked for": content(0.0),
    "nothing but content asked for": content(1.0),
    "every claim audited": [f"enforcement.audit_rate.{host}=1.0" for host in HOSTS],
    "paperwork for nothing": ["enforcement.paperwork_scale=0.0"],
    "paperwork a hundredfold": ["enforcement.paperwork_scale=100.0"],
}


@pytest.fixture(scope="module")
def donor():
    return RelocationModel("status-quo", firms=FIRMS, rng=4)


def assert_balanced(model):
    accounts = model.accounts
    shipped = (accounts.final.value + accounts.intermediate.value)[:N_FOOTLOOSE, :N_HOSTS]
    np.testing.assert_allclose(shipped.sum(axis=2), accounts.sales, rtol=ROUNDING)
    assert (accounts.sales > 0).all()
    assert (accounts.employment > 0).all()
    assert (accounts.content >= 0).all()
    assert (accounts.content <= 1 + ROUNDING).all()
    for table in model.frames().values():
        numbers = table.select_dtypes("number").to_numpy(float)
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_at_the_edge_runs_and_balances(donor, world):
    scenario = load_scenario("status-quo", WORLDS[world])
    assert alike(donor.scenario, scenario)
    model = twin(donor, scenario)
    model.run_for(3)
    assert_balanced(model)


def test_a_hundred_years_keep_every_identity(donor):
    model = twin(donor, load_scenario("threat-35"))
    model.run_for(400)
    assert model.quarter == 400
    assert_balanced(model)
