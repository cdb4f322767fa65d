"""Scenario files: find, read, and lay one over the one it extends.

A file is data from anyone. It is TOML of at most a megabyte; ``extends`` names a
shipped scenario or a file in the same folder, nothing else. The one path that it may
hold, that of its economy, starts from the file's folder.
"""

import difflib
import os
import tomllib
from dataclasses import dataclass
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Any

from abm.config.keys import Keys, flatten, merge, shown
from abm.economy.folders import located
from abm.errors import ScenarioError

LARGEST = 1_000_000
"""Bytes; a scenario is a page or two."""

DEEPEST = 20
"""Tables within tables; a scenario needs six."""

MOST_DOTS = 500
"""In a line; keys need five, a sentence about a source some more."""

SCENARIO_FORMAT = 1

OWN = ("format", "name", "title", "question", "extends")
"""Keys that say what a file is, and so are not inherited."""


@dataclass(frozen=True)
class Layer:
    """One file of the chain that a scenario is made of.

    Attributes
    ----------
    name : str
        The file's name without its ending.
    document : dict
        What the file says.
    file : pathlib.Path or None
        Where it is; None for a text.
    """

    name: str
    document: dict[str, Any]
    file: Path | None = None


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that come with the package, by name."""
    # The files are data beside the experiments; nothing of ours is called there.
    folder = Path(str(resources.files("experiments"))) / "scenarios"
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def read(source: str | os.PathLike[str], keys: Keys) -> dict[str, Any]:
    """Return what a scenario and all that it extends say.

    Parameters
    ----------
    source : str or path-like
        Name of a shipped scenario, or path of a file.
    keys : Keys
        What a scenario may say.

    Raises
    ------
    ScenarioError
        If a file cannot be read, or says something unknown.
    """
    return merged(layers(source, keys))


def read_text(text: str, keys: Keys) -> dict[str, Any]:
    """Return what a TOML text, and the shipped scenarios that it extends, say."""
    layer = Layer("scenario", _parsed(text, "the text", keys))
    return merged([*_below(layer, keys), layer])


def read_alone(file: Path, keys: Keys, kind: str) -> dict[str, Any]:
    """Return what one file says, with every check but those of its values.

    Parameters
    ----------
    file : Path
    keys : Keys
        What it may say.
    kind : str
        What it is, in words.

    Raises
    ------
    ScenarioError
        If it cannot be read, or says something unknown.
    """
    return _layer(file, keys, kind).document


def neighbour(name: str, folder: Path) -> Path:
    """Return the file of a scenario that is shipped or lies in a folder.

    Raises
    ------
    ScenarioError
        If there is none.
    """
    return _extended(name, Layer("", {}, folder / "-"), "scenario")


def layers(source: str | os.PathLike[str], keys: Keys) -> list[Layer]:
    """Return the files that a scenario is made of, the one it rests on first.

    Raises
    ------
    ScenarioError
        If a file cannot be read, or says something unknown.
    """
    top = _layer(_find(source), keys)
    return [*_below(top, keys), top]


def merged(chain: list[Layer]) -> dict[str, Any]:
    """Return what a chain of files says: later values hold, timelines are joined."""
    timeline = [entry for layer in chain for entry in layer.document.get("timeline", [])]
    inherited = [
        {key: value for key, value in layer.document.items() if key not in OWN}
        for layer in chain[:-1]
    ]
    document = reduce(merge, [*inherited, chain[-1].document])
    return {"name": chain[-1].name} | document | ({"timeline": timeline} if timeline else {})


def content(file: Path, largest: int, kind: str, where: str) -> bytes:
    """Return what is in a file of anyone's, which may be no larger than its kind needs.

    Parameters
    ----------
    file : Path
    largest : int
        Bytes; whole millions.
    kind : str
        What the file is, for messages.
    where : str
        What messages call the file.

    Raises
    ------
    ScenarioError
        If it is larger, or cannot be read.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as error:
        raise ScenarioError(f"{where}: cannot be read ({error.strerror})") from None
    if len(raw) > largest:
        raise ScenarioError(f"{where}: is larger than a {kind} may be ({largest // 10**6} MB)")
    return raw


def said_by(chain: list[Layer]) -> dict[str, str]:
    """Return for each dotted key the name of the file whose value holds."""
    return {key: layer.name for layer in chain for key in flatten(layer.document)}


