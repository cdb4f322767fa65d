"""What is kept of a session: tables, the scenario with its levers, and a link that restores it.

Links and uploads come from anyone. Both are read as scenario files are, and checked
the same; nothing in them names a file, but for the economy that the page itself serves.
"""

import base64
import binascii
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa

from abm.config import files
from abm.config.keys import keys_of
from abm.economy.folders import base_years, economy_checksum
from abm.economy.tables import BASE_YEAR
from abm.errors import ScenarioError
from abm.policy.timeline import first_day, quarter_of
from abm.scenario.levers import TITLE, with_levers
from abm.scenario.scenario import Scenario, shipped
from experiments.outcomes.derived import derived
from experiments.runs.on_disk.run_folders import write_table
from experiments.scenarios.describe import described_scenario
from viz.lab.laboratory import Laboratory, Played, PulledLever, Standing, Start

LONGEST_LINK = 8_000
"""Characters; what is longer is saved as a scenario file instead."""

LARGEST_UPLOAD = 1_000_000
"""Bytes, as a scenario file may have."""


NO_LEVERS, AS_IT_WAS = "no levers", "as it was"
"""Names of second worlds: what the first did at its start, and what it did before a fork."""


def second_world(scenario: Scenario, name: str) -> Scenario:
    """What a second world does: a shipped scenario, or the first one without its levers.

    Parameters
    ----------
    scenario : Scenario
        That of the first world; both worlds have its economy, so they differ by policy.
    name : str
        `NO_LEVERS`, or that of a shipped scenario.
    """
    if name == NO_LEVERS:
        return scenario.model_copy(update={"name": name})
    return Scenario.load(name).on_economy(scenario.economy.table)


def scenario_file(played: Standing) -> bytes:
    """The scenario that gives the session again, as TOML, with the command that runs it."""
    head = (
        f"# Played in the laboratory. The same tables again:\n"
        f"# nearshore run FILE --firms {played.start.firms} --seed {played.start.seed}\n"
    )
    return (head + described_scenario(played.played())).encode()


def tables(lab: Laboratory) -> bytes:
    """All tables of the first world as CSV and Parquet in a ZIP, with seed and scenario inside."""
    packed = io.BytesIO()
    with lab.lock:
        frames, played = lab.world.model.frames(), lab.standing()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, frame in (frames | derived(frames)).items():
            archive.writestr(f"{name}.parquet", _parquet(name, frame))
            archive.writestr(f"{name}.csv", _csv(frame))
        archive.writestr("scenario.toml", scenario_file(played))
        archive.writestr("about.json", json.dumps(_about(played, lab), indent=2))
    return packed.getvalue()


def _about(played: Standing, lab: Laboratory) -> dict[str, Any]:
    from experiments.runs.on_disk.provenance import versions

    return {
        "scenario": played.played().name,
        "seed": played.start.seed,
        "firms": played.start.firms,
        "quarters": played.quarter,
        "calibration_checksum": lab.world.model.calibration_checksum,
        "versions": versions(),
    }


def _parquet(name: str, frame: Any) -> bytes:
    sink = pa.BufferOutputStream()
    write_table(sink, name, frame)
    return bytes(sink.getvalue().to_pybytes())


def _csv(frame: Any) -> str:
    """Text that a spreadsheet opens; a cell that looks like a formula is no formula."""
    safe = frame.copy()
    for column in safe.select_dtypes(exclude="number").columns:
        safe[column] = [
            f"'{text}" if str(text).startswith(("=", "+", "-", "@")) else text
            for text in safe[column]
        ]
    return str(safe.to_csv(index=False))


def levers_of(scenario: Scenario, base: Scenario) -> tuple[PulledLever, ...]:
    """The levers that were pulled in a run of a scenario, in the order of their quarters."""
    return tuple(
        (quarter_of(entry.date, base.start), entry.set)
        for entry in scenario.timeline
        if entry.title == TITLE and entry not in base.timeline
    )


def forked(played: Standing, quarter: int) -> Played:
    """What brings a run back to an earlier quarter, beside a second world that goes on as it did.

    Parameters
    ----------
    played : Standing
    quarter : int
        The last one that both worlds share.
    """
    base = played.start.scenario
    levers = levers_of(played.scenario, base)
    as_it_was = with_all(base, levers).model_copy(update={"name": AS_IT_WAS})
    before = tuple(lever for lever in levers if lever[0] <= quarter)
    return Played(replace(played.start, against=as_it_was), before, quarter)


def with_all(scenario: Scenario, levers: Sequence[PulledLever]) -> Scenario:
    """A scenario with levers pulled as if each was in the file from the start."""
    for quarter, changes in levers:
        scenario = with_levers(scenario, quarter, changes)
    return scenario


def _written(levers: Sequence[PulledLever], start: date) -> list[list[object]]:
    return [[first_day(quarter, start).isoformat(), dict(changes)] for quarter, changes in levers]


