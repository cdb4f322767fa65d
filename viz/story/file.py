"""A story as one file: pictures, parts, what draws them and how it looks, all inside."""

import gzip
import json
from base64 import b64encode
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from abm.scenario.scenario import Scenario, shipped
from experiments.runs.on_disk.provenance import versions
from viz.charts.map import outlines_json
from viz.charts.markup import event_quarters
from viz.lab.frame import Frame
from viz.story.kept_pictures import choices, pictures
from viz.story.story_parts import scripts

ECHARTS = "echarts@5.4.0/dist/echarts.min.js"
"""Of Solara's files, those that the page loads, without what its makers read."""


def story_file(last: Frame) -> bytes:
    """The file of a story.

    Parameters
    ----------
    last : Frame
        Of its last quarter.

    Returns
    -------
    bytes
        HTML; the same run gives the same bytes.
    """
    assets = files("viz") / "assets"
    version = str(versions()["nearshore"])
    styles = [(assets / name).read_text(encoding="utf-8") for name in ("page.css", "story.css")]
    icon = b64encode((assets / "favicon.svg").read_bytes()).decode()
    parts = ",\n".join(f"{json.dumps(name)}: {text}" for name, text in scripts().items())
    packed = {
        "echarts": _echarts(),
        "vue": (files("ipyvue") / "nbextension" / "index.js").read_text(encoding="utf-8"),
        "pictures": json.dumps(_contents(last), separators=(",", ":"), allow_nan=False),
        "parts": f"window.parts = {{\n{parts}\n}};",
    }
    template = Template((assets / "story.html").read_text(encoding="utf-8"))
    text = template.substitute(
        title=escape(_title(last)),
        description=escape(_subtitle(last)),
        version=escape(version),
        icon=f"data:image/svg+xml;base64,{icon}",
        style="\n".join(styles),
        packed="\n".join(
            f'<script type="text/plain" id="{name}">{_packed(text)}</script>'
            for name, text in packed.items()
        ),
    )
    return text.encode()


def _contents(last: Frame) -> dict[str, object]:
    """All that the story knows."""
    drawn = pictures(last)
    return {
        "title": _title(last),
        "subtitle": _subtitle(last),
        "made": _made(last),
        "dates": [last.date(quarter) for quarter in range(last.quarter + 1)],
        "ticks": json.dumps(event_quarters(last)),
        "choices": choices(),
        "maps": outlines_json(),
        "patches": drawn.patches,
        "places": drawn.places,
    }


def _title(last: Frame) -> str:
    return last.start.scenario.title or last.start.scenario.name


def _subtitle(last: Frame) -> str:
    against = f" against {last.other.name}" if last.other else ""
    return (
        f"{last.world.name}{against}: {last.start.firms:,} firms, seed {last.start.seed},"
        f" {last.date(1)} to {last.date(last.quarter)}"
    )


def _made(last: Frame) -> list[str]:
    """Where the story is from, and what gives it again."""
    said = [
        f"Source: Nearshore {versions()['nearshore']}, a simulation: what would follow if firms"
        " were as the model has them, not a forecast. Observed figures are named where they stand."
    ]
    scenarios = [one.scenario for one in (last.world, last.other) if one is not None]
    if all(_as_shipped(scenario) for scenario in scenarios):
        run = " --against ".join(scenario.name for scenario in scenarios)
        said.append(
            f"Made by: nearshore run {run} --firms {last.start.firms} --seed {last.start.seed}"
            f" --quarters {last.quarter} --out DIR; nearshore publish DIR -o story.html"
        )
    return said


def _as_shipped(scenario: Scenario) -> bool:
    """Whether the name of a scenario says all of it."""
    if scenario.name not in shipped():
        return False
    length = {"quarters": scenario.quarters}
    return Scenario.load(scenario.name).model_copy(update=length).same_model_as(scenario)


def _echarts() -> str:
    from solara.server import settings

    return Path(settings.assets.proxy_cache_dir, ECHARTS).read_text(encoding="utf-8")


def _packed(text: str) -> str:
    return b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
