"""Laws of customers: shares sum to one, prices forget what is over and do not drift."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.demand.customers import (
    Shares,
    follow,
    follow_split,
    hand_on,
    hand_to_sisters,
    of_every_firm,
    shares_today,
    split_today,
)
from abm.core.demand.held_prices import price_index, price_of_split, tornqvist
from tests.strategies import seeds

speeds = st.floats(0.02, 1)
N_MARKETS = 2


@dataclass
class World:
    """Sellers of some sectors: tastes for them, prices, and who there is.

    ``taste``, ``price`` are Shares-like pairs; ``stands`` has shape (firm,).
    """

    edges: np.ndarray
    sigma: np.ndarray
    taste: Shares
    price: Shares
    stands: np.ndarray

    def appeal(self):
        elasticity = 1 - self.sigma[:, None]
        of_firm = of_every_firm(elasticity, self.edges)
        return Shares(
            self.taste.firm * self.price.firm**of_firm * self.stands[:, None],
            self.taste.fringe * self.price.fringe ** elasticity[:, None],
        )

    def index(self, held):
        today, competition = shares_today(self.appeal(), self.edges)
        ones = np.ones_like(competition)
        return price_index(competition, ones, held, today, self.sigma, self.edges)

    def quarter(self, held, win):
        appeal = self.appeal()
        today, _ = shares_today(appeal, self.edges)
        return follow(hand_on(held, appeal.firm > 0, self.edges), today, win, self.edges)

    def adapted(self):
        return shares_today(self.appeal(), self.edges)[0]

    def dearer(self, factor):
        """Half of all sellers, and half of the fringe, deliver at a price so much higher."""
        firm, fringe = self.price.firm.copy(), self.price.fringe.copy()
        firm[::2] *= factor
        fringe[:, :1] *= factor
        return replace(self, price=Shares(firm, fringe))


@st.composite
def worlds(draw):
    rng = draw(seeds)
    counts = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    edges = np.concatenate([[0], np.cumsum(counts)])
    firms, sectors = edges[-1], len(counts)
    pair = [
        Shares(draw_of((firms, N_MARKETS)), draw_of((sectors, 2, N_MARKETS)))
        for draw_of in (lambda s: rng.pareto(1.1, s) + 0.01, lambda s: rng.uniform(0.4, 3, s))
    ]
    sigma = np.array(draw(st.lists(st.floats(1.3, 9), min_size=sectors, max_size=sectors)))
    return World(edges, sigma, *pair, np.ones(firms, bool))


def naive_index(world, held):
    """What a unit of utility costs, sector by sector and market by market, as defined."""
    index = np.ones((len(world.sigma), N_MARKETS))
    for sector, sigma in enumerate(world.sigma):
        rows = slice(world.edges[sector], world.edges[sector + 1])
        for market in range(N_MARKETS):
            taste, price, share = (
                np.append(one.firm[rows, market], one.fringe[sector, :, market])
                for one in (world.taste, world.price, held)
            )
            terms = taste ** (1 / sigma) * (share / price) ** ((sigma - 1) / sigma)
            index[sector, market] = terms.sum() ** (-sigma / (sigma - 1))
    return index


@given(worlds(), seeds)
def test_the_price_index_is_what_a_unit_of_utility_costs_at_any_shares(world, rng):
    shape = world.taste.firm.shape, world.taste.fringe.shape
    held, _ = shares_today(Shares(*(rng.exponential(1, one) for one in shape)), world.edges)
    np.testing.assert_allclose(world.index(held), naive_index(world, held), rtol=1e-12)


@given(worlds(), seeds)
def test_at_adapted_shares_it_is_the_index_of_constant_elasticity_also_after_entry_and_exit(
    world, rng
):
    for _ in range(3):
        world.stands = rng.random(len(world.stands)) < 0.7
        appeal = world.appeal()
        ces = appeal.total(world.edges) ** (1 / (1 - world.sigma[:, None]))
        np.testing.assert_allclose(world.index(world.adapted()), ces, rtol=1e-12)


@given(worlds(), seeds)
def test_no_shares_are_cheaper_than_those_that_buyers_would_choose(world, rng):
    shape = world.taste.firm.shape, world.taste.fringe.shape
    held, _ = shares_today(Shares(*(rng.exponential(1, one) for one in shape)), world.edges)
    assert np.all(world.index(held) >= world.index(world.adapted()) * (1 - 1e-13))


@given(worlds(), speeds, seeds)
def test_shares_sum_to_one_whatever_comes_and_goes(world, win, rng):
    held = world.adapted()
    for _ in range(12):
        world.stands = rng.random(len(world.stands)) < 0.6
        world = world.dearer(rng.uniform(0.3, 3))
        held = world.quarter(held, win)
        np.testing.assert_allclose(held.total(world.edges), 1, rtol=1e-13)
        assert np.all(held.firm >= 0)
        assert np.all(held.firm[~world.stands] == 0)


@given(worlds(), st.floats(0.2, 1), st.floats(0, 5), st.integers(1, 8))
def test_a_duty_that_is_lifted_and_forgotten_leaves_no_trace_in_prices(world, win, duty, quarters):
    """Also where it is a duty of 500%, and whatever buyers had made of it by then."""
    start = world.index(world.adapted())
    held, taxed = world.adapted(), world.dearer(1 + duty)
    for _ in range(quarters):
        held = taxed.quarter(held, win)
        assert np.all(taxed.index(held) >= start * (1 - 1e-12))
    for _ in range(150):
        held = world.quarter(held, win)
    np.testing.assert_allclose(world.index(held), start, rtol=1e-12)


@given(seeds, st.floats(0.1, 1), st.integers(3, 8))
def test_steady_churn_does_not_move_prices(rng, win, firms):
    """Each quarter one firm of a sector dies and the one that died longest ago is replaced.

    After some rounds every round has the same prices as the one before. (How many depends on
    how much of the market the firms that die hand on to others.)
    """
    edges = np.array([0, firms])
    taste = Shares(rng.pareto(1.1, (firms, 1)) + 0.1, rng.uniform(0.1, 1, (1, 1, 1)))
    price = Shares(rng.uniform(0.5, 2, (firms, 1)), np.ones((1, 1, 1)))
    world = World(edges, np.array([4.0]), taste, price, np.ones(firms, bool))
    held, prices, former = world.adapted(), np.ones(firms), np.full(firms, 2.0)
    for _ in range(500):
        if np.allclose(prices, former, rtol=1e-13, atol=0):
            break
        former, prices = prices, np.empty(firms)
        for dead in range(firms):
            world.stands = np.arange(firms) != dead
            held = world.quarter(held, win)
            prices[dead] = world.index(held)[0, 0]
    np.testing.assert_allclose(prices, former, rtol=1e-12)


def test_a_chain_of_indices_does_not_forget_a_duty_and_the_price_of_utility_does():
    """Why the one is a statistic and the other the model's price."""
    edges, win = np.array([0, 2]), 0.1
    flat = Shares(np.ones((2, 1)), np.zeros((1, 0, 1)))
    world = World(edges, np.array([4.0]), flat, flat, np.ones(2, bool))
    held, chain, last = world.adapted(), 1.0, world
    for quarter in range(300):
        now = world.dearer(1.5) if quarter < 4 else world
        after = now.quarter(held, win)
        ratio = Shares(now.price.firm / last.price.firm, flat.fringe)
        chain *= tornqvist(held, after, ratio, edges)[0, 0]
        held, last = after, now
    assert world.index(held)[0, 0] == pytest.approx(world.index(world.adapted())[0, 0], rel=1e-12)
    assert abs(chain - 1) > 0.01


