"""The calibration year is reproduced at any number of firms, and is a rest point."""

import numpy as np
import pytest

from abm import RelocationModel
from abm.axes import HOSTS, N_FOOTLOOSE, N_GOODS, N_HOSTS
from abm.economy import load_economy

PROMISED = 1e-3
"""Largest relative miss of a cell that carries a ten-thousandth of its row or more."""


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
    bought = model.base_year.tally.purchases.sum(axis=(4, 5))[:, :N_GOODS]
    duty = model.calibration.base_input_duty[None, :N_GOODS, :, :N_HOSTS]
    use = load_economy().intermediate_use[:, :N_GOODS, :N_HOSTS, :N_FOOTLOOSE] / 4
    assert_close(bought / (1 + duty), np.transpose(use, (3, 1, 0, 2)), (1, 2))


def test_jobs_and_output_by_country_are_those_of_the_figures(model):
    first = model.outcomes.query("quarter == 0").groupby("region")
    economy = load_economy()
    jobs = economy.employment[:, :N_FOOTLOOSE].sum(axis=1)
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1) / 4
    np.testing.assert_allclose(first["employment"].sum()[list(HOSTS)], jobs, rtol=PROMISED)
    np.testing.assert_allclose(first["output_musd"].sum()[list(HOSTS)], output, rtol=PROMISED)


def test_without_news_the_economy_stays_where_it_is_while_firms_move():
    model = RelocationModel("status-quo", firms=10_000, rng=1)
    model.run_for(40)
    frames = model.frames()
    by_country = frames["outcomes"].groupby(["quarter", "region"])[["output_musd", "employment"]]
    totals = by_country.sum()
    drift = totals.loc[40] / totals.loc[0] - 1
    assert drift.abs().to_numpy().max() < 0.01
    goods = frames["trade"][
        ~frames["trade"]["sector"].isin(["telecom", "finance", "other_services"])
    ]
    flows = (
        goods.groupby(["quarter", "origin", "destination"])["value_musd"].sum().unstack("quarter")
    )
    members = flows.loc[[(a, b) for a in HOSTS for b in HOSTS]]
    assert (members[40] / members[0] - 1).abs().max() < 0.01
    assert (frames["moves"]["stage"] == "completed").sum() > 0
