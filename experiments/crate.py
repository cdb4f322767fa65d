"""A run or a sweep as one archive that says what it holds: an RO-Crate.

RO-Crate 1.1 (Soiland-Reyes et al. 2022, Packaging research artefacts with RO-Crate):
a zip of the files as they lie in the folder, with their hashes, the scenario or the
design that made them, the packages they were made with, and one JSON-LD file that
ties them together, by the Process Run Crate profile 0.5.
"""

import hashlib
import json
import os
import zipfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from abm.economy.folders import ECONOMY_COLUMNS, base_years, economy_checksum
from abm.errors import OutputError, ScenarioError
from experiments.runs.finished_run import read_manifest
from experiments.runs.on_disk.run_folders import CHECKPOINT, MANIFEST, PROGRAM, read_json
from experiments.sweeps.store.store import SweepStore

METADATA = "ro-crate-metadata.json"
ENVIRONMENT = "environment.txt"
CONFIGURATION = "configuration.json"

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run"
LICENCE = "https://spdx.org/licenses/MIT"

STATES = {
    False: "http://schema.org/CompletedActionStatus",
    True: "http://schema.org/FailedActionStatus",
}
"""Whether a run was stopped before its end, in the vocabulary's words."""

LEFT_OUT = (CHECKPOINT, "locks")
"""Folders that are of use only where they are."""

ECONOMY_FILES = (MANIFEST, "audit.json", *(f"{name}.csv" for name in ECONOMY_COLUMNS))
"""What of the folder of an economy goes along."""

MEDIA_TYPES = {
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".html": "text/html",
    ".csv": "text/csv",
    ".toml": "application/toml",
}
CAPTIONS = {
    MANIFEST: "what ran: resolved scenarios, seed, versions, processor, time",
    "summary.json": "the run in a few numbers",
    "points.json": "the design: every point of the sweep",
    "design.parquet": "the design: a row a run, with its seed",
    ENVIRONMENT: "packages installed where the archive was made, as pip takes them",
    CONFIGURATION: "the scenarios or the sweep that was run, in full",
}


def export(folder: Path, crate: Path) -> int:
    """Write the folder of a run, a comparison or a sweep as an RO-Crate.

    Checkpoints stay out, since they are of no use to another version.

    Parameters
    ----------
    folder : Path
    crate : Path
        Zip to write; replaced if it exists.

    Returns
    -------
    int
        Number of files in it.

    Raises
    ------
    OutputError
        If the folder holds no results, or the archive would lie among them.
    """
    manifest = _manifest(folder)
    if crate.resolve().is_relative_to(folder.resolve()):
        raise OutputError(f"{crate}: lies in {folder}, which is to go into it; name another place")
    added = {
        CONFIGURATION: _json(_configuration(folder, manifest)),
        ENVIRONMENT: "".join(f"{line}\n" for line in _installed()).encode(),
    }
    files = {str(path.relative_to(folder).as_posix()): path for path in _results(folder)}
    finished = _finished(files)
    files |= _economies(folder, manifest)
    entities = [
        _file(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in added.items()
    ]
    for name, path in files.items():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        entities.append(_file(name, path.stat().st_size, digest))
    described = _json(_description(folder.name or PROGRAM, manifest, entities, finished))
    draft = crate.with_name(f".{crate.name}-new")
    try:
        crate.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {METADATA: described, **added}.items():
                archive.writestr(name, content)
            for name, path in files.items():
                archive.write(path, name)
        os.replace(draft, crate)
    except OSError as error:
        raise OutputError(f"{crate}: cannot be written ({error.strerror or error})") from error
    finally:
        draft.unlink(missing_ok=True)
    return len(entities) + 1


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, checked by the rules of those who write it."""
    if read_json(folder, MANIFEST).get("kind") == "sweep":
        return dict(SweepStore.open(folder).manifest)
    return read_manifest(folder)


def _results(folder: Path) -> list[Path]:
    """Files of the folder, without checkpoints, locks and whatever is hidden."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.resolve().is_relative_to(folder.resolve())  # a link may lead elsewhere
        and not any(
            part in LEFT_OUT or part.startswith(".") for part in path.relative_to(folder).parts
        )
        and path.suffix != ".lock"
        and path.relative_to(folder).as_posix() not in (METADATA, CONFIGURATION, ENVIRONMENT)
    ]


