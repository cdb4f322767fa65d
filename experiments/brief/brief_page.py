"""The page: one HTML file that needs no network, or a PDF of it where there is a browser."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from abm.errors import OutputError
from experiments.brief.caveats import caveats
from experiments.brief.effects import SIX_FIGURES, headline_effects
from experiments.brief.movers import MOVERS_SHOWN, movers
from experiments.brief.sentences import end_in_words, sentences
from experiments.labels import CHANNEL_LABELS, format_value
from experiments.outcomes.intervals import LEVEL
from experiments.runs.on_disk.provenance import versions
from experiments.runs.on_disk.run_folders import write_whole
from experiments.runs.runner import RunResult, find_figures

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
"""Programs that print a page as PDF, the first that is found."""

PRINTED = 120.0
"""Seconds that a browser has for it."""

MAP_FROM, MAP_SIZE = (0.08, 0.18), (0.76, 0.82)
"""Upper left corner and size of the map itself, as shares of its picture."""

PICTURES = ("map_of_changes",)
"""Figures of a run that the page shows."""


def write_brief(result: RunResult, out: Path) -> None:
    """Write the page of a finished run.

    Parameters
    ----------
    result : RunResult
        As `experiments.runs.finished_run.read_result` gives it.
    out : Path
        Ends in ``.html``, or in ``.pdf`` where a browser is found.

    Raises
    ------
    OutputError
        If it ends otherwise, there is no browser for a PDF, or it cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in (".html", ".htm", ".pdf"):
        raise OutputError(f"{out}: a brief is a web page or a PDF; end its name in .html or .pdf")
    if not out.parent.is_dir():
        raise OutputError(f"{out}: there is no folder {out.parent}")
    browser = _browser(out) if kind == ".pdf" else ""
    page = brief_page(result)
    try:
        write_whole(out, _as_pdf(page, browser, out) if browser else page.encode())
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error})") from None


def brief_page(result: RunResult) -> str:
    """The page as text; the same run gives the same bytes."""
    other = "" if result.reference is None else result.reference.name
    environment = Environment(
        loader=PackageLoader("experiments.brief", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    scenario = result.scenarios[0]
    return environment.get_template("brief.html").render(
        title=scenario.title or scenario.name,
        question=scenario.question,
        run=result.run.name,
        other=other,
        end=end_in_words(result.run),
        seeds=() if result.seeds is None else result.seeds.seeds,
        firms=result.firms,
        seed=result.seed,
        level=f"{LEVEL:.0%}",
        sentences=sentences(result),
        effects=_rows(result),
        channels=_channels(result),
        heads=list(CHANNEL_LABELS.values()),
        map=_map(result),
        movers=[
            {"firm": one.firm, "told": one.told(other), "command": one.command(result.out)}
            for one in movers(result.run, result.reference)[:MOVERS_SHOWN]
        ],
        caveats=caveats(result),
        version=versions()["nearshore"],
        folder=str(result.out or ""),
    )


def _rows(result: RunResult) -> list[dict[str, str]]:
    """The six figures in front, as they stand in the table."""
    if result.reference is None:
        return []
    return [
        {
            "label": f"{one.label}, {SIX_FIGURES[one.indicator][1]}",
            "mean": one.mean,
            "span": one.span,
            "verdict": one.verdict,
            "told": "told" if one.told else "",
            "reference": format_value(one.reference, one.unit),
        }
        for one in headline_effects(result)
    ]


def _channels(result: RunResult) -> list[dict[str, object]]:
    """The split of the six figures in front, a row each."""
    if result.channels is None:
        return []
    rows: list[dict[str, object]] = []
    for one in headline_effects(result):
        split = result.channels[result.channels["headline"] == one.indicator]
        parts = dict(zip(split["channel"], split["part"], strict=True))
        if parts:
            cells = [one.written(float(parts[channel])) for channel in CHANNEL_LABELS]
            rows.append({"label": one.label, "parts": cells})
    return rows


def _map(result: RunResult) -> Markup:
    """The map of changes, drawn anew; nothing where no figures, or none of it, are installed."""
    try:
        draw = find_figures()
    except (LookupError, ImportError):
        return Markup()
    given = {} if result.seeds is None else {"seeds": result.seeds}
    with TemporaryDirectory() as folder:
        draw(result.run, result.reference, Path(folder), only=PICTURES, **given)
        drawn = Path(folder, "map_of_changes.svg")
        if not drawn.is_file():  # the figures installed have no map
            return Markup()
        text = drawn.read_text(encoding="utf-8")
    # From our own drawing, which escapes every text in it; what stands above the map is cut off.
    whole = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert whole is not None
    width, height = map(float, whole.groups())
    left, top = MAP_FROM[0] * width, MAP_FROM[1] * height
    seen = f"{left:.1f} {top:.1f} {MAP_SIZE[0] * width:.1f} {MAP_SIZE[1] * height:.1f}"
    text = text.replace(whole[0], f'viewBox="{seen}"', 1)
    return Markup(text[text.index("<svg") :])


def _browser(out: Path) -> str:
    """The browser that prints."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise OutputError(
        f"{out}: a PDF needs one of {', '.join(BROWSERS)}, and none is found; write an .html and "
        "print it from any browser"
    )


def _as_pdf(page: str, browser: str, out: Path) -> bytes:
    """The page printed by a browser, which has nothing to fetch for it."""
    with TemporaryDirectory() as folder:
        source, printed = Path(folder, "brief.html"), Path(folder, "brief.pdf")
        source.write_text(page, encoding="utf-8")
        # A browser keeps root in no sandbox; the page is ours and holds no script.
        alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [
            browser, "--headless", "--disable-gpu", *alone, f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer", f"--print-to-pdf={printed}", source.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, check=False, timeout=PRINTED)
        except subprocess.TimeoutExpired:
            raise OutputError(f"{out}: {browser} has not printed the page in time") from None
        if not printed.is_file():
            raise OutputError(f"{out}: {browser} cannot print the page; write an .html instead")
        return printed.read_bytes()
