"""Every act is whole, sourced, and owes what its examples say."""

import pytest

from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good
from abm.law.products import code_of

LAW = shipped()
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{example.on}-{example.origin}-{example.product}")
    for name, act in LAW.acts.items()
    for example in act.example
]
TOLERANCE = 5e-5
"""Rates by six digits are given to four decimals."""


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_product_owes_what_the_example_says(name, example):
    good = Good(example.origin, code_of(example.product), example.originating, example.content)
    answer = duty(LAW, example.on, LAW.acts[name].importer, good)
    assert answer.banned == example.banned
    if example.rate is not None:
        assert answer.rate == pytest.approx(example.rate, abs=TOLERANCE)
    if example.part is not None:
        part = sum(one.rate for one in answer.acts if one.act == name)
        assert part == pytest.approx(example.part, abs=TOLERANCE)

    if example.least is not None:
        assert answer.low == pytest.approx(example.least, abs=TOLERANCE)
    if example.most is not None:
        assert answer.high == pytest.approx(example.most, abs=TOLERANCE)


def test_a_credit_is_against_acts_there_are_and_says_of_what():
    credits = {name: act.credit for name, act in LAW.acts.items() if act.credit is not None}
    assert {name: (one.share, one.of) for name, one in credits.items()} == {
        "us-assembly-offset": (0.0375, "value"),
        "us-aluminium-programme": (0.5, "duty"),
    }
    assert all(set(one.against) <= set(LAW.acts) for one in credits.values())


def test_every_act_that_levies_something_is_shown_levying_it():
    silent = [
        name
        for name, act in LAW.acts.items()
        if act.kind == "duty" and not any(e.part or e.banned for e in act.example)
    ]
    assert silent == [
        "ca-surtax-2026",  # its list was not read
        "us-232-semiconductors",  # two bands of computing power, not to be told from a code
        "us-mexico-threat-2019",  # called off
    ]


@pytest.mark.parametrize("name", LAW.acts)
def test_what_is_remembered_is_marked_as_not_verified(name):
    remembered = [one for one in LAW.acts[name].citation if "from memory" in one.text]
    assert all("unverified" in one.text and not one.verified for one in remembered)


@pytest.mark.parametrize("name", LAW.acts)
def test_the_file_begins_with_what_it_is_and_knows_no_day_before_it_was_announced(name):
    act = LAW.acts[name]
    assert act.announced is None or act.announced <= max(act.effective, act.known_to)
    for term in act.term:
        for day in (term.effective, term.ended):
            assert day is None or day >= act.effective, (name, day)


def test_a_rate_that_follows_another_begins_the_day_that_it_ends():
    same = [
        (name, term, [other for other in act.term if who(other) == who(term)])
        for name, act in LAW.acts.items()
        for term in act.term
        if term.ended is not None and not term.exempt
    ]
    assert len(same) > 30
    late = [
        (name, term.lists, term.ended)
        for name, term, others in same
        if any(other.effective and other.effective > term.ended for other in others)
        and not any(other.effective == term.ended for other in others)
    ]
    assert late == []


def who(term):
    """Whom a term is about."""
    return term.lists, term.origins, term.condition, term.goods
