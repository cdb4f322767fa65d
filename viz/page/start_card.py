"""What a session starts from, what it is compared with, and what is kept of it."""

from typing import Any

import solara

from abm.scenario.scenario import shipped
from viz.lab import keep
from viz.lab.frame import Frame
from viz.lab.laboratory import FEWEST_FIRMS, MOST_FIRMS_PLAYED
from viz.page import defaults
from viz.page.parts import SetupPart
from viz.page.session import Session


@solara.component
def Setup(session: Session, frame: Frame) -> None:
    """Scenario, size and seed; the second world; what can be kept."""
    names = list(shipped())
    mine = frame.start.scenario.name
    options = names if mine in names else [mine, *names]
    with solara.Div(classes=["ns-more"]):
        SetupPart(
            scenarios=options,
            scenario=mine,
            firms=frame.start.firms,
            fewest=FEWEST_FIRMS,
            most=MOST_FIRMS_PLAYED,
            seed=frame.start.seed,
            against=frame.other.name if frame.other else "",
            link=session.link.value,
            event_start=lambda data: _start(session, frame, data),
            event_compare=lambda name: _compare(session, frame, str(name)),
            event_upload=lambda data: _upload(session, frame, data),
        )
        with solara.Div(classes=["ns-keep"]):
            name = f"{frame.played().name}-seed{frame.start.seed}"
            solara.FileDownload(
                lambda: _scenario_file(session),
                filename=f"{name}.toml",
                label="Scenario as played",
            )
            solara.FileDownload(lambda: _tables(session), filename=f"{name}.zip", label="Tables")


def _scenario_file(session: Session) -> bytes:
    lab = session.laboratory
    return b"" if lab is None else keep.scenario_file(lab.standing())


def _tables(session: Session) -> bytes:
    lab = session.laboratory
    return b"" if lab is None else keep.tables(lab)


def _start(session: Session, frame: Frame, data: dict[str, Any]) -> None:
    name, numbers = data.get("scenario"), (data.get("firms"), data.get("seed"))
    known = name in shipped() or name == frame.start.scenario.name
    if not known or not all(type(number) is int for number in numbers):
        session.notice.value = "reset: give a scenario, and whole numbers of firms and seed"
        return
    scenario = frame.start.scenario
    if name in shipped():
        scenario = keep.second_world(scenario, str(name))
    session.reset(scenario, int(data["firms"]), int(data["seed"]))


def _compare(session: Session, frame: Frame, name: str) -> None:
    known = name in (keep.NO_LEVERS, *shipped())
    session.compare(keep.second_world(frame.start.scenario, name) if known else None)


def _upload(session: Session, frame: Frame, text: object) -> None:
    try:
        scenario = keep.uploaded(str(text).encode(), defaults.start.scenario.economy.table)
    except keep.ScenarioError as error:
        session.notice.value = str(error)
        return
    session.reset(scenario, frame.start.firms, frame.start.seed)
