"""What a government may want, as one number of a run for each of the three.

Each is the mean of a run's last year, so that the quarter in which a plant happens to open
weighs no more than any other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from abm.axes import HOSTS, N_GOODS, N_HOSTS, QUARTERS_A_YEAR
from abm.economy.tables import Array
from abm.trade.books.indicators import customs_values, mean_content
from experiments.outcomes.headlines import BILLION
from experiments.outcomes.welfare import welfare
from experiments.sweeps.design.run_spec import Outcomes, RunSpec
from experiments.sweeps.workers.one_run import at_the_start

if TYPE_CHECKING:
    from abm.model import RelocationModel

type ObjectiveName = Literal["jobs", "balance", "welfare", "content"]


@dataclass(frozen=True)
class Objective:
    """Something that a government may want as much of as possible.

    Attributes
    ----------
    unit, meaning : str
    of : callable
        From a model after a step to what each member has of it, shape (host,).
    """

    unit: str
    meaning: str
    of: Callable[["RelocationModel"], Array]


def _jobs(model: "RelocationModel") -> Array:
    jobs: Array = model.accounts.employment.sum(axis=0)
    return jobs


def _balance(model: "RelocationModel") -> Array:
    flows = customs_values(model.accounts, model.economy)[:, :N_GOODS].sum(axis=(0, 1))
    surplus: Array = flows.sum(axis=1) - flows.sum(axis=0)
    return QUARTERS_A_YEAR * surplus[:N_HOSTS] / BILLION


def _content(model: "RelocationModel") -> Array:
    accounts = model.accounts
    return mean_content(accounts.content, accounts.sales)[1:]


OBJECTIVES: dict[str, Objective] = {
    "jobs": Objective("persons", "manufacturing jobs in the country", _jobs),
    "balance": Objective(
        "billion USD a year",
        "exports less imports of goods at customs values, with everybody",
        _balance,
    ),
    "welfare": Objective("percent of GDP", "real income against that of the base year", welfare),
    "content": Objective(
        "share of net cost", "regional content of what the country's plants make", _content
    ),
}
"""By the name that the command line knows."""


def outcome_name(objective: str, government: str) -> str:
    """Return what results call an objective of a government."""
    return f"{objective}.{government}"


ALL_OBJECTIVES = tuple(outcome_name(name, host) for name in OBJECTIVES for host in HOSTS)
"""Of every run: all objectives of all governments, so that whoever asks next need not run again."""


def objectives_of(model: "RelocationModel", quarters: int) -> Outcomes:
    """Run a model and return every objective of every government, means of the last year.

    Parameters
    ----------
    model : RelocationModel
        At quarter 0.
    quarters : int
    """
    last_year = range(max(quarters - QUARTERS_A_YEAR, 0), quarters)
    seen = []
    for quarter in range(quarters):
        model.step()
        if quarter in last_year:
            seen.append([objective.of(model) for objective in OBJECTIVES.values()])
    means = np.mean(seen, axis=0).ravel()
    return dict(_finite(means))


def _finite(means: Array) -> Iterator[tuple[str, float | None]]:
    for name, value in zip(ALL_OBJECTIVES, means, strict=True):
        yield name, float(value) if np.isfinite(value) else None


def judged(spec: RunSpec, scenario: str) -> Outcomes:
    """Return the objectives of a run of the relocation model."""
    return objectives_of(at_the_start(spec, scenario), spec.quarters)
