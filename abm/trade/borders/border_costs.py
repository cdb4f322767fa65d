"""What complying costs at borders whose rules of origin are not the agreement's.

A plant makes goods for such a border with a mix of inputs of their own, the cheapest that meets
its rules; for all other borders it has the mix that meets the agreement's. What a border asks says
nothing about another, so that each is solved for by itself, at its host and under the
regimes in which it differs. Where none does, nothing here takes part in a quarter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.core.layout import first_last, last_first
from abm.policy.arrays import Border
from abm.policy.regimes import Policy
from abm.trade.inputs.input_prices import solve_costs
from agents import FirmTable


@dataclass(frozen=True)
class BorderCosts:
    """What it takes to comply at one border, where it has rules of its own.

    Attributes
    ----------
    regimes : ndarray of int, shape (own,)
        Under which it does, rising.
    terms : list of InputTerms
        One a sector, of the border's host alone under these regimes.
    costs : UnitCosts
        Of that host alone, arrays of shape (firm, 1, own).
    """

    regimes: NDArray[np.int64]
    terms: list[InputTerms]
    costs: UnitCosts

    def has(self, regime: int) -> bool:
        """Whether the border has its own rules under a regime."""
        return regime in self.regimes

    def at(self, regime: int) -> UnitCosts:
        """Costs under one regime in which it does, as views of shape (firm,)."""
        return self.costs.at(0, int(np.searchsorted(self.regimes, regime)))

    def terms_at(self, sector: int, regime: int) -> InputTerms:
        """Terms of a sector under one regime in which it does."""
        return self.terms[sector].at(0, int(np.searchsorted(self.regimes, regime)))

    def during(self, regimes: slice, count: int) -> "BorderCosts":
        """The same for some of ``count`` regimes."""
        first, last, _ = regimes.indices(count)
        kept = slice(*np.searchsorted(self.regimes, (first, last)).tolist())
        terms = [one.some(slice(None), kept) for one in self.terms]
        return BorderCosts(self.regimes[kept] - first, terms, self.costs.during(kept))


def border_terms(
    policy: Policy, terms_under: Callable[[Policy], list[InputTerms]]
) -> dict[Border, list[InputTerms]]:
    """What every sector meets at borders with rules of their own.

    Parameters
    ----------
    policy : Policy
    terms_under : callable
        Terms of all sectors under a policy with one set of rules.

    Returns
    -------
    dict
        By border, terms of its host alone under the regimes in which it differs.
    """
    return {
        (host, partner): [
            one.some(slice(host, host + 1), np.flatnonzero(own.differs))
            for one in terms_under(policy.at_border((host, partner)))
        ]
        for (host, partner), own in policy.border_rules.items()
    }


def solve_at_borders(
    table: FirmTable,
    policy: Policy,
    terms: Mapping[Border, list[InputTerms]],
    value_added: Floats,
    costs: UnitCosts,
) -> dict[Border, BorderCosts]:
    """Compliant costs at borders with rules of their own.

    Parameters
    ----------
    table : FirmTable
    policy : Policy
    terms : mapping
        From `border_terms`.
    value_added : ndarray, shape (firm, host, regime)
    costs : UnitCosts
        Under the agreement's rules, from `abm.trade.inputs.input_prices.solve_costs`. The search
        starts from them, and the free mix is theirs.

    Returns
    -------
    dict
        `BorderCosts` by border.
    """
    found = {}
    for border, of_sectors in terms.items():
        here, regimes = slice(border[0], border[0] + 1), _own_regimes(policy, border)
        own = _copied(costs, here, regimes)
        free = own.free_cost.copy(order="K")
        solve_costs(table, of_sectors, value_added[:, here][..., regimes], own, border[0])
        own.free_cost[:] = free  # the same mix, whose sum may be rounded another way
        np.copyto(own.compliant_cost, free, where=own.meets_rule)
        found[border] = BorderCosts(regimes, of_sectors, own)
    return found


def _own_regimes(policy: Policy, border: Border) -> NDArray[np.int64]:
    return np.flatnonzero(policy.border_rules[border].differs)


def _copied(costs: UnitCosts, hosts: slice, regimes: NDArray[np.int64]) -> UnitCosts:
    """Copies of the costs of some hosts under some regimes, the firm innermost in memory."""
    inner = (first_last(array)[..., hosts, :, :] for array in vars(costs).values())
    return UnitCosts(*(last_first(array[..., regimes, :]) for array in inner))
