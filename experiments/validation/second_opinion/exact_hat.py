"""A second opinion: exact-hat algebra on the same tables, written independently of the model.

Dekle, Eaton and Kortum (2008) and Caliendo and Parro (2015) solve for changes from
an observed table. Here that is done for all 14 sectors and 5 regions under the
model's closure: consumers' spending by market and sector is fixed, as is what fixed
sectors and regions without modelled firms spend on inputs; wages move with jobs;
foreign prices stay. Buyers of inputs have elasticity ``theta``, consumers
``sigma - 1``. No firm, plant, rule of origin or paperwork appears.

The unknowns are changes: the unit cost of every footloose sector in the three hosts.
``hat`` is new over old throughout; letters are those of the model's documents:
``k`` input, ``s`` source, ``l`` using region, ``j`` using sector, ``m`` market.
"""

from dataclasses import dataclass

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS
from abm.economy.tables import Array, Economy

HOME = slice(0, N_HOSTS)
MADE = slice(0, N_FOOTLOOSE)


@dataclass(frozen=True)
class Counterfactual:
    """An equilibrium after a change of duties.

    Attributes
    ----------
    cost : ndarray, shape (sector, region)
        Unit cost, new over old; 1 where nothing is modelled.
    wage : ndarray, shape (host,)
        New over old.
    trade : ndarray, shape (sector, source, market)
        Both uses, million USD a year at basic prices.
    output : ndarray, shape (sector, host)
        Million USD a year, footloose sectors.
    """

    cost: Array
    wage: Array
    trade: Array
    output: Array


def solve(
    economy: Economy,
    duty_before: Array,
    duty_after: Array,
    wage_elasticity: float,
    tolerance: float = 1e-12,
    rounds: int = 5_000,
) -> Counterfactual:
    """Solve for the equilibrium that follows from a change of duties.

    Parameters
    ----------
    economy : Economy
    duty_before, duty_after : ndarray, shape (sector, source, market)
        Fractions of customs value.
    wage_elasticity : float
        Rise of a host's wage with the jobs of its footloose sectors.
    tolerance : float
        Largest change of a cost or wage at which the iteration stops.
    rounds : int

    Returns
    -------
    Counterfactual

    Raises
    ------
    ArithmeticError
        If it has not settled after all rounds.
    """
    start = _BaseYear.of(economy, duty_before)
    hat_duty = (1 + duty_after) / (1 + duty_before)
    cost, wage = np.ones((N_SECTORS, N_REGIONS)), np.ones(N_HOSTS)
    volume = np.ones((N_FOOTLOOSE, N_HOSTS))
    for _ in range(rounds):
        price = cost[:, :, None] * hat_duty
        final = _final_demand(economy, start, price, duty_after)
        shares, index = _shares(start.paid, price[..., None], economy.theta[:, None, None, None])
        on_top = (1 + economy.trade_margin) * (1 + duty_after)
        inputs = _inputs(start, shares, index, volume) / on_top
        trade = final + inputs
        new_volume = trade.sum(axis=2)[MADE, HOME] / start.output / cost[MADE, HOME]
        jobs = (start.jobs * volume).sum(axis=0) / start.jobs.sum(axis=0)
        new_wage = jobs**wage_elasticity
        new_cost = np.ones_like(cost)
        new_cost[MADE, HOME] = _unit_cost(start, index, wage)
        step = max(
            np.abs(new - old).max()
            for new, old in ((new_cost, cost), (new_wage, wage), (new_volume, volume))
        )
        if step < tolerance:
            return Counterfactual(cost, wage, trade, start.output * volume * cost[MADE, HOME])
        cost, wage, volume = (cost + new_cost) / 2, (wage + new_wage) / 2, (volume + new_volume) / 2
    raise ArithmeticError(f"exact hat: not settled after {rounds} rounds")


