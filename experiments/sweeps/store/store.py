"""The folder of a sweep: what it is, what it holds, and who may write to it.

::

    manifest.json     what the sweep is, and the checksums of its design
    design.parquet    a row a run;  points.json the exact values
    scenarios/        every scenario in full
    log/              run logs, one a writer
    parts/            results as they came, and merged
    results.parquet   all results in canonical order
    set-aside/        parts that were damaged
    locks/            who is at work
"""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from abm.config.keys import shown
from abm.errors import OutputError, StoreError
from experiments.runs.folders import MANIFEST, PROGRAM, write_whole
from experiments.sweeps.design.plan import SweepPlan
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import RunSpec
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.run_log import History, Part, read_history

SWEEP_FORMAT = 1
KIND = "sweep"

DESIGN = "design.parquet"
POINTS = "points.json"
RESULTS = "results.parquet"
FOLDERS = ("scenarios", "log", "parts", "set-aside", "locks")

WHOLE = "all"
"""Lock of a program that works on all of a sweep, and of one that makes the folder."""

PATIENCE_SECONDS = 2.0
"""Shards hold the lock of the whole for a moment while they join."""

_PART_NAME = re.compile(r"[\w.-]{1,120}\.parquet")


@dataclass(frozen=True)
class SweepStore:
    """A sweep on disk.

    Attributes
    ----------
    folder : Path
    manifest : dict
        As in the file.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def create(cls, folder: Path, plan: SweepPlan, facts: Mapping[str, Any]) -> "SweepStore":
        """Make the folder of a sweep that has not begun; the manifest comes last.

        Raises
        ------
        OutputError
            If the folder holds something, or cannot be written.
        """
        with _as_output_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in FOLDERS:
                (folder / name).mkdir(exist_ok=True)
            files = {}
            for number, (name, text) in enumerate(plan.scenarios.items(), start=1):
                safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:60].strip("-") or "scenario"
                files[name] = f"scenarios/{number}-{safe}.toml"
                write_whole(folder / files[name], text.encode())
            # Not a hash of the package: what the sweep asks for is what the file says.
            asked = plan.sweep.model_dump(mode="json")
            return cls._write(folder, plan, {**facts, "asked": asked, "scenarios": files})

    def extended(self, plan: SweepPlan) -> "SweepStore":
        """Write a design that holds the present one and more."""
        with _as_output_error(self.folder):
            return self._write(self.folder, plan, self.manifest)

    @classmethod
    def _write(cls, folder: Path, plan: SweepPlan, facts: Mapping[str, Any]) -> "SweepStore":
        table = BytesIO()
        pq.write_table(plan.table(), table, compression="zstd")
        points = json.dumps([list(point.values()) for point in plan.points]).encode()
        contents = {DESIGN: table.getvalue(), POINTS: points}
        marks = {name: sha256(content).hexdigest() for name, content in contents.items()}
        files = {name: f"{mark[:12]}-{name}" for name, mark in marks.items()}
        # Under new names: until the manifest changes, the old design holds.
        for name, content in contents.items():
            write_whole(folder / files[name], content)
        manifest = {
            **facts,
            "format": SWEEP_FORMAT,
            "program": PROGRAM,
            "kind": KIND,
            "sweep": plan.sweep.model_dump(mode="json"),
            "quarters": plan.quarters,
            "runs": len(plan),
            "files": files,
            "sha256": marks,
        }
        text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
        write_whole(folder / MANIFEST, text.encode())
        for path in [*folder.glob(f"*-{DESIGN}"), *folder.glob(f"*-{POINTS}")]:
            if path.name not in files.values():
                path.unlink()
        return cls(folder, manifest)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Return whether a folder is that of a sweep, rather than of a single run."""
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(manifest, dict) and manifest.get("kind") == KIND

    @classmethod
    def open(cls, folder: Path) -> "SweepStore":
        """Return the sweep in a folder.

        Raises
        ------
        StoreError
            If there is none that this version can read.
        """
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise StoreError(f"{folder}: holds no sweep ({MANIFEST} is missing)") from None
        except (OSError, ValueError, RecursionError) as error:
            raise StoreError(f"{path}: cannot be read ({error})") from None
        ours = isinstance(manifest, dict) and manifest.get("program") == PROGRAM
        if not ours or manifest.get("kind") != KIND:
            raise StoreError(f"{path}: is not the manifest of a sweep; nothing was touched")
        if manifest.get("format") != SWEEP_FORMAT:
            raise StoreError(
                f"{path}: is of format {shown(manifest.get('format'))}, this version reads "
                f"{SWEEP_FORMAT}; nothing was touched"
            )
        return cls(folder, manifest)

    @property
    def sweep(self) -> SweepFile:
        """What is swept, extensions included."""
        return SweepFile.from_document(self.manifest["sweep"])

    @property
    def asked(self) -> SweepFile:
        """What the file asked for when the folder was made."""
        return SweepFile.from_document(self.manifest["asked"])

    def design(self) -> pa.Table:
        """Return the table of runs in canonical order."""
        return pq.read_table(BytesIO(self._checked(DESIGN)))

    def specs(self) -> list[RunSpec]:
        """Return every run once, those of one replication together: they share a base year."""
        sweep, design = self.sweep, self.design()
        points, fixed = self.points(), tuple(sweep.set.items())
        quarters: dict[str, int] = self.manifest["quarters"]
        found: dict[str, RunSpec] = {}
        rows = design.select(["run", "scenario", "point", "replication", "seed"]).to_pydict()
        for run, scenario, point, replication, seed in zip(*rows.values(), strict=True):
            if run not in found:
                values = (*fixed, *points[point - 1].items())
                found[run] = RunSpec(
                    run, scenario, values, replication, seed, sweep.firms, quarters[scenario]
                )
        return sorted(found.values(), key=lambda spec: spec.replication)

    def points(self) -> list[Point]:
        """Return the points in their order, with the exact values."""
        keys = list(self.sweep.factors)
        rows = json.loads(self._checked(POINTS))
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def scenarios(self) -> dict[str, str]:
        """Return the text of every scenario by its name."""
        try:
            return {
                name: (self.folder / file).read_text(encoding="utf-8")
                for name, file in self.manifest["scenarios"].items()
            }
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.folder}: a scenario cannot be read ({error})") from None

    def history(self) -> History:
        """Return what the logs say."""
        history = read_history(self.folder / "log")
        for name in history.parts:
            # A log is data, too: no part lies elsewhere.
            if not _PART_NAME.fullmatch(name.removeprefix("parts/")):
                raise StoreError(f"log: names {shown(name)}, which is no part of this sweep")
        return history

    def path(self, part: Part) -> Path:
        """Return where a part lies."""
        return self.folder / part.name

    @contextmanager
    def locked(self, name: str = WHOLE) -> Iterator[None]:
        """Keep other programs from the sweep, or from one shard of it.

        Raises
        ------
        StoreError
            If another program holds it, naming host and process.
        """
        with locked(self.folder, name):
            yield

    def _checked(self, name: str) -> bytes:
        path = self.folder / str(self.manifest["files"][name])
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
        if sha256(content).hexdigest() != self.manifest["sha256"][name]:
            raise StoreError(f"{path}: is damaged; its checksum is not that of the manifest")
        return content


