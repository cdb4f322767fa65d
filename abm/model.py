"""The relocation model: a step, phase by phase."""

import os

import mesa
import numpy as np

from abm.axes import (
    HOSTS,
    N_FOOTLOOSE,
    N_GOODS,
    N_HOSTS,
    QUARTERS_A_YEAR,
)
from abm.base_year.set_up import CalibratedEconomy, base_year_accounts, first_state
from abm.economy.constants import Calibration
from abm.economy.folders import economy_of
from abm.economy.tables import Economy
from abm.engine.draws import Draws
from abm.engine.guards import Guard, check_array
from abm.engine.phase import phase
from abm.engine.seeds import SeedLike, seed_of
from abm.errors import ModelError
from abm.governments.in_force import PolicyInForce
from abm.governments.rules import RULES
from abm.governments.watching import outlook
from abm.kept_set_ups import kept_economy
from abm.licensing import LicensedTrading
from abm.location.deaths import struck
from abm.location.expected_moves import ExpectedMoves, expected_moves
from abm.location.moving_costs import MovingCosts, Sunk
from abm.location.relief_while_building import relief_of_building
from abm.location.relocation import Moves, die, relocate
from abm.location.remissions import earnings
from abm.location.review import believed, reviewing, value_plans
from abm.location.valuation import Choices
from abm.own_rules import Rule, as_ruled, checked
from abm.scenario.scenario import Scenario
from abm.state.collected import collector
from abm.state.finished import Finished
from abm.state.state import State
from abm.trade.books.accounts import Accounts
from abm.trade.entry import only_where_open, open_to_sectors
from abm.trade.inputs.links import follow_links
from abm.trade.sales.market_clearing import MarketState, clear_markets, fringe_prices, total_appeal
from abm.trade.sales.spending import repriced_spending
from abm.verify.mode import start_if_asked
from agents import Firm, Government

start_if_asked()


