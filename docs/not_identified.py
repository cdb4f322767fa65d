"""Measures headlines against assumptions that nothing here identifies.

    python docs/not_identified.py

replaces what stands between ``<!-- measured: not_identified -->`` and ``<!-- end -->`` in
``docs/fit.md``. The same code gives the same numbers.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from abm import RelocationModel
from abm.worlds.twin import twin
from docs.closures import HEADS as OF_CLOSURES
from docs.closures import change, figures
from docs.generate import table
from experiments.fit.estimation_page import FIT_PAGE, default_of, with_block
from experiments.labels import with_minus
from experiments.outcomes.intervals import half_widths
from experiments.scenarios.overrides import load_scenario

FIRMS, SEEDS, QUARTERS = 1_000, (1, 2, 3, 4), 40

SCENARIOS = ("blanket-25", "usmca")

BOUNDS: Mapping[str, tuple[float, float]] = {
    "firms.location_dispersion": (4.0, 12.0),
    "firms.empty_slots": (0.1, 0.4),
    "firms.closure_cost": (0.02, 0.2),
    "firms.death_gradient": (0.45, 0.65),
    "economy.renewal_slope": (0.0, 4.0),
}
"""Assumptions that are held, and the ends between which nothing here tells."""

SHOWN = (0, 1, 2, 6, 7)
"""Columns of the page of closures that are told here."""

HEADS = ("scenario", "assumption", "at", *(OF_CLOSURES[2 + column] for column in SHOWN))


def variants(bounds: Mapping[str, tuple[float, float]] = BOUNDS) -> list[tuple[str, str, str]]:
    """What is set, by assumption, value and ``KEY=VALUE``; the first row sets nothing."""
    rows = [("as they are", "", "")]
    for key, ends in bounds.items():
        rows += [
            (f"`{key}`", f"{end:g} (default {default_of(key):g})", f"{key}={end}") for end in ends
        ]
    return rows


def changes_of(
    scenario: str, setting: str, firms: int, seeds: Sequence[int], quarters: int
) -> np.ndarray:
    """What a scenario changes in the last quarter, shape (seed, column)."""
    settings = [setting] if setting else []
    found = []
    for seed in seeds:
        usual = RelocationModel(load_scenario("status-quo", settings), firms=firms, rng=seed)
        run = twin(usual, load_scenario(scenario, settings))
        for model in (usual, run):
            model.run_for(quarters)
        found.append(change(figures(run), figures(usual))[list(SHOWN)])
    return np.array(found)


def rows(
    scenarios: Sequence[str] = SCENARIOS,
    bounds: Mapping[str, tuple[float, float]] = BOUNDS,
    firms: int = FIRMS,
    seeds: Sequence[int] = SEEDS,
    quarters: int = QUARTERS,
) -> list[tuple[str, ...]]:
    """Rows of the table: means over seeds, with half of their 95% intervals."""
    told = []
    for scenario in scenarios:
        for name, value, setting in variants(bounds):
            found = changes_of(scenario, setting, firms, seeds, quarters)
            cells = [
                f"{with_minus(f'{mean:+.2f}')} ±{half:.2f}"
                for mean, half in zip(found.mean(axis=0), half_widths(found), strict=True)
            ]
            told.append((f"`{scenario}`", name, value, *cells))
    return told


def main(page: Path = FIT_PAGE) -> None:
    """Write the table into the page."""
    told = table(HEADS, rows())
    text = page.read_text(encoding="utf-8")
    page.write_text(with_block(text, "measured: not_identified", told), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
