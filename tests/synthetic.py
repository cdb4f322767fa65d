"""Tables like those of a real run, made up: exact columns, plausible sizes, no model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from abm import data
from abm.axes import CONFIG_LABELS, FOOTLOOSE, GOODS, HOMES, HOSTS, REGIONS, SECTORS, USES
from abm.policy.regime import Instruments
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from experiments.outcomes.tables import TABLES, RunFrames

START = date(2017, 1, 1)
ECONOMY = EconomyAssumptions()


def a_run(name: str = "usmca", quarters: int = 40, tilt: float = 0.1) -> RunFrames:
    """A run in which ``tilt`` of Mexico's output of cars leaves, most of it for the US."""
    return RunFrames(name, START, tables(quarters, tilt))


def tables(quarters: int = 40, tilt: float = 0.1) -> dict[str, pd.DataFrame]:
    """All six tables; with a tilt of 0 nothing ever changes but a few plants move."""
    return {name: table.copy() for name, table in _tables(quarters, tilt).items()}


@cache
def _tables(quarters: int, tilt: float) -> dict[str, pd.DataFrame]:
    """The same, made once for all who ask."""
    made_up = {
        "outcomes": _outcomes(quarters, tilt),
        "trade": _trade(quarters, tilt),
        "moves": _moves(quarters, tilt),
        "content": _content(quarters, tilt),
        "owners": _owners(quarters, tilt),
        "events": _events(quarters, tilt),
    }
    return {name: _with_all_columns(name, table) for name, table in made_up.items()}


