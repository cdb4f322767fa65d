"""The command that makes a file of a run which anybody can open."""

import os
from dataclasses import replace
from pathlib import Path

from abm.errors import OutputError
from experiments.runs.progress import SeedProgress
from viz.lab.frame import Frame
from viz.lab.laboratory import Played
from viz.lab.luck import Luck, both_series, measure
from viz.lab.played_again import played_again
from viz.story.file import story_file

LARGEST = 5_000_000
"""Bytes of a story at most; what is larger is not opened from a page."""


MOST_SEEDS = 64

SEEDS = 8
"""That a story is told with, unless another number is asked for."""


def publish(run: Path, out: Path, *, seeds: int = SEEDS, quiet: bool = True) -> tuple[int, int]:
    """Play a folder's run again and write a story of it, in one file.

    Parameters
    ----------
    run : Path
        Folder of one run, or of a run and the one it is against, which is then shown beside it.
    out : Path
        File that ends in ``.html``.
    seeds : int
        That are played beside the run, its own with them, to tell what is luck: lines get their
        bands and differences their intervals. With 1 there are none, and no difference is told.
    quiet : bool
        Whether to show no progress.

    Returns
    -------
    tuple of int
        Quarters in it, and its bytes.

    Raises
    ------
    OutputError
        If the folder holds no run, one that was forked, or one that comes out otherwise now; if
        the story is too large, or cannot be written.
    ScenarioError
        If the run has fewer or more firms than can be drawn.
    CheckpointError
        If its economy is not the one it was made with.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{out}: a story is a web page; end its name in .html")
    if not out.parent.is_dir():
        raise OutputError(f"{out}: there is no folder {out.parent}")
    if not 1 <= seeds <= MOST_SEEDS:
        raise OutputError(f"--seeds {seeds}: 1 to {MOST_SEEDS} are played")
    shown = played_again(run, both=True, quiet=quiet)
    if seeds > 1:
        shown = replace(shown, luck=_luck(shown, seeds, quiet=quiet))
    story = story_file(shown)
    if len(story) > LARGEST:
        raise OutputError(
            f"{out}: would have {len(story) / 1e6:.1f} MB, {LARGEST / 1e6:.0f} at most;"
            " publish a run of fewer quarters"
        )
    new = out.with_name(f".{out.name}.new")
    try:
        new.write_bytes(story)
        os.replace(new, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        new.unlink(missing_ok=True)
    return shown.quarter, len(story)


def _luck(shown: Frame, seeds: int, *, quiet: bool) -> Luck | None:
    """The same run with other seeds, in processes of their own."""
    other = shown.other
    against = other.scenario if other else None
    played = Played(replace(shown.start, against=against), (), shown.quarter)
    own = both_series(shown.world.history, other.history if other else None)
    with SeedProgress(shown.world.name, 0, seeds, quiet=quiet) as progress:
        return measure(played, seeds, lambda _: progress.finish_one(), own=own)
