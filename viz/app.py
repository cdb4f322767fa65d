"""The page: layout only."""

from html import escape
from pathlib import Path
from typing import Any

import solara

from abm.axes import FOOTLOOSE
from abm.scenario import Scenario, shipped
from experiments.labels import SECTOR_NAMES
from viz import charts, keep, levers, why
from viz.compare import headlines
from viz.laboratory import FEWEST_FIRMS, MOST_FIRMS, Laboratory
from viz.map import outlines, trade_map
from viz.parts import ChartPart, LeversPart, SetupPart, TransportPart
from viz.state import SPEEDS, Session

STYLE = (Path(__file__).parent / "assets" / "page.css").read_text(encoding="utf-8")


@solara.component
def Page() -> None:
    """The laboratory of one visitor."""
    session = solara.use_memo(Session, [])
    router = solara.use_router()
    solara.use_effect(lambda: _opened(session, router.search), [])
    dark = session.dark.value
    solara.Title("Nearshore laboratory")
    solara.Style(STYLE)
    ink = charts.DARK if dark else charts.LIGHT
    lab = session.seen()
    with solara.Div(classes=["ns-page", "ns-dark" if dark else "ns-light"]):
        Header(session)
        with solara.v.Html(tag="main", class_="ns-main", attributes={"id": "main"}):
            if session.notice.value:
                Text("p", session.notice.value, "ns-notice", role="status")
            if lab is None:
                Text("p", session.busy.value or "Nothing to show yet.", "ns-empty", role="status")
            elif lab.failure is not None:
                Failed(session)
            else:
                Laboratory_(session, ink)


def _opened(session: Session, search: str | None) -> Any:
    from urllib.parse import parse_qs

    session.open(parse_qs((search or "").lstrip("?")).get("state", [None])[0])
    return session.close


@solara.component
def Header(session: Session) -> None:
    """Name, date and time's controls."""
    lab = session.seen()
    with solara.v.Html(tag="header", class_="ns-header"):
        Text("h1", "Nearshore", "ns-name")
        clock = "\N{EN DASH}" if lab is None else lab.date(lab.quarter)
        quarter = (
            "setting up"
            if lab is None
            else f"quarter {lab.quarter}, {lab.world.name}, seed {lab.start.seed}"
        )
        solara.HTML(
            tag="div",
            classes=["ns-clock"],
            unsafe_innerHTML=f"<strong>{escape(clock)}</strong><span>{escape(quarter)}</span>",
        )
        TransportPart(
            playing=session.playing.value,
            busy=bool(session.busy.value) or lab is None,
            over=lab is not None and lab.over,
            speed=session.speed.value,
            names=[name for name, _ in SPEEDS],
            event_toggle=lambda *_: session.toggle(),
            event_step=lambda count: session.step(4 if count == 4 else 1),
            event_set_speed=lambda speed: session.speed.set(_within(speed, len(SPEEDS))),
            event_reset=lambda *_: _again(session, lab),
            event_set_dark=lambda dark: session.dark.set(bool(dark)),
        )


def _within(number: object, count: int) -> int:
    return number if isinstance(number, int) and 0 <= number < count else 0


def _again(session: Session, lab: Laboratory | None) -> None:
    if lab is not None:
        session.reset(lab.start.scenario, lab.start.firms, lab.start.seed)


@solara.component
def Laboratory_(session: Session, ink: charts.Ink) -> None:
    """Levers left, the map in the middle, charts right."""
    lab = session.seen()
    assert lab is not None
    with solara.Div(classes=["ns-grid"]):
        with solara.v.Html(tag="section", class_="ns-side", attributes={"aria-label": "Policy"}):
            Text("h2", "Policy from next quarter", "ns-h2")
            LeversPart(
                groups=levers.panel(lab.world.model, session.chosen.value),
                event_pull=lambda data: session.pull(data["lever"], data["value"]),
                event_choose=lambda data: session.choose(
                    data["lever"], data["choice"], data["value"]
                ),
                event_press=lambda name: session.press(str(name)),
            )
            Setup(session)
        with solara.v.Html(tag="section", class_="ns-middle", attributes={"aria-label": "Map"}):
            MapCard(session, ink)
            Headlines(session)
            Place(session)
            Events(session)
        with solara.v.Html(tag="section", class_="ns-charts", attributes={"aria-label": "Charts"}):
            for draw in charts.CHARTS:
                Drawn(draw(lab, ink), lab, "176px")
            SpreadCard(session, ink)
            Drawn(charts.network(lab, ink), lab, "260px")


