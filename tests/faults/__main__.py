"""``python -m tests.faults``: schedules of faults by the thousand, or one again by its seed."""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError

from pebble import ProcessPool

from tests.faults import campaign
from tests.faults.campaign import Count, Outcome, carry_out, readiness

A_TASK = 50
"""Schedules that a process is asked for at once."""

PATIENCE = 300.0
"""Seconds after which these are given up: one of them hangs."""

TELL_SECONDS = 30.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, help="begin none after so many")
    parser.add_argument("--replay", type=int, metavar="SEED", help="carry out one, and tell it")
    return parser.parse_args()


def _all(first: int, last: int, workers: int, until: float) -> Iterator[list[Outcome] | str]:
    """Yield what tasks came to, or which of them hang."""
    context = multiprocessing.get_context("spawn")
    with ProcessPool(workers, initializer=campaign.prepare, context=context) as pool:
        waiting = iter(range(first, last, A_TASK))
        running: dict[object, int] = {}
        more = True
        while more or running:
            while more and len(running) < 2 * workers:
                start = next(waiting, None)
                more = start is not None and time.monotonic() < until
                if more:
                    end = min(start + A_TASK, last)
                    running[pool.schedule(campaign.task, [start, end], timeout=PATIENCE)] = start
            done = [task for task in running if task.done()]
            time.sleep(0 if done else 0.05)
            for task in done:
                start = running.pop(task)
                try:
                    yield task.result()
                except TimeoutError:
                    yield f"one of the {A_TASK} schedules from {start} on hangs"


def _again(seed: int) -> int:
    with readiness() as folder:
        outcome = carry_out(seed, folder)
    print(f"schedule {seed}: {outcome.subject}", *outcome.told, sep="\n  ")
    print(outcome.wrong or "all right")
    return bool(outcome.wrong)


def main() -> int:
    asked = _arguments()
    if asked.replay is not None:
        return _again(asked.replay)
    began, told, count, hanging = time.monotonic(), 0.0, Count(), 0
    until = began + 60 * asked.minutes if asked.minutes else float("inf")
    for found in _all(asked.first, asked.first + asked.schedules, asked.workers, until):
        if isinstance(found, str):
            print(found, flush=True)
            hanging += 1
            continue
        for outcome in found:
            count.add(outcome)
            if outcome.wrong:
                print(f"schedule {outcome.seed} ({outcome.subject}): {outcome.wrong}", flush=True)
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            print(_so_far(count, began), flush=True)
    print(_so_far(count, began))
    return bool(count.wrong or hanging)


def _so_far(count: Count, began: float) -> str:
    done = count.schedules.total()
    kinds = ", ".join(f"{number:,} of a {name}" for name, number in count.schedules.most_common())
    rate = done / (time.monotonic() - began)
    return (
        f"{done:,} schedules ({kinds}), {rate:.1f} a second: files spoilt in {count.spoilt:,}, "
        f"refused in one line in {count.refused:,}, wrong in {len(count.wrong):,}"
    )


if __name__ == "__main__":
    sys.exit(main())
