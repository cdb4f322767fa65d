"""What a quarter works with: firms, constants, policy, costs and claims."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.policy.arrays import Border
from abm.policy.regimes import Policy
from abm.trade.borders.border_costs import BorderCosts
from abm.trade.borders.crossing import NO_BORDERS, Borders
from abm.trade.borders.transition import Transition
from agents import FirmTable


@dataclass(frozen=True)
class Quarter:
    """Firms, constants and policy of a quarter, with the costs and claims of firms under it.

    Attributes
    ----------
    table : FirmTable
    economy : Economy
    calibration : Calibration
    policy : Policy
        Only the regimes that are computed this quarter.
    costs : UnitCosts
    borders : Borders
    outside : ndarray, shape (sector, source, market, regime)
        Duties where no origin can be claimed, from `abm.trade.inputs.input_prices.outside_duty`.
    transition : Transition, optional
        Plants that are on the way to complying under the last regime.
    own : mapping, optional
        By border what complying costs where its rules are not the agreement's.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    policy: Policy
    costs: UnitCosts
    borders: Borders
    outside: Array
    transition: Transition | None = None
    own: Mapping[Border, BorderCosts] = NO_BORDERS

    def during(self, regimes: slice) -> "Quarter":
        """The same quarter for some regimes to which buyers have adapted, as views."""
        return replace(
            self,
            policy=self.policy.during(regimes),
            costs=self.costs.during(regimes),
            borders=self.borders.during(regimes),
            outside=self.outside[..., regimes],
            transition=None,
            own=self._own_during(regimes),
        )

    def _own_during(self, regimes: slice) -> Mapping[Border, BorderCosts]:
        count = len(self.policy.regimes)
        some = {border: own.during(regimes, count) for border, own in self.own.items()}
        return {border: own for border, own in some.items() if len(own.regimes)}

    def towards(self, host: int, partner: int, regime: int) -> UnitCosts:
        """Costs at a host by the rules of a partner's border, as views of shape (firm,)."""
        own = self.own.get((host, partner))
        if own is not None and own.has(regime):
            return own.at(regime)
        return self.costs.at(host, regime)

    def terms_towards(
        self, terms: list[InputTerms], sector: int, border: Border, regime: int
    ) -> InputTerms:
        """What a sector meets at a border's host, by the rules of that border; one regime."""
        own = self.own.get(border)
        if own is not None and own.has(regime):
            return own.terms_at(sector, regime)
        return terms[sector].at(border[0], regime)

    def alike(self, host: int, regime: int) -> list[list[int]]:
        """A host's partners, those together for which its goods are made by the same rules."""
        apart = [p for (h, p), own in self.own.items() if h == host and own.has(regime)]
        together = [p for p in range(N_HOSTS) if p != host and p not in apart]
        return [group for group in (together, *([p] for p in apart)) if group]

    def own_rules(self, host: int) -> NDArray[np.bool_]:
        """Where borders have rules of their own for a host's goods, shape (partner, regime)."""
        has = np.zeros((N_HOSTS, len(self.policy.regimes)), np.bool_)
        for (origin, partner), own in self.own.items():
            if origin == host:
                has[partner, own.regimes] = True
        return has
