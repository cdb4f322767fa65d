"""The model's economy from a user's own inter-country input-output table.

Tables of the OECD (ICIO, editions by ISIC revision 4) and of the World Input-Output
Database (release of 2013) are read by pymrio and summed to the regions and sectors of
`abm.axes`. What a table does not tell apart, such as cars, light trucks and their parts,
is split as in the economy that is shipped: rows by its shares cell by cell, columns so
that each sector also has its ratio of inputs to output there, as far as the table allows.
"""

import json
import re
import warnings
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, REGIONS, SECTORS
from abm.config.keys import shown
from abm.core.proportional_fitting import fitted
from abm.economy.tables import Economy, load_economy, observed_flows, with_tables
from abm.errors import OutputError, ScenarioError
from experiments.runs.folders import MANIFEST, PROGRAM, replaced_folder

Array = NDArray[np.float64]

KINDS = {"oecd": (".csv", ".zip"), "wiod": (".xlsx",)}
"""Formats, and how their files end."""

MOTOR = ("cars", "light_trucks", "vehicle_parts")

WIOD = {
    "primary_energy": ("AtB", "C", "23"),
    "food": ("15t16",),
    "textiles_apparel": ("17t18", "19"),
    "other_manufacturing": ("20", "21t22", "26", "36t37"),
    "chemicals_plastics": ("24", "25"),
    "metals": ("27t28",),
    "electronics": ("30t33",),
    "+".join((*MOTOR, "machinery")): ("29", "34t35"),
    "telecom": ("64",),
    "finance": ("J",),
}
"""Industries (ISIC revision 3) by sector, or by the sectors that the release does not tell apart:
its transport equipment holds ships and aircraft, which are in machinery here."""

DIVISIONS = {
    "primary_energy": (*range(1, 10), 19),
    "food": range(10, 13),
    "textiles_apparel": range(13, 16),
    "other_manufacturing": (16, 17, 18, 23, 31, 32, 33),
    "chemicals_plastics": range(20, 23),
    "metals": (24, 25),
    "electronics": (26, 27),
    "+".join(MOTOR): (29,),
    "machinery": (28, 30),
    "telecom": (61,),
    "finance": range(64, 67),
}
"""Divisions of ISIC revision 4 by sector; all others are other services."""

FILES = ("intermediate_use", "final_demand", "output_value_added")


@dataclass(frozen=True)
class Table:
    """A table in the regions and sectors of the model, million USD a year.

    Attributes
    ----------
    intermediate_use : ndarray, shape (source, input, using region, using sector)
    final_demand : ndarray, shape (source, sector, market)
    negative : float
        Sum of what was below zero, such as stocks run down, and is set to zero.
    """

    intermediate_use: Array
    final_demand: Array
    negative: float

    @property
    def output(self) -> Array:
        """Gross output, shape (region, sector)."""
        total: Array = self.intermediate_use.sum(axis=(2, 3)) + self.final_demand.sum(axis=2)
        return total

    @property
    def value_added(self) -> Array:
        """Output less intermediate use, shape (region, sector)."""
        return self.output - self.intermediate_use.sum(axis=(0, 1))


