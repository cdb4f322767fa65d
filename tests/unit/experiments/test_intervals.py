"""Intervals of paired differences, what can be told from luck, and the size that would tell."""

import json

import numpy as np
import pytest
from scipy import stats

from experiments.outcomes.intervals import Interval, half_widths, interval
from experiments.outcomes.over_seeds import add_intervals, of_seeds
from experiments.outcomes.summary import entries, summary
from tests.made_up_seeds import a_result, over_seeds
from tests.synthetic import tables

TILTS = (0.1, 0.11, 0.09, 0.105)


def test_the_interval_is_students():
    draws = np.array([1.0, 2.5, 0.5, 3.0, 2.0])
    found = interval(draws)
    known = stats.ttest_1samp(draws, 0).confidence_interval(0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((1.8, known.low, known.high))
    assert half_widths(draws) == pytest.approx(found.half)
    assert found.n == 5


def test_numbers_that_are_all_alike_have_an_interval_of_no_width():
    assert interval(np.full(4, 0.1)).half == 0
    assert not interval(np.full(4, 0.1)).crosses_zero
    assert interval(np.zeros(4)).crosses_zero


def test_one_number_leaves_the_sign_open():
    found = interval(np.array([3.0]))
    assert (found.mean, found.n, found.crosses_zero) == (3.0, 1, True)
    assert np.isnan(found.low)


def test_the_size_that_would_tell_grows_with_the_square_of_what_is_missing():
    assert Interval(1.0, -1.0, 3.0, 8).seeds_to_tell == 32
    assert Interval(-1.0, -4.0, 2.0, 8).seeds_to_tell == 72
    assert Interval(0.0, -1.0, 1.0, 8).seeds_to_tell == np.inf


def test_a_difference_is_taken_seed_by_seed():
    seeds = over_seeds(TILTS)
    mine = [summary(tables(20, tilt))["us_goods_balance"]["MEX"]["end"] for tilt in TILTS]
    theirs = summary(tables(20, 0.0))["us_goods_balance"]["MEX"]["end"]
    found = seeds.difference("us_goods_balance.MEX")
    assert found == interval(np.array(mine) - theirs)
    assert seeds.seeds == (1, 2, 3, 4)


def test_common_luck_cancels():
    alike = over_seeds(TILTS, 0.0)
    apart = alike.of_run("us_goods_balance.MEX")[:, -1]
    assert alike.difference("us_goods_balance.MEX").half == pytest.approx(half_widths(apart))
    same = over_seeds((0.1, 0.1, 0.1), 0.1)
    assert not same.differences("us_goods_balance.MEX").any()


def test_the_order_in_which_seeds_end_does_not_matter():
    parts = [part for _, part in over_seeds(TILTS).table.groupby("seed")]
    turned = of_seeds(parts[::-1], "usmca", "status-quo", 500)
    assert turned.table.equals(over_seeds(TILTS).table)


def test_every_entry_of_a_summary_says_how_sure_it_is():
    result = a_result(TILTS)
    assert json.loads(json.dumps(result.summary, allow_nan=False)) == result.summary
    for names, entry in entries(result.summary):
        found = entry["over_seeds"]
        if found is not None:
            assert found["low"] <= found["difference"] <= found["high"], names
            assert found["told"] == (found["low"] > 0 or found["high"] < 0)
            gap = found["run"] - found["reference"]
            assert gap == pytest.approx(found["difference"], abs=1e-6 * abs(found["run"]) + 1e-9)
    told = result.summary["us_goods_balance"]["MEX"]["over_seeds"]
    assert told["told"]
    assert told["seeds"] == 4


def test_a_share_of_nothing_has_no_interval():
    result = a_result((0.1, 0.1))
    seeds = over_seeds((0.1, 0.1))
    table = seeds.table.assign(
        value=seeds.table["value"].where(seeds.table["indicator"] != "false_claim_share.all")
    )
    blank = of_seeds([part for _, part in table.groupby("seed")], "usmca", "status-quo", 500)
    add_intervals(result.summary, blank)
    assert result.summary["false_claim_share"]["all"]["over_seeds"] is None