def _economies(folder: Path, manifest: dict[str, Any]) -> dict[str, Path]:
    """Files of the user's own economies that the results were made from, by name in the crate.

    Raises
    ------
    OutputError
        If one is gone or was changed: the crate would not give the results again.
    """
    described = [manifest]
    if "run" in manifest:
        described = [read_manifest(folder / manifest[role]) for role in ("run", "reference")]
    made: dict[str, str] = dict(manifest.get("economies", {}))
    for one in described:
        facts = one.get("economy")
        if isinstance(facts, dict):
            made[str(facts.get("table"))] = str(facts.get("sha256"))
    found = {}
    for table, checksum in made.items():
        if table in base_years():
            continue
        try:
            same = economy_checksum(table) == checksum
        except ScenarioError as error:
            raise OutputError(f"{folder}: its economy is missing ({error})") from None
        if not same:
            raise OutputError(f"{folder}: its economy {table} was changed since")
        for path in sorted(Path(table).iterdir()):
            if path.name in ECONOMY_FILES and path.is_file():
                found[f"economies/{checksum[:12]}/{path.name}"] = path
    return found


def _configuration(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """What was asked for: a scenario, a pair of them, or a sweep."""
    if "sweep" in manifest:
        return {"sweep": manifest["sweep"]}
    if "run" not in manifest:
        return {"scenario": manifest["scenario"]}
    both = {role: read_manifest(folder / manifest[role]) for role in ("run", "reference")}
    return {role: {"scenario": one["scenario"]} for role, one in both.items()}


def _installed() -> list[str]:
    found = {(entry.name or "").lower(): entry.version for entry in metadata.distributions()}
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name]


def _file(name: str, size: int, digest: str) -> dict[str, Any]:
    base = name.rsplit("/", 1)[-1]
    entity = {
        "@id": name,
        "@type": "File",
        "name": name,
        "contentSize": str(size),
        "sha256": digest,
        "encodingFormat": MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"),
    }
    # A sweep puts the digest of its design before the names of its files.
    caption = CAPTIONS.get(base) or CAPTIONS.get(base.rsplit("-", 1)[-1])
    if caption is None and base.endswith(".parquet"):
        caption = "table; unit and meaning of every column are in its schema"
    return entity | ({"description": caption} if caption else {})


def _finished(files: dict[str, Path]) -> str:
    """When the last of the results was written."""
    last = max(path.stat().st_mtime for path in files.values())
    return datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")


def _description(
    name: str, manifest: dict[str, Any], entities: list[dict[str, Any]], finished: str
) -> dict[str, Any]:
    """The JSON-LD of the crate."""
    own = [entity["@id"] for entity in entities]
    version = (manifest.get("versions") or {}).get(PROGRAM) or metadata.version(PROGRAM)
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        _root(name, own),
        _action(name, manifest, own, version, finished),
        {
            "@id": f"#{PROGRAM}",
            "@type": "SoftwareApplication",
            "name": PROGRAM,
            "softwareVersion": version,
            "identifier": manifest.get("git_revision") or version,
            "softwareRequirements": {"@id": ENVIRONMENT},
        },
        {"@id": "#user", "@type": "Person", "name": "whoever ran it"},
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {
            "@id": LICENCE,
            "@type": "CreativeWork",
            "name": "MIT",
            "description": "Of the software; the data it rests on keep the terms of their sources",
        },
        *entities,
    ]
    context = ["https://w3id.org/ro/crate/1.1/context", {"sha256": f"{TERMS}#sha256"}]
    return {"@context": context, "@graph": graph}


def _root(name: str, own: list[str]) -> dict[str, Any]:
    """The folder as a whole."""
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{PROGRAM}: {name}",
        "description": "Results of an agent-based simulation of where production goes when "
        "tariffs and rules of origin change, with the configuration that gives them again",
        "datePublished": datetime.now(UTC).isoformat(timespec="seconds"),
        "license": {"@id": LICENCE},
        "author": {"@id": "#user"},
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": one} for one in own],
        "mentions": {"@id": "#run"},
    }


def _action(
    name: str, manifest: dict[str, Any], own: list[str], version: str, finished: str
) -> dict[str, Any]:
    """What was done: from the configuration, by the program, to the results."""
    inputs = [CONFIGURATION, ENVIRONMENT]
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"{PROGRAM} {'sweep' if 'sweep' in manifest else 'run'}: {name}",
        "instrument": {"@id": f"#{PROGRAM}"},
        "description": f"run of {PROGRAM} {version} as {CONFIGURATION} asks",
        "agent": {"@id": "#user"},
        "actionStatus": STATES[bool(manifest.get("interrupted"))],
        "object": [{"@id": one} for one in inputs],
        "result": [{"@id": one} for one in own if one not in inputs],
    }
    if isinstance(manifest.get("started"), str):
        action["startTime"] = manifest["started"]
    action["endTime"] = finished
    return action


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
