"""Measures what a duty does year by year, and sets real events beside the model's makers.

    python docs/what_moved.py

replaces what stands between ``<!-- measured: NAME -->`` and ``<!-- end -->`` in
``docs/what-moved.md``; with names, those parts alone: ``duty``, ``events``. The same code gives the
same numbers.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from abm import RelocationModel, data
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from abm.worlds.held_responses import RESPONSES, HeldWorld
from abm.worlds.twin import twin
from docs.generate import table
from experiments.labels import with_minus
from experiments.scenarios.overrides import load_scenario

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/what-moved.md"

FIRMS, SEED = 500, 1
YEARS = 3

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


def duty() -> str:
    """Change of Mexican output under the duty, by year and by what adjusts."""
    reference = RelocationModel("status-quo", firms=FIRMS, rng=SEED)
    made = worlds_of_duty(reference)
    for _ in range(4 * YEARS):
        for model in (reference, *made.values()):
            model.step()
    usual = mexican_output(reference)
    before = pd.Series(0.0, usual.index)
    rows = []
    for name, model in made.items():
        change = 100 * (mexican_output(model) / usual - 1)
        rows.append((name, *_points(change - before)))
        before = change
    rows.append(("all together", *_points(before)))
    heads = ("what adjusts", *(f"year {year + 1}" for year in usual.index))
    return table(heads, rows)


def _points(numbers: pd.Series) -> list[str]:
    return [with_minus(f"{number:+.1f}") for number in numbers]


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


def expected_by_year(model: RelocationModel) -> pd.DataFrame:
    """Billion USD that vehicle makers are expected to decide on, by year, home and host."""
    start = model.scenario.start.year
    owners = model.frames()["owners"].query("quarter > 0 and sector in @VEHICLES")
    owners = owners.assign(year=start + (owners["quarter"] - 1) // 4)
    sums = owners.groupby(["year", "home", "region"])[
        ["expected_announced_musd", "expected_announced"]
    ].sum()
    return sums / {"expected_announced_musd": 1000.0, "expected_announced": 1.0}


def events() -> str:
    """Every event, and what the model's vehicle makers of that home do in that country that year.

    The run is that of the agreement's history; after its last year there is no number, and none
    where nothing was to be built.
    """
    scenario = Scenario.load(HISTORY)
    last = quarter_of(pd.Timestamp(f"{LAST_EVENT}-12-31").date(), scenario.start)
    run = RelocationModel(scenario, firms=FIRMS, rng=SEED)
    reference = RelocationModel("status-quo", firms=FIRMS, rng=SEED)
    for _ in range(last):
        run.step()
        reference.step()
    told, usual = expected_by_year(run), expected_by_year(reference)
    rows = []
    for event in dated_events().sort_values(["year", "announced", "id"]).itertuples():
        builds = isinstance(event.to_country, str) and event.maker not in OTHER_MAKERS
        host = event.to_country if isinstance(event.to_country, str) else event.from_country
        place = (event.year, event.home, host)
        said = ("", "")
        if builds and place in told.index:
            now = told.loc[place, "expected_announced_musd"]
            gap = now - usual.loc[place, "expected_announced_musd"]
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
