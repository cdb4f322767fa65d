"""The command that makes a file of a run which anybody can open."""

import os
from pathlib import Path

from abm.errors import OutputError
from viz.lab.played_again import played_again
from viz.story.file import story_file

LARGEST = 5_000_000
"""Bytes of a story at most; what is larger is not opened from a page."""


def publish(run: Path, out: Path, *, quiet: bool = True) -> tuple[int, int]:
    """Play a folder's run again and write a story of it, in one file.

    Parameters
    ----------
    run : Path
        Folder of one run, or of a run and the one it is against, which is then shown beside it.
    out : Path
        File that ends in ``.html``.
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
    shown = played_again(run, both=True, quiet=quiet)
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
