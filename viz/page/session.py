"""What the page remembers of one visitor, and the two threads behind it.

One thread steps the worlds at the speed asked for; the other draws. Steps never wait
for drawing: the thread that draws takes a frame between two steps, at most `FRAMES`
times a second, and draws it while further steps are made. So frames are skipped and
steps are not.
"""

import threading
import traceback
from collections.abc import Callable
from time import perf_counter

import solara

from abm.errors import NearshoreError
from abm.scenario.scenario import Scenario
from viz.lab import keep
from viz.lab.frame import Frame, take
from viz.lab.laboratory import LONGEST, Failure, Laboratory, Start
from viz.page import defaults, lever_panel

FRAMES = 4.0
"""Pictures a second at most."""

BREATH = 0.01
"""Seconds between two steps, in which frames are taken and levers pulled."""

SPEEDS = (("1 quarter / 2 s", 0.5), ("1 quarter / s", 1.0), ("2 / s", 2.0), ("4 / s", 4.0),
          ("as fast as it goes", 1e9))  # fmt: skip
"""Names and quarters a second."""


class Session:
    """One visitor's laboratory.

    Attributes
    ----------
    frame : solara.Reactive of Frame or None
        What is drawn; None before anything is set up.
    failure : solara.Reactive of Failure or None
        The step that failed; drawn instead of a frame.
    busy, notice : solara.Reactive of str
        What is being set up, and what the visitor should read.
    """

    def __init__(self) -> None:
        self.frame: solara.Reactive[Frame | None] = solara.reactive(None)
        self.failure: solara.Reactive[Failure | None] = solara.reactive(None)
        self.dark = solara.reactive(False)
        self.playing = solara.reactive(False)
        self.busy = solara.reactive("")
        self.notice = solara.reactive("")
        self.speed = solara.reactive(2)
        self.city: solara.Reactive[int | None] = solara.reactive(None)
        self.firm: solara.Reactive[int | None] = solara.reactive(None)
        self.colour_by = solara.reactive("country")
        self.arcs = solara.reactive(True)
        self.sector = solara.reactive("cars")
        self.chosen: solara.Reactive[dict[str, dict[str, str]]] = solara.reactive({})
        self.laboratory: Laboratory | None = None
        self._stop = threading.Event()
        self._gone = threading.Event()
        self._news = threading.Event()
        self._worker: threading.Thread | None = None

    # --- starting -----------------------------------------------------------------------

    def open(self, link: str | None) -> None:
        """Begin with what a link says, or with the default."""
        threading.Thread(target=self._draw, daemon=True, name="drawing").start()
        start, quarters = defaults.start, 0
        if link:
            try:
                start, quarters = keep.restored(link, start.scenario.economy.table)
            except NearshoreError as error:
                self.notice.value = f"{error}. The page shows its defaults."
        self.begin(start, quarters)

    def begin(self, start: Start, quarters: int = 0, said: str = "") -> None:
        """Set up a laboratory and play some quarters, in the background.

        What is shown stays until it is ready.
        """

        def set_up(stop: threading.Event) -> None:
            laboratory = Laboratory(start)
            while laboratory.quarter < quarters and not laboratory.over and not stop.is_set():
                laboratory.step()
            self.laboratory = laboratory
            self.city.value = self.firm.value = None
            if said:
                self.notice.value = said

        self._work(set_up, f"Setting up {start.firms:,} firms\N{HORIZONTAL ELLIPSIS}")

    def reset(self, scenario: Scenario, firms: int, seed: int) -> None:
        """Start again; says what is different from before."""
        lab = self.laboratory
        before = lab.start if lab else defaults.start
        changed = []
        if before.scenario != scenario:
            changed.append(f"scenario {before.scenario.name} \N{RIGHTWARDS ARROW} {scenario.name}")
        if before.firms != firms:
            changed.append(f"firms {before.firms:,} \N{RIGHTWARDS ARROW} {firms:,}")
        if before.seed != seed:
            changed.append(f"seed {before.seed} \N{RIGHTWARDS ARROW} {seed}")
        pulled = lab is not None and lab.scenario != lab.start.scenario
        if pulled:
            changed.append("levers pulled are undone")
        against = lab.other.name if lab and lab.other else None
        try:
            other = None if against is None or lab is None else _scenario_of(lab)
            start = Start(scenario, firms, seed, other)
        except NearshoreError as error:
            self.notice.value = str(error)
            return
        said = "; ".join(changed) if changed else "nothing else changed"
        self.begin(start, said=f"Reset: {said}.")

    # --- time -----------------------------------------------------------------------------

    def step(self, quarters: int = 1) -> None:
        """Some quarters, in the background."""
        self._work(lambda stop: self._steps(stop, quarters), "")

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing.value:
            self._stop.set()
            return
        self._work(lambda stop: self._steps(stop, LONGEST, paced=True), "", playing=True)

    def _steps(self, stop: threading.Event, quarters: int, paced: bool = False) -> None:
        for _ in range(quarters):
            lab = self.laboratory
            if lab is None or lab.over or stop.is_set():
                return
            began = perf_counter()
            lab.step()
            self._news.set()
            pause = 1 / SPEEDS[self.speed.value][1] if paced else 0.0
            stop.wait(max(pause - (perf_counter() - began), BREATH))

    # --- what is shown --------------------------------------------------------------------

    def visit_city(self, city: int | None) -> None:
        """Show the firms of a city; None closes it."""
        self.city.value, self.firm.value = city, None
        self._news.set()

    def visit_firm(self, firm: int | None) -> None:
        """Show the page of a firm; None goes back to its city."""
        self.firm.value = firm
        self._news.set()

    def visit_supplier(self, firm: object) -> None:
        """Show the page of a firm of the supplier graph; what is no firm is passed over."""
        lab = self.laboratory
        if lab is None or not str(firm).isdecimal() or int(str(firm)) >= lab.start.firms:
            return
        row = int(str(firm))
        host = int(lab.world.model.firms.plants[row].argmax())
        self.city.value = int(lab.world.atlas.site[row, host])
        self.visit_firm(row)

    def _draw(self) -> None:
        """The thread that draws: the last frame there is, until the visitor has gone."""
        while not self._gone.is_set():
            self._news.wait()
            self._news.clear()
            lab = self.laboratory
            if lab is not None and not self._gone.is_set():
                try:
                    self._draw_once(lab)
                except Exception as error:
                    traceback.print_exc()
                    self.notice.value = f"{type(error).__name__}: {error}"
            self._gone.wait(1 / FRAMES)

    def _draw_once(self, lab: Laboratory) -> None:
        with lab.lock:
            failure = lab.failure
            if failure is None:
                frame = take(lab, self.city.value, self.firm.value)
        # Setting a reactive draws, here and now, in this thread.
        if failure is None:
            self.frame.value = frame
        self.failure.value = failure

    # --- policy ---------------------------------------------------------------------------

    def pull(self, lever: int, value: object) -> None:
        """Set a lever from the next quarter on."""
        self._change(lambda: lever_panel.pulled(lever, value, self.chosen.value))

    def press(self, button: str) -> None:
        """Announce, impose or withdraw a threat from the next quarter on."""
        self._change(lambda: lever_panel.threat_changes(button))

    def choose(self, lever: int, slot: str, value: str) -> None:
        """Fill a slot of a lever's key; a value that is not offered is passed over."""
        known = lever_panel.levers()
        if not 0 <= lever < len(known) or slot not in known[lever].slots:
            return
        if value in lever_panel.CHOICES[slot][1]:
            slots = lever_panel.slots_of(known[lever], self.chosen.value) | {slot: value}
            if slots.get("from") in (slots.get("into"), slots.get("region")):
                slots["from"] = "all"
            self.chosen.value = self.chosen.value | {known[lever].key: slots}

    def _change(self, changes: Callable[[], dict[str, object]]) -> None:
        if self.laboratory is None or self.busy.value:
            return
        try:
            self.laboratory.pull(changes())
            self.notice.value = ""
        except NearshoreError as error:
            self.notice.value = str(error)
        self._news.set()

    def compare(self, scenario: Scenario | None) -> None:
        """Put a second world beside the first, or take it away."""
        lab = self.laboratory
        if lab is None:
            return
        self._work(
            lambda _: lab.compare(scenario), "Running the other world\N{HORIZONTAL ELLIPSIS}"
        )

    # --- the thread that steps --------------------------------------------------------------

    def _work(
        self, task: Callable[[threading.Event], None], busy: str, playing: bool = False
    ) -> None:
        """Do one thing in the background, after what was under way has been told to stop."""
        before, stop = self._worker, threading.Event()
        self._stop.set()
        self._stop = stop
        self.busy.value, self.playing.value = busy, playing

        def work() -> None:
            if before is not None:
                before.join()
            try:
                task(stop)
            except NearshoreError as error:
                self.notice.value = str(error)
            except Exception as error:
                # The page goes on; the log has all of it.
                traceback.print_exc()
                self.notice.value = f"{type(error).__name__}: {error}"
            finally:
                self._news.set()
                if self._stop is stop:
                    self.busy.value, self.playing.value = "", False

        self._worker = threading.Thread(target=work, daemon=True, name="stepping")
        self._worker.start()

    def close(self) -> None:
        """Stop stepping and drawing; the visitor has gone."""
        self._gone.set()
        self._stop.set()
        self._news.set()
        self.laboratory = None


def _scenario_of(lab: Laboratory) -> Scenario | None:
    return lab.other.model.scenario if lab.other else None
