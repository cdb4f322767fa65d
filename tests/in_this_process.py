"""What the program does in processes of its own, or once for every run, done here and once.

A command of the documentation then costs the quarters that it runs. That processes are
started, lost and replaced rightly, and that shared firms are the same to the last bit,
has tests of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import pytest

from abm import RelocationModel
from abm.base_year.set_up import assumed
from experiments.runs import processes, runner
from experiments.sweeps.workers import base_years, chunk


class Here(ThreadPoolExecutor):
    """A pool of one thread, in the place of one of processes."""

    def __init__(self, workers: int, mp_context: object) -> None:
        super().__init__(1)


class SeedsHere(ThreadPoolExecutor):
    """The same in the place of the pool that seeds are shared among, which gives way to nobody."""

    def __init__(self, workers: int, **_: object) -> None:
        super().__init__(1)

    def schedule[T](self, work: Callable[..., T], args: Iterable[object]) -> Future[T]:
        """Do it when what was asked for before is done."""
        return self.submit(work, *args)

    def stop(self) -> None:
        """Give up what is not begun."""
        self.shutdown(cancel_futures=True)


@contextmanager
def seeds_in_this_process() -> Iterator[None]:
    """Other seeds, and tasks of a validation, need no process: firms of tests are set up here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "ProcessPool", SeedsHere)
        patch.setattr(processes, "ProcessPoolExecutor", Here)
        yield


@contextmanager
def runs_in_this_process() -> Iterator[None]:
    """Runs of a sweep need no process, which costs a second however short they are."""

    def once(worker, run_one, spec, text, patience):
        return chunk._guarded(run_one, spec, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk.Worker, "_once", once)
        yield


@contextmanager
def in_this_process() -> Iterator[None]:
    """No process is started, firms are set up once for a size, and no figure is drawn."""
    kept: dict[tuple[object, ...], tuple[object, object]] = {}
    start = RelocationModel._start

    def once(model, firms, observed):
        said = (part.model_dump_json() for part in assumed(model.scenario))
        key = firms, model.draws.seed, id(observed), *said
        if key not in kept:
            kept[key] = start(model, firms, observed), observed  # kept, so that its id is
        first, _ = kept[key]
        return replace(first, firms=deepcopy(first.firms), network=deepcopy(first.network))

    with runs_in_this_process(), seeds_in_this_process(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(RelocationModel, "_start", once)
        patch.setattr(runner, "find_figures", lambda: lambda *given, **more: [])
        patch.setattr(base_years, "_base_years", {})
        yield
