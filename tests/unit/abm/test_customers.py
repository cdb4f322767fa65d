"""Customers that follow prices late: who gains, who loses, and today's markets as the limit."""

import numpy as np
import pytest

from abm.core.demand.build_up import BuildUp, quarters_lost
from abm.core.demand.customers import (
    Shares,
    follow,
    follow_split,
    hand_on,
    hand_to_sisters,
    of_every_firm,
    recall,
    shares_today,
    split_today,
    sum_by_sector,
    to_move,
)
from abm.core.demand.held_prices import price_index, price_of_split
from abm.core.demand.markets import plant_appeal, plant_pull

EDGES = np.array([0, 4, 4, 9])
"""Nine firms in three sectors, the second of which has none."""

SECTOR = np.repeat([0, 1, 2], np.diff(EDGES))
N_FIRMS, N_HOSTS, N_MARKETS = 9, 3, 5
SIGMA = np.array([3.0, 4.0, 5.5])


def random_shares(rng, edges=EDGES):
    appeal = Shares(rng.exponential(1, (edges[-1], N_MARKETS)), rng.exponential(1, (3, 2, 5)))
    return shares_today(appeal, edges)[0]


def random_plants(rng):
    """Reach of plants, shape (firm, host, use, market), of firms with one plant or more."""
    plants = rng.random((N_FIRMS, N_HOSTS)) < 0.5
    plants[np.arange(N_FIRMS), rng.integers(0, N_HOSTS, N_FIRMS)] = True
    delivered = rng.uniform(0.5, 2, (N_FIRMS, N_HOSTS, N_MARKETS))
    dispersion = 2 * (SIGMA[SECTOR] - 1)
    access = rng.exponential(1, (N_HOSTS, 2, N_MARKETS))
    pull = np.stack(
        [
            plant_pull(cost, np.ones(N_HOSTS), float(shape))
            for cost, shape in zip(delivered, dispersion, strict=True)
        ]
    )
    return plants, pull, access


def test_firms_are_added_up_by_sector_and_a_sector_without_firms_has_nothing():
    values = np.arange(18.0).reshape(9, 2)
    np.testing.assert_array_equal(
        sum_by_sector(values, EDGES), [values[:4].sum(0), [0, 0], values[4:].sum(0)]
    )
    np.testing.assert_array_equal(sum_by_sector(values[:0], np.zeros(4, int)), np.zeros((3, 2)))
    last_is_empty = sum_by_sector(values, np.array([0, 4, 9, 9]))
    np.testing.assert_array_equal(last_is_empty[1:], [values[4:].sum(0), [0, 0]])


def test_when_all_buyers_and_sales_move_at_once_sales_are_those_of_markets_without_customers():
    """Spending times shares equals appeal times what a unit of appeal earns, plant by plant."""
    rng = np.random.default_rng(3)
    plants, pull, access = random_plants(rng)
    firms = [np.flatnonzero(plants[:, host]) for host in range(N_HOSTS)]
    by_host = plant_appeal(
        [pull[rows, host] for host, rows in enumerate(firms)], firms, access, N_FIRMS, 0.5
    )
    appeal = np.zeros((N_FIRMS, N_HOSTS, 2, N_MARKETS))
    for host, (rows, found) in enumerate(zip(firms, by_host, strict=True)):
        appeal[rows, host] = found
    fringe = rng.exponential(1, (3, 2, N_MARKETS))
    spending = rng.exponential(1, (3, N_MARKETS))
    competition = sum_by_sector(appeal[:, :, 0].sum(axis=1), EDGES) + fringe.sum(axis=1)
    now = appeal[:, :, 0] * of_every_firm(spending / competition, EDGES)[:, None]

    reach = pull * access[:, 0] * plants[:, :, None]
    today, _ = shares_today(Shares(appeal[:, :, 0].sum(axis=1), fringe), EDGES)
    customers = follow(random_shares(rng), today, 1.0, EDGES)
    split = follow_split(rng.dirichlet(np.ones(3), (9, 5)).swapaxes(1, 2), split_today(reach), 1.0)
    sold = split * customers.firm[:, None] * of_every_firm(spending, EDGES)[:, None]
    np.testing.assert_allclose(sold, now, rtol=1e-12)
    np.testing.assert_allclose(
        customers.fringe * spending[:, None], fringe * (spending / competition)[:, None], rtol=1e-12
    )

    pools = rng.exponential(1, (3, N_HOSTS, N_MARKETS))
    offered = sum_by_sector(appeal[:, :, 1], EDGES)
    unit = np.divide(pools, offered, out=np.zeros_like(pools), where=offered > 0)
    of_inputs, _ = shares_today(Shares.without_fringe(appeal[:, :, 1], EDGES), EDGES)
    pool = follow(Shares.without_fringe(rng.random((9, 3, 5)), EDGES), of_inputs, 1.0, EDGES)
    np.testing.assert_allclose(
        pool.firm * of_every_firm(pools, EDGES), appeal[:, :, 1] * of_every_firm(unit, EDGES), 1e-12
    )


