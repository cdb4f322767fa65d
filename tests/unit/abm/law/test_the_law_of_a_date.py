"""Products against lists, folders of acts, changes, coverage by quarter: the parts of the law."""

from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm import data
from abm.errors import ScenarioError
from abm.law.act import Products
from abm.law.act_files import read_law, shipped
from abm.law.changes import changes
from abm.law.duty import duties, duty
from abm.law.good import Good
from abm.law.products import code_of, named
from abm.law.schedule import codes
from tests.reference.covered_share import covered_share

LAW = shipped()

BICYCLES = """# A duty for a test.
title = "Duty on bicycles"
authority = "made up"
importer = "USA"
groups = ["232"]
announced = 2027-02-01
effective = 2027-03-01
known_to = 2027-02-15
lists.bicycles = { hs = ["8712"] }
gives_way = [{ to = ["us-301-forced-labour"], when = "covers" }]
citation = [{ text = "made up", verified = false }]
example = [{ on = 2027-03-01, origin = "MEX", product = "8712.00", part = 0.1, source = "made up" }]

[[term]]
lists = ["bicycles"]
rate = 0.1
"""

GIVING = 'gives_way = [{ to = ["us-301-forced-labour"], when = "covers" }]\n'

OTHER = """# Another for a test.
title = "Duty on everything"
authority = "made up"
importer = "USA"
effective = 2026-01-01
known_to = 2027-02-15
term = [{ rate = 0.2 }]
citation = [{ text = "made up", verified = false }]
example = [{ on = 2027-03-01, origin = "MEX", product = "0101", source = "made up" }]
"""


RELATIONS = {
    day
    for act in LAW.acts.values()
    for giving in act.gives_way
    for day in (giving.effective, giving.ended)
    if day is not None
}
"""Days on which what acts leave to one another changes."""


def folder(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def act(text, **changed):
    for old, new in changed.values():
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_list_is_met_by_finer_codes_and_in_part_by_coarser_ones():
    products = Products(hs=("870830", "8501"), without=("850120",), partly=("8471",))
    asked = ("87083050", "870830", "8708", "850110", "850120", "8501", "847130", "84", "0101")
    in_part, for_certain = named(products, asked)
    assert in_part.tolist() == [True, True, True, True, False, True, True, True, False]
    assert for_certain.tolist() == [True, True, False, True, False, False, False, False, False]


@pytest.mark.parametrize("text", ["", "8", "870", "87083050999", "car", "87.08.3x", "٨٧"])
def test_what_is_no_code_is_refused_in_one_line(text):
    with pytest.raises(ScenarioError, match="is a code of the Harmonized System"):
        code_of(text)


def test_an_act_is_added_without_python(tmp_path):
    law = read_law(
        folder(tmp_path, bicycles=act(BICYCLES, a=('"us-301-forced-labour"', '"all"')), all=OTHER)
    )
    answer = duty(law, date(2027, 3, 1), "USA", Good("MEX", "871200"))
    assert [one.act for one in answer.acts] == ["all"]
    assert [(one.act, one.why) for one in answer.others] == [("bicycles", "gives way to all")]
    assert duty(law, date(2027, 3, 1), "USA", Good("MEX", "010121")).rate == 0.2


def test_the_act_that_the_guide_shows_is_one_and_owes_what_its_example_says(tmp_path):
    guide = (Path(__file__).parents[4] / "docs" / "law.md").read_text(encoding="utf-8")
    text = guide.split("```toml\n")[1].split("```")[0]
    for file in (files(data) / "law").iterdir():
        if file.name.endswith(".toml"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    law = read_law(folder(tmp_path, bicycles=text))
    (example,) = law.acts["bicycles"].example
    good = Good(example.origin, code_of(example.product))
    answer = duty(law, example.on, "USA", good)
    assert {one.act: one.rate for one in answer.acts}["bicycles"] == example.part
    # Others leave it to a duty of that group, unchanged as they are.
    assert ("us-301-forced-labour", "gives way to bicycles") in {
        (one.act, one.why) for one in answer.others
    }


def test_an_act_that_names_its_group_is_left_to_by_others_that_stay_as_they_are(tmp_path):
    giving = act(
        OTHER,
        a=("term = ", 'gives_way = [{ to = ["232"], when = "pays", part = "whole" }]\nterm = '),
    )
    adding = act(
        BICYCLES, a=('gives_way = [{ to = ["us-301-forced-labour"], when = "covers" }]\n', "")
    )
    law = read_law(folder(tmp_path, bicycles=adding, everything=giving))
    assert duty(law, date(2027, 3, 1), "USA", Good("MEX", "871200")).rate == 0.1
    assert duty(law, date(2027, 2, 28), "USA", Good("MEX", "871200")).rate == 0.2


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("rate = 0.1", "rate = 10"), r"term\[0\].rate = 10: must be 0 to 5"),
        (("rate = 0.1", "rat = 0.1"), r"term\[0\].rat: no such key; did you mean 'rate'"),
        (("rate = 0.1", "exempt = true\nrate = 0.1"), "one of rate, schedule, exempt and banned"),
        (('lists = ["bicycles"]', 'lists = ["cars"]'), "no list is called cars"),
        (('"us-301-forced-labour"', '"us-302"'), "there is no act or group us-302"),
        ((", verified = false", ""), "verified: is missing"),
        (('hs = ["8712"]', 'hs = ["87.12"]'), r'hs\[0\] = .*digits alone: write "8712"'),
        (('hs = ["8712"]', "hs = [87.12]"), r"hs\[0\] = 87.12: a code is text of digits alone"),
        (('hs = ["8712"]', 'hs = ["87123"]'), "has 5 digits; a code has 2, 4, 6, 8 or 10"),
        (('hs = ["8712"]', 'hs = ["bike"]'), "a code has digits alone"),
        (('hs = ["8712"]', 'hs = ["8712", "8712"]'), "names 8712 twice"),
        (('hs = ["8712"]', 'hs = ["8712"], partly = ["8712"]'), "names 8712 twice"),
        (('importer = "USA"', 'importer = "DEU"'), "importer = .DEU.: must be 'USA' or"),
        (("rate = 0.1", 'rate = 0.1\norigins = ["MX"]'), r"term\[0\].origins: MX is no country"),
        (("rate = 0.1", 'rate = 0.1\nnot_origins = ["UK"]'), "not_origins: UK is no country"),
        (('origin = "MEX"', 'origin = "MXC"'), r"example\[0\].origin: MXC is no country"),
        (("effective = 2027-03-01", 'effective = "soon"'), "must be a date"),
        (("[[term]]", "[[term"), "is not TOML"),
    ],
)
def test_a_fault_in_a_file_is_named_in_one_line(tmp_path, change, complaint):
    with pytest.raises(ScenarioError, match=complaint) as caught:
        read_law(folder(tmp_path, bicycles=act(BICYCLES, a=change)))
    assert str(caught.value).startswith("bicycles.toml: ")
    assert "\n" not in str(caught.value)