@solara.component
def Drawn(chart: charts.Chart, lab: Laboratory, height: str, on_pick: Any = None) -> None:
    """A chart with its sentence, its table and its buttons."""
    ChartPart(
        name=chart.name,
        stamp=f"{lab.scenario.name}-seed{lab.start.seed}-q{lab.quarter}",
        title=chart.title,
        sentence=chart.sentence,
        option=chart.option,
        table=chart.table,
        height=height,
        maps=outlines() if chart.name == "map" else {},
        event_pick=on_pick or (lambda _: None),
    )


@solara.component
def MapCard(session: Session, ink: charts.Ink) -> None:
    """The map and what it shows."""
    lab = session.seen()
    assert lab is not None

    def pick(city: object) -> None:
        if isinstance(city, int):
            session.city.value, session.firm.value = city, None

    with solara.Div(classes=["ns-map"]):
        with solara.Div(classes=["ns-map-tools"]):
            for name in ("country", "sector"):
                Press(
                    f"By {name}",
                    lambda name=name: session.colour_by.set(name),
                    pressed=session.colour_by.value == name,
                )
            Press("Trade", lambda: session.arcs.set(not session.arcs.value), session.arcs.value)
        chart = trade_map(lab, ink, session.colour_by.value, session.arcs.value)
        Drawn(chart, lab, "clamp(260px, 44vh, 520px)", on_pick=pick)


@solara.component
def SpreadCard(session: Session, ink: charts.Ink) -> None:
    """Content by firm in a sector that the visitor chooses."""
    lab = session.seen()
    assert lab is not None
    with solara.Div(classes=["ns-spread"]):
        Choice(
            "Sector of the distribution",
            {name: SECTOR_NAMES[name] for name in FOOTLOOSE},
            session.sector.value,
            session.sector.set,
        )
        Drawn(charts.content_spread(lab, ink, session.sector.value), lab, "176px")


@solara.component
def Headlines(session: Session) -> None:
    """The figures in front, with what changed and how the two worlds differ."""
    lab = session.seen()
    assert lab is not None
    tiles = []
    for figure in headlines(lab):
        against = (
            f"<span class='ns-diff'>{escape(figure.difference)} vs {escape(lab.other.name)}</span>"
            if lab.other
            else f"<span>{escape(figure.change)} since 2017</span>"
        )
        tiles.append(
            f"<li><span class='ns-tile-label'>{escape(figure.label)}</span>"
            f"<strong>{escape(figure.now)} <small>{escape(figure.unit)}</small></strong>"
            f"{against}</li>"
        )
    solara.HTML(tag="ul", classes=["ns-tiles"], unsafe_innerHTML="".join(tiles))


@solara.component
def Events(session: Session) -> None:
    """What governments did, the last first."""
    lab = session.seen()
    assert lab is not None
    rows = [
        f"<li><b>{escape(lab.date(int(event['quarter'])))}</b> {escape(str(event['instrument']))}:"
        f" {escape(str(event['old']))} \N{RIGHTWARDS ARROW} {escape(str(event['new']))}"
        f" <span>{escape(str(event['reason']))}</span></li>"
        for event in reversed(lab.world.model.events[-30:])
    ]
    text = "".join(rows) or "<li>Nothing yet: pull a lever, or play.</li>"
    solara.HTML(
        tag="div",
        classes=["ns-card"],
        unsafe_innerHTML=f"<h2 class='ns-h2'>What governments did</h2><ol class='ns-log'"
        f" tabindex='0' aria-label='Events'>{text}</ol>",
    )


@solara.component
def Place(session: Session) -> None:
    """The city, and the firm, that was clicked."""
    lab = session.seen()
    assert lab is not None
    if session.city.value is None:
        return
    city = why.cities().iloc[session.city.value]
    with solara.Div(classes=["ns-card"]):
        with solara.Row(classes=["ns-row"]):
            Text("h2", f"{city['city']}, {city['state']}", "ns-h2")
            Press("Close", lambda: (session.city.set(None), session.firm.set(None)))
        if session.firm.value is not None:
            FirmPage(session)
            return
        for firm in why.firms_of(lab.world, session.city.value):
            Press(
                f"{firm['name']}, {firm['sales']} million USD a year here",
                lambda row=firm["row"]: session.firm.set(row),
                classes=["ns-firm"],
            )


@solara.component
def FirmPage(session: Session) -> None:
    """Where a firm is, what it claims, and why it stays or moves."""
    lab = session.seen()
    assert lab is not None
    told = why.about_firm(lab.world, int(session.firm.value or 0))
    solara.HTML(
        tag="div",
        unsafe_innerHTML=f"<h3>{escape(told['title'])}</h3><p>{escape(told['lead'])}</p>"
        f"<p><b>{escape(told['why'])}</b></p>{_table(told['plants'])}"
        f"<p>Suppliers: {escape(told['suppliers'] or 'none')}.</p>"
        f"<p>Sets of plants, % of quarterly sales:</p>{_table(told['plans'])}",
    )
    Press("All firms here", lambda: session.firm.set(None))


