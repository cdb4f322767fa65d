"""New plants are announced, completed or cancelled, and a threat that passes leaves its mark.

A firm that is building decides at the end of each stage whether to go on. While a tax
on new Mexican plants is thought likely, going on is worth less, and some stop. When the
threat is gone they stand where others do who never began.
"""

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, HAS_PLANT, HOSTS
from abm.core.choice.clocks import Kind
from abm.location.moving_costs import MovingCosts, Sunk
from experiments.outcomes.summary import summary
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 300
USA_ALONE, MEXICO = CONFIG_LABELS.index("USA"), CONFIG_LABELS.index("MEX")
SHORT = ("firms.stage_quarters=[1, 1, 2]", "firms.beliefs.forward=1")
PASSES = (
    "threat.instrument=blanket",
    "threat.rate=1",
    "threat.arrival_per_quarter=0.25",
    "threat.withdrawn=2017-10-01",
)


def under_way(model):
    """New plants being built, real plants, shape (host,)."""
    table = model.firms
    rows = np.flatnonzero(table.target >= 0)
    new = ~HAS_PLANT[table.config[rows]] & HAS_PLANT[table.target[rows]]
    return (table.weight[rows, None] * new).sum(axis=0)


def run(*overrides, source="threat-35", quarters=6):
    """A model in which all firms with US plants alone are about to move to Mexico.

    What speaks for the projects is spread evenly around what stops them, so that some
    are just worth going on with.
    """
    model = model_of(load_scenario(source, [*SHORT, *overrides]), FIRMS)
    table = model.firms
    rows = np.flatnonzero((table.config == USA_ALONE) & (table.target < 0))
    table.target[rows], table.stage[rows], table.quarters_left[rows] = MEXICO, 0, 1
    table.project[rows] = Kind.NEW_PLANT
    table.project_luck[rows] = np.linspace(0, 200, len(rows))
    settings = model.scenario.firms
    moving = MovingCosts.of(model.economy, settings, model.scenario.economy.speeds, Sunk.nothing())
    cost = moving.total(table, rows, table.config[rows], table.target[rows])
    table.sunk[rows] = settings.stage_cost_shares[0] * cost
    before = under_way(model)
    model.run_for(quarters)
    return model, before


@pytest.fixture(scope="module")
def threatened():
    return run(*PASSES)


@pytest.fixture(scope="module")
def spared():
    return run(source="status-quo")


def plants(model, column):
    """A column of outcomes by quarter and host, summed over sectors."""
    return model.outcomes.groupby(["quarter", "region"])[column].sum().unstack()[list(HOSTS)]


def test_what_is_under_way_is_what_was_and_is_announced_less_what_ends(threatened):
    model, before = threatened
    total = {name: plants(model, name).sum() for name in ("announced", "opened", "cancelled")}
    assert (total["cancelled"] > 0).any()
    expected = before + total["announced"] - total["opened"] - total["cancelled"]
    np.testing.assert_allclose(under_way(model), expected, rtol=1e-9, atol=1e-6)


def test_a_plant_costs_a_part_of_the_sales_it_would_have(threatened):
    model, _ = threatened
    moves, table = model.moves, model.firms
    yearly = 4 * table.base_revenue[moves.rows] * table.weight[moves.rows]
    sales = yearly[:, None] * table.base_plant_sales[moves.rows, moves.to_config]
    new = HAS_PLANT[moves.to_config] & ~HAS_PLANT[moves.from_config]
    expected = model.scenario.firms.build_cost * np.where(new, sales, 0)
    assert new.any()
    np.testing.assert_allclose(moves.cost, expected)


def test_what_is_lost_is_a_part_of_what_was_cancelled(threatened):
    model, _ = threatened
    lost, cancelled = plants(model, "lost_musd").sum(), plants(model, "cancelled_musd").sum()
    assert (lost > 0).any()
    # The first stage is sunk when a project starts, the last only when nothing can stop it.
    assert lost.sum() >= 0.1 * cancelled.sum()
    assert lost.sum() < cancelled.sum()


def test_a_threat_that_passes_leaves_cancelled_projects_behind(threatened, spared):
    (model, _), (plain, _) = threatened, spared
    cancelled, completed = (
        [plants(m, column)["MEX"] for m in (model, plain)]
        for column in ("cancelled_musd", "completed_musd")
    )
    stands = slice(1, 3)
    more = cancelled[0].loc[stands].sum() - cancelled[1].loc[stands].sum()
    assert more > 0
    # The threat is over, and what was cancelled under it is missing when the last of what was
    # under way is completed; what was decided on since comes later.
    assert not model.policy.threat_live(4)
    missing = completed[1].loc[:4].sum() - completed[0].loc[:4].sum()
    assert missing == pytest.approx(more, rel=1e-6)
    assert plants(model, "plants")["MEX"].loc[4] < plants(plain, "plants")["MEX"].loc[4]


def test_the_summary_counts_what_the_tables_do(threatened):
    model, _ = threatened
    result = summary(model.frames())["investment"]
    for name, column in (("announced", "announced"), ("completed", "opened")):
        told = [result["plants"][name][host]["end"] for host in HOSTS]
        np.testing.assert_allclose(told, plants(model, column).sum())
    told = [result["billion_usd"]["cancelled"][host]["end"] for host in HOSTS]
    np.testing.assert_allclose(told, plants(model, "cancelled_musd").sum() / 1000)
