"""Requests to stop, heard at every stage of a sweep.

While runs are carried out a request is noted, and the loop ends at its next turn;
at any other stage, such as while a sweep is laid out or results are merged, it
interrupts at once. What is on the disk is whole at every moment, so nothing is lost.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from experiments.exit_codes import INTERRUPTED, RESUME_ME


class StopRequested(BaseException):
    """SIGTERM or Ctrl-C came; ``code`` is the exit code and ``note`` says so.

    No `Exception`: what is caught on the way is not to swallow it.
    """

    def __init__(self, number: int) -> None:
        self.note = f"stopped by {signal.Signals(number).name}"
        self.code = INTERRUPTED if number == signal.SIGINT else RESUME_ME
        super().__init__(self.note)


class _Listener:
    """Signals asked for so far, and what is done about the next one."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.patient = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        again = bool(self.asked)
        self.asked.append(number)
        if again and number == signal.SIGINT:
            raise KeyboardInterrupt  # the second Ctrl-C is what it always was
        if not again and not self.patient:
            raise StopRequested(number)


_listening: list[_Listener] = []
"""That of this process, while there is one."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGTERM and Ctrl-C into `StopRequested`; inside another such block, do nothing."""
    if _listening or threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    listener = _Listener()
    _listening.append(listener)
    before = {n: signal.signal(n, listener) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _listening.clear()


@contextmanager
def noting_requests() -> Iterator[list[int]]:
    """Collect requests to stop instead of being interrupted by them."""
    with stoppable():
        if not _listening or threading.current_thread() is not threading.main_thread():
            yield []
            return
        listener = _listening[0]
        listener.patient = True
        try:
            yield listener.asked
        finally:
            listener.patient = False
