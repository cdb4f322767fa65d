"""What firms sell in the calibration year, and would sell with other plants."""

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_HOSTS, N_REGIONS, NO_PLANT
from abm.base_year.calibration import BaseYear
from abm.base_year.young_plants import LAGS, home_place, lags
from abm.core.choice.parts_of_sets import Indices
from abm.core.demand.customers import Speeds
from abm.core.demand.youth import ASSIGNED, WON, built_up, sales_when_young, steady_ages
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, Economy
from abm.location.moving_costs import SETS
from abm.location.payoffs import sales_by_place
from abm.policy.regimes import Policy
from abm.trade.borders.this_quarter import Quarter
from abm.trade.inputs.input_prices import outside_duty
from abm.trade.sales.customers import AT_HOME
from abm.trade.sales.market_clearing import (
    INTERMEDIATE,
    MarketState,
    clear_markets,
    fringe_prices,
    plant_dispersion,
    total_appeal,
)
from agents import FirmTable

PARTS_OF_LIFE = 3
"""Parts of a plant's life, each as likely, over which what firms sell is averaged."""

AGES_IN_PART = 8
"""Ages over which a part of a life is averaged."""

ALONE = np.flatnonzero(SETS.size == 1)
"""The sets of one plant."""


def base_quarter(
    table: FirmTable, economy: Economy, policy: Policy, base_year: BaseYear
) -> Quarter:
    """What the plants of the calibration year meet."""
    return Quarter(
        table,
        economy,
        base_year.calibration,
        policy,
        base_year.costs,
        base_year.borders,
        outside_duty(economy, policy),
    )


def set_base_sales(quarter: Quarter, base_year: BaseYear) -> Array:
    """Set what firms sell in the base year, to which all money of their choice is relative.

    Of firms that stand it is what their plants in North America sell. Of firms without a plant it
    is what a first one would sell: at home, or of owners abroad where it would sell most.

    Parameters
    ----------
    quarter : Quarter
        From `base_quarter`; the columns ``base_revenue`` and ``base_plant_sales`` of its firms
        are filled in.
    base_year : BaseYear

    Returns
    -------
    ndarray, shape (firm, config)
        Sales with every set of plants at base-year policy, those from home abroad included;
        million USD a quarter of one real firm of size one.
    """
    table, every = quarter.table, np.arange(len(quarter.table))
    found = sales_by_place(quarter, _base_market(quarter, base_year), every)
    here = found[..., :N_HOSTS]
    sold = here.sum(axis=2, dtype=np.float64)
    reference = sold[
        every, np.where(table.config == NO_PLANT, _first_set(table, sold), table.config)
    ]
    table.base_revenue[:] = reference * table.size
    table.base_plant_sales[:] = here / reference[:, None, None]
    return found.sum(axis=2, dtype=np.float64)


def usually_sold(
    quarter: Quarter,
    base_year: BaseYear,
    rows: NDArray[np.int64],
    leaving: Array,
    speeds: Speeds,
) -> Array:
    """What some firms sell with every set of plants, on average over the ages of plants.

    Not what it is at average ages: a firm whose young plant serves its customers at a low price
    has more of them as well.

    Parameters
    ----------
    quarter : Quarter
        From `base_quarter`.
    base_year : BaseYear
    rows : ndarray of int, shape (firm,)
        In rising order.
    leaving : ndarray, shape (firm, host)
        Probability per quarter that a plant of theirs closes or dies.
    speeds : Speeds

    Returns
    -------
    ndarray, shape (firm, config, host)
        Million USD a quarter of one real firm of size one, all other firms selling what they do.
    """
    final, inputs = _sales_by_use(quarter, base_year, rows)
    table = quarter.table
    sigma, home = quarter.economy.sigma[table.sector[rows]], home_place(table.home[rows])
    dispersion = plant_dispersion(sigma)
    parts = _parts_of_life(leaving, home, speeds)
    mean = inputs * parts[..., WON].mean(axis=2)[:, None]
    for place in range(AT_HOME + 1):
        there = np.flatnonzero(home == place)
        for config in range(N_CONFIGS):
            away = [host for host in range(N_HOSTS) if HAS_PLANT[config, host] and host != place]
            chances = np.array(list(product(range(PARTS_OF_LIFE), repeat=len(away))), int)
            built = np.ones((len(chances), len(there), AT_HOME + 1, LAGS))
            if place < N_HOSTS:
                # Customers that a plant at home has won multiply all that its firm sells.
                built[:, :, place, WON] = parts[there, place, :, WON].mean(axis=1)
            for number, host in enumerate(away):
                built[:, :, host] = parts[there, host][:, chances[:, number]].swapaxes(0, 1)
            each = np.tile(there, len(chances))
            reach = final[each, config]
            young = sales_when_young(
                reach,
                built.reshape(len(each), *built.shape[2:]),
                home[each],
                dispersion[each],
                sigma[each],
            )
            made = (reach * young)[:, :N_HOSTS].sum(axis=2)
            mean[there, config] += made.reshape(len(chances), len(there), N_HOSTS).mean(axis=0)
    return mean


