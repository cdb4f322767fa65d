"""A model stopped in the middle of a quarter, so that one phase can be run again and again.

All that the benchmarks know about the inside of the model is here: its phases by name,
and what a phase starts from and must find again before the next round.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from abm.axes import N_HOSTS
from abm.core.choice.foresight import PlantProblem
from abm.location.moving_costs import MovingCosts, Sunk
from abm.location.review import reviewing
from abm.location.valuation import plant_problem
from abm.model import RelocationModel
from benchmarks.rivals.naive_model import NaiveModel
from experiments.speed.bound import Transcendentals, of_cost_step

SCENARIO = Path(__file__).with_name("four_regimes.toml")

SEED = 1


PAYOFF_NEWS = 0.1
"""Spread of what a regime does to the payoff of a set of plants, share of its size."""


def evenly_spread(firms: int, wanted: int) -> np.ndarray:
    """Some rows of a table ordered by sector, country and size, at even distances."""
    return np.linspace(0, firms - 1, min(wanted, firms)).astype(np.int64)


class MidQuarter:
    """The second quarter of a run, inputs priced and no cost worked out yet.

    Parameters
    ----------
    firms : int
    """

    def __init__(self, firms: int) -> None:
        self.model = model = RelocationModel(SCENARIO, firms=firms, rng=SEED)
        model.step()
        model.enact_policy()
        model.update_beliefs()
        model.price_inputs()
        model.renew_contracts()
        # Wedges of the first quarter: in a run, too, they are a quarter old.
        self._last_wedges = model.costs.log_wedge.copy()
        self._rules = model.terms

    @property
    def firms(self) -> int:
        """How many there are."""
        return len(self.model.firms)

    def as_last_quarter_left_it(self) -> None:
        """Put back the wedges that the search starts from."""
        self.model.terms = self._rules
        self.model.costs.log_wedge[:] = self._last_wedges

    def without_wedges(self) -> None:
        """Let the search start from nothing."""
        self.model.terms = self._rules
        self.model.costs.log_wedge[:] = 0

    def without_rules(self) -> None:
        """Ask for no content, which leaves the free cost alone to work out."""
        self.model.terms = [
            replace(terms, threshold=np.zeros_like(terms.threshold)) for terms in self._rules
        ]

    def least_work(self) -> Transcendentals:
        """Logarithms and exponentials that the cost step last run needed at least."""
        return of_cost_step(self.model.firms.sector, self.model.terms, self.model.costs)

    def binding_share(self) -> float:
        """Share of firms, hosts and regimes in which the rule binds."""
        costs = self.model.costs
        return float(((costs.log_wedge > 0) | ~costs.feasible).mean())

    def naive(self, firms: int) -> NaiveModel:
        """Some of its firms, evenly spread over sectors and countries, as plain agents."""
        return NaiveModel(self.model, evenly_spread(self.firms, firms))

    def finish(self) -> RelocationModel:
        """The model at the end of the quarter, ready for `step`."""
        self.as_last_quarter_left_it()
        model = self.model
        model.solve_costs()
        model.claim_origin()
        model.value_plans()
        model.relocate()
        model.serve_customers()
        model.trade_and_account()
        model.rewire_suppliers()
        model.record()
        return model

    def plant_problem(self) -> PlantProblem:
        """The choice of those who decide this quarter and are at home in North America.

        Payoffs are plausible and differ by regime.
        """
        model, table = self.model, self.model.firms
        rows = reviewing(table, model.scenario.firms, model.quarter)
        rows = rows[table.home[rows] < N_HOSTS]
        sales = table.base_plant_sales[rows].sum(axis=2, dtype=np.float64)[..., None]
        shape = (*sales.shape[:2], model.trade)
        news = np.random.default_rng(SEED).normal(size=shape)
        scenario, calibration = model.scenario, model.calibration
        sunk = Sunk(calibration.arriving, calibration.founding)
        moving = MovingCosts.of(model.economy, scenario.firms, scenario.economy.speeds, sunk)
        return plant_problem(
            table,
            moving.under(model.now),
            sales * (1 + PAYOFF_NEWS * news),
            model.expected.later,
            rows,
            table.belief[rows].astype(np.int64),
        )
