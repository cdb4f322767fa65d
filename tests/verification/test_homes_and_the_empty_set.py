"""Firms of five homes, some of which have no plant in North America.

Owners' shares of output are checked with the calibration year.
"""

import numpy as np
import pandas as pd
import pytest

from abm.axes import (
    CONFIG_LABELS,
    FOOTLOOSE,
    HAS_PLANT,
    HOMES,
    HOSTS,
    N_FOOTLOOSE,
    N_HOSTS,
    NO_PLANT,
)
from abm.engine.blocks import of_one_sector
from abm.location.relocation import _leaves_a_plant
from abm.model import RelocationModel
from abm.trade.inputs.suppliers import IDLE
from abm.trade.sales.customers import AT_HOME, AT_ONCE, HELD
from abm.trade.sales.market_clearing import standing_plants
from abm.trade.sales.serving import serve
from abm.worlds.checkpoint import put_away, take_up
from abm.worlds.twin import twin
from agents import Firm
from experiments.scenarios.overrides import load_scenario

THREE_HOMES = ("firms.foreign_firms=false", "firms.empty_slots=0.0", "economy.supply_slope=0")
MEX, USA = HOSTS.index("MEX"), HOSTS.index("USA")
SINGLE = 2e-5


@pytest.fixture(scope="module")
def donor() -> RelocationModel:
    return RelocationModel("status-quo", firms=400, rng=2)


def another(model: RelocationModel) -> RelocationModel:
    return twin(model, model.scenario)


def test_with_three_homes_and_no_empty_slots_there_are_the_firms_asked_for_and_no_others():
    model = RelocationModel(load_scenario("status-quo", THREE_HOMES), firms=300, rng=1)
    assert len(model.firms) == 300
    assert (model.firms.home < N_HOSTS).all()
    assert model.firms.plants.any(axis=1).all()
    np.testing.assert_array_equal(model.calibration.fringe, model.calibration.imports)


def test_as_many_firms_stand_as_are_asked_for_and_the_others_come_on_top(donor):
    table = donor.firms
    stands = table.plants.any(axis=1)
    assert stands.sum() == donor.standing_firms == 400
    local = table.home < N_HOSTS
    assert donor.firms_on_top == {
        "not founded": (local & ~stands).sum(),
        "serves from home": (~local & ~stands).sum(),
    }
    assert (local & ~stands).sum() == pytest.approx(0.2 * (local & stands).sum(), abs=10)
    np.testing.assert_array_equal(table.founded, stands)
    np.testing.assert_array_equal(stands, table.config != NO_PLANT)


@pytest.mark.thorough
def test_what_stands_in_a_country_differs_little_between_seeds():
    """With independent draws Mexican output varied by 14% at 2,000 firms."""
    made = []
    for seed in range(5):
        table = RelocationModel("status-quo", firms=1000, rng=seed).firms
        share = table.base_plant_sales[np.arange(len(table)), table.config]
        made.append((table.base_revenue * table.weight) @ share)
    spread = np.std(made, axis=0, ddof=1) / np.mean(made, axis=0)
    assert (spread < 0.02).all()


def test_what_plants_at_home_abroad_sell_is_taken_out_of_the_fringe(donor):
    calibration, economy = donor.calibration, donor.economy
    final = np.moveaxis(economy.final_demand[:, :N_FOOTLOOSE], 0, 1)[:, N_HOSTS:] / 4
    value = donor.base_accounts.final.value[:N_FOOTLOOSE, N_HOSTS:]
    np.testing.assert_allclose(value, final, rtol=1e-9)
    assert (calibration.fringe >= 0).all()
    served = serve(donor.this_quarter(), donor.customers, HELD, donor.trade)
    from_homes = (served.imports - served.customers.fringe) * calibration.expenditure[:, None]
    wanted = calibration.imports - calibration.fringe
    np.testing.assert_allclose(from_homes, wanted, rtol=1e-3, atol=1e-6 * wanted.max())
    share = wanted[:, N_HOSTS:, :N_HOSTS] / calibration.imports[:, N_HOSTS:, :N_HOSTS]
    np.testing.assert_allclose(share, donor.scenario.firms.foreign_share_of_imports)


