"""One definition of every indicator: page, summary, validation and governments read one number."""

import json

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HOSTS, MOTOR, REGIONS
from abm.errors import OutputError
from abm.governments.watching import outlook
from abm.trade.books import indicators
from experiments.outcomes import quantities as measures
from experiments.scenarios.overrides import load_scenario
from experiments.validation.measuring import quarter_measures
from viz.charts.basics import LIGHT
from viz.charts.headline_numbers import headlines
from viz.charts.lines import CHARTS, false_claims
from viz.lab.frame import take
from viz.lab.laboratory import Laboratory, Start

QUARTERS = 3
UNREST = (
    "tariffs.special.USA.all.all=0.2",
    "barriers.MEX.USA.all=0.05",
    "enforcement.audit_rate.USA=0.0",
    "firms.honesty_median=0.001",
    "economy.win=0.5",  # else customers are where they would go in every quarter
)
"""Something for every indicator to follow, false claims too."""


@pytest.fixture(scope="module")
def world():
    """A world of the page, three quarters in."""
    lab = Laboratory(Start(load_scenario("usmca", list(UNREST)), 150, 6))
    for _ in range(QUARTERS):
        lab.step()
    assert lab.failure is None
    return lab.world


def test_the_page_draws_what_the_summary_counts_to_the_last_bit(world):
    tables = world.model.frames()
    trade, outcomes, content = tables["trade"], tables["outcomes"], tables["content"]
    balance = measures.us_goods_balance(trade)
    rest = balance[list(REGIONS[3:])].to_numpy().sum(axis=1, keepdims=True)
    members = list(measures.PARTNERS)
    counted = {
        "balance": 4e-3 * np.hstack([balance[members], rest]),
        "jobs": 1e-3 * measures.employment(outcomes),
        "content": measures.mean_content(content, outcomes, MOTOR)[list(HOSTS)],
        "prices": measures.consumer_prices(outcomes, trade),
        "claimed": measures.preference_utilisation(trade)[members],
        "false": measures.false_claim_share(trade)[members],
        "contracts": measures.contracts_to_move(outcomes),
        "sales": measures.sales_to_move(outcomes),
    }
    for name, table in counted.items():
        drawn = np.stack(world.history.series[name])
        # The rest is scaled before it is summed; purchases are what output leaves of value added.
        if name in ("balance", "contracts"):
            np.testing.assert_allclose(drawn, table, rtol=1e-12)
        else:
            np.testing.assert_array_equal(drawn, np.asarray(table), err_msg=name)
        assert np.ptp(drawn, axis=0).any(), f"{name} never changes, so nothing is compared"


def test_validation_measures_what_the_summary_counts(world):
    found, tables = quarter_measures(world.model), world.model.frames()
    for sector in FOOTLOOSE:
        one = measures.mean_content(tables["content"], tables["outcomes"], (sector,)).iloc[-1]
        assert found[f"content/{sector}/all"] == one["all"]
    shares = measures.preference_utilisation(tables["trade"]).iloc[-1]
    for partner in measures.PARTNERS:
        claimed = found[f"us_claimed_dutiable/goods/{partner}"]
        dutiable = found[f"us_dutiable/goods/{partner}"]
        assert claimed / dutiable == pytest.approx(shares[partner], rel=1e-12)


def test_governments_see_the_balance_and_the_jobs_of_the_summary(world):
    model, tables = world.model, world.model.frames()
    books = (model.base_accounts, *model.year)
    seen = outlook(model.in_force, model.quarter, books, model.economy, model.calibration.base_jobs)
    balance = measures.us_goods_balance(tables["trade"]).to_numpy().sum(axis=1)
    now, base = seen.deficit(REGIONS[1:])
    # The year that a government looks back on has quarters of 2017 in it until four are made.
    assert base == pytest.approx(-4 * balance[0], rel=1e-12)
    assert now == pytest.approx(-balance.sum(), rel=1e-12)
    jobs = measures.employment(tables["outcomes"])
    # Governments compare with jobs as observed, which the calibration year comes close to.
    close = world.model.calibration.largest_error
    for host in HOSTS:
        level = jobs[host].iloc[-1] / jobs[host].iloc[0]
        assert seen.jobs[host] == pytest.approx(level, rel=close)


def test_a_share_of_nothing_is_a_gap_in_a_chart_and_a_dash_in_a_figure(world):
    lab = Laboratory(Start(load_scenario("nafta-withdrawal"), 100, 1))
    lab.step()
    for shares in lab.world.history.series["false"]:
        shares[:] = np.nan
    frame = take(lab)
    for draw in CHARTS:
        json.dumps(draw(frame, LIGHT).option, allow_nan=False)
    assert all(line["data"] == [None, None] for line in false_claims(frame, LIGHT).option["series"])
    shown = {figure.label: figure.now for figure in headlines(frame)}
    assert shown["False, Mexico"] == "\N{EN DASH}"
    assert shown["Claims, Mexico"] != "\N{EN DASH}"


def test_a_share_of_nothing_is_not_a_number():
    assert np.isnan(indicators.share(np.zeros(2), np.zeros(2))).all()
    content = np.array([[0.5, np.nan, 0.9]])
    mean = indicators.mean_content(content, np.array([[1.0, 5.0, 3.0]]))
    np.testing.assert_array_equal(mean, [0.8, 0.5, np.nan, 0.9])


def test_a_sum_loses_nothing_to_rounding():
    values = np.array([1e16, *[1.0] * 1000])
    assert values.cumsum()[-1] == 1e16
    assert indicators.summed(values, 0) == 1e16 + 1000
    table = np.random.default_rng(1).normal(size=(5, 7, 3))
    np.testing.assert_allclose(indicators.summed(table, -2), table.sum(axis=1), rtol=1e-12)


def test_a_table_with_a_country_that_is_none_is_refused(world):
    outcomes = world.model.frames()["outcomes"].replace({"region": {"CAN": "ATL"}})
    with pytest.raises(OutputError, match=r"region: 'ATL' is none of USA, MEX, CAN"):
        measures.employment(outcomes)
