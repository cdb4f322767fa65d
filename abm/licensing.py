"""Licences under quotas: what they are worth in a quarter, found before prices are.

In trade, imports at a price of licences are those that the quarter's own phases make of it:
inputs priced, costs solved, origin claimed, customers served at prices at which plants can make
what is asked of them, and purchases cleared, with the plants that the last quarter left. So a
licence is worth what lets in the quota, up to plants that open or close within the quarter.
Contracts for inputs beyond a quota end where a licence may cost more than the goods.

Plans look at every regime as if buyers had adapted to it. There a licence is worth what would
clear if buyers' demand, of constant elasticity, started from this quarter's flows and others'
prices stayed.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE
from abm.core.demand.licences import LicenceSearch, price_by_hat
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Array
from abm.engine.phase import phase
from abm.trade.books.accounts import Accounts
from abm.trade.flows.input_flows import clear_with_purchases, input_flows
from abm.trade.flows.line_imports import (
    from_outside,
    mean_of_sectors,
    parts_of_deliveries,
    sold_by_line,
)
from abm.trade.inputs.input_prices import outside_duty
from abm.trade.licences import limited_flows, with_licences
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE
from abm.trade.sales.scarcity import PlantsDemand
from abm.trade.sales.serving import Served
from abm.trade_phases import Trading

PROHIBITIVE = 1.0
"""Worth of a licence beyond which buyers rather end a contract than go on with it (assumption)."""

ROUNDS = 24
"""In which prices of licences are looked for at most; those that are steady need one."""


class LicensedTrading(Trading):
    """Trade in which some goods need a licence to enter.

    Attributes
    ----------
    licences : ndarray, shape (line, source, market, regime)
        What licences are worth, ad valorem, under every regime and last of all in trade; a part of
        the duty in certificates.
    base_imports : ndarray, shape (line, source, market)
        Of the calibration year, million USD a quarter at basic values.
    parts : ndarray, shape (line, source, market)
        Of each line in what was delivered of its sector as inputs last quarter.
    line_flows : ndarray, shape (use, line, source, market), optional
        What came in this quarter, at basic values; None where there is no quota.
    """

    licences: Array
    base_imports: Array
    parts: Array
    line_flows: Array | None = None

    def _look_at(self, regimes: slice | NDArray[np.int64]) -> None:
        super()._look_at(regimes)
        self._charge()

    def _charge(self) -> None:
        """Add what licences are worth to the duties of the regimes that are looked at."""
        worth = self.licences[..., self.columns]
        if worth.any():
            self.now = with_licences(self.now, worth)
            self.outside = outside_duty(self.economy, self.now)

    def _settle(self, live: NDArray[np.int64], kept: NDArray[np.int64]) -> None:
        self.ended = None
        super()._settle(live, kept)

    @phase
    def price_licences(self) -> None:
        """What licences are worth: nothing more enters than quotas allow."""
        self.ended = None
        if not (self.policy.quota.any() or self.licences.any()):
            return
        self.parts = parts_of_deliveries(self.firms.line, self.customers.pool)
        live, contracts = self.live, (self.contracts, self.other_contracts)
        self._look_at(np.zeros(0, np.int64))
        self.ended = self._cut_short()
        self.standing_capacity, scarcity = self.capacity * self.firms.plants, self.scarcity
        flows, spent = self._search()
        self.contracts, self.other_contracts = contracts  # they end once a quarter
        self.scarcity = scarcity  # as it is at prices of licences that were found
        self._look_at(live)
        self._plan_with(flows, spent)

    def _cut_short(self) -> Array | None:
        """Part of contracts beyond quotas, where a licence may cost too much to go on.

        Returns
        -------
        ndarray, shape (input, source, market), or None
            As last quarter's imports were beyond them; None where no contract ends.
        """
        limited = limited_flows(self.now, self.base_imports)
        limited &= self.now.licence_most[..., self.trade] > PROHIBITIVE
        if not limited.any():
            return None
        flows = self.accounts.final.value + self.accounts.intermediate.value
        imports = flows[self.economy.lines.sector] * self.parts
        quota = self.now.quota[..., self.trade] * self.base_imports
        beyond = np.divide(
            imports - quota, imports, out=np.zeros_like(imports), where=limited & (imports > quota)
        )
        ended = mean_of_sectors(beyond, self.parts)
        return ended if ended.any() else None

    def _search(self) -> tuple[Array, Array]:
        """Find prices in trade; returns flows and the part of buyers' spending that they are.

        Each has shape (use, line, source, market).
        """
        limited = limited_flows(self.now, self.base_imports)
        worth = np.zeros(self.base_imports.shape)
        worth[limited] = self.licences[..., -1][limited]
        most = self.now.licence_most[..., self.trade][limited]
        quota = (self.now.quota[..., self.trade] * self.base_imports)[limited]
        search = LicenceSearch(np.minimum(worth[limited], most), quota, most)
        contracts = self.contracts, self.other_contracts
        for left in reversed(range(ROUNDS)):
            worth[limited] = search.price
            self._set_licences(worth[..., None], np.array([-1]))
            self.contracts, self.other_contracts = contracts
            flows, spent = self._foreseen()
            imports = flows.sum(axis=0)[limited]
            if not left or search.settled(imports).all():
                return flows, spent
            search.learn(imports)
        raise AssertionError("the last round returns")

    def _foreseen(self) -> tuple[Array, Array]:
        """Imports of the quarter at today's prices of licences, as `_search` returns them."""
        self.price_inputs()
        self.renew_contracts()
        self.solve_costs()
        self.claim_origin()
        prospects = self._prospects()
        nothing_opens = np.zeros_like(self.firms.plants)
        demand = PlantsDemand.of(prospects, self._budget(), nothing_opens, self.trade)
        self.scarcity = self._clear(demand).u
        served = prospects.served(self._log_scarcity())
        tally = self._tally(served)
        on_top, other = self.on_top[..., self.trade], self._others()
        expenditure = self._expenditure()
        spending = self.spending.copy()
        spending[:, :, FINAL] = expenditure[:, None]
        spending = clear_with_purchases(tally, spending, other, on_top)
        bought = input_flows(tally, spending, other, on_top)
        added = (1 + self.outside[..., self.trade]) * (1 + self.now.barrier[..., self.trade])
        added *= 1 + self.calibration.trade_margin
        final = served.imports * expenditure[:, None] / added[:N_FOOTLOOSE]
        flows = self._sold_by_line(served, spending)
        flows += from_outside(final, bought)
        paid = np.stack([expenditure, (bought * on_top)[:N_FOOTLOOSE].sum(axis=1)])
        lines = self.economy.lines
        return flows, _shares(flows, paid, on_top, lines)

    def _sold_by_line(self, served: Served, spending: Array) -> Array:
        scarcity = self.scarcity if self.scenario.economy.supply.slope > 0 else None
        line = self.firms.line
        return sold_by_line(line, served.customers, served.standing, spending, scarcity)

    def _plan_with(self, flows: Array, spent: Array) -> None:
        """Set what licences are worth under every regime to which buyers have adapted."""
        sector = self.economy.lines.sector
        made = np.minimum(sector, N_FOOTLOOSE - 1)
        now = self.policy.during(self.live)
        worth = np.zeros((*self.base_imports.shape, len(now.regimes)))
        paid = 1 + self.now.line_fixed[..., self.trade]
        for regime in range(len(now.regimes)):
            at = limited_flows(now.during(slice(regime, regime + 1)), self.base_imports)
            if not at.any():
                continue
            elasticities = self.economy.sigma[made] - 1, self.economy.theta[sector]
            of_use = [
                (
                    flows[use][at],
                    spent[use][at],
                    np.broadcast_to(elasticity[:, None, None], at.shape)[at],
                )
                for use, elasticity in zip((FINAL, INTERMEDIATE), elasticities, strict=True)
            ]
            worth[at, regime] = price_by_hat(
                of_use[FINAL],
                of_use[INTERMEDIATE],
                paid[at],
                1 + now.line_fixed[..., regime][at],
                (now.quota[..., regime] * self.base_imports)[at],
                now.licence_most[..., regime][at],
            )
        self._set_licences(worth, np.arange(len(self.policy.regimes))[self.live])
        self._look_at(self.live)

    def _set_licences(self, worth: Array, columns: NDArray[np.int64]) -> None:
        """Take up other prices of licences for some regimes, certificates with them."""
        change = worth - self.licences[..., columns]
        if not change.any():
            return
        self.licences = self.licences.copy()
        self.licences[..., columns] = worth
        was = self.conditions.during(columns)
        duty = was.certificates.duty + mean_of_sectors(change, self.parts)
        certificates = replace(was.certificates, duty=duty)
        self.conditions = self.conditions.revised(columns, was.qualified, certificates)
        self._look_at(self.live)

    def _licences_abroad(self, accounts: Accounts) -> Array:
        """What countries of origin earn of licences, shape (use, sector, source, market)."""
        quota = self.policy.quota[..., self.in_force.regime] * self.base_imports
        self.line_flows = None
        if not quota.any():
            return super()._licences_abroad(accounts)
        self.line_flows = flows = self._sold_by_line(self.served, self.spending)
        flows += from_outside(accounts.final.value, accounts.intermediate.value)
        worth = self.licences[..., -1] * self.policy.licence_abroad[..., self.in_force.regime]
        total = flows.sum(axis=0)
        within, some = np.minimum(total, quota), total > 0
        scale = np.divide(within, total, out=np.zeros_like(total), where=some)
        customs = 1 + self.calibration.trade_margin
        on_final = mean_of_sectors(worth * scale * flows[FINAL], np.ones_like(total)) * customs
        # Inputs are delivered on certificates that average over what was shipped last quarter.
        on_inputs = mean_of_sectors(worth * scale, self.parts) * customs
        return np.stack([on_final, on_inputs * accounts.intermediate.value])


def _shares(flows: Array, paid: Array, on_top: Array, lines: SectorLines) -> Array:
    """Part of what buyers spend that goes to each flow, shape (use, line, source, market)."""
    made = lines.sector < N_FOOTLOOSE
    sector = lines.sector[made]
    share = np.zeros_like(flows)
    spent = flows[:, made] * on_top[sector]
    total = paid[:, sector][:, :, None]
    share[:, made] = np.divide(spent, total, out=np.zeros_like(spent), where=total > 0)
    return np.minimum(share, 1.0)
