"""Laws of markets: plants add sales, duties take them, nothing sells less than nothing."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.demand.claims import choose_claim
from abm.core.demand.markets import config_revenue, hat_shares, plant_appeal, plant_pull
from tests.strategies import N_ENTRIES, duties, exporters, seeds, sellers

ROUNDING = 1e-12
"""A thousand roundings of double precision."""


def pull_of(case):
    return plant_pull(case.delivered, np.ones(case.delivered.shape[:2]), case.dispersion)


def reach_of(case):
    return pull_of(case)[:, :, None, :] * case.access


def appeal_of(case, plants, size):
    """Appeal of every plant, shape (firm, host, use, market); 0 where there is none."""
    pull, hosts = pull_of(case), plants.shape[1]
    firms = [np.flatnonzero(plants[:, host]) for host in range(hosts)]
    found = plant_appeal(
        [pull[firms[host], host] for host in range(hosts)],
        firms,
        case.access,
        len(plants),
        case.exponent,
    )
    appeal = np.zeros((*plants.shape, *case.access.shape[1:]))
    for host, (rows, at_host) in enumerate(zip(firms, found, strict=True)):
        appeal[rows, host] = at_host * size[rows, None, None]
    return appeal


@given(sellers(), seeds)
def test_more_plants_never_lower_profit_before_fixed_costs(case, rng):
    """Profit is a share of revenue, so it suffices that revenue never falls.

    Fixed are unit costs and what a unit of appeal earns, which may differ by market, and
    by plant as well, up to a point: a plant whose appeal earned less than ``1 - exponent``
    of what another's does would draw varieties away from it and lower the firm's revenue.
    With the model's exponent of one half that takes a duty that more than doubles a price.
    """
    by_market = rng.exponential(1, case.access.shape[1:])
    by_plant = rng.uniform(1 - case.exponent, 1, case.access.shape)
    revenue = config_revenue(reach_of(case), by_plant * by_market, case.configs, case.exponent)
    for smaller, fewer in enumerate(case.configs):
        for larger, more in enumerate(case.configs):
            if np.all(fewer <= more):
                least = revenue[:, smaller] * (1 - ROUNDING)
                assert np.all(revenue[:, larger] >= least)


@given(sellers(), seeds)
def test_revenue_of_a_set_of_plants_is_what_its_plants_sell(case, rng):
    earns = rng.exponential(1, case.access.shape)
    reach = reach_of(case)
    revenue = config_revenue(reach, earns, case.configs, case.exponent)
    for config, members in enumerate(case.configs):
        everywhere = np.repeat(members[None], N_ENTRIES, axis=0)
        appeal = appeal_of(case, everywhere, np.ones(N_ENTRIES))
        np.testing.assert_allclose(
            revenue[:, config], (appeal * earns).sum(axis=(1, 2, 3)), rtol=1e-10
        )


@given(sellers())
def test_appeal_is_never_negative_and_there_is_none_without_a_plant(case):
    appeal = appeal_of(case, case.plants, case.size)
    assert np.all(appeal >= 0)
    assert np.all(appeal[~case.plants] == 0)


@given(exporters(), duties, st.booleans(), st.floats(1.1, 8), seeds)
def test_a_duty_never_helps_its_exporter(case, duty, waivable, sigma, rng):
    """Held fixed: all unit costs, all other sellers, and what buyers spend on everybody.

    The firm answers with its claim alone. What it delivers then never costs less, so it
    sells no larger quantity and gets no larger part of spending, also when its own price
    moves the index. (What is left of it before duty can rise, for one that had paid an
    old duty and now complies: the choice is the cheapest delivery, not the highest profit.)
    """
    terms = case.terms
    change = {"waived": terms.waived + duty} if waivable else {"unwaived": terms.unwaived + duty}
    rivals = rng.exponential(1)
    delivered, share = [], []
    for border in (terms, replace(terms, **change)):
        # Reluctance weighs in the choice and never in the price, so a duty that drives a
        # firm into lying can make its goods cheaper. Without it there is no such leap.
        honest = replace(case, reluctance=np.zeros_like(case.reluctance), terms=border)
        choice = choose_claim(*vars(honest).values())
        delivered.append(choice.border_cost * (1 + choice.duty))
        pull = plant_pull(delivered[-1], np.ones(N_ENTRIES), 2 * (sigma - 1))
        every = np.arange(N_ENTRIES)
        (appeal,) = plant_appeal([pull], [every], np.ones((1, 1, 1)), N_ENTRIES, 0.5)
        share.append(appeal[:, 0] / (appeal[:, 0] + rivals))
    assert np.all(delivered[1] >= delivered[0] * (1 - ROUNDING))
    assert np.all(share[1] <= share[0] * (1 + ROUNDING))
    assert np.all(share[1] / delivered[1] <= share[0] / delivered[0] * (1 + ROUNDING))


@given(sellers(), duties, st.integers(0, 2))
def test_a_duty_moves_a_firms_sales_from_the_plant_it_falls_on_to_its_others(case, duty, host):
    """It falls on one plant's goods in the first market; other markets see nothing of it."""
    dearer = case.delivered.copy()
    dearer[:, host, 0] *= 1 + duty
    before, after = (
        appeal_of(one, case.plants, case.size) for one in (case, replace(case, delivered=dearer))
    )
    others = np.arange(3) != host
    slack = ROUNDING * before.max()
    assert np.all(after[:, host, :, 0] <= before[:, host, :, 0] + slack)
    assert np.all(after[:, others, :, 0] >= before[:, others, :, 0] - slack)
    assert np.all(after[..., 0].sum(axis=1) <= before[..., 0].sum(axis=1) + slack)
    np.testing.assert_array_equal(after[..., 1:], before[..., 1:])


@given(seeds, st.integers(2, 6), st.floats(0.5, 12))
def test_spending_follows_prices_and_stays_what_it_was_in_total(rng, sources, theta):
    spending = rng.exponential(1, (N_ENTRIES, sources)) * (rng.random((N_ENTRIES, sources)) < 0.8)
    price = rng.uniform(0.5, 2, (N_ENTRIES, sources))
    after = hat_shares(spending, price, theta)
    assert np.all(after >= 0)
    assert np.all(after[spending == 0] == 0)
    np.testing.assert_allclose(after.sum(axis=1), spending.sum(axis=1), rtol=1e-12)
    dearer = price.copy()
    dearer[:, 0] *= 1.5
    assert np.all(hat_shares(spending, dearer, theta)[:, 0] <= after[:, 0] * (1 + ROUNDING))
