"""Codes of two or four digits, what is banned in part, and what is not known."""

from datetime import date

import pytest

from abm.errors import ScenarioError
from abm.law.act_files import shipped
from abm.law.changes import changes
from abm.law.duty import duties, duty
from abm.law.good import Good
from abm.law.mean_over_codes import six_digit_codes
from abm.law.schedule import former_code

LAW = shipped()


def asked(on, origin, code, importer="USA", **said):
    return duty(LAW, date.fromisoformat(on), importer, Good(origin, code, **said))


@pytest.mark.parametrize(
    ("on", "origin", "code"),
    [
        ("2025-05-10", "MEX", "8708"),
        ("2026-09-20", "CAN", "8703"),
        ("2019-06-15", "CHN", "9403"),
        ("2026-07-10", "MEX", "8433"),
    ],
)
def test_a_short_code_owes_the_mean_over_what_it_holds_and_no_sum_of_acts(on, origin, code):
    whole = asked(on, origin, code)
    each = [asked(on, origin, six) for six in six_digit_codes(code)]
    rates = [answer.rate for answer in each]
    assert whole.rate == pytest.approx(sum(rates) / len(rates), abs=1e-6)
    assert (whole.low, whole.high) == (min(a.low for a in each), max(a.high for a in each))
    assert min(rates) <= whole.rate <= max(rates)
    assert sum(one.rate for one in whole.acts) == pytest.approx(whole.rate, abs=1e-5)
    assert whole.certain == (whole.low == whole.high and not whole.ordinary_unknown)
    assert f"the mean over {len(each)} codes of six digits that {code} holds" in " ".join(
        whole.notes
    )


def test_a_chapter_of_vehicles_pays_no_more_than_its_dearest_good():
    chapter = asked("2026-09-14", "CAN", "87")
    dearest = max(asked("2026-09-14", "CAN", six).rate for six in six_digit_codes("87"))
    assert 0.1 < chapter.rate < 0.3 < dearest


def test_a_heading_banned_in_part_says_so_and_has_the_rate_of_the_rest():
    heading = asked("2026-10-01", "CAN", "8711")
    assert not heading.banned
    assert heading.banned_in_part
    assert heading.rate == asked("2026-10-01", "CAN", "871120").rate
    told = heading.as_json(LAW.acts)
    assert (told["banned"], told["banned_in_part"], told["partial"]) == (False, True, True)
    assert "us-338-vehicles" not in {one.act for one in heading.acts}  # on the banned code alone


def test_a_code_of_which_some_lines_are_banned_is_partial():
    found = [
        answer
        for six in (*six_digit_codes("04"), *six_digit_codes("22"))
        if (answer := asked("2026-10-01", "CAN", six)).banned_in_part
    ]
    assert found
    for answer in found:
        assert answer.as_json(LAW.acts)["partial"]
        assert answer.low is not None


def test_a_good_that_is_banned_as_a_whole_is_not_partial():
    told = asked("2026-10-01", "CAN", "871150").as_json(LAW.acts)
    assert (told["rate"], told["banned"], told["banned_in_part"], told["partial"]) == (
        None, True, False, False,
    )  # fmt: skip


def test_an_ordinary_duty_that_is_not_known_makes_an_answer_partial():
    told = asked("2025-05-01", "CHE", "910211").as_json(LAW.acts)
    assert told["partial"]
    assert told["range"] == [told["rate"], None]
    assert any("ordinary duty is not known" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("importer", "origin", "code"),
    [
        ("MEX", "CHN", "870323"),
        ("MEX", "USA", "020312"),
        ("CAN", "JPN", "870323"),
        ("CAN", "MEX", "8703"),
        ("CHN", "USA", "120190"),
        ("USA", "CHE", "910211"),
    ],
)
def test_where_the_ordinary_duty_is_not_known_the_range_has_no_upper_end(importer, origin, code):
    told = asked("2025-12-10", origin, code, importer).as_json(LAW.acts)
    assert (told["range"][1], told["partial"]) == (None, True)
    assert told["range"][0] <= told["rate"]