def _parts_of_life(leaving: Array, home: Indices, speeds: Speeds) -> Array:
    """How far sales have built up on average in parts of plants' lives that are equally likely.

    Ages of a firm's plants are independent of each other, so with `PARTS_OF_LIFE` of each plant
    what a firm sells is averaged over all that they may be together.

    Returns
    -------
    ndarray, shape (firm, host, part, lag)
    """
    luck = (np.arange(PARTS_OF_LIFE * AGES_IN_PART) + 0.5) / (PARTS_OF_LIFE * AGES_IN_PART)
    ages = steady_ages(leaving[..., None], luck)
    parts = np.empty((*leaving.shape, PARTS_OF_LIFE, LAGS))
    for lag, speed in enumerate(lags(speeds)):
        by_part = built_up(ages, *speed).reshape(*leaving.shape, PARTS_OF_LIFE, AGES_IN_PART)
        parts[..., lag] = by_part.mean(axis=3)
    local = np.flatnonzero(home < N_HOSTS)
    parts[local, home[local], :, ASSIGNED:] = 1  # at home nothing is taken over from sisters
    return parts


def _sales_by_use(
    quarter: Quarter, base_year: BaseYear, rows: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """What firms would sell with every set of plants if their own customers chose anew.

    All others are the calibration year's, in which a unit of appeal earns one. To final users,
    shape (firm, config, host + 1, market), and to users of inputs, (firm, config, host).
    """
    market = _base_market(quarter, base_year)
    earns = np.sign(market.unit_final), np.sign(market.unit_intermediate)
    nothing = tuple(np.zeros_like(unit) for unit in earns)

    def sold(final: Array, inputs: Array) -> Floats:
        state = replace(market, unit_final=final, unit_intermediate=inputs)
        return sales_by_place(quarter, state, rows)

    final = np.empty((len(rows), N_CONFIGS, N_HOSTS + 1, N_REGIONS), np.float32)
    for place in range(N_REGIONS):
        alone = nothing[0].copy()
        alone[:, place] = earns[0][:, place]
        final[..., place] = sold(alone, nothing[1])
    return final, sold(nothing[0], earns[1])[..., :N_HOSTS]


def _first_set(table: FirmTable, sold: Array) -> Indices:
    """The set of one plant with which each firm would begin, shape (firm,)."""
    at_home = np.array([np.flatnonzero(SETS.has_plant[ALONE, host])[0] for host in range(N_HOSTS)])
    local = table.home < N_HOSTS
    first = sold[:, ALONE].argmax(axis=1)
    home = at_home[table.home[local]]
    sells = sold[local, ALONE[home]] > 0  # nothing where a sector is not made
    first[local] = np.where(sells, home, first[local])
    first_set: Indices = ALONE[first]
    return first_set


def _base_market(quarter: Quarter, base_year: BaseYear) -> MarketState:
    """Markets of the calibration year."""
    calibration = quarter.calibration
    sold = base_year.tally.sums["share"][:, :, INTERMEDIATE]
    return clear_markets(
        quarter.economy,
        calibration,
        total_appeal(quarter),
        fringe_prices(quarter.policy, calibration, quarter.outside),
        calibration.expenditure,
        sold[..., None],
    )
