"""Plants of a block at one host at work: what they sell, make and buy in a quarter."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_REGIONS
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.purchases import input_purchases, ruled_purchases
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.policy.arrays import Border
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import Transition
from abm.trade.inputs.input_prices import buyers
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE, Plants


@dataclass(frozen=True)
class PlantsAtWork:
    """What the plants of a block at one host sell, by use and market.

    ``sold`` has shape (plant, use, market), buyers' payment per unit of spending, users of
    inputs spending what their orders would cost without scarcity; ``borne`` has shape
    (plant,), labour and capital per unit of output, and so have ``markup``, or one for all, and
    ``dearer``, what scarcity adds to prices, as a factor.
    """

    quarter: Quarter
    plants: Plants
    sold: Floats
    borne: Floats
    markup: Floats
    dearer: Floats | None = None

    @cached_property
    def scarcity(self) -> Floats:
        """``dearer`` as a factor on border values, shape (plant, 1, 1)."""
        factor = np.ones(len(self.sold)) if self.dearer is None else self.dearer
        return factor.astype(np.float32)[:, None, None]

    @property
    def rent(self) -> Floats:
        """Part of border value that scarcity adds, shape (plant,)."""
        part: Floats = 1 - 1 / self.scarcity[:, 0, 0]
        return part

    @cached_property
    def border(self) -> Floats:
        """Border value of what is sold."""
        border = self.sold.copy()
        border[:, FINAL] /= self.plants.mark_on
        if self.dearer is not None:
            border[:, INTERMEDIATE] *= self.scarcity[:, 0]
        return border

    @cached_property
    def volume(self) -> Floats:
        """Units of output, shape (plant, use, market)."""
        volume: Floats = self.border / (self.plants.border_cost * self.markup[:, None])[:, None]
        if self.dearer is not None:
            volume /= self.scarcity
        return volume


def purchases(
    work: PlantsAtWork, terms: list[InputTerms], host: int, regime: int, compliant_volume: Floats
) -> Floats:
    """Inputs of the plants of one block at one host, shape (sector, input, source, outlet).

    Parameters
    ----------
    work : PlantsAtWork
    terms : list of InputTerms
        Of all sectors, hosts and regimes, under the agreement's rules.
    host, regime : int
    compliant_volume : ndarray, shape (plant, use, market)
        Units of output that are made to comply and would not qualify otherwise.
    """
    quarter, bought = work.quarter, []
    free = by_outlet(work.volume - compliant_volume)
    for alike in quarter.alike(host, regime):
        markets = np.isin(np.arange(N_REGIONS), alike)
        here = MixTowards(work, terms, (host, alike[0]), regime)
        bought.append(here.purchases(free, by_outlet(compliant_volume * markets)))
        free = np.zeros_like(free)  # it is bought once
    total: Floats = sum(bought[1:], bought[0])
    return total


@dataclass(frozen=True)
class MixTowards:
    """How plants at work at one host comply with the rules of one border.

    Attributes
    ----------
    work : PlantsAtWork
    terms : list of InputTerms
        Of all sectors, hosts and regimes, under the agreement's rules.
    border : tuple of two int
    regime : int
    """

    work: PlantsAtWork
    terms: list[InputTerms]
    border: Border
    regime: int

    @cached_property
    def here(self) -> list[InputTerms]:
        """Terms of the block's sectors."""
        sectors = range(len(self.terms))[self.work.plants.at.sectors]
        terms_towards = self.work.quarter.terms_towards
        return [terms_towards(self.terms, one, self.border, self.regime) for one in sectors]

    @cached_property
    def costs(self) -> UnitCosts:
        """Of all firms, shape (firm,)."""
        return self.work.quarter.towards(*self.border, self.regime)

    def purchases(self, free: Floats, compliant: Floats) -> Floats:
        """What is bought for output made freely and to comply, both of shape (plant, outlet)."""
        work, here, costs = self.work, self.here, self.costs
        table, firms, edges = work.quarter.table, work.plants.firm, work.plants.at.edges
        of_rules = [one.further is not None for one in here]
        ruled = np.repeat(of_rules, np.diff(edges))
        # What stands for the mix that complies: its wedge, or a factor on its multipliers.
        mix = np.where(ruled, np.float32(1), costs.log_wedge[firms])
        purchase = _Purchase(firms, edges, work.borne, mix, free, compliant)
        if work.quarter.transition is not None:
            purchase = purchase.with_late(work.quarter.transition, self.border)
        firms, edges = purchase.firms, purchase.edges
        some = buyers(table, firms).at(self.border[0])
        by_rules = purchase.compliant.any(axis=1) & np.repeat(of_rules, np.diff(edges))
        under_content = np.where(by_rules[:, None], np.float32(0), purchase.compliant)
        bought = input_purchases(some, here, edges, purchase.mix, purchase.free, under_content)
        for sector in np.unique(np.searchsorted(edges, np.flatnonzero(by_rules), side="right") - 1):
            span = slice(int(edges[sector]), int(edges[sector + 1]))
            bought[sector] += ruled_purchases(
                some.take(span),
                here[sector],
                purchase.borne[span],
                costs.multipliers[firms[span]] * purchase.mix[span, None],
                purchase.compliant[span],
                costs.way[firms[span]],
            )
        return bought


@dataclass(frozen=True)
class _Purchase:
    """What plants at one host make, and with which mix.

    Attributes
    ----------
    firms : ndarray of int, shape (plant,)
    edges : ndarray of int, shape (sector + 1,)
        Where the plants of each sector begin, and the last ones end.
    borne, mix : ndarray, shape (plant,)
        Labour and capital per unit of output; the wedge of the mix that complies, or the factor on
        its multipliers.
    free, compliant : ndarray, shape (plant, outlet)
        Units of output made with the free mix, and to comply.
    """

    firms: NDArray[np.integer]
    edges: NDArray[np.int64]
    borne: Floats
    mix: Floats
    free: Floats
    compliant: Floats

    def with_late(self, transition: Transition, border: Border) -> "_Purchase":
        """Plants on the way to complying counted as two buyers.

        One buys a part of what it needs for that under contracts that run on, the other a part as
        it signs now.
        """
        late = np.flatnonzero(transition.moving[self.firms, *border])
        if not len(late):
            return self
        who = np.sort(np.append(np.arange(len(self.firms)), late))
        new = np.searchsorted(who, late, side="right") - 1
        old, firms = new - 1, self.firms[who]
        mix, free, compliant = self.mix[who], self.free[who], self.compliant[who]
        free[new] = 0
        compliant[new] *= transition.part
        compliant[old] -= compliant[new]
        mix[old] = transition.held[firms[old], *border]
        mix[new] = transition.signed[firms[new], *border]
        edges = np.searchsorted(who, self.edges)
        return _Purchase(firms, edges, self.borne[who], mix, free, compliant)


def by_outlet(amount: Floats) -> Floats:
    """Amounts by plant and outlet."""
    return amount.reshape(len(amount), -1)
