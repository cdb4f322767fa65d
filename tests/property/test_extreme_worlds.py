"""Worlds at the edge of what a scenario may say run, and their books balance.

Every quarter checks its identities by itself and stops the run if one fails; what is
checked here besides is independent of that check.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm import RelocationModel
from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, REGIONS
from abm.base_year.calibration import PROMISED
from abm.economy.tables import load_economy
from abm.errors import CalibrationError
from abm.trade.books.accounts import ROUNDING
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

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


def assert_balanced(model):
    made = model.economy.makes
    accounts = model.accounts
    shipped = (accounts.final.value + accounts.intermediate.value)[:N_FOOTLOOSE, :N_HOSTS]
    np.testing.assert_allclose(shipped.sum(axis=2), accounts.sales, rtol=ROUNDING)
    assert ((accounts.sales > 0) == made).all()
    assert ((accounts.employment > 0) == made).all()
    assert (accounts.content >= 0).all()
    assert (accounts.content <= 1 + ROUNDING).all()
    for table in model.frames().values():
        numbers = table.select_dtypes("number").to_numpy(float)
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_at_the_edge_runs_and_balances(world):
    model = model_of(load_scenario("status-quo", WORLDS[world]), FIRMS, seed=5)
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
    model = RelocationModel("usmca", firms=100, rng=5, economy=without_china(load_economy()))
    model.run_for(2)
    assert model.calibration.largest_error < PROMISED
    assert_balanced(model)


def with_less_of(sector, host, left, heir, observed=None):
    """An economy in which a host keeps a share of a sector, and an heir does the rest."""
    observed = observed or load_economy()
    names = ("intermediate_use", "final_demand", "output", "value_added", "employment")
    moved = {name: getattr(observed, name).copy() for name in names}
    of_sector = FOOTLOOSE.index(sector)
    use = moved["intermediate_use"]
    rows = [array[:, of_sector] for array in moved.values()]
    for by_region in (*rows, np.moveaxis(use, 2, 0)[..., of_sector]):
        gone = (1 - left) * by_region[HOSTS.index(host)]
        by_region[HOSTS.index(host)] -= gone
        by_region[HOSTS.index(heir)] += gone
    return replace(observed, **moved)


@pytest.mark.parametrize("scenario", ["usmca", "blanket-25"])
@pytest.mark.parametrize("left", [0.01, 0.001, 0.0])
def test_a_host_with_next_to_nothing_or_nothing_of_a_sector_runs_and_balances(scenario, left):
    economy = with_less_of("cars", "CAN", left, "USA")
    model = RelocationModel(scenario, firms=FIRMS, rng=5, economy=economy)
    assert model.calibration.largest_error < PROMISED
    assert model.economy.makes[FOOTLOOSE.index("cars"), HOSTS.index("CAN")] == (left > 0)
    model.run_for(6)
    assert_balanced(model)


@pytest.mark.parametrize(
    ("sector", "host", "heir"), [("food", "USA", "CAN"), ("machinery", "MEX", "USA")]
)
def test_any_host_can_be_without_any_sector(sector, host, heir):
    economy = with_less_of(sector, host, 0.0, heir)
    model = RelocationModel("usmca", firms=FIRMS, rng=5, economy=economy)
    model.run_for(2)
    assert_balanced(model)


def test_a_sector_made_in_one_host_alone_stays_there():
    without_mexico = with_less_of("cars", "MEX", 0.0, "USA")
    economy = with_less_of("cars", "CAN", 0.0, "USA", without_mexico)
    model = RelocationModel("usmca", firms=FIRMS, rng=5, economy=economy)
    model.run_for(4)
    assert_balanced(model)
    cars = model.firms.sector == FOOTLOOSE.index("cars")
    stands = model.firms.plants[cars].any(axis=1)
    assert stands.any()
    assert model.firms.plants[cars][stands].tolist() == [[True, False, False]] * int(stands.sum())


def test_no_plant_ever_opens_where_a_sector_is_not_made():
    """However cheap a plant, however large the luck, and however far off its cost."""
    eager = [
        "firms.build_cost=0.0",
        "firms.build_noise=50.0",
        "firms.reviews_per_year=4.0",
        "firms.discount_per_year=0.0001",
        "firms.stage_quarters=[1, 1, 1]",
        "firms.stage_cost_shares=[0.0, 0.0, 1.0]",
        "subsidies.CAN.all=0.9",
    ]
    economy = with_less_of("cars", "CAN", 0.0, "USA")
    model = RelocationModel(load_scenario("usmca", eager), firms=300, rng=5, economy=economy)
    model.run_for(8)
    cars, canada = model.firms.sector == FOOTLOOSE.index("cars"), HOSTS.index("CAN")
    moves = model.frames()["moves"]
    assert (moves["to_config"][moves["sector"] == "machinery"].str.contains("CAN")).any()
    moved = moves["to_config"][moves["sector"] == "cars"]
    assert len(moved)
    assert not moved.str.contains("CAN").any()
    assert not model.firms.plants[cars, canada].any()
    assert_balanced(model)


def refused(economy):
    with pytest.raises(CalibrationError) as raised:
        RelocationModel("usmca", firms=FIRMS, economy=economy)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_an_economy_that_cannot_be_is_refused_in_one_line():
    observed = load_economy()
    canada, cars = HOSTS.index("CAN"), FOOTLOOSE.index("cars")
    output = observed.output.copy()
    output[canada, cars] = 0
    assert "CAN makes no cars, yet sells " in refused(replace(observed, output=output))
    output[: len(HOSTS), cars] = 0
    assert "no host makes any cars" in refused(replace(observed, output=output))
    use, demand = observed.intermediate_use.copy(), observed.final_demand.copy()
    use[canada, cars] = demand[canada, cars] = 0
    unsold = replace(observed, intermediate_use=use, final_demand=demand)
    assert "CAN makes cars and sells none" in refused(unsold)


def test_a_productivity_that_distance_uses_up_is_refused_in_one_line():
    far = load_scenario("usmca", ["firms.home_decay=0.9"])
    with pytest.raises(CalibrationError, match=r"firms\.home_decay: 0\.9 leaves .*; must be below"):
        RelocationModel(far, firms=FIRMS)


def test_firms_that_differ_beyond_all_numbers_are_refused_in_one_line():
    unlike = load_scenario("usmca", ["firms.location_dispersion=0.000001"])
    with np.errstate(all="ignore"), pytest.raises(CalibrationError, match="are not finite") as said:
        RelocationModel(unlike, firms=FIRMS)
    assert "\n" not in str(said.value)


def test_inputs_beyond_what_sales_pay_for_are_laid_at_their_sectors_door():
    """Canada's cars gone to a hundredth, and nobody buys what their makers bought."""
    observed = load_economy()
    canada, cars = HOSTS.index("CAN"), FOOTLOOSE.index("cars")
    use, demand, output = (
        getattr(observed, name).copy() for name in ("intermediate_use", "final_demand", "output")
    )
    for flows in (use[canada, cars], use[:, :, canada, cars], demand[canada, cars]):
        flows *= 0.01
    output[canada, cars] *= 0.01
    shrunk = replace(observed, intermediate_use=use, final_demand=demand, output=output)
    assert "inputs of vehicle_parts in CAN cost " in refused(shrunk)


