"""A run as a film: the map quarter by quarter, drawn without a browser."""

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from abm.axes import HOSTS
from abm.errors import OutputError
from abm.state.places import cities
from experiments.labels import REGION_NAMES
from viz.charts.map import MAP_NAME, WINDOW, city_places, outlines
from viz.figures.canvas import styled
from viz.lab.frame import Frame
from viz.lab.played_again import played_again
from viz.palette import COLOURS, FAINT_TEXT, TEXT

FRAME_MILLISECONDS = 350
LAST_MILLISECONDS = 2_500


def film(run: Path, out: Path) -> int:
    """Play a folder's run again and write a film of it.

    Parameters
    ----------
    run : Path
        Folder of one run, or of a run and its reference.
    out : Path
        File that ends in ``.gif``, or in ``.mp4`` where ffmpeg is found.

    Returns
    -------
    int
        Quarters in the film.

    Raises
    ------
    OutputError
        If the folder holds no run, one that was forked, or one that comes out otherwise now, or
        the file cannot be written.
    ScenarioError
        If the run has fewer or more firms than can be drawn.
    CheckpointError
        If its economy is not the one it was made with.
    """
    write = _writer(out)
    shown = played_again(run)
    pictures = [_picture(shown.at(quarter)) for quarter in range(shown.quarter + 1)]
    new = out.with_name(f".{out.stem}.new{out.suffix}")
    try:
        write(pictures, new)
        os.replace(new, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        new.unlink(missing_ok=True)
    return shown.quarter


type Write = Callable[[list[Image.Image], Path], None]


def _writer(out: Path) -> Write:
    """What writes a file of this name."""
    if out.suffix.lower() == ".gif":
        return _write_gif
    if out.suffix.lower() != ".mp4":
        raise OutputError(f"{out}: a film is a GIF or an MP4; end its name in .gif or .mp4")
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise OutputError(
            f"{out}: an MP4 needs ffmpeg, which is not found; install it, or end the name in .gif"
        )
    return partial(_write_mp4, ffmpeg)


def _picture(shown: Frame) -> Image.Image:
    drawn = io.BytesIO()
    film_figure(shown).savefig(drawn, format="png")
    return Image.open(drawn).convert("RGB")


@styled
def film_figure(shown: Frame) -> Figure:
    """The map of one quarter."""
    picture, table = shown.world.picture, cities()
    figure = Figure(figsize=(8, 5.2), dpi=100)
    axes = figure.add_axes((0, 0, 1, 0.88))
    axes.add_collection(LineCollection(_rings(), colors="#b4bcc4", linewidths=0.6))
    (west, north), (east, south) = WINDOW
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    colours = [COLOURS[country] for country in table["country"]]
    scale = 900 / max(picture.output.max(), 1e-9)
    x, y = city_places().T
    axes.scatter(x, y, s=scale * picture.output, c=colours, alpha=0.8, lw=0)
    for changed, style in ((picture.opened, "-"), (picture.closed, ":")):
        rows = np.flatnonzero(changed)
        axes.scatter(
            x[rows], y[rows],
            s=scale * picture.output[rows] + 90, facecolors="none", edgecolors=TEXT,
            linewidths=1.8, linestyles=style,
        )  # fmt: skip
    figure.text(0.02, 0.97, shown.date(shown.quarter), size=17, weight="bold", va="top")
    note = (
        f"{shown.world.name}. Circles: output; rings: plants open;"
        f" dotted: close. Seed {shown.start.seed}, {shown.start.firms:,} firms."
    )
    figure.text(0.175, 0.957, note, size=9.5, color=FAINT_TEXT, va="top")
    axes.legend(
        handles=[Patch(color=COLOURS[host], label=REGION_NAMES[host]) for host in HOSTS],
        loc="lower left", frameon=False,
    )  # fmt: skip
    return figure


def _rings() -> list[np.ndarray]:
    """Every outline as an array of points."""
    rings = []
    for feature in outlines()[MAP_NAME]["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"]
        for polygon in polygons if shape["type"] == "MultiPolygon" else [polygons]:
            rings.extend(np.asarray(ring) for ring in polygon)
    return rings


def _write_gif(pictures: list[Image.Image], out: Path) -> None:
    few = [one.convert("P", palette=Image.Palette.ADAPTIVE, colors=64) for one in pictures]
    durations = [FRAME_MILLISECONDS] * (len(few) - 1) + [LAST_MILLISECONDS]
    few[0].save(out, save_all=True, append_images=few[1:], duration=durations, loop=0)


def _write_mp4(ffmpeg: str, pictures: list[Image.Image], out: Path) -> None:
    """Each picture for as long as in a GIF, in a form that every browser plays."""
    last = round(LAST_MILLISECONDS / FRAME_MILLISECONDS)
    command = [
        *(ffmpeg, "-loglevel", "error", "-y", "-f", "image2pipe", "-c:v", "png"),
        *("-framerate", f"1000/{FRAME_MILLISECONDS}", "-i", "pipe:0", "-r", "20"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(out)),
    ]
    packed = io.BytesIO()
    for picture in [*pictures, *[pictures[-1]] * (last - 1)]:
        picture.save(packed, format="png")
    done = subprocess.run(command, input=packed.getvalue(), capture_output=True, check=False)
    if done.returncode != 0 or not out.is_file():
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["and says nothing"]
        raise OutputError(f"ffmpeg cannot write the film ({said[-1]})")
