"""The wedge solves the firm's program as a general optimiser does.

The program never mentions a wedge. A category is a continuum of parts, each with a
Frechet price from an originating and from another source. A firm that buys the mass
``x`` of parts from the other source, those for which it is relatively cheapest, pays

    other        spend * foreign**(-1/theta)       * x**(1 + 1/theta)
    originating  spend * (1 - foreign)**(-1/theta) * (1 - x)**(1 + 1/theta)

where ``spend`` is what it pays when free and ``foreign`` the mass it then buys there.
(The relative prices at which the mass is ``x`` are ``r = (x * (1 - foreign) /
((1 - x) * foreign))**(1/theta)``; the cheaper of two Frechet prices does not tell which
of the two it is.) It picks the masses of least net cost that meet the rule.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from abm.core.inputs.content_rules import meet_content_rule, restricted_spending

N_FIRMS = 60
SAME = 1e-6


@dataclass
class Firm:
    """One random firm; arrays over input categories."""

    spend: np.ndarray
    foreign: np.ndarray
    before_duty: np.ndarray
    theta: np.ndarray
    other_cost: float
    threshold: float

    @classmethod
    def draw(cls, seed):
        """A firm whose free content misses its rule."""
        rng = np.random.default_rng(seed)
        inputs = rng.integers(1, 9)
        spend = rng.dirichlet(np.ones(inputs)) * rng.uniform(0.3, 0.9)
        foreign = rng.uniform(0.02, 0.98, inputs)
        before_duty = 1 / (1 + rng.choice([0, 0.025, 0.25, 1.0], inputs))
        content = 1 - (spend * foreign * before_duty).sum() / 1.0
        threshold = content + (0.99 - content) * rng.uniform(0.02, 0.98)
        theta = rng.uniform(1.2, 12.0, inputs)
        return cls(spend, foreign, before_duty, theta, 1 - spend.sum(), threshold)

    def solved(self):
        """The model's answer."""
        return meet_content_rule(
            self.spend[:, None],
            self.foreign[:, None],
            self.before_duty[:, None],
            self.theta,
            np.array([self.other_cost]),
            np.array([self.threshold]),
            tolerance=1e-12,
        )

    def values(self, mass):
        """Spending on originating and on other parts at a mass of the latter."""
        power = 1 / self.theta
        other = self.spend * self.foreign**-power * mass ** (1 + power)
        originating = self.spend * (1 - self.foreign) ** -power * (1 - mass) ** (1 + power)
        return originating, other

    def slopes(self, mass):
        """Derivatives of `values`."""
        power = 1 / self.theta
        other = self.spend * (1 + power) * (mass / self.foreign) ** power
        originating = -self.spend * (1 + power) * ((1 - mass) / (1 - self.foreign)) ** power
        return originating, other

    def net_cost(self, mass):
        return self.other_cost + sum(part.sum() for part in self.values(mass))

    def room(self, mass):
        """What the rule still allows, below zero where it is missed."""
        _, other = self.values(mass)
        return (1 - self.threshold) * self.net_cost(mass) - (self.before_duty * other).sum()

    def optimised(self):
        """SciPy's answer: masses bought elsewhere, from none, half or all of the free ones."""

        def cost_slope(mass):
            originating, other = self.slopes(mass)
            return originating + other

        def room_slope(mass):
            _, other = self.slopes(mass)
            return (1 - self.threshold) * cost_slope(mass) - self.before_duty * other

        best = None
        for fraction in (0.05, 0.5, 0.95):
            found = minimize(
                self.net_cost,
                fraction * self.foreign,
                jac=cost_slope,
                bounds=[(0, limit) for limit in self.foreign],
                constraints={"type": "ineq", "fun": self.room, "jac": room_slope},
                method="SLSQP",
                options={"ftol": 1e-15, "maxiter": 1000},
            )
            meets = self.room(found.x) > -1e-9
            if meets and (best is None or found.fun < best.fun):
                best = found
        return best


def masses(firm, log_wedge):
    """Share of parts bought elsewhere that the wedge implies, from spending alone."""
    originating, other = (
        part[:, 0]
        for part in restricted_spending(
            np.array([log_wedge]),
            firm.spend[:, None],
            firm.foreign[:, None],
            firm.before_duty[:, None],
            firm.theta,
        )
    )
    free_originating, free_other = firm.values(firm.foreign)
    power = firm.theta / (1 + firm.theta)
    from_other = firm.foreign * (other / free_other) ** power
    from_originating = 1 - (1 - firm.foreign) * (originating / free_originating) ** power
    np.testing.assert_allclose(from_other, from_originating, atol=1e-9)
    return from_other


