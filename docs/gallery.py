"""Runs every shipped scenario against its reference, and writes the gallery.

    python docs/gallery.py
    python docs/gallery.py usmca threat-35 --firms 4000 --seeds 8 --years 10

replaces what stands between ``<!-- measured: NAME -->`` and ``<!-- end -->`` in
``docs/gallery.md`` for the scenarios named, or for all, and draws
``docs/figures/gallery/NAME.png``. Everything runs one after the other in this process. The
same code and size give the same sentences.
"""

import argparse
import io
import re
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import nearshore
from abm.axes import QUARTERS_A_YEAR
from abm.scenario.scenario import shipped
from experiments.brief.sentences import end_in_words, sentences
from experiments.runs.on_disk.provenance import versions
from experiments.runs.runner import RunResult
from experiments.scenarios.overrides import load_scenario
from viz.figures.scenario_card import scenario_card

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/gallery.md"
PICTURES = ROOT / "docs/figures/gallery"

FIRMS, SEEDS, YEARS = 2_000, 5, 5
"""Of a run, unless asked for otherwise: later, luck hides what policy does."""

WHOLE = ("history", "blanket-2025", "review-2026-lapse")
"""Scenarios that are run to their end, since what they ask is there."""

USUAL = ("status-quo", ())
REFERENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "history": ("status-quo", ("start=2016-01-01",)),
    "blanket-2025": ("usmca", ("start=2025-01-01",)),
    "forced-labour-301": ("blanket-2025", ("start=2025-01-01",)),
    "canada-338": ("forced-labour-301", ()),
    "retaliation-2026": ("canada-338", ()),
    "review-2026-lapse": ("review-2026-renewed", ()),
    "review-2026-renewed": ("review-2026-lapse", ()),
    "review-2026-content": ("review-2026-renewed", ()),
    "review-2026-bilateral": ("review-2026-renewed", ()),
}
"""What a scenario is compared with where that is not `USUAL`, and what is set there."""

SETS: dict[str, tuple[str, ...]] = {"blanket-2025": ("start=2025-01-01",)}
"""What is set in a scenario, so that its acts come within the years of a run."""

TOLD = 2
"""Sentences of the answer: what changed, and for consumers."""

DOTS, MOST_COLOURS = 110, 32
"""An inch, and colours of a picture, which keep its file small."""

BLOCK = re.compile(r"<!-- measured: (?P<name>[\w-]+) -->\n.*?<!-- end -->\n", re.DOTALL)


def names() -> list[str]:
    """Scenarios of the gallery: those shipped but the one that most are compared with."""
    return [name for name in sorted(shipped()) if name != USUAL[0]]


def measured(name: str, firms: int, seeds: int, years: int | None) -> RunResult:
    """A scenario against its reference over several seeds; nothing is written."""
    other, sets = REFERENCES.get(name, USUAL)
    scenario, reference = load_scenario(name, SETS.get(name, ())), load_scenario(other, sets)
    quarters = scenario.quarters
    if years is None and name not in WHOLE:
        years = YEARS
    if years is not None:
        quarters = min(quarters, QUARTERS_A_YEAR * years)
    found = nearshore.compare(
        scenario, reference, firms=firms, quarters=quarters, seeds=range(1, seeds + 1)
    )
    return found.result


def entry(name: str, result: RunResult) -> str:
    """What the gallery says of a scenario: its question, the answer, its picture and the run."""
    assert result.reference is not None
    assert result.seeds is not None
    scenario, first, last = result.scenarios[0], *result.seeds.seeds[:: len(result.seeds.seeds) - 1]
    size = (
        f"`{name}` against `{result.reference.name}` from {result.run.start:%B %Y} to"
        f" {end_in_words(result.run)}, {result.firms:,} firms, seeds {first} to {last}, version"
        f" {versions()['nearshore']}."
    )
    answer = "\n>\n".join(f"> {sentence}" for sentence in sentences(result)[:TOLD])
    picture = f"![{alternative(result)}](figures/gallery/{name}.png)"
    return f"## {scenario.title}\n\n{scenario.question}\n\n{answer}\n\n{picture}\n\n{size}\n"


def alternative(result: RunResult) -> str:
    """The picture in words."""
    assert result.reference is not None
    return (
        f"Manufacturing jobs by country over time under {result.run.name}, and output, consumer"
        f" prices and real income at the end, in percent of {result.reference.name} with 95%"
        " intervals"
    )


def small_png(figure: Figure) -> bytes:
    """A figure in few colours; the same figure gives the same bytes."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS)
    few = Image.open(drawn).convert("RGB").quantize(MOST_COLOURS, dither=Image.Dither.NONE)
    few.save(packed, format="png", optimize=True)
    return packed.getvalue()


def written(page: str, found: dict[str, str]) -> str:
    """The page with entries in the place of those that it has, in the order of names.

    Parameters
    ----------
    page : str
    found : dict of str to str
        Entries by the name of their scenario; others are kept as they are.
    """
    blocks = {block["name"]: block[0] for block in BLOCK.finditer(page)}
    for name, text in found.items():
        blocks[name] = f"<!-- measured: {name} -->\n{text}<!-- end -->\n"
    head = page.partition("<!-- measured:")[0]
    ordered = [blocks[name] for name in names() if name in blocks]
    return head.rstrip("\n") + "\n\n" + "\n".join(ordered)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the scenarios asked for, and write each as soon as it has been run."""
    parser = argparse.ArgumentParser(description="Write the gallery anew.")
    parser.add_argument("scenario", nargs="*", help="all unless named")
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="at least 2")
    parser.add_argument("--years", type=int, help=f"at most; {YEARS} unless given, and all of some")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.scenario) - set(names()))
    if unknown:
        parser.error(f"{unknown[0]}: is none of {', '.join(names())}")
    if asked.seeds < 2:
        parser.error(f"--seeds {asked.seeds}: an interval needs 2 at least")
    PICTURES.mkdir(exist_ok=True)
    for name in asked.scenario or names():
        result = measured(name, asked.firms, asked.seeds, asked.years)
        assert result.reference is not None
        assert result.seeds is not None
        figure = scenario_card(result.run, result.reference, result.seeds)
        (PICTURES / f"{name}.png").write_bytes(small_png(figure))
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(written(page, {name: entry(name, result)}), encoding="utf-8")
        print(f"{name}: written", flush=True)


if __name__ == "__main__":
    main()
