"""Measures what a duty does year by year, and sets real events beside the model's makers.

    python docs/what_moved.py

replaces what stands between ``<!-- measured: NAME -->`` and ``<!-- end -->`` in
``docs/what-moved.md``; with names, those parts alone: ``duty``, ``china``, ``threat``,
``events``. The same code gives the same numbers.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from abm import RelocationModel, data
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from abm.worlds.held_responses import RESPONSES, HeldWorld
from abm.worlds.twin import twin
from experiments.fit.estimation_page import with_block
from experiments.labels import with_minus
from experiments.markdown import table
from experiments.outcomes.intervals import half_widths
from experiments.scenarios.overrides import load_scenario

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/what-moved.md"

FIRMS, SEEDS = 2_000, (1, 2, 3, 4)
YEARS = 5

MORE_SEEDS = tuple(range(1, 9))
"""For what owners of one home do: fewer firms, more luck."""

DUTY = (
    "tariffs.special.USA.MEX.all=0.25",
    "tariffs.special_waived_for_originating=false",
)
"""On all goods from Mexico, whether they originate or not, from the first quarter on."""

STEPS = {
    "nothing adjusts": (),
    "claims, contracts, sources and customers": ("claims", "contracts", "sources", "customers"),
    "capacity": ("capacity",),
    "plants": ("entry", "exit", "moves"),
    "wages and prices": ("prices",),
}
"""What is let go from one world to the next, by what the page calls it."""

WHOLE = "all together"
"""What the page calls the change in which everything adjusts."""

VEHICLES = ("cars", "light_trucks", "vehicle_parts")
OTHER_MAKERS = ("Carrier", "Constellation Brands")
"""Of air conditioners and beer."""

HISTORY, LAST_EVENT = "history", "2026-12-31"
"""Scenario beside which events are set, and how far it is run."""

QUARTERS_OF_OWNERS = 20
"""Over which owners' decisions are added up."""

HOME_NAMES = {
    "USA": "United States",
    "MEX": "Mexico",
    "CAN": "Canada",
    "CHN": "China",
    "ROW": "elsewhere",
}


def worlds_of_duty(reference: RelocationModel) -> dict[str, RelocationModel]:
    """Twins of a reference under the duty, each with one more response let go; the last is free."""
    scenario = load_scenario("status-quo", DUTY)
    held, made = list(RESPONSES), {}
    for name, free in STEPS.items():
        held = [response for response in held if response not in free]
        made[name] = HeldWorld(reference, scenario, held) if held else twin(reference, scenario)
    return made