def _with_all_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table with the declared columns that are not made up here, as their unit suggests."""
    missing = {
        column: 1.0 if declared.unit in ("calibration year = 1", "ratio") else 0.0
        for column, declared in TABLES[name].items()
        if column not in table
    }
    return table.assign(**missing)


def empty(name: str) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({column: [] for column in TABLES[name]}).astype({"quarter": int})


def progress_of(quarter: int) -> float:
    """Nothing for three years, then an S-shaped move that is over after eight."""
    return float(1 / (1 + np.exp(-(quarter - 20) / 3))) if quarter > 11 else 0.0


def moved(quarter: int, tilt: float, region: str, sector: str) -> float:
    """Output against quarter 0."""
    weight = {"cars": 1.0, "light_trucks": 0.8, "vehicle_parts": 0.6}.get(sector, 0.05)
    by_region = {"USA": 0.28, "MEX": -1.0, "CAN": -0.3}.get(region, 0.0)
    return 1 + tilt * weight * by_region * progress_of(quarter)


@cache
def _base() -> dict[tuple[str, str], dict[str, float]]:
    """Figures of the calibration year by region and sector."""
    table = data.read("output_value_added_2017").merge(data.read("labour"), how="left")
    return table.set_index(["region", "sector"]).to_dict("index")


@cache
def _outcomes(quarters: int, tilt: float) -> pd.DataFrame:
    rows = []
    for quarter, region, sector in product(range(quarters + 1), HOSTS, FOOTLOOSE):
        base, scale = _base()[region, sector], moved(quarter, tilt, region, sector)
        plants = base["gross_output_musd"] / {"USA": 17, "MEX": 1.2, "CAN": 10}[region]
        rows.append(
            {
                "quarter": quarter,
                "region": region,
                "sector": sector,
                "output_musd": base["gross_output_musd"] / 4 * scale,
                "value_added_musd": base["value_added_musd"] / 4 * scale,
                "employment": 1000 * base["employment_thousand"] * scale,
                "wage_index": scale**0.1,
                "price_index": 1 + 0.05 * tilt * progress_of(quarter) * (sector in FOOTLOOSE[:3]),
                "price_tornqvist": 1
                + 0.04 * tilt * progress_of(quarter) * (sector in FOOTLOOSE[:3]),
                "sales_to_move": 0.1 * abs(tilt) * progress_of(quarter),
                "contracts_to_move": 0.2 * abs(tilt) * progress_of(quarter),
                "consumption_musd": base["gross_output_musd"] / 5,
                "plants": plants * scale,
                "opened": plants * 0.002 * (quarter > 0),
                "closed": plants * 0.002 * (quarter > 0),
                "announced": plants * 0.0025 * (quarter > 0),
                "cancelled": plants * 0.0005 * (quarter > 0),
                "announced_musd": base["gross_output_musd"] * 0.0005 * (quarter > 0),
                "completed_musd": base["gross_output_musd"] * 0.0004 * (quarter > 0),
                "cancelled_musd": base["gross_output_musd"] * 0.0001 * (quarter > 0),
                "lost_musd": base["gross_output_musd"] * 0.00002 * (quarter > 0),
            }
        )
    return pd.DataFrame(rows)


def _owners(quarters: int, tilt: float) -> pd.DataFrame:
    """What is made in a country, split evenly over owners of five homes."""
    whole = _outcomes(quarters, tilt)[
        ["quarter", "region", "sector", "plants", "output_musd", "employment"]
    ].copy()
    whole[["plants", "output_musd", "employment"]] /= len(HOMES)
    return whole.merge(pd.DataFrame({"home": HOMES}), how="cross")


def _trade(quarters: int, tilt: float) -> pd.DataFrame:
    sizes = {("MEX", "USA"): 90, ("USA", "MEX"): 60, ("CAN", "USA"): 75, ("USA", "CAN"): 70}
    rows = []
    lanes = product(range(quarters + 1), REGIONS, REGIONS, SECTORS, USES)
    for quarter, origin, destination, sector, use in lanes:
        home = origin == destination
        size = 1000 * sizes.get((origin, destination), 400 if home else 30) / len(GOODS) / 2
        value = size * moved(quarter, 2 * tilt, origin, sector)
        claims = {"MEX": 0.72, "CAN": 0.8}.get(origin, 0.0) * (destination == "USA")
        claimed = value * claims * (1 - 0.8 * tilt * progress_of(quarter)) * (sector in GOODS)
        rows.append(
            {
                "quarter": quarter,
                "origin": origin,
                "destination": destination,
                "sector": sector,
                "use": use,
                "value_musd": value,
                "customs_value_musd": 0.0 if home else 1.1 * value,
                "trade_margin_musd": 0.0 if home else 0.1 * value,
                "dutiable_musd": 0.5 * value,
                "claimed_musd": claimed,
                "claimed_dutiable_musd": 0.5 * claimed,
                "false_claim_musd": 0.02 * claimed,
                "duty_musd": 0.0 if home else 0.01 * value,
            }
        )
    return pd.DataFrame(rows)


def _moves(quarters: int, tilt: float) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows: list[dict[str, Any]] = []
    for quarter in range(1, quarters + 1):
        for before, after in product(CONFIG_LABELS, CONFIG_LABELS):
            pull = (
                after.count("USA") - before.count("USA") - after.count("MEX") + before.count("MEX")
            )
            rate = 2.0 * len(set(before) & set(after)) / 10 + 30 * tilt * pull * progress_of(
                quarter
            )
            firms = int(rng.poisson(max(rate, 0.0))) if before != after else 0
            stages = {"announced": firms, "completed": firms - firms // 9, "cancelled": firms // 9}
            for stage, number in stages.items():
                if number:
                    rows.append(
                        {
                            "quarter": quarter,
                            "sector": FOOTLOOSE[quarter % 10],
                            "from_config": before,
                            "to_config": after,
                            "stage": stage,
                            "firms": number,
                            "weight": 9.5 * number,
                            "firm_ids": " ".join(map(str, range(number))),
                        }
                    )
    return pd.DataFrame(rows) if rows else empty("moves")


def _content(quarters: int, tilt: float) -> pd.DataFrame:
    level = {"USA": 0.78, "MEX": 0.62, "CAN": 0.69}
    rows = []
    for quarter, host, sector in product(range(quarters + 1), HOSTS, FOOTLOOSE):
        rise = 0.8 * tilt * progress_of(quarter) * (sector in FOOTLOOSE[:3])
        rows.append(
            {
                "quarter": quarter,
                "host": host,
                "sector": sector,
                "regional_value_content": level[host] + rise - 0.004 * FOOTLOOSE.index(sector),
                "comply_share": 0.8 - rise,
                "wedge": 1 + rise,
                "infeasible_share": 0.01,
                "eligible_share": 0.8 - 2 * rise,
            }
        )
    return pd.DataFrame(rows)


def _events(quarters: int, tilt: float) -> pd.DataFrame:
    if not tilt or quarters < 14:
        return empty("events")
    event = {
        "quarter": 14,
        "date": date(2020, 7, 1),
        "actor": "USA",
        "instrument": "rules_of_origin.regional_value_content.cars",
        "old": 0.625,
        "new": 0.66,
        "reason": "USMCA enters into force",
    }
    return pd.DataFrame([event])


@dataclass(frozen=True)
class FakeScenario:
    """As much of a scenario as the runner reads."""

    name: str = "usmca"
    tilt: float = 0.1
    start: date = START
    economy: EconomyAssumptions = ECONOMY
    title: str = ""
    firms: ClassVar[FirmAssumptions] = FirmAssumptions()
    instruments: ClassVar[Instruments] = Instruments()
    timeline: ClassVar[tuple[()]] = ()
    dated: ClassVar[tuple[()]] = ()

    def model_dump(self, mode: str = "python") -> dict[str, Any]:
        """Its fields as JSON takes them."""
        return {"name": self.name, "tilt": self.tilt, "start": self.start.isoformat()}


class FakeModel:
    """Steps through synthetic tables; may be told to do something in one quarter."""

    calibration_checksum = "0" * 64
    firms_on_top: ClassVar[dict[str, int]] = {}

    def __init__(self, scenario: FakeScenario, on_quarter: Mapping[int, Any] | None = None) -> None:
        self.scenario = scenario
        self.quarter = 0
        self.on_quarter = on_quarter or {}

    @property
    def phase_seconds(self) -> dict[str, float]:
        return {"enact_policy": 0.1 * self.quarter, "record": 0.3 * self.quarter}

    def step(self) -> None:
        self.quarter += 1
        self.on_quarter.get(self.quarter, lambda: None)()

    def frames(self) -> dict[str, pd.DataFrame]:
        return tables(self.quarter, self.scenario.tilt)
