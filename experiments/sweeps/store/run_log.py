"""The run log: what happened, one JSON object a line, only ever added to.

It alone says which runs are done: a run is, if a line names a part that holds it and
the part has the checksum of that line. A line that was cut short counts for nothing.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from abm.errors import StoreError

LOG_FORMAT = 1

Record = dict[str, Any]


class RunLog:
    """The log of one writer, open for adding.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        # No buffer: what a full disk refuses must not come back when the file is closed.
        self._file = path.open("ab", buffering=0)
        # What a killed writer left half-written must not swallow the next line.
        if self._file.tell() and not _ends_with_newline(path):
            self._file.write(b"\n")

    def add(self, event: str, **facts: Any) -> None:
        """Add a line and have the disk keep it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {"event": event, "format": LOG_FORMAT, "time": now, **facts}
        text = json.dumps(record, ensure_ascii=True, allow_nan=False)
        left, before = text.encode() + b"\n", self._file.seek(0, os.SEEK_END)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError:
            self._file.truncate(before)  # no half line that the next would be added to
            raise
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class Part:
    """A Parquet file with results.

    Attributes
    ----------
    name : str
        Relative to the folder of the sweep.
    sha256 : str
    runs : tuple of str
        Identities of the runs that it holds.
    """

    name: str
    sha256: str
    runs: tuple[str, ...]


@dataclass
class History:
    """What all logs of a sweep say together.

    Attributes
    ----------
    parts : dict of str to Part
        Those that hold results now, by name.
    replaced : set of str
        Names of parts whose results were merged into others.
    failed : dict of str to Record
        The last failure of each run that failed.
    seconds : dict of str to float
        Wall time of a run.
    sessions : list of Record
        One a program that worked on the sweep.
    last : str
        Time of the last line, ISO 8601; ``""`` before the first.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    failed: dict[str, Record] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    sessions: list[Record] = field(default_factory=list)
    last: str = ""

    @property
    def done(self) -> set[str]:
        """Runs whose results are stored."""
        return {run for part in self.parts.values() for run in part.runs}


def read_history(folder: Path) -> History:
    """Return what the logs in a folder say.

    Raises
    ------
    StoreError
        If a line is of a newer format.
    """
    history = History()
    records = [record for path in sorted(folder.glob("*.jsonl")) for record in _records(path)]
    # Clocks of machines differ, so the order matters only where one writer wrote both lines.
    for record in sorted(records, key=lambda record: str(record.get("time", ""))):
        _take(history, record)
    for name in history.replaced:
        history.parts.pop(name, None)
    for run in history.done:
        history.failed.pop(run, None)
    return history


def _take(history: History, record: Record) -> None:
    event = record["event"]
    history.last = max(history.last, str(record["time"]))
    if event == "part":
        part = Part(record["part"], record["sha256"], tuple(record["runs"]))
        history.parts[part.name] = part
        history.seconds.update(zip(part.runs, record["seconds"], strict=True))
    elif event == "merged":
        for merged in record["parts"]:
            part = Part(merged["part"], merged["sha256"], tuple(merged["runs"]))
            history.parts[part.name] = part
            history.replaced.discard(part.name)
        history.replaced.update(record["replaces"])
        history.replaced.difference_update(merged["part"] for merged in record["parts"])
    elif event == "failed":
        history.failed[record["run"]] = record
    elif event == "session":
        history.sessions.append(record)


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
                known = isinstance(record, dict) and {"event", "format", "time"} <= set(record)
            except (ValueError, RecursionError):
                known = False
            if not known:
                continue  # cut short by a kill; what it would have said is done again
            if record["format"] > LOG_FORMAT:
                raise StoreError(
                    f"{path.name}: is of format {record['format']}, newer than this version "
                    f"reads ({LOG_FORMAT}); nothing was touched"
                )
            yield record


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