def mexican_output(model: RelocationModel) -> pd.Series:
    """What plants in Mexico make in every year, million USD."""
    made = model.outcomes.query("region == 'MEX' and quarter > 0")
    return made.groupby((made["quarter"] - 1) // 4)["output_musd"].sum()


def changes_under_duty(seed: int, firms: int, years: int) -> pd.DataFrame:
    """Points of Mexican output of one seed, by what adjusts and year; the last row is the whole."""
    reference = RelocationModel("status-quo", firms=firms, rng=seed)
    made = worlds_of_duty(reference)
    for _ in range(4 * years):  # a held world follows the reference quarter by quarter
        for model in (reference, *made.values()):
            model.step()
    usual = mexican_output(reference)
    change = pd.DataFrame(
        {name: 100 * (mexican_output(one) / usual - 1) for name, one in made.items()}
    )
    parts = change.diff(axis=1)
    parts.iloc[:, 0] = change.iloc[:, 0]
    parts[WHOLE] = change.iloc[:, -1]
    return parts.T


def duty(firms: int = FIRMS, seeds: Sequence[int] = SEEDS, years: int = YEARS) -> str:
    """Change of Mexican output under the duty, by year and by what adjusts: means over seeds.

    Every mean has half of its 95% interval beside it.
    """
    by_seed = [changes_under_duty(seed, firms, years) for seed in seeds]
    numbers = np.array([parts.to_numpy() for parts in by_seed])
    means, halves = numbers.mean(axis=0), half_widths(numbers)
    rows = [
        (
            name,
            *(f"{with_minus(f'{mean:+.1f}')} ±{half:.1f}" for mean, half in zip(*row, strict=True)),
        )
        for name, *row in zip(by_seed[0].index, means, halves, strict=True)
    ]
    heads = ("what adjusts", *(f"year {year + 1}" for year in by_seed[0].columns))
    return table(heads, rows)


def home_of(country: str) -> str:
    """The model's name of the home of a maker, the first where several share a plant."""
    first = country.split(";")[0]
    names = {"USA": "USA", "MEX": "MEX", "CAN": "CAN", "CHN": "CHN"}
    return names.get(first, "ROW")


def dated_events() -> pd.DataFrame:
    """Events of vehicle makers with a year of announcement, and the model's name of their home."""
    found = data.read("plant_events")
    found = found[~found["maker"].str.startswith("(")].copy()
    found["year"] = found["announced"].str.extract(r"(\d{4})")[0].astype(int)
    found["home"] = found["parent_country"].map(home_of)
    return found


def decided(model: RelocationModel, columns: Sequence[str]) -> pd.DataFrame:
    """Sums of columns of the table of owners, all sectors and quarters, by home and host."""
    owners = model.frames()["owners"].query("quarter > 0")
    return owners.groupby(["home", "region"])[list(columns)].sum()


def by_owner(
    name: str, columns: Sequence[str], firms: int, seeds: Sequence[int], quarters: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What owners decide without news, what a scenario adds, and half of that one's interval.

    Seed by seed both worlds have the same firms and the same luck.
    """
    usual, changed = [], []
    for seed in seeds:
        reference = RelocationModel("status-quo", firms=firms, rng=seed)
        news = twin(reference, Scenario.load(name))
        for model in (reference, news):
            model.run_for(quarters)
        usual.append(decided(reference, columns))
        changed.append(decided(news, columns) - usual[-1])
    halves = half_widths(np.array([one.to_numpy() for one in changed]))
    mean = sum(changed) / len(seeds)
    return sum(usual) / len(seeds), mean, pd.DataFrame(halves, mean.index, mean.columns)


def who(
    name: str, columns: Sequence[tuple[str, str]], firms: int, seeds: Sequence[int], quarters: int
) -> list[tuple[str, ...]]:
    """A row a home of owners: of each column and host, billions without news, and what news add."""
    names = list(dict.fromkeys(column for column, _ in columns))
    usual, more, half = by_owner(name, names, firms, seeds, quarters)
    rows = []
    for home, label in HOME_NAMES.items():
        cells = [label]
        for column, host in columns:
            before, added, off = (
                found.loc[(home, host), column] / 1000 for found in (usual, more, half)
            )
            cells += [f"{before:.2f}", f"{with_minus(f'{added:+.2f}')} ±{off:.2f}"]
        rows.append(tuple(cells))
    return rows


def china(
    firms: int = FIRMS, seeds: Sequence[int] = MORE_SEEDS, quarters: int = QUARTERS_OF_OWNERS
) -> str:
    """What owners are expected to decide to build, by home, and what the duty on China adds."""
    hosts = ("MEX", "USA", "CAN")
    columns = [("expected_announced_musd", host) for host in hosts]
    heads = [f"{head}in {HOME_NAMES[host]}" for host in hosts for head in ("", "the duty adds ")]
    return table(("owners from", *heads), who("china-25", columns, firms, seeds, quarters))


def threat(
    firms: int = FIRMS, seeds: Sequence[int] = MORE_SEEDS, quarters: int = QUARTERS_OF_OWNERS
) -> str:
    """Who holds back from Mexico under the border tax that never comes, and who cancels there."""
    columns = [
        ("expected_announced_musd", "MEX"),
        ("expected_announced_musd", "USA"),
        ("cancelled_musd", "MEX"),
    ]
    heads = ("to be built in Mexico", "the threat adds", "to be built in the United States",
             "the threat adds", "given up in Mexico", "the threat adds")  # fmt: skip
    return table(("owners from", *heads), who("threat-35", columns, firms, seeds, quarters))


YEARLY = ("expected_announced_musd", "expected_closing")
"""What events are set beside: building decided on, and plants decided to close."""


def expected_by_year(model: RelocationModel) -> pd.DataFrame:
    """What vehicle makers are expected to decide on, by year, home and host."""
    start = model.scenario.start.year
    owners = model.frames()["owners"].query("quarter > 0 and sector in @VEHICLES")
    owners = owners.assign(year=start + (owners["quarter"] - 1) // 4)
    return owners.groupby(["year", "home", "region"])[list(YEARLY)].sum()


def expected_in_history(firms: int, seeds: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same in the history of policy, and without news, up to the last event; means of seeds."""
    scenario = Scenario.load(HISTORY)
    quiet = load_scenario("status-quo", (f"start={scenario.start.isoformat()}",))
    last = quarter_of(date.fromisoformat(LAST_EVENT), scenario.start)
    told, usual = [], []
    for seed in seeds:
        reference = RelocationModel(quiet, firms=firms, rng=seed)
        news = twin(reference, scenario)
        for model, found in ((reference, usual), (news, told)):
            model.run_for(last)
            found.append(expected_by_year(model))
    return sum(told) / len(seeds), sum(usual) / len(seeds)


def events(firms: int = FIRMS, seeds: Sequence[int] = SEEDS) -> str:
    """Every event, and what the model's vehicle makers of that home do in that country that year.

    Building is set beside what came to a country, closing beside what left it; there is no
    number before the history begins, and none beside makers of other goods.
    """
    told, usual = expected_in_history(firms, seeds)
    rows = []
    for event in dated_events().sort_values(["year", "announced", "id"]).itertuples():
        host = event.to_country if isinstance(event.to_country, str) else event.from_country
        cells = []
        for column, country, scale in (
            (YEARLY[0], event.to_country, 1e-3),
            (YEARLY[1], event.from_country, 1.0),
        ):
            place = (event.year, event.home, country)
            if event.maker in OTHER_MAKERS or place not in told.index:
                cells.append("")
                continue
            now = scale * told.loc[place, column]
            gap = with_minus(f"{now - scale * usual.loc[place, column]:+.2f}")
            cells.append(f"{now:.2f} ({gap})")
        place_name = f"{event.site}, {host}" if isinstance(event.site, str) else host
        money = event.investment_musd if isinstance(event.investment_musd, str) else ""
        rows.append(
            (event.announced, event.maker, place_name, event.kind, money, event.home, *cells)
        )
    heads = (
        "announced", "maker", "where", "what happened", "million USD", "home in the model",
        "expected to be built where it went to, bn USD (against no news)",
        "plants expected to be closed where it left (against no news)",
    )  # fmt: skip
    return table(heads, rows)


PARTS: dict[str, Callable[[], str]] = {
    "duty": duty,
    "china": china,
    "threat": threat,
    "events": events,
}


def main(names: list[str]) -> None:
    """Write the parts asked for, or all, into the page."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        sys.exit(f"{unknown[0]}: is none of {', '.join(PARTS)}")
    text = PAGE.read_text(encoding="utf-8")
    for name in names or PARTS:
        text = with_block(text, f"measured: {name}", PARTS[name]())
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
