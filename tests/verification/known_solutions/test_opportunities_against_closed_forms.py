"""When to use an opportunity: known cutoffs, value iteration, and the odds of acting.

Entrants have no plant; incumbents have one, and an opportunity for another set. The values that
opportunities are weighed with come from the model's own rule for plants without attrition and
without closing, so that each case is the textbook's.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.opportunities.building import Building, Held, expected_moves
from abm.core.opportunities.waiting import Waiting, cutoffs, lasting, option_values
from tests.synthetic_plants import ALL_SETS, EMPTY, Reference, owners

USA, MEX = 1, 2
"""Sets of one plant."""


def weighed(problem, config, quarters, regime=0):
    """What firms could build where they stand, and from which luck on."""
    location = problem.location
    values, _ = keeping_values(problem, tolerance=1e-13)
    moves = moves_from(problem, values, config)
    waiting = Waiting(
        Calendar.steady(location.transitions),
        location.belief,
        location.discount,
        lasting(quarters),
        moves.remains(config, location.review),
    )
    return Building.weighed(moves.gain, waiting, regime, location.noise)


def textbook(profit, cost, transitions, discount):
    """Owners who may build one plant at that cost and never close it, luck left out."""
    firms, regimes = profit.shape
    flow = np.zeros((firms, len(ALL_SETS), regimes))
    flow[:, MEX] = profit
    move_cost = np.full((firms, len(ALL_SETS), len(ALL_SETS)), np.inf)
    move_cost[:, range(8), range(8)] = 0
    move_cost[:, [EMPTY, USA], MEX] = cost
    return owners(
        firms,
        regimes,
        profit=flow,
        move_cost=move_cost,
        transitions=transitions,
        belief=np.arange(firms),
        discount=discount,
        delays=(0, 0),
        dying=False,
        noise=0.0,
        keep_noise=0.0,
    )


STANDING = pytest.mark.parametrize("config", [EMPTY, USA], ids=["entrants", "incumbents"])


@STANDING
def test_a_threat_of_absorbing_bad_news_has_the_cutoff_of_handley_and_limao(config):
    """The marginal firm pays in calm times what profit under the threat is worth.

    ``c_U / c_D = [(1 + u w) / (1 + u)]**(1 / (sigma - 1))``; a firm of unit cost ``c`` earns
    ``c**(1 - sigma) * tau**-sigma`` a year.
    """
    sigma, discount, entry = 4.0, 0.90, 7.0
    tariff, arrival = (np.ravel(x) for x in np.meshgrid([0.025, 0.35], [0.0, 0.02, 0.1, 0.5]))
    w, u = (1 + tariff) ** -sigma, discount * arrival / (1 - discount)
    cutoff = (entry * (1 - discount)) ** (1 / (1 - sigma))
    cutoff = cutoff * ((1 + u * w) / (1 + u)) ** (1 / (sigma - 1))
    transitions = np.array([[[1 - p, p], [0, 1]] for p in arrival])
    for factor, acts in ((1 - 1e-9, True), (1 + 1e-9, False)):
        profit = (factor * cutoff[:, None]) ** (1 - sigma) * np.stack([np.ones_like(w), w], axis=1)
        problem = textbook(profit, entry, transitions, discount)
        for quarters in (1, 4, np.inf):
            building = weighed(problem, np.full(len(w), config), quarters)
            held = Held(np.full(len(w), MEX), np.zeros(len(w)))
            np.testing.assert_array_equal(building.ready(held), acts)
            odds = building.expected_of_a_draw()
            np.testing.assert_array_equal(odds[:, MEX] == 1, acts)


def two_way(rng):
    """Undecided, settled for good, settled for bad: profits, cost, chances of the news."""
    good, bad = rng.uniform(0.05, 0.3, 20), rng.uniform(0.05, 0.4, 20)
    better = rng.uniform(0.3, 1.0, 20)
    transitions = np.array(
        [[[1 - p - q, q, p], [0, 1, 0], [0, 0, 1]] for p, q in zip(bad, good, strict=True)]
    )
    profit = np.stack([better, better, better * rng.uniform(-0.5, 0.9, 20)], axis=1)
    return profit, rng.uniform(2.0, 9.0, 20), transitions, bad, good


@STANDING
def test_what_lasts_for_ever_is_used_where_bad_news_alone_allow_it(config):
    """``x = -A + L beta p / (1 - beta + beta p)`` whatever the chance ``q`` of good news."""
    discount = 0.93
    profit, cost, transitions, bad, good = two_way(np.random.default_rng(1))
    worth_if_good = profit[:, 1] / (1 - discount) - cost
    loss = (profit[:, 1] - profit[:, 2]) / (1 - discount)
    problem = textbook(profit, cost[:, None], transitions, discount)
    known = -worth_if_good + loss * discount * bad / (1 - discount + discount * bad)
    stays = np.full(len(cost), config)
    for quarters in (np.inf, 4.0, 1.0):
        found = weighed(problem, stays, quarters).cutoff[:, MEX]
        # After bad news waiting gains nothing; after good news neither, here or below.
        kept = discount * lasting(quarters)
        reached = kept * good / (1 - kept * (1 - good - bad))
        present = worth_if_good - loss * discount * bad / (1 - discount + discount * (good + bad))
        ends = (reached * worth_if_good - present) / (1 - reached)
        np.testing.assert_allclose(found, ends, rtol=1e-11)
        if quarters == np.inf:
            np.testing.assert_allclose(found, known, rtol=1e-11)
        else:
            assert (found < known).all()
        if quarters == 1:
            np.testing.assert_allclose(found, -present, rtol=1e-11)


def random_options(seed, regimes, stay, remains=True, firms=60, configs=4):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.full(regimes, 0.6), (3, regimes))
    waiting = Waiting(
        Calendar.steady(transitions),
        rng.integers(0, 3, firms),
        0.9,
        stay,
        rng.uniform(0.6, 1, (firms, regimes)) if remains else np.ones((firms, regimes)),
    )
    return rng.standard_normal((firms, configs, regimes)), rng.standard_normal(firms), waiting


def iterated(gain, luck, waiting, sweeps=400):
    """Worth of opportunities by plain value iteration, shape (firm, regime)."""
    worth = np.zeros((len(luck), gain.shape[-1]))
    chains = waiting.expected.later[waiting.belief]
    for _ in range(sweeps):
        kept = (
            waiting.discount
            * waiting.stay
            * waiting.remains
            * np.einsum("nrs,ns->nr", chains, worth)
        )
        worth = np.maximum(gain + luck[:, None], kept)
    return worth, kept


@pytest.mark.parametrize("regimes", [1, 2, 5])
@pytest.mark.parametrize("stay", [0.0, 0.75, 1.0])
def test_worth_of_opportunities_equals_value_iteration(regimes, stay):
    gain, luck, waiting = random_options(3, regimes, stay)
    worth, _ = iterated(gain[:, 1], luck, waiting)
    for regime in range(regimes):
        found = option_values(gain[:, 1], luck, waiting, regime)
        np.testing.assert_allclose(found, worth[:, regime], rtol=0, atol=1e-12)


@pytest.mark.parametrize("regimes", [1, 2, 5])
@pytest.mark.parametrize("stay", [0.0, 0.75, 1.0])
def test_at_the_cutoff_using_and_waiting_are_worth_the_same(regimes, stay):
    """And just above it value iteration uses the opportunity, just below it does not."""
    gain, _, waiting = random_options(4, regimes, stay)
    for regime, target in itertools.product(range(regimes), range(4)):
        cutoff = cutoffs(gain, waiting, regime)[:, target]
        for above in (1e-7, -1e-7):
            used = gain[:, target, regime] + cutoff + above
            _, kept = iterated(gain[:, target], cutoff + above, waiting)
            np.testing.assert_allclose(used - above, kept[:, regime], atol=2e-7)
            np.testing.assert_array_equal(used > kept[:, regime], above > 0)


def dated_options(seed, horizon, regimes=3, firms=30):
    rng = np.random.default_rng(seed)
    chains = rng.dirichlet(np.full(regimes, 0.5), (horizon + 1, 2, regimes))
    waiting = Waiting(
        Calendar(chains[:-1], chains[-1]),
        rng.integers(0, 2, firms),
        0.9,
        0.85,
        rng.uniform(0.7, 1, (horizon + 1, firms, regimes)),
    )
    return (
        rng.standard_normal((horizon + 1, firms, 2, regimes)),
        rng.standard_normal(firms),
        waiting,
    )


def recursion(gain, luck, waiting):
    """Worth of using and of waiting today, backwards from value iteration at the horizon."""
    horizon = waiting.expected.horizon
    steady = Waiting(
        Calendar.steady(waiting.expected.later),
        waiting.belief,
        waiting.discount,
        waiting.stay,
        waiting.remains[-1],
    )
    worth, _ = iterated(gain[-1], luck, steady)
    for ahead in range(horizon - 1, -1, -1):
        chains = waiting.expected.at(ahead)[waiting.belief]
        kept = 0.9 * 0.85 * waiting.remains[ahead] * np.einsum("nrs,ns->nr", chains, worth)
        used = gain[ahead] + luck[:, None]
        worth = np.maximum(used, kept)
    return worth, used, kept


@pytest.mark.parametrize("horizon", [1, 2, 12])
def test_under_dates_worth_and_cutoffs_equal_a_plain_recursion(horizon):
    gain, luck, waiting = dated_options(8, horizon)
    for regime, target in itertools.product(range(3), range(2)):
        worth, _, _ = recursion(gain[:, :, target], luck, waiting)
        found = option_values(gain[:, :, target], luck, waiting, regime)
        np.testing.assert_allclose(found, worth[:, regime], rtol=0, atol=1e-12)
        cutoff = cutoffs(gain, waiting, regime)[:, target]
        for above in (1e-7, -1e-7):
            _, used, kept = recursion(gain[:, :, target], cutoff + above, waiting)
            np.testing.assert_array_equal(used[:, regime] > kept[:, regime], above > 0)


def test_quarters_that_are_all_alike_have_the_cutoffs_of_no_date():
    gain, _, steady = random_options(5, 3, 0.8)
    chain = steady.expected.later
    dated = Waiting(
        Calendar(np.repeat(chain[None], 6, 0), chain),
        steady.belief,
        steady.discount,
        steady.stay,
        np.repeat(steady.remains[None], 7, 0),
    )
    np.testing.assert_allclose(
        cutoffs(np.repeat(gain[None], 7, 0), dated, 1), cutoffs(gain, steady, 1), atol=1e-12
    )


def test_a_date_on_which_all_will_be_known_makes_firms_wait_for_it_and_not_after():
    """News that come for sure next quarter deter more than the same news at a distant date."""
    gain = np.array([[0.0, 2.0, -2.0]])
    undecided, settled = np.eye(3), np.eye(3)
    news = np.array([[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]])
    found = []
    for quarters in range(1, 13):
        near = np.array([*[undecided] * (quarters - 1), news])[:, None]
        waiting = Waiting(
            Calendar(near, settled[None]),
            np.zeros(1, int),
            0.97,
            lasting(4),
            np.ones((quarters + 1, 1, 3)),
        )
        found.append(cutoffs(np.repeat(gain[None, None], quarters + 1, 0), waiting, 0)[0, 0])
    assert (np.diff(found) < 0).all()
    # ``x = kept**n * (2 + x) / 2`` while only good news are acted on.
    kept = (0.97 * 0.75) ** np.arange(1, 13)
    np.testing.assert_allclose(found, kept / (1 - kept / 2), rtol=1e-12)


@pytest.mark.parametrize("noise", [0.3, 1.3])
def test_without_waiting_odds_of_a_draw_are_nested_logit(noise):
    problem = owners(80, 3, noise=noise, review=1.0)
    config = np.random.default_rng(0).integers(0, 8, 80)
    building = weighed(problem, config, quarters=1.0)
    values, _ = keeping_values(problem, tolerance=1e-13)
    moves = moves_from(problem, values, config)
    odds = building.expected_of_a_draw()
    for row in range(80):
        built = np.where(moves.builds[row], np.exp(moves.worth[row, :, 0] / noise), 0)
        nest = np.exp(moves.value[row, 0] / noise)
        np.testing.assert_allclose(odds[row], built / (nest + built.sum()), rtol=1e-9)


def test_a_review_of_everything_without_luck_to_come_sums_to_one_and_equals_the_reference():
    """With opportunities of a quarter all odds at a review are those of the nest of two scales."""
    problem = owners(4, 2, review=1.0)
    config = np.array([EMPTY, 1, 4, 7])
    building = weighed(problem, config, 1.0)
    values, _ = keeping_values(problem, tolerance=1e-13)
    moves = moves_from(problem, values, config)
    built = building.expected(Held.none(4), 1.0)
    total = expected_moves(built, moves.keeping[..., 0], 1.0, config)
    np.testing.assert_allclose(total.sum(axis=1), 1, rtol=1e-13)
    for row in range(4):
        reference = Reference(problem, row, values_luck=False, end=150)
        worths = np.array(reference.worths[0][config[row]])[:, 0]
        parts = reference.parts(config[row])
        kept = np.exp(worths[parts] / problem.keep_noise)
        nest = kept.sum() ** (problem.keep_noise / 0.6)
        weight = np.exp(worths / 0.6)
        weight[parts] = nest * kept / kept.sum()
        np.testing.assert_allclose(total[row], weight / weight.sum(), rtol=1e-8)


def test_a_threat_that_may_pass_deters_the_more_the_longer_opportunities_last():
    """Entrants and incumbents alike, beside what the threat takes from the value of plants."""
    good, loss, p, q, discount = 0.3, 0.25, 0.05, 0.2, 0.97
    chain = np.array([[[1 - p - q, q, p], [0, 1, 0], [0, 0, 1]]])
    profit = np.array([[good, good, good - loss]])
    problem = textbook(profit, 10.0, chain, discount)
    problem = replace(problem, location=replace(problem.location, noise=1.3))
    for config in (np.array([EMPTY]), np.array([USA])):
        rates = [
            weighed(problem, config, quarters).expected_of_a_draw().sum()
            for quarters in (1.0, 2.0, 4.0, 12.0, np.inf)
        ]
        without = weighed(problem, config, 4.0, regime=1).expected_of_a_draw().sum()
        assert without > rates[0]
        assert (np.diff(rates) < 0).all()


def test_an_opportunity_is_worth_less_to_a_firm_whose_plants_may_be_gone_before_news_come():
    gain, luck, waiting = random_options(6, 3, 0.9)
    safe = replace(waiting, remains=np.ones_like(waiting.remains))
    worse, better = (option_values(gain[:, 0], luck, some, 0) for some in (waiting, safe))
    waits = better > np.maximum(gain[:, 0, 0] + luck, 0) + 1e-12
    assert waits.any()
    assert (better[waits] > worse[waits]).all()
    np.testing.assert_allclose(better[~waits], worse[~waits], atol=1e-12)
    assert (cutoffs(gain, safe, 0) >= cutoffs(gain, waiting, 0) - 1e-12).all()


@pytest.mark.parametrize("quarters", [0.0, 0.99, float("nan")])
def test_opportunities_last_at_least_the_quarter_in_which_they_come(quarters):
    with pytest.raises(ValueError, match=f"opportunity_quarters is {quarters}"):
        lasting(quarters)


def test_how_long_opportunities_last_is_their_mean():
    stay = lasting(4.0)
    assert sum(n * stay ** (n - 1) * (1 - stay) for n in range(1, 400)) == pytest.approx(4.0)
    assert lasting(np.inf) == 1
