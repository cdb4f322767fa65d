"""Who carries out chunks: worker processes of this machine; `cluster` has those of others.

A backend yields reports as they come, and None now and then, so that whoever listens
can write, stop or tell how far things are.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.sweeps.design.run_spec import Report, RunFunction, RunSpec
from experiments.sweeps.workers.chunk import Limits, Stopped, Worker, run_chunk
from experiments.sweeps.workers.portions import Portions

TICK = 0.2
"""Seconds between two looks at the clock."""

type Backend = Callable[[Sequence[RunSpec]], Iterator[Report | None]]


class BackendLostError(Exception):
    """Nobody is left to carry out runs; what is finished is kept, the rest can go on later."""


def local(
    workers: int,
    scenarios: Mapping[str, str],
    limits: Limits,
    run_one: RunFunction,
    crew: Sequence[Worker] | None = None,
) -> Backend:
    """Return a backend of worker processes of this machine.

    A crew is used, and outlives the call, if given; without one processes are made for it.
    """

    def reports(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
        waiting = Portions(specs)
        arrived: queue.SimpleQueue[Report | BaseException | None] = queue.SimpleQueue()
        hands = crew or [Worker(limits) for _ in range(min(workers, len(specs)))]

        def work(worker: Worker) -> None:
            try:
                while chunk := waiting.next(len(hands)):
                    for report in run_chunk(chunk, scenarios, limits, run_one, worker):
                        waiting.note(report)
                        arrived.put(report)
                arrived.put(None)
            except Stopped:
                arrived.put(None)
            except BaseException as error:  # ours: told to whoever listens
                arrived.put(error)

        threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in hands]
        ended = False
        try:
            for thread in threads:
                thread.start()
            yield from _until_all_have_ended(arrived, len(threads))
            ended = True
        finally:
            if crew is None or not ended:
                for worker in hands:
                    worker.stop()
            for thread in threads:
                thread.join()

    return reports


def _until_all_have_ended(
    arrived: "queue.SimpleQueue[Report | BaseException | None]", working: int
) -> Iterator[Report | None]:
    while working:
        try:
            item = arrived.get(timeout=TICK)
        except queue.Empty:
            yield None
            continue
        if isinstance(item, BaseException):
            raise item
        if item is None:
            working -= 1
        else:
            yield item
