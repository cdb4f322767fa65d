"""What governments do by rule, from an outlook made up; talks, and what is known of them."""

from datetime import date

import numpy as np
import pytest

from abm.axes import GOODS, N_HOSTS
from abm.errors import ScenarioError
from abm.governments.outlook import Outlook
from abm.governments.retaliate import retaliate
from abm.policy import compile_policy
from abm.policy.instruments.floors import FIXED, WAIVED
from abm.policy.timeline import with_changes
from abm.scenario.scenario import Scenario
from abm.trade.duties import duty_on
from experiments.scenarios.overrides import load_scenario

USA, MEX, CAN = range(3)
BLANKET = ("tariffs.special.USA.MEX.all=0.25",)
FLAT = ("tariffs.special_waived_for_originating=false",)


def seen(*overrides, luck=0.5, acts=()):
    """What governments see the quarter after some policy stood, and after their own acts."""
    scenario = load_scenario("status-quo", list(overrides))
    instruments = scenario.instruments
    for act in acts:
        instruments = with_changes(instruments, act.changes, "test")
    document = scenario.model_dump() | {"measures": instruments.model_dump()["measures"]}
    policy = compile_policy(Scenario.from_document(document), quarters=0)
    return Outlook(
        quarter=2,
        instruments=instruments,
        duty=duty_on(policy, (..., 0)).by_part,
        deficit=lambda partners: (1.0, 1.0),
        jobs={},
        luck=lambda purpose: np.full(N_HOSTS, luck),
    )


def rates(acts, name):
    found = [act.changes for act in acts if f"measures.{name}.rates" in act.changes]
    return found[0][f"measures.{name}.rates"] if found else None


def test_a_duty_is_answered_in_kind_good_by_good_with_the_same_terms():
    duties = ("tariffs.special.USA.MEX.metals=0.25", "tariffs.special.USA.MEX.cars=0.1")
    acts = list(retaliate("MEX", seen("retaliation.MEX=1", *duties, *FLAT)))
    assert rates(acts, "retaliation-mex-on-usa") == {"cars": 0.1, "metals": 0.25}
    spared = list(retaliate("MEX", seen("retaliation.MEX=1", *duties)))
    assert rates(spared, "retaliation-mex-on-usa") is None
    name = "measures.retaliation-mex-on-usa-unless-originating"
    assert spared[0].changes[f"{name}.rates"] == {"cars": 0.1, "metals": 0.25}
    assert spared[0].changes[f"{name}.originating"] == "exempt"
    assert spared[0].reason == "MEX answers duties of USA on its goods"
    after = seen("retaliation.MEX=1", *duties, acts=spared)
    duty = after.duty[:, : len(GOODS), USA, MEX]
    np.testing.assert_array_equal(duty, after.duty[:, : len(GOODS), MEX, USA])
    assert not duty[FIXED].any()
    assert duty[WAIVED].any()


def test_only_those_answer_who_do_and_only_with_their_luck():
    assert not list(retaliate("MEX", seen(*BLANKET)))
    assert not list(retaliate("CAN", seen("retaliation.CAN=1", *BLANKET)))
    for luck, answers in ((0.29, 1), (0.31, 0)):
        assert len(list(retaliate("MEX", seen("retaliation.MEX=0.3", *BLANKET, luck=luck)))) == (
            answers
        )


def test_an_answer_may_be_a_part_of_what_it_answers_and_what_stands_counts():
    terms = ("retaliation.MEX=1", "retaliation.in_kind=0.4", *BLANKET)
    name = "retaliation-mex-on-usa-unless-originating"
    assert rates(list(retaliate("MEX", seen(*terms))), name) == {"all": pytest.approx(0.1)}
    standing = "tariffs.special.MEX.USA.all=0.1"
    assert not list(retaliate("MEX", seen(*terms, standing)))


def test_answers_are_not_answered():
    both = ("retaliation.MEX=1", "retaliation.USA=1", *BLANKET)
    answer = list(retaliate("MEX", seen(*both)))
    assert not list(retaliate("USA", seen(*both, acts=answer)))
    # Nor when the first duty is gone before the answer is.
    assert not list(retaliate("USA", seen("retaliation.USA=1", acts=answer)))


def test_an_answer_goes_with_what_it_answers_at_once_and_whatever_the_luck():
    answer = list(retaliate("MEX", seen("retaliation.MEX=1", *BLANKET)))
    unlucky = seen("retaliation.MEX=0", acts=answer, luck=0.99)
    (lifted,) = retaliate("MEX", unlucky)
    assert lifted.changes == {"measures.retaliation-mex-on-usa-unless-originating.in_force": False}
    assert lifted.reason == "MEX lifts its answer to duties of USA on its goods"
    lower = ("retaliation.MEX=0", "tariffs.special.USA.MEX.all=0.1")
    (lowered,) = retaliate("MEX", seen(*lower, acts=answer, luck=0.99))
    assert rates([lowered], "retaliation-mex-on-usa-unless-originating") == {"all": 0.1}
    assert not list(retaliate("MEX", seen(*lower, acts=[*answer, lowered])))


