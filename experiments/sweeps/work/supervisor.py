"""From pending runs to stored results, whatever happens on the way."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from abm.errors import StoreError
from experiments.exit_codes import ALL_DONE, DAMAGED_OR_LOCKED, RESUME_ME, SOME_FAILED
from experiments.runs.on_disk.run_folders import disk_refusal, is_full
from experiments.sweeps.design.run_spec import Report, RunSpec
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.work.stop_requests import StopRequested, noting_requests
from experiments.sweeps.work.sweep_progress import SweepProgress
from experiments.sweeps.workers.backends import Backend, BackendLostError

ALIKE_AT_FIRST = 3
"""So many first runs that fail alike stop a sweep: the others would, too."""


@dataclass(frozen=True)
class StopRules:
    """When a sweep gives up.

    Attributes
    ----------
    most_failures : int or None
        More stop it.
    fail_fast : bool
        The first failure stops it.
    keep_going : bool
        First runs that fail alike do not stop it.
    """

    most_failures: int | None = None
    fail_fast: bool = False
    keep_going: bool = False


@dataclass
class Ending:
    """How the work on a sweep ended.

    Attributes
    ----------
    done, failed : int
        Runs of this session.
    code : int
        Exit code, failures of earlier sessions aside.
    note : str
        Why it stopped early; ``""`` if it did not.
    """

    done: int = 0
    failed: int = 0
    code: int = ALL_DONE
    note: str = ""
    _first: list[tuple[str, str]] = field(default_factory=list)

    def count(self, report: Report, rules: StopRules) -> None:
        """Count a report and see whether it is the last straw."""
        if report.outcomes is not None:
            self.done += 1
            return
        self.failed += 1
        self._first = [*self._first, (report.kind, report.message)][:ALIKE_AT_FIRST]
        alike = len(self._first) == ALIKE_AT_FIRST and len(set(self._first)) == 1
        if rules.fail_fast:
            self.give_up(f"a run failed: {report.message}")
        elif alike and self.done == 0 and not rules.keep_going:
            self.give_up(f"the first {ALIKE_AT_FIRST} runs failed alike: {report.message}")
        elif rules.most_failures is not None and self.failed > rules.most_failures:
            self.give_up(f"more than {rules.most_failures} runs failed")

    def give_up(self, why: str) -> None:
        """Stop for failures."""
        self.code, self.note = SOME_FAILED, why


def work(
    specs: Sequence[RunSpec],
    backend: Backend,
    recorder: Recorder,
    progress: SweepProgress,
    rules: StopRules,
) -> Ending:
    """Carry out runs and record how each ended.

    Ctrl-C and a request to terminate drop the runs in hand and write all others; so
    does a disk that is full, and a run that is not what its identity says.
    """
    ending = Ending()
    if not specs:
        return ending
    with noting_requests() as asked, closing(_closable(backend, specs)) as reports:
        try:
            for report in reports:
                if report is None:
                    recorder.flush_if_due()
                    progress.tick()
                elif report.kind == "refused":
                    ending.code, ending.note = DAMAGED_OR_LOCKED, report.message
                elif not (asked and report.kind == "killed"):  # with us, by whoever stops us
                    recorder.take(report)
                    ending.count(report, rules)
                    progress.count(report)
                if asked:
                    stop = StopRequested(asked[0])
                    ending.code, ending.note = stop.code, stop.note
                if ending.note:
                    break
        except StoreError as refused:  # whose results may not stand beside those that are there
            ending.code, ending.note = DAMAGED_OR_LOCKED, str(refused)
        except BackendLostError as lost:
            ending.code, ending.note = RESUME_ME, f"{lost}; go on with --resume"
        except OSError as error:
            _stop_for_disk(ending, error)
        try:
            recorder.flush()
        except OSError as error:
            _stop_for_disk(ending, error)
    return ending


def _closable(backend: Backend, specs: Sequence[RunSpec]) -> Generator[Report | None]:
    yield from backend(specs)


def _stop_for_disk(ending: Ending, error: OSError) -> None:
    todo = "make room and go on with --resume" if is_full(error) else "go on with --resume"
    ending.code, ending.note = RESUME_ME, f"{disk_refusal(error)}; {todo}"
