"""What acts add is, code by code, the duty by law less the ordinary one."""

from datetime import date

import numpy as np
import pytest

from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.law.added import ActsAtBorder
from abm.law.duty import duties
from abm.law.schedule import ordinary_duty
from tests.support.thorough import but_for

LAW = shipped()
CODES = tuple(dict.fromkeys(load_economy().lines.products.code))
DAYS = (date(2018, 8, 1), date(2025, 5, 1), date(2025, 9, 1), date(2026, 3, 1), date(2026, 10, 1))


def in_force(on, importer="USA"):
    return {
        name: on
        for name, act in LAW.of(importer).items()
        if not act.why_not_held(on) and not act.sets_ordinary_duties
    }


WHOSE = [("CAN", False), ("CAN", True), ("CHN", False)]


@pytest.mark.parametrize("whose", but_for(WHOSE[1:2], WHOSE), ids=str)
def test_what_acts_add_is_the_duty_by_law_less_the_ordinary_one_on_every_code(whose):
    origin, claimed = whose
    known = [ordinary_duty("us_schedule_2025", code, origin) for code in CODES]
    ordinary = np.array([0.0 if claimed or one is None else one.value for one in known])
    border = ActsAtBorder(LAW, "USA", origin, CODES)
    for on in DAYS:
        found = border.added(in_force(on), claimed).values()
        by_law = duties(LAW, on, "USA", origin, CODES, claimed)
        added = np.sum([one.rate for one in found], axis=0)
        counted = np.sum([one.share * np.minimum(one.cap, ordinary) for one in found], axis=0)
        banned = np.any([one.banned for one in found], axis=0)
        np.testing.assert_array_equal(np.isnan(by_law), banned)
        enters = ~banned
        np.testing.assert_allclose(
            (added + ordinary - counted)[enters],
            by_law[enters],
            rtol=0,
            atol=1e-12,
            err_msg=str(on),
        )


def test_an_act_that_is_not_there_neither_asks_nor_is_given_way_to():
    border, on = ActsAtBorder(LAW, "USA", "CAN", CODES), date(2025, 9, 1)
    blanket, steel = "us-ieepa-canada", "us-232-steel-2025"
    flat = CODES.index("720839")
    alone = border.added({blanket: on}, claimed=False)
    both = border.added({blanket: on, steel: on}, claimed=False)
    assert alone[blanket].rate[flat] == 0.35
    assert (both[steel].rate[flat], both.get(blanket, alone[blanket]).rate[flat]) == (0.5, 0.0)
    assert border.added({}, claimed=False) == {}


def test_each_act_stands_as_of_its_own_day():
    border = ActsAtBorder(LAW, "USA", "CAN", CODES)
    shoes = CODES.index("640399")
    days = (date(2025, 7, 31), date(2025, 8, 1))
    rates = [border.added({"us-ieepa-canada": on}, claimed=False) for on in days]
    assert [found["us-ieepa-canada"].rate[shoes] for found in rates] == [0.25, 0.35]
