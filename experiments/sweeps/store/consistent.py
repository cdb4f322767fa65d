"""A sweep read as it stands at one moment, whatever is merged or extended meanwhile."""

from collections.abc import Callable
from pathlib import Path

from abm.errors import StoreError
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore

ATTEMPTS = 50
"""A merge or an extension takes some files away once; so many in a row there are never."""


def consistently[Answer](folder: Path, read: Callable[[SweepStore, History], Answer]) -> Answer:
    """Return what a function reads from a sweep.

    A file that cannot be read because it was replaced meanwhile is no damage: the log, or
    the manifest, says by then what is in its place, and all is read again.

    Parameters
    ----------
    folder : Path
    read : callable
        Of the sweep and what its logs say.

    Raises
    ------
    StoreError
        If the folder is damaged.
    """
    store = SweepStore.open(folder)
    history = store.history()
    for _ in range(ATTEMPTS):
        try:
            return read(store, history)
        except StoreError:
            before = (store.manifest, set(history.parts))
            store = SweepStore.open(folder)
            history = store.history()
            if before == (store.manifest, set(history.parts)):
                raise
    return read(store, history)
