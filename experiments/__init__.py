"""What a researcher does with the model: scenarios, runs, sweeps, results."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["results"]


def results(folder: str | os.PathLike[str]) -> "pd.DataFrame":
    """Return the results of a sweep: a row a run, tidy.

    Parameters
    ----------
    folder : str or path-like
        Of the sweep, finished or not.

    Returns
    -------
    pandas.DataFrame
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
    from experiments.sweeps.reading import frame

    return frame(folder)
