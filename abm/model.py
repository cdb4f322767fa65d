"""The relocation model: a step, phase by phase."""

import os
from dataclasses import replace

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.axes import (
    HOSTS,
    N_FOOTLOOSE,
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
from abm.economy.folders import economy_of
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.engine.guards import Guard, check_array
from abm.engine.phase import phase
from abm.governments.in_force import PolicyInForce
from abm.governments.rules import RULES
from abm.governments.watching import outlook
from abm.location.moving_costs import MovingCosts
from abm.location.payoffs import config_revenues, payoffs
from abm.location.relocation import Moves, relocate
from abm.location.review import believed_transitions, reviewing, value_plans
from abm.scenario.scenario import Scenario
from abm.state.state import State
from abm.state.surface import Surface
from abm.trade.accounts import Accounts, conditions_after, settle
from abm.trade.borders import claim_origin
from abm.trade.deliveries import (
    Tally,
    clear_with_purchases,
    new_certificates,
    qualified_share,
    tally_plants,
)
from abm.trade.input_prices import (
    average_sourcing_shares,
    outside_duty,
    price_inputs,
    purchase_prices,
    solve_costs,
    value_added_cost,
)
from abm.trade.market_clearing import (
    MarketState,
    clear_markets,
    consumers_spending,
    fringe_prices,
    other_users_purchases,
    repriced_spending,
    total_appeal,
)
from abm.trade.this_quarter import Quarter
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
        Observed figures other than those that the scenario names.

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
        self._set_up_economy(firms, economy or economy_of(self.scenario.economy.table))
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

        They begin as in the regime in force, whose deliveries are also the weights.
        """
        live = np.union1d(new, [self.in_force.regime])
        self._look_at(live)
        held = np.setdiff1d(live, new)
        before = self.conditions.during(held)
        across = np.zeros((N_REGIONS, N_REGIONS), bool)
        across[:N_HOSTS, :N_HOSTS] = ~np.eye(N_HOSTS, dtype=bool)
        start = self.conditions.during(live)
        duty = np.where(across[None, :, :, None], start.certificates.duty, self.outside)
        self.conditions = self.conditions.revised(
            live, start.qualified, replace(start.certificates, duty=duty)
        )
        for _ in range(SETTLING_ROUNDS):
            self.price_inputs()
            self.solve_costs()
            self.claim_origin()
            self._tally()
            self._file_certificates()
            self.conditions = self.conditions.revised(held, before.qualified, before.certificates)
        for name, array in vars(self.costs).items():
            getattr(self.every_cost, name)[..., live] = array

    def _grandfather(self) -> None:
        """Plants that stand before a threat is heard of are those it would spare."""
        self.firms.grandfathered[:] = self.firms.plants[:, HOSTS.index("MEX")]

    def _look_at(self, regimes: slice | NDArray[np.int64]) -> None:
        """Work with the regimes that are possible from here on; the others cost no time."""
        self.live = regimes
        places = np.arange(len(self.policy.regimes))[regimes]
        self.regime = int(np.flatnonzero(places == self.in_force.regime)[0])
        self.now = self.policy.during(regimes)
        self.costs = self.every_cost.during(regimes)
        self.outside = outside_duty(self.economy, self.now)

    # --- one quarter ----------------------------------------------------------------

    def step(self) -> None:
        """One quarter; each phase starts from what the one before it left."""
        self.enact_policy()
        self.update_beliefs()
        self.price_inputs()
        self.solve_costs()
        self.claim_origin()
        self.value_plans()
        self.relocate()
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
        self.events.extend(self.in_force.take_effect(self.quarter))
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
        last = self.conditions.during(self.live)
        self.terms = price_inputs(
            self.economy, self.calibration, last, self.now, self.scenario.economy.agglomeration
        )
        self.price = purchase_prices(self.calibration, last, self.now)
        self.on_top = (1 + last.certificates.duty) * (1 + self.now.barrier)
        self.value_added = value_added_cost(self.firms, self.calibration, last, self.now)

    @phase
    def solve_costs(self) -> None:
        """Unit cost and content of every firm, host and regime."""
        solve_costs(self.firms, self.calibration, self.terms, self.value_added, self.costs)

    @phase
    def claim_origin(self) -> None:
        """How every firm's goods would enter every other member."""
        self.borders = claim_origin(self.firms, self.economy, self.now, self.costs)

    @phase
    def value_plans(self) -> None:
        """What every set of plants is worth to the firms that reconsider."""
        rows = reviewing(self.firms, self.scenario.firms, self.quarter)
        market = self._expected_market()
        revenue = config_revenues(self.this_quarter(), market, rows)
        payoff = payoffs(self.firms, self.calibration, self.now, revenue, rows)
        # Checked before the search, which would not end on figures that are not finite.
        check_array(self, "value_plans", Guard("payoff", lambda _: payoff, lambda _: rows))
        self.moving = MovingCosts.under(self.scenario.firms, self.now)
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
    def trade_and_account(self) -> None:
        """Clear markets, book every flow, and pass conditions on to the next quarter."""
        assert self.moves is not None, "firms relocate before they trade"
        certificates = self.conditions.during(self.live).certificates
        tally = self._tally()
        on_top = self.on_top[..., self.regime]
        other = self._other_purchases()[..., self.regime]
        fringe = fringe_prices(self.now, self.calibration, self.outside)
        market = clear_markets(
            self.economy,
            self.calibration,
            tally.sums["appeal"][..., None],
            fringe[..., [self.regime]],
            self._expenditure(),
            (tally.sums["appeal"] * self.unit_revenue)[:, :, 1][..., None],
        )
        self.unit_revenue = clear_with_purchases(tally, market, other, on_top, regime=0)
        accounts = settle(
            self.economy,
            self.calibration,
            self.now,
            tally,
            market,
            self.unit_revenue,
            certificates,
            self.outside,
            on_top,
            other,
            self.regime,
            self.moves.grants,
        )
        self.year.append(accounts)
        self._file_certificates()
        self._pass_on()

    @phase
    def rewire_suppliers(self) -> None:
        """Break links to closed plants; some buyers look for cheaper suppliers."""
        rewiring = self.network.rewire(
            self.quarter,
            self.draws,
            average_sourcing_shares(self.economy, self.calibration, self.price[..., self.regime]),
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
        )

    def _tally(self) -> Tally:
        self.tally = tally_plants(
            self.this_quarter(), self.terms, self.value_added, self.price, self.regime
        )
        return self.tally

    def _file_certificates(self) -> None:
        """Claims and contents of the quarter, for the buyers of the next."""
        last = self.conditions.during(self.live)
        self.conditions = self.conditions.revised(
            self.live,
            qualified_share(self.tally, last.qualified),
            new_certificates(self.tally, self.outside, last.certificates),
        )

    def _pass_on(self) -> None:
        """Wages, prices, output and spending that the next quarter starts from."""
        self.conditions = conditions_after(
            self.accounts,
            self.conditions,
            self.calibration,
            self.scenario.economy.wage_elasticity,
        )
        self.input_spending = self.accounts.input_spending
        self.last_price = self.price[..., self.regime]

    def _expenditure(self) -> Array:
        """Consumers' spending by sector and market under the closure chosen."""
        gain = self.conditions.treasury - self.base_accounts.treasury
        if self.scenario.economy.duty_revenue == "kept" or self.quarter <= 1:
            gain = np.zeros_like(gain)
        return consumers_spending(self.economy, self.calibration, gain)

    def _other_purchases(self) -> Array:
        return other_users_purchases(self.economy, self.calibration, self.price, self.on_top)

    def _expected_market(self) -> MarketState:
        """Markets under every regime if nobody moved, as firms expect them."""
        spending = repriced_spending(
            self.economy, self.input_spending, self.price / self.last_price[..., None]
        )
        pools = spending / self.on_top
        return clear_markets(
            self.economy,
            self.calibration,
            total_appeal(self.this_quarter()),
            fringe_prices(self.now, self.calibration, self.outside),
            self._expenditure(),
            pools[:N_FOOTLOOSE, :N_HOSTS],
        )