def check_new_folder(folder: Path) -> None:
    """Refuse a folder that holds anything, or lies where nothing can be written.

    Raises
    ------
    OutputError
        Saying what to do.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder")
    if (folder / MANIFEST).exists():
        SweepStore.open(folder)
        raise OutputError(f"{folder}: holds a sweep; --resume goes on with it")
    allowed = set(FOLDERS)
    if folder.exists():
        held = sorted(
            path.name
            for path in folder.iterdir()
            # What a killed first attempt left has no manifest and is made anew.
            if path.name not in allowed and not path.name.endswith((DESIGN, POINTS, ".new"))
        )
        if held:
            raise OutputError(f"{folder}: holds {held[0]}; name a new or empty folder")
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: nothing can be written in {existing}")


@contextmanager
def locked(folder: Path, name: str = WHOLE) -> Iterator[None]:
    """Hold a lock in the folder of a sweep; the system frees it if this process is killed.

    A lock of the whole waits for no one and excludes all; shards exclude their own kind.
    """
    locks = folder / "locks"
    with _as_output_error(folder):
        locks.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if name != WHOLE:
            with _one_lock(locks, WHOLE):  # shards join while no one holds the whole
                stack.enter_context(_one_lock(locks, name))
        else:
            stack.enter_context(_one_lock(locks, WHOLE))
            for path in sorted(locks.glob("*.lock")):
                if path.stem != WHOLE:
                    with _one_lock(locks, path.stem):
                        pass
        yield


@contextmanager
def _one_lock(locks: Path, name: str) -> Iterator[None]:
    holder = locks / f"{name}.holder"
    lock = FileLock(locks / f"{name}.lock")
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        try:
            by = holder.read_text(encoding="utf-8").strip() or "another program"
        except OSError:
            by = "another program"
        raise StoreError(f"{locks.parent}: is in use by {by}; wait for it, or stop it") from None
    except OSError as error:
        raise OutputError(f"{locks.parent}: cannot be written ({error.strerror})") from None
    try:
        holder.write_text(f"process {os.getpid()} on {platform.node()}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error