@given(worlds(), seeds, st.floats(0.3, 3))
def test_a_tornqvist_index_lies_between_price_changes_of_goods_sold_in_both_quarters(
    world, rng, factor
):
    before = world.adapted()
    world.stands = rng.random(len(world.stands)) < 0.7
    after = world.dearer(1.3).adapted()
    shape = world.taste.firm.shape, world.taste.fringe.shape
    ratio = Shares(*(rng.uniform(0.5, 2, one) for one in shape))
    ratio.firm[~world.stands] = 1e9  # nobody buys from those who are gone
    index = tornqvist(before, after, ratio, world.edges)
    assert np.all((index > 0.5 - 1e-12) & (index < 2 + 1e-12))
    same = Shares(*(np.full(one, factor) for one in shape))
    np.testing.assert_allclose(tornqvist(before, after, same, world.edges), factor, rtol=1e-12)


@given(seeds, speeds, st.floats(1, 15))
def test_a_split_sums_to_one_and_is_never_cheaper_than_todays(rng, shift, dispersion):
    reach = rng.exponential(1, (6, 3, N_MARKETS)) ** 4
    split = split_today(reach)
    for _ in range(8):
        stands = rng.random((6, 3)) < 0.5
        stands[np.arange(6), rng.integers(0, 3, 6)] = True
        today = split_today(rng.exponential(1, reach.shape) ** 4 * stands[:, :, None])
        split = follow_split(hand_to_sisters(split, today), today, shift)
        np.testing.assert_allclose(split.sum(axis=1), 1, rtol=1e-13)
        assert np.all(split[~stands] == 0)
        assert np.all(price_of_split(split, today, np.full(6, dispersion)) >= 1 - 1e-13)


@given(seeds, st.floats(1, 15))
def test_the_price_of_a_split_is_that_of_goods_with_one_more_of_elasticity(rng, dispersion):
    taste, price = rng.exponential(1, (6, 3, 2)), rng.uniform(0.5, 2, (6, 3, 2))
    split = rng.dirichlet(np.ones(3), (6, 2)).swapaxes(1, 2)
    today = split_today(taste * price**-dispersion)
    sigma = 1 + dispersion
    held = taste ** (1 / sigma) * (split / price) ** (dispersion / sigma)
    held = held.sum(axis=1) ** (-sigma / dispersion)
    best = (taste * price**-dispersion).sum(axis=1) ** (-1 / dispersion)
    ratio = price_of_split(split, today, np.full(6, dispersion))
    np.testing.assert_allclose(ratio, held / best, rtol=1e-11)