@pytest.mark.parametrize(
    ("importer", "origin"), [("MEX", "USA"), ("MEX", "CAN"), ("CAN", "MEX"), ("CAN", "USA")]
)
def test_goods_that_qualify_between_members_owe_no_ordinary_duty_for_certain(importer, origin):
    told = asked("2017-12-10", origin, "870323", importer, originating=True).as_json(LAW.acts)
    assert (told["range"], told["partial"]) == ([0, 0], False)


@pytest.mark.parametrize(
    ("on", "importer", "first"),
    [("1994-12-31", "USA", "1995-01-01"), ("2016-12-31", "MEX", "2017-01-01")],
)
def test_a_day_of_whose_law_nothing_is_known_is_refused(on, importer, first):
    origin = "CAN"
    with pytest.raises(ScenarioError, match=f"is not known before {first}"):
        asked(on, origin, "870323", importer)
    with pytest.raises(ScenarioError, match=f"is not known before {first}"):
        duties(LAW, date.fromisoformat(on), importer, origin, ["870323"])
    assert asked(first, origin, "870323", importer).rate is not None


def test_rates_of_another_year_are_told_to_be_so():
    note = "the ordinary duty is that of 2025: rates of other years are not here"
    assert note in asked("2019-01-01", "MEX", "870323").notes
    assert note not in asked("2025-02-01", "MEX", "870323").notes


def test_a_code_that_was_not_in_use_yet_is_told_with_the_one_before():
    note = "0403.20 is a code of the year 2022; on this day its goods were under 0403.10"
    assert note in asked("2018-05-05", "MEX", "040320").notes
    assert note not in asked("2022-01-27", "MEX", "040320").notes
    assert former_code("04032050", "CAN", date(2021, 12, 31)) == "0403.10"
    assert former_code("040320", "CAN", date(2022, 1, 1)) == ""


@pytest.mark.parametrize(
    ("origin", "code", "first", "last", "silent"),
    [
        ("CHN", "", "2017-01-01", "2026-12-31", "us-nafta-renegotiation"),
        ("CHN", "", "2017-01-01", "2026-12-31", "usmca"),
        ("MEX", "", "2017-01-01", "2026-12-31", "us-canada-threat-2026"),
        ("AUS", "720839", "2018-01-01", "2025-12-31", "us-232-steel-2018"),  # left out
        ("MEX", "720839", "2025-01-01", "2025-04-01", "us-232-steel-2018"),  # left out since 2019
    ],
)
def test_what_changed_leaves_out_acts_that_do_not_touch_the_goods(
    origin, code, first, last, silent
):
    days = date.fromisoformat(first), date.fromisoformat(last)
    told = {one.act for one in changes(LAW, *days, "USA", origin, code)}
    assert told
    assert silent not in told


def test_a_turn_is_told_to_those_who_feel_it():
    days = date(2018, 3, 1), date(2018, 12, 31)
    canadian = changes(LAW, *days, "USA", "CAN", "720839")
    chinese = changes(LAW, *days, "USA", "CHN", "720839")
    steel = [
        [str(one.on) for one in found if one.act == "us-232-steel-2018"]
        for found in (canadian, chinese)
    ]
    assert steel == [["2018-03-08", "2018-06-01"], ["2018-03-08", "2018-03-23"]]


LITTLE = {"steel": 0.05, "aluminium": 0.0, "copper": 0.0}
MUCH = {"steel": 0.15}


@pytest.mark.parametrize("code", ["845129", "841810", "84295110", "842832"])
def test_a_good_of_little_metal_is_out_of_the_act_of_2026_where_its_content_is_shown(code):
    act = "us-232-metals-2026"

    def owed(**said):
        return asked("2026-07-10", "MEX", code, **said)

    silent, little, much = owed(), owed(content=LITTLE), owed(content=MUCH)
    assert {one.act for one in silent.acts} >= {act}
    assert act not in {one.act for one in little.acts}
    assert act in {one.act for one in much.acts}
    assert silent.rate == much.rate == much.low == much.high
    assert (silent.low, silent.high) == tuple(sorted((little.rate, much.rate)))
    assert owed(content={"steel": 0.05}).as_json(LAW.acts)["partial"]


@pytest.mark.parametrize("code", ["720839", "732111", "761510", "740811"])
def test_in_the_chapters_of_metals_content_takes_no_good_out(code):
    little = asked("2026-07-10", "MEX", code, content=LITTLE)
    assert "us-232-metals-2026" in {one.act for one in little.acts}
    assert not any("15% of its weight" in note for note in little.notes)


