"""One writer of a sweep: takes reports, writes parts, and says so in its log."""

import platform
import time
from collections.abc import Mapping
from typing import Any

from experiments.sweeps.design.run_spec import Report
from experiments.sweeps.store.parts import as_table, write_part
from experiments.sweeps.store.run_log import RunLog
from experiments.sweeps.store.store import SweepStore

FLUSH_SECONDS = 20.0
"""What a kill may cost at most, beside the runs in hand."""

FLUSH_ROWS = 1_000


class Recorder:
    """Writes what runs leave into a sweep's folder.

    Parameters
    ----------
    store : SweepStore
    writer : str
        Name of its log and parts; no two writers at a time have the same.
    flush_seconds : float
        Longest time that a result waits to be written.
    """

    def __init__(
        self, store: SweepStore, writer: str, *, flush_seconds: float = FLUSH_SECONDS
    ) -> None:
        self._store = store
        self._writer = writer
        self._flush_seconds = flush_seconds
        self._waiting: list[Report] = []
        self._flushed = time.monotonic()
        self._number = self._last_number()
        self._log = RunLog(store.folder / "log" / f"{writer}.jsonl")

    def session(self, facts: Mapping[str, Any]) -> None:
        """Note that a program begins to work on the sweep."""
        self._log.add("session", writer=self._writer, **facts)

    def note(self, event: str, **facts: Any) -> None:
        """Add any other line to the log."""
        self._log.add(event, **facts)

    def take(self, report: Report) -> None:
        """Keep a report; failures are logged at once, results before long."""
        if report.outcomes is None:
            self._log.add(
                "failed",
                run=report.run,
                kind=report.kind,
                message=report.message,
                trace=report.trace,
                seconds=report.seconds,
                host=report.host,
            )
        else:
            self._waiting.append(report)
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Write what waits, if it has waited long enough or is much."""
        due = time.monotonic() - self._flushed >= self._flush_seconds
        if due or len(self._waiting) >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits: first the part, durable under its name, then the line that counts.

        What could not be written goes on waiting.
        """
        self._flushed = time.monotonic()
        if not self._waiting:
            return
        name = f"parts/{self._writer}-{self._number + 1:04d}.parquet"
        checksum = write_part(self._store.folder / name, as_table(self._waiting))
        self._log.add(
            "part",
            part=name,
            sha256=checksum,
            runs=[report.run for report in self._waiting],
            seconds=[round(report.seconds, 4) for report in self._waiting],
            hosts=sorted({report.host or platform.node() for report in self._waiting}),
        )
        self._number += 1
        self._waiting.clear()

    def close(self) -> None:
        """Close the log; what waits is not written."""
        self._log.close()

    def _last_number(self) -> int:
        """Highest number a part of this writer ever had, in use, replaced or left behind."""
        history = self._store.history()
        names = {*history.parts, *history.replaced}
        for folder in ("parts", "set-aside"):
            names.update(path.name for path in (self._store.folder / folder).glob("*.parquet"))
        stem = f"{self._writer}-"
        tails = (name.removeprefix("parts/").removesuffix(".parquet") for name in names)
        numbers = (tail.removeprefix(stem) for tail in tails if tail.startswith(stem))
        return max((int(number) for number in numbers if number.isdigit()), default=0)
