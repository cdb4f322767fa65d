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
from docs.what_moved import DUTY
from experiments.fit.estimation_page import FIT_PAGE, default_of, with_block
from experiments.labels import with_minus
from experiments.markdown import table
from experiments.outcomes.intervals import half_widths
from experiments.scenarios.overrides import load_scenario

FIRMS, SEEDS, QUARTERS = 1_000, (1, 2, 3, 4), 20

POLICIES: Mapping[str, tuple[str, Sequence[str]]] = {
    "25% on all goods from Mexico": ("status-quo", DUTY),
    "`usmca`": ("usmca", ()),
}
"""What is done, by what the page calls it: a scenario, and what is set in it."""

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

HEADS = ("policy", "assumption", "at", *(OF_CLOSURES[2 + column] for column in SHOWN))


def variants(bounds: Mapping[str, tuple[float, float]] = BOUNDS) -> list[tuple[str, str, str]]:
    """What is set, by assumption, value and ``KEY=VALUE``; the first row sets nothing."""
    rows = [("as they are", "", "")]
    for key, ends in bounds.items():
        rows += [
            (f"`{key}`", f"{end:g} (default {default_of(key):g})", f"{key}={end}") for end in ends
        ]
    return rows


def changes_of(setting: str, firms: int, seeds: Sequence[int], quarters: int) -> np.ndarray:
    """What every policy changes in the last quarter, shape (policy, seed, column)."""
    settings = [setting] if setting else []
    found = []
    for seed in seeds:
        usual = RelocationModel(load_scenario("status-quo", settings), firms=firms, rng=seed)
        runs = [
            twin(usual, load_scenario(name, [*settings, *sets])) for name, sets in POLICIES.values()
        ]
        for model in (usual, *runs):
            model.run_for(quarters)
        found.append([change(figures(run), figures(usual))[list(SHOWN)] for run in runs])
    return np.array(found).swapaxes(0, 1)


def rows(
    bounds: Mapping[str, tuple[float, float]] = BOUNDS,
    firms: int = FIRMS,
    seeds: Sequence[int] = SEEDS,
    quarters: int = QUARTERS,
) -> list[tuple[str, ...]]:
    """Rows of the table: means over seeds, with half of their 95% intervals."""
    asked = variants(bounds)
    found = [changes_of(setting, firms, seeds, quarters) for *_, setting in asked]
    told = []
    for place, policy in enumerate(POLICIES):
        for (name, value, _), of_policies in zip(asked, found, strict=True):
            numbers = of_policies[place]
            cells = [
                f"{with_minus(f'{mean:+.2f}')} ±{half:.2f}"
                for mean, half in zip(numbers.mean(axis=0), half_widths(numbers), strict=True)
            ]
            told.append((policy, name, value, *cells))
    return told


def main(page: Path = FIT_PAGE) -> None:
    """Write the table into the page."""
    told = table(HEADS, rows())
    text = page.read_text(encoding="utf-8")
    page.write_text(with_block(text, "measured: not_identified", told), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