def test_a_part_of_the_gap_closes_each_quarter_at_each_sectors_speed():
    rng = np.random.default_rng(5)
    held, today = random_shares(rng), random_shares(rng)
    win = np.array([0.1, 0.5, 0.4])
    moved = follow(held, today, win, EDGES)
    np.testing.assert_allclose(
        moved.firm - held.firm, win[SECTOR][:, None] * (today.firm - held.firm), atol=1e-15
    )
    np.testing.assert_allclose(
        moved.fringe - held.fringe, win[:, None, None] * (today.fringe - held.fringe), atol=1e-15
    )


def test_buyers_go_back_at_once_to_a_seller_they_remember_and_slowly_to_a_new_one():
    edges = np.array([0, 3])
    fringe = np.zeros((1, 0, 1))
    held, today, known = (
        Shares(np.array(firm)[:, None], fringe)
        for firm in ([0.6, 0.1, 0.3], [0.3, 0.4, 0.3], [0.6, 0.25, 0.3])
    )
    back = recall(held, today, known, edges)
    # The second is known for a quarter of sales: it has them at once, and the first gives them.
    np.testing.assert_allclose(back.firm[:, 0], [0.45, 0.25, 0.3], rtol=1e-15)
    stranger = recall(held, today, held, edges)
    np.testing.assert_array_equal(stranger.firm, held.firm)


def test_going_back_keeps_the_sums_and_overshoots_nobodys_share_of_today():
    rng = np.random.default_rng(3)
    held, today, known = (random_shares(rng) for _ in range(3))
    back = recall(held, today, known, EDGES)
    np.testing.assert_allclose(back.total(EDGES), held.total(EDGES), rtol=1e-14)
    for before, after, wanted in (
        (held.firm, back.firm, today.firm),
        (held.fringe, back.fringe, today.fringe),
    ):
        low, high = np.minimum(before, wanted), np.maximum(before, wanted)
        assert (after >= low - 1e-15).all()
        assert (after <= high + 1e-15).all()


def test_customers_of_a_firm_that_leaves_go_to_all_others_in_proportion():
    held = random_shares(np.random.default_rng(7))
    sells = np.ones((N_FIRMS, N_MARKETS), bool)
    sells[1] = False
    after = hand_on(held, sells, EDGES)
    left = held.firm[1]
    np.testing.assert_array_equal(after.firm[1], 0)
    stay = [0, 2, 3]
    np.testing.assert_allclose(after.firm[stay], held.firm[stay] / (1 - left), rtol=1e-14)
    np.testing.assert_allclose(after.fringe[0], held.fringe[0] / (1 - left), rtol=1e-14)
    np.testing.assert_array_equal(after.firm[4:], held.firm[4:])
    np.testing.assert_array_equal(after.fringe[1:], held.fringe[1:])


