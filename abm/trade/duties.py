"""The duty on a flow of goods, split by what a claim of origin does to it.

Three things are due at a border: the ordinary rate of the lane with its fees, special
duties, and the measures that stack on them. A claim of origin avoids the first always,
and of the others what policy says it avoids. Whoever asks what a flow pays asks here:
firms that choose a claim, buyers of goods for which none can be made, governments that
answer each other's duties, and explanations that move them. Firms pay by their own product
line; of a sector as a whole the duty is the mean over what the source sells of it.

Some measures count the ordinary rate in (`abm.policy.instruments.in_all`): of what such a cap
counts in, a claim of origin saves nothing.

All rates are fractions of customs value.
"""

from dataclasses import dataclass, replace
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_GOODS, USA
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE, Array, Economy, load_economy
from abm.policy.arrays import CELLS
from abm.policy.instruments.in_all import counted_in
from abm.policy.regimes import Policy

type Cells = EllipsisType | tuple[int | slice | EllipsisType | None, ...]
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


def duty_on(
    policy: Policy,
    cells: Cells,
    ordinary: NDArray[np.floating] | float = 0.0,
    scheduled: NDArray[np.floating] | float = 0.0,
) -> Duty:
    """The duty on some flows.

    Parameters
    ----------
    policy : Policy
    cells : index
        Of the flows in the policy's arrays of shape (sector, source, market, regime).
    ordinary : float or ndarray, optional
        Most-favoured-nation or applied rate of the flows, with fees; broadcasts against
        the cells. Left out, what is found is the duty beyond it.
    scheduled : float or ndarray, shape (sector, source, market), optional
        The same without fees, which caps count in.

    Returns
    -------
    Duty
    """
    waivable, kept = _special(policy, cells)
    waived = ordinary + waivable + policy.measures_waived[cells]
    if policy.cap_share.any():
        waived = waived - _counted_in(policy, scheduled)[cells]
    return Duty(waived=waived, fixed=kept + policy.measures_fixed[cells])


def _counted_in(policy: Policy, scheduled: NDArray[np.floating] | float) -> Array:
    """Mean over lines of what caps count in, shape (sector, source, market, regime)."""
    lines = load_economy().lines
    known = np.broadcast_to(scheduled, CELLS)[lines.sector, ..., None]
    return lines.by_sector(counted_in(policy.cap_rate, policy.cap_share, known))


def duty_on_lines(
    policy: Policy,
    cell: tuple[NDArray[np.integer] | int, int, int],
    line: NDArray[np.integer],
    ordinary: NDArray[np.floating],
    scheduled: NDArray[np.floating] | float = 0.0,
) -> Duty:
    """The duty on the products of some firms, each by its own line.

    Parameters
    ----------
    policy : Policy
    cell : tuple
        Sector of all firms, or those of each, shape (firm,); source; and market.
    line : ndarray of int, shape (firm,)
    ordinary : ndarray, shape (firm,)
        Most-favoured-nation rate of each product, with fees.
    scheduled : float or ndarray, shape (firm,), optional
        The same without fees, which caps count in.

    Returns
    -------
    Duty
        Of arrays of shape (regime, firm), or (regime, 1) where all firms pay alike: with the
        regime innermost each operation on them would take far longer.
    """
    sector, source, market = cell
    of_sector = np.atleast_1d(sector)
    flow = (slice(None), source, market)
    waivable, kept = (rate.T.take(of_sector, axis=1) for rate in _special(policy, flow))
    waived, fixed = policy.line_waived[:, source, market].T, policy.line_fixed[:, source, market].T
    made = slice(line.min(), line.max() + 1) if len(line) else slice(0, 1)
    if all((rate[:, made] == rate[:, made][:, :1]).all() for rate in (waived, fixed)):
        waived, fixed = waived[:, made][:, :1], fixed[:, made][:, :1]
    else:
        waived, fixed = waived.take(line, axis=1), fixed.take(line, axis=1)
    due = ordinary + waivable + waived
    rate, share = policy.cap_rate[:, source, market].T, policy.cap_share[:, source, market].T
    if share.any():
        due = due - counted_in(rate.take(line, axis=1), share.take(line, axis=1), scheduled)
    return Duty(waived=due, fixed=kept + fixed)


def _special(policy: Policy, cells: Cells) -> tuple[Array, Array]:
    """Special duties that a claim avoids, and those that it does not."""
    special, waivable = policy.special_duty[cells], policy.special_waived[cells]
    return np.where(waivable, special, 0.0), np.where(waivable, 0.0, special)


def with_fixed_duty(policy: Policy, cell: tuple[int, int, int], rate: Array) -> Policy:
    """The same policy with another duty on a flow that is due in any case.

    Parameters
    ----------
    policy : Policy
    cell : tuple of int
        Sector, source and market.
    rate : ndarray, shape (regime,)
        What ``duty_on(...).fixed`` shall be, for all lines of the sector alike; measures make
        up for what special duties are not.
    """
    sector, source, market = cell
    of_measures = rate - _special(policy, cell)[1]
    measures, by_line = policy.measures_fixed.copy(), policy.line_fixed.copy()
    measures[cell] = of_measures
    by_line[load_economy().lines.of(sector), source, market] = of_measures
    return replace(policy, measures_fixed=measures, line_fixed=by_line)


def scheduled_duty(economy: Economy) -> Array:
    """Ordinary rate applied on the goods of each flow, without fees, as caps count it in.

    Returns
    -------
    ndarray, shape (sector, source, market)
    """
    rate = economy.applied_duty.copy()
    rate[:N_GOODS, :, USA] -= MERCHANDISE_PROCESSING_FEE
    return rate.clip(0.0)


def entry_fee(market: int) -> float:
    """Ad valorem fee on goods that enter a region without a claim of origin."""
    return MERCHANDISE_PROCESSING_FEE if market == USA else 0.0
