"""How fast trade follows duties: figures of a run's tables beside published ones.

Every function takes the ``trade`` table of a run and of its reference, a run of the
same firms and luck without the duties, and looks at US imports. The reference takes
out what would have happened anyway: drift, and what a small population draws.

Rows of ``published_results_2.csv``: BLP-1 (`elasticities`), CHINA-1 (`china_moments`)
and METALS-1 (`metals_moments`).
"""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from abm.axes import FOOTLOOSE, QUARTERS_A_YEAR, REGIONS, SECTORS, USA
from abm.economy.tables import load_economy

Cell = tuple[str, str]
"""A partner and a sector."""

YEAR_ON = (4, 5)
"""Quarters around the first anniversary of a duty that begins with quarter 1."""

LONG_RUN = tuple(range(28, 41))
"""Quarters of the seventh to the tenth year."""

FIRST_YEAR = 2017
"""Calendar year of quarters 1 to 4 of ``collected-2018``."""

BEFORE_METALS = {3: 1.0, 4: 1.0, 5: 1.0, 6: 30 / 91}
"""July 2017 to April 2018 by quarter of the run: 30 of the 91 days of a second quarter."""

DURING_METALS = {7: 1.0, 8: 1.0, 9: 1.0, 10: 30 / 91}
"""July 2018 to April 2019; the duties stood from June 2018 to 19 May 2019."""

AFTER_METALS = ((7, 8), (11, 12))
"""July to December of 2018, under the duty, and of 2019, in the half year after its end."""


def us_imports(trade: pd.DataFrame, column: str) -> pd.DataFrame:
    """What the United States buys from abroad, both uses together.

    Parameters
    ----------
    trade : pandas.DataFrame
        As `experiments.outcomes.tables` describes it.
    column : str
        A value of it, million USD a quarter.

    Returns
    -------
    pandas.DataFrame
        Index quarter; columns origin and sector.
    """
    rows = trade[(trade["destination"] == "USA") & (trade["origin"] != "USA")]
    return rows.pivot_table(
        index="quarter", columns=["origin", "sector"], values=column, aggfunc="sum"
    )


def elasticities(
    run: pd.DataFrame, reference: pd.DataFrame, cells: Collection[Cell]
) -> pd.DataFrame:
    """Change of imports before duty over the change of the duty that made it, in logarithms.

    Parameters
    ----------
    run : pandas.DataFrame
        Trade under a duty on ``cells`` from quarter 1 on.
    reference : pandas.DataFrame
        Trade without it.
    cells : collection of (str, str)
        Partners and sectors with the duty.

    Returns
    -------
    pandas.DataFrame
        Index quarter, from 1; a column a cell. The duty is what is collected on all
        goods of the cell over their customs value, less what the reference collects.
    """
    imports = [us_imports(trade, "value_musd") for trade in (run, reference)]
    factors = []
    for trade in (run, reference):
        duty, customs = (us_imports(trade, name) for name in ("duty_musd", "customs_value_musd"))
        factors.append(1 + duty / customs)
    answer = np.log(imports[0] / imports[1]) / np.log(factors[0] / factors[1])
    return answer.loc[1:, list(cells)]


def elasticity_moments(
    pairs: Iterable[tuple[pd.DataFrame, pd.DataFrame, Collection[Cell]]],
) -> dict[str, float]:
    """Elasticity to a lasting duty by horizon, cells weighted by what they sell without it.

    Parameters
    ----------
    pairs : iterable
        Arguments of `elasticities`, one a run; no cell twice.

    Returns
    -------
    dict of str to float
        ``blp/quarter N`` of every quarter; ``blp/year``, a year on; ``blp/long run``,
        seven to ten years on, and ``blp/ratio`` of the two where the run is long enough.
    """
    answers, weights = [], []
    for run, reference, cells in pairs:
        answers.append(elasticities(run, reference, cells))
        weights.append(us_imports(reference, "value_musd").loc[0, list(cells)])
    answer, weight = pd.concat(answers, axis=1), pd.concat(weights)
    path = (answer * weight).sum(axis=1) / weight.sum()
    found = {f"blp/quarter {quarter}": float(value) for quarter, value in path.items()}
    found["blp/year"] = float(path.loc[list(YEAR_ON)].mean())
    if path.index.max() >= LONG_RUN[-1]:
        found["blp/long run"] = float(path.loc[list(LONG_RUN)].mean())
        found["blp/ratio"] = found["blp/year"] / found["blp/long run"]
    return found


