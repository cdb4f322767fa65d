"""What properties are tried on: random firms, prices, rules and borders.

Sizes and ranges are those that occur: shares from all to next to nothing, theta and
sigma of the literature and beyond, duties up to 300%. Numbers within a case come from
a seed that hypothesis draws, so a case is small to store and wide in values.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from abm.core.demand.claims import BorderTerms
from abm.core.inputs.buyers import Buyers
from abm.core.inputs.sourcing import InputTerms

N_ENTRIES = 6
"""Firms in a case."""

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
duties = st.floats(0, 3)
thresholds = st.floats(0.01, 0.99)


@dataclass(frozen=True)
class Mixes:
    """Free choices of inputs, arguments of `abm.core.inputs.content_rules` in their order."""

    spend: np.ndarray
    foreign: np.ndarray
    before_duty: np.ndarray
    theta: np.ndarray
    other_cost: np.ndarray


@st.composite
def mixes(draw) -> Mixes:
    """Firms with up to five inputs whose unit cost is one when they choose freely."""
    rng = draw(seeds)
    inputs = draw(st.integers(1, 5))
    materials = rng.uniform(0.05, 0.95, N_ENTRIES)
    spend = materials * rng.dirichlet(np.ones(inputs), N_ENTRIES).T
    # Some parts come from the region alone, some have no source in it at all.
    foreign = np.clip(rng.uniform(-0.1, 1.1, spend.shape), 0, 1)
    before_duty = 1 / (1 + rng.choice([0, 0.025, 0.25, 3.0], spend.shape))
    return Mixes(spend, foreign, before_duty, rng.uniform(1.1, 12, inputs), 1 - materials)


@dataclass(frozen=True)
class Plants:
    """Firms before they buy inputs: `abm.core.inputs.cost_step.cost_step`'s arguments in order."""

    buyers: Buyers
    value_added: np.ndarray
    terms: InputTerms


@st.composite
def plants(draw, regimes: int = 2) -> Plants:
    """Plants of one sector; every regime has the same prices, and no rule."""
    rng = draw(seeds)
    inputs, sources, hosts = draw(st.integers(1, 4)), draw(st.integers(2, 5)), 2
    affinity = rng.lognormal(0, draw(st.floats(0, 2)), (N_ENTRIES, inputs, sources))
    weight = rng.dirichlet(np.ones(sources), (inputs, hosts)).transpose(0, 2, 1)
    originating = rng.uniform(0, 1, weight.shape) * (rng.random(weight.shape) < 0.7)
    duty = rng.choice([0, 0.025, 0.25, 3.0], weight.shape)
    other = weight * (1 - originating)
    groups = [weight * originating, other, other / (1 + duty), weight * originating / (1 + duty)]
    falls_short = rng.random() < 0.7
    materials = rng.uniform(0.05, 0.8, hosts)
    return Plants(
        buyers=Buyers(
            affinity,
            rng.uniform(0, 1, (N_ENTRIES, hosts)) if falls_short else np.ones((N_ENTRIES, hosts)),
            np.einsum("iks,ksl->ikl", affinity, weight),
            np.zeros(N_ENTRIES, np.int64),
        ),
        value_added=rng.uniform(0.05, 1, (N_ENTRIES, hosts)),
        terms=InputTerms(
            weights=np.repeat(np.stack(groups, axis=2)[..., None], regimes, axis=-1),
            theta=rng.uniform(1.1, 12, inputs),
            bill_of_materials=materials * rng.dirichlet(np.ones(inputs), hosts).T,
            services=np.repeat(rng.uniform(0, 0.2, (hosts, 1)), regimes, axis=1),
            threshold=np.zeros((1, 1, regimes)),
        ),
    )


@dataclass(frozen=True)
class Exporters:
    """Firms at a border, arguments of `abm.core.demand.claims.choose_claim` in their order."""

    free_cost: np.ndarray
    compliant_cost: np.ndarray
    meets_rule: np.ndarray
    paperwork: np.ndarray
    reluctance: np.ndarray
    terms: BorderTerms


@st.composite
def exporters(draw) -> Exporters:
    """Firms that comply for free, at a cost or not at all, one regime."""
    rng = draw(seeds)
    shape = (N_ENTRIES, 1)
    free_cost = rng.uniform(0.5, 2, shape)
    meets_rule = rng.random(shape) < 0.4
    dearer = free_cost * (1 + rng.exponential(0.1, shape))
    dearer[rng.random(shape) < 0.2] = np.inf
    return Exporters(
        free_cost=free_cost,
        compliant_cost=np.where(meets_rule, free_cost, dearer),
        meets_rule=meets_rule,
        paperwork=rng.lognormal(-6, 2, shape),
        reluctance=rng.lognormal(-2.3, 1, shape),
        terms=BorderTerms(
            waived=draw(duties) * rng.uniform(0, 1, shape),
            unwaived=np.array(draw(st.sampled_from([0.0, 0.1, 1.0]))),
            preference=np.array(draw(st.sampled_from([True, True, True, False]))),
            audit=np.array(draw(st.floats(0, 1))),
            penalty=np.array(draw(st.floats(0, 5))),
        ),
    )


@dataclass(frozen=True)
class Sellers:
    """Firms before they sell.

    ``delivered`` has shape (firm, host, market), ``access`` (host, use, market),
    ``configs`` (config, host), ``plants`` (firm, host), ``size`` (firm,).
    """

    delivered: np.ndarray
    access: np.ndarray
    configs: np.ndarray
    plants: np.ndarray
    size: np.ndarray
    sigma: float
    dispersion: float

    @property
    def exponent(self) -> float:
        """Power of summed reach in a firm's appeal."""
        return (self.sigma - 1) / self.dispersion


@st.composite
def sellers(draw) -> Sellers:
    """Firms with any set of plants, some of which never sell to some markets."""
    rng = draw(seeds)
    hosts, markets = 3, draw(st.integers(1, 5))
    sigma = draw(st.floats(1.5, 8))
    sets = np.array([[(code >> host) & 1 for host in range(hosts)] for code in range(1, 2**hosts)])
    access = rng.exponential(1, (hosts, 2, markets)) * (rng.random((hosts, 2, markets)) < 0.9)
    return Sellers(
        delivered=rng.uniform(0.5, 3, (N_ENTRIES, hosts, markets)),
        access=access,
        configs=sets.astype(bool),
        plants=sets.astype(bool)[rng.integers(0, len(sets), N_ENTRIES)],
        size=rng.pareto(1.06, N_ENTRIES) + 1,
        sigma=sigma,
        # Varieties of a firm are closer substitutes than firms.
        dispersion=(sigma - 1) / draw(st.floats(0.1, 0.99)),
    )
