"""What the scenario of collected duties levies is what the model's customs collect."""

from functools import cache

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, GOODS
from abm.model import RelocationModel
from experiments.scenarios.collected_duties import special_duties

FIRMS = 300

duties_of_the_scenario = cache(special_duties)


def entered(scenario):
    """What enters the United States: duty and customs value by use, origin, sector and quarter."""
    model = RelocationModel(scenario, firms=FIRMS, rng=1)
    model.run_for(24)
    trade = model.frames()["trade"]
    trade = trade[(trade["destination"] == "USA") & trade["sector"].isin(GOODS)]
    index = ["use", "origin", "sector"]
    return [
        trade.pivot_table(index=index, columns="quarter", values=name, aggfunc="sum")
        for name in ("duty_musd", "customs_value_musd")
    ]


@pytest.fixture(scope="module")
def collected():
    return entered("collected-2018")


@pytest.fixture(scope="module")
def usual():
    return entered("status-quo")


@pytest.fixture(scope="module")
def rates(collected):
    """Duty over customs value of US imports; index use, origin, sector, columns quarters."""
    duty, customs = collected
    return (duty / customs.where(customs > 0)).dropna()


def levied(origin, sector):
    """Rate of the scenario by quarter of the run; none in 2017."""
    duty = duties_of_the_scenario()
    by_quarter = duty[origin, sector] if (origin, sector) in duty else 0 * duty.iloc[:, 0]
    return np.concatenate([np.zeros(4), by_quarter])


@pytest.mark.parametrize("use", ["final", "intermediate"])
@pytest.mark.parametrize("origin", ["CHN", "ROW"])
def test_duties_on_china_and_the_rest_reach_consumers_and_makers(rates, use, origin):
    found = rates.loc[use, origin]
    # Every good of China but energy is bought for both uses.
    assert set(found.index) >= set(GOODS) - {"primary_energy"}
    for sector, by_quarter in found.iterrows():
        on_top = by_quarter.loc[1:] - by_quarter.loc[0]
        np.testing.assert_allclose(on_top, levied(origin, sector), atol=1e-9)


@pytest.mark.parametrize("use", ["final", "intermediate"])
def test_consumers_and_makers_spend_less_on_what_the_duties_fall_on(collected, usual, use):
    """Duty included, so a duty that is booked and moves nobody would not pass."""
    spent, before = (duty + customs for duty, customs in (collected, usual))
    # What consumers spend on energy of each origin is fixed, whatever the duty.
    hit = [good for good in FOOTLOOSE if levied("CHN", good)[-1] > 0.03]
    assert len(hit) == len(FOOTLOOSE)
    change = (spent.loc[use, "CHN"] / before.loc[use, "CHN"] - 1)[24]
    assert (change[hit] < -0.02).all()


@pytest.mark.parametrize("use", ["final", "intermediate"])
@pytest.mark.parametrize("origin", ["MEX", "CAN"])
def test_metal_duties_on_members_fall_on_originating_goods_too(rates, use, origin):
    on_top = rates.loc[use, origin, "metals"].loc[1:] - rates.loc[use, origin, "metals"].loc[0]
    # Few metals of members pay any other duty, and who pays it may change.
    np.testing.assert_allclose(on_top, levied(origin, "metals"), atol=3e-3)
    assert on_top.loc[7] > 0.03
    assert abs(on_top.loc[11:]).max() < 3e-3
