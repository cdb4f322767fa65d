"""What the page remembers of one visitor, and the thread in which worlds step.

Steps never wait for drawing: the thread steps at the speed asked for and raises a
number at most `FRAMES` times a second; the page draws when it sees it change, so
frames are skipped and steps are not.
"""

import threading
from collections.abc import Callable
from time import perf_counter

import solara

from abm.errors import NearshoreError
from abm.scenario import Scenario
from viz import defaults, keep, levers
from viz.laboratory import Laboratory, Start

FRAMES = 4.0
"""Pictures a second at most."""

SPEEDS = (("1 quarter / 2 s", 0.5), ("1 quarter / s", 1.0), ("2 / s", 2.0), ("4 / s", 4.0),
          ("as fast as it goes", 1e9))  # fmt: skip
"""Names and quarters a second."""


class Session:
    """One visitor's laboratory.

    Attributes
    ----------
    frame : solara.Reactive of int
        Rises when there is something new to draw.
    """

    def __init__(self) -> None:
        self.frame = solara.reactive(0)
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
        self._worker: threading.Thread | None = None

    def seen(self) -> Laboratory | None:
        """The laboratory; who asks is drawn again when there is something new."""
        self.frame.get()
        return self.laboratory

    # --- starting -----------------------------------------------------------------------

    def open(self, link: str | None) -> None:
        """Begin with what a link says, or with the default."""
        start, quarters = defaults.start, 0
        if link:
            try:
                start, quarters = keep.restored(link)
            except NearshoreError as error:
                self.notice.value = f"{error}. The page shows its defaults."
        self.begin(start, quarters)

    def begin(self, start: Start, quarters: int = 0, said: str = "") -> None:
        """Set up a laboratory and play some quarters, in the background."""

        def set_up() -> None:
            self.laboratory = None
            laboratory = Laboratory(start)
            while laboratory.quarter < quarters and not self._stop.is_set():
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

        def play() -> None:
            for _ in range(quarters):
                if self.laboratory is None or self._stop.is_set():
                    return
                self.laboratory.step()

        self._work(play, "")

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing.value:
            self._stop.set()
            return
        self._work(self._play, "", playing=True)

    def _play(self) -> None:
        drawn = 0.0
        while not self._stop.is_set() and self.laboratory is not None:
            began = perf_counter()
            self.laboratory.step()
            if self.laboratory.over:
                return
            now = perf_counter()
            if now - drawn >= 1 / FRAMES:
                drawn = now
                self.frame.value += 1
            wait = 1 / SPEEDS[self.speed.value][1] - (perf_counter() - began)
            # Without any pause the websocket's thread would starve.
            self._stop.wait(max(wait, 0.01))

    # --- policy ---------------------------------------------------------------------------

    def pull(self, lever: int, value: object) -> None:
        """Set a lever from the next quarter on."""
        self._change(lambda: levers.pulled(lever, value, self.chosen.value))

    def press(self, button: str) -> None:
        """Announce, impose or withdraw a threat from the next quarter on."""
        self._change(lambda: levers.threat_changes(button))

    def choose(self, lever: int, slot: str, value: str) -> None:
        """Fill a slot of a lever's key; a value that is not offered is passed over."""
        known = levers.levers()
        if not 0 <= lever < len(known) or slot not in known[lever].slots:
            return
        if value in levers.CHOICES[slot][1]:
            slots = levers.slots_of(known[lever], self.chosen.value) | {slot: value}
            if slots.get("into") == slots.get("from"):
                slots["from"] = "all"
            self.chosen.value = self.chosen.value | {known[lever].key: slots}

    def _change(self, changes: Callable[[], dict[str, object]]) -> None:
        if self.laboratory is None:
            return
        try:
            self.laboratory.pull(changes())
            self.notice.value = ""
        except NearshoreError as error:
            self.notice.value = str(error)
        self.frame.value += 1

    def compare(self, scenario: Scenario | None) -> None:
        """Put a second world beside the first, or take it away."""
        lab = self.laboratory
        if lab is None:
            return
        self._work(lambda: lab.compare(scenario), "Running the other world\N{HORIZONTAL ELLIPSIS}")

    # --- the thread -----------------------------------------------------------------------

    def _work(self, task: Callable[[], None], busy: str, playing: bool = False) -> None:
        """Do something in the one thread of this session; pausing what plays."""
        if self._worker is not None and self._worker.is_alive():
            self._stop.set()
            self._worker.join(timeout=30)
        self._stop.clear()
        self.busy.value, self.playing.value = busy, playing

        def work() -> None:
            try:
                task()
            except NearshoreError as error:
                self.notice.value = str(error)
            finally:
                self.busy.value, self.playing.value = "", False
                self.frame.value += 1

        self._worker = threading.Thread(target=work, daemon=True, name="laboratory")
        self._worker.start()

    def close(self) -> None:
        """Stop stepping; the visitor has gone."""
        self._stop.set()
        self.laboratory = None


def _scenario_of(lab: Laboratory) -> Scenario | None:
    return lab.other.model.scenario if lab.other else None
