"""The run log: what happened, one JSON object a line, only ever added to.

It alone says which runs are done: a run is, if a line names a part that holds it and
the part has the checksum of that line. Every line has a checksum of its own and a
number, the first that a program writes names the logs that were there before it, and how
far a log had come when its program ended is noted beside (`log_ends`). What a kill cut
short is the end of a file without the end of a line: it counts for nothing. A whole line
whose checksum does not hold, a number left out, an end that is missing, or a log that is
gone, is damage: nothing is read past it until a repair, which is itself a line, says that
it is to count for nothing.

What lines say does not depend on their order: a name is given to one part for ever,
and a part that was replaced or set aside never counts again.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from abm.errors import StoreError
from experiments.runs.on_disk.confined import (
    file_for_adding,
    is_file_inside,
    open_inside,
    read_inside,
)
from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.store.log_ends import note_end, noted_ends
from experiments.sweeps.store.schemas import (
    LOG_FORMAT,
    LOG_NAME_PATTERN,
    MERGED_PART,
    PART_OF_WRITER,
    FailedLine,
    LogLine,
    MergedLine,
    PartLine,
    RepairedLine,
    SessionLine,
    SetAsideLine,
    checked_line,
)

FOLDER = "log"
LOG_NAME = re.compile(LOG_NAME_PATTERN)
_PART = re.compile(f"{PART_OF_WRITER}|{MERGED_PART.replace('?P<mark>', '')}")
CHECK_BYTES = 16
_OPENING = b'{"check":"'


@dataclass(frozen=True)
class Damage:
    """A line that is not as it was written.

    Attributes
    ----------
    log : str
        Name of the file.
    line : int
        From 1; 0 is all of a log that is gone.
    sha256 : str
        Of the line as it is now; ``""`` where lines before it are missing.
    missing : int
        Number of the last line that is missing before it; 0 if none is.
    is_end : bool
        Whether there is no such line, though there was one.
    """

    log: str
    line: int
    sha256: str
    missing: int = 0
    is_end: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        if self.line == 0:
            return f"{FOLDER}/{self.log}: is missing, though it was written to"
        if self.is_end:
            return f"{FOLDER}/{self.log}: ends before line {self.line}, though it had gone on"
        what = "is damaged" if self.sha256 else "does not follow the one before it"
        return f"{FOLDER}/{self.log}: line {self.line} {what}"


class RunLog:
    """The log of one writer, open for adding.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    writer : str
        Its log is made if it is not there.

    Raises
    ------
    StoreError
        If something that is no file has the name of that log.
    """

    def __init__(self, folder: Path, writer: str) -> None:
        name = f"{writer}.jsonl"
        path = folder / FOLDER / name
        if os.path.lexists(path) and not is_file_inside(path):
            raise StoreError(f"{FOLDER}/{name}: is no file, and this program's log; move it away")
        if os.path.lexists(path) and path.lstat().st_nlink > 1:
            # Its other name may be that of a copy, in which nothing is to change.
            write_whole(path, read_inside(folder, f"{FOLDER}/{name}"))
        # Before its own is there: whoever finds that one and not these has lost them.
        self._told_first = {"logs": [other for other in written_logs(folder) if other != name]}
        self._file = file_for_adding(folder, f"{FOLDER}/{name}")
        self._file.seek(0)
        found = _scanned(name, self._file.read())
        last = max((record["n"] for record in found.records), default=0)
        self._folder, self._name, self._noted = folder, name, noted_ends(folder).get(name, 0)
        # Where the end is lost, what comes now does not take the place of what is missing.
        self._next = max(last, self._noted if last else 0) + 1
        # What a killed writer left half-written must not swallow the next line.
        if found.torn:
            self._file.truncate(self._file.seek(0, os.SEEK_END) - found.torn)
        elif found.open_ended:
            self._file.write(b"\n")

    def add(self, event: str, **facts: Any) -> None:
        """Add a line and have the disk keep it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {"n": self._next, "event": event, "format": LOG_FORMAT, "time": now, **facts}
        record |= self._told_first
        left, before = as_line(record), self._file.seek(0, os.SEEK_END)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
            os.fsync(self._file.fileno())
        except BaseException:
            # Neither half a line that the next would be added to, nor one told twice.
            self._file.truncate(before)
            raise
        self._told_first = {}
        if self._next < self._noted:  # a log that was gone begins anew, and so does its note
            with suppress(OSError):  # the line is there; it is noted when the log is closed
                self._note(self._next)
        self._next += 1

    def close(self) -> None:
        """Close the file, and note where it ends."""
        self._file.close()
        if self._next - 1 != self._noted:
            self._note(self._next - 1)

    def _note(self, last: int) -> None:
        note_end(self._folder, self._name, last)
        self._noted = last


