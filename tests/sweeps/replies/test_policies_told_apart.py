"""Policies like the best hold the truly best one as often as they promise; the search climbs."""

import numpy as np
import pytest

from experiments.replies.best_reply import ReplySearch
from experiments.replies.policy_levers import PolicyLever
from experiments.replies.told_apart import Judgement, joined, told

GRID = tuple(round(0.05 * step, 2) for step in range(21))


def lever(key="tariffs.special.USA.MEX.all", values=GRID):
    return PolicyLever(key, "USA", values, 0.0)


def judgement(values):
    choices = tuple((float(place),) for place in range(len(values)))
    return Judgement(choices, np.asarray(values, float))


def test_a_policy_that_is_worse_in_every_seed_is_told_apart_however_noisy_seeds_are():
    luck = np.array([-1e6, 3.0, 7e5, 12.0])
    found = judgement([luck, luck - 1, luck - 1.1])
    assert found.best == 0
    assert found.alike.tolist() == [True, False, False]


def test_policies_that_come_to_the_same_cannot_be_told_apart():
    found = judgement(np.ones((3, 4)))
    assert found.alike.all()
    assert found.span(0) == (0.0, 2.0)


def test_the_truly_best_is_among_those_like_the_best_as_often_as_promised():
    rng = np.random.default_rng(1)
    truth = -0.1 * np.arange(12.0)
    kept, narrowed = 0, 0
    rounds = 2000
    for _ in range(rounds):
        luck = rng.normal(size=(1, 5))
        found = judgement(truth[:, None] + luck + rng.normal(scale=0.3, size=(12, 5)))
        kept += bool(found.alike[0])
        narrowed += not found.alike.all()
    # Three standard errors of a share of 0.95 in 2000 rounds are 0.015.
    assert kept / rounds > 0.95 - 0.015
    assert narrowed / rounds > 0.5, "says nothing if it rules nothing out"


def test_one_comparison_has_the_one_sided_interval_of_student():
    # The 95% quantile of t with 3 degrees of freedom is 2.3534: with mean 1 and a standard
    # error of 1 / 2.3534 the bound is at zero.
    shape = np.array([-1.0, -1.0, 1.0, 1.0]) / np.sqrt(4 / 3)
    for error, above in ((1 / 2.36, True), (1 / 2.35, False)):
        assert told((1 + 2 * error * shape)[None], 1).tolist() == [above]


def test_a_policy_whose_runs_failed_is_never_best_nor_like_it():
    found = judgement([[1.0, 1.0], [np.nan, 9.0], [1.0, 1.0]])
    assert found.best == 0
    assert found.alike.tolist() == [True, False, True]


def test_a_policy_judged_twice_counts_once():
    found = joined([(1.0,), (2.0,), (1.0,)], np.array([[1.0], [2.0], [1.0]]))
    assert found.choices == ((1.0,), (2.0,))


@pytest.mark.parametrize("top", [0.0, 0.35, 1.0])
def test_a_search_finds_the_top_of_a_hill_with_few_policies(top):
    asked = []

    def judge(choices):
        asked.extend(choices)
        return np.array([[-((x - top) ** 2) - (y - 0.6) ** 2] * 2 for x, y in choices])

    levers = [lever(), lever("tariffs.special.USA.CAN.all")]
    search = ReplySearch(levers, judge, candidates=30, seed=1)
    found = search.run((0.0, 0.0))
    assert found.choices[found.best] == (top, 0.6)
    assert search.complete
    assert len(asked) == len(set(asked)) < len(GRID) ** 2 / 4


def test_a_small_grid_is_judged_whole_and_the_present_policy_beside_it():
    few = lever(values=(0.0, 0.1, 0.2))
    search = ReplySearch([few], lambda some: np.array([[x, x] for (x,) in some]), 4, 1)
    found = search.run((0.625,))
    assert sorted(found.choices) == [(0.0,), (0.1,), (0.2,), (0.625,)]


def test_a_search_that_is_cut_short_says_so():
    def ever_higher(choices):
        return np.array([[x + y] * 2 for x, y in choices])

    fine = tuple(step / 1000 for step in range(1001))
    levers = [lever(values=fine), lever("tariffs.special.USA.CAN.all", values=fine)]
    search = ReplySearch(levers, ever_higher, candidates=4, seed=1)
    search.run((0.0, 0.0))
    assert not search.complete


def test_a_search_takes_the_same_way_each_time_and_asks_at_most_four_at_once():
    def way(seed):
        batches = []

        def judge(choices):
            batches.append(list(choices))
            return np.array([[-abs(x - 0.4) - abs(y - 0.7)] * 2 for x, y in choices])

        ReplySearch([lever(), lever("barriers.USA.MEX.all")], judge, 24, seed).run((0.0, 0.0))
        return batches

    assert way(5) == way(5) != way(6)
    assert max(map(len, way(5))) <= 4