def test_a_plant_that_closes_leaves_its_buyers_of_inputs_to_the_other_plants_of_its_host():
    rng = np.random.default_rng(9)
    plants = np.array([[1, 1, 0]] * 4 + [[1, 0, 1]] * 5, bool)
    appeal = rng.exponential(1, (N_FIRMS, N_HOSTS, N_MARKETS)) * plants[:, :, None]
    held, _ = shares_today(Shares.without_fringe(appeal, EDGES), EDGES)
    sells = np.repeat(plants[:, :, None], N_MARKETS, axis=2)
    sells[0, 0] = False
    after = hand_on(held, sells, EDGES)
    np.testing.assert_allclose(after.firm[:4, 0].sum(axis=0), 1, rtol=1e-14)
    np.testing.assert_allclose(
        after.firm[1:4, 0] / after.firm[1, 0], held.firm[1:4, 0] / held.firm[1, 0], rtol=1e-14
    )
    np.testing.assert_array_equal(after.firm[:, 1:], held.firm[:, 1:])
    np.testing.assert_array_equal(after.firm[4:], held.firm[4:])


def test_a_market_that_all_sellers_have_left_belongs_at_once_to_those_who_come():
    held = Shares.without_fringe(np.array([[0.6], [0.4], [0.0]]), np.array([0, 3]))
    gone = hand_on(held, np.array([[False], [False], [True]]), np.array([0, 3]))
    np.testing.assert_array_equal(gone.firm, 0)
    today = Shares.without_fringe(np.array([[0.0], [0.0], [1.0]]), np.array([0, 3]))
    np.testing.assert_array_equal(follow(gone, today, 0.1, np.array([0, 3])).firm, today.firm)


def test_nothing_moves_in_the_last_bit_where_nobody_leaves_and_no_plant_closes():
    rng = np.random.default_rng(13)
    held = random_shares(rng)
    sells = np.ones(held.firm.shape, bool)
    assert hand_on(held, sells, EDGES) is held
    sells[0, 0] = False
    np.testing.assert_array_equal(hand_on(held, sells, EDGES).firm[:, 1:], held.firm[:, 1:])
    split = rng.dirichlet(np.ones(3), (9, 5)).swapaxes(1, 2).astype(np.float32)
    today = rng.dirichlet(np.ones(3), (9, 5)).swapaxes(1, 2)
    same = hand_to_sisters(split, today)
    np.testing.assert_array_equal(same, split)
    assert same.dtype == split.dtype


@pytest.mark.parametrize(
    ("before", "stands", "after"),
    [
        ([0.2, 0.3, 0.5], [1, 1, 0], [0.4, 0.6, 0]),  # its part goes to its sisters
        ([0.2, 0.8, 0], [0, 1, 1], [0, 1, 0]),  # the new sister starts with nothing
        ([1, 0, 0], [1, 1, 0], [1, 0, 0]),
        ([1, 0, 0], [0, 1, 0], [0, 1, 0]),  # an only plant has all at once
        ([0, 0, 0], [1, 0, 0], [1, 0, 0]),
        ([1, 0, 0], [0, 1, 1], [0, 0.5, 0.5]),  # none of the former plants is left
        ([1, 0, 0], [0, 0, 0], [0, 0, 0]),  # it serves the market no longer
    ],
)
def test_a_closing_plants_part_goes_to_its_sisters(before, stands, after):
    today = split_today(np.array(stands, float)[None, :, None])
    handed = hand_to_sisters(np.array(before, float)[None, :, None], today)
    np.testing.assert_allclose(handed[0, :, 0], after, rtol=1e-15)


def test_a_new_sister_takes_over_a_part_of_what_it_lacks_each_quarter():
    today = split_today(np.array([1.0, 3.0])[None, :, None])
    split = np.array([1.0, 0.0])[None, :, None]
    parts = []
    for _ in range(3):
        split = follow_split(hand_to_sisters(split, today), today, 0.2)
        parts.append(split[0, 1, 0])
    np.testing.assert_allclose(parts, [0.75 * (1 - 0.8**t) for t in (1, 2, 3)], rtol=1e-14)


def test_customers_of_a_firm_with_one_plant_pay_nothing_for_its_split():
    today = split_today(np.float32(np.random.default_rng(1).random((50, 3, 5))) * [[1], [0], [0]])
    split = follow_split(today.astype(np.float32), today, 0.13)
    np.testing.assert_array_equal(price_of_split(split, today, np.full(50, 6.0)), 1)


