"""Laws of plants that are kept, built and lost, whatever the owners, policies and beliefs."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.choice.attrition import ABROAD, attrition, quarterly_deaths
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.plant_costs import fixed_costs, flow_profit, gain_per_sale, moving_costs
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.choice.sets import ABSENT, Sets
from abm.core.opportunities.building import Building, Held, expected_moves
from abm.core.opportunities.waiting import Waiting, cutoffs, option_values
from tests.reference.nested_values import nested_values
from tests.synthetic_plants import ALL_SETS, EMPTY, STANDING_SETS, owners

N_FIRMS = 6
seeds = st.integers(0, 2**32 - 1)


@st.composite
def problems(draw):
    """Owners with random regimes, delays, scales, patience and deaths."""
    noise = draw(st.sampled_from([0.0, 0.05, 0.6, 5.0]))
    return owners(
        N_FIRMS,
        draw(st.integers(1, 4)),
        delays=(draw(st.integers(0, 14)), draw(st.integers(0, 5))),
        dying=draw(st.booleans()),
        seed=draw(seeds),
        noise=noise,
        keep_noise=noise * draw(st.sampled_from([0.0, 0.01, 0.3, 1.0])),
        discount=draw(st.floats(0, 0.99)),
        review=draw(st.floats(0, 1)),
    )


def standing(problem):
    """Every firm somewhere."""
    return np.random.default_rng(0).integers(0, 8, len(problem.location.profit))


def weighed(problem, stay=0.75, regime=0):
    location, config = problem.location, standing(problem)
    values, residual = keeping_values(problem, tolerance=1e-12)
    assert residual.max() <= 1e-12
    moves = moves_from(problem, values, config)
    waiting = Waiting(
        Calendar.steady(location.transitions),
        location.belief,
        location.discount,
        stay,
        moves.remains(config, location.review),
    )
    return Building.weighed(moves.gain, waiting, regime, location.noise), moves, config


@given(problems())
def test_a_quarters_chances_are_probabilities(problem):
    building, moves, config = weighed(problem)
    np.testing.assert_allclose(moves.keeping.sum(axis=1), 1, rtol=1e-12)
    built = building.expected(Held.none(N_FIRMS), 0.3)
    total = expected_moves(built, moves.keeping[..., 0], 0.3, config)
    assert (total >= 0).all()
    np.testing.assert_allclose(total.sum(axis=1), 1, rtol=1e-12)
    assert not built[~moves.builds].any()
    assert built.sum(axis=1).max() <= 0.3 + 1e-12


@given(problems())
def test_having_no_plants_and_no_opportunity_is_worth_nothing(problem):
    assert not keeping_values(problem)[0][:, EMPTY].any()


@given(problems(), st.floats(0.01, 100))
def test_the_unit_of_money_does_not_matter(problem, unit):
    location = problem.location
    rescaled = replace(
        problem,
        keep_noise=unit * problem.keep_noise,
        location=replace(
            location,
            profit=unit * location.profit,
            move_cost=unit * location.move_cost,
            noise=unit * location.noise,
        ),
    )
    size = (1 + np.abs(location.profit).max() + location.noise) / (1 - location.discount)
    values, other = (keeping_values(some, tolerance=1e-12)[0] for some in (problem, rescaled))
    np.testing.assert_allclose(other / unit, values, rtol=0, atol=1e-10 * size)


@given(problems(), st.permutations(range(N_FIRMS)))
def test_the_order_of_firms_does_not_matter(problem, order):
    order = np.array(order)
    values, _ = keeping_values(problem, tolerance=1e-12)
    found, _ = keeping_values(problem.take(order), tolerance=1e-12)
    np.testing.assert_array_equal(found, values[order])
    config = standing(problem)
    worth = moves_from(problem, values, config).worth
    again = moves_from(problem.take(order), values[order], config[order]).worth
    np.testing.assert_array_equal(again, worth[order])


@pytest.mark.parametrize("solve", [keeping_values, nested_values])
def test_what_a_firm_ends_at_does_not_depend_on_who_is_solved_beside_it(solve):
    """Some are solved in fewer steps than others, and stop there."""
    problem = owners(60, 3, noise=0.05, keep_noise=0.02, review=0.9)
    tolerance = 1e-3
    values, residual = solve(problem, tolerance=tolerance)
    assert residual.max() <= tolerance
    for firm in range(60):
        alone, _ = solve(problem.take(np.array([firm])), tolerance=tolerance)
        # A step more would change values by far more than sums over a single firm round.
        np.testing.assert_allclose(alone[0], values[firm], rtol=1e-13)


@given(problems(), st.permutations(range(8)))
def test_the_order_of_sets_does_not_matter(problem, order):
    order, location = np.array(order), problem.location
    shuffled = replace(
        problem,
        sets=Sets(ALL_SETS.has_plant[order]),
        location=replace(
            location,
            profit=location.profit[:, order],
            move_cost=location.move_cost[:, order][:, :, order],
            build_delay=location.build_delay[order][:, order],
        ),
    )
    size = (1 + np.abs(location.profit).max() + location.noise) / (1 - location.discount)
    values, found = (keeping_values(some, tolerance=1e-12)[0] for some in (problem, shuffled))
    np.testing.assert_allclose(found, values[:, order], rtol=0, atol=1e-10 * size)


@given(problems(), seeds)
def test_more_profit_of_a_set_never_makes_it_worth_less(problem, seed):
    extra = np.random.default_rng(seed).exponential(size=problem.location.profit.shape)
    richer = replace(
        problem, location=replace(problem.location, profit=problem.location.profit + extra)
    )
    more, less = (keeping_values(some, tolerance=1e-12)[0] for some in (richer, problem))
    size = np.abs(more).max() + 1
    assert (more >= less - 1e-10 * size).all()


@given(problems(), st.floats(0, 1), st.floats(0, 1))
def test_what_lasts_longer_is_used_later_and_worth_more(problem, one, other):
    shorter, longer = sorted((one, other))
    before, moves, _ = weighed(problem, shorter)
    after = cutoffs(moves.gain, replace(before.waiting, stay=longer), 0)
    both = np.isfinite(after)
    size = 1 + np.abs(before.today[both]).max(initial=0)
    assert (after[both] >= before.cutoff[both] - 1e-9 * size).all()
    # Where nothing is to be waited for luck makes up for what is missing, and never for less.
    assert (before.cutoff[both] >= -before.today[both] - 1e-9 * size).all()


@given(problems(), seeds)
def test_an_opportunity_is_worth_what_using_it_at_the_cutoff_gives(problem, seed):
    building, _, _ = weighed(problem)
    rng = np.random.default_rng(seed)
    drawn = building.draw(rng.gumbel(size=(N_FIRMS, 9)))
    worth, ready = building.worth(drawn), building.ready(drawn)
    each = np.arange(N_FIRMS)
    used = building.today[each, drawn.target] + drawn.luck
    assert (worth >= 0).all()
    assert ((drawn.target == ABSENT) == (standing(problem) == 7)).all()
    size = 1 + np.abs(used[drawn.any]).max(initial=0)
    assert (np.abs(worth - used)[ready] <= 1e-9 * size).all()
    waits = drawn.any & ~ready
    assert (worth[waits] >= used[waits] - 1e-9 * size).all()
    gain = building.gain[each[waits], drawn.target[waits]]
    kept = option_values(gain, drawn.luck[waits], building.waiting.take(each[waits]), 0)
    np.testing.assert_array_equal(kept, worth[waits])


@given(seeds, st.integers(-1, 2))
def test_attrition_is_what_enumerating_the_deaths_of_plants_gives(seed, home):
    deaths = np.random.default_rng(seed).random((1, 3))
    found = attrition(deaths, np.array([home]), ALL_SETS)[..., 0]
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-13)
    codes = {tuple(plants): place for place, plants in enumerate(ALL_SETS.has_plant.tolist())}
    expected = np.zeros((8, 8))
    for plants, place in codes.items():
        for dies in product([False, True], repeat=3):
            chance = 1.0
            left = []
            for host in range(3):
                spared = host == home and sum(plants) > 1
                risk = deaths[0, host] if plants[host] and not spared else 0.0
                chance *= risk if dies[host] else 1 - risk
                left.append(plants[host] and not dies[host])
            expected[place, codes[tuple(left)]] += chance
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_a_seat_is_spared_while_sisters_stand_and_mortal_alone():
    deaths = np.full((2, 3), 0.1)
    found = attrition(deaths, np.array([0, ABROAD]), ALL_SETS)
    usa, mex, both = 1, 2, 4
    assert found[both, mex, 0] == found[both, EMPTY, 0] == 0
    assert found[both, usa, 0] == pytest.approx(0.1)
    assert found[usa, EMPTY, 0] == pytest.approx(0.1)
    assert found[both, mex, 1] == pytest.approx(0.09)
    assert found[both, EMPTY, 1] == pytest.approx(0.01)


def test_attrition_asks_for_all_parts_of_sets():
    with pytest.raises(ValueError, match="all parts of every set"):
        attrition(np.zeros((1, 3)), np.zeros(1, int), STANDING_SETS)


def test_four_quarters_of_deaths_are_the_yearly_rate():
    size = np.array([0.1, 1.0, 30.0])
    quarterly = quarterly_deaths(size, 0.008, 0.067, 0.45)
    yearly = 1 - (1 - quarterly) ** 4
    np.testing.assert_allclose(yearly, 0.008 + 0.067 * size**-0.45, rtol=1e-12)
    assert quarterly_deaths(np.array([1e-6]), 0.008, 0.067, 0.45)[0] == 1


@given(seeds)
def test_a_set_of_plants_that_sells_in_proportion_breaks_even_where_gains_pay_fixed_costs(seed):
    rng = np.random.default_rng(seed)
    margin, size = rng.uniform(0.02, 0.2, N_FIRMS), rng.uniform(0.1, 50, N_FIRMS)
    gain = gain_per_sale(margin, 0.5, 0.97)
    np.testing.assert_allclose(gain, margin + 0.03 * 2)
    share = rng.random((N_FIRMS, 8, 3)) * ALL_SETS.has_plant
    home = rng.integers(-1, 3, N_FIRMS)
    fixed = fixed_costs(0.45, gain, size, share, home)
    for firm, config, host in product(range(N_FIRMS), range(8), range(3)):
        part = 0.5 if host == home[firm] else 1.0
        expected = part * 0.45 * gain[firm] * size[firm] ** -0.12 * share[firm, config, host] ** 0.5
        assert fixed[firm, config, host] == pytest.approx(expected)
    running = fixed.sum(axis=2)
    without = rng.random((N_FIRMS, 2))
    sales = without[:, None] + (running / gain[:, None])[..., None]
    np.testing.assert_allclose(flow_profit(gain, sales, without, running), 0, atol=1e-14)
    by_regime = np.repeat(gain[:, None], 2, axis=1)
    np.testing.assert_array_equal(
        flow_profit(by_regime, sales, without, running), flow_profit(gain, sales, without, running)
    )


@given(seeds)
def test_moving_costs_are_summed_plant_by_plant(seed):
    rng = np.random.default_rng(seed)
    share = rng.random((2, 8, 3)) * ALL_SETS.has_plant
    arriving, founding = rng.random((2, 3)), rng.random(2)
    found = moving_costs(ALL_SETS, share, (0.4, 0.1), arriving, founding)
    has = ALL_SETS.has_plant
    for kind, old, new in product(range(2), range(8), range(8)):
        expected = founding[kind] if old == EMPTY and new != EMPTY else 0.0
        for host in range(3):
            if has[new, host] and not has[old, host]:
                expected += 4 * 0.4 * share[kind, new, host] + arriving[kind, host]
            if has[old, host] and not has[new, host]:
                expected += 4 * 0.1 * share[kind, old, host]
        assert found[kind, old, new] == pytest.approx(expected)
