"""Measures the findings of the documentation, draws them, and writes them down.

    python docs/findings.py

draws ``docs/figures/*.png`` and replaces what stands between ``<!-- measured: NAME -->``
and ``<!-- end -->`` in ``docs/findings.md``; with names, those findings alone:
``content``, ``threat``, ``withdrawal``, ``drift``. The same code gives the same numbers.
"""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from abm import RelocationModel
from abm.axes import CONFIG_LABELS, FOOTLOOSE, HOSTS
from abm.core.demand.claims import Claim
from abm.core.inputs.content_rules import Floats
from abm.scenario.scenario import Scenario
from experiments.labels import REGION_NAMES, with_minus
from experiments.markdown import table
from experiments.outcomes.quantities import consumer_prices, employment, plants_changed
from experiments.scenarios.overrides import load_scenario
from viz.figures.documentation import laffer_curve, threat_and_openings, withdrawal_and_trade

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/findings.md"
FIGURES = ROOT / "docs/figures"

SEEDS = (1, 2, 3, 4, 5)
FIRMS = 2_000

THRESHOLDS = (0.3, 0.5, 0.625, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94, 0.96, 0.98, 0.99, 1.0)
EXTRA_DUTY = 0.10
"""On cars that do not claim origin, on top of 2.5%: between cars' own duty and light trucks'."""

TRUCK_DUTY = 0.2
"""Least duty of a product that counts as a light truck at 25%; chassis and others owe less."""

HAZARDS = (0.0, 0.025, 0.05, 0.1)
"""Chance a quarter, as firms believe it, that the threat is carried out."""

THREAT_QUARTERS = 4
WITHDRAWAL_QUARTERS = 20

DRIFT_FIRMS, DRIFT_QUARTERS = 10_000, 40
DRIFT_SEEDS = (1, 2, 3)
DRIFT_AFTER = (8, 16, 24, 40)
NOTICEABLE = 0.01
LARGE_FLOW = 10_000
"""Million USD a year from which a flow between two regions is large."""


# --- content against the threshold ---------------------------------------------------


def ladder(extra_duty: float) -> Scenario:
    """A scenario whose threshold for vehicles climbs by a step a quarter.

    All steps are announced in the first quarter, which solves every one of them as a
    regime of its own for the same firms: nobody has moved yet, and only the rule differs.
    """
    steps = [
        f"[[timeline]]\ndate = {2018 + step // 4}-{1 + 3 * (step % 4):02d}-01\n"
        "announced = 2017-01-01\n"
        f"title = 'threshold {threshold}'\nsource = 'experiment'\n[timeline.set]\n"
        f"'rules_of_origin.regional_value_content.cars' = {threshold}\n"
        f"'rules_of_origin.regional_value_content.light_trucks' = {threshold}\n"
        for step, threshold in enumerate(THRESHOLDS)
    ]
    duty = f"[tariffs.special.USA.all]\ncars = {extra_duty}\n" if extra_duty else ""
    head = "format = 1\ntitle = 'ladder'\nquestion = 'How does content follow the threshold?'\n"
    return Scenario.from_toml("\n".join([head, 'extends = "status-quo"', duty, *steps]))