def build_economy(source: Path, out: Path, kind: str | None = None) -> Table:
    """Write the economy of an inter-country table into a folder.

    Parameters
    ----------
    source : Path
        A file as the OECD or the WIOD publishes it.
    out : Path
        Folder; replaced as a whole if it holds an earlier economy.
    kind : str, optional
        ``"oecd"`` or ``"wiod"``; by how the file's name ends unless given.

    Raises
    ------
    ScenarioError
        If the file is no such table, or gives an economy that cannot be.
    OutputError
        If pymrio is missing, or the folder cannot be written.
    """
    kind = kind or _kind_of(source)
    table = summed(read_table(source, kind), kind)
    _check(table)
    _check_folder(out)
    with replaced_folder(out) as folder:
        for name, frame in zip(FILES, _frames(table), strict=True):
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        manifest = {
            "program": PROGRAM,
            "kind": "economy",
            "format": 1,
            "table": kind,
            "source": source.name,
            "sha256": sha256(source.read_bytes()).hexdigest(),
            "set_to_zero_musd": table.negative,
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return table


def read_economy(folder: Path | str) -> Economy:
    """Return the economy that `build_economy` wrote; what it does not say is as shipped.

    Raises
    ------
    ScenarioError
        If the folder holds none.
    """
    try:
        use, final, accounts = (pd.read_csv(Path(folder) / f"{name}.csv") for name in FILES)
        shape = (len(REGIONS), len(SECTORS))
        economy = with_tables(
            load_economy(),
            use["value_musd"].to_numpy(np.float64).reshape(*shape, *shape),
            final["value_musd"].to_numpy(np.float64).reshape(*shape, -1),
        )
        return replace(
            economy,
            output=accounts["gross_output_musd"].to_numpy(np.float64).reshape(shape),
            value_added=accounts["value_added_musd"].to_numpy(np.float64).reshape(shape),
        )
    except (OSError, KeyError, ValueError) as error:
        raise ScenarioError(f"{folder}: holds no economy ({error})") from None


def read_table(source: Path, kind: str) -> Any:
    """Return a table as pymrio reads it.

    Raises
    ------
    ScenarioError
        If it cannot be read.
    OutputError
        If pymrio is missing.
    """
    try:
        import pymrio
    except ImportError:
        raise OutputError("economy needs more packages: pip install 'nearshore[economy]'") from None
    if not source.is_file():
        raise ScenarioError(f"{shown(str(source))}: no such file")
    parse = {"oecd": pymrio.parse_oecd, "wiod": pymrio.parse_wiod}[kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pymrio's own use of pandas
            return parse(source)
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ScenarioError(f"{source}: is no table of the kind {kind} ({said})") from None


def summed(table: Any, kind: str) -> Table:
    """Return a table of pymrio's in the regions and sectors of the model.

    Raises
    ------
    ScenarioError
        If a member of the agreement is missing.
    """
    regions = [_region(name) for name in table.Z.index.get_level_values("region")]
    groups = [_group(str(name), kind) for name in table.Z.index.get_level_values("sector")]
    missing = [name for name in REGIONS if name not in regions]
    if missing:
        raise ScenarioError(f"the table has no region {missing[0]}")
    names = list(dict.fromkeys(groups))
    # A column of statistical discrepancies belongs to no market.
    markets = [_region(name) for name in table.Y.columns.get_level_values("region")]
    known = np.array(table.Y.columns.get_level_values("region") != "ALL")
    place = np.array([REGIONS.index(r) * len(names) + names.index(g)
                      for r, g in zip(regions, groups, strict=True)])  # fmt: skip
    use, final = table.Z.to_numpy(np.float64), table.Y.to_numpy(np.float64)[:, known]
    size, market = len(REGIONS) * len(names), [REGIONS.index(name) for name in markets]
    rows = np.zeros((size, len(place)))
    rows[place, np.arange(len(place))] = 1
    columns = np.zeros((len(REGIONS), final.shape[1]))
    columns[np.array(market)[known], np.arange(final.shape[1])] = 1
    small = rows @ use @ rows.T
    sold = rows @ final @ columns.T
    negative = float(small[small < 0].sum() + sold[sold < 0].sum())
    shape = (len(REGIONS), len(names))
    use, final = np.maximum(small, 0).reshape(*shape, *shape), np.maximum(sold, 0)
    return _split(use, final.reshape(*shape, -1), names, negative)


def _split(use: Array, final: Array, names: list[str], negative: float) -> Table:
    """Return a table in which sectors that stand together are told apart as in the shipped one."""
    shipped_use, shipped_final = observed_flows()
    member = np.array([[sector in name.split("+") for sector in SECTORS] for name in names], float)
    lost = [sector for sector, found in zip(SECTORS, member.any(axis=0), strict=True) if not found]
    if lost:
        raise ScenarioError(f"the table has no industry of the sector {lost[0]}")
    # Rows: shares of the sectors within a group, cell by cell.
    grouped = np.einsum("sklj,hj->sklh", shipped_use, member)
    wide = np.einsum("sgl...,gk->skl...", use, member) * _shares_within(grouped, member, axis=1)
    sold = np.einsum("sgm,gk->skm", final, member) * _shares_within(shipped_final, member, axis=1)
    output = wide.sum(axis=(2, 3)) + sold.sum(axis=2)
    # Columns: each group's inputs over its sectors, so that rows stay and columns have their sums.
    inputs = shipped_use.sum(axis=(0, 1)) / load_economy().output
    whole = np.zeros_like(shipped_use)
    for region in range(len(REGIONS)):
        for group in range(len(names)):
            inside = np.flatnonzero(member[group])
            cells = wide[:, :, region, group]
            asked = output[region, inside] * inputs[region, inside]
            seed = shipped_use[:, :, region, inside]
            whole[:, :, region, inside] = fitted(seed, cells, asked)
    return Table(whole, sold, negative)


def _shares_within(cells: Array, member: Array, axis: int) -> Array:
    """Return the share of each sector in its group; that of the region where a cell is empty."""
    group = member.T @ member  # sectors that stand together
    total = np.moveaxis(np.tensordot(group, cells, (1, axis)), 0, axis)
    over = tuple(range(2, cells.ndim))
    all_cells = cells.sum(axis=over, keepdims=True)
    of_all = all_cells / np.moveaxis(np.tensordot(group, all_cells, (1, axis)), 0, axis)
    shares: Array = np.where(total > 0, cells / np.where(total > 0, total, 1), of_all)
    return shares


def _check(table: Table) -> None:
    """Refuse an economy whose sectors have no output, or pay more for inputs than they sell for.

    Of manufactures a region may make nothing, if it uses nothing for them.
    """
    idle = (table.output == 0) & (table.value_added == 0)
    idle[:, N_FOOTLOOSE:] = False
    for what, figures in (("output", table.output), ("value added", table.value_added)):
        bad = np.argwhere(~((figures > 0) | idle))
        if len(bad):
            region, sector = bad[0]
            raise ScenarioError(
                f"the table gives {SECTORS[sector]} of {REGIONS[region]} {what} of "
                f"{figures[region, sector]:.6g}; it must be above 0"
            )


def _check_folder(out: Path) -> None:
    try:
        ours = json.loads((out / MANIFEST).read_bytes())["kind"] == "economy"
    except (OSError, ValueError, LookupError, TypeError):
        ours = False
    if out.exists() and not ours and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is there and holds no economy; name a new or empty folder")


def _frames(table: Table) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the three tables in the form of those in ``abm/data``."""
    cell = [REGIONS, SECTORS]
    use = pd.MultiIndex.from_product(
        [*cell, *cell], names=["source_region", "input_sector", "using_region", "using_sector"]
    ).to_frame(index=False)
    final = pd.MultiIndex.from_product(
        [*cell, REGIONS], names=["source_region", "sector", "market"]
    ).to_frame(index=False)
    accounts = pd.MultiIndex.from_product(cell, names=["region", "sector"]).to_frame(index=False)
    return (
        use.assign(value_musd=table.intermediate_use.ravel()),
        final.assign(value_musd=table.final_demand.ravel()),
        accounts.assign(
            gross_output_musd=table.output.ravel(), value_added_musd=table.value_added.ravel()
        ),
    )


def _kind_of(source: Path) -> str:
    for kind, endings in KINDS.items():
        if source.suffix.lower() in endings:
            return kind
    known = ", ".join(ending for endings in KINDS.values() for ending in endings)
    raise ScenarioError(f"{shown(source.name)}: ends in none of {known}; say which with --kind")


def _region(name: str) -> str:
    # The OECD counts plants for export in Mexico and China apart.
    joined = {"MX": "MEX", "CN": "CHN"}.get(re.sub(r"\d$", "", name), name)
    return joined if joined in REGIONS else "ROW"


def _group(name: str, kind: str) -> str:
    if kind == "wiod":
        found = [group for group, codes in WIOD.items() if name in codes]
    elif re.fullmatch(r"[A-Z]", name):
        found = ["finance"] if name == "K" else ["primary_energy"] if name in "AB" else []
    else:
        digits = re.match(r"[A-Z](\d\d)", name)
        if digits is None:
            raise ScenarioError(f"{shown(name)}: is no industry of ISIC revision 4")
        found = [group for group, codes in DIVISIONS.items() if int(digits[1]) in codes]
    return found[0] if found else "other_services"
