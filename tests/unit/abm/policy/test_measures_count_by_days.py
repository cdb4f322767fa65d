"""A measure counts in a quarter by the share of its days on which it is in force."""

from datetime import date

import numpy as np
import pytest

from abm.axes import REGIONS, SECTORS, USA
from abm.economy.tables import load_economy
from abm.model import RelocationModel
from abm.policy import compile_policy
from abm.policy.past import Past
from abm.policy.regimes import compile_known
from abm.scenario.scenario import Scenario

MEX = REGIONS.index("MEX")
CARS = load_economy().lines.of(SECTORS.index("cars")).start

ONE = """
quarters = 12
[measures.one]
authority = "law"
destination = "USA"
origins = ["MEX"]
rates = { cars = 0.25 }
"""


def scenario(*terms, more=""):
    return Scenario.from_toml("\n".join([ONE, *terms, more]))


def rates(policy, quarters, name="line_fixed"):
    by_regime = getattr(policy, name)[CARS, MEX, USA]
    return [by_regime[policy.regime_index(quarter, imposed=False)] for quarter in quarters]


def test_a_measure_of_the_last_day_of_a_quarter_counts_for_one_day_of_it():
    policy = compile_policy(scenario("effective = 2018-03-31"))
    assert rates(policy, range(4, 8)) == [0, pytest.approx(0.25 / 90), 0.25, 0.25]


def test_a_measure_that_ends_within_a_quarter_counts_for_the_days_before():
    policy = compile_policy(scenario("effective = 2018-01-01", "ended = 2018-05-20"))
    assert rates(policy, range(5, 8)) == [0.25, pytest.approx(0.25 * 49 / 91), 0]


def test_a_measure_that_comes_and_goes_within_a_quarter_counts_for_its_days():
    policy = compile_policy(scenario("effective = 2018-01-11", "ended = 2018-01-21"))
    assert rates(policy, range(4, 8)) == [0, pytest.approx(0.25 * 10 / 90), 0, 0]


def test_days_of_measures_that_follow_one_another_make_up_the_mean():
    second = """
[measures.two]
authority = "law"
destination = "USA"
origins = ["MEX"]
rates = { cars = 0.5 }
effective = 2018-02-15
"""
    policy = compile_policy(scenario("effective = 2018-01-11", "ended = 2018-02-15", more=second))
    assert rates(policy, (5, 6)) == [pytest.approx((35 * 0.25 + 45 * 0.5) / 90), 0.5]


def test_a_pause_within_a_quarter_takes_its_days_off():
    days = ("effective = 2018-01-01", "suspended = 2018-02-01", "resumed = 2018-03-01")
    policy = compile_policy(scenario(*days))
    assert rates(policy, (5, 6)) == [pytest.approx(0.25 * 62 / 90), 0.25]


def test_what_was_in_force_before_the_run_is_in_force_from_its_first_day():
    assert rates(compile_policy(scenario("effective = 2016-11-20")), (1, 2)) == [0.25, 0.25]


def test_a_measure_from_the_first_day_of_a_quarter_opens_one_segment_and_has_its_rate_to_the_bit():
    policy = compile_policy(scenario("effective = 2018-01-01"))
    assert [segment.start for segment in policy.timeline] == [0, 5]
    assert not any(segment.earlier for segment in policy.timeline)
    assert rates(policy, (4, 5)) == [0, 0.25]


def test_lines_that_no_turn_touches_have_the_same_rate_to_the_bit_on_all_days():
    other = """
[measures.two]
authority = "law"
destination = "USA"
origins = ["CAN"]
rates = { metals = 0.1 }
effective = 2018-01-20
ended = 2018-02-20
"""
    policy = compile_policy(scenario("effective = 2017-10-01", more=other))
    assert rates(policy, range(4, 8)) == [0.25] * 4


def test_what_else_changes_within_a_quarter_holds_for_all_of_it():
    entry = """
[[timeline]]
date = 2018-02-15
title = "a special duty"
set = { "tariffs.special.USA.MEX.cars" = 0.1 }
"""
    policy = compile_policy(scenario("effective = 2018-03-01", more=entry))
    special = policy.special_duty[SECTORS.index("cars"), MEX, USA]
    assert [special[policy.regime_index(q, imposed=False)] for q in (4, 5, 6)] == [0, 0.1, 0.1]
    assert rates(policy, (5, 6)) == [pytest.approx(0.25 * 31 / 90), 0.25]


@pytest.mark.parametrize(
    ("terms", "name", "whole"),
    [
        ("in_all = true", "cap_share", 1.0),
        ("in_all = true", "cap_rate", None),
        ('banned = ["cars"]', "banned", 1.0),
        ("quota = 0.5", "licence_most", 0.25),
        ("quota = 0.5", "quota", None),
    ],
)
def test_caps_bans_and_quotas_count_by_days_and_their_terms_do_not(terms, name, whole):
    policy = compile_policy(scenario("effective = 2018-03-01", terms))
    turning, after = rates(policy, (5, 6), name)
    if whole is None:
        assert turning == after > 0
    else:
        assert (turning, after) == (pytest.approx(whole * 31 / 90), whole)


def test_who_looks_ahead_knows_of_the_part_of_a_quarter_and_of_the_whole_after_it():
    dated = scenario("announced = 2017-02-10", "effective = 2018-03-01")
    known = compile_known(dated, 1)
    assert known.known_starts(1).tolist() == [0, 5, 6]
    assert rates(known, (5, 6)) == [pytest.approx(0.25 * 31 / 90), 0.25]


def test_what_is_not_announced_is_known_from_its_quarter_on_and_goes_on_by_itself():
    dated = scenario("effective = 2018-03-01")
    assert compile_known(dated, 4).known_starts(4).tolist() == [0]
    assert compile_known(dated, 5).known_starts(5).tolist() == [0, 5, 6]


def test_a_run_pays_a_part_of_a_quarter_and_then_the_whole():
    def paid(*terms):
        model = RelocationModel(scenario(*terms), firms=100, rng=3)
        found = []
        for _ in range(7):
            model.step()
            duty = model.policy.line_fixed[CARS, MEX, USA, model.in_force.regime]
            found.append(duty)
        return found

    assert paid("effective = 2018-03-01") == [0] * 4 + [pytest.approx(0.25 * 31 / 90), 0.25, 0.25]


def test_a_past_that_ends_in_a_quarter_of_two_laws_goes_on_with_the_later_of_them():
    dated = scenario("effective = 2018-03-01")
    turning = compile_policy(dated).timeline[1]
    past = Past.of_document(Past(turning, 5).as_document())
    assert past.segment.earlier == turning.earlier
    same = compile_known(dated, 6, past=past)
    assert rates(same, (5, 6)) == [pytest.approx(0.25 * 31 / 90), 0.25]
    standing = scenario("effective = 2018-01-01")  # with the same measures at the end of the past
    other = Past(turning, 5).followed_by(compile_policy(standing).timeline, date(2017, 1, 1))
    assert [segment.start for segment in other] == [5, 6]
    assert not other[1].earlier


def test_the_days_of_all_quarters_add_up_to_those_of_the_measure():
    policy = compile_policy(scenario("effective = 2017-08-17", "ended = 2019-05-20"))
    days = np.array([90, 91, 92, 92] * 3)
    total = np.array(rates(policy, range(1, 13))) @ days
    assert total == pytest.approx(0.25 * (date(2019, 5, 20) - date(2017, 8, 17)).days)
