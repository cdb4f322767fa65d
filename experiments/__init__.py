"""What a researcher does with the model: scenarios, runs, sweeps, results."""

import os
from typing import TYPE_CHECKING, Literal, overload

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["results"]


@overload
def results(folder: str | os.PathLike[str], form: Literal["frame"] = ...) -> "pd.DataFrame": ...


@overload
def results(folder: str | os.PathLike[str], form: Literal["array"]) -> "xr.Dataset": ...


def results(
    folder: str | os.PathLike[str], form: Literal["frame", "array"] = "frame"
) -> "pd.DataFrame | xr.Dataset":
    """Return the results of a sweep: a row a run, tidy.

    Parameters
    ----------
    folder : str or path-like
        Of the sweep, finished or not.
    form : str
        ``"frame"`` for pandas, ``"array"`` for xarray: an array an outcome, over scenario,
        point and replication.

    Returns
    -------
    pandas.DataFrame or xarray.Dataset
        ``scenario``, ``point``, ``replication`` and ``seed``, the factors by their dotted
        key, ``run``, and every outcome of ``summary.json`` at its end and, with
        ``.change`` behind its name, its change since quarter 0. Runs that failed or have
        not run yet are not in it.

    Raises
    ------
    StoreError
        If the folder holds no sweep, or a file in it is damaged.
    """
    # Imported when asked for: the command line answers without pandas.
    from experiments.sweeps.store.reading import frame

    if form == "frame":
        return frame(folder)
    from pathlib import Path

    from experiments.sweeps.answers.export import as_dataset
    from experiments.sweeps.store.store import SweepStore

    return as_dataset(frame(folder), SweepStore.open(Path(folder)).sweep)