@dataclass(frozen=True)
class _BaseYear:
    """Observed flows, and unit costs split into inputs, labour and capital."""

    paid: Array  # k s l j, what users pay for inputs, all included; others as the last j
    consumed: Array  # k s m, what consumers pay, margins of traders and duty included
    output: Array  # j l
    jobs: Array  # j l
    input_share: Array  # k j l, of unit cost
    labour_share: Array  # j l, of unit cost

    @classmethod
    def of(cls, economy: Economy, duty: Array) -> "_BaseYear":
        use = np.transpose(economy.intermediate_use, (1, 0, 2, 3))
        on_top = (1 + economy.trade_margin) * (1 + duty)
        paid = _one_other_buyer(use * on_top[..., None])
        sold = np.transpose(economy.final_demand, (1, 0, 2)) + use.sum(axis=3)
        output = sold.sum(axis=2)[MADE, HOME]
        cost = (1 - economy.margin)[:, None] * output
        bought = np.transpose(paid.sum(axis=1)[:, HOME, MADE], (0, 2, 1))
        wages = (economy.labour_share * economy.value_added[HOME]).T[MADE]
        return cls(
            paid=paid,
            consumed=np.transpose(economy.final_demand, (1, 0, 2)) * on_top,
            output=output,
            jobs=economy.employment.T[MADE],
            input_share=bought / cost,
            labour_share=wages / cost,
        )


def _one_other_buyer(paid: Array) -> Array:
    """Users other than footloose sectors of the hosts joined into one a region, as in the model.

    Kept apart, they would buy from other mixes of sources; trade in an input then differs
    by up to 0.5%.
    """
    joined = np.zeros((*paid.shape[:3], N_FOOTLOOSE + 1))
    joined[:, :, HOME, MADE] = paid[:, :, HOME, MADE]
    joined[..., N_FOOTLOOSE] = paid.sum(axis=3) - joined.sum(axis=3)
    return joined


def _final_demand(economy: Economy, start: _BaseYear, price: Array, duty: Array) -> Array:
    """Consumption at basic prices; that of immobile sectors stays as it was."""
    shares, _ = _shares(start.consumed, price, economy.sigma[:, None, None] - 1)
    on_top = (1 + economy.trade_margin) * (1 + duty)
    final: Array = start.consumed.sum(axis=1, keepdims=True) * shares / on_top
    final[N_FOOTLOOSE:] = np.transpose(economy.final_demand, (1, 0, 2))[N_FOOTLOOSE:]
    return final


def _inputs(start: _BaseYear, shares: Array, index: Array, volume: Array) -> Array:
    """What users pay for inputs, duty included, shape (sector, source, market).

    Footloose sectors of the hosts need inputs in proportion to volume; all others spend
    what they spent.
    """
    spending = start.paid.sum(axis=1)
    spending[:, HOME, MADE] *= index[:, HOME, MADE] * volume.T
    paid: Array = (spending[:, None] * shares).sum(axis=3)
    return paid


def _unit_cost(start: _BaseYear, index: Array, wage: Array) -> Array:
    """Unit cost, new over old, of footloose sectors in the hosts."""
    inputs = np.transpose(index[:, HOME, MADE], (0, 2, 1))
    capital = 1 - start.input_share.sum(axis=0) - start.labour_share
    cost: Array = (start.input_share * inputs).sum(axis=0) + start.labour_share * wage + capital
    return cost


def _shares(before: Array, price: Array, elasticity: Array) -> tuple[Array, Array]:
    """New expenditure shares over sources (axis 1), and the change of the price index."""
    total = before.sum(axis=1, keepdims=True)
    old = np.divide(before, total, out=np.zeros_like(before), where=total > 0)
    weighted = old * price**-elasticity
    sums = weighted.sum(axis=1, keepdims=True)
    used = sums > 0
    new = np.divide(weighted, sums, out=np.zeros_like(weighted), where=used)
    index = np.where(used, sums, 1.0) ** (-1 / elasticity)
    return new, index[:, 0]
