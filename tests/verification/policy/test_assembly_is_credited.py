"""The offset for assembly at home: what is credited, to whom, and which way it pushes."""

from functools import cache

import numpy as np
import pytest

from abm.axes import HOSTS, REGIONS, SECTORS
from abm.explain.decision import explained
from abm.scenario.scenario import Scenario
from abm.trade.inputs.offsets import credits, duties_paid
from abm.verify.mode import verifying
from abm.worlds.checkpoint import put_away, take_up
from experiments.explain.watched import WatchedModel
from tests.same_firms import model_of
from tests.support.refusals import refused_in_one_line

FIRMS = 300
USA = REGIONS.index("USA")
CARS, PARTS = (SECTORS.index(name) for name in ("cars", "vehicle_parts"))
QUARTERS = 5

DUTY = """
[measures.parts]
authority = "Section 232"
destination = "USA"
rates = { vehicle_parts = 0.25 }
announced = 2017-04-01
effective = 2017-10-01
"""


def scenario(share=None, duty=DUTY, host="USA", more=""):
    text = more + duty
    if share is not None:
        of_sectors = f"{{ cars = {share}, light_trucks = {share} }}"
        text += f"[assembly_offset]\nshare = {{ {host} = {of_sectors} }}"
    return Scenario.from_toml(text)


@cache
def run(share=None, duty=DUTY, host="USA", more=""):
    model = model_of(scenario(share, duty, host, more), FIRMS)
    model.run_for(QUARTERS)
    return model


def terms(model):
    conditions = model.conditions.during(model.columns)
    return model.policy, model.calibration, conditions, model.contracts


def credited(share):
    """Credit and duties over the value of an American car, of the regime with the duty."""
    model = run(share)
    policy, calibration, conditions, contracts = terms(model)
    regimes = slice(0, len(policy.regimes))
    given = (policy, calibration, conditions.during(regimes), contracts)
    value = conditions.supply_price[CARS, USA] / (1 - calibration.margin[CARS])
    paid, back = (found(*given)[CARS, USA, -1] / value for found in (duties_paid, credits))
    return float(back), float(paid)


def test_an_offset_of_nothing_gives_the_numbers_without_it_to_the_bit():
    none, zero = run(), run(0.0)
    np.testing.assert_array_equal(none.accounts.final.value, zero.accounts.final.value)
    np.testing.assert_array_equal(none.accounts.employment, zero.accounts.employment)
    np.testing.assert_array_equal(none.now.subsidy, zero.now.subsidy)


def test_without_a_duty_beyond_2017s_there_is_nothing_to_credit():
    """To the bit, though parts that cannot qualify come to weigh more or less in what is paid."""
    plain, offset = (run(share, duty="") for share in (None, 0.0375))
    np.testing.assert_array_equal(offset.accounts.final.value, plain.accounts.final.value)
    assert not offset.accounts.subsidies.any()


def test_what_is_paid_because_the_preference_ended_is_credited():
    ended = run(1.0, duty="[agreement]\npreference = false\n")
    assert ended.accounts.subsidies[CARS, USA] > 0


def test_an_assembler_gets_back_what_it_paid_up_to_3_75_per_cent_of_the_value_of_its_cars():
    back, paid = credited(0.0375)
    assert 0.005 < paid < 0.0375
    assert back == pytest.approx(paid, rel=1e-12)
    back, paid = credited(0.01)
    assert paid > 0.01
    assert back == pytest.approx(0.01, rel=1e-12)


def test_the_credit_lowers_the_cost_of_those_who_assemble_there_and_of_nobody_else():
    duty, little, all_of_it = run(), run(0.01), run(0.0375)
    cost = [model.accounts.mean_cost[CARS] for model in (duty, little, all_of_it)]
    assert cost[0][USA] > cost[1][USA] > cost[2][USA]
    jobs = [model.accounts.employment[CARS, USA] for model in (duty, little, all_of_it)]
    assert jobs[0] < jobs[1] < jobs[2]
    bought = [
        model.accounts.final.value[CARS, 1:, USA].sum() for model in (duty, little, all_of_it)
    ]
    assert bought[0] > bought[1] > bought[2]


