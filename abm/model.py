"""The relocation model: a step, phase by phase."""

import os
from dataclasses import replace

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.axes import (
    HOSTS,
    N_FOOTLOOSE,
    N_GOODS,
    N_HOSTS,
    N_REGIONS,
)
from abm.base_year.set_up import (
    CalibratedEconomy,
    base_year_accounts,
    calibrated_economy,
    first_state,
    follow_links,
    set_base_revenue,
)
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy, load_economy
from abm.engine.draws import Draws
from abm.engine.guards import Guard, check_array
from abm.engine.phase import phase
from abm.governments.in_force import PolicyInForce
from abm.governments.rules import RULES
from abm.governments.watching import outlook
from abm.location.moving_costs import MovingCosts, build_up_costs
from abm.location.payoffs import config_revenues, payoffs
from abm.location.relocation import Moves, relocate
from abm.location.review import believed_transitions, reviewing, value_plans
from abm.scenario.scenario import Scenario
from abm.state.state import State
from abm.state.surface import Surface
from abm.trade.accounts import Accounts, Consumers, conditions_after, settle
from abm.trade.borders import claim_origin
from abm.trade.customers import Served, serve
from abm.trade.deliveries import (
    Tally,
    clear_with_purchases,
    new_certificates,
    qualified_share,
    tally_plants,
)
from abm.trade.input_prices import (
    input_terms,
    outside_duty,
    purchase_prices,
    solve_costs,
    sourcing_weights,
    value_added_cost,
)
from abm.trade.market_clearing import (
    FINAL,
    MarketState,
    clear_markets,
    consumers_spending,
    fringe_prices,
    other_users_purchases,
    repriced_spending,
    total_appeal,
)
from abm.trade.presence import plants_presence
from abm.trade.renewal import Supply, renewed_supply
from abm.trade.this_quarter import Quarter
from abm.trade.transition import (
    Transition,
    claims_in_transition,
    held_after,
    sign_to_comply,
)
from agents import Firm, Government

SETTLING_ROUNDS = 3
"""Rounds in which claims under regimes that become possible find their average duties."""