TALKS = """
[threat]
arrival_per_quarter = 0.1
departure_per_quarter = 0.2
withdrawn = 2019-01-01
[negotiation]
begins = 2018-01-01
broken_off = 2020-01-01
[negotiation.outcomes.renewal]
per_quarter = 0.1
per_quarter_under_threat = 0.3
set = { competition.markup_scale = 0.9 }
[negotiation.outcomes.end]
per_quarter = 0.05
set = { agreement.preference = false }
"""


def talks(extra="", text=TALKS):
    return compile_policy(Scenario.from_toml(text + extra))


def test_an_outcome_is_a_state_of_every_segment_with_its_keys_set():
    later = "[[timeline]]\ndate = 2019-07-01\ntitle = 'x'\nset = { competition.markup_scale = 2 }"
    policy = talks(later)
    assert policy.conditions == ("", "threat imposed", "end", "renewal")
    assert policy.regimes[2:4] == ("start, end", "start, renewal")
    assert policy.markup_scale.tolist() == [1, 1, 1, 0.9, 2, 2, 2, 0.9]
    assert not policy.preference[..., 2].any()
    assert policy.border_tax.tolist() == [0, 0.35, 0, 0] * 2
    assert policy.regime_index(11, imposed=False, agreed="renewal") == 7
    with pytest.raises(ValueError, match="no talks lead to peace"):
        policy.regime_index(3, imposed=False, agreed="peace")


def test_firms_expect_outcomes_while_talks_go_on_and_more_under_a_threat():
    policy = talks()
    alone = [[1, 0, 0, 0], [1, 0, 0, 0]]
    chain = {quarter: policy.chains_within(quarter)[0] for quarter in (4, 5, 9, 13)}
    for one in chain.values():
        np.testing.assert_allclose(one.sum(axis=1), 1)
        assert (one[2:] == np.eye(4)[2:]).all()  # what is agreed lasts
    np.testing.assert_allclose(chain[4][0], [0.9, 0.1, 0, 0])  # before talks begin
    np.testing.assert_allclose(chain[5][0], [0.65 * 0.9, 0.65 * 0.1, 0.05, 0.3])
    np.testing.assert_allclose(chain[9][0], [0.85, 0, 0.05, 0.1])  # the threat is withdrawn
    np.testing.assert_allclose(chain[13][:2], alone)  # talks have been broken off


def test_talks_end_as_drawn_dated_or_not_at_all():
    policy = talks()
    drawn = [policy.agreement(5, draw) for draw in (0.04, 0.06, 0.34, 0.36)]
    assert drawn == ["end", "renewal", "renewal", None]
    assert policy.agreement(4, 0.0) is policy.agreement(13, 0.0) is None
    never = talks(text=TALKS.replace("set = { agreement", "agreed = 'never'\nset = { agreement"))
    assert [never.agreement(5, draw) for draw in (0.04, 0.06)] == [None, "renewal"]
    assert (never.chains_within(5) == policy.chains_within(5)).all()
    dated = talks(text=TALKS.replace("set = { agr", "agreed = 2018-06-01\nset = { agr"))
    assert [dated.agreement(quarter, 0.99) for quarter in (5, 6)] == [None, "end"]


def test_the_days_of_talks_are_events():
    events = [e for e in talks().events if e["instrument"] == "negotiation"]
    assert [(e["quarter"], e["actor"], e["new"], e["reason"]) for e in events] == [
        (5, "USA+MEX+CAN", "talks on end, renewal", "talks begin"),
        (13, "USA+MEX+CAN", "none", "talks end without agreement"),
    ]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("competition.markup_scal = 0.9", "no such key; did you mean 'markup_scale'"),
        ("competition.markup_scale = 90", "markup_scale = 90: must be"),
        ("threat.standing = false", "an agreement sets instruments"),
    ],
)
def test_an_outcome_that_cannot_be_is_refused_in_one_line(wrong, line):
    with pytest.raises(ScenarioError, match=line) as caught:
        Scenario.from_toml(TALKS.replace("competition.markup_scale = 0.9", wrong))
    assert "\n" not in str(caught.value)


def test_hazards_that_sum_to_more_than_one_and_dates_without_talks_are_refused():
    with pytest.raises(ScenarioError, match=r"under a threat sum to 1\.05, at most 1"):
        Scenario.from_toml(TALKS.replace("0.3\n", "1.0\n"))
    with pytest.raises(ScenarioError, match="agreed on 2017-01-01, when there are no talks"):
        Scenario.from_toml(TALKS.replace("set = { agr", "agreed = 2017-01-01\nset = { agr"))
    assert Scenario.from_toml(TALKS).negotiation.begins == date(2018, 1, 1)
