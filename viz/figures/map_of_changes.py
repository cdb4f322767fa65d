"""The map of changes: which country makes more and which less, and how sure that is."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from abm.axes import HOSTS
from experiments.labels import MAY_BE_LUCK, REGION_NAMES, in_sentence, with_minus
from experiments.outcomes.by_sector import output_by_sector
from experiments.outcomes.intervals import Interval
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.quantities import employment
from experiments.outcomes.tables import RunFrames
from viz.charts.basics import LIGHT
from viz.charts.change import ChangeScale, change_scale
from viz.charts.map import MAP_NAME, WINDOW, outlines
from viz.figures.canvas import NO_QUARTER, TOP, new_figure, nothing_to_show, styled
from viz.figures.titles import at_baseline
from viz.palette import TEXT

LEAST = 0.005
"""Percent of output below which a change would be written 0.00 and counts as none."""


MAP_HEIGHT = TOP + 0.03
"""Of the figure's, as a share."""

LABELS = {"USA": (-2.5, -1.0), "MEX": (-20.5, -18.5), "CAN": (0.0, 12.5)}
"""Where the numbers of a country stand, in units of the map; those of Mexico in the Pacific."""


@dataclass(frozen=True)
class Changed:
    """A country's output and jobs against the reference, or against the start.

    Attributes
    ----------
    output : Interval
        Percent; of one number where there are no other seeds.
    jobs : Interval
        Thousand.
    """

    output: Interval
    jobs: Interval

    @property
    def told(self) -> bool:
        """Whether the change of output is there, and beyond luck where that is known."""
        sure = self.output.n < 2 or not self.output.crosses_zero
        return sure and abs(self.output.mean) >= LEAST


@styled
def map_of_changes(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Countries coloured by how their output changes, pale and hatched where it may be luck."""
    if run.quarters == 0:
        return nothing_to_show("Where output changes", NO_QUARTER)
    found = _changes(run, reference, seeds)
    sure = ""
    if seeds is not None:
        sure = f"\nMeans of {len(seeds.seeds)} seeds with 95% intervals; hatched: {MAY_BE_LUCK}."
    note = f"Manufacturing output of {run.name}'s last quarter against {_against(reference)}."
    figure = new_figure(map_finding(found, reference), f"{note}{sure}")
    axes = figure.add_axes((0.0, 0.0, 1.0, MAP_HEIGHT))
    (west, north), (east, south) = WINDOW
    # As wide as the paper: the numbers of Mexico stand west of the map.
    reach = (north - south) * axes.bbox.width / axes.bbox.height / 2
    middle = (west + east) / 2
    axes.set(xlim=(middle - reach, middle + reach), ylim=(south, north), aspect="equal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    weight = np.ones(len(HOSTS))
    scale = change_scale(np.array([one.output.mean for one in found.values()]), weight, LIGHT)
    for host, one in found.items():
        _draw_country(axes, host, one, scale)
    return figure


def map_finding(found: dict[str, Changed], reference: RunFrames | None) -> str:
    """Who makes more and who makes less, the largest change first."""
    told = {host: one for host, one in found.items() if one.told}
    if not told:
        return f"Manufacturing output: {MAY_BE_LUCK} from what it is {at_baseline(reference)}"
    order = sorted(told, key=lambda host: -abs(told[host].output.mean))
    parts = [
        f"{in_sentence(host)} {'makes ' * (not place)}{abs(told[host].output.mean):.2f}%"
        f" {'more' if told[host].output.mean > 0 else 'less'}"
        for place, host in enumerate(order)
    ]
    return f"{', '.join(parts)} than {at_baseline(reference)}"


def _against(reference: RunFrames | None) -> str:
    return f"that of {reference.name}" if reference else "its start"


def _changes(
    run: RunFrames, reference: RunFrames | None, seeds: OverSeeds | None
) -> dict[str, Changed]:
    if seeds is not None:
        return {host: _over_seeds(seeds, host) for host in HOSTS}
    base = run.until(0) if reference is None else reference
    found = {}
    for host in HOSTS:
        output, before = (_output(one, host) for one in (run, base))
        jobs, jobs_before = (
            float(employment(one.tables["outcomes"])[host].iloc[-1]) / 1000 for one in (run, base)
        )
        change = 100 * (output / before - 1) if before else 0.0
        found[host] = Changed(_alone(change), _alone(jobs - jobs_before))
    return found


def _over_seeds(seeds: OverSeeds, host: str) -> Changed:
    indicator = f"output.{host}"
    level = seeds.of_reference(indicator)[:, -1].mean()
    output = seeds.difference(indicator)
    jobs = seeds.difference(f"manufacturing_employment.{host}")
    return Changed(_scaled(output, 100 / level), _scaled(jobs, 1e-3))


def _scaled(one: Interval, factor: float) -> Interval:
    return Interval(factor * one.mean, factor * one.low, factor * one.high, one.n)


def _alone(value: float) -> Interval:
    return Interval(value, float("nan"), float("nan"), 1)


def _output(run: RunFrames, host: str) -> float:
    return float(output_by_sector(run.tables).iloc[-1].xs(host, level="region").sum())


def _draw_country(axes: Axes, host: str, one: Changed, scale: ChangeScale) -> None:
    """Its outline in the colour of its change, and the numbers beside its name."""
    axes.add_collection(
        PolyCollection(
            _polygons(host),
            facecolors=scale.colour(one.output.mean) if one.told else "#f1f2f3",
            edgecolors="#aab3ba",
            linewidths=0.5,
            hatch=None if one.told else "////",
        )
    )
    x, y = LABELS[host]
    text = f"output {_written(one.output, '%', 2)}\njobs {_written(one.jobs, ' thousand', 1)}"
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2.5}
    axes.text(
        x, y, f"{REGION_NAMES[host]}\n{text}", ha="center", va="center", size=12, color=TEXT,
        linespacing=1.35, bbox=box,
    )  # fmt: skip


def _written(one: Interval, unit: str, digits: int) -> str:
    mean = f"{one.mean:+,.{digits}f}{unit}"
    if one.n < 2:
        return with_minus(mean)
    ends = f"{one.low:,.{digits}f} to {one.high:,.{digits}f}"
    return f"{with_minus(mean)} ({with_minus(ends)})"


def _polygons(country: str) -> list[np.ndarray]:
    """Outlines of a country's states, as arrays of points."""
    rings = []
    for feature in outlines()[MAP_NAME]["features"]:
        if feature["properties"]["country"] == country:
            shape = feature["geometry"]
            several = shape["type"] == "MultiPolygon"
            parts = shape["coordinates"] if several else [shape["coordinates"]]
            rings += [np.asarray(ring) for part in parts for ring in part[:1]]
    return rings
