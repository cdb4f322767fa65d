"""Measures what a duty does year by year, and sets real events beside the model's makers.

    python docs/what_moved.py

replaces what stands between ``<!-- measured: NAME -->`` and ``<!-- end -->`` in
``docs/what-moved.md``; with names, those parts alone: ``duty``, ``events``. The same code gives the
same numbers.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from abm import RelocationModel, data
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from abm.worlds.held_responses import RESPONSES, HeldWorld
from abm.worlds.twin import twin
from docs.generate import table
from experiments.labels import with_minus
from experiments.outcomes.intervals import half_widths
from experiments.scenarios.overrides import load_scenario

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/what-moved.md"

FIRMS, SEEDS = 2_000, (1, 2, 3, 4)
YEARS = 5

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

HISTORY = "usmca"
"""Scenario beside which events up to 2024 are set."""

LAST_EVENT = "2024"


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


def expected_by_year(model: RelocationModel) -> pd.Series:
    """Billion USD that vehicle makers are expected to decide on, by year, home and host."""
    start = model.scenario.start.year
    owners = model.frames()["owners"].query("quarter > 0 and sector in @VEHICLES")
    owners = owners.assign(year=start + (owners["quarter"] - 1) // 4)
    return owners.groupby(["year", "home", "region"])["expected_announced_musd"].sum() / 1000


def expected_in_history(name: str, firms: int, seeds: Sequence[int]) -> pd.Series:
    """The same up to the last event, under a scenario, mean over seeds."""
    scenario = Scenario.load(name)
    last = quarter_of(pd.Timestamp(f"{LAST_EVENT}-12-31").date(), scenario.start)
    found = []
    for seed in seeds:
        model = RelocationModel(scenario, firms=firms, rng=seed)
        model.run_for(last)
        found.append(expected_by_year(model))
    return pd.concat(found, axis=1).mean(axis=1)


def events(firms: int = FIRMS, seeds: Sequence[int] = SEEDS) -> str:
    """Every event, and what the model's vehicle makers of that home do in that country that year.

    The run is that of the agreement's history; after its last year there is no number, and none
    where nothing was to be built.
    """
    told = expected_in_history(HISTORY, firms, seeds)
    usual = expected_in_history("status-quo", firms, seeds)
    rows = []
    for event in dated_events().sort_values(["year", "announced", "id"]).itertuples():
        builds = isinstance(event.to_country, str) and event.maker not in OTHER_MAKERS
        host = event.to_country if isinstance(event.to_country, str) else event.from_country
        place = (event.year, event.home, host)
        said = ("", "")
        if builds and place in told.index:
            now = told.loc[place]
            gap = now - usual.loc[place]
            said = f"{now:.2f}", with_minus(f"{gap:+.2f}")
        place_name = f"{event.site}, {host}" if isinstance(event.site, str) else host
        money = event.investment_musd if isinstance(event.investment_musd, str) else ""
        rows.append(
            (event.announced, event.maker, place_name, event.kind, money, event.home, *said)
        )
    heads = (
        "announced", "maker", "where", "what happened", "million USD", "home in the model",
        "makers of that home expected to decide there that year, bn USD", "against no news",
    )  # fmt: skip
    return table(heads, rows)


PARTS: dict[str, Callable[[], str]] = {"duty": duty, "events": events}


def main(names: list[str]) -> None:
    """Write the parts asked for, or all, into the page."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        sys.exit(f"{unknown[0]}: is none of {', '.join(PARTS)}")
    text = PAGE.read_text(encoding="utf-8")
    for name in names or PARTS:
        start, end = f"<!-- measured: {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{PARTS[name]()}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
