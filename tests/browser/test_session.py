"""A session without a browser: what is asked for is queued, acknowledged and done in order."""

import threading
from time import perf_counter, sleep

import pytest

import abm.trade_phases
from abm.scenario.scenario import Scenario
from viz.lab import keep
from viz.lab.laboratory import Start
from viz.page import lever_panel as levers
from viz.page.session import SPEEDS, Session

FIRMS = 100


def until(claim):
    """Wait for something that a thread does."""
    began = perf_counter()
    while not claim():
        assert perf_counter() - began < 60
        sleep(0.005)


def test_steps_go_on_while_a_drawing_does_not_end(monkeypatch):
    monkeypatch.setattr("viz.page.defaults.start", Start(Scenario.load("status-quo"), FIRMS))
    session, drawn = Session(), threading.Event()
    session.open(None)
    until(lambda: session.frame.value is not None and not session.busy.value)
    stop = session.frame.subscribe(lambda _: drawn.wait())
    session.speed.value = len(SPEEDS) - 1
    session.play(True)
    until(lambda: session.frame.value.quarter > 0)
    stands = session.frame.value.quarter
    until(lambda: session.laboratory.quarter >= stands + 4)
    assert session.frame.value.quarter == stands
    drawn.set()
    session.play(False)
    until(lambda: not session.playing.value)
    until(lambda: session.frame.value.quarter == session.laboratory.quarter)
    stop()
    session.close()


@pytest.fixture
def slow_session(monkeypatch):
    """A session whose next quarter ends when it is let go, however long that is."""
    monkeypatch.setattr("viz.page.defaults.start", Start(Scenario.load("status-quo"), FIRMS))
    go, solved = threading.Event(), abm.trade_phases.solve_costs

    def solve_costs(*arguments):
        assert go.wait(60)
        return solved(*arguments)

    session = Session()
    session.open(None)
    until(lambda: session.frame.value is not None and session.link.value)
    monkeypatch.setattr("abm.trade_phases.solve_costs", solve_costs)
    yield session, go
    go.set()
    session.close()


def test_whatever_is_asked_for_during_a_long_quarter_is_acknowledged_at_once(slow_session):
    session, go = slow_session
    special = next(n for n, lever in enumerate(levers.levers()) if lever.label == "Special duty")
    session.step()
    told = "Q1 2017: what every firm's goods cost, and their content"
    until(lambda: session.doing.value == told)
    began = perf_counter()
    session.pull(special, 25.0)
    session.press("blanket")
    session.step()
    session.visit_city(0)
    session.visit_supplier(next(iter(session.frame.value.world.suppliers)))
    session.compare(None)
    session.play(False)
    # The quarter under way is held for a minute: whoever waited for it would wait as long.
    assert perf_counter() - began < 20
    assert session.pausing.value
    assert session.owed.value == 0
    assert len(session.waiting) == 2
    # The link has the quarter under way, and what waits: it comes with the quarter after.
    until(lambda: keep.restored(session.link.value).levers)
    until(lambda: keep.restored(session.link.value).quarters == 1)
    played = keep.restored(session.link.value)
    assert [quarter for quarter, _ in played.levers] == [2]
    go.set()
    until(lambda: session.frame.value.quarter == 1 and not session.waiting)
    until(lambda: not session.pausing.value and not session.doing.value)
    assert session.laboratory.quarter == 1, "the second step was given up by the pause"
    until(lambda: session.frame.value.scenario.timeline)
    (entry,) = session.frame.value.scenario.timeline
    assert entry.set["tariffs.special.USA.MEX.all"] == 0.25
    assert entry.set["threat.rate"] == 0.25
    assert keep.restored(session.link.value).levers == ((2, entry.set),)


def test_as_many_quarters_are_played_as_were_asked_for(slow_session):
    session, go = slow_session
    for _ in range(10):
        session.step()
    session.step(4)
    session.step()
    assert session.owed.value == 15
    go.set()
    until(lambda: session.frame.value.quarter == 15)
    until(lambda: session.owed.value == 0)
    assert session.laboratory.quarter == 15


def test_the_link_has_whatever_was_asked_for_at_once_and_in_its_order(slow_session):
    session, go = slow_session
    session.step()
    until(lambda: session.doing.value)
    session.press("blanket")
    session.step(4)
    # Nothing of it is computed: a server that ends now comes back with all of it.
    until(lambda: keep.restored(session.link.value).quarters == 5)
    session.press("withdraw")
    until(lambda: len(keep.restored(session.link.value).levers) == 2)
    promised = keep.restored(session.link.value)
    assert session.laboratory.quarter == 0
    assert [quarter for quarter, _ in promised.levers] == [2, 6]
    go.set()
    until(lambda: session.frame.value.quarter == 5 and not session.asked.value)
    until(lambda: keep.restored(session.link.value).quarters == 5)
    assert keep.restored(session.link.value) == promised
    # What a pause gives up is asked for no more.
    session.step(4)
    session.play(False)
    until(lambda: not session.pausing.value)
    until(lambda: keep.restored(session.link.value).quarters == session.laboratory.quarter)
    assert session.laboratory.quarter <= 6


def test_a_step_asked_for_while_it_pauses_is_done(slow_session):
    session, go = slow_session
    session.step(3)
    until(lambda: session.doing.value)
    session.play(False)
    session.step()
    assert session.owed.value == 1
    go.set()
    until(lambda: session.frame.value.quarter == 2 and not session.owed.value)
    assert session.laboratory.quarter == 2, "the quarter under way, and the one asked for since"


def test_starting_again_drops_what_waits_and_ends_with_the_last_one_asked_for(slow_session):
    session, go = slow_session
    session.step(3)
    for seed in (5, 6, 7):
        session.reset(Scenario.load("status-quo"), FIRMS, seed)
    go.set()
    until(lambda: session.frame.value.start.seed == 7 and not session.busy.value)
    assert session.laboratory.quarter == 0
    assert session.owed.value == 0


def test_who_plays_again_while_it_pauses_reads_of_no_pause(slow_session):
    session, go = slow_session
    session.play(True)
    session.play(True)
    until(lambda: session.doing.value)
    session.play(False)
    assert session.pausing.value
    session.play(True)
    assert session.playing.value
    assert not session.pausing.value
    go.set()
    until(lambda: session.frame.value.quarter > 1)
    session.play(False)


def test_it_pauses_until_the_quarter_under_way_is_drawn(slow_session):
    session, go = slow_session
    drawn, shown = threading.Event(), []

    def draw(frame):
        assert drawn.wait(60)
        shown.append(frame.quarter)

    stop = session.frame.subscribe(draw)
    session.step()
    until(lambda: session.doing.value)
    session.play(False)
    go.set()
    until(lambda: session.laboratory.quarter == 1)
    sleep(1)
    assert session.pausing.value, "it is computed, and nobody has seen it"
    drawn.set()
    until(lambda: not session.pausing.value)
    assert shown == [1]
    stop()


def test_a_reset_tells_of_levers_that_still_wait(slow_session):
    session, _ = slow_session
    session.step()
    until(lambda: session.doing.value)
    session.press("blanket")
    start = session.frame.value.start
    session.reset(start.scenario, FIRMS, start.seed)
    assert session.notice.value == "Reset: levers pulled are undone."
