"""The model's economy from a user's own inter-country input-output table.

A table is read as it was published (`experiments.own_data.published`), audited and mended,
and summed to the regions and sectors of `abm.axes` by mappings. What a table does not tell
apart, such as cars, light trucks and their parts, is split as in the economy that is
shipped: rows by its shares cell by cell, columns so that each sector also has its ratio of
inputs to output there, as far as the table allows.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, REGIONS, SECTORS
from abm.config.keys import shown
from abm.economy.tables import ACCOUNT_AXES, FINAL_AXES, FLOWS, USE_AXES
from abm.errors import OutputError, ScenarioError
from experiments.own_data.audit import KINDS, Fault, faults_in_regions, faults_of
from experiments.own_data.labelled import first_labels, read_labelled
from experiments.own_data.mapping import (
    OTHERS,
    Mapping,
    joined,
    parts,
    read_mapping,
    shipped_mapping,
)
from experiments.own_data.mending import balanced, filled
from experiments.own_data.packaged import read_packaged
from experiments.own_data.published import READABLE, Published
from experiments.own_data.telling_apart import told_apart
from experiments.own_data.workbooks import read_workbook
from experiments.runs.on_disk.run_folders import (
    MANIFEST,
    PROGRAM,
    read_json,
    replaced_folder,
    what_would_be_lost,
    write_json,
    write_manifest,
)

Array = NDArray[np.float64]

AUDIT = "audit.json"

UNITS = {"million USD": 1.0, "thousand USD": 1e-3}
"""Million USD in a unit, where the format says its unit."""

WORKBOOKS = (".xlsx", ".xlsb", ".xls")


class RefusedError(ScenarioError):
    """A table with findings that are refused; ``findings`` has all there are."""

    def __init__(self, findings: Sequence[Fault]) -> None:
        refused = [one for one in findings if one.verdict == "refused"]
        more = f"; {len(refused) - 1} more are refused" if len(refused) > 1 else ""
        super().__init__(f"the audit found: {refused[0].line().removeprefix('refused: ')}{more}")
        self.findings = list(findings)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Attributes
    ----------
    kind : str or None
        One of `FORMATS`; by the file unless given.
    regions, sectors : Path or None
        The user's own mappings; those shipped unless given.
    unit : float or None
        Million USD in one unit of the table.
    balance : bool
        Whether to scale rows and columns until published totals hold.
    """

    kind: str | None = None
    regions: Path | None = None
    sectors: Path | None = None
    unit: float | None = None
    balance: bool = False


@dataclass(frozen=True)
class OwnTable:
    """A table in the regions and sectors of the model, million USD a year.

    Attributes
    ----------
    intermediate_use : ndarray, shape (source, input, using region, using sector)
    final_demand : ndarray, shape (source, sector, market)
    findings : tuple of Fault
        What the audit found.
    """

    intermediate_use: Array
    final_demand: Array
    findings: tuple[Fault, ...] = ()

    @property
    def output(self) -> Array:
        """Gross output, shape (region, sector)."""
        total: Array = self.intermediate_use.sum(axis=(2, 3)) + self.final_demand.sum(axis=2)
        return total

    @property
    def value_added(self) -> Array:
        """Output less intermediate use, shape (region, sector)."""
        return self.output - self.intermediate_use.sum(axis=(0, 1))


def build_economy(source: Path, out: Path, reading: Reading | None = None) -> OwnTable:
    """Write the economy of an inter-country table, and its audit, into a folder.

    Parameters
    ----------
    source : Path
        A file or folder as its publisher gives it.
    out : Path
        Folder; replaced as a whole if it holds an earlier economy.
    reading : Reading, optional

    Raises
    ------
    RefusedError
        If the audit refuses the table; nothing is written then.
    ScenarioError
        If the file is no table.
    OutputError
        If a package is missing, or the folder cannot be written.
    """
    reading = reading or Reading()
    _check_folder(out)
    kind = reading.kind or kind_of(source)
    table = summed(read_table(source, kind), reading)
    manifest = {
        "program": PROGRAM,
        "contents": [MANIFEST, AUDIT, *(f"{name}.csv" for name in FLOWS)],
        "kind": "economy",
        "format": 1,
        "table": kind,
        "source": source.name,
        "sha256": _checksum(source),
    }
    audit = {
        "format": 1,
        "source": source.name,
        "findings": [one.as_dict() for one in table.findings],
        "rules": {name: f"{verdict}: {said}" for name, (verdict, said) in KINDS.items()},
    }
    with replaced_folder(out) as folder:
        for name, frame in zip(FLOWS, _frames(table), strict=True):
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        write_json(folder / AUDIT, audit)
        write_manifest(folder, manifest)
    return table


