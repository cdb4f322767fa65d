"""Duties that US customs collected in 2018-22 beyond those of 2017, as a scenario.

    python -m experiments.scenarios.collected_duties

rewrites ``experiments/scenarios/collected-2018.toml`` from three tables of
`abm.data`: monthly imports and duties by partner and sector, the dates of the law, and
what transport equipment consists of. No rate in the scenario is typed by hand.
"""

import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from abm import data
from abm.axes import GOODS
from experiments.runs.on_disk.run_folders import write_whole

YEAR_BEFORE = 2017
FIRST, LAST = pd.Period("2018Q1"), pd.Period("2022Q4")
"""Quarters whose duties the scenario levies."""

RATE_DECIMALS = 4
"""Of a rate; a hundredth of a percentage point."""

LISTED = "china-list-3"
"""The first law on the list of vehicle parts, raised later by `RAISED`."""
RAISED = "china-list-3-raised"

HEAD = """\
# What did the duties do that US customs in fact collected from 2018 to 2022?
#
# Written by `python -m experiments.scenarios.collected_duties`; do not edit. Rates are
# duties collected over customs value, by quarter, beyond those of the same quarter of 2017:
# on China, on metals, and on the little else that the law of these years named. They
# are due whatever the origin of the goods. No retaliation, no USMCA, no pandemic.
format = 1
title = "US duties of 2018 to 2022 as they were collected, by partner and sector"
question = "What did the duties do that US customs in fact collected from 2018 to 2022?"
extends = "status-quo"
quarters = 24

[tariffs]
special_waived_for_originating = false

[sources]
"tariffs.special_waived_for_originating" = "metal duties of 2018 fell on originating goods, too"
"""


def monthly() -> pd.DataFrame:
    """US imports and duties by month, the rest of the world apart.

    Returns
    -------
    pandas.DataFrame
        USD; index month (a period), partner and sector; columns ``imports`` and ``duty``.
        The sector ``transport`` is cars, trucks, parts and other transport equipment.
    """
    raw = data.read("us_imports_and_duties_2017_2022")
    raw = raw.rename(columns={"imports_usd": "imports", "duty_usd": "duty"})
    raw = raw[raw["sector"] != "TOTAL"].copy()
    raw["month"] = pd.PeriodIndex(raw["month"], freq="M")
    wide = raw.set_index(["month", "sector", "partner"])[["imports", "duty"]].unstack("partner")
    for column in ("imports", "duty"):
        named = wide[column][["CAN", "CHN", "MEX"]].sum(axis=1)
        wide[column, "ROW"] = wide[column, "ALL"] - named
    found = wide.drop(columns="ALL", level="partner").stack("partner", future_stack=True)
    return found.reorder_levels(["month", "partner", "sector"]).sort_index()


def quarterly_rates() -> pd.DataFrame:
    """Collected duty over customs value, months weighted by their days.

    A duty that begins or ends within a quarter counts by the days it stood. Days and
    not values weigh, as imports were brought forward before a duty and put off until
    its end.

    Returns
    -------
    pandas.DataFrame
        Index quarter (a period); columns partner and sector.
    """
    by_month = monthly()
    rate = (by_month["duty"] / by_month["imports"]).unstack(["partner", "sector"])
    days = rate.index.days_in_month.to_numpy(dtype=float)
    quarter = rate.index.asfreq("Q")
    return (
        rate.mul(days, axis=0)
        .groupby(quarter)
        .sum()
        .div(pd.Series(days, quarter).groupby(level=0).sum(), axis=0)
    )


def increments() -> pd.DataFrame:
    """Rates beyond those of the same quarter of the base year, where a law says why.

    What moves the collected rate elsewhere is no duty: goods changed, or fewer claimed
    a preference. The model has firms decide on claims by themselves.

    Returns
    -------
    pandas.DataFrame
        Index quarter, columns partner and sector as customs have them; 0 where no law holds.
    """
    rates = quarterly_rates()
    base = rates.loc[rates.index.year == YEAR_BEFORE]
    late = rates.loc[FIRST:LAST]
    usual = base.to_numpy()[late.index.quarter.to_numpy() - 1]
    beyond = (late - usual).clip(lower=0)
    return beyond.where(_lawful(beyond), 0.0)


def _lawful(rates: pd.DataFrame) -> pd.DataFrame:
    """Whether a law of 2018-22 names the partner and sector in the quarter."""
    holds = pd.DataFrame(False, rates.index, rates.columns)
    for event in events().itertuples():
        on = [
            (partner, sector)
            for partner, sector in rates.columns
            if partner in event.origins.split(";") and event.sectors in ("all", sector)
        ]
        after = rates.index.start_time > event.effective
        if event.rate == 0:
            holds.loc[after, on] = False
        else:
            holds.loc[rates.index.end_time >= event.effective, on] = True
    return holds


def events() -> pd.DataFrame:
    """Laws in the order in which they took effect, dates as timestamps."""
    law = data.read("us_duty_events_2018_2022")
    for column in ("effective", "collected_from", "announced"):
        law[column] = pd.to_datetime(law[column])
    return law.sort_values("effective", kind="stable").reset_index(drop=True)


