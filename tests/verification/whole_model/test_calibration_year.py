"""The calibration year is reproduced at any number of firms, and is a rest point."""

import numpy as np
import pytest

from abm import RelocationModel
from abm.axes import GOODS, HOMES, HOSTS, N_FOOTLOOSE, N_GOODS, N_HOSTS
from abm.economy.tables import load_economy
from tests.support.thorough import but_for

pytestmark = pytest.mark.anew

PROMISED = 1e-3
"""Largest relative miss of a cell that carries a ten-thousandth of its row or more."""

DRIFT = {"USA": 0.01, "MEX": 0.03, "CAN": 0.03}
"""Largest departure of a country from the calibration year in four years at 10,000 firms, where
plants open and close all the time and, in small countries, some of it is luck."""

LANE_DRIFT = 0.08
"""That of what one region ships to another, of lanes with a five-hundredth of all trade. The
largest is from Mexico to the United States, where few plants make most of what final users buy."""


SIZES_AND_SEEDS = [(300, 1), (1000, 2), (4000, 1)]


@pytest.fixture(scope="module", params=but_for(SIZES_AND_SEEDS[:1], SIZES_AND_SEEDS), ids=str)
def model(request):
    firms, seed = request.param
    return RelocationModel("status-quo", firms=firms, rng=seed)


def assert_close(found, wanted, axes):
    row = wanted.sum(axis=axes, keepdims=True)
    matters = wanted > 1e-4 * row
    assert matters.any()
    np.testing.assert_allclose(found[matters], wanted[matters], rtol=PROMISED)


def test_trade_by_sector_is_that_of_the_table(model):
    economy, accounts = load_economy(), model.accounts
    final = np.moveaxis(economy.final_demand, 0, 1) / 4
    used = np.moveaxis(economy.intermediate_use.sum(axis=3), 0, 1) / 4
    assert_close(accounts.final.value, final, (1, 2))
    assert_close(accounts.intermediate.value[:N_GOODS], used[:N_GOODS], (1, 2))


def test_inputs_come_from_where_the_table_says(model):
    bought = model.start.base_year.tally.purchases.sum(axis=(4, 5))[:, :N_GOODS]
    on_top = model.calibration.base_on_top[:N_GOODS, :, :N_HOSTS]
    use = load_economy().intermediate_use[:, :N_GOODS, :N_HOSTS, :N_FOOTLOOSE] / 4
    assert_close(bought / on_top, np.transpose(use, (3, 1, 0, 2)), (1, 2))


def test_jobs_and_output_by_country_are_those_of_the_figures(model):
    first = model.outcomes.query("quarter == 0").groupby("region")
    economy = load_economy()
    jobs = economy.employment[:, :N_FOOTLOOSE].sum(axis=1)
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1) / 4
    np.testing.assert_allclose(first["employment"].sum()[list(HOSTS)], jobs, rtol=PROMISED)
    np.testing.assert_allclose(first["output_musd"].sum()[list(HOSTS)], output, rtol=PROMISED)


def test_owners_from_every_home_make_their_shares_of_a_host_s_output(model):
    owned, economy = model.accounts.owned_output.sum(axis=0), load_economy()
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].T
    wanted = (economy.owners * output[..., None]).sum(axis=0)
    found = owned / owned.sum(axis=1, keepdims=True)
    # Of few firms one with plants in two countries cannot make the right share in both.
    luck = 0.03 if model.standing_firms < 1000 else 0.02
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=1, keepdims=True), atol=luck)
    np.testing.assert_allclose(owned.sum(axis=1), output.sum(axis=0) / 4, rtol=1e-3)


def test_a_host_has_about_as_many_plants_as_real_establishments(model):
    """Many small ones of its own makers in Mexico, beside few large ones from abroad."""
    table, establishments = model.firms, load_economy().establishments
    plants = (table.weight[:, None] * table.plants).sum(axis=0)
    assert (plants / establishments > 0.4).all()
    assert (plants / establishments < 1.5).all()
    mean = np.bincount(table.home, table.size * table.weight) / np.bincount(
        table.home, table.weight
    )
    assert mean[HOMES.index("MEX")] < 0.2 * mean[HOMES.index("USA")]


@pytest.fixture(scope="module")
def long_run():
    """Four years without news, at the size of which the promise is made."""
    model = RelocationModel("status-quo", firms=10_000, rng=1)
    model.run_for(16)
    return model


def largest_drift(by_quarter, least):
    """Largest departure from quarter 0 in any quarter, over series above a share of the whole."""
    series = by_quarter.unstack("quarter").T
    large = series.loc[0] > least * series.loc[0].sum()
    assert large.any()
    return float((series.loc[:, large] / series.loc[0, large] - 1).abs().max(axis=None))


@pytest.mark.thorough
def test_without_news_output_and_jobs_stay_where_they_are_in_every_quarter(long_run):
    by_country = long_run.outcomes.groupby(["region", "quarter"])[["output_musd", "employment"]]
    for _, series in by_country.sum().items():
        for country, drift in DRIFT.items():
            assert largest_drift(series.loc[[country]], 0) < drift


def test_without_news_every_large_trade_flow_stays_where_it_is_in_every_quarter(long_run):
    trade = long_run.frames()["trade"]
    trade = trade[trade["sector"].isin(GOODS)]
    lanes = trade.groupby(["origin", "destination", "quarter"])["value_musd"].sum()
    assert largest_drift(lanes, 2e-3) < LANE_DRIFT
