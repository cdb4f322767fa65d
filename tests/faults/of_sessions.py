"""Schedules over the page's session: asked for anything, failing, left and restored."""

import threading
from functools import cache
from itertools import cycle
from time import perf_counter, sleep

import pandas as pd
import pytest

import abm.trade_phases
from abm.errors import NearshoreError, NonFiniteError
from abm.scenario.scenario import Scenario
from experiments.outcomes.tables import TABLES
from tests.faults.spoilt import WAYS
from tests.faults.trial import Trial
from viz.lab import keep
from viz.lab.laboratory import Laboratory, Played, Start, World
from viz.page import lever_panel
from viz.page.session import SPEEDS, Session

FIRMS = 100
MOST_QUARTERS = 8
PATIENCE = 60.0


THREATS = ("border_tax", "blanket", "impose", "withdraw", "no such button")


@cache
def _others() -> tuple[Scenario | None, ...]:
    return Scenario.load("usmca"), None


@cache
def _start() -> Start:
    return Start(Scenario.load("status-quo"), FIRMS)


def _until(claim, what: str) -> None:
    began = perf_counter()
    while not claim():
        if perf_counter() - began > PATIENCE:
            raise AssertionError(f"waited in vain for {what}")
        sleep(0.001)


def _same(mine: dict[str, pd.DataFrame], theirs: dict[str, pd.DataFrame]) -> bool:
    return all(mine[name].equals(theirs[name]) for name in TABLES)


class _Visit:
    """A visitor, and what he asks for."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.luck = trial, trial.luck
        self.session = Session()
        self.broken = False

    def asks(self) -> None:
        """Draw a message and send it, perhaps twice."""
        name = self.luck.choice(sorted(_MESSAGES))
        function, *given = _MESSAGES[name](self)
        times = self.luck.choice([1, 1, 1, 2])
        self.trial.say(name + (" (sent twice)" if times == 2 else ""))
        for _ in range(times):
            function(*given)

    def pull(self):
        lever = self.luck.randrange(len(lever_panel.levers()))
        value = self.luck.choice([0.0, 5.0, 25.0, 75.0, -3.0, float("nan"), "75", None, 1e9])
        return self.session.pull, lever, value

    def settled(self) -> None:
        """Wait until all that was asked for is done and shown."""
        session = self.session
        session._pause()
        done = threading.Event()
        session._work.ask(done.set)
        _until(lambda: done.is_set() and not session.busy.value, "what was asked for")
        if session.laboratory.failure is None:
            _until(self._linked, "the link")

    def _linked(self) -> bool:
        """Whether the link is of the frame that stands, and that of where the worlds are."""
        frame, lab = self.session.frame.value, self.session.laboratory
        if (frame.quarter, frame.scenario) != (lab.quarter, lab.scenario):
            return False
        other = frame.other.scenario if frame.other else None
        return self.session.link.value == (keep.link(frame, other) or "")


_MESSAGES = {
    "a step": lambda visit: (visit.session.step,),
    "two steps": lambda visit: (visit.session.step, 2),
    "play or pause": lambda visit: (visit.session.play, visit.luck.choice([True, False])),
    "a lever": _Visit.pull,
    "another lever": _Visit.pull,
    "a threat": lambda visit: (visit.session.press, visit.luck.choice(THREATS)),
    "the past": lambda visit: (visit.session.look, visit.luck.choice([0, 1, 2, 99, None, "1"])),
    "what if": lambda visit: (visit.session.what_if,),
    "a comparison": lambda visit: (visit.session.compare, visit.luck.choice(_others())),
    "a city": lambda visit: (visit.session.visit_city, visit.luck.choice([0, 3, None])),
    "a link that is none": lambda visit: (visit.session.go_to, "eJxLTEoGAAJNASc"),
}
"""Of each message: what is called, and with what."""


def _faults(trial: Trial, patch: pytest.MonkeyPatch) -> str:
    """Let quarters be slow, or one of them fail."""
    kind = trial.luck.choice(["none", "slow", "slow", "fails"])
    stepped, solved = World.step, abm.trade_phases.solve_costs
    fails_at, under_way = trial.luck.randint(1, 6), []
    pauses = cycle([trial.luck.uniform(0, 0.02) for _ in range(8)])

    def step(world: World) -> None:
        under_way.append(world)
        stepped(world)

    def solve_costs(*given):
        if kind == "slow":
            sleep(next(pauses))
        if kind == "fails" and len(under_way) >= fails_at:
            under_way.clear()
            raise NonFiniteError("solve_costs: planted", "solve_costs", 0, {})
        return solved(*given)

    patch.setattr(World, "step", step)
    patch.setattr(abm.trade_phases, "solve_costs", solve_costs)
    return kind


def try_a_session(trial: Trial) -> None:
    """Play a session, under faults; leave; open its link again, and a spoilt one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viz.page.defaults.start", _start())
        patch.setattr("viz.page.session.FRAMES", 500.0)
        visit = _Visit(trial)
        session = visit.session
        session.speed.value = len(SPEEDS) - 1
        try:
            session.open(None)
            _until(lambda: session.frame.value is not None and not session.busy.value, "the start")
            with pytest.MonkeyPatch.context() as failing:
                trial.say(f"quarters: {_faults(trial, failing)}")
                for _ in range(trial.luck.randint(1, 7)):
                    visit.asks()
                    if trial.luck.random() < 0.4:
                        sleep(trial.luck.uniform(0, 0.02))
                visit.settled()
            _check(trial, session)
        finally:
            session.close()


def _check(trial: Trial, session: Session) -> None:
    """What the page shows is what its link brings back, to the last bit."""
    lab = session.laboratory
    for line in (session.notice.value, lab.failure.text if lab.failure else ""):
        trial.must("\n" not in line and "Traceback" not in line, f"not one line: {line!r}")
    if lab.failure is not None:
        trial.must("planted" in lab.failure.text, f"failed by itself: {lab.failure.text}")
        trial.say("refused: a quarter failed, and was shown to")
        return
    link = session.link.value
    played = keep.restored(link)
    again = Laboratory(played.start)
    again.replay(played.levers, played.quarters)
    trial.must(again.quarter == lab.quarter, f"quarter {again.quarter}, not {lab.quarter}")
    trial.must(_same(again.world.model.frames(), lab.world.model.frames()), "wrong numbers")
    trial.must(again.scenario == lab.scenario, "another scenario")
    _spoilt_link(trial, link, played)


def _spoilt_link(trial: Trial, link: str, played: Played) -> None:
    """A link that was changed on its way is refused, or still says the same."""
    for _ in range(5):
        changed = trial.luck.choice(WAYS)(link.encode(), trial.luck)
        text = (changed or b"").decode("latin-1")
        try:
            found = keep.restored(text)
        except NearshoreError as error:
            trial.must("\n" not in str(error), f"not one line: {error}")
        else:
            trial.must(found == played, f"a spoilt link was taken for another: {text}")
