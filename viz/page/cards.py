"""The cards of the page: map, charts, figures, events, cities and firms, and what failed."""

import json
from html import escape
from typing import Any

import solara

from abm.axes import FOOTLOOSE
from abm.state.places import cities
from experiments.labels import SECTOR_NAMES
from viz.charts.basics import Chart, Ink
from viz.charts.content_spread import content_spread
from viz.charts.map import COLOURINGS, outlines_json, trade_map
from viz.charts.markup import about, event_quarters, events, stamp, tiles
from viz.charts.told import who_gains_and_why
from viz.lab.frame import Frame
from viz.lab.laboratory import Failure
from viz.lab.luck import SEEDS_BESIDE
from viz.page.elements import Choice, Press, Text, table_html
from viz.page.parts import ChartPart, ScrubberPart
from viz.page.session import Session
from viz.page.stories import STORIES, Story

MAP_HEIGHT = "min(clamp(260px, calc(100vh - 440px), 640px), 84vw)"
"""What is left of a window for the map, with stories and figures above it."""


@solara.component
def Drawn(chart: Chart, frame: Frame, height: str, on_pick: Any = None) -> None:
    """A chart with its sentence, its legend, its table and its buttons."""
    ChartPart(
        name=chart.name,
        stamp=stamp(frame),
        about=about(frame, chart.seeds),
        title=chart.title,
        sentence=chart.sentence,
        option=json.dumps(chart.option),
        table=json.dumps(chart.table),
        legend=json.dumps(chart.legend),
        height=height,
        maps=outlines_json() if chart.name == "map" else "{}",
        event_pick=on_pick or (lambda _: None),
    )


@solara.component
def Scrubber(session: Session, frame: Frame) -> None:
    """A slider to any past quarter, events as ticks, and the fork from there."""
    looking = session.looking.value
    ScrubberPart(
        last=frame.quarter,
        at=frame.quarter if looking is None else looking,
        dates=[frame.date(quarter) for quarter in range(frame.quarter + 1)],
        ticks=json.dumps(event_quarters(frame)),
        forks=True,
        busy=bool(session.busy.value),
        event_look=session.look,
        event_fork=lambda *_: session.what_if(),
    )


@solara.component
def MapCard(session: Session, frame: Frame, ink: Ink) -> None:
    """The map and what it shows."""

    def pick(city: object) -> None:
        if isinstance(city, int) and 0 <= city < len(cities()):
            session.visit_city(city)

    with solara.Div(classes=["ns-map"]):
        with solara.v.Html(
            tag="div", class_="ns-map-tools",
            attributes={"role": "group", "aria-label": "Cities coloured by, and arcs"},
        ):  # fmt: skip
            for name in COLOURINGS:
                Press(
                    f"By {name}",
                    lambda name=name: session.colour_by.set(name),
                    pressed=session.colour_by.value == name,
                )
            Press("Trade", lambda: session.arcs.set(not session.arcs.value), session.arcs.value)
        chart = trade_map(frame, ink, session.colour_by.value, session.arcs.value)
        Drawn(chart, frame, MAP_HEIGHT, on_pick=pick)


@solara.component
def SpreadCard(session: Session, frame: Frame, ink: Ink) -> None:
    """Content by firm in a sector that the visitor chooses."""
    with solara.Div(classes=["ns-spread"]):
        Choice(
            "Sector of the distribution",
            {name: SECTOR_NAMES[name] for name in FOOTLOOSE},
            session.sector.value,
            session.sector.set,
        )
        Drawn(content_spread(frame, ink, session.sector.value), frame, "176px")


@solara.component
def Headlines(frame: Frame) -> None:
    """The figures in front, with what changed and how the two worlds differ."""
    front, _ = tiles(frame)
    solara.HTML(tag="ul", classes=["ns-tiles", "ns-front"], unsafe_innerHTML="".join(front))


@solara.component
def MoreFigures(frame: Frame) -> None:
    """The other figures, folded."""
    _, other = tiles(frame)
    solara.HTML(
        tag="details",
        classes=["ns-more-figures"],
        unsafe_innerHTML=f"<summary>{len(other)} more figures</summary>"
        f"<ul class='ns-tiles'>{''.join(other)}</ul>",
    )


@solara.component
def Sureness(session: Session, frame: Frame, seen: Frame) -> None:
    """What is luck: seeds run on request, in processes of their own.

    ``seen`` is what is drawn: ``frame``, or an earlier quarter that is looked back at.
    """
    luck, running = frame.luck, session.measuring.value
    said = "One seed is one draw of luck: run more to see what would differ by itself."
    if luck is not None:
        count, until = len(luck.seeds), frame.date(luck.quarter)
        said = f"Figures and lines are means of {count} seeds with 95% intervals, up to {until}."
        if seen.sure is None:
            said = (
                f"The bands of {count} seeds reach up to {until}. Figures, and lines after it,"
                f" are of seed {frame.start.seed} alone."
            )
    with solara.Div(classes=["ns-card", "ns-sureness"]):
        Text("h2", "How much is luck?", "ns-h2")
        Text("p", f"Running {running}\N{HORIZONTAL ELLIPSIS} {said if luck else ''}" if running
             else said, "", role="status")  # fmt: skip
        for count in () if running else SEEDS_BESIDE:
            on = luck is not None and count == len(luck.seeds) and frame.sure is None
            name = f"Run {count} seeds{f' on to {frame.date(frame.quarter)}' * on}"
            Press(name, lambda count=count: session.measure_luck(count))