def test_what_has_still_to_move_counts_plants_and_sellers_once():
    edges, none = np.array([0, 2]), np.zeros((1, 0, 1))
    half, third = np.full((2, 1), 0.5), np.array([[0.7], [0.3]])
    best = np.array([[0.5, 0.5], [1.0, 0.0]])[..., None]
    late = np.array([[0.9, 0.1], [1.0, 0.0]])[..., None]
    as_they_are, anew = Shares(half, none), Shares(third, none)
    # Sellers alone: 0.2 of spending goes from the second firm to the first one.
    assert to_move(as_they_are, anew, best, best, edges) == pytest.approx(0.2)
    # Plants alone: 0.4 of the first firm's half goes to its second plant.
    assert to_move(as_they_are, as_they_are, late, best, edges) == pytest.approx(0.2)
    # Both: its second plant wins 0.3 of all spending, its first one loses 0.1, the other firm 0.2.
    assert to_move(as_they_are, anew, late, best, edges) == pytest.approx(0.3)
    assert to_move(anew, anew, best, best, edges) == 0


def test_a_sector_without_a_market_has_a_price_of_one():
    edges = np.array([0, 2])
    none = Shares(np.zeros((2, 1)), np.zeros((1, 1, 1)))
    today, competition = shares_today(none, edges)
    assert competition.sum() == 0
    index = price_index(competition, np.zeros((1, 1)), none, today, np.array([4.0]), edges)
    np.testing.assert_array_equal(index, 1)


@pytest.mark.parametrize("speeds", [(0.13,), (1.0,), (0.2, 0.5), (1.0, 0.3), (0.05, 0.1, 0.6)])
def test_quarters_lost_are_what_a_firm_misses_while_its_sales_build_up(speeds):
    discount, reached, lost = 0.98, [0.0] * len(speeds), 0.0
    for quarter in range(6000):
        goal = 1.0
        for place, speed in enumerate(speeds):
            reached[place] += speed * (goal - reached[place])
            goal = reached[place]
        lost += discount**quarter * (1 - goal)
    assert quarters_lost(discount, *speeds) == pytest.approx(lost, rel=1e-10, abs=1e-12)


def test_one_speed_costs_what_the_formula_says_and_a_speed_of_one_costs_nothing():
    assert quarters_lost(0.98, 0.12) == pytest.approx(0.88 / (1 - 0.98 * 0.88), rel=1e-12)
    assert quarters_lost(0.98, 1.0, 1.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("discount", "speed"), [(0.9, 0), (0.9, 1.1), (1.0, 0.5), (-0.1, 0.5)])
def test_speeds_and_discounts_that_cannot_be_are_refused(discount, speed):
    with pytest.raises(ValueError, match=r"speed|discount"):
        quarters_lost(discount, speed)


def test_building_up_costs_by_what_is_new_to_whom():
    sets = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], bool)
    expected = BuildUp(win=0.1, shift=0.3, discount=0.98)
    final, mixed = expected.quarters(sets, np.array([1.0, 0.4]))
    win, sister = quarters_lost(0.98, 0.1), quarters_lost(0.98, 0.3, 0.1)
    none, first, second, both = range(4)
    np.testing.assert_allclose(final[none, [first, both]], win)  # customers to be won
    assert final[first, second] == 0  # a brand that exchanges its plant keeps its customers
    assert final[first, both] == pytest.approx(sister)
    for costs in (final, mixed):
        np.testing.assert_array_equal(costs[both], 0)  # nothing is opened
        np.testing.assert_array_equal(costs[:, none], 0)
    assert mixed[first, second] == pytest.approx(0.6 * win)  # buyers of inputs are new
    assert mixed[none, both] == pytest.approx(win)
    assert not BuildUp(1, 1, 0.98).quarters(sets, 0.5).round(12).any()


def test_who_serves_customers_from_home_builds_up_as_with_a_sister_plant():
    sets = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], bool)
    expected = BuildUp(win=0.1, shift=0.3, discount=0.98)
    sister = quarters_lost(0.98, 0.3, 0.1)
    from_home = expected.quarters(sets, 1.0, served_from_home=True)
    assert from_home[0, 1] == from_home[1, 2] == pytest.approx(sister)
