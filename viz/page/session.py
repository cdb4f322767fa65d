"""What a visitor may ask for, and the two threads behind it.

Whatever a visitor asks for is put in line and acknowledged at once: the thread that
reads his browser computes nothing and waits for no lock, or the server would take him
for gone during a long quarter. One thread works through the line and steps the worlds;
the other draws. Steps never wait for drawing: between two steps a frame is taken if the
thread that draws is ready for one, at most `FRAMES` times a second. So frames are
skipped and steps are not.
"""

import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from urllib.parse import parse_qs

from abm.errors import NearshoreError
from abm.scenario.scenario import Scenario
from viz.lab import keep
from viz.lab.frame import Frame, take
from viz.lab.laboratory import LONGEST, Failure, Laboratory, Played, Start
from viz.lab.luck import MOST_FIRMS_AT_ONCE, SEEDS_BESIDE, Luck, Measuring
from viz.page import defaults, lever_panel
from viz.page.page_state import PageState
from viz.page.stories import STORIES, Story, in_link, told_by_link
from viz.page.work import Asked, Work, ahead

FRAMES = 4.0
"""Pictures a second at most."""

PATIENCE = 0.5
"""Seconds after which the page says what a quarter is waiting for."""

SPEEDS = (("1 quarter / 2 s", 0.5), ("1 quarter / s", 1.0), ("2 / s", 2.0), ("4 / s", 4.0),
          ("as fast as it goes", 1e9))  # fmt: skip
"""Names and quarters a second."""