@pytest.mark.thorough
@pytest.mark.parametrize("holder", ["importer", "exporter"])
def test_what_licences_cost_is_no_duty_and_is_not_credited(holder):
    limited = DUTY.replace("rates", "origins = ['MEX', 'CAN']\nquota = 0.8\nrates")
    limited += f"quota_holder = '{holder}'\n"
    books = run(1.0, duty=limited).accounts
    assert run(1.0, duty=limited).licences[..., -1].max() > 0.05
    assert not books.subsidies.any()
    # What is owed within the quantity is a duty.
    part = run(1.0, duty=limited + "quota_rate = 0.1\n").accounts
    full = run(1.0, duty=DUTY.replace("rates", "origins = ['MEX', 'CAN']\nrates")).accounts
    back = [accounts.subsidies[:2, USA].sum() for accounts in (part, full)]
    assert 0.2 * back[1] < back[0] < 0.6 * back[1]


def test_a_run_with_credits_and_licences_goes_on_byte_for_byte_once_put_away():
    limited = DUTY.replace("rates", "origins = ['MEX', 'CAN']\nquota = 0.8\nrates")
    kept = model_of(scenario(1.0, limited + "quota_rate = 0.1\n"), FIRMS)
    kept.run_for(QUARTERS)
    again = take_up(put_away(kept))
    for model in (kept, again):
        model.run_for(2)
    np.testing.assert_array_equal(kept.licences, again.licences)
    np.testing.assert_array_equal(kept.accounts.subsidies, again.accounts.subsidies)


def test_the_treasury_pays_what_assemblers_are_credited_with():
    model = run(0.01)
    books = model.accounts
    sales = books.sales[:2, USA]
    np.testing.assert_allclose(books.subsidies[:2, USA] / sales, 0.01, rtol=0.2)
    assert not books.subsidies[2:].any()
    assert not books.subsidies[:, 1:].any()
    with_it = books.duty_revenue[USA] - books.treasury[USA]
    assert with_it == pytest.approx(books.subsidies.sum() + books.grants[:, USA].sum(), rel=1e-9)


def test_a_credit_beside_a_subsidy_adds_to_it():
    both = run(0.01, more="[subsidies]\nUSA = { cars = 0.05 }\n").now.subsidy[CARS, USA, -1]
    alone = run(0.01).now.subsidy[CARS, USA, -1]
    assert both == pytest.approx(alone + 0.05, abs=2e-3)


def test_firms_plan_with_the_credit_and_are_told_of_it():
    costs = []
    for share in (None, 0.0375):
        watched = WatchedModel(scenario(share), firms=FIRMS)
        watched.run_for(QUARTERS)
        makers = (watched.firms.sector == CARS) & watched.firms.plants[:, USA]
        maker = int(np.flatnonzero(makers)[0])
        situation = watched.moment.situation(maker)
        assert (situation.policy.subsidy[CARS, USA, situation.regime] > 0.02) == (share is not None)
        told = explained(watched.moment, maker, levers=())
        costs.append(next(host.unit_cost for host in told.hosts if host.host == HOSTS[USA]))
    assert costs[1] < 0.99 * costs[0]


def test_a_verified_run_knows_the_credit():
    model = model_of(scenario(0.0375), FIRMS)
    with verifying():
        model.run_for(QUARTERS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("share = { USA = { cars = 1.5 } }", "assembly_offset.share.USA.cars"),
        ("share = { CHN = { cars = 0.1 } }", "assembly_offset.share.CHN"),
        ("against = ['wheels']", "assembly_offset.against"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(text, complaint):
    with refused_in_one_line(complaint):
        Scenario.from_toml(f"[assembly_offset]\n{text}")
