"""How fast are the free and the compliant cost of every firm, host and regime?"""

import os
from collections.abc import Callable

import numpy as np
import pytest

from abm.engine.parallel import THREADS, thread_count
from benchmarks.measure import YARDSTICK_FIRMS, Measurement, scaled, seconds
from benchmarks.mid_quarter import MidQuarter

NAIVE_SIZES = (YARDSTICK_FIRMS // 4, YARDSTICK_FIRMS)
"""If the naive model takes the same time a firm at both, it may be scaled to more."""


def naive_cost_step(stopped: MidQuarter) -> Callable[[], float]:
    """The naive model's cost step from the same wedges, as seconds for all firms."""
    naive = stopped.naive(YARDSTICK_FIRMS)
    start = [[[cost.log_wedge for cost in row] for row in firm.costs] for firm in naive.agents]

    def once() -> float:
        for firm, wedges in zip(naive.agents, start, strict=True):
            for at_host, row in zip(firm.costs, wedges, strict=True):
                for cost, wedge in zip(at_host, row, strict=True):
                    cost.log_wedge = wedge
        taken = seconds(lambda: naive.agents.do("solve_costs"))
        return taken * stopped.firms / len(naive.agents)

    return once


def with_threads(count: int, work: Callable[[], object]) -> Callable[[], float]:
    """Seconds of some work with that many threads."""

    def once() -> float:
        before = os.environ.get(THREADS)
        os.environ[THREADS] = str(count)
        try:
            return seconds(work)
        finally:
            if before is None:
                del os.environ[THREADS]
            else:
                os.environ[THREADS] = before

    return once


def test_cost_step(benchmark, stopped):
    """As in a run: the search starts from last quarter's wedges."""
    against = {"yardstick": naive_cost_step(stopped)}
    if thread_count() > 1:
        against["one thread"] = with_threads(1, stopped.model.solve_costs)
    Measurement(
        "cost step",
        stopped.firms,
        stopped.model.solve_costs,
        before=stopped.as_last_quarter_left_it,
        least=stopped.least_work,
        against=against,
        notes={"regimes": len(stopped.model.now.regimes), "binding": None},
    ).take(benchmark)
    benchmark.extra_info["binding"] = stopped.binding_share()


def test_cost_step_from_nothing(benchmark, stopped):
    """As in the first quarter: no wedge is known."""
    Measurement(
        "cost step, no wedge known",
        stopped.firms,
        stopped.model.solve_costs,
        before=stopped.without_wedges,
        least=stopped.least_work,
    ).take(benchmark)


def test_free_cost(benchmark, stopped):
    """No rule asked: what other packages are compared in."""
    naive = stopped.naive(YARDSTICK_FIRMS)
    Measurement(
        "free cost",
        stopped.firms,
        stopped.model.solve_costs,
        before=stopped.without_rules,
        least=stopped.least_work,
        against={
            "yardstick": scaled(
                lambda: naive.agents.do("solve_free_costs"), stopped.firms, len(naive.agents)
            )
        },
    ).take(benchmark)


def test_free_cost_in_polars(benchmark, stopped):
    """The same numbers from Polars expressions, which mesa-frames stands on."""
    pytest.importorskip("polars", reason="polars comes with the extra 'benchmarks'")
    from benchmarks.rivals.polars_costs import PolarsFirms, as_arrays

    firms = PolarsFirms(stopped.model)
    stopped.without_rules()
    stopped.model.solve_costs()
    ours = stopped.model.costs
    cost, content = as_arrays(firms.free_costs(), ours.free_cost.shape[1])
    np.testing.assert_allclose(cost, ours.free_cost, rtol=2e-6)
    np.testing.assert_allclose(content, ours.free_content, rtol=2e-6, atol=2e-6)
    Measurement(
        "free cost in Polars",
        stopped.firms,
        firms.free_costs,
        before=stopped.without_rules,
        least=stopped.least_work,
        against={"nearshore": lambda: seconds(stopped.model.solve_costs)},
    ).take(benchmark)


@pytest.mark.parametrize("agents", NAIVE_SIZES)
def test_free_cost_in_agentpy(benchmark, models, agents):
    """The same numbers from the agents of agentpy."""
    pytest.importorskip("agentpy", reason="agentpy comes with the extra 'benchmarks'")
    from benchmarks.mid_quarter import evenly_spread
    from benchmarks.rivals.agentpy_costs import agentpy_model

    stopped = models.stopped(YARDSTICK_FIRMS)
    model = agentpy_model(stopped, agents)
    stopped.without_rules()
    stopped.model.solve_costs()
    model.step()
    ours = stopped.model.costs.free_cost[evenly_spread(stopped.firms, agents)]
    np.testing.assert_allclose([firm.free_costs for firm in model.agents], ours, rtol=2e-6)
    Measurement(
        "free cost in agentpy",
        agents,
        model.step,
        before=stopped.without_rules,
        against={
            "nearshore": scaled(stopped.model.solve_costs, agents, stopped.firms),
        },
    ).take(benchmark)


@pytest.mark.parametrize("agents", NAIVE_SIZES)
def test_the_yardstick_itself(benchmark, models, agents):
    """The naive model's cost step, at two sizes: its time must grow in proportion."""
    naive = models.stopped(YARDSTICK_FIRMS).naive(agents)
    Measurement(
        "cost step of the naive model", agents, lambda: naive.agents.do("solve_costs")
    ).take(benchmark)