def test_plants_at_home_abroad_meet_the_duties_of_the_fringe():
    overrides = ["tariffs.special.USA.CHN.all=0.25"]
    before, after = (
        RelocationModel(load_scenario("status-quo", more), firms=100, rng=1)
        for more in ([], overrides)
    )
    for model in (before, after):
        model.step()
    chn = HOMES.index("CHN")
    for sector in range(N_FOOTLOOSE):
        one, other = (
            standing_plants(model.this_quarter(), of_one_sector(model.firms, sector), model.trade)[
                chn
            ]
            for model in (before, after)
        )
        assert len(one.firm)
        duty = before.outside[sector, chn, USA, before.trade]
        np.testing.assert_allclose(
            other.mark_on[:, USA] / one.mark_on[:, USA], (1.25 + duty) / (1 + duty), rtol=1e-6
        )
        np.testing.assert_array_equal(other.mark_on[:, MEX], one.mark_on[:, MEX])
    sold = [model.accounts.final.value[:N_FOOTLOOSE, chn, USA].sum() for model in (before, after)]
    assert sold[1] < sold[0]


def test_firms_without_a_plant_sell_nothing_from_here_and_have_no_suppliers(donor):
    model = another(donor)
    model.run_for(2)
    table, customers = model.firms, model.customers
    absent = ~table.plants.any(axis=1)
    assert (customers.pool[absent] == 0).all()
    assert (customers.split[absent][:, :N_HOSTS] == 0).all()
    slots = absent & (table.home < N_HOSTS)
    assert (customers.firms[slots] == 0).all()
    assert (customers.firms[absent & ~slots][:, :N_HOSTS] > 0).all()
    assert (model.network.supplier[absent] < 0).all()
    assert (model.network.host[absent] == IDLE).all()
    assert not np.isin(np.flatnonzero(absent), model.network.supplier).any()


def test_owners_jobs_output_and_plants_add_up_to_those_of_hosts(donor):
    model = another(donor)
    model.run_for(2)
    frames = model.frames()
    keys = ["quarter", "region", "sector"]
    summed = frames["owners"].groupby(keys)[["plants", "output_musd", "employment"]].sum()
    whole = frames["outcomes"].set_index(keys).loc[summed.index]
    for column in summed:
        np.testing.assert_allclose(summed[column], whole[column], rtol=SINGLE, atol=1e-6)
    assert set(frames["owners"]["home"]) == set(HOMES)


def largest_alone(model: RelocationModel, host: int) -> int:
    """A firm of a member with its only plant there, no project, and many customers."""
    table = model.firms
    label = CONFIG_LABELS.index(HOSTS[host])
    idle = (table.home == host) & (table.config == label) & (table.target < 0)
    rows = np.flatnonzero(idle)
    return int(rows[np.argmax(model.customers.firms[rows, host])])


def test_a_firm_that_exits_leaves_its_customers_to_all_others_in_proportion(donor):
    model = another(donor)
    model.step()
    table, row = model.firms, largest_alone(model, USA)
    before = model.customers
    table.plants[row], table.config[row] = False, NO_PLANT
    after = serve(model.this_quarter(), before, HELD, model.trade).customers
    sector = table.sector[row]
    others = (table.sector == sector) & (np.arange(len(table)) != row)
    assert (after.firms[row] == 0).all()
    left = before.firms[row]
    grown = after.firms[others] * (1 - left)
    np.testing.assert_allclose(grown, before.firms[others], rtol=1e-12)
    np.testing.assert_allclose(after.fringe[sector] * (1 - left), before.fringe[sector], rtol=1e-12)
    jobs = model.accounts.owned_jobs[sector, USA, USA]
    model.step()  # which checks all identities
    assert model.agents_by_type[Firm][row].status == "closed"
    assert model.accounts.owned_jobs[sector, USA, USA] < jobs
    assert (model.network.host[row] == IDLE).all()
    assert (model.customers.split[row] == 0).all()