CHINA = {
    "manufactures": FOOTLOOSE,
    "electronics": ("electronics",),
    "machinery": ("machinery",),
}
"""Groups of sectors whose imports CHINA-1 looks at."""


def as_recorded(imports: pd.DataFrame) -> pd.DataFrame:
    """US imports at customs values as customs would record them, mismatch of sources included.

    Shares of one origin in several goods are then weighted as in the records they are held
    against.
    """
    factor = load_economy().records_over_customs[..., USA]
    cells = pd.DataFrame(factor, index=SECTORS, columns=REGIONS).unstack()
    recorded: pd.DataFrame = imports * cells.reindex(imports.columns)
    return recorded


def import_share(trade: pd.DataFrame, origin: str, sectors: Collection[str], year: int) -> float:
    """Percent of a calendar year's US imports, as recorded, that come from one region."""
    first = QUARTERS_A_YEAR * (year - FIRST_YEAR) + 1
    bought = as_recorded(us_imports(trade, "customs_value_musd")).loc[
        first : first + QUARTERS_A_YEAR - 1
    ]
    some = bought.loc[:, bought.columns.get_level_values("sector").isin(sectors)].sum()
    by_origin = some.groupby("origin").sum()
    return float(100 * by_origin[origin] / by_origin.sum())


def china_moments(run: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """Points by which shares of China and Mexico in US imports change from 2017 on.

    Parameters
    ----------
    run, reference : pandas.DataFrame
        Trade under ``collected-2018`` and without its duties, 2017 to 2022.

    Returns
    -------
    dict of str to float
        ``china/manufactures/CHN/2019`` and the like, for every group, partner, and the
        years 2019 and 2022.
    """

    def change(trade: pd.DataFrame, *cell: object) -> float:
        origin, group, year = cell
        return import_share(trade, str(origin), CHINA[str(group)], int(str(year))) - import_share(
            trade, str(origin), CHINA[str(group)], FIRST_YEAR
        )

    return {
        f"china/{group}/{origin}/{year}": change(run, origin, group, year)
        - change(reference, origin, group, year)
        for group in CHINA
        for origin in ("CHN", "MEX")
        for year in (2019, 2022)
    }


def metals_moments(run: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """Percent by which US imports of metals differ from a year before.

    Parameters
    ----------
    run, reference : pandas.DataFrame
        Trade under ``collected-2018`` and without its duties, 2017 to 2019 at least.

    Returns
    -------
    dict of str to float
        ``metals/CAN/during`` and ``metals/MEX/during``, July 2018 to April 2019;
        ``metals/CAN/after`` and ``metals/MEX/after``, July to December 2019.
    """
    bought, usual = (us_imports(trade, "customs_value_musd") for trade in (run, reference))
    windows = {
        "during": (BEFORE_METALS, DURING_METALS),
        "after": tuple(dict.fromkeys(quarters, 1.0) for quarters in AFTER_METALS),
    }

    def growth(flow: pd.Series, before: Mapping[int, float], now: Mapping[int, float]) -> float:
        past, present = (
            sum(days * flow[quarter] for quarter, days in window.items())
            for window in (before, now)
        )
        return float(present / past)

    return {
        f"metals/{partner}/{name}": 100
        * (
            growth(bought[partner, "metals"], *window) / growth(usual[partner, "metals"], *window)
            - 1
        )
        for name, window in windows.items()
        for partner in ("CAN", "MEX")
    }
