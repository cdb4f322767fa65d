"""What is damaged in the folder of a sweep made good, and all else merged."""

from experiments.sweeps.store.merge import merge, set_damaged_aside
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.run_log import RunLog, damages_of
from experiments.sweeps.store.store import SweepStore, remove_left


def mend_logs(store: SweepStore, writer: str) -> list[str]:
    """Note in the log which damaged lines count for nothing; the caller holds the whole.

    What a kill left on its way is removed first.

    Returns
    -------
    list of str
        A line about each.
    """
    remove_left(store)
    damages = damages_of(store.folder)
    if not damages:
        return []
    log = RunLog(store.folder, writer)
    try:
        for damage in damages:
            facts = {"line": damage.line, "sha256": damage.sha256, "missing": damage.missing}
            log.add("repaired", log=damage.log, **facts)
    finally:
        log.close()
    return [
        f"{damage}; it counts for nothing, and what it told is done again" for damage in damages
    ]


def compact(store: SweepStore) -> tuple[list[str], list[str]]:
    """Set damaged parts aside and merge all others; the caller holds the lock.

    Returns
    -------
    tuple of list of str
        A line about each damage, and about each file that was left alone.
    """
    lost = mend_logs(store, "merge")
    recorder = Recorder(store, "merge")
    try:
        history = store.history()
        lost += set_damaged_aside(store, history, recorder)
        # Where there is no result, none is merged: a stop after that and before the first line
        # of a log would look like a log that was lost.
        return lost, merge(store, history, recorder) if history.parts else []
    finally:
        recorder.close()