def test_plants_that_cost_nothing_to_build_move_and_the_books_balance():
    free = ["firms.build_cost=0.0", "firms.build_noise=1.0", "firms.keep_noise=1.0"]
    model = RelocationModel(load_scenario("usmca", free), firms=100, rng=5)
    model.run_for(1)
    assert_balanced(model)


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-3])
def test_firms_with_no_or_next_to_no_luck_have_a_place(noise):
    quiet = [f"firms.build_noise={noise}", f"firms.keep_noise={noise}"]
    scenario = load_scenario(
        "status-quo", [*quiet, "firms.death_always=0", "firms.death_of_small=0"]
    )
    model = RelocationModel(scenario, firms=FIRMS, rng=5)
    model.run_for(2)
    assert_balanced(model)
    table = model.firms
    local = np.flatnonzero((table.home < N_HOSTS) & table.founded)
    assert table.plants[local, table.home[local]].mean() > 0.7


@pytest.mark.thorough
def test_forty_years_full_of_events_keep_every_identity():
    """All that happened from 2016 on, and partners who answer duties ever after."""
    answers = ["retaliation.MEX=0.5", "retaliation.CAN=0.5"]
    model = model_of(load_scenario("history", answers), FIRMS, seed=5)
    model.run_for(160)
    assert model.quarter == 160
    assert {"USA", "MEX", "CAN"} <= {event["actor"] for event in model.events}
    assert len(model.events) > 60
    assert len(model.frames()["moves"])
    assert_balanced(model)
