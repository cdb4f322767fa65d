"""Tables in several files, read through pymrio: EXIOBASE 3 and Eora26."""

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.errors import OutputError, ScenarioError
from experiments.own_data.published import READABLE, Published


def read_packaged(source: Path, kind: str) -> Published:
    """Return a table in a folder or ZIP of several files.

    Parameters
    ----------
    source : Path
    kind : str
        ``"exiobase"`` or ``"eora"``.

    Raises
    ------
    ScenarioError
        If it is no such table.
    OutputError
        If pymrio is missing.
    """
    try:
        import pymrio
    except ImportError:
        raise OutputError("economy needs more packages: pip install 'nearshore[economy]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pymrio's own use of pandas
            if kind == "exiobase":
                return _exiobase(pymrio, source)
            return _eora(pymrio, source)
    except ScenarioError:
        raise
    except Exception as error:  # whatever a library says of files that are no such table
        if isinstance(error, MemoryError):
            raise
        raise ScenarioError(
            f"{source}: holds no table of the kind {kind}; readable are {READABLE}"
        ) from None


def _exiobase(pymrio: Any, source: Path) -> Published:
    table = pymrio.parse_exiobase3(source)
    if table.Z is None:
        if table.x is None:
            raise ScenarioError(f"{source}: has coefficients (A) without output (x)")
        table.Z = pymrio.calc_Z(table.A, table.x)
    output = None if table.x is None else table.x.to_numpy(np.float64).ravel()
    codes = _exiobase_codes(pymrio)
    return _published(table, "exiobase", "isic3", output, codes, "million EUR")


def _exiobase_codes(pymrio: Any) -> dict[str, str]:
    """Codes, whose digits are divisions of ISIC revision 3, by names of industries and products."""
    codes: dict[str, str] = {}
    for name in ("exio3_ixi", "exio3_pxp"):
        labels = pymrio.get_classification(name).sectors
        codes |= dict(zip(labels["ExioName"], labels["ExioCode"], strict=True))
    return codes


def _eora(pymrio: Any, source: Path) -> Published:
    if source.is_dir():
        found = next(iter(sorted(source.glob("Eora26_*_T.txt"))), None)
        name = source.name if found is None else found.name
    else:
        name = source.name
    year, price = re.search(r"(\d{4})", name), re.search(r"_(bp|pp)", name)
    if year is None:
        raise ScenarioError(f"{source}: its name does not say the year of Eora26")
    if price is not None and price[1] == "pp":
        raise ScenarioError(f"{source}: is at purchasers' prices; take the table at basic prices")
    table = pymrio.parse_eora26(source, year=int(year[1]), price="bp")
    added = table.VA.F.loc[:, table.Z.columns].sum(axis=0).to_numpy(np.float64)
    published = _published(table, "eora", "eora26", None, {}, "thousand USD")
    return replace(published, value_added=added)


def _published(
    table: Any, kind: str, sectors: str, output: Any, codes: dict[str, str], unit: str
) -> Published:
    """Return a table of pymrio's, its rows and columns in one order."""
    final: pd.DataFrame = table.Y.reindex(table.Z.index)
    rows = [(str(r), codes.get(str(s), str(s))) for r, s in table.Z.index]
    return Published(
        kind=kind,
        rows=rows,
        use=table.Z.to_numpy(np.float64),
        final=final.to_numpy(np.float64),
        markets=[str(region) for region in final.columns.get_level_values(0)],
        row_totals=output,
        sectors=sectors,
        unit=unit,
    )