def test_acts_that_give_way_to_one_another_are_refused(tmp_path):
    one = act(BICYCLES, a=('"us-301-forced-labour"', '"other"'))
    law = read_law(folder(tmp_path, bicycles=one, other=act(one, b=('"other"', '"bicycles"'))))
    with pytest.raises(ScenarioError, match="give way to one another on 2027-03-01"):
        duty(law, date(2027, 3, 1), "USA", Good("MEX", "871200"))


@pytest.mark.parametrize(
    ("importer", "origin", "complaint"),
    [("JPN", "MEX", "--to JPN"), ("USA", "ABC", "--from ABC"), ("USA", "USA", "do not cross")],
)
def test_places_that_are_not_known_are_refused(importer, origin, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        duty(LAW, date(2025, 1, 1), importer, Good(origin, "870830"))


def test_many_products_at_once_owe_what_each_owes_alone():
    some = codes("us_schedule_2025")[::60]
    claimed = np.arange(len(some)) % 2 == 0
    for on in (date(2018, 7, 1), date(2025, 9, 1), date(2026, 9, 30)):
        together = duties(LAW, on, "USA", "CAN", some, claimed)
        alone = [
            duty(LAW, on, "USA", Good("CAN", code, bool(c))).rate
            for code, c in zip(some, claimed, strict=True)
        ]
        np.testing.assert_array_equal(
            together, [np.nan if rate is None else rate for rate in alone]
        )


def test_qualifying_never_costs_and_the_rate_lies_in_its_range():
    some = codes("us_schedule_2025")[5::97]
    for on in (date(2018, 7, 1), date(2025, 3, 5), date(2025, 9, 1), date(2026, 9, 20)):
        for code in some:
            other, own = (
                duty(LAW, on, "USA", Good("MEX", code, claimed)) for claimed in (False, True)
            )
            if own.rate is not None and other.rate is not None:
                assert own.rate <= other.rate + 1e-9, (on, code)
            if own.rate is not None:
                assert own.low <= own.rate <= own.high, (on, code)


def test_what_changed_between_two_days_is_told_once_and_in_order():
    found = changes(LAW, date(2025, 3, 1), date(2025, 6, 5), "USA", "CAN", "720839")
    told = [(str(one.on), one.act, one.what.partition(":")[0]) for one in found]
    assert told == sorted(told)
    assert ("2025-03-04", "us-ieepa-canada", "in force") in told
    assert ("2025-03-12", "us-232-steel-2025", "in force") in told
    assert not any(one.act == "us-232-steel-2018" for one in found)  # Canada is left out since 2019
    assert ("2025-06-04", "us-232-steel-2025", "from now") in told
    assert not any(one.act == "us-232-autos" for one in found)
    assert changes(LAW, date(2025, 3, 4), date(2025, 3, 4), "USA") == []


@pytest.mark.thorough
def test_a_rate_moves_only_on_days_on_which_something_is_told_to_change():
    for code, origin in (("720839", "CAN"), ("870830", "MEX"), ("610910", "CAN")):
        told = changes(LAW, date(2017, 1, 1), date(2026, 12, 31), "USA", origin)
        turns = {one.on for one in told} | RELATIONS
        day, end = date(2018, 1, 1), date(2026, 12, 31)
        before = duty(LAW, day, "USA", Good(origin, code)).rate
        while day < end:
            day += timedelta(days=1)
            if day.day % 10 and day not in turns:
                continue  # every tenth day, and every turn
            now = duty(LAW, day, "USA", Good(origin, code)).rate
            since = {day - timedelta(days=back) for back in range(12)}
            assert now == before or since & turns, (code, day)
            before = now


def test_a_part_of_a_quarter_counts_by_days():
    trade = {"610910": 3.0, "392330": 1.0}
    found = covered_share(LAW, "us-ieepa-mexico", trade, "MEX", date(2025, 1, 1))
    assert found.least == found.most == pytest.approx(28 / 90)  # 4 to 31 March
    assert found.rate == pytest.approx(0.25 * 28 / 90)
    assert covered_share(LAW, "us-ieepa-mexico", trade, "CAN", date(2025, 1, 1)).most == 0


def test_a_rate_that_rises_within_a_quarter_is_weighed_by_days():
    found = covered_share(LAW, "us-232-steel-2025", {"720839": 1.0}, "CAN", date(2025, 4, 1))
    assert found.least == 1
    assert found.rate == pytest.approx((0.25 * 64 + 0.5 * 27) / 91)  # to 3 June, from 4 June


def test_what_a_list_names_in_part_lies_between():
    trade = {"870893": 1.0, "870830": 1.0, "610910": 2.0}
    found = covered_share(LAW, "us-232-auto-parts", trade, "MEX", date(2025, 7, 1))
    assert (found.least, found.most) == (0.25, 0.5)
    assert found.rate == pytest.approx(0.25 * 0.5)


def test_exempt_products_are_not_covered():
    trade = {"270900": 1.0, "610910": 1.0}
    found = covered_share(LAW, "us-122-surcharge", trade, "ROW", date(2026, 4, 1))
    assert found.least == found.most == 0.5
    assert found.rate == pytest.approx(0.05)


@given(
    name=st.sampled_from([name for name, act in LAW.acts.items() if act.importer == "USA"]),
    picked=st.lists(
        st.sampled_from(codes("us_schedule_2025")), min_size=1, max_size=8, unique=True
    ),
    origin=st.sampled_from(["MEX", "CAN", "CHN", "ROW"]),
    quarter=st.integers(0, 39),
)
def test_coverage_is_a_share(name, picked, origin, quarter):
    first = date(2017 + quarter // 4, 1 + 3 * (quarter % 4), 1)
    trade = {code: 1.0 + place for place, code in enumerate(sorted(picked))}
    found = covered_share(LAW, name, trade, origin, first)
    assert -1e-12 <= found.least <= found.most + 1e-12 <= 1 + 2e-12
    assert found.rate >= 0


@pytest.mark.parametrize("trade", [{}, {"870830": 0.0}, {"870830": -1.0, "610910": 2.0}])
def test_no_trade_has_no_coverage(trade):
    with pytest.raises(ValueError, match="must be values of trade"):
        covered_share(LAW, "us-232-autos", trade, "MEX", date(2025, 4, 1))
