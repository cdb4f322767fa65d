"""Worlds at the edge of what a scenario may say run, and their books balance.

Every quarter checks its identities by itself and stops the run if one fails; what is
checked here besides is independent of that check.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm import RelocationModel
from abm.accounts import ROUNDING
from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, REGIONS
from abm.calibration import PROMISED
from abm.economy import load_economy
from abm.errors import CalibrationError
from abm.twin import alike, twin
from experiments.overrides import load_scenario

FIRMS = 100


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


def without_china(observed):
    """An economy in which the rest of the world does all that China did."""
    chn, row = REGIONS.index("CHN"), REGIONS.index("ROW")
    use, demand, output = (
        getattr(observed, name).copy() for name in ("intermediate_use", "final_demand", "output")
    )
    for flows in (use, demand):
        for by_region in (flows, np.moveaxis(flows, 2, 0)):
            by_region[row] += by_region[chn]
            by_region[chn] = 0
    output[row] += output[chn]
    output[chn] = 0
    return replace(observed, intermediate_use=use, final_demand=demand, output=output)


def test_an_economy_without_china_runs_and_balances():
    model = RelocationModel("usmca", firms=100, rng=4, economy=without_china(load_economy()))
    model.run_for(2)
    assert model.calibration.largest_error < PROMISED
    assert_balanced(model)


def test_an_economy_without_a_sector_in_a_host_is_refused_in_one_line():
    observed = load_economy()
    output = observed.output.copy()
    output[HOSTS.index("CAN"), FOOTLOOSE.index("cars")] = 0
    with pytest.raises(CalibrationError, match="CAN makes no cars"):
        RelocationModel("usmca", firms=100, economy=replace(observed, output=output))


def test_plants_that_cost_nothing_to_build_move_and_the_books_balance():
    free = ["firms.build_cost=0.0", "firms.choice_noise=0.02"]
    model = RelocationModel(load_scenario("usmca", free), firms=100, rng=4)
    model.run_for(1)
    assert_balanced(model)


def test_a_hundred_years_keep_every_identity(donor):
    model = twin(donor, load_scenario("threat-35"))
    model.run_for(400)
    assert model.quarter == 400
    assert_balanced(model)
