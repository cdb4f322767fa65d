"""The results of a sweep, as those who go on in Python want them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

import pandas as pd

from experiments.sweeps.answers.export import as_dataset
from experiments.sweeps.design.run_spec import KEYS, RUN
from experiments.sweeps.store.reading import frame
from experiments.sweeps.store.store import SweepStore


@overload
def results(
    folder: str | os.PathLike[str],
    form: Literal["frame"] = ...,
    columns: Sequence[str] | None = ...,
) -> pd.DataFrame: ...


@overload
def results(
    folder: str | os.PathLike[str],
    form: Literal["array"],
    columns: Sequence[str] | None = ...,
) -> Any: ...


def results(
    folder: str | os.PathLike[str],
    form: Literal["frame", "array"] = "frame",
    columns: Sequence[str] | None = None,
) -> Any:
    """Return the results of a sweep: a row a run, tidy.

    Parameters
    ----------
    folder : str or path-like
        Of the sweep, finished or not.
    form : str
        ``"frame"`` for pandas, ``"array"`` for xarray: an array an outcome, over scenario,
        point and replication.
    columns : sequence of str, optional
        Names of columns, all unless given; a frame has these in this order, an array has
        its coordinates besides. No other is read from the disk.

    Returns
    -------
    pandas.DataFrame or xarray.Dataset
        ``scenario``, ``point``, ``replication`` and ``seed``, the factors by their dotted
        key, ``run``, and every outcome of ``summary.json`` at its end and, with
        ``.change`` behind its name, its change since quarter 0. Runs that failed or have
        not run yet are not in it.

    Raises
    ------
    ScenarioError
        If there is no such column.
    StoreError
        If the folder holds no sweep, or a file in it is damaged.
    OutputError
        If an array is asked for and xarray is not installed.
    """
    if isinstance(columns, str):
        columns = [columns]
    if form == "frame":
        return frame(folder, columns)
    sweep = SweepStore.open(Path(folder)).sweep
    if columns is not None:
        columns = [*KEYS, *sweep.factors, RUN, *columns]
    return as_dataset(frame(folder, columns), sweep)
