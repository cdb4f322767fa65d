"""Remissions for output: who gets them back, how much, and which way they push."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HAS_PLANT, N_HOSTS, REGIONS
from abm.core.demand.given_back import remitted
from abm.errors import IdentityError
from abm.explain.decision import explained
from abm.location.own_imports import measures_owed
from abm.location.remissions import earnings, expected_remissions
from abm.scenario.scenario import Scenario
from abm.trade.books.accounts import check_remissions
from abm.verify.mode import verifying
from experiments.explain.watched import WatchedModel
from tests.same_firms import model_of
from tests.support.refusals import refused_in_one_line

FIRMS = 300
USA, CAN = REGIONS.index("USA"), REGIONS.index("CAN")
CARS = FOOTLOOSE.index("cars")
QUARTERS = 5
LONG_RUN = '[economy]\nadjustment = "long run"\n'
SURTAX = 0.25

DUTY = f"""
[measures.surtax]
authority = "SOR/2025-118"
destination = "CAN"
origins = ["USA"]
rates = {{ cars = {SURTAX} }}
announced = 2017-04-01
effective = 2017-10-01
"""


def scenario(per_output=None, duty=DUTY, more=""):
    text = more + duty
    if per_output is not None:
        text += f"[output_remission]\nCAN = {{ cars = {per_output} }}"
    return Scenario.from_toml(text)


@cache
def run(per_output=None, duty=DUTY, more=""):
    model = model_of(scenario(per_output, duty, more), FIRMS)
    model.run_for(QUARTERS)
    return model


def expected(model):
    """What makers of cars would get back with every set of plants, shape (firm, config)."""
    rows = np.flatnonzero(model.firms.sector == CARS)
    found = expected_remissions(model.adapted_quarter(), model._expected_market(), rows)
    return found[..., model.regime]


def worth(model):
    """What every set of plants earns makers of cars under the regime in force."""
    rows = np.flatnonzero(model.firms.sector == CARS)
    settings = model.scenario.firms
    return earnings(model.adapted_quarter(), model._expected_market(), settings, rows)[
        ..., model.regime
    ]


def test_a_maker_brings_in_free_as_much_as_its_output_earns():
    """Of 80 brought in at 25%, 20 is owed; 40 made there at one for one frees half of it."""
    cases = np.array([0.0, 40.0, 80.0, 400.0])
    back = remitted(np.full(4, 20.0), np.full(4, 80.0), cases, np.array(1.0))
    assert back.tolist() == [0.0, 10.0, 20.0, 20.0]
    assert remitted(np.zeros(1), np.zeros(1), np.ones(1), np.array(1.0)).tolist() == [0.0]


def test_a_remission_of_nothing_gives_the_numbers_without_it_to_the_bit():
    none, zero = run(), run(0.0)
    np.testing.assert_array_equal(none.accounts.final.value, zero.accounts.final.value)
    np.testing.assert_array_equal(none.plans.weighed.later, zero.plans.weighed.later)
    assert not zero.accounts.remissions.any()


def test_without_a_measure_nothing_is_remitted():
    plain, free = run(duty=""), run(1.0, duty="")
    assert not free.accounts.remissions.any()
    np.testing.assert_array_equal(plain.accounts.final.value, free.accounts.final.value)


def test_only_sets_with_a_plant_there_and_one_abroad_are_given_anything_back():
    found = expected(run(1.0))
    both = HAS_PLANT[:, CAN] & HAS_PLANT[:, USA]
    assert (found[:, both] > 0).all()
    assert not found[:, ~HAS_PLANT[:, CAN]].any()
    only = HAS_PLANT[:, CAN] & ~HAS_PLANT[:, USA]
    assert not found[:, only].any()  # Mexican goods owe no surtax


def test_more_is_remitted_the_more_output_earns_until_all_that_is_owed_comes_back():
    shares = (0.01, 0.02, 5.0, 10.0)
    model = run(0.01)
    by_share = []
    for share in shares:
        policy = model.now.output_remission
        before = policy.copy()
        policy[CARS, CAN] = share
        by_share.append(expected(model).sum())
        policy[:] = before
    assert by_share[1] > by_share[0]
    assert by_share[1] <= 2 * by_share[0] * (1 + 1e-6)
    assert by_share[2] > by_share[1]
    assert by_share[3] >= by_share[2]
    owed = measures_owed(
        model.adapted_quarter(), np.flatnonzero(model.firms.sector == CARS), CAN, model.regime
    )
    assert (owed[:, USA] > 0.9 * SURTAX).all()


def owed_and_paid(duty, more=""):
    """What makers of American cars owe Canada beyond the ordinary duty, and pay in all of duties.

    With the ordinary rate of their goods, the part for which no origin is claimed, and what
    licences cost: shape (firm,) each, over customs value.
    """
    model = run(10.0, duty, more)
    quarter, regime = model.adapted_quarter(), model.regime
    table = quarter.table
    rows = np.flatnonzero((table.sector == CARS) & table.plants[:, USA])
    at = rows, USA, CAN, regime
    margin = quarter.calibration.trade_margin[CARS, USA, CAN]
    owed = measures_owed(quarter, rows, CAN, regime)[:, USA] / (1 + margin)
    licence = quarter.policy.licence_price[table.line[rows], USA, CAN, regime]
    ordinary = table.product_duty[rows, USA, CAN].astype(float)
    unclaimed = 1.0 - quarter.borders.filed(at).claimed
    return owed, quarter.borders.duty[at], ordinary, unclaimed, licence


SPARES = DUTY + 'originating = "exempt"\n'
CAP = DUTY.replace(f"{{ cars = {SURTAX} }}", "{ cars = 0.08 }\nin_all = true")
QUOTA = DUTY + 'quota = 0.5\nquota_holder = "exporter"\n'
SPECIAL = "[tariffs]\nspecial.CAN.USA = { cars = 0.25 }\n"
NO_PREFERENCE = "[agreement]\npreference = false\n"


@pytest.mark.parametrize(
    ("duty", "more"),
    [
        (DUTY, ""),
        (SPARES, ""),
        (CAP, ""),
        (CAP, NO_PREFERENCE),
        (QUOTA, ""),
        ("", SPECIAL),
        (SPARES.replace("exempt", "pays") + 'relation = "floor"\n', SPECIAL.replace("0.25", "0.1")),
    ],
    ids=["plain", "spares", "cap", "cap without preference", "quota", "special", "floor"],
)
def test_what_is_given_back_is_all_that_is_paid_but_the_ordinary_duty_and_licences(duty, more):
    owed, paid, ordinary, unclaimed, licence = owed_and_paid(duty, more)
    rest = unclaimed * ordinary + licence
    if duty is CAP:  # it counts the ordinary duty in, which stays
        assert owed == pytest.approx(0.08 - unclaimed * np.minimum(ordinary, 0.08), rel=1e-5)
        rest = unclaimed * ordinary
    np.testing.assert_allclose(owed + rest, paid, rtol=1e-5, atol=1e-7)
    assert (owed >= 0).all()


def test_a_cap_at_the_ordinary_rate_adds_nothing_that_could_come_back():
    free = CAP.replace("0.08", "0.061")
    owed, paid, ordinary, unclaimed, _ = owed_and_paid(free, NO_PREFERENCE)
    assert (unclaimed == 1).all()
    assert owed == pytest.approx(np.maximum(0.061 - ordinary, 0), abs=1e-6)
    assert paid == pytest.approx(np.maximum(0.061, ordinary), rel=1e-5)


def test_licences_are_no_duty_and_do_not_come_back():
    model = run(10.0, QUOTA)
    assert model.accounts.licences_abroad[:, CARS, USA, CAN].sum() > 0
    assert not model.accounts.remissions.any()
    owed, _, _, _, licence = owed_and_paid(QUOTA)
    assert (licence > 0.01).any()
    assert not owed.any()


def test_plants_there_are_worth_more_to_makers_that_bring_goods_in_and_others_are_not():
    model = run(1.0)
    with_it = worth(model)
    policy = model.now.output_remission
    before = policy.copy()
    policy[:] = 0.0
    without = worth(model)
    policy[:] = before
    gained = with_it - without
    both = HAS_PLANT[:, CAN] & HAS_PLANT[:, USA]
    assert (gained[:, both] > 0).all()
    np.testing.assert_array_equal(gained[:, ~both], 0.0)


def test_the_treasury_pays_and_never_more_than_was_owed():
    books = [run(share).accounts for share in (0.0, 1e-3, 5.0)]
    back = [one.remissions[CARS, CAN] for one in books]
    assert back[0] == 0
    assert 0 < back[1] < back[2]
    for one, paid in zip(books, back, strict=True):
        assert one.remissions.sum() == paid
        assert paid <= one.final.duty[CARS, :N_HOSTS, CAN].sum()
        spent = one.subsidies[:, CAN].sum() + one.grants[:, CAN].sum() + paid
        assert one.duty_revenue[CAN] - one.treasury[CAN] == pytest.approx(spent, rel=1e-9)


def test_what_is_remitted_in_the_long_run_is_what_plans_are_weighed_with():
    model = run(1e-3, more=LONG_RUN)
    table = model.firms
    rows = np.flatnonzero(table.sector == CARS)
    stands = expected(model)[np.arange(len(rows)), table.config[rows]]
    planned = (stands * table.size[rows] * table.weight[rows]).sum()
    assert model.accounts.remissions[CARS, CAN] == pytest.approx(planned, rel=5e-3)


def test_books_that_remit_more_than_was_owed_stop_the_run():
    books = run(5.0).accounts
    check_remissions(books)
    with pytest.raises(IdentityError, match="more duty is remitted"):
        check_remissions(
            replace(books, remissions=books.final.duty[:10, :, CAN].sum() + books.sales)
        )


def test_what_comes_back_is_in_what_a_firm_is_told():
    watched = WatchedModel(scenario(5.0), firms=FIRMS)
    watched.run_for(QUARTERS)
    makers = (watched.firms.sector == CARS) & watched.firms.plants[:, CAN]
    told = explained(watched.moment, int(np.flatnonzero(makers)[0]), levers=())
    back = {plan.plants: plan.remission for plan in told.plans}
    with_both = [back[label] > 0 for label in back if "USA" in label and "CAN" in label]
    assert with_both
    assert all(with_both)
    assert not any(back[label] for label in back if "CAN" not in label)


def test_a_verified_run_knows_remissions():
    model = model_of(scenario(1.0), FIRMS)
    with verifying():
        model.run_for(QUARTERS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("CAN = { cars = -1 }", "output_remission.CAN.cars"),
        ("CAN = { cars = 11 }", "output_remission.CAN.cars"),
        ("CHN = { cars = 1 }", "output_remission.CHN"),
        ("CAN = { wheels = 1 }", "output_remission.CAN.wheels"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(text, complaint):
    with refused_in_one_line(complaint):
        Scenario.from_toml(f"[output_remission]\n{text}")
