"""Parts of the page that the browser draws from data: native controls, and charts.

What is large goes as JSON in one string: Solara looks through every list and table it
is given, entry by entry, which for charts takes longer than a step of the model.
"""

from collections.abc import Callable
from typing import Any

import solara


# why: an argument is a property of the browser's component
@solara.component_vue("chart.vue", vuetify=False)
def ChartPart(
    name: str,
    stamp: str,
    about: str,
    title: str,
    sentence: str,
    option: str,
    table: str,
    legend: str,
    height: str,
    maps: str,
    event_pick: Callable[[Any], None],
) -> None:
    """A chart with a sentence, a table, and buttons that save it."""


# why: an argument is a property of the browser's component
@solara.component_vue("transport.vue", vuetify=False)
def TransportPart(
    playing: bool,
    steady: bool,
    busy: bool,
    status: str,
    link: str,
    run: int,
    over: bool,
    speed: int,
    names: list[str],
    event_play: Callable[[bool], None],
    event_step: Callable[[int], None],
    event_set_speed: Callable[[int], None],
    event_reset: Callable[..., None],
    event_go_to: Callable[[str], None],
    event_set_dark: Callable[[bool], None],
) -> None:
    """Play, step, speed and reset, by button and by key; the address of what is shown."""


# why: an argument is a property of the browser's component
@solara.component_vue("scrubber.vue", vuetify=False)
def ScrubberPart(
    last: int,
    at: int,
    dates: list[str],
    ticks: str,
    forks: bool,
    busy: bool,
    event_look: Callable[[int], None],
    event_fork: Callable[..., None],
) -> None:
    """A slider over the quarters so far; ``forks`` where one may go on from any of them."""


@solara.component_vue("levers.vue", vuetify=False)
def LeversPart(
    panel: str,
    busy: bool,
    event_pull: Callable[[dict[str, Any]], None],
    event_choose: Callable[[dict[str, Any]], None],
    event_press: Callable[[str], None],
) -> None:
    """The lever panel: it numbers what is entered, and is told the last number seen to."""


# why: an argument is a property of the browser's component
@solara.component_vue("setup.vue", vuetify=False)
def SetupPart(
    scenarios: list[str],
    scenario: str,
    firms: int,
    fewest: int,
    most: int,
    seed: int,
    against: str,
    link: str,
    event_start: Callable[[dict[str, Any]], None],
    event_compare: Callable[[str], None],
    event_upload: Callable[[str], None],
) -> None:
    """Scenario, number of firms, seed, the second world, upload and link."""


@solara.component_vue("choice.vue", vuetify=False)
def ChoicePart(
    label: str,
    options: list[dict[str, str]],
    value: str,
    event_choose: Callable[[str], None],
) -> None:
    """One of several."""
