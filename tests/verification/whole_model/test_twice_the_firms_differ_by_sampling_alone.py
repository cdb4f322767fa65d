"""Twice the firms at the same seed move aggregates by sampling error alone.

The calibration year is matched at any number of firms, so what is left to chance is
what firms do, and how they answer a shock. The error is taken from seeds, as in a
Monte Carlo study: firms of different seeds are independent, so an average over ``n``
of them varies from seed to seed with variance ``v / n``. Both numbers of firms
estimate ``v``, with one degree of freedom for every seed but the first, each; the
mean difference between them over ``S`` seeds then has variance
``(v / n + v / 2n) / S`` if it is sampling alone, and Student's distribution gives
what it may be.
"""

import numpy as np
import pytest
from scipy import stats

from abm.axes import HOSTS, N_HOSTS, REGIONS
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 1600
"""With half of them too few firms stand for the large ones: more of all sales are then those of
firms with plants abroad, by a tenth."""

SEEDS = range(1, 6)
QUARTERS = 3
CHANCE = 1e-2
"""Of a false alarm, all measures taken together."""

MEASURES = (
    "share of sales of firms with plants abroad",
    "content in Mexico",
    "content in Canada",
    "claimed share of members' trade",
    "change of output in Mexico",
    "change of output in Canada",
    "change of US imports from Mexico",
    "change of US consumer prices",
)


def measured(firms, seed):
    """What a model says, in the order of `MEASURES`."""
    scenario = load_scenario("status-quo", ["tariffs.special.USA.all.all=0.75"])
    model = model_of(scenario, firms, seed)
    model.run_for(QUARTERS)
    table, base, now = model.firms, model.base_accounts, model.accounts
    usa, mex, can = (REGIONS.index(host) for host in HOSTS)
    at_home = table.home[:, None] == np.arange(len(HOSTS))
    away = (table.plants & ~at_home).any(axis=1)
    members = (slice(None), slice(N_HOSTS), slice(N_HOSTS))
    between = 1 - np.eye(N_HOSTS)
    sales = base.sales.sum(axis=0)

    def imports(accounts):
        return (
            accounts.final.value[:, mex, usa].sum() + accounts.intermediate.value[:, mex, usa].sum()
        )

    claimed, traded = (
        sum((array[members] * between).sum() for array in pair)
        for pair in (
            (base.final.claimed, base.intermediate.claimed),
            (base.final.value, base.intermediate.value),
        )
    )
    content = (base.content * base.sales).sum(axis=0) / sales
    growth = np.log(now.sales.sum(axis=0) / sales)
    spending = model.calibration.expenditure[:, usa]
    return np.array(
        [
            np.average(away, weights=table.weight * table.base_revenue),
            content[mex],
            content[can],
            claimed / traded,
            growth[mex],
            growth[can],
            np.log(imports(now) / imports(base)),
            np.average(np.log(now.price_index[:, usa]), weights=spending),
        ]
    )


@pytest.fixture(scope="module")
def samples():
    """Measures by number of firms and seed, shape (size, seed, measure)."""
    return np.array([[measured(n, seed) for seed in SEEDS] for n in (FIRMS, 2 * FIRMS)])


@pytest.fixture(scope="module")
def tolerance(samples):
    """How far the mean difference may be from zero by sampling, for each measure."""
    sizes = np.array([FIRMS, 2 * FIRMS])
    variance = (samples.var(axis=1, ddof=1) * sizes[:, None]).mean(axis=0)
    error = np.sqrt(variance * (1 / sizes).sum() / len(SEEDS))
    freedom = 2 * (len(SEEDS) - 1)
    return stats.t.ppf(1 - CHANCE / 2 / len(MEASURES), freedom) * error


@pytest.mark.thorough
@pytest.mark.parametrize("measure", MEASURES)
def test_aggregates_move_by_sampling_error_only(samples, tolerance, measure):
    which = MEASURES.index(measure)
    one, two = samples[:, :, which].mean(axis=1)
    assert abs(two - one) < tolerance[which]


@pytest.mark.thorough
@pytest.mark.parametrize("measure", MEASURES)
def test_sampling_error_is_small_enough_to_show_a_dependence_on_size(samples, tolerance, measure):
    """A measure that doubled, or halved, with the number of firms would be caught."""
    which = MEASURES.index(measure)
    assert abs(samples[:, :, which].mean()) / 2 > tolerance[which]


@pytest.mark.thorough
def test_sampling_error_falls_with_the_number_of_firms(samples):
    """Halved variance: no ratio is out of the reach of the F distribution around two."""
    one, two = samples.var(axis=1, ddof=1)
    freedom = len(SEEDS) - 1
    reach = stats.f.ppf(1 - CHANCE / 2 / len(MEASURES), freedom, freedom)
    assert np.all(one / two / 2 < reach)
    assert np.all(two * 2 / one < reach)