@dataclass(frozen=True)
class Part:
    """A Parquet file with results.

    Attributes
    ----------
    name : str
        Relative to the folder of the sweep.
    sha256 : str
    runs : tuple of str
        Identities of the runs that it holds, in their order.
    makers : tuple of mapping
        Who made its results, see `experiments.sweeps.store.maker`.
    made_by : tuple of int
        Place in ``makers`` of each run's.
    """

    name: str
    sha256: str
    runs: tuple[str, ...]
    makers: tuple[Mapping[str, Any], ...]
    made_by: tuple[int, ...]


@dataclass
class History:
    """What all logs of a sweep say together.

    Attributes
    ----------
    parts : dict of str to Part
        Those that hold results now, by name.
    known : dict of str to str
        SHA-256 of every part there ever was, by name.
    failed : dict of str to FailedLine
        The last failure of each run that failed.
    seconds : dict of str to float
        Wall time of a run.
    sessions : list of SessionLine
        One a program that worked on the sweep.
    last : str
        Time of the last line, ISO 8601; ``""`` before the first.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    failed: dict[str, FailedLine] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    sessions: list[SessionLine] = field(default_factory=list)
    last: str = ""

    @property
    def done(self) -> set[str]:
        """Runs whose results are stored."""
        return {run for part in self.parts.values() for run in part.runs}

    @property
    def makers(self) -> list[Mapping[str, Any]]:
        """Makers of the results that count, each once."""
        found: list[Mapping[str, Any]] = []
        for part in self.parts.values():
            found += [maker for maker in part.makers if maker not in found]
        return found

    def maker_of(self) -> dict[str, int]:
        """Return for each run that is done the place of its maker in `makers`."""
        makers = self.makers
        found: dict[str, int] = {}
        for part in self.parts.values():
            place = [makers.index(maker) for maker in part.makers]
            for run, number in zip(part.runs, part.made_by, strict=True):
                found.setdefault(run, place[number])
        return found


def read_history(folder: Path) -> History:
    """Return what the logs of a sweep say.

    Parameters
    ----------
    folder : Path
        Of the sweep.

    Raises
    ------
    StoreError
        If a line is damaged, of a newer format, or says what no line says.
    """
    lines, damages = _read_all(folder)
    if damages:
        raise StoreError(
            f"{damages[0]}; 'nearshore sweep ... --resume' or 'nearshore results DIR --compact' "
            "leaves it out and says so in the log"
        )
    history = History()
    gone: set[str] = set()
    for line in sorted(lines, key=lambda line: line.time):
        history.last = max(history.last, line.time)
        _take(history, gone, line)
    for name in gone:
        history.parts.pop(name, None)
    for run in history.done:
        history.failed.pop(run, None)
    return history


def damages_of(folder: Path) -> list[Damage]:
    """Return lines that are damaged and that no repair has named so far."""
    return _read_all(folder)[1]


def as_line(record: Mapping[str, Any]) -> bytes:
    """Return a line of a log, its checksum first."""
    text = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    rest = text.encode()[1:]
    return _OPENING + _check(rest) + b'",' + rest + b"\n"


def _check(rest: bytes) -> bytes:
    return blake2b(rest, digest_size=CHECK_BYTES).hexdigest().encode()


def _record(line: bytes) -> dict[str, Any] | None:
    """Return what a line says; None if it is not as it was written."""
    at = len(_OPENING) + 2 * CHECK_BYTES
    check, rest = line[len(_OPENING) : at], line[at + 2 :]
    if not line.startswith(_OPENING) or line[at : at + 2] != b'",' or check != _check(rest):
        return None
    try:
        record = json.loads(b"{" + rest)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and type(record.get("n")) is int else None


@dataclass
class _Scanned:
    """The lines of one file: records, those that are damaged, and how it ends."""

    records: list[dict[str, Any]] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    torn: int = 0
    open_ended: bool = False


def _scanned(name: str, content: bytes, noted: int = 0) -> _Scanned:
    """Read the lines of a log, whose last one had at least the number that was noted."""
    found = _Scanned()
    *lines, tail = content.split(b"\n")
    if tail:
        # A kill leaves the beginning of a line; a whole one and more is no such thing.
        found.open_ended = any(_record(part) is not None for part in (tail, tail[:-1]))
        if found.open_ended:
            lines.append(tail)
        else:
            found.torn = len(tail)
    expected, excused = 1, False
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        if record is None or record["n"] < expected:
            found.damages.append(Damage(name, number, sha256(line).hexdigest()))
            excused = True
            continue
        if record["n"] > expected and not excused:
            found.damages.append(Damage(name, number, "", record["n"] - 1))
        found.records.append(record)
        expected, excused = record["n"] + 1, False
    if lines and expected <= noted and not excused:
        found.damages.append(Damage(name, len(lines) + 1, "", noted, is_end=True))
    return found


def _read_all(folder: Path) -> tuple[list[LogLine], list[Damage]]:
    """Return lines of all logs, and those that are damaged but for what was repaired."""
    lines: list[LogLine] = []
    damages: list[Damage] = []
    noted = noted_ends(folder)  # before the logs, which may grow meanwhile
    for name, content in _logs(folder):
        found = _scanned(name, content, noted.get(name, 0))
        where = f"{FOLDER}/{name}"
        lines += [checked_line(record, where) for record in found.records]
        damages += found.damages
    repaired = {
        Damage(line.log, line.line, line.sha256, line.missing)
        for line in lines
        if isinstance(line, RepairedLine)
    }
    damages += _missing_logs(folder, lines, noted)
    return lines, [damage for damage in damages if damage not in repaired]


def _missing_logs(folder: Path, lines: Iterable[LogLine], noted: Mapping[str, int]) -> list[Damage]:
    """Return logs that are gone, though other logs, notes of their ends or parts tell of them.

    A writer makes its log before anything else, so one that is not there was taken away.
    """
    written, there = set(written_logs(folder)), set(log_names(folder))
    missing = {name for line in lines for name in line.logs} - written
    missing |= {name for name, last in noted.items() if last} - written
    for path in (folder / "parts").glob("*.parquet"):
        part = _PART.fullmatch(path.name)
        if part is None or not is_file_inside(path):
            continue  # somebody's file
        if part["writer"] is not None:
            missing |= {f"{part['writer']}.jsonl"} - there
        elif not written:
            missing.add("main.jsonl")  # whoever merged it had a log
    return [Damage(name, 0, "") for name in sorted(missing)]


def log_names(folder: Path) -> list[str]:
    """Return the names of a sweep's logs; a folder or pipe with such a name is none.

    A link with the name of a log is one, and refused by whoever reads it.
    """
    return [
        path.name
        for path in sorted((folder / FOLDER).glob("*.jsonl"))
        if LOG_NAME.fullmatch(path.name) and (path.is_symlink() or is_file_inside(path))
    ]


def written_logs(folder: Path) -> list[str]:
    """Return the names of logs with a whole line; less than one is what a kill leaves."""
    found = []
    for name in log_names(folder):
        # What cannot be read is there, and refused by whoever reads it.
        with suppress(OSError), open_inside(folder, f"{FOLDER}/{name}") as file:
            if not file.readline().endswith(b"\n"):
                continue
        found.append(name)
    return found


def strange_logs(folder: Path) -> list[str]:
    """Return a line about each file or folder among the logs that is none."""
    known = log_names(folder)
    return [
        f"{FOLDER}/{path.name}: is no log of this sweep; left alone"
        for path in sorted((folder / FOLDER).iterdir())
        if path.name not in known and not path.name.startswith(".")
    ]


def _logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in log_names(folder):
        try:
            yield name, read_inside(folder, f"{FOLDER}/{name}")
        except OSError as error:
            said = error.strerror
            raise StoreError(f"{FOLDER}/{name}: cannot be read ({said})") from None


def _take(history: History, gone: set[str], line: LogLine) -> None:
    """Add what a line says to a history, and to ``gone`` the parts that it takes out."""
    match line:
        case PartLine():
            maker = line.maker.model_dump()
            runs = tuple(line.runs)
            _add(history, Part(line.part, line.sha256, runs, (maker,), (0,) * len(runs)))
            history.seconds.update(zip(runs, line.seconds, strict=False))
        case MergedLine():
            for one in line.parts:
                makers = tuple(maker.model_dump() for maker in one.makers)
                part = Part(one.part, one.sha256, tuple(one.runs), makers, tuple(one.made_by))
                _add(history, part)
            gone.update(line.replaces)
        case SetAsideLine():
            gone.add(line.part)
        case FailedLine():
            history.failed[line.run] = line
        case SessionLine():
            history.sessions.append(line)


def _add(history: History, part: Part) -> None:
    """Add a part, whose name no other may have."""
    whose = len(part.made_by) == len(part.runs)
    if not whose or max(part.made_by, default=-1) >= len(part.makers):
        raise StoreError(f"{FOLDER}: {part.name} is named without the maker of each of its runs")
    if history.known.setdefault(part.name, part.sha256) != part.sha256:
        raise StoreError(f"{FOLDER}: names {part.name} twice, with two checksums")
    history.parts[part.name] = part