def _below(top: Layer, keys: Keys) -> list[Layer]:
    """Return the files under ``top``, the lowest first."""
    chain = [top]
    while (name := chain[0].document.get("extends")) is not None:
        file = _extended(name, chain[0])
        if any(layer.file is not None and layer.file.samefile(file) for layer in chain):
            circle = " extends ".join(
                [f"'{layer.name}'" for layer in reversed(chain)] + [f"'{file.stem}'"]
            )
            raise ScenarioError(f"extends: goes in a circle: {circle}")
        chain.insert(0, _layer(file, keys))
    return chain[:-1]


def _extended(name: object, layer: Layer, key: str = "extends") -> Path:
    """Return the file that ``extends = name`` means: a shipped one, or a neighbour."""
    known = shipped()
    if not isinstance(name, str):
        raise ScenarioError(f"{key} = {shown(name)}: must be text, the name of a scenario")
    if name in known:
        return known[name]
    if layer.file is not None and _is_plain(name):
        folder = layer.file.parent.resolve()
        for candidate in (folder / name, folder / f"{name}.toml"):
            # A link may lead elsewhere; its target must be in the folder, too.
            if candidate.is_file() and candidate.resolve().parent == folder:
                return candidate
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; shipped are {', '.join(known)}"
    raise ScenarioError(
        f"{key} = {shown(name)}: no such scenario, shipped or in the same folder{hint}"
    )


def _is_plain(name: str) -> bool:
    """Return whether a name is that of a file, and no path."""
    return name not in ("", ".", "..") and not any(c in "/\\:\0" for c in name) and len(name) < 200


def _find(source: str | os.PathLike[str]) -> Path:
    """Return the file of a shipped name or a path."""
    known = shipped()
    if isinstance(source, str) and source in known:
        return known[source]
    text = os.fspath(source)
    if os.path.isfile(text):  # Path.is_file raises on a name too long
        return Path(text)
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"shipped are {', '.join(known)}"
    raise ScenarioError(f"{shown(text)}: no such scenario or file; {hint}")


def _layer(file: Path, keys: Keys, kind: str = "scenario") -> Layer:
    where = file.name if file.name.isprintable() else "the file"
    raw = content(file, LARGEST, kind, where)
    try:
        text = raw.decode("utf-8-sig")  # Windows editors put a mark in front
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{where}: is not UTF-8 text (byte {error.start})") from None
    return Layer(file.stem, _placed(_parsed(text, where, keys), file.parent), file)


def _placed(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what a file says with its economy where the file means it: a path starts there."""
    economy = document.get("economy")
    table = economy.get("table") if isinstance(economy, dict) else None
    if not isinstance(table, str) or not table:
        return document  # what it is instead is told with the other values
    return merge(document, {"economy": {"table": located(table, folder)}})


def _parsed(text: str, where: str, keys: Keys) -> dict[str, Any]:
    """Return the tables of a TOML text whose every key is known."""
    # The parser's time grows with the square of a key's length, to hours within a megabyte.
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise ScenarioError(f"{where}: is nested too deeply")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(f"{where}: is nested too deeply") from None
    except ValueError as error:  # wrong syntax, or a number of more digits than Python reads
        raise ScenarioError(f"{where}: is not TOML: {' '.join(str(error).split())}") from None
    if _is_too_deep(document):
        raise ScenarioError(f"{where}: is nested too deeply")
    unknown = next(keys.unknown(document), None)
    if unknown is not None:
        raise ScenarioError(f"{keys.no_such_key(unknown)} (in {where})")
    document = _acts_by_name(document)
    version = document.get("format", SCENARIO_FORMAT)
    if isinstance(version, int) and version > SCENARIO_FORMAT:
        raise ScenarioError(
            f"format = {shown(version)}: {where} is newer than this version reads "
            f"({SCENARIO_FORMAT})"
        )
    if not isinstance(document.get("timeline", []), list):
        raise ScenarioError(f"timeline: must be a list, written [[timeline]] (in {where})")
    return document


def _acts_by_name(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a file says with a list of acts as a table, so that a file adds to another's."""
    acts = document.get("acts")
    if not isinstance(acts, list) or not all(isinstance(name, str) for name in acts):
        return document  # what it is instead is told with the other values
    if twice := [name for name in acts if acts.count(name) > 1]:
        raise ScenarioError(f"acts: names {shown(twice[0])} twice")
    return document | {"acts": dict.fromkeys(acts, True)}


def _is_too_deep(document: dict[str, Any]) -> bool:
    """Return whether tables and lists lie deeper than a scenario needs.

    Dotted keys nest as deep as a file is long, and what walks the tables is recursive.
    """
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        values = [v for part in level for v in (part.values() if isinstance(part, dict) else part)]
        level = [value for value in values if isinstance(value, dict | list)]
    return bool(level)