@solara.component
def Setup(session: Session) -> None:
    """Scenario, size and seed; the second world; what can be kept."""
    lab = session.seen()
    assert lab is not None
    names = list(shipped())
    mine = lab.start.scenario.name
    options = names if mine in names else [mine, *names]
    with solara.Div(classes=["ns-more"]):
        SetupPart(
            scenarios=options,
            scenario=mine,
            firms=lab.start.firms,
            fewest=FEWEST_FIRMS,
            most=MOST_FIRMS,
            seed=lab.start.seed,
            against=lab.other.name if lab.other else "",
            link=keep.link(lab) or "",
            event_start=lambda data: _start(session, lab, data),
            event_compare=lambda name: _compare(session, lab, str(name)),
            event_upload=lambda data: _upload(session, lab, data),
        )
        with solara.Div(classes=["ns-keep"]):
            name = f"{lab.played().name}-seed{lab.start.seed}"
            solara.FileDownload(
                lambda: keep.scenario_file(lab), filename=f"{name}.toml", label="Scenario as played"
            )
            solara.FileDownload(lambda: keep.tables(lab), filename=f"{name}.zip", label="Tables")


def _start(session: Session, lab: Laboratory, data: dict[str, Any]) -> None:
    name, numbers = data.get("scenario"), (data.get("firms"), data.get("seed"))
    known = name in shipped() or name == lab.start.scenario.name
    if not known or not all(type(number) is int for number in numbers):
        session.notice.value = "reset: give a scenario, and whole numbers of firms and seed"
        return
    scenario = Scenario.load(name) if name in shipped() else lab.start.scenario
    session.reset(scenario, int(data["firms"]), int(data["seed"]))


def _compare(session: Session, lab: Laboratory, name: str) -> None:
    if name == "no levers":
        session.compare(lab.start.scenario.model_copy(update={"name": name}))
    else:
        session.compare(Scenario.load(name) if name in shipped() else None)


def _upload(session: Session, lab: Laboratory, text: object) -> None:
    try:
        scenario = keep.uploaded(str(text).encode())
    except keep.ScenarioError as error:
        session.notice.value = str(error)
        return
    session.reset(scenario, lab.start.firms, lab.start.seed)


@solara.component
def Failed(session: Session) -> None:
    """What went wrong in a step, a report to copy, and the way out."""
    lab = session.seen()
    assert lab is not None
    assert lab.failure is not None
    failure = lab.failure
    with solara.Div(classes=["ns-card", "ns-failed"]):
        Text("h2", f"Quarter {failure.quarter} could not be computed", "ns-h2", role="alert")
        phase = f"In the phase {failure.phase}: " if failure.phase else ""
        Text("p", f"{phase}{failure.text}", "")
        solara.HTML(
            tag="div",
            unsafe_innerHTML="<p>Report to copy:</p><pre tabindex='0' aria-label='Report'>"
            f"{escape(failure.report)}</pre>",
        )
        Press("Reset", lambda: _again(session, lab))


@solara.component
def Choice(label: str, options: dict[str, str], value: str, on_value: Any) -> None:
    """One of several, as the browser shows it."""
    from viz.parts import ChoicePart

    def chosen(name: object) -> None:
        if name in options:
            on_value(name)

    ChoicePart(
        label=label,
        options=[{"value": name, "label": text} for name, text in options.items()],
        value=value,
        event_choose=chosen,
    )


@solara.component
def Press(
    label: str, on_press: Any, pressed: bool | None = None, classes: list[str] | None = None
) -> None:
    """A plain button."""
    attributes = {"type": "button"}
    if pressed is not None:
        attributes["aria-pressed"] = "true" if pressed else "false"
    element = solara.v.Html(
        tag="button", class_=" ".join(["ns-button", *(classes or [])]), attributes=attributes,
        children=[label],
    )  # fmt: skip
    solara.v.use_event(element, "click", lambda *_: on_press())


def Text(tag: str, text: str, class_: str, role: str | None = None) -> None:
    """Plain text in an element; nothing in it is read as HTML."""
    solara.v.Html(
        tag=tag, class_=class_, children=[text], attributes={"role": role} if role else {}
    )


def _table(table: dict[str, Any]) -> str:
    head = "".join(f"<th scope='col'>{escape(word)}</th>" for word in table["head"])
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table["rows"]
    )
    return f"<table class='ns-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
