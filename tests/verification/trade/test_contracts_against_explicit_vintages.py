"""Three sums over contracts against a simulation that keeps every cohort of them apart."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from abm.core.inputs.contracts import (
    REMEMBERED,
    Contracts,
    contract_weights,
    next_contracts,
    paid,
    renewed,
    signing_today,
)
from tests.contract_costs import cost_with_tastes

RENEWAL, SLOPE = 0.15, 1.5
QUARTERS = 24
GONE = slice(6, 11)
"""Quarters in which a source sells nothing."""

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
"""A few hundred operations in double precision."""


@dataclass
class Cohort:
    """Contracts signed in one quarter: how many are left with each source, and at what terms."""

    left: np.ndarray  # (firm, source)
    cost: np.ndarray  # (firm,)
    price: np.ndarray  # (source,)


@dataclass
class Vintages:
    """Firms that keep the books of every cohort, for one category at one place."""

    affinity: np.ndarray  # (firm, source)
    base: np.ndarray  # (source,)
    theta: float
    cohorts: list[Cohort] = field(default_factory=list)
    history: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        liked = self.affinity * self.base
        share = liked / liked.sum(axis=1, keepdims=True)
        self.cohorts.append(Cohort(share, np.ones(len(share)), np.ones(share.shape[1])))
        self.history = [share] * REMEMBERED

    def part(self) -> np.ndarray:
        return sum(cohort.left for cohort in self.cohorts)

    def paid_for(self, price: np.ndarray, sources: np.ndarray) -> np.ndarray:
        """What firms pay to some sources."""
        return sum(
            cohort.cost * (cohort.left[:, s] * price[s] / cohort.price[s])
            for cohort in self.cohorts
            for s in np.flatnonzero(sources)
        )

    def offered(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Today's share of each source and what a category costs when signed today."""
        liked = self.affinity * weights
        relative = liked.sum(axis=1) / (self.affinity * self.base).sum(axis=1)
        return liked / liked.sum(axis=1, keepdims=True), relative ** (-1 / self.theta)

    def hazard_of_all(self, price: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Part of contracts with each source that ends, as the first firm's books say."""
        open_ = weights > 0
        cost = self.offered(weights)[1][0]
        running = self.part()[0, open_].sum()
        spent = np.sum(self.paid_for(price, open_)[0])
        gain = max(1.0, spent / (running * cost)) if running > 0 else 1.0
        return np.where(open_, min(1.0, RENEWAL * gain**SLOPE), 1.0)

    def pass_quarter(self, price: np.ndarray, weights: np.ndarray, hazard: np.ndarray) -> None:
        share, cost = self.offered(weights)
        ending = (self.part() * hazard).sum(axis=1)
        for cohort in self.cohorts:
            cohort.left = cohort.left * (1 - hazard)
        self.cohorts.append(Cohort(ending[:, None] * share, cost, price.copy()))
        part = self.part()
        known = np.max(self.history[-REMEMBERED:], axis=0)
        back = np.maximum(0, np.minimum(share, known) - part)
        excess = np.maximum(0, part - share)
        ratio = back.sum(axis=1) / np.maximum(excess.sum(axis=1), 1e-300)
        kept = 1 - excess * ratio[:, None] / np.where(part > 0, part, 1)
        for cohort in self.cohorts:
            cohort.left = cohort.left * kept
        self.cohorts.append(Cohort(back, cost, price.copy()))
        self.history.append(self.part())


@dataclass(frozen=True)
class World:
    """Prices of some categories at some places that wander for `QUARTERS` quarters."""

    base: np.ndarray  # (input, source, place)
    theta: np.ndarray  # (input,)
    prices: np.ndarray  # (quarter, input, source, place)

    def weights(self, quarter: int) -> np.ndarray:
        price = self.prices[quarter]
        return self.base * np.where(np.isfinite(price), price, np.inf) ** -self.theta[:, None, None]


def wandering(seed: int, step: float = 0.08) -> World:
    """Random walks of prices; the first source is banned for a while, then back."""
    rng = np.random.default_rng(seed)
    shape = (3, 5, 2)
    base = rng.dirichlet(np.full(shape[1], 2.0), size=(shape[0], shape[2])).transpose(0, 2, 1)
    prices = np.exp(np.cumsum(step * rng.standard_normal((QUARTERS, *shape)), axis=0))
    prices[GONE, :, 0] = np.inf
    return World(base, rng.uniform(1.0, 8.0, shape[0]), prices)


@pytest.mark.parametrize("seed", range(4))
def test_the_average_firm_pays_what_all_its_cohorts_of_contracts_cost(seed: int) -> None:
    world = wandering(seed)
    contracts = Contracts.at_rest(world.base)
    cells = [(k, place) for k in range(3) for place in range(2)]
    books = {
        (k, place): Vintages(np.ones((1, 5)), world.base[k, :, place], world.theta[k])
        for k, place in cells
    }
    for quarter in range(QUARTERS):
        price, weights = world.prices[quarter], world.weights(quarter)
        today = signing_today(weights, world.base, price, world.theta)
        contracts = next_contracts(contracts, today, RENEWAL, SLOPE)
        cost = paid(contracts, price)
        for (k, place), book in books.items():
            own, weight = price[k, :, place], weights[k, :, place]
            book.pass_quarter(own, weight, book.hazard_of_all(own, weight))
            np.testing.assert_allclose(contracts.part[k, :, place], book.part()[0], **CLOSE)
            (spent,) = book.paid_for(own, weight > 0)
            np.testing.assert_allclose(cost[k, place], spent, **CLOSE)


def test_cohorts_that_are_kept_apart_come_back_to_a_source_that_was_gone() -> None:
    world = wandering(0)
    contracts = Contracts.at_rest(world.base)
    parts = []
    for quarter in range(QUARTERS):
        price = world.prices[quarter]
        today = signing_today(world.weights(quarter), world.base, price, world.theta)
        contracts = next_contracts(contracts, today, RENEWAL, SLOPE)
        parts.append(contracts.part[:, 0])
    assert (np.array(parts)[GONE] == 0).all()
    returned = parts[GONE.stop]
    # More than renewal alone would bring, so the books above test recall too.
    assert (returned > 0.3 * today.share[:, 0]).any()


def test_two_sources_of_which_one_doubles_its_price_cost_what_their_vintages_do() -> None:
    price, theta = np.array([[[2.0], [1.0]]]), np.array([1.0])
    base = np.full((1, 2, 1), 0.5)
    today = signing_today(base / price, base, price, theta)
    after = renewed(Contracts.at_rest(base), today, np.full((1, 2, 1), 0.5))
    # Half at the old mix, 1.5; half at the new one, whose index is 4/3.
    np.testing.assert_allclose(paid(after, price), 0.5 * 1.5 + 0.5 * 4 / 3, **CLOSE)
    np.testing.assert_allclose(paid(after, price), 1.4167, atol=5e-5)


def error_with_tastes(spread: float, seed: int, firms: int = 200) -> np.ndarray:
    """Error of a category's cost for firms with tastes, shape (quarter, firm, input, place).

    Over the cost that their own cohorts of contracts give, less 1. Firms end contracts
    with the hazard of the average firm; all else is their own.
    """
    world = wandering(seed)
    rng = np.random.default_rng(1000 + seed)
    affinity = np.exp(spread * rng.standard_normal((firms, 3, 5)))
    average, exact = {}, {}
    for k in range(3):
        for place in range(2):
            where = (world.base[k, :, place], world.theta[k])
            average[k, place] = Vintages(np.ones((1, 5)), *where)
            exact[k, place] = Vintages(affinity[:, k], *where)
    contracts = Contracts.at_rest(world.base)
    errors = np.empty((QUARTERS, firms, 3, 2))
    for quarter in range(QUARTERS):
        price, weights = world.prices[quarter], world.weights(quarter)
        today = signing_today(weights, world.base, price, world.theta)
        contracts = next_contracts(contracts, today, RENEWAL, SLOPE)
        held = contract_weights(contracts, price, world.theta)
        cost = cost_with_tastes(affinity, world.base, held, world.theta)
        for (k, place), book in exact.items():
            own, weight = price[k, :, place], weights[k, :, place]
            hazard = average[k, place].hazard_of_all(own, weight)
            average[k, place].pass_quarter(own, weight, hazard)
            book.pass_quarter(own, weight, hazard)
            errors[quarter, :, k, place] = cost[:, k, place] / book.paid_for(own, weight > 0) - 1
    return errors


def test_firms_with_tastes_of_their_own_pay_what_their_own_vintages_cost_to_a_percent() -> None:
    errors = np.concatenate([error_with_tastes(0.5, seed) for seed in range(3)])
    # Walks of 8% a quarter with a ban of five quarters; 0.7% without the ban.
    assert np.sqrt((errors**2).mean()) < 0.012
    assert abs(errors.mean()) < 0.004


def test_without_tastes_firms_pay_exactly_what_the_average_firm_does() -> None:
    np.testing.assert_allclose(error_with_tastes(0.0, 1, firms=2), 0, atol=1e-12)
