"""Welfare of a country in a quarter: what its people gain and lose, in money of 2017."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, QUARTERS_A_YEAR
from abm.core.inputs.contracts import paid
from abm.economy.tables import Array
from abm.model import RelocationModel
from abm.trade.sales.spending import dearer_elsewhere


def welfare(model: RelocationModel) -> Array:
    """Return real income against the calibration year, percent of its GDP, shape (host,).

    What consumers and immobile sectors gain from prices at fixed spending, profits where
    they are earned, pay above the calibration year's for the labour it employed, and
    what the treasury has left of duties and fines once subsidies and grants are paid, all in the
    money of the host. A duty on primary goods is both: revenue, and a burden on those who buy them.
    Money that moving costs is left out.
    """
    economy, calibration = model.economy, model.calibration
    now, base = model.accounts, model.base_accounts
    gdp = economy.value_added[:N_HOSTS].sum(axis=1) / QUARTERS_A_YEAR
    exchange = now.closing.exchange
    price = _other_price(model) / exchange
    consumers = -(calibration.expenditure * np.log(now.own_prices))[:, :N_HOSTS].sum(axis=0)
    users = -(_other_spending(model) * np.log(price))[:, :N_HOSTS].sum(axis=0)
    profits = (now.profit / exchange[:N_HOSTS] - base.profit).sum(axis=0)
    wage_bill = (economy.value_added[:N_HOSTS] * economy.labour_share)[:, :N_FOOTLOOSE].sum(axis=1)
    pay = (model.conditions.wage - 1) * wage_bill / QUARTERS_A_YEAR
    treasury = (now.treasury / exchange - base.treasury)[:N_HOSTS]
    gains = consumers + _gain_from_fixed_sectors(model) + users + profits + pay + treasury
    total: Array = 100 * gains / gdp
    return total


def _gain_from_fixed_sectors(model: RelocationModel) -> Array:
    """What consumers gain where goods and services fixed in place are cheaper, shape (host,).

    Duties and barriers make primary goods and services from elsewhere dearer, exchange rates
    dearer or cheaper. In million USD a quarter.
    """
    economy, calibration = model.economy, model.calibration
    fixed = slice(N_FOOTLOOSE, None)
    value = np.moveaxis(economy.final_demand[:, fixed], 0, 1) / QUARTERS_A_YEAR
    on_top = (1 + economy.trade_margin[fixed]) * (1 + calibration.outside_duty[fixed])
    barrier = model.now.barrier[..., model.trade]
    dearer = dearer_elsewhere(calibration, model.outside[..., model.trade], barrier)
    exchange = model.accounts.closing.exchange
    price = dearer * exchange[:, None] / exchange
    # Where duties come out of income, less is bought; elsewhere as much as ever, and more is paid.
    pays = model.scenario.economy.households_pay
    burden = value * on_top * (np.log(price) if pays else price - 1)
    gain: Array = -burden.sum(axis=(0, 1))[:N_HOSTS]
    return gain


def _other_spending(model: RelocationModel) -> Array:
    """What immobile sectors and industry abroad spend on each input, shape (input, market)."""
    calibration = model.calibration
    spending: Array = (calibration.other_use * calibration.base_on_top).sum(axis=1)
    return spending


def _other_price(model: RelocationModel) -> Array:
    """What they pay for each input against the calibration year, shape (input, market)."""
    supply = model.other_supply
    cost = paid(supply.contracts, supply.price)
    return np.where(cost > 0, cost, 1.0)
