"""When policy changes, and what of it is known beforehand."""

from datetime import date

import numpy as np
import pytest

from abm.config.keys import differences, merge, nested
from abm.policy import compile_policy, threat_event
from abm.policy.regime import INSTRUMENTS, Instruments
from abm.policy.timeline import first_day, instrument_changes, quarter_of, with_changes
from abm.scenario.scenario import Scenario


def entry(day, changes, announced=None, title="news"):
    known = f"announced = {announced}\n" if announced else ""
    return f"[[timeline]]\ndate = {day}\n{known}title = '{title}'\nset = {{ {changes} }}\n"


def policy(text, quarters=None):
    return compile_policy(Scenario.from_toml(text), quarters)


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2017, 1, 1), 1),
        (date(2017, 3, 31), 1),
        (date(2017, 4, 1), 2),
        (date(2018, 11, 30), 8),
        (date(2020, 7, 1), 15),
        (date(2011, 1, 1), 1),  # before the start: news of quarter 1
    ],
)
def test_a_date_belongs_to_the_quarter_that_contains_it(day, quarter):
    assert quarter_of(day, start=date(2017, 1, 1)) == quarter


@pytest.mark.parametrize("start", [date(2017, 1, 1), date(2016, 11, 1), date(2018, 12, 1)])
def test_first_days_and_quarters_fit_together(start):
    for quarter in range(1, 60):
        day = first_day(quarter, start)
        assert quarter_of(day, start) == quarter
        assert day.day == 1


def test_quarter_0_lies_before_the_start():
    assert first_day(0, date(2017, 1, 1)) == date(2016, 10, 1)


def test_the_usmca_is_phased_in_on_its_dates():
    compiled = compile_policy(Scenario.load("usmca"))
    thresholds = [
        compiled.content_threshold[0, 0, compiled.regime_index(quarter, imposed=False)]
        for quarter in (0, 14, 15, 18, 19, 23, 27, 40, 400)
    ]
    assert thresholds == [0.625, 0.625, 0.66, 0.66, 0.69, 0.72, 0.75, 0.75, 0.75]
    assert compiled.date_of(15) == date(2020, 7, 1)


def test_entries_of_one_quarter_make_one_segment():
    compiled = policy(
        entry("2018-02-01", "competition.markup_scale = 0.5")
        + entry("2018-01-01", "competition.markup_scale = 0.7")
        + entry("2018-03-31", "agreement.preference = false")
    )
    assert compiled.regimes == ("start", "2018-01-01")
    assert compiled.markup_scale.tolist() == [1, 0.5]
    assert not compiled.preference[..., 1].any()


def test_an_entry_that_changes_nothing_opens_no_segment():
    assert policy(entry("2018-01-01", "agreement.preference = true")).regimes == ("start",)


@pytest.mark.parametrize("name", ["history", "retaliation-2026", "review-2026-lapse", "usmca"])
def test_a_change_leaves_the_policy_that_all_of_it_read_anew_is(name):
    scenario = Scenario.load(name)
    now = scenario.instruments
    for entry in scenario.dated:
        document = now.model_dump(exclude_none=True)
        for key, value in entry.set.items():
            document = merge(document, nested(key, value))
        changed = with_changes(now, entry.set, "test")
        assert changed == Instruments.model_validate(document)
        untouched = set(INSTRUMENTS) - {key.split(".")[0] for key in entry.set} - {"measures"}
        assert all(getattr(changed, part) == getattr(now, part) for part in untouched)
        told = {change.key: change.new for change in instrument_changes(now, changed, entry)}
        both = (policy.model_dump(exclude_none=True) for policy in (now, changed))
        assert told == {key: new for key, _, new in differences(*both)}
        now = changed


def test_changes_before_the_start_meet_the_calibrated_economy_in_quarter_1():
    compiled = policy(entry("2010-01-01", "agreement.preference = false"))
    assert [compiled.segment_at(quarter) for quarter in (0, 1, 2)] == [0, 1, 1]


def test_what_is_neither_entered_nor_known_by_the_end_is_left_out():
    later = entry("2019-01-01", "agreement.preference = false", announced="2018-01-01")
    assert len(policy(later, quarters=4).regimes) == 1
    assert len(policy(later, quarters=5).regimes) == 2  # announced in quarter 5
    assert len(policy(later, quarters=40).regimes) == 2


def test_a_coming_segment_is_expected_only_once_it_is_announced():
    compiled = compile_policy(Scenario.load("usmca"))
    assert compiled.known_starts(7).tolist() == [0]
    assert compiled.reachable(7, regime=0) == slice(0, 1)
    assert compiled.known_starts(8).tolist() == [0, 15, 19, 23, 27]
    assert compiled.reachable(8, regime=0) == slice(0, 5)
    assert (compiled.chains_within(8) == 1).all()


def test_what_was_never_announced_is_never_expected():
    compiled = compile_policy(Scenario.load("blanket-25"))
    assert compiled.known_starts(4).tolist() == [0]
    assert compiled.reachable(4, regime=0) == slice(0, 1)


def test_a_threat_arrives_and_departs_with_its_hazards_while_it_stands():
    compiled = policy(
        "[threat]\nannounced = 2018-01-01\nwithdrawn = 2019-01-01\n"
        "arrival_per_quarter = 0.1\ndeparture_per_quarter = 0.2\n"
    )
    assert [compiled.threat_live(quarter) for quarter in (4, 5, 8, 9)] == [False, True, True, False]
    assert compiled.chains_within(5).tolist() == [[[0.9, 0.1], [0.2, 0.8]]]
    assert compiled.chains_within(4).tolist() == [[[1, 0], [1, 0]]]
    assert compiled.chains_within(9).tolist() == [[[1, 0], [1, 0]]]


