"""How the stock of foreign-owned plants answers a tax on profit, from owners' choice of plants.

No instrument of policy taxes profit. So what a point of it would do is worked out from where firms
are in the long run (`abm.base_year.resting`), with what sets of plants earn lowered by the tax on
the part of their profit that is made at the host. What arriving and founding cost, prices, wages
and all other firms' appeal stay as they are.
"""

import numpy as np

from abm.axes import HOMES, HOSTS
from abm.base_year.resting import Resting
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.location.moving_costs import MovingCosts, Sunk
from abm.location.payoffs import config_revenues, payoffs, plant_sales
from abm.model import RelocationModel

POINT = 0.01
"""Of profit made at the host."""


def semi_elasticity(model: RelocationModel, host: str) -> float:
    """Percent by which foreign owners' plants at a host change with a point of tax on profit.

    Parameters
    ----------
    model : RelocationModel
        In or just after its calibration year; it is left as it is.
    host : str

    Returns
    -------
    float
        Plants are weighted by what they would sell in the long run.
    """
    every = np.arange(len(model.firms))
    quarter, market = model.adapted_quarter(), model._expected_market()
    revenue = config_revenues(quarter, market, every)
    settings = model.scenario.firms
    earned = payoffs(model.firms, model.calibration, settings, quarter.policy, revenue, every)
    payoff = earned[..., model.regime]
    made = made_at(plant_sales(quarter, market, every), HOSTS.index(host))
    before, after = (
        _foreign_stock(model, payoff - tax * made * np.maximum(payoff, 0), host)
        for tax in (0.0, POINT)
    )
    return 100 * (after / before - 1)


def made_at(sales: Floats, host: int) -> Array:
    """Part of what each set of plants sells from North America that is sold from a host.

    ``sales`` has shape (firm, config, host); the result (firm, config), 0 for the empty set.
    """
    every = sales.sum(axis=2, dtype=np.float64)
    part: Array = np.divide(sales[..., host], every, out=np.zeros_like(every), where=every > 0)
    return part


def _foreign_stock(model: RelocationModel, payoff: Array, host: str) -> float:
    """What plants of foreign owners at a host sell in the long run, million USD a quarter."""
    table, place = model.firms, HOSTS.index(host)
    scenario = model.scenario
    moving = MovingCosts.of(model.economy, scenario.firms, scenario.economy.speeds, Sunk.nothing())
    resting = Resting.of(table, moving, payoff, np.arange(len(table)))
    costs = Sunk(model.calibration.arriving, model.calibration.founding)
    standing, rows = resting.standing(costs), np.concatenate(resting.rows)
    stock = np.einsum("nc,nc->n", standing, table.base_plant_sales[rows][..., place])
    stock *= (table.base_revenue * table.weight)[rows]
    foreign = table.home[rows] != HOMES.index(host)
    return float(stock[foreign].sum())