def read_table(source: Path, kind: str) -> Published:
    """Return a table as it was published.

    Raises
    ------
    ScenarioError
        If it cannot be read; the line says what can.
    OutputError
        If a package is missing.
    """
    if not source.exists():
        raise ScenarioError(f"{shown(str(source))}: no such file")
    if kind in ("exiobase", "eora"):
        return read_packaged(source, kind)
    if not source.is_file():
        raise ScenarioError(f"{source}: is a folder; readable are {READABLE}")
    try:
        if kind in ("wiod", "adb"):
            return read_workbook(source, kind)
        return read_labelled(source, kind)
    except OSError as error:
        raise ScenarioError(f"{source}: cannot be read ({error.strerror})") from None


def kind_of(source: Path) -> str:
    """Return which format a file seems to be in.

    Raises
    ------
    ScenarioError
        If it is in none; the line says what can be read.
    """
    name = source.name.lower()
    inside = _names_inside(source)
    if name.startswith("eora") or any(entry.startswith("Eora26") for entry in inside):
        return "eora"
    if {"A.txt", "Z.txt"} & inside:
        return "exiobase"
    if source.suffix.lower() in WORKBOOKS:
        return "adb" if "adb" in name else "wiod"
    if source.suffix.lower() in (".csv", ".gz", ".zip", ".txt"):
        labels = first_labels(source)
        if "figaro" in name or (labels and labels[0].lower() == "rowlabels"):
            return "figaro"
        return "oecd" if labels else "plain"
    raise ScenarioError(f"{shown(str(source))}: cannot be read; readable are {READABLE}")


def _names_inside(source: Path) -> set[str]:
    """Return the names of files in a folder or ZIP, without what they lie in."""
    try:
        if source.is_dir():
            return {entry.name for entry in source.iterdir()}
        if source.suffix.lower() == ".zip" and source.is_file():
            with zipfile.ZipFile(source) as archive:
                return {name.rpartition("/")[2] for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        pass  # whoever reads it says what is wrong
    return set()


def _checksum(source: Path) -> str:
    """SHA-256 of a file, or of the files of a folder by their names."""
    if source.is_file():
        with source.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    digest = sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(source).as_posix()} {_checksum(path)}\n".encode())
    return digest.hexdigest()


def summed(published: Published, reading: Reading | None = None) -> OwnTable:
    """Return a published table in the regions and sectors of the model, after its audit.

    Raises
    ------
    RefusedError
        If the audit refuses it.
    ScenarioError
        If a mapping cannot be.
    """
    reading = reading or Reading()
    published, told = filled(published)
    found = faults_of(published)
    if reading.balance:
        # Totals that are off are what balancing is for; all else stands.
        found = [one for one in found if one.kind not in MENDED_BY_BALANCING]
        _refuse([*told, *found])
        published, done = balanced(published)
        told.append(done)
    regions, groups, unknown = _meanings(published, reading)
    found = [*told, *found, *unknown]
    _refuse(found)
    names = list(dict.fromkeys(groups))
    factor = UNITS.get(published.unit, 1.0) if reading.unit is None else reading.unit
    use, final = _in_regions(published, regions, groups, names, factor)
    found += faults_in_regions(
        (use.sum(axis=(2, 3)) + final.sum(axis=2) - use.sum(axis=(0, 1))).sum(axis=1),
        use.sum(axis=(1, 3)) + final.sum(axis=1),
        published.unit,
        reading.unit,
    )
    _refuse(found)
    table = OwnTable(*told_apart(use, final, names), findings=tuple(found))
    _refuse([*found, *_impossible(table)])
    return table


MENDED_BY_BALANCING = (
    "row total off",
    "row total near",
    "column total off",
    "column total near",
    "unbalanced",
)


def _refuse(findings: Sequence[Fault]) -> None:
    if any(one.verdict == "refused" for one in findings):
        raise RefusedError(findings)


