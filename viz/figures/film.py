"""A run as a film: the map quarter by quarter, drawn without a browser."""

import io
import os
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from abm.axes import HOSTS
from abm.errors import OutputError
from abm.scenario.scenario import Scenario
from experiments.explain.run_again import read_manifest
from experiments.labels import REGION_NAMES
from experiments.runs.on_disk.provenance import check_economy
from viz.charts.map import MAP_NAME, WINDOW, city_places, outlines
from viz.figures.canvas import styled
from viz.lab.frame import Frame, take
from viz.lab.laboratory import Laboratory, Start
from viz.lab.sites import cities
from viz.palette import COLOURS, FAINT_TEXT, TEXT

FRAME_MILLISECONDS = 350
LAST_MILLISECONDS = 2_500


def film(run: Path, out: Path) -> int:
    """Run again what a folder's manifest says and write a GIF of it.

    Parameters
    ----------
    run : Path
        Folder of one run, or of a run and its reference.
    out : Path
        File that ends in ``.gif``.

    Returns
    -------
    int
        Quarters in the film.

    Raises
    ------
    OutputError
        If the folder holds no run, one that was forked, or one of another version, or the
        file cannot be written.
    CheckpointError
        If its economy is not the one it was made with.
    """
    if out.suffix.lower() != ".gif":
        raise OutputError(f"{out}: a film is a GIF; end its name in .gif")
    folder, manifest = read_manifest(run)
    if manifest.get("forked_from") is not None:
        raise OutputError(f"{folder}: was forked, and a film begins with the calibration year")
    scenario = Scenario.from_document(manifest["scenario"])
    check_economy(manifest, scenario)
    start = Start(scenario, manifest["firms"], manifest["seed"])
    laboratory = Laboratory(start)
    frames = [_frame(take(laboratory))]
    for _ in range(manifest["quarters"]):
        laboratory.step()
        if laboratory.failure is not None:
            raise OutputError(f"{run}: quarter {laboratory.failure.quarter} failed again")
        frames.append(_frame(take(laboratory)))
    _write(frames, out)
    return len(frames) - 1


@styled
def _frame(shown: Frame) -> Image.Image:
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
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return Image.open(drawn).convert("P", palette=Image.Palette.ADAPTIVE, colors=64)


def _rings() -> list[np.ndarray]:
    """Every outline as an array of points."""
    rings = []
    for feature in outlines()[MAP_NAME]["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"]
        for polygon in polygons if shape["type"] == "MultiPolygon" else [polygons]:
            rings.extend(np.asarray(ring) for ring in polygon)
    return rings


def _write(frames: list[Image.Image], out: Path) -> None:
    """Write a film whole or not at all."""
    durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_MILLISECONDS]
    new = out.with_name(f".{out.name}.new")
    try:
        frames[0].save(
            new, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0
        )
        os.replace(new, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        new.unlink(missing_ok=True)
