"""What is true of every schedule: its luck, its folder, what was done, and what must hold after."""

import io
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from uuid import UUID

import pytest

from abm.errors import NearshoreError
from experiments.commands.main import main
from experiments.sweeps.work import stop_requests
from tests.faults.disk import FailingDisk, FullDisk, Killed
from tests.faults.spoilt import spoil

LONGEST_LINE = 1500
CODES = (0, 2, 3, 4, 75, 130)
"""Of commands, as ``docs/sweeps.md`` tells them."""


class WrongError(AssertionError):
    """What a schedule came to and should not have."""


class Trial:
    """One schedule under way.

    Attributes
    ----------
    luck : random.Random
        Of its seed; nothing else is drawn from.
    place : Path
        Its folder; what a kill leaves takes its place.
    told : list of str
        What was done so far.
    spoilt : bool
        Whether a file was changed behind the program's back, so that it may refuse.
    """

    def __init__(self, seed: int, place: Path) -> None:
        self.luck, self.place = random.Random(seed), place
        self.told: list[str] = []
        self.spoilt = False

    def say(self, text: str) -> None:
        self.told.append(text)

    def must(self, claim: bool, otherwise: str) -> None:
        if not claim:
            raise WrongError(otherwise)

    def attempt[Answer](self, ask: Callable[[], Answer]) -> Answer | None:
        """What a function returns, or None where it refuses in one line and may."""
        try:
            return ask()
        except NearshoreError as error:
            self._refused(str(error))
            return None

    def _refused(self, line: str) -> None:
        self.say(f"refused: {line[:160]}")
        self.must(self.spoilt, f"refused though nothing was spoilt: {line}")
        self.must(line.isprintable() and len(line) < LONGEST_LINE, f"not one line: {line!r}")

    def spoil_something(self, below: str = "") -> None:
        """Change one file, perhaps."""
        done = spoil(self.place / below, self.luck)
        self.spoilt |= bool(done)
        self.say(f"spoilt: {done or 'nothing was there'}")

    def command(self, *words: object) -> int:
        """Carry out a command line; its status and what it says must be those of the program."""
        said, complaint = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complaint):
            code = main([str(word) for word in words])
        line = complaint.getvalue()
        self.say(f"nearshore {words[0]}: {code}")
        self.must(code in CODES, f"{words}: status {code}: {line}")
        self.must("Traceback" not in line, f"{words}: {line}")
        self.must(code != 4 or line.count("\n") == 1, f"{words}: not one line: {line!r}")
        return code

    def under_a_fault(
        self, act: Callable[[], object], look: Callable[[], object], often: float = 0.75
    ) -> None:
        """Do something on a disk that fails at some moment, or while others look or ask to stop."""
        if self.luck.random() >= often:
            self.attempt(act)
            return
        name = self.luck.choice(sorted(FAULTS))
        moment = 1 + int(self.luck.expovariate(1 / 10))
        self.say(f"{name} at change {moment} of the disk")
        FAULTS[name](self, act, look, moment)

    def is_left(self, left: Path) -> None:
        """Go on with what a kill left."""
        shutil.rmtree(self.place)
        left.rename(self.place)


def _full(trial: Trial, act, look, moment: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        FullDisk(patch, moment)
        try:
            act()
        except NearshoreError as error:
            trial.must("\n" not in str(error), f"not one line: {error}")
        except OSError as error:
            trial.must(False, f"a full disk came through as {error!r}")


def _ended(trial: Trial, act, moment: int, leave: Callable[[FailingDisk, Path], None]) -> None:
    mark = UUID(int=trial.luck.getrandbits(128)).hex[:8]
    left = trial.place.with_name(f"{trial.place.name}-{mark}")

    def end(disk: FailingDisk) -> None:
        leave(disk, left)
        raise Killed

    disk = FailingDisk(trial.place, moment, end)
    try:
        with disk.put_in_place():
            trial.attempt(act)
    except Killed:
        trial.is_left(left)
    else:
        trial.say(f"which had ended after {disk.asked}")


def _killed(trial: Trial, act, look, moment: int) -> None:
    _ended(trial, act, moment, FailingDisk.left_by_a_kill)


def _power_cut(trial: Trial, act, look, moment: int) -> None:
    _ended(trial, act, moment, lambda disk, left: disk.left_by_a_power_cut(left, trial.luck))


def _asked_to_stop(trial: Trial, act, look, moment: int) -> None:
    def ask(disk: FailingDisk) -> None:
        if stop_requests._listening:
            signal.raise_signal(trial.luck.choice([signal.SIGTERM, signal.SIGINT]))

    with FailingDisk(trial.place, moment, ask).put_in_place():
        trial.attempt(act)


def _looked_at(trial: Trial, act, look, moment: int) -> None:
    with FailingDisk(trial.place, moment, lambda disk: look()).put_in_place():
        trial.attempt(act)


FAULTS: dict[str, Callable[..., None]] = {
    "a full disk": _full,
    "a kill": _killed,
    "a cut of power": _power_cut,
    "a request to stop": _asked_to_stop,
    "a reader": _looked_at,
}