def link(played: Standing, other: Scenario | None = None) -> str | None:
    """The query of an address that restores scenario, seed and levers; None if too long.

    Parameters
    ----------
    played : Standing
    other : Scenario, optional
        What the second world does.
    """
    base = played.start.scenario
    mine = _written(levers_of(played.scenario, base), base.start)
    document: dict[str, Any] = {"firms": played.start.firms, "seed": played.start.seed,
                                "quarters": played.quarter, "levers": mine}  # fmt: skip
    table = base.economy.table
    if base.name in shipped() and Scenario.load(base.name).on_economy(table) == base:
        document["scenario"] = base.name
        document["economy"] = _mark(table)
    else:
        document["toml"] = described_scenario(base)
    if other is not None and other.name == AS_IT_WAS:
        document["against"] = _written(levers_of(other, base), base.start)
    elif other is not None and other.name in (NO_LEVERS, *shipped()):
        document["against"] = other.name
    packed = zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return text if len(text) <= LONGEST_LINK else None


def restored(text: str, served: str = BASE_YEAR) -> Played:
    """From a link: what to start from, the levers pulled, and how many quarters were played.

    Parameters
    ----------
    text : str
    served : str
        The economy that the page serves.

    Raises
    ------
    ScenarioError
        If it is no link of ours, or says what a scenario may not say.
    """
    try:
        if len(text) > LONGEST_LINK:
            raise ValueError("too long")
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        reader = zlib.decompressobj()
        raw = reader.decompress(packed, LARGEST_UPLOAD)
        document = json.loads(raw)
        firms, seed, quarters = (document[name] for name in ("firms", "seed", "quarters"))
        whole = all(type(number) is int for number in (firms, seed, quarters))
        if not whole or seed < 0 or not 0 <= quarters <= 400:
            raise ValueError("numbers")
        scenario, against = _named(document, served), document.get("against")
        levers = _levers(document.get("levers", []), scenario)
    except (ValueError, KeyError, TypeError, binascii.Error, zlib.error, RecursionError):
        raise ScenarioError("link: cannot be read; it may have been cut short") from None
    other = None if against is None else _against(against, scenario)
    return Played(Start(scenario, firms, seed, other), levers, quarters)


def _named(document: dict[str, Any], served: str) -> Scenario:
    if "toml" in document:
        return _read(str(document["toml"]), served)
    name = document["scenario"]
    if not isinstance(name, str) or name not in shipped():
        raise ScenarioError("link: names a scenario that is not shipped")
    return Scenario.load(name).on_economy(_marked(document, served))


def _against(said: object, scenario: Scenario) -> Scenario:
    """What the second world of a link does."""
    if isinstance(said, list):
        try:
            levers = _levers(said, scenario)
        except (ValueError, TypeError):
            raise ScenarioError("link: cannot be read; it may have been cut short") from None
        return with_all(scenario, levers).model_copy(update={"name": AS_IT_WAS})
    if said not in (NO_LEVERS, *shipped()):
        raise ScenarioError("link: compares with a scenario that is not shipped")
    return second_world(scenario, str(said))


def _levers(said: list[Any], scenario: Scenario) -> tuple[PulledLever, ...]:
    """The levers of a link in the order of their quarters, once the scenario takes them."""
    found = []
    for day, changes in said:
        quarter = quarter_of(date.fromisoformat(day), scenario.start)
        scenario = with_levers(scenario, quarter, dict(changes))
        found.append((quarter, dict(changes)))
    return tuple(sorted(found, key=lambda lever: lever[0]))


def _mark(table: str) -> str:
    """What a link says of an economy: a base year, or what its tables amount to."""
    return table if table in base_years() else economy_checksum(table)[:12]


def _marked(document: dict[str, Any], served: str) -> str:
    """The economy that a link means, if it is shipped or served."""
    mark = document.get("economy", BASE_YEAR)
    if mark in base_years():
        return str(mark)
    if mark != _mark(served):
        raise ScenarioError("link: is of an economy that this page does not serve")
    return served


def _read(text: str, served: str) -> Scenario:
    """A scenario that is a text, on the economy served unless it names a base year."""
    document = files.read_text(text, keys_of(Scenario))
    economy = document.get("economy")
    table = economy.get("table") if isinstance(economy, dict) else None
    if table is None:
        return Scenario.from_document(document).on_economy(served)
    # Before it is looked for: strangers learn nothing about folders of this machine.
    if str(table) not in (*base_years(), served):
        raise ScenarioError("economy.table: names an economy that this page does not serve")
    return Scenario.from_document(document)


def uploaded(raw: bytes, served: str = BASE_YEAR) -> Scenario:
    """The scenario in a file that someone uploads; its name plays no part.

    Parameters
    ----------
    raw : bytes
    served : str
        The economy that the page serves.

    Raises
    ------
    ScenarioError
        If it is too large, no text, or says what a scenario may not say.
    """
    if len(raw) > LARGEST_UPLOAD:
        raise ScenarioError("upload: is larger than a scenario may be (1 MB)")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"upload: is not UTF-8 text (byte {error.start})") from None
    return _read(text, served)