def _meanings(published: Published, reading: Reading) -> tuple[list[str], list[str], list[Fault]]:
    """Return region and group of sectors of each row, and what has none."""
    by_region = (
        shipped_mapping("regions")
        if reading.regions is None
        else read_mapping(reading.regions, "region")
    )
    by_sector = (
        shipped_mapping(published.sectors)
        if reading.sectors is None
        else read_mapping(reading.sectors, "sector")
    )
    regions, strange = _all_meant(by_region, [region for region, _ in published.rows])
    sectors, odd = _all_meant(by_sector, [industry for _, industry in published.rows])
    found: list[Fault] = []
    if strange or odd:
        return (
            [],
            [],
            [_unknown(by_region, strange)] * bool(strange) + [_unknown(by_sector, odd)] * bool(odd),
        )
    if reading.regions is not None:
        found += _unused(by_region, [region for region, _ in published.rows])
    if reading.sectors is not None:
        found += _unused(by_sector, [industry for _, industry in published.rows])
    absent = [name for name in REGIONS if name not in regions]
    if absent and absent != ["ROW"]:
        found.append(Fault("region absent", ", ".join(absent), len(absent)))
    elif absent:
        found.append(Fault("no rest of the world", "ROW"))
    whole = joined(sectors)
    groups = [whole[sector] for sector in sectors]
    there = {sector for group in set(groups) for sector in parts(group)}
    lost = [sector for sector in SECTORS if sector not in there]
    if lost:
        found.append(Fault("sector absent", ", ".join(lost), len(lost)))
    return regions, groups, found


def _all_meant(mapping: Mapping, labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what labels mean, and those that mean nothing."""
    meaning = {label: mapping.of(label) for label in dict.fromkeys(labels)}
    unknown = [label for label, meant in meaning.items() if meant is None]
    return [str(meaning[label]) for label in labels], unknown


def _unused(mapping: Mapping, labels: Sequence[str]) -> list[Fault]:
    """Return a finding about labels of a user's mapping that mean nothing in the table."""
    unused = sorted(set(mapping.meaning) - set(labels) - {OTHERS})
    some = ", ".join(shown(label) for label in unused[:5])
    said = f"mapping {mapping.name}"
    return [Fault("label unused", some, len(unused), said=said)] if unused else []


def _unknown(mapping: Mapping, labels: Sequence[str]) -> Fault:
    shown_labels = ", ".join(shown(label) for label in labels[:5])
    return Fault("label unknown", shown_labels, len(labels), said=f"mapping {mapping.name}")


def _in_regions(
    published: Published,
    regions: Sequence[str],
    groups: Sequence[str],
    names: list[str],
    factor: float,
) -> tuple[Array, Array]:
    """Sum a table to regions and groups; what is below zero is set to zero first."""
    market_of = dict(zip((region for region, _ in published.rows), regions, strict=True))
    place = np.array([REGIONS.index(r) * len(names) + names.index(g)
                      for r, g in zip(regions, groups, strict=True)])  # fmt: skip
    rows = np.zeros((len(REGIONS) * len(names), len(place)))
    rows[place, np.arange(len(place))] = 1
    columns = np.zeros((len(REGIONS), len(published.markets)))
    columns[[REGIONS.index(market_of[m]) for m in published.markets], range(len(columns[0]))] = 1
    shape = (len(REGIONS), len(names))
    use = factor * (rows @ np.maximum(published.use, 0.0) @ rows.T)
    final = factor * (rows @ np.maximum(published.final, 0.0) @ columns.T)
    return use.reshape(*shape, *shape), final.reshape(*shape, -1)


def _impossible(table: OwnTable) -> list[Fault]:
    """Return sectors that have no output, or pay more for inputs than they sell for.

    Of manufactures a region may make nothing, if it uses nothing for them.
    """
    idle = (table.output == 0) & (table.value_added == 0)
    idle[:, N_FOOTLOOSE:] = False
    found = []
    for what, figures in (("output", table.output), ("value added", table.value_added)):
        for region, sector in np.argwhere(~((figures > 0) | idle)):
            where = f"{SECTORS[sector]} of {REGIONS[region]}"
            amount = float(figures[region, sector])
            found.append(
                Fault("sector impossible", where, amount=amount, said=f"{what} {amount:.6g}")
            )
    return found


def _check_folder(out: Path) -> None:
    ours = read_json(out, MANIFEST).get("kind") == "economy"
    if out.exists() and not ours and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is there and holds no economy; name a new or empty folder")
    written = {MANIFEST, AUDIT, *(f"{name}.csv" for name in FLOWS)}
    others = sorted({entry.name for entry in out.iterdir()} - written) if out.is_dir() else []
    if others:
        raise OutputError(
            f"{out}: also holds {', '.join(others[:3])}, which would be lost; move what is yours, "
            "or name another folder"
        )
    if ours and (problem := what_would_be_lost(out)):
        raise OutputError(f"{out}: {problem}; name a new or empty folder")


def _frames(table: OwnTable) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the three tables in the form of those in ``abm/data``."""
    use, final, accounts = (
        pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
        for axes in (USE_AXES, FINAL_AXES, ACCOUNT_AXES)
    )
    return (
        use.assign(value_musd=table.intermediate_use.ravel()),
        final.assign(value_musd=table.final_demand.ravel()),
        accounts.assign(
            gross_output_musd=table.output.ravel(), value_added_musd=table.value_added.ravel()
        ),
    )
