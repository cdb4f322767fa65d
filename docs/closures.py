"""Measures the headlines of shipped scenarios under each closure of the economy.

    python docs/closures.py

replaces what stands between ``<!-- measured: headlines -->`` and ``<!-- end -->`` in
``docs/closure.md``; with names of scenarios, it prints their rows alone. The same code gives the
same numbers.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abm import RelocationModel
from abm.axes import HOSTS, USA
from abm.scenario.scenario import Scenario, shipped
from abm.trade.books.rest_of_economy import balance_gap
from abm.worlds.twin import alike, twin
from experiments.fit.estimation_page import with_block
from experiments.labels import with_minus
from experiments.markdown import table
from experiments.outcomes.summary import entries, summary
from experiments.scenarios.overrides import load_scenario

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/closure.md"

FIRMS, SEEDS = 1_000, (1, 2)
LONGEST = 40
"""Quarters after which a run is cut."""

CLOSURES = ("partial", "labour", "full")

BASELINE = "status-quo"

MEX = HOSTS.index("MEX")

FUTURES = ("canada-338", "forced-labour-301", "retaliation-2026", "review-2026-")
"""Beginnings of the names of scenarios that go on from `blanket-2025`.

They are compared with one another in the gallery. Against the status quo of 2017 all of them
would tell of the same duties of 2025, which have their rows.
"""

MADE_UP = {
    "a subsidy of 5% on all US manufactures": ("subsidies.USA.all=0.05",),
    "a US duty of 10% on all goods from everywhere": (
        "tariffs.special.USA.all.all=0.1",
        "tariffs.special_waived_for_originating=false",
    ),
}
"""What the signs are derived for, by what the page calls it."""

HEADS = (
    "scenario", "closure", "US jobs, %", "Mexican jobs, %", "US goods balance with Mexico, bn USD",
    "US balance of all trade, % of its trade", "dollar, %", "peso, %", "US consumer prices, %",
    "US real income, %",
)  # fmt: skip

type Figures = NDArray[np.float64]


def figures(model: RelocationModel) -> Figures:
    """What the columns of the page are taken from, shape (column,)."""
    ends = {".".join(path): entry["end"] for path, entry in entries(summary(model.frames()))}
    gap = balance_gap(model.accounts, model.base_accounts)[USA]
    exchange = model.accounts.closing.exchange
    return np.array(
        [
            ends["manufacturing_employment.USA"],
            ends["manufacturing_employment.MEX"],
            ends["us_goods_balance.MEX"],
            gap,
            exchange[USA],
            exchange[MEX],
            ends["consumer_prices.USA"],
            ends["real_income.USA"],
        ]
    )


DIFFERENCES = (2, 3)
"""Columns that are told as differences; the others are percent of what they are without."""


def change(run: Figures, reference: Figures) -> Figures:
    """What a scenario changes, percent, billion USD or points, shape (column,)."""
    percent = 100 * (run / reference - 1)
    difference = run - reference
    difference[3] *= 100
    return np.where(np.isin(np.arange(len(run)), DIFFERENCES), difference, percent)


def scenario_of(name: str, closure: str) -> Scenario:
    """A shipped scenario, or one that is made up here, under a closure."""
    shipped_name, sets = (BASELINE, MADE_UP[name]) if name in MADE_UP else (name, ())
    return load_scenario(shipped_name, [f"economy.closure={closure}", *sets])


def changes(
    names: Sequence[str], closure: str, seed: int, firms: int, longest: int
) -> dict[str, Figures]:
    """What scenarios change under a closure, in the last quarter of each, by name."""
    start = RelocationModel(scenario_of(BASELINE, closure), firms=firms, rng=seed)
    ends: dict[str, Figures] = {}
    lengths: dict[str, int] = {}
    for name in names:
        scenario = scenario_of(name, closure)
        same = alike(start.scenario, scenario)
        model = twin(start, scenario) if same else RelocationModel(scenario, firms=firms, rng=seed)
        lengths[name] = min(scenario.quarters, longest)
        model.run_for(lengths[name])
        ends[name] = figures(model)
    usual: dict[int, Figures] = {}
    for quarter in sorted(set(lengths.values())):
        start.run_for(quarter - start.quarter)
        usual[quarter] = figures(start)
    return {name: change(ends[name], usual[lengths[name]]) for name in names}


def rows(
    names: Sequence[str],
    firms: int = FIRMS,
    seeds: Iterable[int] = SEEDS,
    longest: int = LONGEST,
) -> list[tuple[str, ...]]:
    """Rows of the page: means over seeds, and how far the seeds are from them."""
    found = {
        closure: [changes(names, closure, seed, firms, longest) for seed in seeds]
        for closure in CLOSURES
    }
    told = []
    for name in names:
        for closure in CLOSURES:
            by_seed = np.array([of_seed[name] for of_seed in found[closure]])
            told.append((_shown(name), closure, *_cells(by_seed)))
    return told


def _shown(name: str) -> str:
    return name if name in MADE_UP else f"`{name}`"


def _cells(by_seed: Figures) -> list[str]:
    means = by_seed.mean(axis=0)
    spread = np.abs(by_seed - means).max(axis=0)
    return [
        with_minus(f"{_signed(mean)} ± {half:.2f}")
        for mean, half in zip(means, spread, strict=True)
    ]


def _signed(number: float) -> str:
    return "0.00" if abs(number) < 0.005 else f"{number:+.2f}"


def every_name() -> list[str]:
    """What the page tells of: what is made up, and every shipped scenario but the futures."""
    told = (name for name in shipped() if name != BASELINE and not name.startswith(FUTURES))
    return [*MADE_UP, *told]


def main(names: list[str]) -> None:
    """Write the table into the page, or print the rows of the scenarios named."""
    unknown = sorted(set(names) - set(every_name()))
    if unknown:
        sys.exit(f"{unknown[0]}: is none of {', '.join(every_name())}")
    if names:
        print(table(HEADS, rows(names)))
        return
    told = table(HEADS, rows(every_name()))
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_block(text, "measured: headlines", told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
