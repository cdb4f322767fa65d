"""The folder of a sweep: what it is, what it holds, and who may write to it.

::

    manifest.json     what the sweep is, the checksums of its files, and one of its own
    design.parquet    a row a run;  points.json the exact values
    scenarios/        every scenario in full
    log/              run logs, one a writer
    ends/             how far each log had come when its program ended
    parts/            results as they came, and merged
    results.parquet   a copy of all results in canonical order, for people
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
from abm.errors import OutputError, ScenarioError, StoreError
from experiments.runs.on_disk.confined import is_file_inside, read_inside
from experiments.runs.on_disk.leftovers import ON_ITS_WAY, remove_left_files
from experiments.runs.on_disk.run_folders import (
    MANIFEST,
    PROGRAM,
    is_full,
    read_json,
    seal_holds,
    sealed,
    write_whole,
)
from experiments.sweeps.design.plan import DESIGN_KINDS, SweepPlan
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import KEYS, RUN, RunSpec
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.parts import table_in
from experiments.sweeps.store.run_log import History, Part, read_history
from experiments.sweeps.store.schemas import checked_manifest

SWEEP_FORMAT = 2
"""Of the folder. In 1 neither manifest, scenarios nor lines of the log had a checksum."""

KIND = "sweep"

DESIGN = "design.parquet"
POINTS = "points.json"
RESULTS = "results.parquet"
FOLDERS = ("scenarios", "log", "ends", "parts", "set-aside", "locks")

WHOLE = "all"
"""Lock of a program that works on all of a sweep, and of one that makes the folder."""

PATIENCE_SECONDS = 2.0
"""Shards hold the lock of the whole for a moment while they join."""

_DESIGN_FILE = re.compile(rf"([0-9a-f]{{12}})-({re.escape(DESIGN)}|{re.escape(POINTS)})")
_SCENARIO_FILE = re.compile(r"\d{1,6}-[A-Za-z0-9_-]{1,60}\.toml")
_LOCK = re.compile(r"all|shard-\d+-of-\d+")


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
            files = _write_scenarios(folder, plan.scenarios)
            # Not a hash of the package: what the sweep asks for is what the file says.
            asked = plan.sweep.model_dump(mode="json")
            return cls._write(folder, plan, {**facts, "asked": asked, "scenarios": files})

    def extended(self, plan: SweepPlan) -> "SweepStore":
        """Write a design that holds the present one and more."""
        with _as_output_error(self.folder):
            store = self._write(self.folder, plan, self.manifest)
            for name in set(self.manifest["files"].values()) - set(
                store.manifest["files"].values()
            ):
                if _is_our_design(self.folder / name):
                    (self.folder / name).unlink()
            return store

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
            "economies": plan.economies,
            "files": files,
            "sha256": marks,
        }
        manifest = sealed(manifest)
        text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
        write_whole(folder / MANIFEST, text.encode())
        return cls(folder, manifest)

    def copied(self, folder: Path) -> "SweepStore":
        """Make a folder of the same sweep, without results; the manifest comes last.

        Raises
        ------
        StoreError
            If a file is damaged.
        OutputError
            If the folder cannot be written.
        """
        contents = {self.manifest["files"][name]: self._checked(name) for name in (DESIGN, POINTS)}
        for stored in self.manifest["scenarios"].values():
            contents[stored["file"]] = self._read(stored["file"], stored["sha256"])
        with _as_output_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in FOLDERS:
                (folder / name).mkdir(exist_ok=True)
            for name, content in contents.items():
                write_whole(folder / name, content)
            text = json.dumps(self.manifest, indent=2, allow_nan=False) + "\n"
            write_whole(folder / MANIFEST, text.encode())
        return SweepStore.open(folder)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Return whether a folder is that of a sweep, rather than of a single run."""
        manifest = read_json(folder, MANIFEST)
        return manifest.get("kind") == KIND or "sweep" in manifest  # one of the two is damaged

    @classmethod
    def open(cls, folder: Path) -> "SweepStore":
        """Return the sweep in a folder.

        Raises
        ------
        StoreError
            If there is none that this version can read.
        """
        path = folder / MANIFEST
        if not path.exists() and not path.is_symlink():
            raise StoreError(f"{folder}: holds no sweep ({MANIFEST} is missing)")
        manifest = read_json(folder, MANIFEST)
        if not manifest:
            raise StoreError(f"{path}: cannot be read; it is no manifest, or damaged")
        if manifest.get("program") != PROGRAM or manifest.get("kind") != KIND:
            raise StoreError(f"{path}: is not the manifest of a sweep; nothing was touched")
        if manifest.get("format") != SWEEP_FORMAT:
            raise StoreError(
                f"{path}: is of format {shown(manifest.get('format'))}, this version reads "
                f"{SWEEP_FORMAT}; nothing was touched"
            )
        if not seal_holds(manifest):
            raise StoreError(
                f"{path}: is damaged; it is not what was written (its checksum does not hold)"
            )
        checked_manifest(manifest, str(path))
        for name in FOLDERS:
            _check_own_folder(folder / name)
        store = cls(folder, manifest)
        _ = store.sweep, store.asked  # says what is wrong with them
        return store

    @property
    def sweep(self) -> SweepFile:
        """What is swept, extensions included."""
        return self._file("sweep")

    @property
    def asked(self) -> SweepFile:
        """What the file asked for when the folder was made."""
        return self._file("asked")

    def _file(self, key: str) -> SweepFile:
        try:
            return SweepFile.from_document(self.manifest[key])
        except ScenarioError as error:
            raise StoreError(f"{self.folder / MANIFEST}: is wrong in '{key}': {error}") from None

    def design(self) -> pa.Table:
        """Return the table of runs in canonical order."""
        try:
            table = table_in(self._checked(DESIGN))
            kinds = [DESIGN_KINDS.get(field.name, field.type) for field in table.schema]
            table = table.cast(pa.schema(map(pa.field, table.column_names, kinds)))
            gaps = sum(table[name].null_count for name in DESIGN_KINDS)
        except (OSError, ValueError, LookupError, pa.ArrowException) as error:
            said = " ".join(str(error).split())[:200]
            raise StoreError(f"{self.folder}: the design is no table of runs ({said})") from None
        if gaps:
            raise StoreError(f"{self.folder}: the design has gaps")
        if set(table.column_names) != {RUN, *KEYS, *self.sweep.factors}:
            raise StoreError(f"{self.folder}: the design has other factors than the manifest")
        return table

    def specs(self) -> list[RunSpec]:
        """Return every run once, those of one replication together: they share a base year."""
        sweep, design = self.sweep, self.design()
        points, fixed = self.points(), tuple(sweep.set.items())
        quarters: dict[str, int] = self.manifest["quarters"]
        found: dict[str, RunSpec] = {}
        rows = design.select(["run", "scenario", "point", "replication", "seed"]).to_pydict()
        for run, scenario, point, replication, seed in zip(*rows.values(), strict=True):
            if scenario not in quarters or not 1 <= point <= len(points):
                raise StoreError(f"{self.folder}: the design names what the manifest does not have")
            if run not in found:
                values = (*fixed, *points[point - 1].items())
                found[run] = RunSpec(
                    run, scenario, values, replication, seed, sweep.firms, quarters[scenario]
                )
        return sorted(found.values(), key=lambda spec: spec.replication)

    def points(self) -> list[Point]:
        """Return the points in their order, with the exact values."""
        keys = list(self.sweep.factors)
        try:
            rows = json.loads(self._checked(POINTS))
            return [dict(zip(keys, row, strict=True)) for row in rows]
        except (ValueError, TypeError, RecursionError):
            raise StoreError(f"{self.folder}: the points are not those of the factors") from None

    def scenarios(self) -> dict[str, str]:
        """Return the text of every scenario by its name, each as it was written."""
        texts = {}
        for name, stored in self.manifest["scenarios"].items():
            content = self._read(stored["file"], stored["sha256"])
            try:
                texts[name] = content.decode()
            except ValueError:
                raise StoreError(f"{self.folder / stored['file']}: is no text") from None
        return texts

    def history(self) -> History:
        """Return what the logs say."""
        return read_history(self.folder)

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
        return self._read(self.manifest["files"][name], self.manifest["sha256"][name])

    def _read(self, name: str, checksum: str) -> bytes:
        path = self.folder / name
        try:
            content = read_inside(self.folder, name)
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
        if sha256(content).hexdigest() != checksum:
            raise StoreError(f"{path}: is damaged; its checksum is not that of the manifest")
        return content


