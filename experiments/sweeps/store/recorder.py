"""One writer of a sweep: takes reports, writes parts, and says so in its log."""

import platform
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.design.run_spec import Report
from experiments.sweeps.store.maker import Makers
from experiments.sweeps.store.parts import as_parquet, as_table
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

    Attributes
    ----------
    makers : Makers
        Who made the results of the sweep; every result is asked where it is from.
    """

    def __init__(
        self, store: SweepStore, writer: str, *, flush_seconds: float = FLUSH_SECONDS
    ) -> None:
        self._store = store
        self._writer = writer
        self._flush_seconds = flush_seconds
        self._waiting: list[Report] = []
        self._flushed = time.monotonic()
        history = store.history()
        self.makers = Makers(history.makers)
        self._number = self._last_number(history.known)
        self._log = RunLog(store.folder, writer)

    def session(self, **facts: Any) -> None:
        """Note that a program begins to work on the sweep."""
        self._log.add("session", writer=self._writer, **facts)

    def note(self, event: str, **facts: Any) -> None:
        """Add any other line to the log."""
        self._log.add(event, **facts)

    def take(self, report: Report) -> None:
        """Keep a report; failures are logged at once, results before long.

        Raises
        ------
        StoreError
            If its maker's results may not stand beside those that are there.
        """
        if report.outcomes is not None and report.maker is not None:
            self.makers.admit(report.maker, report.host or platform.node())
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
        while self._waiting:
            first = self._waiting[0].maker
            self._write([report for report in self._waiting if report.maker == first])
            self._waiting = [report for report in self._waiting if report.maker != first]

    def _write(self, reports: list[Report]) -> None:
        """Write a part with results of one maker, and the line that names it."""
        self.adopt(
            as_parquet(as_table(reports)),
            [report.run for report in reports],
            seconds=[round(report.seconds, 4) for report in reports],
            hosts=sorted({report.host or platform.node() for report in reports}),
            maker=reports[0].maker or {},
        )

    def adopt(
        self,
        file: tuple[bytes, str],
        runs: Sequence[str],
        *,
        seconds: Sequence[float],
        hosts: Sequence[str],
        maker: Mapping[str, Any],
    ) -> None:
        """Write a part as it is, and the line that names it.

        Parameters
        ----------
        file : tuple of bytes and str
            Content and SHA-256, as `as_parquet` returns them.
        runs : sequence of str
            That it holds, in their order.
        seconds : sequence of float
            Of each run; empty where nobody knows.
        hosts : sequence of str
        maker : mapping
            Of all its results.
        """
        content, checksum = file
        name = f"parts/{self._writer}-{self._number + 1:04d}-{checksum[:12]}.parquet"
        write_whole(self._store.folder / name, content)
        self._log.add(
            "part",
            part=name,
            sha256=checksum,
            runs=list(runs),
            seconds=list(seconds),
            hosts=list(hosts),
            maker=dict(maker),
        )
        self._number += 1

    def close(self) -> None:
        """Close the log; what waits is not written."""
        self._log.close()

    def _last_number(self, known: Mapping[str, str]) -> int:
        """Highest number a part of this writer ever had, in use, replaced or left behind."""
        names = {name.removeprefix("parts/") for name in known}
        for folder in ("parts", "set-aside"):
            names.update(path.name for path in (self._store.folder / folder).glob("*.parquet"))
        ours = re.compile(rf"{re.escape(self._writer)}-(\d{{4,9}})-[0-9a-f]{{12}}\.parquet")
        found = [match for name in names if (match := ours.fullmatch(name))]
        return max((int(match[1]) for match in found), default=0)
