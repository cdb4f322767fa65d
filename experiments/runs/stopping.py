"""Requests to stop: the first is noted, so that what is in hand can be finished or put away."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_signals(
    notice: Callable[[], None] = lambda: None, at_once: Sequence[int] = (signal.SIGINT,)
) -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM; once one has come, some of them stop at once.

    Parameters
    ----------
    notice : callable
        Called at the first.
    at_once : sequence of int
        Signals that raise `KeyboardInterrupt` unless they are the first.

    Yields
    ------
    list of int
        Signals so far; always empty outside the main thread, which alone may handle them.
    """
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked and number in at_once:
            raise KeyboardInterrupt
        if not asked:
            notice()
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in STOPS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
