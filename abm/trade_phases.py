"""How inputs are priced, goods made and sold in a quarter: the phases in which nobody moves."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.capacity import Cleared, invest
from abm.core.demand.claims import HeldClaims
from abm.core.demand.customers import sum_by_sector
from abm.core.inputs.sourcing import InputTerms
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.engine.blocks import as_slice, sector_edges
from abm.engine.phase import phase
from abm.location.moving_costs import MovingCosts
from abm.location.outlays import overhead, sunk_outlays
from abm.location.own_imports import OwnImports
from abm.location.relief_while_building import reliefs
from abm.location.relocation import Moves
from abm.location.remissions import remissions
from abm.policy.regimes import Policy
from abm.trade.books.accounts import Accounts, Consumers, check_remissions
from abm.trade.books.investment import book_investment
from abm.trade.books.job_flows import check_job_flows, job_flows, plants_jobs
from abm.trade.books.rest_of_economy import (
    Responses,
    conditions_after,
)
from abm.trade.books.settlement import settle
from abm.trade.borders.border_costs import border_terms, solve_at_borders
from abm.trade.borders.complying import (
    claims_in_transition,
    held_after,
    plants_in_transition,
    sign_to_comply,
)
from abm.trade.borders.crossing import claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import Transition
from abm.trade.entry import open_to_sectors
from abm.trade.flows.certificates import Filings, file_claims, new_certificates, qualified_share
from abm.trade.flows.deliveries import Tally, tally_plants
from abm.trade.flows.input_flows import clear_with_purchases
from abm.trade.flows.presence import plants_presence
from abm.trade.inputs.input_prices import (
    input_terms,
    outside_duty,
    purchase_prices,
    solve_costs,
    sourcing_weights,
    value_added_cost,
)
from abm.trade.inputs.offsets import with_offsets
from abm.trade.inputs.renewal import Supply, renewed_supply
from abm.trade.sales.market_clearing import FINAL, unit_prices
from abm.trade.sales.scarcity import (
    FROM_HERE,
    Budget,
    PlantsDemand,
    clear_plants,
    ordered_a_unit,
    use_against_contracts,
)
from abm.trade.sales.serving import Prospects, Served, prospects
from abm.users_spending import Spending

SETTLING_ROUNDS = 3
"""Rounds in which claims under regimes that become possible find their average duties."""


class Trading(Spending):
    """The part of a model that prices inputs, makes goods, claims origin and clears markets.

    Attributes
    ----------
    economy : Economy
    calibration : Calibration
    base_accounts : Accounts
    moves : Moves, optional
        Of this quarter.
    moving : MovingCosts
        Under the regimes that are possible.
    live, columns : slice or ndarray of int
        Regimes that are possible, and their places in the state with that at contracts.
    now : Policy
        Of each of these columns.
    ended : ndarray, shape (input, source, market), optional
        Part of contracts that cannot go on this quarter, as licences are not to be had for them.
    """

    economy: Economy
    calibration: Calibration
    base_accounts: Accounts
    moves: Moves | None
    moving: MovingCosts
    live: slice | NDArray[np.int64]
    columns: slice | NDArray[np.int64]
    now: Policy
    transition: Transition | None = None
    ended: Array | None = None

    # --- regimes --------------------------------------------------------------------

    def _start_regimes(self, new: NDArray[np.int64]) -> None:
        """Claims and average duties under regimes that nobody thought of before.

        They begin as in the regime in force, whose deliveries, to the customers that firms
        would have in a first quarter under it, are also the weights.
        """
        live = np.union1d(new, [self.in_force.regime])
        self._settle(live, kept=np.append(np.setdiff1d(live, new), len(self.policy.regimes)))

    def _start_trade(self) -> None:
        """Claims and average duties at contracts, once another regime is in force.

        They begin as under the former one: buyers have not adapted to the new one yet.
        """
        for array in vars(self.every_cost).values():
            array[..., -1] = array[..., self.in_force.regime]
        self._settle(live=np.zeros(0, np.int64), kept=np.zeros(0, np.int64))

    def _settle(self, live: NDArray[np.int64], kept: NDArray[np.int64]) -> None:
        """Let claims and average duties meet, but for those of some columns."""
        self._look_at(live)
        before = self.conditions.during(kept)
        across = np.zeros((N_REGIONS, N_REGIONS), bool)
        across[:N_HOSTS, :N_HOSTS] = ~np.eye(N_HOSTS, dtype=bool)
        start = self.conditions.during(self.columns)
        duty = np.where(across[None, :, :, None], start.certificates.duty, self.outside)
        self.conditions = self.conditions.revised(
            self.columns, start.qualified, replace(start.certificates, duty=duty)
        )
        contracts = self.contracts, self.other_contracts
        for _ in range(SETTLING_ROUNDS):
            self.price_inputs()
            self.renew_contracts()
            self.solve_costs()
            self.claim_origin()
            sales = self._prospects().served().sales
            self._file_certificates(file_claims(self.this_quarter(), sales))
            self.contracts, self.other_contracts = contracts  # they end once a quarter
            self.conditions = self.conditions.revised(kept, before.qualified, before.certificates)

    def _look_at(self, regimes: slice | NDArray[np.int64]) -> None:
        """Work with the regimes that are possible from here on; the others cost no time.

        Each has a column, as if buyers had adapted to it, for plans. One more, the last,
        has the regime in force as buyers meet it under their contracts, for trade.
        """
        self.live = regimes
        every = len(self.policy.regimes)
        places = np.arange(every)[regimes]
        self.regime = int(np.searchsorted(places, self.in_force.regime))
        self.trade = len(places)
        self.columns = as_slice(np.append(places, every))
        self.now = self.policy.during(np.append(places, self.in_force.regime))
        past = self.conditions.during(self.columns)
        licences = self._cost_of_licences()
        self.now = with_offsets(self.now, self.calibration, past, self.contracts, licences)
        self.costs = self.every_cost.during(self.columns)
        self.outside = outside_duty(self.economy, self.now)

    def _cost_of_licences(self) -> Array | float:
        """What of the duty in certificates licences are: nothing, where goods need none."""
        return 0.0

    # --- phases ---------------------------------------------------------------------

    @phase
    def price_inputs(self) -> None:
        """Delivered prices of inputs under every regime."""
        last = self.conditions.during(self.columns)
        standing = plants_presence(self.firms, self.economy, self.calibration)
        self.presence = standing ** (1 + self.scenario.economy.agglomeration)
        self.price = purchase_prices(self.calibration, last, self.now)
        weigh = partial(sourcing_weights, self.economy, let_in=open_to_sectors(self.now))
        base, here = self.calibration, np.s_[:, :, :N_HOSTS]
        self.weights = weigh(base.source_shares, self.price[here], self.presence[here])
        self.other_weights = weigh(base.other_shares, self.price, self.presence)
        margin = self.calibration.trade_margin[..., None]
        self.on_top = (1 + margin) * (1 + last.certificates.duty) * (1 + self.now.barrier)
        self.value_added = value_added_cost(self.firms, self.calibration, last, self.now)

    @phase
    def renew_contracts(self) -> None:
        """Some contracts with suppliers end and are signed anew; the others keep their sources."""
        self.supply, self.other_supply = self._supplies()
        self.contracts, self.other_contracts = self.supply.contracts, self.other_supply.contracts
        self.terms = self._terms_under(self.now)
        self.border_terms = border_terms(self.now, self._terms_under)

    @phase
    def solve_costs(self) -> None:
        """Unit cost and content of every firm, host and regime."""
        solve_costs(self.firms, self.terms, self.value_added, self.costs)
        if not isinstance(self.columns, slice):  # then costs are copies
            self.every_cost.put(self.columns, self.costs)
        given = self.border_terms, self.value_added, self.costs
        self.border_costs = solve_at_borders(self.firms, self.now, *given)

    @phase
    def claim_origin(self) -> None:
        """How every firm's goods would enter every other member."""
        held = self._held_claims()
        self.borders = claim_origin(self.firms, self.now, self.costs, held, self.border_costs)
        part, _ = self.scenario.economy.renewals
        quarter = self.this_quarter()
        self.transition = plants_in_transition(
            quarter, self.log_wedge_held, part, self._late_elsewhere()
        )
        if self.transition.moving.any():
            sign_to_comply(quarter, self.terms, self.value_added, self.transition)
            claims_in_transition(quarter, self.transition, held)

    @phase
    def serve_customers(self) -> None:
        """Customers follow prices, and prices clear; those of closed plants go to the others."""
        prospects = self._prospects()
        opens = self.firms.plants & (self.capacity == 0)
        demand = PlantsDemand.of(prospects, self._budget(), opens, self.trade)
        self.standing_capacity = self.capacity * self.firms.plants
        self.cleared = self._clear(demand)
        self.scarcity = self.cleared.u
        self.opening = self._opening(demand)
        self.served = prospects.served(self._log_scarcity())
        self.customers = self.served.customers

    @phase
    def trade_and_account(self) -> None:
        """Clear markets, book every flow, and pass conditions on to the next quarter."""
        assert self.moves is not None, "firms relocate before they trade"
        certificates = self.conditions.during(self.columns).certificates
        tally = self._tally(self.served)
        on_top = self.on_top[..., self.trade]
        other, income = self._others(), self._income()
        spending = self._expenditure()
        elsewhere = self._elsewhere(income)
        consumers = Consumers.served(spending, elsewhere, self.served, self.accounts)
        self.spending[:, :, FINAL] = spending[:, None]
        self.spending = clear_with_purchases(tally, self.spending, other, on_top)
        accounts = settle(
            self.economy,
            self.calibration,
            self.now,
            tally,
            consumers,
            self.spending,
            certificates,
            self.outside,
            on_top,
            other,
            self.trade,
            self.moves.grants,
            overhead(self.firms, self.scenario.firms, self.moving.gain),
        )
        accounts = replace(accounts, remissions=self._remissions())
        check_remissions(accounts)
        late = self.supply.to_move(self.calibration.bill_of_materials)
        capacity = sum_by_sector(self.standing_capacity, sector_edges(self.firms))
        jobs = plants_jobs(self.firms, accounts.employment, self.cleared.output)
        flows = job_flows(self.firms, self.jobs, jobs)
        check_job_flows(flows, self.accounts.employment, accounts.employment)
        self.jobs = jobs
        self.year.append(
            replace(
                accounts,
                contracts_to_move=late,
                capacity=capacity,
                job_flows=flows,
                licences_abroad=self._licences_abroad(accounts),
                closing=self._close(accounts, income),
            )
        )
        self._file_certificates(tally.filings)
        self._pass_on()
        self.served.standing.clear()  # large, and found anew next quarter

    @phase
    def build_capacity(self) -> None:
        """Capacity follows what plants would make if none was short of it, at a price."""
        economy, settings = self.scenario.economy, self.scenario.firms
        wanted = self.cleared.wanted
        built = invest(self.standing_capacity, wanted, self.opening, economy.pace)
        self.capacity = built.capacity
        price = unit_prices(self.this_quarter(), self.trade)
        sunk = sunk_outlays(self.firms, self.moving)
        outlays = book_investment(self.firms, built, price, settings.build_cost)
        self.year[-1] = replace(self.accounts, investment=outlays.with_moves(**vars(sunk)))

    # --- what the phases share --------------------------------------------------------

    def this_quarter(self) -> Quarter:
        """What the plants of this quarter meet."""
        return Quarter(
            self.firms,
            self.economy,
            self.calibration,
            self.now,
            self.costs,
            self.borders,
            self.outside,
            self.transition,
            self.border_costs,
        )

    def adapted_quarter(self) -> Quarter:
        """What they would meet under each possible regime once all buyers had adapted to it."""
        return self.this_quarter().during(slice(0, self.trade))

    def _terms_under(self, policy: Policy) -> list[InputTerms]:
        """What every sector meets when it buys inputs, where one set of rules holds for all."""
        last = self.conditions.during(self.columns)
        return input_terms(
            self.economy, self.calibration, last, policy, self.weights, self.supply.weights
        )

    def _supplies(self) -> tuple[Supply, Supply]:
        """Contracts of the quarter, of modelled sectors and of all other users of inputs."""
        base, price, here = self.calibration, self.price[..., self.trade], np.s_[:, :, :N_HOSTS]
        terms = self.economy.theta, self.scenario.economy.renewals
        weights, ended = self.weights[..., self.trade], self.ended
        here_ended = None if ended is None else ended[here]
        of_sectors = renewed_supply(
            self.contracts, weights, base.source_shares, price[here], *terms, here_ended
        )
        weights = self.other_weights[..., self.trade]
        others = renewed_supply(
            self.other_contracts, weights, base.other_shares, price, *terms, ended
        )
        return of_sectors, others

    def _held_claims(self) -> HeldClaims | None:
        """Claims to keep instead of choosing them; none here."""
        return None

    def _late_elsewhere(self) -> NDArray[np.bool_] | None:
        """Plants that another world takes to be on the way to complying; none here."""
        return None

    def _prospects(self) -> Prospects:
        """Customers as they follow this quarter's prices, but for what scarcity adds to them."""
        speeds = self.scenario.economy.speeds
        return prospects(self.this_quarter(), self.customers, speeds, self.trade)

    def _budget(self) -> Budget:
        """What consumers and other users of inputs spend this quarter, and what firms order."""
        use = ordered_a_unit(self.relative_use, self.supply.owed, self.on_top[..., self.trade])
        return Budget(self._expenditure(), self._others()[FROM_HERE], use)

    def _clear(self, demand: PlantsDemand) -> Cleared:
        """Prices at which plants can make what is asked of them."""
        return clear_plants(demand, self.standing_capacity, self.scenario.economy.supply)

    def _opening(self, demand: PlantsDemand) -> Array:
        """Capacity with which plants open."""
        return demand.after_build_up(self.capacity)

    def _log_scarcity(self) -> Array | None:
        """Logarithm of what scarcity adds to prices; None where capacity is at will."""
        return np.log(self.scarcity) if self.scenario.economy.supply.slope > 0 else None

    def _tally(self, served: Served) -> Tally:
        self.tally = tally_plants(
            self.this_quarter(),
            self.terms,
            self.value_added,
            self.trade,
            served.sales,
            self.scarcity if self.scenario.economy.supply.slope > 0 else None,
        )
        return self.tally

    def _remissions(self) -> Array:
        """Duties that makers get back for what they make where they are levied, or build there."""
        total = np.zeros((N_FOOTLOOSE, N_HOSTS))
        given = self.now.output_remission, self.now.plan_relief
        if not any(array[..., self.trade].any() for array in given):
            return total
        scarce = self.scarcity if self.scenario.economy.supply.slope > 0 else None
        sales, spending = self.served.sales, self.spending
        found = OwnImports.of_quarter(self.this_quarter(), sales, spending, self.trade, scarce)
        makers = self.firms, self.now, found, self.trade
        np.add.at(total, self.firms.sector, remissions(*makers) + reliefs(*makers))
        return total

    def _file_certificates(self, filings: Filings) -> None:
        """Claims and contents of the quarter, for the buyers of the next."""
        last = self.conditions.during(self.columns)
        self.conditions = self.conditions.revised(
            self.columns,
            qualified_share(filings, self.spending, last.qualified),
            new_certificates(filings, self.outside, last.certificates),
        )

    def _pass_on(self) -> None:
        """Wages, prices and spending that the next quarter starts from."""
        economy = self.scenario.economy
        slopes = economy.wage_elasticity + np.array(economy.labour_slopes)
        self.conditions = conditions_after(
            self.accounts,
            self.conditions,
            self.calibration,
            self.base_accounts,
            Responses(slopes, economy.speed_of_exchange),
        )
        part, _ = self.scenario.economy.renewals
        self.log_wedge_held = held_after(
            self.this_quarter(), self.log_wedge_held, part, self.regime
        )
        bought = np.einsum("jkshum,jhum->jksh", self.tally.purchases, self.spending)
        on_top = self.on_top[..., self.trade]
        self.relative_use = use_against_contracts(bought, self.accounts.volume, self.supply.owed)
        others = self._others() * on_top
        self.adapted_spending = self.other_supply.adapted(others)
        self.adapted_spending[:, :, :N_HOSTS] += self.supply.adapted(bought).sum(axis=0)
        self.last_price = self.price[..., self.trade]

    def _licences_abroad(self, accounts: Accounts) -> Array:
        """What countries of origin earn of licences; nothing where none are needed."""
        return np.zeros_like(accounts.licences_abroad)
