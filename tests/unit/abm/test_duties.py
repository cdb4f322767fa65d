"""One duty: firms, buyers, governments and explanations ask for the same parts of the same rate."""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import HOSTS, REGIONS, SECTORS, USA
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE, load_economy
from abm.policy import Policy, compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.duties import duty_on, entry_fee, with_fixed_duty
from abm.trade.inputs.input_prices import outside_duty

MEX, CHN = REGIONS.index("MEX"), REGIONS.index("CHN")
CARS, ENERGY = SECTORS.index("cars"), SECTORS.index("primary_energy")

MEASURES = """
[measures.kept]
authority = "law"
destination = "USA"
rates = { all = 0.1 }
in_force = true
[measures.spared]
authority = "law"
destination = "USA"
rates = { all = 0.05 }
originating = "exempt"
in_force = true
"""


def policy(waived: bool = True) -> Policy:
    """A special duty of 20% on what the United States buys, under two measures that add."""
    tariffs = (
        "[tariffs]\n"
        f"special_waived_for_originating = {str(waived).lower()}\n"
        "special.USA.all.all = 0.2\n"
    )
    return compile_policy(Scenario.from_toml(f'name = "stacked"\n{tariffs}{MEASURES}'))


@pytest.mark.parametrize(("waived", "parts"), [(True, (0.28, 0.1)), (False, (0.08, 0.3))])
def test_a_claim_avoids_the_ordinary_rate_and_what_policy_says_it_avoids(waived, parts):
    duty = duty_on(policy(waived), (CARS, MEX, USA), 0.03)
    assert (float(duty.waived[0]), float(duty.fixed[0])) == pytest.approx(parts)
    assert float(duty.unclaimed[0]) == pytest.approx(0.38)


@pytest.mark.parametrize("waived", [True, False])
def test_where_nothing_can_be_claimed_all_of_it_is_due(waived):
    economy = load_economy()
    due = outside_duty(economy, policy(waived))[CARS, CHN, USA, 0]
    rate = economy.applied_duty[CARS, CHN, USA] + 0.35
    assert due == pytest.approx(rate)


def test_energy_between_members_pays_what_no_claim_avoids_while_they_agree():
    economy, agreed = load_economy(), policy()
    assert outside_duty(economy, agreed)[ENERGY, MEX, USA, 0] == pytest.approx(0.1)
    without = replace(agreed, preference=np.zeros_like(agreed.preference))
    ordinary = economy.rates[MEX, USA, ENERGY].mean
    due = outside_duty(economy, without)[ENERGY, MEX, USA, 0]
    assert due == pytest.approx(ordinary + 0.35)


def test_governments_see_the_parts_beyond_the_ordinary_rate():
    seen = duty_on(policy(waived=False), (..., 0)).by_part
    assert seen[:, CARS, MEX, USA] == pytest.approx([0.05, 0.3])


@pytest.mark.parametrize("waived", [True, False])
def test_a_duty_that_is_moved_is_found_where_it_was_moved_to(waived):
    before, cell = policy(waived), (CARS, MEX, USA)
    after = with_fixed_duty(before, cell, np.array([0.47]))
    assert duty_on(after, cell).fixed == pytest.approx(0.47)
    assert np.array_equal(duty_on(after, cell).waived, duty_on(before, cell).waived)
    others = duty_on(before, ...).fixed != duty_on(after, ...).fixed
    assert others.sum() == 1


def test_the_united_states_alone_charges_a_fee():
    fees = [entry_fee(HOSTS.index(host)) for host in HOSTS]
    assert fees == [MERCHANDISE_PROCESSING_FEE, 0.0, 0.0]
