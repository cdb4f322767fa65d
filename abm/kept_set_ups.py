"""Set-ups that are kept: who asks for the same firms again does not wait for them again.

A set-up is a pure function of figures, assumptions, number of firms and seed. It is kept in the
user's cache under a name made of all of them, of the program's own files and of the machine, so
that what is found is what would be worked out, to the last bit. It holds arrays and numbers alone,
and is written whole or not at all; what cannot be read is worked out again.
"""

import json
import os
import platform
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
import scipy

import agents
from abm import data
from abm.base_year.calibration import BaseYear
from abm.base_year.set_up import (
    CalibratedEconomy,
    assumed,
    base_policy,
    calibrated_economy,
    scaled,
)
from abm.economy.tables import Array, Economy
from abm.engine.cache_folder import cache_folder
from abm.engine.draws import Draws
from abm.engine.kernel_choice import kernel_name
from abm.engine.taken_apart import TakenApart, packed, unpacked
from abm.scenario.scenario import Scenario
from abm.trade.inputs.suppliers import SupplierNetwork
from agents import FirmTable

LARGEST_KEPT = 20_000
"""Set-ups of more are not kept: they are asked for once, and take much room."""

ROOM = 1_000_000_000
"""Bytes that set-ups may take up; those not used for longest go first."""

PARTS = {
    "firms": FirmTable,
    "network": SupplierNetwork,
    "base_year": BaseYear,
    "base_values": Array,
}
"""What is kept; economy and policy of the calibration year are read anew."""

TEXT_OF_NUMBERS = "numbers"
"""Array of a file that holds the text of what is no array."""

PREFIX = "set-up-"

SET_UPS, ANEW = "NEARSHORE_SET_UPS", "anew"
"""Environment variable, and its value where all set-ups are worked out and none is kept."""


@contextmanager
def set_up_anew() -> Iterator[None]:
    """Work set-ups out, whatever is kept, and keep none; for those who time or change them.

    It holds for processes started meanwhile, too.
    """
    before = os.environ.get(SET_UPS)
    os.environ[SET_UPS] = ANEW
    try:
        yield
    finally:
        if before is None:
            del os.environ[SET_UPS]
        else:
            os.environ[SET_UPS] = before


def kept_economy(
    observed: Economy, scenario: Scenario, firms: int, draws: Draws
) -> CalibratedEconomy:
    """As `abm.base_year.set_up.calibrated_economy`, from the user's cache where it is there."""
    folder = cache_folder()
    if folder is None or firms > LARGEST_KEPT or os.environ.get(SET_UPS) == ANEW:
        return calibrated_economy(observed, scenario, firms, draws)
    path = folder / f"{PREFIX}{_name(observed, scenario, firms, draws)}.npz"
    found = _read(path, observed, scenario)
    if found is None:
        found = calibrated_economy(observed, scenario, firms, draws)
        with suppress(OSError):  # a full or foreign disk is no loss: it is worked out again
            _write(path, found)
    return found


def _name(observed: Economy, scenario: Scenario, firms: int, draws: Draws) -> str:
    """Another name once anything changes on which a set-up depends."""
    known = {
        "program": _program(),
        "kernel": kernel_name(),
        "economy": observed.fingerprint(),
        "assumed": [part.model_dump(mode="json") for part in assumed(scenario)],
        "firms": firms,
        "seed": draws.seed,
    }
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _program() -> str:
    """The program's own files and what else decides the last bits of its numbers."""
    told = sha256()
    for place in (platform.node(), platform.machine(), platform.python_version()):
        told.update(place.encode())
    told.update(f"{np.__version__} {scipy.__version__}".encode())
    for root in (Path(data.__path__[0]).parent, Path(agents.__path__[0])):
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                told.update(file.relative_to(root).as_posix().encode())
                told.update(sha256(file.read_bytes()).digest())
    return told.hexdigest()


def _read(path: Path, observed: Economy, scenario: Scenario) -> CalibratedEconomy | None:
    """What was kept under a name; None if nothing was, or it cannot be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        os.utime(path)  # used just now
        numbers = json.loads(arrays.pop(TEXT_OF_NUMBERS).tobytes())
        parts = TakenApart(unpacked(arrays, numbers.pop("axes_in_memory")), numbers)
        kept = {name: parts.take(name, kind) for name, kind in PARTS.items()}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    economy = scaled(observed, scenario)
    return CalibratedEconomy(economy=economy, base_policy=base_policy(), **kept)


def _write(path: Path, start: CalibratedEconomy) -> None:
    parts = TakenApart()
    for name in PARTS:
        parts.put(name, getattr(start, name))
    arrays, order = packed(parts.arrays)
    text = json.dumps({**parts.numbers, "axes_in_memory": order})
    arrays[TEXT_OF_NUMBERS] = np.frombuffer(text.encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_room(path.parent)
    new = path.with_name(f".{path.name}.{uuid4().hex[:16]}.new")
    try:
        with new.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _make_room(folder: Path) -> None:
    """Delete what was not used for longest, and what a killed process left, beyond the room."""
    kept = [(file, file.stat()) for file in folder.glob(f"*{PREFIX}*")]
    room = ROOM
    for file, about in sorted(kept, key=lambda entry: -entry[1].st_mtime):
        room -= about.st_size
        if room < 0:
            file.unlink(missing_ok=True)
