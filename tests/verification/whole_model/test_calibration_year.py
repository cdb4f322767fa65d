"""The calibration year is reproduced at any number of firms, and is a rest point."""

import numpy as np
import pytest
from scipy import stats

from abm import RelocationModel
from abm.axes import GOODS, HOSTS, N_FOOTLOOSE, N_GOODS, N_HOSTS
from abm.core.choice.location import choice_probabilities, solve_values
from abm.core.choice.long_run import stationary_distribution
from abm.economy.tables import load_economy
from abm.location.moving_costs import (
    MovingCosts,
    build_up_costs,
    location_problem,
    quarterly_review,
)

PROMISED = 1e-3
"""Largest relative miss of a cell that carries a ten-thousandth of its row or more."""

DRIFT = 0.01
"""Largest departure from the calibration year in forty quarters at ten thousand firms."""


@pytest.fixture(scope="module", params=[(300, 1), (1000, 2), (4000, 1)], ids=str)
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


def test_a_country_s_firms_are_as_large_as_its_establishments(model):
    """So a firm that goes abroad takes its home's size along, not that of its new neighbours."""
    table, economy = model.firms, load_economy()
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1)
    in_all = np.bincount(table.home, table.size * table.weight, N_HOSTS)
    # Cells draw their sizes by strata; a few firms stand for the smallest cells.
    np.testing.assert_allclose(in_all / in_all.sum(), output / output.sum(), atol=0.02)
    mean = in_all / np.bincount(table.home, table.weight, N_HOSTS)
    real = output / economy.establishments
    np.testing.assert_allclose(mean / mean[0], real / real[0], rtol=0.1)


@pytest.fixture(scope="module")
def long_run():
    """Ten years without news, at the size of which the promise is made."""
    model = RelocationModel("status-quo", firms=10_000, rng=1)
    model.run_for(40)
    return model


def largest_drift(by_quarter, least):
    """Largest departure from quarter 0 in any quarter, over series above a share of the whole."""
    series = by_quarter.unstack("quarter").T
    large = series.loc[0] > least * series.loc[0].sum()
    assert large.any()
    return float((series.loc[:, large] / series.loc[0, large] - 1).abs().max(axis=None))


def test_without_news_output_and_jobs_stay_where_they_are_in_every_quarter(long_run):
    by_country = long_run.outcomes.groupby(["region", "quarter"])[["output_musd", "employment"]]
    for _, series in by_country.sum().items():
        assert largest_drift(series, 0) < DRIFT


def test_without_news_every_large_trade_flow_stays_where_it_is_in_every_quarter(long_run):
    trade = long_run.frames()["trade"]
    trade = trade[trade["sector"].isin(GOODS)]
    lanes = trade.groupby(["origin", "destination", "quarter"])["value_musd"].sum()
    assert largest_drift(lanes, 1e-4) < DRIFT
    by_sector = trade.groupby(["sector", "origin", "destination", "quarter"])["value_musd"].sum()
    assert largest_drift(by_sector, 2e-3) < DRIFT


def test_without_news_firms_move_at_the_rate_their_own_chances_say(long_run):
    """Rest is a balance of moves: their number is Poisson around what choices imply."""
    table, settings = long_run.firms, long_run.scenario.firms
    moves = long_run.frames()["moves"]
    completed = moves.query("stage == 'completed'")["firms"].sum()
    build_up = build_up_costs(long_run.economy, settings, long_run.scenario.economy.speeds)
    problem = location_problem(
        MovingCosts(settings, build_up=build_up),
        table.location_taste.astype(np.float64)[..., None],
        np.ones((1, 1, 1)),
        np.zeros(len(table), np.int64),
        table.sector,
    )
    values, _ = solve_values(problem, tolerance=1e-9)
    chances = choice_probabilities(problem, values)[..., 0]
    leaves = 1 - np.diagonal(chances, axis1=1, axis2=2)
    at_rest = (stationary_distribution(chances) * leaves).sum()
    expected = at_rest * quarterly_review(settings) * 40
    low, high = stats.poisson.ppf([0.0005, 0.9995], expected)
    assert low <= completed <= high, (expected, completed)