def test_a_threat_without_a_date_stands_from_quarter_1_but_not_in_the_calibration_year():
    compiled = policy("[threat]\nrate = 0.35\n")
    assert [compiled.threat_live(quarter) for quarter in (0, 1, 40)] == [False, True, True]


def test_a_threat_made_by_the_timeline_stands_from_then_on():
    compiled = policy(entry("2018-01-01", "threat.arrival_per_quarter = 0.5"))
    assert compiled.regimes[1] == "start, threat imposed"
    assert compiled.border_tax.tolist() == [0, 0, 0, 0.35]
    assert [compiled.threat_live(quarter) for quarter in (4, 5)] == [False, True]
    assert compiled.chains_within(5)[1, 0].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("quarter", [0, 1, 8, 14, 15, 30])
def test_every_row_of_the_chains_sums_to_one(quarter):
    threatened = 'extends = "usmca"\n[threat]\narrival_per_quarter = 0.3\n'
    chains = policy(threatened).chains_within(quarter)
    assert chains.shape == (5, 2, 2)
    assert chains.sum(axis=2) == pytest.approx(np.ones((5, 2)), abs=1e-12)
    assert chains.min() >= 0


def imposed(text, quarters, draw):
    compiled, state, path = policy(text), False, []
    for quarter in range(1, quarters + 1):
        state = compiled.threat_imposed(quarter, state, draw(quarter))
        path.append(state)
    return path


def test_a_threat_is_never_carried_out_unless_the_scenario_says_so():
    assert not any(imposed("[threat]\narrival_per_quarter = 1.0\n", 5, lambda quarter: 0.0))


def test_a_dated_threat_is_carried_out_on_its_date_and_ends_when_withdrawn():
    text = "[threat]\nimposed = 2017-04-01\nwithdrawn = 2017-10-01\n"
    assert imposed(text, 5, lambda quarter: 0.0) == [False, True, True, False, False]


def test_a_drawn_threat_comes_and_goes_with_the_draws():
    text = "[threat]\nimposed = 'drawn'\narrival_per_quarter = 0.5\ndeparture_per_quarter = 0.5\n"
    draws = {1: 0.9, 2: 0.4, 3: 0.9, 4: 0.4, 5: 0.6}
    assert imposed(text, 5, draws.get) == [False, True, True, False, False]


def test_nothing_can_be_imposed_where_nothing_is_threatened():
    compiled = compile_policy(Scenario.load("status-quo"))
    assert not compiled.threat_imposed(3, before=False, draw=0.0)
    with pytest.raises(ValueError, match="no measure is threatened"):
        compiled.regime_index(3, imposed=True)


def test_announcements_and_changes_are_events():
    compiled = compile_policy(Scenario.load("nafta-withdrawal"))
    announced, enacted = compiled.events
    assert announced == {
        "quarter": 5,
        "date": "2018-01-01",
        "actor": "USA+MEX+CAN",
        "instrument": "agreement.preference",
        "old": "yes",
        "new": "no",
        "reason": "announced for 2018-07-01: "
        "NAFTA ends; members charge most-favoured-nation duties",
    }
    assert (enacted["quarter"], enacted["date"]) == (7, "2018-07-01")
    assert enacted["reason"].startswith("in force: NAFTA ends")


def test_events_after_the_end_are_left_out():
    scenario = Scenario.load("usmca")
    assert {event["quarter"] for event in compile_policy(scenario, 20).events} == {8, 15, 19}


def test_the_turns_of_a_threat_are_events():
    compiled = policy("[threat]\nimposed = 2017-04-01\nwithdrawn = 2018-01-01\nrate = 0.05\n")
    assert [(e["quarter"], e["old"], e["new"], e["reason"]) for e in compiled.events] == [
        (1, "none", "5% border tax on MEX", "threat announced"),
        (2, "none", "5% border tax on MEX", "threat carried out"),
        (5, "5% border tax on MEX", "none", "threat withdrawn"),
    ]


def test_a_drawn_turn_can_be_told_as_an_event():
    compiled = compile_policy(Scenario.load("threat-35"))
    row = threat_event(compiled.threat_at(3), 3, compiled.date_of(3), True, "drawn")
    assert (row["date"], row["actor"], row["new"]) == ("2017-07-01", "USA", "35% border tax on MEX")


def test_the_same_policy_under_another_title_is_the_same():
    one = policy(entry("2018-01-01", "agreement.preference = false", title="one"))
    two = policy(entry("2018-01-01", "agreement.preference = false", title="two"))
    early = policy(entry("2017-10-01", "agreement.preference = false"))
    assert one.same_as(two)
    assert not one.same_as(early)


def test_a_view_of_some_regimes_keeps_the_chain_of_all():
    compiled = compile_policy(Scenario.load("usmca"))
    now = compiled.during(slice(1, 2))
    assert now.regimes == ("2020-07-01",)
    assert now.content_threshold[0, 0].tolist() == [0.66]
    assert now.states == compiled.states == 1


def test_regimes_that_may_follow_are_those_known_to_be_coming():
    compiled = compile_policy(Scenario.load("usmca"))
    assert compiled.reachable(7, regime=0) == slice(0, 1)
    assert compiled.reachable(8, regime=0) == slice(0, 5)
    assert compiled.reachable(20, regime=2) == slice(2, 5)
