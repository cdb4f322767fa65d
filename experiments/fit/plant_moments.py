"""How plants open and close, what owners invest, how long it takes: figures of a run's years.

Rows of ``published_results_2.csv``: ENTRY-1 and FDI-1 (`PlantWatch`), LEAD-1 (`lead_times`),
and TAX-1 (`tax_on_profit`). All are asked of runs without news, under the policy of 2017.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median

import numpy as np

from abm.axes import CONFIG_LABELS, HAS_PLANT, HOMES, HOSTS, QUARTERS_A_YEAR, USA
from abm.economy.tables import Array
from abm.location.moving_costs import OPENED
from abm.model import RelocationModel
from experiments.fit.long_run_stock import semi_elasticity
from experiments.outcomes.observing import outcomes, owners

MEX = HOSTS.index("MEX")
FROM_ELSEWHERE = [home for home, name in enumerate(HOMES) if name != "MEX"]
CONFIG_OF = {label: place for place, label in enumerate(CONFIG_LABELS)}

LAST_ANNOUNCED = 20
"""Quarter after which projects may not be finished by the end of the run."""

MONTHS_A_QUARTER = 3


class PlantWatch:
    """A run that is looked at once a year, for what share of jobs is at young plants.

    A plant counts as new at the end of a year if it stood then and not a year before, and as
    gone if it is the other way round; so the statistics of establishments have it, which look
    once a year (US Census Bureau, Business Dynamics Statistics).

    Parameters
    ----------
    model : RelocationModel
        At quarter 0; `run_for` carries it on.
    """

    def __init__(self, model: RelocationModel) -> None:
        self.model = model
        self._jobs = [_us_jobs(model)]

    def run_for(self, quarters: int) -> None:
        """Carry out some quarters, whole years."""
        for _ in range(quarters // QUARTERS_A_YEAR):
            self.model.run_for(QUARTERS_A_YEAR)
            self._jobs.append(_us_jobs(self.model))

    def moments(self) -> dict[str, float]:
        """Shares of US plants and of their jobs that open and close in a year, and investment.

        Returns
        -------
        dict of str to float
            ``entry/plants``, ``exit/plants``, ``entry/jobs`` and ``exit/jobs``, percent a year;
            ``fdi/new`` and ``fdi/all``, what foreign owners invest in Mexico, billion USD a year.
        """
        return turnover(self.model) | self._jobs_turnover() | invested_in_mexico(self.model)

    def _jobs_turnover(self) -> dict[str, float]:
        came = gone = everyone = 0.0
        for before, now in pairwise(self._jobs):
            came += now[before == 0].sum()
            gone += before[now == 0].sum()
            everyone += (before.sum() + now.sum()) / 2
        return {
            "entry/jobs": float(100 * came / everyone),
            "exit/jobs": float(100 * gone / everyone),
        }


def _us_jobs(model: RelocationModel) -> Array:
    """Persons engaged in the US plants that every firm stands for, shape (firm,)."""
    jobs: Array = model.jobs[:, USA]
    return jobs


def turnover(model: RelocationModel) -> dict[str, float]:
    """Plants that open and close in a year as percent of those that stand, United States."""
    every = range(1, model.quarter + 1)
    years = len(every) / QUARTERS_A_YEAR
    stand = outcomes(model, "plants", every)[:, USA].sum() / len(every)
    return {
        f"{name}/plants": float(100 * outcomes(model, column, every)[:, USA].sum() / years / stand)
        for name, column in (("entry", "opened"), ("exit", "closed"))
    }


def invested_in_mexico(model: RelocationModel) -> dict[str, float]:
    """What owners from elsewhere spend on plants in Mexico, billion USD a year."""
    every = range(1, model.quarter + 1)
    spent = {
        name: owners(model, f"investment_{name}_musd", every)[:, MEX]
        .sum(axis=0)[FROM_ELSEWHERE]
        .sum()
        for name in ("new", "expansion", "replacement")
    }
    a_year = 1e-3 * QUARTERS_A_YEAR / len(every)
    return {
        "fdi/new": float(a_year * spent["new"]),
        "fdi/all": float(a_year * sum(spent.values())),
    }


def tax_on_profit(model: RelocationModel) -> float:
    """Percent more foreign-owned plants in Mexico in the long run on a point of tax on profit."""
    return semi_elasticity(model, "MEX")


def lead_times(moves: Iterable[tuple[object, ...]]) -> dict[str, float]:
    """Median months from decision to end of a project, by kind.

    Parameters
    ----------
    moves : iterable of tuple
        `abm.state.records` of moves, of a whole run.

    Returns
    -------
    dict of str to float
        ``lead/opening`` of a new plant, ``lead/transfer`` of one whose work sisters take over,
        ``lead/closing`` of a firm's last one; NaN where there was none.
    """
    lead: dict[str, list[int]] = {"opening": [], "transfer": [], "closing": []}
    for kind, quarters in _finished(moves):
        lead[kind].append(MONTHS_A_QUARTER * quarters)
    return {f"lead/{kind}": float(median(found or [np.nan])) for kind, found in lead.items()}


def _finished(moves: Iterable[tuple[object, ...]]) -> Iterator[tuple[str, int]]:
    """Of every project decided on by `LAST_ANNOUNCED`: its kind, and quarters to its end."""
    begun: dict[str, tuple[str, int]] = {}
    for quarter, _, before, after, stage, *_, rows in moves:
        for row in str(rows).split():
            if stage == "announced":
                begun[row] = _kind(str(before), str(after)), int(str(quarter))
            elif stage == "completed" and row in begun:
                kind, since = begun.pop(row)
                if since <= LAST_ANNOUNCED:
                    yield kind, int(str(quarter)) - since
            elif stage == "cancelled":
                begun.pop(row, None)


def _kind(before: str, after: str) -> str:
    """Whether a move opens a plant, leaves a plant's work to sisters, or ends the firm."""
    start, end = CONFIG_OF[before], CONFIG_OF[after]
    if OPENED[start, end].any():
        return "opening"
    return "transfer" if HAS_PLANT[end].any() else "closing"