class RelocationModel(LicensedTrading, mesa.Model):
    """Firms of North America choosing where to produce, quarter by quarter.

    Parameters
    ----------
    scenario : Scenario or str or path-like
        What happens; a name such as ``"usmca"`` or a TOML file.
    firms : int
        Number of modelled firms that stand in North America in the calibration year. Firms
        from abroad without a plant here, and firms that are not founded, come on top.
    rng : int, SeedSequence, Generator or None
        Seed, or what one is taken from as `abm.engine.seeds.seed_of` says; ``model.seed`` is
        the number. The same seed and number of firms give the same firms and the same luck
        under every scenario.
    economy : Economy, optional
        Observed figures other than those that the scenario names.
    rule : callable, optional
        A rule of your own for where firms produce, as `abm.own_rules` takes it.

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
        rng: SeedLike = 1,
        economy: Economy | None = None,
        rule: Rule | None = None,
    ) -> None:
        seed = seed_of(rng)
        self.rule = checked(rule)
        self.between_quarters = True
        super().__init__(rng=seed)
        self.draws = Draws(seed)
        self.standing_firms = firms
        self.in_force = PolicyInForce(Scenario.load(scenario), self.draws)
        self.phase_seconds: dict[str, float] = {}
        self.moves: Moves | None = None
        self.expected_moves: ExpectedMoves | None = None
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
        self.start = start
        self.economy: Economy = start.economy
        self.calibration: Calibration = start.calibration
        self.base_accounts: Accounts = base_year_accounts(start)

    def _start(self, firms: int, observed: Economy) -> CalibratedEconomy:
        return kept_economy(observed, self.scenario, firms, self.draws)

    @phase
    def _set_up_state(self) -> None:
        """Quarter 0 under the regimes of the start; others follow as they become known."""
        self.state: State = first_state(
            self.start, self.base_accounts, self.in_force.state, self.scenario
        )
        self._grandfather()
        self._start_trade()
        self._start_regimes(np.arange(len(self.policy.regimes)))
        self.record()

    @phase
    def _set_up_agents(self) -> None:
        """Mesa's agents, which read and write the state through the model."""
        Firm.create_agents(self, len(self.firms), row=list(range(len(self.firms))))
        Government.create_agents(self, N_HOSTS, country=list(HOSTS), rules=[RULES] * N_HOSTS)
        self.datacollector = collector()
        self.datacollector.collect(self)

    # --- regimes --------------------------------------------------------------------

    def _learn(self) -> None:
        """Take up regimes that became known; a regime known before keeps what it had."""
        change = self.in_force.learn(self.quarter)
        if change is not None:
            self.state.change_regimes(change.origin)
            if change.new.any():
                self._start_regimes(np.flatnonzero(change.new))

    def _grandfather(self) -> None:
        """Plants that stand before a threat is heard of are those it would spare."""
        self.firms.grandfathered[:] = self.firms.plants[:, HOSTS.index("MEX")]

    # --- one quarter ----------------------------------------------------------------

    def step(self) -> None:
        """One quarter; each phase starts from what the one before it left."""
        self.between_quarters = False
        self.enact_policy()
        self.update_beliefs()
        self.price_licences()
        self.price_inputs()
        self.renew_contracts()
        self.solve_costs()
        self.claim_origin()
        self.value_plans()
        self.relocate()
        self.serve_customers()
        self.trade_and_account()
        self.build_capacity()
        self.rewire_suppliers()
        self.record()
        self.between_quarters = True

    def _advance_time(self, until: float) -> None:
        """Go on to a time, unless a quarter broke off: Mesa would then do nothing in silence."""
        if not self.between_quarters:
            raise ModelError(
                f"quarter {self.quarter} broke off, so the model cannot go on: start another one,"
                " or continue from a checkpoint"
            )
        super()._advance_time(until)

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
        beliefs = believed(
            self.policy,
            self.quarter,
            self.in_force.state.regime_counts,
            self.scenario.firms.belief_prior_quarters,
            self.in_force.state.hazard,
        )
        self.expected = beliefs.during(self.live)

    @phase
    def value_plans(self) -> None:
        """What every set of plants is worth to the firms that reconsider."""
        rows = reviewing(self.firms, self.scenario.firms, self.quarter)
        market = self._expected_market()
        quarter = self.adapted_quarter()
        payoff = earnings(quarter, market, self.scenario.firms, rows)
        # Checked before the search, which would not end on figures that are not finite.
        check_array(self, "value_plans", Guard("payoff", lambda _: payoff, lambda _: rows))
        self.moving = self._moving_costs().under(quarter.policy)
        relief = relief_of_building(quarter, market, self.scenario.firms, rows)
        now = self.expected, rows, self.regime, relief
        choices = Choices(self.firms, self.moving, payoff, *now)
        plans = value_plans(
            choices,
            self.plan_values[..., self.live],
            self.moves_owed,
            self.quarter,
            self.draws,
        )
        self.plans = plans if self.rule is None else as_ruled(self.rule, self, plans)

    def _moving_costs(self) -> MovingCosts:
        """What moving costs without policy."""
        sunk = Sunk(self.calibration.arriving, self.calibration.founding)
        scenario = self.scenario
        return MovingCosts.of(self.economy, scenario.firms, scenario.economy.speeds, sunk)

    @phase
    def relocate(self) -> None:
        """Start, advance, cancel and complete projects; plants open, close and die."""
        self.expected_moves = expected_moves(self.firms, self.scenario.firms, self.plans)
        self.moves = relocate(self.firms, self.moving, self.plans, self.regime)
        self.moves_owed = self.plans.owed
        if self.scenario.firms.relocation:
            dies, self.deaths_owed = struck(
                self.firms, self.scenario.firms, self.deaths_owed, self.quarter, self.draws
            )
            self.moves = self.moves.and_then(die(self.firms, self.moving, dies))
        self.firms.moved_from_home[:] |= self.firms.plants[:, HOSTS.index("USA")]

    @phase
    def rewire_suppliers(self) -> None:
        """Break links to closed plants; some buyers look for cheaper suppliers."""
        rewiring = self.network.rewire(
            self.quarter,
            self.draws,
            self.supply.today.share[:, :N_GOODS],
            self.firms.plants,
            self.scenario.economy.rewire_per_year / QUARTERS_A_YEAR,
        )
        follow_links(self.firms, self.network, self.scenario.economy.relation, rewiring.rows)

    @phase
    def record(self) -> None:
        """Add the quarter to the tables."""
        finished = Finished(
            self.economy,
            self.firms,
            self.accounts,
            self.conditions.wage * self.now.wage_shock[:, self.trade],
            self.moves,
            self.expected_moves,
        )
        self.records.add_quarter(self.quarter, finished)
        if self.datacollector is not None:  # not yet while the model is set up
            self.datacollector.collect(self)

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

    def _expected_market(self) -> MarketState:
        """Markets under every regime if nobody moved, as firms expect them."""
        quarter, adapted = self.adapted_quarter(), slice(0, self.trade)
        spending = repriced_spending(
            self.economy,
            self.adapted_spending,
            self.price[..., adapted] / self.last_price[..., None],
        )
        let_in = open_to_sectors(quarter.policy)
        if let_in is not None:
            spending = only_where_open(spending, let_in)
        pools = spending / self.on_top[..., adapted]
        return clear_markets(
            self.economy,
            self.calibration,
            total_appeal(quarter),
            fringe_prices(quarter.policy, self.calibration, quarter.outside),
            self._expenditure(),
            pools[:N_FOOTLOOSE, :N_HOSTS],
            let_in,
        )