class RelocationModel(Surface, mesa.Model):
    """Firms of North America choosing where to produce, quarter by quarter.

    Parameters
    ----------
    scenario : Scenario or str or path-like
        What happens; a name such as ``"usmca"`` or a TOML file.
    firms : int
        Number of modelled firms.
    rng : int
        Seed. The same seed and number of firms give the same firms and the same
        luck under every scenario.
    economy : Economy, optional
        Observed figures other than those of 2017.

    Examples
    --------
    >>> model = RelocationModel("status-quo", firms=300, rng=1)
    >>> model.run_for(2)
    >>> model.quarter
    2
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str] = "status-quo",
        firms: int = 10_000,
        rng: int = 1,
        economy: Economy | None = None,
    ) -> None:
        super().__init__(rng=rng)
        self.draws = Draws(rng)
        self.in_force = PolicyInForce(Scenario.load(scenario), self.draws)
        self.phase_seconds: dict[str, float] = {}
        self.moves: Moves | None = None
        self._set_up_economy(firms, economy or load_economy())
        self._set_up_state()
        self._set_up_agents()
        self.phase_seconds = {
            name: seconds for name, seconds in self.phase_seconds.items() if name.startswith("_")
        }

    # --- set-up ---------------------------------------------------------------------

    @phase
    def _set_up_economy(self, firms: int, observed: Economy) -> None:
        """Firms that reproduce the calibration year, and its books."""
        start = self._start(firms, observed)
        set_base_revenue(start)
        self.start = start
        self.economy: Economy = start.economy
        self.calibration: Calibration = start.calibration
        self.base_accounts: Accounts = base_year_accounts(start)

    def _start(self, firms: int, observed: Economy) -> CalibratedEconomy:
        return calibrated_economy(observed, self.scenario, firms, self.draws)

    @phase
    def _set_up_state(self) -> None:
        """Quarter 0 under the regimes of the start; others follow as they become known."""
        self.state: State = first_state(self.start, self.base_accounts, self.in_force.state)
        self._grandfather()
        self._start_regimes(np.arange(len(self.policy.regimes)))
        self._start_trade()
        self.record()

    @phase
    def _set_up_agents(self) -> None:
        """Mesa's agents, which read and write the state through the model."""
        Firm.create_agents(self, len(self.firms), row=list(range(len(self.firms))))
        Government.create_agents(self, N_HOSTS, country=list(HOSTS), rules=[RULES] * N_HOSTS)

    # --- regimes --------------------------------------------------------------------

    def _learn(self) -> None:
        """Take up regimes that became known; a regime known before keeps what it had."""
        change = self.in_force.learn(self.quarter)
        if change is not None:
            self.state.change_regimes(change.origin)
            if change.new.any():
                self._start_regimes(np.flatnonzero(change.new))

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
            self._tally(self._serve())
            self._file_certificates()
            self.contracts, self.other_contracts = contracts  # they end once a quarter
            self.conditions = self.conditions.revised(kept, before.qualified, before.certificates)

    def _grandfather(self) -> None:
        """Plants that stand before a threat is heard of are those it would spare."""
        self.firms.grandfathered[:] = self.firms.plants[:, HOSTS.index("MEX")]

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

    # --- one quarter ----------------------------------------------------------------

    def step(self) -> None:
        """One quarter; each phase starts from what the one before it left."""
        self.enact_policy()
        self.update_beliefs()
        self.price_inputs()
        self.renew_contracts()
        self.solve_costs()
        self.claim_origin()
        self.value_plans()
        self.relocate()
        self.serve_customers()
        self.trade_and_account()
        self.rewire_suppliers()
        self.record()

    @phase
    def enact_policy(self) -> None:
        """Which regime is in force, and what was announced."""
        self.quarter += 1
        if self.in_force.spares_new_plants(self.quarter - 1):
            self._grandfather()
        self._learn()
        self._governments_act()
        self._learn()
        before = self.in_force.regime
        self.events.extend(self.in_force.take_effect(self.quarter))
        if self.in_force.regime != before:
            self._start_trade()
        self._look_at(self.in_force.reachable(self.quarter))

    @phase
    def update_beliefs(self) -> None:
        """What each type of firm now expects of policy."""
        beliefs = believed_transitions(
            self.policy,
            self.quarter,
            self.in_force.state.regime_counts,
            self.scenario.firms.belief_prior_quarters,
            self.in_force.state.hazard,
        )
        self.transitions = beliefs[:, self.live, self.live]

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
        self.on_top = (1 + last.certificates.duty) * (1 + self.now.barrier)
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
        self.borders = claim_origin(self.firms, self.economy, self.now, self.costs, held)
        part, _ = self.scenario.economy.renewals
        self.transition = Transition.of_plants(
            self.firms,
            self.costs,
            self.borders,
            self.log_wedge_held,
            part,
            self.trade,
            self._late_elsewhere(),
        )
        if self.transition.moving.any():
            in_trade = self.costs, self.transition, self.trade
            sign_to_comply(self.firms, self.terms, self.value_added, *in_trade)
            claims_in_transition(
                self.firms, self.economy, self.now, self.borders, *in_trade, held=held
            )

    def _held_claims(self) -> NDArray[np.int8] | None:
        """Claims to keep instead of choosing them; none here."""
        return None

    def _late_elsewhere(self) -> NDArray[np.bool_] | None:
        """Plants that another world takes to be on the way to complying; none here."""
        return None

    @phase
    def value_plans(self) -> None:
        """What every set of plants is worth to the firms that reconsider."""
        rows = reviewing(self.firms, self.scenario.firms, self.quarter)
        market = self._expected_market()
        quarter = self.adapted_quarter()
        revenue = config_revenues(quarter, market, rows)
        payoff = payoffs(self.firms, self.calibration, quarter.policy, revenue, rows)
        # Checked before the search, which would not end on figures that are not finite.
        check_array(self, "value_plans", Guard("payoff", lambda _: payoff, lambda _: rows))
        speeds = self.scenario.economy.speeds
        build_up = build_up_costs(self.economy, self.scenario.firms, speeds)
        self.moving = MovingCosts.under(self.scenario.firms, quarter.policy, build_up)
        self.plans = value_plans(
            self.firms,
            self.moving,
            payoff,
            self.transitions,
            self.plan_values[..., self.live],
            rows,
            self.regime,
            self.quarter,
            self.draws,
        )

    @phase
    def relocate(self) -> None:
        """Start, advance, cancel and complete projects; close plants."""
        self.moves = relocate(self.firms, self.moving, self.plans, self.regime)
        self.firms.moved_from_home[:] |= self.firms.plants[:, HOSTS.index("USA")]

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
        self.year.append(accounts)
        self._file_certificates()
        self._pass_on()
        self.served.standing.clear()  # large, and found anew next quarter

    @phase
    def rewire_suppliers(self) -> None:
        """Break links to closed plants; some buyers look for cheaper suppliers."""
        rewiring = self.network.rewire(
            self.quarter,
            self.draws,
            self.supply.today.share[:, :N_GOODS],
            self.firms.plants,
            self.scenario.economy.rewire_per_year / 4,
        )
        follow_links(self.firms, self.network, self.scenario.economy.relation, rewiring.rows)

    @phase
    def record(self) -> None:
        """Add the quarter to the tables."""
        self.records.add_quarter(
            self.quarter,
            self.economy,
            self.firms,
            self.accounts,
            self.conditions.wage,
            self.moves,
        )

    def _governments_act(self) -> None:
        """Let every government do what its rules say; all see the same quarter."""
        self.in_force.state.hazard = 1.0
        seen = outlook(
            self.in_force,
            self.quarter,
            (self.base_accounts, *self.year),
            self.economy,
            self.calibration.base_jobs,
        )
        for government in self.agents_by_type[Government]:
            for act in government.act(seen):
                self.events.extend(self.in_force.decide(act, self.quarter))

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

    def _file_certificates(self) -> None:
        """Claims and contents of the quarter, for the buyers of the next."""
        last = self.conditions.during(self.columns)
        self.conditions = self.conditions.revised(
            self.columns,
            qualified_share(self.tally, self.spending, last.qualified),
            new_certificates(self.tally, self.outside, last.certificates),
        )

    def _pass_on(self) -> None:
        """Wages, prices and spending that the next quarter starts from."""
        self.conditions = conditions_after(
            self.accounts,
            self.conditions,
            self.calibration,
            self.scenario.economy.wage_elasticity,
        )
        self.log_wedge_held = held_after(
            self.firms,
            self.log_wedge_held,
            self.costs,
            self.borders,
            self.transition.part,
            self.regime,
            self.trade,
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

    def _expected_market(self) -> MarketState:
        """Markets under every regime if nobody moved, as firms expect them."""
        quarter, adapted = self.adapted_quarter(), slice(0, self.trade)
        spending = repriced_spending(
            self.economy,
            self.adapted_spending,
            self.price[..., adapted] / self.last_price[..., None],
        )
        pools = spending / self.on_top[..., adapted]
        return clear_markets(
            self.economy,
            self.calibration,
            total_appeal(quarter),
            fringe_prices(quarter.policy, self.calibration, quarter.outside),
            self._expenditure(),
            pools[:N_FOOTLOOSE, :N_HOSTS],
        )


def _as_slice(places: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """The same places as a slice if they follow each other, which makes views of arrays."""
    first, last = int(places[0]), int(places[-1])
    if np.array_equal(places, np.arange(first, last + 1)):
        return slice(first, last + 1)
    return places
