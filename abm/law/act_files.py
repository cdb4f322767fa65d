"""A folder of acts, read and checked as a whole."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from abm import data
from abm.axes import REGIONS
from abm.config.complaints import validated
from abm.config.keys import keys_of
from abm.config.settings import AsTuple, Settings
from abm.errors import ScenarioError
from abm.law.act import ALL, LegalAct, Place, Term

GROUPS_FILE = "countries.toml"
"""Groups of countries, such as the European Union; the only file of the folder that is no act."""

REST_OF_THE_WORLD = "ROW"
"""A country that no act names."""


class Countries(Settings):
    """Groups of countries by name, and every country there is."""

    groups: dict[str, Annotated[tuple[str, ...], AsTuple]]
    countries: Annotated[tuple[str, ...], AsTuple] = ()


@dataclass(frozen=True)
class Law:
    """Acts by name, and the groups of countries that they speak of.

    Attributes
    ----------
    acts : mapping of str to LegalAct
        By the name of their file; in that order.
    groups : mapping of str to tuple of str
    """

    acts: Mapping[str, LegalAct]
    groups: Mapping[str, tuple[str, ...]]

    def of(self, importer: str) -> dict[str, LegalAct]:
        """Return the acts of one importer that levy something."""
        return {
            name: act
            for name, act in self.acts.items()
            if act.importer == importer and act.kind == "duty"
        }

    def credits(self, importer: str) -> dict[str, LegalAct]:
        """Return the acts of one importer that give duties back to some firms."""
        return {
            name: act
            for name, act in self.acts.items()
            if act.importer == importer and act.credit is not None
        }

    def named(self, words: tuple[str, ...]) -> Iterator[str]:
        """Yield the names of acts that are called one of these words or belong to such a group."""
        for name, act in self.acts.items():
            if name in words or set(act.groups) & set(words):
                yield name

    def importers(self) -> list[str]:
        """Return who has acts that levy something."""
        return sorted({act.importer for act in self.acts.values() if act.kind == "duty"})

    def countries(self) -> list[str]:
        """Return every country that an act or a group names, those of the model, and the rest."""
        spoken = {
            place
            for act in self.acts.values()
            for term in act.term
            for place in (*term.origins, *term.not_origins)
        }
        grouped = {country for group in self.groups.values() for country in group}
        named = spoken - set(self.groups) - {ALL}
        return sorted(named | grouped | set(REGIONS) | {REST_OF_THE_WORLD})

    def is_among(self, origin: str, places: tuple[Place, ...]) -> bool:
        """Return whether a country is one of some places or belongs to one."""
        return any(
            place in (ALL, origin) or origin in self.groups.get(place, ()) for place in places
        )

    def is_of(self, origin: str, term: Term) -> bool:
        """Return whether a term is about goods from a country."""
        return self.is_among(origin, term.origins) and not self.is_among(origin, term.not_origins)


@cache
def shipped() -> Law:
    """Return the acts that come with the program."""
    return read_law(files(data) / "law")


def read_law(folder: Traversable | Path) -> Law:
    """Return the acts of a folder.

    Parameters
    ----------
    folder : path
        With a TOML file an act, and ``countries.toml``.

    Raises
    ------
    ScenarioError
        If a file is no act, or names what is not there; in one line.
    """
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    if not names:
        raise ScenarioError(f"{folder}: has no act (a TOML file)")
    groups: dict[str, tuple[str, ...]] = {}
    acts: dict[str, LegalAct] = {}
    for name in names:
        document = _document(folder / name)
        if name == GROUPS_FILE:
            groups = _checked(Countries, document, name).groups
        else:
            acts[name.removesuffix(".toml")] = _checked(LegalAct, document, name)
    law = Law(acts, groups)
    for name, act in acts.items():
        _check_places(name, act, law)
        for giving in act.gives_way:
            known = set(law.named(giving.to))
            called = {word for one in known for word in (one, *acts[one].groups)}
            if lost := sorted(set(giving.to) - called):
                raise ScenarioError(
                    f"{name}.toml: gives_way.to: there is no act or group {lost[0]}"
                )
    return law


@cache
def _every_country() -> frozenset[str]:
    """Return what the shipped file has, whatever folder is read."""
    document = _document(files(data) / "law" / GROUPS_FILE)
    return frozenset(_checked(Countries, document, GROUPS_FILE).countries)


def _check_places(name: str, act: LegalAct, law: Law) -> None:
    """Complain of a place that is no country and no group, which no good would come from."""
    known = {*_every_country(), *law.groups, REST_OF_THE_WORLD, ALL}
    said = {"origins": act.origins}
    for place, term in enumerate(act.term):
        said[f"term[{place}].origins"] = term.origins
        said[f"term[{place}].not_origins"] = term.not_origins
    for place, example in enumerate(act.example):
        said[f"example[{place}].origin"] = (example.origin,)
    for key, places in said.items():
        for one in places:
            if one not in known:
                groups = ", ".join(sorted(law.groups)) or "none here"
                raise ScenarioError(
                    f"{name}.toml: {key}: {one} is no country; write three letters such as MEX, "
                    f"a group ({groups}), ROW, or all"
                )


def _document(file: Traversable | Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{file.name}: is not TOML: {' '.join(str(error).split())}") from None


def _checked[Kind: Settings](kind: type[Kind], document: dict[str, object], name: str) -> Kind:
    keys = keys_of(kind)
    unknown = next(keys.unknown(document), None)
    if unknown is not None:
        raise ScenarioError(f"{name}: {keys.no_such_key(unknown)}")
    try:
        return validated(kind, document)
    except ScenarioError as error:
        raise ScenarioError(f"{name}: {error}") from None