@solara.component
def Strip(frame: Frame) -> None:
    """On a phone: the figures in front, beside the lever that moves them."""
    front, _ = tiles(frame)
    solara.HTML(
        tag="div",
        classes=["ns-strip"],
        attributes={"aria-hidden": "true"},
        unsafe_innerHTML=f"<ul class='ns-tiles'>{''.join(front)}</ul>",
    )


@solara.component
def Events(frame: Frame) -> None:
    """What governments did, the last first."""
    solara.HTML(
        tag="div",
        classes=["ns-card"],
        unsafe_innerHTML=events(frame, "Nothing yet: pull a lever, or play."),
    )


@solara.component
def Stories(session: Session, frame: Frame) -> None:
    """The stories to choose from, or the one that is told."""
    story = session.story.value
    with solara.Div(classes=["ns-card", "ns-stories"]):
        if story is not None:
            Told(session, frame, story)
        else:
            with solara.Div(classes=["ns-row"]):
                Press("Stories", lambda: session.offering.set(not session.offering.value),
                      session.offering.value)  # fmt: skip
                if session.offering.value:
                    Text("p", "Four questions to begin with, each answered by a run of the model.",
                         "")  # fmt: skip
            with solara.Div(classes=["ns-story-cards"]):
                for number, one in enumerate(STORIES if session.offering.value else ()):
                    Press(
                        f"{one.title}. {one.question}",
                        lambda number=number: session.tell(number),
                        classes=["ns-story"],
                    )


@solara.component
def Told(session: Session, frame: Frame, story: Story) -> None:
    """One stop of a story: its date, and who gains, who loses and why."""
    number, last = session.stop.value, len(story.stops) - 1
    quarter, what = story.stops[number]
    ready = frame.other is not None and frame.quarter >= quarter and not session.busy.value
    with solara.Div(classes=["ns-told"]):
        Text("h2", f"{story.title}: {story.question}", "ns-h2")
        if not ready:
            Text("p", session.busy.value or "The story is being played.", "", role="status")
            return
        with solara.Div(classes=["ns-row"]):
            Text("p", f"{number + 1} of {last + 1}. {frame.date(quarter)}: {what}", "ns-stop")
            with solara.Div(classes=["ns-story-steps"]):
                if number > 0:
                    Press("Back", lambda: session.visit_stop(number - 1))
                if number < last:
                    Press("Next", lambda: session.visit_stop(number + 1), classes=["ns-go"])
                else:
                    Press("Now pull it yourself", session.end_story, classes=["ns-go"])
                Press("Leave the story", session.end_story)
        told = who_gains_and_why(frame.at(quarter))
        if session.measuring.value:
            told += f" To tell, more seeds are run: {session.measuring.value} so far."
        Text("p", told, "ns-answer", role="status")


@solara.component
def Place(session: Session, frame: Frame) -> None:
    """The city, and the firm, that was clicked."""
    if session.city.value is None:
        return
    city = cities().iloc[session.city.value]
    with solara.Div(classes=["ns-card", "ns-place"]):
        with solara.Div(classes=["ns-row"]):
            when = "" if session.looking.value is None else f", {frame.date(frame.quarter)}"
            Text("h2", f"{city['city']}, {city['state']}{when}", "ns-h2")
            Press("Close", lambda: session.visit_city(None))
        if frame.firm is not None:
            FirmPage(session, frame.firm)
            return
        if not frame.firms:
            Text("p", "No modelled firm has a plant here.", "")
        for firm in frame.firms:
            Press(
                f"{firm['name']}, {firm['sales']} million USD a year here",
                lambda row=firm["row"]: session.visit_firm(row),
                classes=["ns-firm"],
            )


@solara.component
def FirmPage(session: Session, told: dict[str, Any]) -> None:
    """Where a firm is, what it claims, and why it stays or moves."""
    plans = ""
    if told["plans"]["rows"]:
        plans = f"<p>Sets of plants, % of quarterly sales:</p>{table_html(told['plans'])}"
    with solara.Div():
        solara.HTML(
            tag="div",
            unsafe_innerHTML=f"<h3>{escape(told['title'])}</h3><p>{escape(told['lead'])}</p>"
            f"<p><b>{escape(told['why'])}</b></p>{table_html(told['plants'])}"
            f"<p>Suppliers: {escape(told['suppliers'] or 'none')}.</p>"
            f"{plans}",
        )
        Press("All firms here", lambda: session.visit_firm(None))


@solara.component
def Failed(failure: Failure, on_reset: Any) -> None:
    """What went wrong in a step, a report to copy, and the way out."""
    with solara.Div(classes=["ns-card", "ns-failed"]):
        Text("h2", f"Quarter {failure.quarter} could not be computed", "ns-h2", role="alert")
        where = [f"phase {failure.phase}"] * bool(failure.phase)
        where += [f"firm {failure.firm}"] * bool(failure.firm)
        Text("p", f"{', '.join(where) or 'phase unknown'}: {failure.text}".capitalize(), "")
        solara.HTML(
            tag="div",
            unsafe_innerHTML="<p>Report to copy:</p><pre tabindex='0' aria-label='Report'>"
            f"{escape(failure.report)}</pre>",
        )
        Press("Reset", on_reset)
