"""A threat alone lowers relocation to Mexico; withdrawal lowers trade and raises prices.

Both compare runs of the same firms with the same luck, so every difference is policy's.

The threatened tax falls on goods that firms with US production ship to the United
States from a Mexican plant opened after the announcement. In the regime that holds it
such a plant earns less, so wherever the regime is thought possible, opening is worth
less and its logit probability falls (Handley and Limao 2017). Nobody who sells yet would
pay it, plants that stand being spared, so it changes no rival's price.

Withdrawal turns a zero duty on claimed goods into the most-favoured-nation rate. Goods
from the partners become dearer in every member, where nothing becomes cheaper but by
wages, which move less; and spending, which is given, turns away from them.
"""

from itertools import permutations

import numpy as np
import pytest

from abm.axes import HOSTS
from docs.findings import measure_withdrawal, opening_chances
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 600


def first_chances(hazard, beliefs):
    """Firms reviewing in the first quarter and their chances to plan a Mexican plant."""
    scenario = load_scenario(
        "threat-35",
        [f"threat.arrival_per_quarter={hazard}", f"firms.beliefs.{beliefs}=1.0"],
    )
    model = model_of(scenario, FIRMS)
    config, target = model.firms.config.copy(), model.firms.target.copy()
    model.step()
    rows, chances = opening_chances(model, config, target)
    return rows, chances, model.firms.weight[rows]


@pytest.fixture(scope="module")
def forward():
    return [first_chances(hazard, "forward") for hazard in (0.0, 0.025, 0.1)]


def test_a_threat_makes_no_us_firm_likelier_to_open_in_mexico_and_most_less_likely(forward):
    (rows, never, _), (same, some, _), _ = forward
    assert len(rows) > 20
    np.testing.assert_array_equal(rows, same)  # the same firms review
    # Costs are in single precision; a chance is an exponential of them over the noise.
    assert (some <= never * (1 + 1e-6)).all()
    assert np.median(some / never) < 1 - 1e-4


def test_a_likelier_threat_lowers_expected_openings_more(forward):
    never, some, often = (float(weight @ chances) for _, chances, weight in forward)
    assert often < some < never


def test_firms_that_do_not_look_ahead_ignore_a_threat():
    never, threatened = (first_chances(hazard, "myopic")[1] for hazard in (0.0, 0.1))
    np.testing.assert_allclose(threatened, never, rtol=1e-6)


@pytest.fixture(scope="module")
def withdrawn():
    return measure_withdrawal(seeds=(1,), firms=FIRMS, quarters=10)


def test_withdrawal_lowers_trade_between_every_two_members(withdrawn):
    change = withdrawn[0].set_index(["origin", "destination"])["change"]
    assert set(change.index) == set(permutations(HOSTS, 2))
    assert (change < 0).all()


def test_withdrawal_raises_consumer_prices_in_every_member_and_not_before(withdrawn):
    prices = withdrawn[1].pivot(index="quarter", columns="host", values="change")
    in_force = 7  # 1 July 2018; notice alone may already move plants
    assert (prices.loc[in_force:] > 0).all().all()
    assert prices.loc[: in_force - 1].abs().max().max() < prices.loc[in_force:].min().min()