def transport_rates(whole: pd.Series) -> pd.DataFrame:
    """What China's kinds of transport equipment paid, given what they paid together.

    Each kind has the rate of the list of goods it is on, by the days it stood, times a
    factor common to all, which stands for exclusions and for goods on no list.

    Parameters
    ----------
    whole : pandas.Series
        Increment on transport equipment by quarter.

    Returns
    -------
    pandas.DataFrame
        Index quarter, a column a kind; weighted by ``share`` they give ``whole``.
    """
    split = data.read("transport_split_2017").set_index("goods")
    law = pd.DataFrame(
        {goods: _by_days(row.list, whole.index) for goods, row in split.iterrows()}, whole.index
    )
    together = (law * split["share"]).sum(axis=1)
    factor = (whole / together.where(together > 0)).fillna(0.0)
    return law.mul(factor, axis=0)


def _by_days(name: str, quarters: pd.PeriodIndex) -> list[float]:
    """Rate of a list of goods from China, quarters by days."""
    law = events().set_index("id")
    steps = [name, RAISED] if name == LISTED else [name]
    found = []
    for quarter in quarters:
        days = pd.date_range(quarter.start_time, quarter.end_time.normalize())
        rate = np.zeros(len(days))
        for step in steps:
            rate[days >= law.loc[step, "collected_from"]] = law.loc[step, "rate"]
        found.append(float(rate.mean()))
    return found


def special_duties() -> pd.DataFrame:
    """What the scenario levies, by partner and good of the model.

    Returns
    -------
    pandas.DataFrame
        Ad valorem on customs value; index quarter, columns partner and good.
    """
    customs = increments()
    split = data.read("transport_split_2017").set_index("goods")
    kinds = transport_rates(customs["CHN", "transport"])
    by_good = {
        (partner, good): customs[partner, good]
        for partner, good in customs.columns
        if good in GOODS
    }
    for goods in ("cars", "light_trucks", "vehicle_parts"):
        by_good["CHN", goods] = kinds[goods]
    year = monthly().loc[str(YEAR_BEFORE)].groupby(["partner", "sector"])["imports"].sum()["CHN"]
    other = float(year["transport"] * split.loc["other_transport", "share"])
    by_good["CHN", "machinery"] = (
        customs["CHN", "machinery"] * year["machinery"] + kinds["other_transport"] * other
    ) / (year["machinery"] + other)
    return pd.DataFrame(by_good).round(RATE_DECIMALS)


def scenario_text() -> str:
    """The whole scenario file."""
    return HEAD + "".join(_entries(special_duties()))


def _entries(rates: pd.DataFrame) -> Iterator[str]:
    """Yield an entry of the timeline for every quarter in which a rate changes."""
    law = events()
    before = pd.Series(0.0, rates.columns)
    for quarter, now in rates.iterrows():
        changed = now[now != before]
        before = now
        if changed.empty:
            continue
        lines = ["", "[[timeline]]", *_dates(quarter, law), *_title(quarter, law)]
        for partner in dict.fromkeys(partner for partner, _ in changed.index):
            lines.append(f"[timeline.set.tariffs.special.USA.{partner}]")
            goods = changed[partner]
            lines += [f"{good} = {goods[good]:.4f}" for good in GOODS if good in goods]
        yield "\n".join(lines) + "\n"


def _new(quarter: pd.Period, law: pd.DataFrame) -> pd.DataFrame:
    """Laws that took effect within a quarter."""
    return law[law["effective"].between(quarter.start_time, quarter.end_time)]


def _dates(quarter: pd.Period, law: pd.DataFrame) -> list[str]:
    """When an entry is in force, and when it was known.

    A quarter in which a law began is known with that law; the next one, in which it
    stands in full, was known with the last of those; what else changes is no news
    before it happens.
    """
    new, last = _new(quarter, law), _new(quarter - 1, law)
    day = quarter.start_time if new.empty else new["effective"].min()
    known = new["announced"].min() if len(new) else last["announced"].max()
    lines = [f"date = {day.date()}"]
    return lines if pd.isna(known) else [*lines, f"announced = {known.date()}"]


def _title(quarter: pd.Period, law: pd.DataFrame) -> list[str]:
    new = _new(quarter, law)
    name = f"{quarter.year}, quarter {quarter.quarter}"
    why = "; ".join(new["title"]) if len(new) else "rates as collected"
    said = " / ".join(dict.fromkeys(new["source"]))
    source = "US Census Bureau, duties collected, in us_imports_and_duties_2017_2022.csv"
    lines = [f'title = "{name}: {why}"', f'source = "{source}{"; dates: " + said if said else ""}"']
    return [*lines, "unverified = true"] if "unverified" in said else lines


def main() -> None:
    """Rewrite the scenario file."""
    folder = Path(str(resources.files("experiments"))) / "scenarios"
    write_whole(folder / "collected-2018.toml", scenario_text().encode())
    rates = special_duties()
    sys.stdout.write(rates.loc[:, (rates > 0).any()].to_string() + "\n")


if __name__ == "__main__":
    main()