def test_a_good_that_the_act_of_2026_does_not_list_hangs_on_no_metal():
    answers = [asked("2026-07-10", "MEX", "610910"), asked("2026-05-10", "MEX", "842710")]
    assert not any("15% of its weight" in note for note in answers[0].notes)
    assert [" ".join(one.notes).count("15% of its weight") for one in answers] == [0, 1]


@pytest.mark.parametrize(
    ("on", "code", "most"),
    [("2018-08-01", "210410", 0.1), ("2018-08-01", "200811", 0.1), ("2025-04-01", "300490", 0.25)],
)
def test_a_product_that_may_be_on_a_list_that_was_not_read_is_open_and_not_free(on, code, most):
    told = asked(on, "USA", code, "CAN", originating=True).as_json(LAW.acts)
    assert (told["rate"], told["range"], told["partial"]) == (0, [0, most], True)


@pytest.mark.parametrize(
    ("origin", "code", "on", "credit"),
    [
        ("CAN", "760120", "2026-08-01", "us-aluminium-programme"),
        ("CAN", "7601", "2026-08-01", "us-aluminium-programme"),
        ("MEX", "870830", "2026-08-01", "us-assembly-offset"),
        ("CHN", "870830", "2025-06-01", "us-assembly-offset"),
    ],
)
def test_a_credit_against_a_duty_that_is_paid_is_told(origin, code, on, credit):
    notes = asked(on, origin, code).notes
    assert len([note for note in notes if note.startswith(f"{credit} (")]) == 1


@pytest.mark.parametrize(
    ("origin", "code", "on", "said"),
    [
        ("CAN", "760120", "2026-07-19", {}),  # not yet
        ("CAN", "760820", "2026-08-01", {}),  # no primary metal
        ("MEX", "870830", "2026-08-01", {"originating": True}),  # owes nothing to give back
    ],
)
def test_a_credit_against_nothing_that_is_paid_is_not_told(origin, code, on, said):
    assert not any(" back, against " in note for note in asked(on, origin, code, **said).notes)


@pytest.mark.parametrize(("importer", "origin"), [("USA", "CHN"), ("MEX", "JPN"), ("CHN", "USA")])
def test_a_claim_between_countries_of_which_one_is_no_member_is_refused(importer, origin):
    with pytest.raises(ScenarioError, match="goods qualify between USA, MEX, CAN alone"):
        asked("2025-12-10", origin, "870323", importer, originating=True)


@pytest.mark.parametrize(
    ("code", "told"), [("870831", True), ("87083110", True), ("870830", False)]
)
def test_a_code_that_is_in_no_table_and_no_list_may_not_exist(code, told):
    notes = asked("2026-02-01", "MEX", code).notes
    assert any("is in no table or list here" in note for note in notes) == told


def test_a_fact_left_open_is_told_in_plain_words_with_what_the_rate_takes():
    found = asked("2026-08-01", "MEX", "850710")
    other = "depends on whether the good is for something else than a car or light truck"
    assert f"{other} (us-232-auto-parts); the rate takes it that it is not" in found.notes
    lists = asked("2026-01-26", "MEX", "870893", originating=True).notes
    told = [note for note in lists if "is listed under" in note]
    assert told
    assert all(note.endswith(("that it is", "that it is not")) for note in told)


def test_an_act_that_hangs_on_a_fact_is_not_said_to_name_the_product_not_at_all():
    found = asked("2018-08-01", "USA", "210410", "CAN", originating=True)
    whys = {one.act: one.why for one in found.others}
    assert whys["ca-surtax-2018"].startswith("names it only if a fact holds that is not known")


def test_no_list_is_told_by_a_name_that_says_nothing():
    first, last = date(2017, 1, 1), date(2026, 12, 31)
    told = [one.what for to in LAW.importers() for one in changes(LAW, first, last, to)]
    assert any("articles outside chapter 76" in what for what in told)
    for riddle in ("_", "in outside", " seldom", " on often", "on more", "on wider", "in part"):
        assert not [what for what in told if riddle in what and "seldom for" not in what]