def content_for_the_usa(
    model: RelocationModel, sector: str, least_duty: float = 0.0
) -> pd.DataFrame:
    """Content of a sector's goods for the USA under every threshold of a `ladder`.

    The mean over makers of the sector whose product's own US duty is at least so high,
    each as if it assembled at the host.
    """
    made = model.firms.sector == FOOTLOOSE.index(sector)
    found = []
    for host in ("MEX", "CAN"):
        h = HOSTS.index(host)
        rows = made & (model.firms.product_duty[:, h, HOSTS.index("USA")] >= least_duty)
        # The first regime is that of the start; the last column is at contracts, not adapted.
        steps = slice(1, 1 + len(THRESHOLDS))
        free = model.costs.free_content[rows, h, steps]
        claim = model.borders.claim[rows, h, HOSTS.index("USA"), steps]
        complies = claim == Claim.COMPLIES
        content = np.where(complies, np.maximum(free, THRESHOLDS), free)
        found.append(
            pd.DataFrame(
                {
                    "host": host,
                    "threshold": THRESHOLDS,
                    "content": content.mean(axis=0),
                    "complies": complies.mean(axis=0),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def measure_content(seeds: Sequence[int] = SEEDS, firms: int = FIRMS) -> pd.DataFrame:
    """Content by seed, duty on what is not claimed, host and threshold."""
    found = []
    for seed in seeds:
        plain = RelocationModel(ladder(0.0), firms=firms, rng=seed)
        dearer = RelocationModel(ladder(EXTRA_DUTY), firms=firms, rng=seed)
        plain.step()
        dearer.step()
        for model, sector, least, duty in (
            (plain, "cars", 0.0, "cars, 2.5%"),
            (dearer, "cars", 0.0, f"cars, {EXTRA_DUTY + 0.025:.1%}"),
            (plain, "light_trucks", TRUCK_DUTY, "light trucks, 25%"),
        ):
            content = content_for_the_usa(model, sector, least)
            found.append(content.assign(seed=seed, duty=duty))
    return pd.concat(found, ignore_index=True)


# --- a threat alone --------------------------------------------------------------------


def opening_chances(
    model: RelocationModel, config: NDArray[np.int8], target: NDArray[np.int8]
) -> tuple[NDArray[np.int64], Floats]:
    """Who might plan a Mexican plant this quarter, and how likely each is to.

    Parameters
    ----------
    model : RelocationModel
        After the step.
    config, target : ndarray of int, shape (firm,)
        Sets of plants standing and under way before it.

    Returns
    -------
    rows, chance : ndarray, shape (firm,)
        Firms that decide, with a plant in the USA, none in Mexico, and nothing being built;
        probabilities over what luck may turn out to be.
    """
    has = np.array([[host in label.split("+") for host in HOSTS] for label in CONFIG_LABELS])
    usa, mex = has[:, HOSTS.index("USA")], has[:, HOSTS.index("MEX")]
    plans = model.plans
    able = usa[config[plans.rows]] & ~mex[config[plans.rows]] & (target[plans.rows] < 0)
    chance: Floats = plans.weighed.expected[able][:, mex].sum(axis=1)
    return plans.rows[able], chance


def expected_openings(overrides: Sequence[str], firms: int, seed: int) -> float:
    """Mexican plants that US firms are expected to plan in the first year, real firms."""
    model = RelocationModel(load_scenario("threat-35", overrides), firms=firms, rng=seed)
    total = 0.0
    for _ in range(THREAT_QUARTERS):
        config, target = model.firms.config.copy(), model.firms.target.copy()
        model.step()
        rows, chance = opening_chances(model, config, target)
        total += float(model.firms.weight[rows] @ chance)
    return total


def measure_threat(seeds: Sequence[int] = SEEDS, firms: int = FIRMS) -> pd.DataFrame:
    """Expected openings by seed and believed hazard, and against no threat at all."""
    found = []
    for seed in seeds:
        for hazard in HAZARDS:
            overrides = [f"threat.arrival_per_quarter={hazard}"]
            found.append((seed, hazard, expected_openings(overrides, firms, seed)))
    frame = pd.DataFrame(found, columns=["seed", "arrival_per_quarter", "openings"])
    none = frame[frame["arrival_per_quarter"] == 0].set_index("seed")["openings"]
    return frame.assign(change=frame["openings"] / frame["seed"].map(none) - 1)


# --- withdrawal ------------------------------------------------------------------------


def trade_within(model: RelocationModel) -> pd.Series:
    """Goods traded between the three in the last four quarters, by origin and destination."""
    trade = model.frames()["trade"]
    late = trade[trade["quarter"] > trade["quarter"].max() - 4]
    between = late["origin"].isin(HOSTS) & late["destination"].isin(HOSTS)
    late = late[between & (late["origin"] != late["destination"])]
    return late.groupby(["origin", "destination"])["customs_value_musd"].sum()


def measure_withdrawal(
    seeds: Sequence[int] = SEEDS, firms: int = FIRMS, quarters: int = WITHDRAWAL_QUARTERS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changes against status-quo: of trade in the last year, of prices by quarter; fractions."""
    trade, prices = [], []
    for seed in seeds:
        pair = []
        for name in ("nafta-withdrawal", "status-quo"):
            model = RelocationModel(name, firms=firms, rng=seed)
            model.run_for(quarters)
            frames = model.frames()
            pair.append((trade_within(model), consumer_prices(frames["outcomes"], frames["trade"])))
        (flows, price), (usual, before) = pair
        trade.append((flows / usual - 1).rename("change").reset_index().assign(seed=seed))
        long = (price / before - 1).rename_axis("quarter").reset_index()
        prices.append(long.melt("quarter", var_name="host", value_name="change").assign(seed=seed))
    return pd.concat(trade, ignore_index=True), pd.concat(prices, ignore_index=True)


# --- no news -----------------------------------------------------------------------------


def measure_drift(firms: int = DRIFT_FIRMS, quarters: int = DRIFT_QUARTERS) -> str:
    """Drift of aggregates and gross moves under status-quo, as tables."""
    by_seed = {}
    for seed in DRIFT_SEEDS[::-1]:
        model = RelocationModel("status-quo", firms=firms, rng=seed)
        model.run_for(quarters)
        by_seed[seed] = model.outcomes
    frames = model.frames()
    outcomes, trade = frames["outcomes"], frames["trade"]
    output = output_of(outcomes)
    jobs = employment(outcomes)
    crossing = trade[trade["origin"] != trade["destination"]]
    flows = crossing.groupby(["quarter", "origin", "destination", "sector"])["value_musd"]
    flows = flows.sum().unstack([1, 2, 3]).fillna(0.0)
    large = flows.loc[:, 4 * flows.iloc[0] >= LARGE_FLOW]
    pairs = crossing.groupby(["quarter", "origin", "destination"])["value_musd"].sum()
    pairs = pairs.unstack([1, 2]).fillna(0.0)
    among = [pair for pair in pairs if set(pair) <= set(HOSTS)]

    def drift(series: pd.DataFrame) -> pd.DataFrame:
        return series / series.iloc[0] - 1

    def line(what: str, series: pd.DataFrame) -> tuple[str, ...]:
        change = drift(series)
        worst = change.abs().max().idxmax()
        name = " to ".join(worst[:2]) if isinstance(worst, tuple) else str(worst)
        name += f", {worst[2]}" if isinstance(worst, tuple) and len(worst) > 2 else ""
        end = change.iloc[-1].abs().max()
        above = (change.abs().max() > NOTICEABLE).sum()
        largest = f"{change.abs().max().max():.2%}"
        return what, largest, name, f"{end:.2%}", f"{above} of {change.shape[1]}"

    rows = [
        line("output by country", output),
        line("manufacturing jobs by country", jobs),
        line("trade between the three, by pair", pairs[among]),
        line(f"flows by pair and sector, {large.shape[1]} above USD 10 bn a year", large),
    ]
    moved = float(plants_changed(frames["moves"])["moved", "all"].sum())
    standing = float(outcomes[outcomes["quarter"] == 0]["plants"].sum())
    years = quarters / 4
    heads = ("no news", "largest drift in any quarter", "where", "largest at the end", "above 1%")
    share = moved / standing / years
    return (
        f"{drift_by_seed(by_seed)}\n\n"
        f"Of seed {DRIFT_SEEDS[0]} alone:\n\n"
        f"{table(heads, rows)}\n\n"
        f"Gross moves: {moved:,.0f} of {standing:,.0f} plants in {years:g} years, "
        f"{share:.2%} a year ({firms:,} firms, {quarters} quarters, seed 1).\n"
    )


def output_of(outcomes: pd.DataFrame) -> pd.DataFrame:
    """What every region makes, million USD, by quarter."""
    return outcomes.groupby(["quarter", "region"])["output_musd"].sum().unstack()


def drift_by_seed(outcomes: dict[int, pd.DataFrame]) -> str:
    """Output of the hosts against the calibration year some quarters on, as a table."""
    rows = []
    for seed, of_seed in sorted(outcomes.items()):
        output = output_of(of_seed)
        change = 100 * (output / output.iloc[0] - 1)
        after = [quarter for quarter in DRIFT_AFTER if quarter in change.index]
        cells = [
            " / ".join(with_minus(f"{change.loc[quarter, host]:+.1f}") for host in HOSTS)
            for quarter in after
        ]
        rows.append((str(seed), *cells))
    heads = ("seed", *(f"after {quarter} quarters" for quarter in after))
    return f"Output in percent, {' / '.join(HOSTS)}:\n\n{table(heads, rows)}"


# --- writing -------------------------------------------------------------------------------


def spread(values: pd.Series, form: str) -> str:
    """Mean, and the range over seeds."""
    return (
        f"{format(values.mean(), form)} ({format(values.min(), form)} to "
        f"{format(values.max(), form)})"
    )


def content_table(content: pd.DataFrame) -> str:
    """Where each curve starts, peaks and ends."""
    rows = []
    for (duty, host), curves in content.groupby(["duty", "host"], sort=False):
        mean = curves.groupby("threshold")["content"].mean()
        last = curves[curves["threshold"] == mean.index[-1]]
        rows.append(
            (
                duty,
                REGION_NAMES[str(host)],
                f"{mean.iloc[0]:.1%}",
                f"{mean.max():.1%}",
                f"{mean.idxmax():g}",
                spread(last["content"], ".1%"),
                f"{last['complies'].mean():.0%}",
            )
        )
    heads = (
        "good, duty if not claimed",
        "assembled in",
        "content without a binding rule",
        "at the peak",
        "threshold of the peak",
        "at a threshold of 1",
        "comply there",
    )
    return table(heads, rows)


def threat_table(threat: pd.DataFrame) -> str:
    """Expected openings by hazard."""
    groups = threat.groupby("arrival_per_quarter")
    rows = (
        (f"{hazard:.2%}", spread(some["openings"], ",.0f"), spread(some["change"], "+.1%"))
        for hazard, some in groups
    )
    return table(
        ("believed hazard a quarter", "expected openings, real firms", "against none"), rows
    )


def withdrawal_table(trade: pd.DataFrame, prices: pd.DataFrame) -> str:
    """Changes of trade by pair and of prices by country."""
    rows = [
        (f"trade, {origin} to {destination}", spread(some["change"], "+.1%"))
        for (origin, destination), some in trade.groupby(["origin", "destination"])
    ]
    last = prices[prices["quarter"] == prices["quarter"].max()]
    rows += [
        (f"consumer prices, {REGION_NAMES[str(host)]}", spread(some["change"], "+.2%"))
        for host, some in last.groupby("host")
    ]
    return table(("against status-quo", "change"), rows)


def save(figure: Figure, name: str) -> None:
    """Write a figure whole or not at all."""
    temporary = FIGURES / f".{name}.png"
    figure.savefig(temporary, dpi=150, metadata={"Software": None})
    temporary.replace(FIGURES / f"{name}.png")


def content_block() -> str:
    """Draw and tell content against the threshold."""
    content = measure_content()
    save(laffer_curve(content), "laffer_curve")
    return content_table(content)


def threat_block() -> str:
    """Draw and tell what a threat alone does."""
    threat = measure_threat()
    save(threat_and_openings(threat), "threat")
    return threat_table(threat)


def withdrawal_block() -> str:
    """Draw and tell what withdrawal does."""
    trade, prices = measure_withdrawal()
    save(withdrawal_and_trade(trade, prices), "withdrawal")
    return withdrawal_table(trade, prices)


BLOCKS: dict[str, Callable[[], str]] = {
    "content": content_block,
    "threat": threat_block,
    "withdrawal": withdrawal_block,
    "drift": measure_drift,
}


def main(names: Sequence[str]) -> None:
    """Measure, draw and write down the blocks of those names."""
    for name in names:
        measured = BLOCKS[name]()
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_block(page, name, measured), encoding="utf-8")


def with_block(page: str, name: str, measured: str) -> str:
    """A page with one measured block replaced."""
    block = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    return block.sub(lambda found: f"{found[1]}{measured}\n{found[2]}", page)


if __name__ == "__main__":
    asked = sys.argv[1:] or list(BLOCKS)
    if unknown := set(asked) - set(BLOCKS):
        sys.exit(f"{', '.join(sorted(unknown))}: no such finding; allowed: {', '.join(BLOCKS)}")
    main(asked)