def _check_own_folder(folder: Path) -> None:
    """Refuse whatever stands in the place of a folder of a sweep."""
    if folder.is_symlink():
        raise StoreError(f"{folder}: is a link, not a folder of this sweep")
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder}: is no folder, and this sweep's is to be; move it away")


def _write_scenarios(folder: Path, texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Write the texts of scenarios; return where each lies and its checksum, by name."""
    files = {}
    for number, (name, text) in enumerate(texts.items(), start=1):
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:60].strip("-") or "scenario"
        file, content = f"scenarios/{number}-{safe}.toml", text.encode()
        path = folder / file
        if path.is_symlink() or (path.exists() and read_inside(folder, file) != content):
            raise OutputError(
                f"{folder}: holds {file}, which says something else; name a new folder"
            )
        write_whole(path, content)
        files[name] = {"file": file, "sha256": sha256(content).hexdigest()}
    return files


def remove_left(store: SweepStore) -> None:
    """Remove what a kill left on its way into the folder of a sweep."""
    for place in ("", *FOLDERS):
        remove_left_files(store.folder / place)


def _is_our_design(path: Path) -> bool:
    """Return whether a file has the name that a sweep would give to the design in it."""
    found = _DESIGN_FILE.fullmatch(path.name)
    if found is None or not is_file_inside(path):
        return False
    return sha256(path.read_bytes()).hexdigest().startswith(found[1])


def _is_from_a_first_attempt(path: Path) -> bool:
    """Return whether a path of a new folder is what a kill left there, to be made anew."""
    if path.is_symlink():
        return False
    if path.name == "scenarios" and path.is_dir():
        return all(
            _SCENARIO_FILE.fullmatch(file.name) or ON_ITS_WAY.fullmatch(file.name)
            for file in path.iterdir()
        )
    if path.name in FOLDERS and path.is_dir():
        return path.name == "locks" or not any(path.iterdir())
    return _is_our_design(path) or ON_ITS_WAY.fullmatch(path.name) is not None


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
    if folder.exists():
        held = sorted(path.name for path in folder.iterdir() if not _is_from_a_first_attempt(path))
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
    _check_own_folder(locks)
    with _as_output_error(folder):
        locks.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if name != WHOLE:
            with _one_lock(locks, WHOLE):  # shards join while no one holds the whole
                stack.enter_context(_one_lock(locks, name))
        else:
            stack.enter_context(_one_lock(locks, WHOLE))
            for path in sorted(locks.glob("*.lock")):
                if path.stem != WHOLE and _LOCK.fullmatch(path.stem):
                    with _one_lock(locks, path.stem):
                        pass
        yield


@contextmanager
def _one_lock(locks: Path, name: str) -> Iterator[None]:
    holder = locks / f"{name}.holder"
    for path in (holder, locks / f"{name}.lock"):
        # A lock is empty; it is emptied when it is taken.
        held = is_file_inside(path) and path != holder and path.stat().st_size
        if held or (os.path.lexists(path) and not is_file_inside(path)):
            raise StoreError(f"{path}: is no lock of this sweep; move it away")
    lock = FileLock(locks / f"{name}.lock")
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        try:
            by = read_inside(locks, holder.name)[:200].decode(errors="replace").strip()
        except OSError:
            by = ""
        by = "".join(letter if letter.isprintable() else "?" for letter in by) or "another program"
        raise StoreError(f"{locks.parent}: is in use by {by}; wait for it, or stop it") from None
    except OSError as error:
        raise OutputError(f"{locks.parent}: cannot be written ({error.strerror})") from None
    try:
        write_whole(holder, f"process {os.getpid()} on {platform.node()}\n".encode())
        yield
    finally:
        lock.release()


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise  # a limit that may be gone when it is tried again
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error
