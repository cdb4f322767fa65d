"""The runs behind the published rows that parameters are estimated from, and their figures.

Five runs a population: no news, the duties of ``collected-2018``, and three in which a
lasting duty of a tenth falls on one partner in each sector, so that together every
partner and sector has it once. Sectors hardly meet, spending on each being fixed, so
a cell answers in company as it does alone: within 3% of its elasticity, which
a test measures. Populations and luck are the same at all parameters.

Trade is read from all five; plants that open and close, and what foreign owners invest,
from the run without news; how owners' plants answer a tax from the calibration year.
"""

from collections.abc import Sequence

import pandas as pd

from abm.axes import FOOTLOOSE
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.twin import twin
from experiments.fit.plant_moments import PlantWatch, tax_on_profit
from experiments.fit.trade_moments import (
    CHINA,
    LONG_RUN,
    Cell,
    china_moments,
    elasticity_moments,
    metals_moments,
)
from experiments.scenarios.designs import Design
from experiments.sweeps.design.plan import resolved_scenario
from experiments.sweeps.design.run_spec import Outcomes, RunSpec
from experiments.sweeps.workers.base_years import base_year

EXPORTERS = ("MEX", "CAN", "CHN")
"""Whose goods meet the lasting duty, in turn."""

RATE = 0.10
"""Of the lasting duty; BLP-1 asks about a tenth that no claim of origin avoids."""

PUBLISHED_FIGURES = (
    *(
        f"china/{group}/{partner}/{year}"
        for group in CHINA
        for partner in ("CHN", "MEX")
        for year in (2019, 2022)
    ),
    *(f"metals/{partner}/{when}" for when in ("during", "after") for partner in ("CAN", "MEX")),
    *("blp/quarter 1", "blp/quarter 4", "blp/quarter 12", "blp/year", "blp/long run", "blp/ratio"),
    *("entry/plants", "exit/plants", "entry/jobs", "exit/jobs", "fdi/new", "fdi/all", "tax"),
)
"""What a population is asked, by name: shares and growth in percent, money in bn USD a year."""

NO_NEWS = Design("no news", "status-quo", (), LONG_RUN[-1])
COLLECTED = Design("duties collected", "collected-2018", (), 24)


def cells_of(turn: int) -> tuple[Cell, ...]:
    """Partners and sectors with the lasting duty in one of the three runs that have it."""
    return tuple(
        (EXPORTERS[(place + turn) % len(EXPORTERS)], sector)
        for place, sector in enumerate(FOOTLOOSE)
    )


def lasting(cells: Sequence[Cell], quarters: int = LONG_RUN[-1]) -> Design:
    """A run under a duty that begins with quarter 1, is due in any case, and stays."""
    duties = [f"tariffs.special.USA.{partner}.{sector}={RATE}" for partner, sector in cells]
    waiver = "tariffs.special_waived_for_originating=false"
    name = "+".join(f"{partner} {sector}" for partner, sector in cells)
    return Design(f"{RATE:.0%} on {name}", "status-quo", (waiver, *duties), quarters)


def under(design: Design, assumed: Scenario) -> Scenario:
    """The scenario of a design, with what another one assumes of firms and economy."""
    return design.load().model_copy(update={"firms": assumed.firms, "economy": assumed.economy})


def trade_of(model: RelocationModel, design: Design) -> pd.DataFrame:
    """The trade table of a design, run with the firms of a model at quarter 0."""
    run = twin(model, under(design, model.scenario))
    run.run_for(design.quarters)
    return run.frames()["trade"]


def figures_of(model: RelocationModel) -> dict[str, float]:
    """Every figure of the rows, of one population.

    Parameters
    ----------
    model : RelocationModel
        At quarter 0; it is left as it is.

    Returns
    -------
    dict of str to float
        Names as `experiments.fit.trade_moments` and `experiments.fit.plant_moments` give them.
    """
    watch = PlantWatch(twin(model, under(NO_NEWS, model.scenario)))
    watch.run_for(NO_NEWS.quarters)
    quiet = watch.model.frames()["trade"]
    collected = trade_of(model, COLLECTED)
    turns = [cells_of(turn) for turn in range(len(EXPORTERS))]
    answers = [(trade_of(model, lasting(cells)), quiet, cells) for cells in turns]
    found = (
        china_moments(collected, quiet)
        | metals_moments(collected, quiet)
        | elasticity_moments(answers)
        | watch.moments()
        | {"tax": tax_on_profit(model)}
    )
    return {name: found[name] for name in PUBLISHED_FIGURES}


def run_published(spec: RunSpec, scenario: str) -> Outcomes:
    """The figures of one population at one point of the parameters, as a run of a sweep."""
    assumed = resolved_scenario(scenario, spec)
    model = base_year(assumed.firms, assumed.economy, spec.firms, spec.seed)
    return dict(figures_of(model))
