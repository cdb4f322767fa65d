"""The page: layout only."""

import json
from html import escape
from pathlib import Path
from typing import Any

import solara

from abm.axes import QUARTERS_A_YEAR
from viz.charts import lines
from viz.charts.basics import DARK, LIGHT, Ink
from viz.charts.suppliers import network
from viz.lab.frame import Frame
from viz.page import lever_panel
from viz.page.cards import (
    Drawn,
    Events,
    Failed,
    Headlines,
    MapCard,
    MoreFigures,
    Place,
    Scrubber,
    SpreadCard,
    Stories,
    Strip,
    Sureness,
)
from viz.page.elements import Section, Text
from viz.page.parts import LeversPart, TransportPart
from viz.page.session import SPEEDS, Session
from viz.page.start_card import Setup
from viz.page.work import in_force

STYLE = (Path(__file__).parents[1] / "assets" / "page.css").read_text(encoding="utf-8")


@solara.component
def Page() -> None:
    """The laboratory of one visitor."""
    session = solara.use_memo(Session, [])
    router = solara.use_router()
    solara.use_effect(lambda: _opened(session, router.search), [])
    dark = session.dark.value
    solara.Title("Nearshore laboratory")
    solara.Style(STYLE)
    frame, failure = session.frame.value, session.failure.value
    with solara.Div(classes=["ns-page", "ns-dark" if dark else "ns-light"]):
        Header(session)
        # Solara wraps the page in the one element called main.
        with solara.Div(classes=["ns-main"]):
            # Always there: an element that comes and goes would have what follows built anew.
            Text("p", session.notice.value, "ns-notice", role="status")
            if failure is not None:
                Failed(failure, lambda: _again(session))
            elif frame is None:
                Text("p", session.busy.value or "Nothing to show yet.", "ns-empty", role="status")
            else:
                Laboratory_(session, frame, DARK if dark else LIGHT)


def _opened(session: Session, search: str | None) -> Any:
    session.open(search)
    return session.close


@solara.component
def Header(session: Session) -> None:
    """Name, date and time's controls."""
    frame, busy = session.frame.value, session.busy.value
    with solara.v.Html(tag="header", class_="ns-header"):
        Text("h1", "Nearshore", "ns-name")
        clock, about = "\N{EN DASH}", "setting up"
        if frame is not None:
            clock = frame.date(frame.quarter)
            about = f"quarter {frame.quarter}, {frame.world.name}, seed {frame.start.seed}"
        solara.HTML(
            tag="div",
            classes=["ns-clock"],
            unsafe_innerHTML=f"<strong>{escape(clock)}</strong><span>{escape(about)}</span>",
        )
        TransportPart(
            playing=session.playing.value or session.owed.value > 1,
            steady=session.playing.value,
            busy=bool(busy) or frame is None,
            status=_status(session),
            link=session.link.value,
            run=session.run.value,
            over=session.failure.value is not None or (frame is not None and frame.over),
            speed=session.speed.value,
            names=[name for name, _ in SPEEDS],
            event_play=lambda on: session.play(bool(on)),
            event_step=lambda count: session.step(
                QUARTERS_A_YEAR if count == QUARTERS_A_YEAR else 1
            ),
            event_set_speed=lambda speed: session.speed.set(_within(speed, len(SPEEDS))),
            event_reset=lambda *_: _again(session),
            event_go_to=lambda query: session.go_to(str(query)),
            event_set_dark=lambda dark: session.dark.set(bool(dark)),
        )


def _status(session: Session) -> str:
    """What is under way and what waits, in words."""
    owed, waiting, said = session.owed.value, len(session.waiting), []
    if session.busy.value or session.frame.value is None:
        said.append(session.busy.value or "Setting up")
    if session.pausing.value:
        said.append("pausing\N{HORIZONTAL ELLIPSIS}")
    if session.comparing.value:
        said.append("the other world catches up\N{HORIZONTAL ELLIPSIS}")
    if owed:
        said.append(f"{owed} quarter{'s' * (owed > 1)} to go")
    if session.doing.value:
        said.append(session.doing.value)
    if waiting:
        said.append(f"{waiting} change{'s' * (waiting > 1)} of policy for the quarter after")
    return "; ".join(said)


def _within(number: object, count: int) -> int:
    return number if isinstance(number, int) and 0 <= number < count else 0


def _again(session: Session) -> None:
    lab = session.laboratory
    if lab is not None:
        session.reset(lab.start.scenario, lab.start.firms, lab.start.seed)


@solara.component
def Laboratory_(session: Session, frame: Frame, ink: Ink) -> None:
    """Stories above; levers left, the map in the middle, charts right, of the quarter looked at."""
    seen = frame.at(session.looking.value)
    with solara.Div():
        Stories(session, frame)
        with solara.Div(classes=["ns-grid"]):
            with Section("ns-side", "Policy"):
                Text("h2", "Policy from next quarter", "ns-h2")
                Levers(session, frame)
                Setup(session, frame)
            with Section("ns-middle", "Map"):
                Scrubber(session, frame)
                Headlines(seen)
                MapCard(session, seen, ink)
                Place(session, frame)
                MoreFigures(seen)
                Sureness(session, frame, seen)
                Events(seen)
            with Section("ns-charts", "Charts"):
                for draw in lines.CHARTS:
                    Drawn(draw(seen, ink), seen, "176px")
                SpreadCard(session, seen, ink)
                Drawn(network(frame, ink), frame, "260px", on_pick=session.visit_supplier)
            Strip(seen)


@solara.component
def Levers(session: Session, frame: Frame) -> None:
    """The lever panel, with what was pulled and waits in force."""
    # Read before what waits: figures may be newer than the number they come with, never older.
    taken, quarter = session.taken.value, frame.quarter + 1
    scenario = in_force(session.asked.value, frame.scenario, quarter)
    groups = lever_panel.panel(scenario, quarter, session.chosen.value, frame.decided)

    def entered(data: dict[str, Any], act: Any) -> None:
        try:
            act()
        finally:
            session.taken.value = int(data["number"])

    LeversPart(
        panel=json.dumps({"taken": taken, "groups": groups}),
        busy=bool(session.busy.value),
        event_pull=lambda data: entered(data, lambda: session.pull(data["lever"], data["value"])),
        event_choose=lambda data: entered(
            data, lambda: session.choose(data["lever"], data["choice"], data["value"])
        ),
        event_press=lambda name: session.press(str(name)),
    )
