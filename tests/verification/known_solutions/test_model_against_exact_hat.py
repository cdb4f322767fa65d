"""Without frictions the whole model is exact-hat algebra: trade, output, costs and wages.

The solver in `experiments.validation.second_opinion.exact_hat` was written apart from the model and
shares no code with it; both start from the same tables.
"""

import numpy as np
import pytest

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import load_economy
from experiments.validation.second_opinion.exact_hat import solve
from experiments.validation.second_opinion.exact_hat_comparison import compare

# Costs are single precision, 6e-8 an operation; elasticities up to 9.6 magnify their error.
CLOSE = 1e-5


@pytest.fixture(scope="module")
def comparison():
    return compare()


def test_trade_between_members_changes_as_the_peer_says(comparison):
    assert comparison.largest_gap() < CLOSE


def test_trade_does_change(comparison):
    change = comparison.peer.trade / np.where(comparison.peer_before > 0, comparison.peer_before, 1)
    assert change[0, 1, 0] < 0.7


def test_output_and_wages_change_as_the_peer_says(comparison):
    model = comparison.output_model / comparison.output_before
    table = comparison.peer_before.sum(axis=2)[:N_FOOTLOOSE, :N_HOSTS]
    np.testing.assert_allclose(model, comparison.peer.output / table, rtol=CLOSE)
    np.testing.assert_allclose(comparison.wage_model, comparison.peer.wage, rtol=CLOSE)


def test_the_peer_at_rest_gives_the_table_back():
    economy = load_economy()
    duty = economy.applied_duty
    rest = solve(economy, duty, duty, wage_elasticity=0.2)
    table = economy.final_demand + economy.intermediate_use.sum(axis=3)
    np.testing.assert_allclose(rest.trade, np.transpose(table, (1, 0, 2)), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(rest.cost, 1, rtol=1e-9)
