"""What the page remembers of one visitor, each part of it redrawn when it changes."""

import solara

from viz.lab.frame import Frame
from viz.lab.laboratory import Failure
from viz.page.stories import Story
from viz.page.work import Asked


class PageState:
    """The page's state; whoever sets a part of it draws what shows that part.

    Attributes
    ----------
    frame : solara.Reactive of Frame or None
        What is drawn; None before anything is set up.
    failure : solara.Reactive of Failure or None
        The step that failed; drawn instead of a frame.
    busy, notice : solara.Reactive of str
        What is being set up, and what the visitor should read.
    comparing : solara.Reactive of bool
        Whether a second world is being brought to the quarter of the first.
    owed : solara.Reactive of int
        Quarters that were asked for and are not computed yet.
    asked : solara.Reactive of tuple of Asked
        Quarters and changes of policy that were asked for and are not drawn yet, in order.
    taken : solara.Reactive of int
        Number of the last entry in the lever panel that was seen to.
    doing : solara.Reactive of str
        Which phase of which quarter is computed, where that takes long.
    pausing : solara.Reactive of bool
        Whether it pauses once the quarter under way is finished.
    link : solara.Reactive of str
        Query of the address that brings this state back; empty if it is too long.
    looking : solara.Reactive of int or None
        The past quarter that is looked back at; None for the last one.
    story : solara.Reactive of Story or None
        The story that is told.
    stop : solara.Reactive of int
        At which of its stops it is.
    measuring : solara.Reactive of str
        How far the seeds are that are run to measure luck; empty if none are.
    offering : solara.Reactive of bool
        Whether the stories stand open to be chosen.
    run : solara.Reactive of int
        Counts the runs begun, each a page of the browser's history.
    """

    def __init__(self) -> None:
        self.frame: solara.Reactive[Frame | None] = solara.reactive(None)
        self.failure: solara.Reactive[Failure | None] = solara.reactive(None)
        self.dark = solara.reactive(False)
        self.playing = solara.reactive(False)
        self.busy = solara.reactive("")
        self.notice = solara.reactive("")
        self.comparing = solara.reactive(False)
        self.speed = solara.reactive(2)
        self.city: solara.Reactive[int | None] = solara.reactive(None)
        self.firm: solara.Reactive[int | None] = solara.reactive(None)
        self.colour_by = solara.reactive("change")
        self.arcs = solara.reactive(True)
        self.sector = solara.reactive("cars")
        self.chosen: solara.Reactive[dict[str, dict[str, str]]] = solara.reactive({})
        self.owed = solara.reactive(0)
        self.asked: solara.Reactive[tuple[Asked, ...]] = solara.reactive(())
        self.taken = solara.reactive(0)
        self.doing = solara.reactive("")
        self.pausing = solara.reactive(False)
        self.link = solara.reactive("")
        self.run = solara.reactive(0)
        self.looking: solara.Reactive[int | None] = solara.reactive(None)
        self.story: solara.Reactive[Story | None] = solara.reactive(None)
        self.stop = solara.reactive(0)
        self.offering = solara.reactive(True)
        self.measuring = solara.reactive("")