@pytest.fixture(scope="module")
def firms():
    return [Firm.draw(seed) for seed in range(N_FIRMS)]


def test_least_net_cost_equals_slsqp_on_random_firms(firms):
    for firm in firms:
        mix, best = firm.solved(), firm.optimised()
        assert best is not None
        assert mix.feasible[0]
        assert mix.net_cost[0] == pytest.approx(best.fun, rel=SAME)


def test_the_mix_itself_equals_slsqp_on_random_firms(firms):
    for firm in firms:
        mix, best = firm.solved(), firm.optimised()
        originating, other = firm.values(best.x)
        found = restricted_spending(
            mix.log_wedge,
            firm.spend[:, None],
            firm.foreign[:, None],
            firm.before_duty[:, None],
            firm.theta,
        )
        # Cost is flat at its minimum, so quantities are known to the root of its precision.
        np.testing.assert_allclose(found[0][:, 0], originating, atol=1e-5)
        np.testing.assert_allclose(found[1][:, 0], other, atol=1e-5)


def test_the_rule_is_met_exactly_where_it_binds(firms):
    for firm in firms:
        mix = firm.solved()
        assert mix.content[0] == pytest.approx(firm.threshold, abs=1e-9)
        assert firm.room(masses(firm, mix.log_wedge[0])) == pytest.approx(0, abs=1e-9)


def test_every_category_has_the_wedge_of_the_multiplier(firms):
    for firm in firms:
        mix = firm.solved()
        mass = masses(firm, mix.log_wedge[0])
        # The relative price of the marginal part, over that of the marginal part when free.
        odds = firm.foreign * (1 - mass) / ((1 - firm.foreign) * mass)
        wedge = odds ** (1 / firm.theta)
        multiplier = np.expm1(mix.log_wedge[0])
        np.testing.assert_allclose((wedge - 1) / firm.before_duty, multiplier, rtol=1e-6)


def test_first_order_conditions_of_the_program_hold_at_the_wedge(firms):
    for firm in firms:
        originating, other = firm.slopes(masses(firm, firm.solved().log_wedge[0]))
        cost = originating + other
        room = (1 - firm.threshold) * cost - firm.before_duty * other
        price_of_room = cost / room
        np.testing.assert_allclose(price_of_room, price_of_room[0], rtol=1e-6)
        assert price_of_room[0] > 0


def test_no_wedge_where_the_free_mix_already_meets_the_rule():
    firm = Firm.draw(1)
    firm.threshold = 0.01
    mix = firm.solved()
    assert mix.log_wedge[0] == 0
    assert mix.net_cost[0] == pytest.approx(1.0, rel=1e-12)
    assert firm.optimised().fun == pytest.approx(1.0, rel=SAME)


def test_a_firm_without_an_originating_source_is_reported_as_infeasible():
    firm = Firm.draw(2)
    firm.foreign = np.ones_like(firm.foreign)
    firm.threshold = 0.95
    assert not firm.solved().feasible[0]


def test_a_linear_program_over_sampled_parts_approaches_the_wedge():
    """Parts drawn one by one, each bought from either source in any share."""
    rng = np.random.default_rng(4)
    parts = 4000
    firm = Firm.draw(11)
    inputs = len(firm.spend)
    appeal = np.stack([1 - firm.foreign, firm.foreign])[..., None]
    theta = firm.theta[:, None]
    prices = (rng.exponential(size=(2, inputs, parts)) / appeal) ** (1 / theta)
    # Each category's sample is scaled to cost what the firm pays when free.
    prices *= (firm.spend / prices.min(axis=0).sum(axis=1))[:, None]
    originating, other = prices.reshape(2, -1)
    before_duty = np.repeat(firm.before_duty, parts)
    allowed = 1 - firm.threshold
    # Variables: share of each part bought elsewhere, between 0 and 1.
    found = linprog(
        other - originating,
        A_ub=(before_duty * other - allowed * (other - originating))[None],
        b_ub=[allowed * (firm.other_cost + originating.sum())],
        bounds=(0, 1),
    )
    least = firm.other_cost + originating.sum() + found.fun
    extra = firm.solved().net_cost[0] - 1
    # Four thousand parts a category: a few per cent of what the rule costs.
    assert least - 1 == pytest.approx(extra, rel=0.05)
