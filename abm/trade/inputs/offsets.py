"""Credits against duties on inputs, as a part of labour and capital cost that the treasury pays.

A credit is claimed for what was bought, so it is that of the average buyer of a sector and host
at last quarter's contracts, duties and prices. As a share of labour and capital it enters costs and
books as a production subsidy does. It does not enter the prices at which sources compete: where
all of the duty comes back, a firm would buy more parts abroad than it does here.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.inputs.contracts import Contracts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array
from abm.policy.regimes import Policy
from abm.trade.duties import duty_on
from abm.trade.inputs.labour import value_added_index

MOST = 0.9
"""Of labour and capital cost that treasuries pay at most, as of any subsidy."""


def with_offsets(
    policy: Policy,
    calibration: Calibration,
    conditions: Conditions,
    contracts: Contracts,
    licences: Array | float = 0.0,
) -> Policy:
    """The same policy with credits against duties on inputs among its subsidies.

    Parameters
    ----------
    policy : Policy
    calibration : Calibration
    conditions : Conditions
        Last quarter's outcomes under the regimes of ``policy``.
    contracts : Contracts
        Of footloose sectors.
    licences : ndarray, shape (sector, source, market, regime), or float
        What of the duty in ``conditions`` is the cost of licences, which is no duty.

    Returns
    -------
    Policy
        Itself where no credit is granted.
    """
    if not policy.offset_share.any():
        return policy
    credit = credits(policy, calibration, conditions, contracts, licences)
    gross = value_added_index(calibration, conditions, policy)
    rate = np.divide(credit, gross, out=np.zeros_like(credit), where=gross > 0)
    subsidy = policy.subsidy.copy()
    subsidy[:N_FOOTLOOSE] = np.minimum(subsidy[:N_FOOTLOOSE] + rate, MOST)
    return replace(policy, subsidy=subsidy)


def credits(
    policy: Policy,
    calibration: Calibration,
    conditions: Conditions,
    contracts: Contracts,
    licences: Array | float = 0.0,
) -> Array:
    """What a unit of output is credited with.

    Parameters
    ----------
    policy, calibration, conditions, contracts, licences
        As for `with_offsets`.

    Returns
    -------
    ndarray, shape (sector, host, regime)
        In units of the calibration year's cost.
    """
    value = conditions.supply_price[:N_FOOTLOOSE, :N_HOSTS] / (1 - calibration.margin)[:, None]
    most = policy.offset_share[:N_FOOTLOOSE] * value[..., None]
    paid = duties_paid(policy, calibration, conditions, contracts, licences)
    return np.minimum(most, paid)


def duties_paid(
    policy: Policy,
    calibration: Calibration,
    conditions: Conditions,
    contracts: Contracts,
    licences: Array | float = 0.0,
) -> Array:
    """Duties on inputs beyond those of 2017 that credits are against, a unit of output.

    Where the law is that of 2017 nothing is, though the average buyer's duty moves a little as
    makers of inputs come and go: some of their goods cannot qualify.

    Returns
    -------
    ndarray, shape (sector, host, regime)
    """
    here = np.s_[:, :, :N_HOSTS]
    # What was ordered is in prices of the calibration year, which had their own duty.
    customs = contracts.ordered * calibration.bill_of_materials[:, :, None]
    customs = customs * conditions.supply_price[:, :, None]
    base = calibration.base_input_duty[here]
    customs /= 1 + base
    duty = conditions.certificates.duty - licences
    levied = np.where(_law_levies_more(policy)[here], duty[here] - base[..., None], 0.0).clip(0.0)
    rate = levied * policy.offset_against[:, None, None]
    paid: Array = np.einsum("jksh,kshr->jhr", customs, rate)
    return paid


def _law_levies_more(policy: Policy) -> NDArray[np.bool_]:
    """Where more may be due than in 2017, shape (sector, source, market, regime).

    There is a duty beyond the ordinary one, or the agreement's preference has ended.
    """
    beyond = duty_on(policy, ...).unclaimed > 0
    members = np.zeros((N_REGIONS, N_REGIONS, 1), np.bool_)
    members[:N_HOSTS, :N_HOSTS, 0] = ~np.eye(N_HOSTS, dtype=np.bool_)
    more: NDArray[np.bool_] = beyond | (members & ~policy.preference)
    return more
