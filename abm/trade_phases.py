"""How inputs are priced, goods made and sold in a quarter: the phases in which nobody moves."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.engine.phase import phase
from abm.location.relocation import Moves
from abm.policy.regimes import Policy
from abm.state.surface import Surface
from abm.trade.books.accounts import Accounts, Consumers
from abm.trade.books.settlement import settle
from abm.trade.borders.complying import (
    claims_in_transition,
    held_after,
    plants_in_transition,
    sign_to_comply,
)
from abm.trade.borders.crossing import claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import Transition
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
from abm.trade.inputs.renewal import Supply, renewed_supply
from abm.trade.sales.customers import Served, serve
from abm.trade.sales.market_clearing import FINAL, consumers_spending, other_users_purchases

SETTLING_ROUNDS = 3
"""Rounds in which claims under regimes that become possible find their average duties."""


class Trading(Surface):
    """The part of a model that prices inputs, makes goods, claims origin and clears markets.

    Attributes
    ----------
    economy : Economy
    calibration : Calibration
    base_accounts : Accounts
    moves : Moves, optional
        Of this quarter.
    live, columns : slice or ndarray of int
        Regimes that are possible, and their places in the state with that at contracts.
    now : Policy
        Of each of these columns.
    """

    economy: Economy
    calibration: Calibration
    base_accounts: Accounts
    moves: Moves | None
    live: slice | NDArray[np.int64]
    columns: slice | NDArray[np.int64]
    now: Policy
    transition: Transition | None = None

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
            self._file_certificates(file_claims(self.this_quarter(), self._serve().sales))
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
        self.columns = _as_slice(np.append(places, every))
        self.now = self.policy.during(np.append(places, self.in_force.regime))
        self.costs = self.every_cost.during(self.columns)
        self.outside = outside_duty(self.economy, self.now)

    # --- phases ---------------------------------------------------------------------

    @phase
    def price_inputs(self) -> None:
        """Delivered prices of inputs under every regime."""
        last = self.conditions.during(self.columns)
        standing = plants_presence(self.firms, self.economy, self.calibration)
        self.presence = standing ** (1 + self.scenario.economy.agglomeration)
        self.price = purchase_prices(self.calibration, last, self.now)
        self.weights = sourcing_weights(
            self.economy,
            self.calibration.source_shares,
            self.price[:, :, :N_HOSTS],
            self.presence[:, :, :N_HOSTS],
        )
        self.other_weights = sourcing_weights(
            self.economy, self.calibration.other_shares, self.price, self.presence
        )
        margin = self.calibration.trade_margin[..., None]
        self.on_top = (1 + margin) * (1 + last.certificates.duty) * (1 + self.now.barrier)
        self.value_added = value_added_cost(self.firms, self.calibration, last, self.now)

    @phase
    def renew_contracts(self) -> None:
        """Some contracts with suppliers end and are signed anew; the others keep their sources."""
        self.supply, self.other_supply = self._supplies()
        self.contracts, self.other_contracts = self.supply.contracts, self.other_supply.contracts
        last = self.conditions.during(self.columns)
        self.terms = input_terms(
            self.economy, self.calibration, last, self.now, self.weights, self.supply.weights
        )

    @phase
    def solve_costs(self) -> None:
        """Unit cost and content of every firm, host and regime."""
        solve_costs(self.firms, self.calibration, self.terms, self.value_added, self.costs)
        if not isinstance(self.columns, slice):  # then costs are copies
            self.every_cost.put(self.columns, self.costs)

    @phase
    def claim_origin(self) -> None:
        """How every firm's goods would enter every other member."""
        held = self._held_claims()
        self.borders = claim_origin(self.firms, self.now, self.costs, held)
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
        """Customers follow prices; those of closed plants and firms go to the others."""
        self.served = self._serve()
        self.customers = self.served.customers

    @phase
    def trade_and_account(self) -> None:
        """Clear markets, book every flow, and pass conditions on to the next quarter."""
        assert self.moves is not None, "firms relocate before they trade"
        certificates = self.conditions.during(self.columns).certificates
        tally = self._tally(self.served)
        on_top = self.on_top[..., self.trade]
        other = other_users_purchases(self.calibration, self.other_supply.owed, on_top)
        spending = self._expenditure()
        consumers = Consumers.served(spending, self.served, self.accounts)
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
        )
        late = self.supply.to_move(self.calibration.bill_of_materials)
        self.year.append(replace(accounts, contracts_to_move=late))
        self._file_certificates(tally.filings)
        self._pass_on()
        self.served.standing.clear()  # large, and found anew next quarter

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
        )

    def adapted_quarter(self) -> Quarter:
        """What they would meet under each possible regime once all buyers had adapted to it."""
        return self.this_quarter().during(slice(0, self.trade))

    def _supplies(self) -> tuple[Supply, Supply]:
        """Contracts of the quarter, of modelled sectors and of all other users of inputs."""
        theta, renewals = self.economy.theta, self.scenario.economy.renewals
        price = self.price[..., self.trade]
        of_sectors = renewed_supply(
            self.contracts,
            self.weights[..., self.trade],
            self.calibration.source_shares,
            price[:, :, :N_HOSTS],
            theta,
            renewals,
        )
        of_others = renewed_supply(
            self.other_contracts,
            self.other_weights[..., self.trade],
            self.calibration.other_shares,
            price,
            theta,
            renewals,
        )
        return of_sectors, of_others

    def _held_claims(self) -> NDArray[np.int8] | None:
        """Claims to keep instead of choosing them; none here."""
        return None

    def _late_elsewhere(self) -> NDArray[np.bool_] | None:
        """Plants that another world takes to be on the way to complying; none here."""
        return None

    def _serve(self) -> Served:
        """Customers as they follow this quarter's prices."""
        speeds = self.scenario.economy.speeds
        return serve(self.this_quarter(), self.customers, speeds, self.trade)

    def _tally(self, served: Served) -> Tally:
        self.tally = tally_plants(
            self.this_quarter(),
            self.terms,
            self.value_added,
            self.trade,
            served.sales,
        )
        return self.tally

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
        self.conditions = conditions_after(
            self.accounts,
            self.conditions,
            self.calibration,
            self.scenario.economy.wage_elasticity,
        )
        part, _ = self.scenario.economy.renewals
        self.log_wedge_held = held_after(
            self.this_quarter(), self.log_wedge_held, part, self.regime
        )
        bought = np.einsum("jkshum,jhum->jksh", self.tally.purchases, self.spending)
        on_top = self.on_top[..., self.trade]
        others = other_users_purchases(self.calibration, self.other_supply.owed, on_top) * on_top
        self.adapted_spending = self.other_supply.adapted(others)
        self.adapted_spending[:, :, :N_HOSTS] += self.supply.adapted(bought).sum(axis=0)
        self.last_price = self.price[..., self.trade]

    def _expenditure(self) -> Array:
        """Consumers' spending by sector and market under the closure chosen."""
        gain = self.conditions.treasury - self.base_accounts.treasury
        if self.scenario.economy.duty_revenue == "kept" or self.quarter <= 1:
            gain = np.zeros_like(gain)
        return consumers_spending(self.economy, self.calibration, gain)


def conditions_after(
    accounts: Accounts, conditions: Conditions, calibration: Calibration, wage_elasticity: float
) -> Conditions:
    """Return what the next quarter takes as given of wages, prices and the treasury.

    Parameters
    ----------
    accounts : Accounts
        Of the quarter that ends.
    conditions : Conditions
        What it started from, with its own claims and contents.
    calibration : Calibration
    wage_elasticity : float
        Of wages with respect to manufacturing jobs against the calibration year.

    Returns
    -------
    Conditions
    """
    demand = accounts.employment.sum(axis=0) / calibration.base_jobs
    supply_price = conditions.supply_price.copy()
    supply_price[:N_FOOTLOOSE, :N_HOSTS] = accounts.mean_cost
    return replace(
        conditions,
        wage=demand**wage_elasticity,
        supply_price=supply_price,
        treasury=accounts.treasury,
    )


def _as_slice(places: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """The same places as a slice if they follow each other, which makes views of arrays."""
    first, last = int(places[0]), int(places[-1])
    if np.array_equal(places, np.arange(first, last + 1)):
        return slice(first, last + 1)
    return places