class Session(PageState):
    """One visitor's laboratory: what he may ask for, and how it comes to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.laboratory: Laboratory | None = None
        self._computing: Laboratory | None = None
        self._counting = threading.Lock()
        self._work = Work(self._failed)
        self._gone = threading.Event()
        self._stale, self._ready = False, threading.Event()
        self._frames: queue.SimpleQueue[tuple[Frame | Failure, list[Asked]] | None]
        self._frames = queue.SimpleQueue()
        self._done: list[Asked] = []
        self._seeds = Measuring(self.measuring.set, self._failed)
        self._since: float | None = None
        self._linked: object = None

    # --- starting -----------------------------------------------------------------------

    def open(self, query: str | None) -> None:
        """Begin with what an address says, or with the default."""
        self._ready.set()
        threading.Thread(target=self._draw, daemon=True, name="drawing").start()
        self._work.start()
        self.go_to(query)

    def go_to(self, query: str | None) -> None:
        """Show what the query of an address says, or the default."""
        asked = parse_qs((query or "").lstrip("?"))
        link, told = (asked.get(name, [""])[0] for name in ("state", "story"))
        played, said = Played(defaults.start), ""
        self.offering.value = not link
        if link:
            try:
                played = keep.restored(link, defaults.start.scenario.economy.table)
            except NearshoreError as error:
                said = f"{error}. The page shows its defaults."
        self.begin(played, said, *told_by_link(told, played))

    def begin(
        self, played: Played, said: str = "", story: Story | None = None, stop: int = 0
    ) -> None:
        """Set up a laboratory and play some quarters again, in the background.

        What is shown stays until it is ready; what was asked for before is dropped. A
        story then stands at one of its stops, and seeds are run to tell what of it is luck.
        """
        self._pause()
        outdated = self._work.forget()
        with self._counting:
            self.asked.value = ()
        self._seeds.end()
        self.story.value, self.stop.value = story, stop
        self.owed.value, self.comparing.value = 0, False
        self.busy.value = f"Setting up {played.start.firms:,} firms\N{HORIZONTAL ELLIPSIS}"
        self.notice.value = said

        def set_up() -> None:
            laboratory = None
            try:
                laboratory = self._computing = Laboratory(played.start)
                self._since = perf_counter()
                laboratory.replay(played.levers, played.quarters, outdated)
            except NearshoreError as error:
                self.notice.value = str(error)
            finally:
                self._since = None
            if outdated():
                return
            if laboratory is not None:
                self.laboratory = laboratory
                self.run.value += 1
                if story and played.start.firms <= MOST_FIRMS_AT_ONCE:
                    self._measure(laboratory, played, SEEDS_BESIDE[0])
            self.looking.value = story.stops[stop][0] if story else None
            self.city.value = self.firm.value = None
            self.busy.value = ""
            self._changed()

        self._work.ask(set_up)

    def reset(self, scenario: Scenario, firms: int, seed: int) -> None:
        """Start again; says what is different from before."""
        lab = self.laboratory
        other = lab.other if lab else None
        try:
            start = Start(scenario, firms, seed, other.model.scenario if other else None)
        except NearshoreError as error:
            self.notice.value = str(error)
            return
        changed = start.changes_from(lab.start if lab else defaults.start)
        if lab is not None and (lab.scenario != lab.start.scenario or self.waiting):
            changed.append("levers pulled are undone")
        said = "; ".join(changed) if changed else "nothing else changed"
        self.begin(Played(start), said=f"Reset: {said}.")

    # --- time -----------------------------------------------------------------------------

    def step(self, quarters: int = 1) -> None:
        """Ask for some quarters more."""
        self.offering.value = False
        self.notice.value, self.looking.value = "", None
        frame = self.frame.value
        with self._counting:
            left = LONGEST - (frame.quarter if frame else 0) - self.owed.value
            if quarters > left:
                self.notice.value = f"Quarter {LONGEST} is the last one that can be played."
            more = [Asked() for _ in range(min(quarters, left))]
            self.owed.value += len(more)
            self.asked.value = (*self.asked.value, *more)
        for one in more:
            self._work.ask(lambda one=one: self._owed_quarter(one))
        # The link has them at once: whoever draws is told to write it.
        self._frames.put(None)

    def play(self, on: bool) -> None:
        """Play or pause; quarters asked for are given up by a pause.

        Asked for what is so already, it does nothing: of two fast clicks on one button the
        second was made before the page had answered the first.
        """
        if not on:
            self._pause()
        elif not self.playing.value:
            self.offering.value, self.pausing.value = False, False
            self.playing.value, self.notice.value, self.looking.value = True, "", None
            self._work.go_on(self._quarter, lambda: 1 / SPEEDS[self.speed.value][1])

    def _pause(self) -> None:
        self.playing.value = False
        self._work.pause()
        with self._counting:
            self.owed.value = 0
            for one in self.asked.value:
                one.owed = one.owed and one.changes is not None
            self.asked.value = tuple(one for one in self.asked.value if one.owed or one.begun)
        self.pausing.value = self._behind()

    def _owed_quarter(self, one: Asked) -> None:
        with self._counting:
            if not one.owed:
                return
            one.begun = True
        # What is handed over from here on has it: this thread takes every frame.
        self._done.append(one)
        try:
            self._quarter()
        finally:
            with self._counting:
                self.owed.value -= one.owed
                one.owed = False

    def _quarter(self) -> None:
        lab = self.laboratory
        if lab is None or lab.over:
            self.playing.value = False
            self._work.pause()
            self._changed()
            return
        self._since = perf_counter()
        try:
            lab.step()
        finally:
            self._stale, self._since = True, None
        self._hand_over()

    # --- stories --------------------------------------------------------------------------

    def tell(self, number: int) -> None:
        """Play a story and stand at its first stop."""
        if 0 <= number < len(STORIES):
            self.offering.value = False
            self.begin(STORIES[number].played(), story=STORIES[number])

    def visit_stop(self, number: int) -> None:
        """Go to a stop of the story; beyond its ends nothing happens."""
        story = self.story.value
        if story is not None and 0 <= number < len(story.stops):
            self.stop.value = number
            self.look(story.stops[number][0])

    def end_story(self) -> None:
        """Leave the story where it ended; the levers act on from there."""
        self.story.value, self.looking.value = None, None

    # --- the past -------------------------------------------------------------------------

    def look(self, quarter: object) -> None:
        """Look back at a quarter; at the last one, and at what is none, time goes on."""
        frame = self.frame.value
        past = isinstance(quarter, int) and frame is not None and 0 <= quarter < frame.quarter
        self.looking.value = quarter if past and isinstance(quarter, int) else None

    def what_if(self) -> None:
        """Go back to the quarter looked at, beside a second world that goes on as it did."""
        frame, quarter = self.frame.value, self.looking.value
        if frame is None or quarter is None:
            return
        said = f"Back in {frame.date(quarter)}: pull a lever. The second world goes on as it did."
        self.begin(keep.forked(frame, quarter), said)

    # --- what is shown --------------------------------------------------------------------

    def visit_city(self, city: int | None) -> None:
        """Show the firms of a city; None closes it."""
        self.city.value, self.firm.value = city, None
        self._work.ask(self._changed)

    def visit_firm(self, firm: int | None) -> None:
        """Show the page of a firm; None goes back to its city."""
        self.firm.value = firm
        self._work.ask(self._changed)

    def visit_supplier(self, firm: object) -> None:
        """Show the page of a firm of the supplier graph; what is no firm is passed over."""
        frame = self.frame.value
        if frame is None or not str(firm).isdecimal():
            return
        about = frame.world.suppliers.nodes.get(int(str(firm)))
        if about is not None:
            self.city.value = about["city"]
            self.visit_firm(int(str(firm)))

    def _changed(self) -> None:
        """There is something new to draw; called by the thread that works."""
        self._stale = True
        self._hand_over()

    def _hand_over(self) -> None:
        """Take a frame for the thread that draws, if it is ready and there is something new."""
        lab = self.laboratory
        if lab is None or not self._stale or not self._ready.is_set():
            return
        frame = lab.failure or take(lab, self.city.value, self.firm.value)
        self._ready.clear()
        self._frames.put((frame, self._done))
        self._stale = False
        self._done = []

    def _draw(self) -> None:
        """The thread that draws: the last frame there is, until the visitor has gone."""
        while not self._gone.is_set():
            try:
                new = self._frames.get(timeout=1 / FRAMES)
            except queue.Empty:
                new = None
            if new is None:
                self._tell()
                continue
            try:
                self._show(*new)
            except Exception as error:
                self._failed(error)
            self._gone.wait(1 / FRAMES)
            self._ready.set()
            self._work.ask(self._hand_over)

    def _show(self, new: Frame | Failure, done: list[Asked]) -> None:
        # Setting a reactive draws, here and now, in this thread.
        if isinstance(new, Failure):
            self.failure.value = new
        else:
            self.frame.value = new
            self.failure.value = None
        with self._counting:
            self.asked.value = tuple(one for one in self.asked.value if one not in done)
        self._tell()

    def _tell(self) -> None:
        """Say what a long quarter is at, and keep the link to what stands."""
        since, lab = self._since, self._computing
        long = since is not None and perf_counter() - since > PATIENCE
        self.doing.value = lab.doing() if long and lab is not None else ""
        if not self._behind():
            self.pausing.value = False
        frame = self.frame.value
        if frame is None or self.busy.value:
            return
        stands = (frame, self.asked.value, since is not None, self.story.value, self.stop.value)
        if stands != self._linked:
            self._linked = stands
            scenario, quarter = ahead(stands[1], frame.scenario, frame.quarter, stands[2])
            other = frame.other.scenario if frame.other else None
            link = keep.link(replace(frame, scenario=scenario, quarter=quarter), other)
            self.link.value = link + in_link(*stands[3:]) if link else ""

    def _behind(self) -> bool:
        """Whether a quarter is computed, or was and is not drawn yet."""
        return self._since is not None or self._stale or not self._ready.is_set()

    @property
    def waiting(self) -> tuple[Mapping[str, object], ...]:
        """Changes of policy that were pulled and are not drawn yet."""
        return tuple(one.changes for one in self.asked.value if one.changes is not None)

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
            self.chosen.value = self.chosen.value | {known[lever].key: lever_panel.abroad(slots)}

    def _change(self, changes: Callable[[], dict[str, object]]) -> None:
        lab = self.laboratory
        if lab is None or self.busy.value:
            return
        try:
            asked = Asked(changes())
        except NearshoreError as error:
            self.notice.value = str(error)
            return
        self.end_story()
        with self._counting:
            self.asked.value = (*self.asked.value, asked)
        self._work.ask(lambda: self._pull(lab, asked))
        self._frames.put(None)

    def _pull(self, lab: Laboratory, asked: Asked) -> None:
        try:
            lab.pull(asked.changes or {})
            self.notice.value = ""
        except NearshoreError as error:
            self.notice.value = str(error)
        self._done.append(asked)
        self._changed()

    def compare(self, scenario: Scenario | None) -> None:
        """Put a second world beside the first, or take it away."""
        lab = self.laboratory
        if lab is None:
            return
        self.end_story()
        if self.measuring.value:
            self._seeds.end()
            self.notice.value = "The seeds are given up: they ran beside another second world."
        self.comparing.value = scenario is not None

        def run() -> None:
            self._since = perf_counter()
            try:
                lab.compare(scenario)
            finally:
                self._since, self.comparing.value = None, False
            self._changed()

        self._work.ask(run)

    # --- luck -------------------------------------------------------------------------------

    def measure_luck(self, count: int) -> None:
        """Run so many seeds in processes of their own; steps go on meanwhile."""
        lab, frame = self.laboratory, self.frame.value
        if lab is None or frame is None or self.busy.value or self.measuring.value:
            return
        if count in SEEDS_BESIDE:
            against = frame.other.scenario if frame.other else None
            levers = keep.levers_of(frame.scenario, frame.start.scenario)
            start = replace(frame.start, against=against)
            self._measure(lab, Played(start, levers, frame.quarter), count)

    def _measure(self, lab: Laboratory, played: Played, count: int) -> None:
        self._seeds.begin(
            played,
            count,
            lambda: not self._gone.is_set() and self.laboratory is lab,
            lambda found: self._work.ask(lambda: self._measured(lab, played, found)),
        )

    def _measured(self, lab: Laboratory, played: Played, found: Luck) -> None:
        other = lab.other.model.scenario if lab.other else None
        if self.laboratory is lab and other == played.start.against:
            lab.luck = found
            self._changed()

    # --- the end ----------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        """The page goes on; the log has all of it."""
        known = isinstance(error, NearshoreError)
        if not known:
            traceback.print_exception(error)
        self.notice.value = str(error) if known else f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Stop stepping and drawing; the visitor has gone."""
        self._gone.set()
        self._work.stop()
        self.laboratory = None
