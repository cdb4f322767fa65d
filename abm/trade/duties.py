"""The duty on a flow of goods, split by what a claim of origin does to it.

Three things are due at a border: the ordinary rate of the lane with its fees, special
duties, and the measures that stack on them. A claim of origin avoids the first always,
and of the others what policy says it avoids. Whoever asks what a flow pays asks here:
firms that choose a claim, buyers of goods for which none can be made, governments that
answer each other's duties, and explanations that move them.

All rates are fractions of customs value.
"""

from dataclasses import dataclass, replace
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from abm.axes import USA
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE, Array
from abm.policy.regimes import Policy

type Cells = EllipsisType | tuple[int | EllipsisType | None, ...]
"""Index of an array of policy: ``...`` for all flows, or sector, source and market of one."""


@dataclass(frozen=True)
class Duty:
    """What is due on some flows.

    Attributes
    ----------
    waived, fixed : ndarray
        What a claim of origin avoids, and what is due in any case.
    """

    waived: Array
    fixed: Array

    @property
    def unclaimed(self) -> Array:
        """What a flow pays for which no origin is claimed."""
        return self.waived + self.fixed

    @property
    def by_part(self) -> Array:
        """Both, what a claim avoids first, along an axis in front."""
        return np.stack([self.waived, self.fixed])


def duty_on(policy: Policy, cells: Cells, ordinary: NDArray[np.floating] | float = 0.0) -> Duty:
    """The duty on some flows.

    Parameters
    ----------
    policy : Policy
    cells : index
        Of the flows in the policy's arrays of shape (sector, source, market, regime).
    ordinary : float or ndarray, optional
        Most-favoured-nation or applied rate of the flows, with fees; broadcasts against
        the cells. Left out, what is found is the duty beyond it.

    Returns
    -------
    Duty
    """
    waivable, kept = _special(policy, cells)
    return Duty(
        waived=ordinary + waivable + policy.measures_waived[cells],
        fixed=kept + policy.measures_fixed[cells],
    )


def _special(policy: Policy, cells: Cells) -> tuple[Array, Array]:
    """Special duties that a claim avoids, and those that it does not."""
    special, waivable = policy.special_duty[cells], policy.special_waived[cells]
    return np.where(waivable, special, 0.0), np.where(waivable, 0.0, special)


def with_fixed_duty(policy: Policy, cells: Cells, rate: Array) -> Policy:
    """The same policy with another duty that is due in any case.

    Parameters
    ----------
    policy : Policy
    cells : index
    rate : ndarray, shape of the cells
        What ``duty_on(...).fixed`` shall be; measures make up for what special duties are not.
    """
    measures = policy.measures_fixed.copy()
    measures[cells] = rate - _special(policy, cells)[1]
    return replace(policy, measures_fixed=measures)


def entry_fee(market: int) -> float:
    """Ad valorem fee on goods that enter a region without a claim of origin."""
    return MERCHANDISE_PROCESSING_FEE if market == USA else 0.0
