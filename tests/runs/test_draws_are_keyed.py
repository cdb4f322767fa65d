"""Draws are keyed by seed, purpose, quarter and firm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Philox
from scipy import stats

from abm.engine.draws import SMALLEST, Draws
from abm.errors import ScenarioError

pytestmark = pytest.mark.anew

KINDS = ("uniform", "normal", "gumbel")
N_SAMPLE = 20_000

seeds = st.integers(min_value=0, max_value=2**200)
purposes = st.text(max_size=20)
quarters = st.integers(min_value=0, max_value=400)
kinds = st.sampled_from(KINDS)
columns = st.lists(st.integers(1, 4), max_size=2).map(tuple)


@given(seeds, purposes, quarters, kinds, st.integers(0, 30), st.integers(0, 30), columns)
def test_a_firm_keeps_its_numbers_when_firms_are_added(
    seed, purpose, quarter, kind, n_few, n_more, columns
):
    draw = getattr(Draws(seed), kind)
    few = draw(purpose, quarter, (n_few, *columns))
    many = draw(purpose, quarter, (n_few + n_more, *columns))
    np.testing.assert_array_equal(few, many[:n_few])


@given(seeds, purposes, purposes, quarters, kinds)
def test_a_draw_elsewhere_shifts_nothing(seed, purpose, other, quarter, kind):
    alone = getattr(Draws(seed), kind)(purpose, quarter, 10)
    draws = Draws(seed)
    draws.normal(other, quarter, 7)
    draws.uniform(purpose, quarter + 1, 5)
    draws.gumbel(purpose, quarter, 3)
    np.testing.assert_array_equal(getattr(draws, kind)(purpose, quarter, 10), alone)


@given(seeds, purposes, quarters, kinds, columns, st.permutations(range(12)))
def test_numbers_follow_the_firm_and_not_its_row(seed, purpose, quarter, kind, columns, order):
    draw = getattr(Draws(seed), kind)
    ids = np.array(order[:8])
    by_id = draw(purpose, quarter, (8, *columns), ids=ids)
    np.testing.assert_array_equal(by_id, draw(purpose, quarter, (12, *columns))[ids])


@given(seeds, seeds, purposes, purposes, quarters, quarters)
def test_another_seed_purpose_or_quarter_gives_other_numbers(
    seed, other_seed, purpose, other_purpose, quarter, other_quarter
):
    first = Draws(seed).uniform(purpose, quarter, 8)
    for key in {
        (other_seed, purpose, quarter),
        (seed, other_purpose, quarter),
        (seed, purpose, other_quarter),
    } - {(seed, purpose, quarter)}:
        other = Draws(key[0]).uniform(key[1], key[2], 8)
        assert not np.any(first == other)


@given(seeds, purposes, quarters)
def test_uniform_numbers_lie_strictly_inside_the_unit_interval(seed, purpose, quarter):
    numbers = Draws(seed).uniform(purpose, quarter, (50, 3))
    assert numbers.dtype == np.float64
    assert np.all((numbers > 0) & (numbers < 1))


def test_an_exact_zero_of_the_generator_becomes_a_small_positive_number(monkeypatch):
    class Zeros:
        def random(self, size):
            return np.zeros(size)

    monkeypatch.setattr(Draws, "generator", lambda self, purpose, quarter: Zeros())
    assert np.all(Draws(0).uniform("any", 0, 3) == SMALLEST)
    assert np.all(np.isfinite(Draws(0).gumbel("any", 0, 3)))
    assert np.all(np.isfinite(Draws(0).normal("any", 0, 3)))


def test_purposes_quarters_and_seeds_are_uncorrelated():
    streams = [
        Draws(seed).normal(purpose, quarter, N_SAMPLE)
        for seed in (1, 2)
        for purpose in ("productivity", "shock", "review")
        for quarter in (0, 1)
    ]
    correlation = np.corrcoef(streams)
    off_diagonal = correlation[~np.eye(len(streams), dtype=bool)]
    # Five standard errors of a correlation of independent numbers.
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(N_SAMPLE)


@pytest.mark.parametrize(
    ("kind", "distribution"),
    [
        ("uniform", stats.uniform()),
        ("normal", stats.norm()),
        ("gumbel", stats.gumbel_r(loc=-np.euler_gamma)),
    ],
)
def test_each_kind_has_its_distribution(kind, distribution):
    numbers = getattr(Draws(7), kind)("sample", 3, N_SAMPLE)
    assert stats.kstest(numbers, distribution.cdf).pvalue > 1e-4


def test_gumbel_numbers_have_mean_zero_and_scale_one():
    numbers = Draws(11).gumbel("taste", 0, N_SAMPLE)
    deviation = np.pi / np.sqrt(6)
    assert abs(numbers.mean()) < 5 * deviation / np.sqrt(N_SAMPLE)
    assert numbers.std() == pytest.approx(deviation, rel=0.05)


def test_the_generator_is_numpys_philox():
    assert isinstance(Draws(1).generator("any", 0).bit_generator, Philox)


def test_a_negative_seed_is_refused_with_what_is_allowed():
    with pytest.raises(ScenarioError, match="seed: -1 is negative"):
        Draws(-1)


def test_no_firms_means_no_numbers():
    assert Draws(0).uniform("any", 0, (0, 3)).shape == (0, 3)
    assert Draws(0).uniform("any", 0, 0, ids=np.array([], dtype=int)).shape == (0,)
