"""Which act goes first where two name one good: pairs, and what is left to the other."""

from datetime import date

import pytest

from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good

LAW = shipped()


def paid(on, origin, code, originating=False, **content):
    """Parts by act, and reasons of those that ask nothing."""
    answer = duty(LAW, date.fromisoformat(on), "USA", Good(origin, code, originating, content))
    return {one.act: round(one.rate, 6) for one in answer.acts}, {
        one.act: one.why for one in answer.others
    }


PAIRS = [
    ("2025-05-10", "MEX", "870830", "us-232-auto-parts", "us-ieepa-mexico"),
    ("2025-05-10", "MEX", "870323", "us-232-autos", "us-ieepa-mexico"),
    ("2025-05-10", "CAN", "720839", "us-ieepa-canada", "us-232-steel-2025"),
    ("2025-06-10", "CAN", "720839", "us-232-steel-2025", "us-ieepa-canada"),
    ("2025-10-20", "CAN", "440711", "us-232-lumber", "us-ieepa-canada"),
    ("2025-11-10", "MEX", "870121", "us-232-trucks", "us-ieepa-mexico"),
    ("2026-03-10", "MEX", "870323", "us-232-autos", "us-122-surcharge"),
    ("2026-05-10", "MEX", "720839", "us-232-metals-2026", "us-122-surcharge"),
    ("2026-08-10", "MEX", "720839", "us-232-metals-2026", "us-301-forced-labour"),
    ("2025-09-10", "CAN", "740811", "us-232-copper-2025", "us-ieepa-canada"),
    ("2026-05-10", "ROW", "87082921", "us-232-auto-parts", "us-232-metals-2026"),
    ("2025-01-10", "CHN", "854231", "us-301-china-review", "us-301-china-list-2"),
    ("2025-12-10", "MEX", "870829", "us-232-auto-parts", "us-232-trucks"),
]


@pytest.mark.parametrize(("on", "origin", "code", "first", "other"), PAIRS)
def test_the_first_is_paid_and_the_other_gives_way_to_it(on, origin, code, first, other):
    parts, why = paid(on, origin, code)
    assert parts[first] > 0
    assert other not in parts
    assert why[other] == f"gives way to {first}"


def test_duties_on_china_add_up():
    parts, _ = paid("2025-06-10", "CHN", "940360")
    assert parts == {
        "us-301-china-list-3": 0.25,
        "us-ieepa-china": 0.20,
        "us-ieepa-reciprocal": 0.10,
    }


def test_a_duty_on_metal_content_leaves_the_rest_of_the_value_to_the_other():
    parts, _ = paid("2025-09-10", "MEX", "841810", steel=0.3, aluminium=0.1)
    assert parts["us-232-steel-2025"] == pytest.approx(0.5 * 0.3)
    assert parts["us-232-aluminium-2025"] == pytest.approx(0.5 * 0.1)
    assert parts["us-ieepa-mexico"] == pytest.approx(0.25 * 0.6)


def test_no_more_than_the_whole_value_is_taken_from_the_other():
    parts, _ = paid("2025-09-10", "MEX", "841810", steel=0.7, aluminium=0.6)
    assert "us-ieepa-mexico" not in parts


def test_a_qualifying_part_is_free_of_the_duty_on_parts_and_falls_under_that_on_its_metal():
    parts, _ = paid("2025-09-10", "MEX", "8708295160", originating=True, aluminium=0.4)
    assert parts == {"us-232-aluminium-2025": pytest.approx(0.2)}


def test_section_338_gives_way_to_section_232_until_it_adds_to_it():
    before, why = paid("2026-09-14", "CAN", "870321", originating=True)
    after, _ = paid("2026-09-15", "CAN", "870321", originating=True)
    assert set(before) == {"us-232-metals-2026"}
    assert "us-338-vehicles" in why
    assert after == {"us-232-metals-2026": 0.15, "us-338-vehicles": 0.5}


def test_fifteen_per_cent_in_all_takes_the_ordinary_duty_off():
    parts, _ = paid("2026-08-10", "JPN", "870323")
    assert parts == {"us-tariff-schedule": 0.025, "us-232-autos": pytest.approx(0.125)}


def test_nothing_else_is_owed_on_what_may_not_be_imported():
    answer = duty(LAW, date(2026, 9, 29), "USA", Good("CAN", "871150"))
    assert answer.banned
    assert answer.rate is answer.low is answer.high is None
    mexican = duty(LAW, date(2026, 9, 29), "USA", Good("MEX", "871150"))
    assert not mexican.banned