def test_an_entrant_wins_customers_from_nothing_and_finds_suppliers():
    late = load_scenario("status-quo", ["economy.win=0.15"])
    model = RelocationModel(late, firms=400, rng=2)
    model.step()
    table = model.firms
    row = int(np.flatnonzero((table.home == MEX) & ~table.founded)[0])
    assert model.agents_by_type[Firm][row].status == "not founded"
    table.config[row] = CONFIG_LABELS.index("MEX")
    table.plants[row] = HAS_PLANT[table.config[row]]
    win = model.scenario.economy.win
    model.step()
    anew = serve(model.this_quarter(), model.customers, AT_ONCE, model.trade).customers
    np.testing.assert_allclose(model.customers.firms[row], win * anew.firms[row], rtol=0.1)
    assert model.agents_by_type[Firm][row].status == "stands"
    assert (model.network.host[row] != IDLE).all()
    assert (model.network.supplier[row] >= 0).any()
    grown = [model.customers.firms[row, MEX]]
    for _ in range(4):
        model.step()
        grown.append(model.customers.firms[row, MEX])
    assert (np.diff(grown) > 0).all()


def test_a_first_plant_here_takes_over_sales_of_the_plant_at_home_by_and_by(donor):
    model = another(donor)
    model.step()
    table = model.firms
    abroad = np.flatnonzero((table.home == HOMES.index("ROW")) & (table.config == NO_PLANT))
    row = int(abroad[np.argmax(model.customers.firms[abroad, USA])])
    had = model.customers.firms[row, USA]
    assert (model.customers.split[row, AT_HOME] > 0).any()
    table.config[row] = CONFIG_LABELS.index("USA")
    table.plants[row] = HAS_PLANT[table.config[row]]
    model.step()
    now = model.customers
    anew = serve(model.this_quarter(), now, AT_ONCE, model.trade).customers
    shift = model.scenario.economy.shift
    np.testing.assert_allclose(
        now.split[row, USA, USA], shift * anew.split[row, USA, USA], rtol=1e-3
    )
    np.testing.assert_allclose(now.split[row, :, USA].sum(), 1, rtol=1e-6)
    assert now.firms[row, USA] > 0.9 * had  # its customers are its own from the start
    np.testing.assert_array_equal(now.split[row, :N_HOSTS, USA] > 0, table.plants[row])


def test_the_last_plant_of_a_sector_at_a_host_never_goes(donor):
    table = another(donor).firms
    for sector in range(N_FOOTLOOSE):
        rows = np.flatnonzero((table.sector == sector) & table.plants[:, MEX])
        assert not _leaves_a_plant(table, rows, np.full(len(rows), NO_PLANT)).all(), FOOTLOOSE[
            sector
        ]
        assert _leaves_a_plant(table, rows[:1], np.array([NO_PLANT])).all() == (len(rows) > 1)


def test_a_run_with_entries_and_exits_is_put_away_and_taken_up(donor):
    model = another(donor)
    model.step()
    table = model.firms
    entrant = int(np.flatnonzero((table.home == MEX) & ~table.founded)[0])
    leaver = largest_alone(model, USA)
    table.config[[entrant, leaver]] = CONFIG_LABELS.index("MEX"), NO_PLANT
    table.plants[:] = HAS_PLANT[table.config]
    model.step()
    again = take_up(put_away(model))
    assert again.standing_firms == model.standing_firms
    for each in (model, again):
        each.run_for(2)
    for name, frame in model.frames().items():
        pd.testing.assert_frame_equal(frame, again.frames()[name])
