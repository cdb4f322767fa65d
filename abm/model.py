"""The relocation model: a step, phase by phase."""

import os
from collections.abc import Mapping
from dataclasses import replace

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import data
from abm.axes import (
    BELIEFS,
    CONFIG_LABELS,
    FOOTLOOSE,
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
from abm.core.beliefs import update_counts
from abm.core.claims import Claim
from abm.core.markets import hat_shares
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy, load_economy
from abm.engine.draws import Draws
from abm.engine.guards import Guard, check_array
from abm.engine.phase import phase
from abm.governments.in_force import conclude_talks, decide, draw_threat, outlook, tell_news
from abm.governments.outlook import Act
from abm.governments.rules import RULES
from abm.location.payoffs import config_revenues, payoffs
from abm.location.relocation import Moves, relocate
from abm.location.review import believed_transitions, reviewing, value_plans
from abm.policy.past import Past
from abm.policy.regimes import Policy, compile_known, known_entries
from abm.policy.timeline import TimelineEntry
from abm.scenario.fork import future_of
from abm.scenario.levers import with_levers
from abm.scenario.scenario import Scenario
from abm.state.state import Carried, State
from abm.trade.accounts import Accounts, settle
from abm.trade.borders import claim_origin
from abm.trade.deliveries import (
    Tally,
    clear_with_purchases,
    new_certificates,
    qualified_share,
    tally_plants,
)
from abm.trade.input_prices import (
    outside_duty,
    price_inputs,
    purchase_prices,
    solve_costs,
    value_added_cost,
)
from abm.trade.market_clearing import (
    MarketState,
    clear_markets,
    fringe_prices,
    other_users_purchases,
    total_appeal,
)
from abm.trade.this_quarter import Quarter
from agents import Firm, Government

SETTLING_ROUNDS = 3
"""Rounds in which claims under regimes that become possible find their average duties."""


class RelocationModel(mesa.Model):
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

    sector_labels = FOOTLOOSE
    host_labels = HOSTS
    belief_labels = BELIEFS
    config_labels = CONFIG_LABELS

    firms = Carried()
    network = Carried()
    year = Carried()
    conditions = Carried()
    every_cost = Carried()
    plan_values = Carried()
    regime_counts = Carried()
    input_spending = Carried()
    last_price = Carried()
    unit_revenue = Carried()
    quarter = Carried()
    learned = Carried()
    regime_in_force = Carried()
    threat_imposed = Carried()
    agreed = Carried()
    decided = Carried()
    hazard = Carried()
    told_hazard = Carried()
    records = Carried()

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str] = "status-quo",
        firms: int = 10_000,
        rng: int = 1,
        economy: Economy | None = None,
    ) -> None:
        super().__init__(rng=rng)
        self.scenario = Scenario.load(scenario)
        self.draws = Draws(rng)
        self.phase_seconds: dict[str, float] = {}
        self.moves: Moves | None = None
        self.past: Past | None = None
        self.before_fork: tuple[Scenario, Past | None] | None = None
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
        self.known: tuple[TimelineEntry, ...] | None = ()
        self.policy: Policy = compile_known(self.scenario, 0)
        regimes = len(self.policy.regimes)
        self.state: State = first_state(self.start, self.base_accounts, regimes)
        self._grandfather()
        self._start_regimes(np.arange(regimes))
        self.record()

    @phase
    def _set_up_agents(self) -> None:
        """Mesa's agents, which read and write the state through the model."""
        Firm.create_agents(self, len(self.firms), row=list(range(len(self.firms))))
        Government.create_agents(self, N_HOSTS, country=list(HOSTS), rules=[RULES] * N_HOSTS)

    # --- what is known of policy ------------------------------------------------------

    def _learn(self) -> None:
        """Take up what became known of policy: regimes that are over go, new ones start.

        A regime that was possible before keeps its claims, contents and plans. All of
        it depends on what is known by now and on nothing later, so a lever pulled
        during a run and an entry that stood in its file from the start do the same.
        """
        known = known_entries(self.scenario, self.quarter, self.decided)
        if known == self.known:
            return
        former = self.policy
        self.policy = compile_known(self.scenario, self.quarter, self.decided, self.past)
        self.known, self.learned = known, self.quarter
        self.before_fork = None
        places = self.policy.places_in(former)
        new, origin = places < 0, np.where(places < 0, self.regime_in_force, places)
        self.state.change_regimes(origin, new)
        self.regime_in_force = int(np.flatnonzero(places == self.regime_in_force)[0])
        if new.any():
            self._start_regimes(np.flatnonzero(new))

    def _recall(self) -> None:
        """What follows from the state: policy as it was last learned, and the regimes in sight."""
        self.known = known_entries(self.scenario, self.learned, self.decided)
        self.policy = compile_known(self.scenario, self.learned, self.decided, self.past)
        self._look_at(self.policy.reachable(self.quarter, self.regime_in_force))

    def _start_regimes(self, new: NDArray[np.int64]) -> None:
        """Claims and average duties under regimes that nobody thought of before.

        They begin as in the regime in force, whose deliveries are also the weights.
        """
        live = np.union1d(new, [self.regime_in_force])
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
        self.regime = int(np.flatnonzero(places == self.regime_in_force)[0])
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
        if self.agreed or not self.policy.threat_live(self.quarter - 1):
            self._grandfather()
        self._learn()
        self.governments_act()
        self._learn()
        last_regime = self.regime_in_force
        conclude_talks(self)
        draw_threat(self)
        self.regime_in_force = self.policy.regime_index(
            self.quarter, self.threat_imposed, self.agreed
        )
        self._look_at(self.policy.reachable(self.quarter, self.regime_in_force))
        if self.quarter > 1:
            self.regime_counts = update_counts(
                self.regime_counts, last_regime, self.regime_in_force
            )
        tell_news(self)

    @phase
    def update_beliefs(self) -> None:
        """What each type of firm now expects of policy."""
        beliefs = believed_transitions(
            self.policy,
            self.quarter,
            self.regime_counts,
            self.scenario.firms.belief_prior_quarters,
            self.hazard,
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
        # Here, since no search can begin from what is not finite.
        check_array(self, "value_plans", Guard("payoff", lambda _: payoff, lambda _: rows))
        self.plans = value_plans(
            self.firms,
            self.scenario.firms,
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
        self.moves = relocate(self.firms, self.scenario.firms, self.plans)
        self.firms.moved_from_home[:] |= self.firms.plants[:, HOSTS.index("USA")]

    @phase
    def trade_and_account(self) -> None:
        """Clear markets, book every flow, and pass conditions on to the next quarter."""
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
            self._sourcing_shares(),
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

    def governments_act(self) -> None:
        """Let every government do what its rules say; all see the same quarter."""
        self.hazard = 1.0
        seen = outlook(self)
        for government in self.agents_by_type[Government]:
            government.act(seen)

    def decide(self, country: str, act: Act) -> None:
        """Put what a government does into force, this quarter."""
        decide(self, country, act)

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
        accounts, calibration = self.accounts, self.calibration
        demand = accounts.employment.sum(axis=0) / calibration.base_jobs
        supply_price = self.conditions.supply_price.copy()
        supply_price[:N_FOOTLOOSE, :N_HOSTS] = accounts.mean_cost
        output = self.conditions.output.copy()
        made = calibration.base_volume > 0
        np.divide(
            accounts.volume,
            calibration.base_volume,
            out=output[:N_FOOTLOOSE, :N_HOSTS],
            where=made,
        )
        self.conditions = replace(
            self.conditions,
            wage=demand**self.scenario.economy.wage_elasticity,
            supply_price=supply_price,
            output=output,
            treasury=accounts.treasury,
        )
        self.input_spending = accounts.input_spending
        self.last_price = self.price[..., self.regime]

    def _expenditure(self) -> Array:
        """Consumers' spending by sector and market under the closure chosen."""
        spending = self.calibration.expenditure
        if self.scenario.economy.duty_revenue == "kept" or self.quarter <= 1:
            return spending
        gain = self.conditions.treasury - self.base_accounts.treasury
        consumption = self.economy.final_demand.sum(axis=(0, 1)) / 4
        changed: Array = spending * (1 + gain / consumption)
        return changed

    def _other_purchases(self) -> Array:
        return other_users_purchases(self.economy, self.calibration, self.price, self.on_top)

    def _expected_market(self) -> MarketState:
        """Markets under every regime if nobody moved, as firms expect them."""
        appeal = total_appeal(self.this_quarter())
        relative = self.price / self.last_price[..., None]
        spending = hat_shares(
            np.moveaxis(np.broadcast_to(self.input_spending[..., None], relative.shape), 1, -1),
            np.moveaxis(relative, 1, -1),
            self.economy.theta[:, None, None, None],
        )
        pools = np.moveaxis(spending, -1, 1) / self.on_top
        return clear_markets(
            self.economy,
            self.calibration,
            appeal,
            fringe_prices(self.now, self.calibration, self.outside),
            self._expenditure(),
            pools[:N_FOOTLOOSE, :N_HOSTS],
        )

    def _sourcing_shares(self) -> Array:
        """Average source of every input at today's prices, shape (sector, input, source, host)."""
        price = self.price[:N_GOODS, :, :N_HOSTS, self.regime]
        theta = self.economy.theta[:N_GOODS, None, None]
        weight = self.calibration.competitiveness * price**-theta
        shares: Array = weight / weight.sum(axis=2, keepdims=True)
        return shares

    # --- what a government does on the way ----------------------------------------------

    def pull_levers(self, changes: Mapping[str, object]) -> None:
        """Change policy from the next quarter on, to the surprise of everybody.

        The change becomes an entry of the scenario's timeline; the scenario as it
        then stands, run from the start with the same seed, gives the same run.

        Parameters
        ----------
        changes : mapping of str to object
            New value of each dotted key, such as ``{"tariffs.special.USA.MEX.all": 0.25}``.

        Raises
        ------
        ScenarioError
            If a key does not exist or a value is not allowed; nothing is changed then.

        Examples
        --------
        >>> model = RelocationModel("status-quo", firms=300, rng=1)
        >>> model.pull_levers({"enforcement.audit_rate.USA": 0.2})
        >>> model.step()
        >>> [(event["quarter"], event["new"]) for event in model.events]
        [(1, '0.2')]
        """
        self.scenario = with_levers(self.scenario, self.quarter + 1, changes)

    def fork(self, future: Scenario) -> None:
        """Go on under the policy of another scenario, to the surprise of everybody.

        Parameters
        ----------
        future : Scenario
            Its calendar is this run's: its policy of the coming quarter and later holds,
            that of earlier ones has no part in it.

        Raises
        ------
        ScenarioError
            If it assumes other firms or another economy; nothing is changed then.
        """
        future = future_of(future, self.scenario)
        if self.before_fork is None:  # until the next quarter the state knows that policy
            self.before_fork = self.scenario, self.past
        in_force = self.policy.timeline[self.policy.segment_at(self.quarter)]
        self.past = Past(in_force, self.quarter)
        self.scenario = future
        coming = compile_known(future, self.quarter + 1, self.decided, self.past)
        now = coming.timeline[coming.segment_at(self.quarter + 1)].instruments
        if now.negotiation != in_force.instruments.negotiation:
            self.agreed = None  # what was agreed in other talks has no say in this future
        self.known = None

    # --- what a reader asks -------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        """The scenario that runs."""
        return self._own_scenario

    @scenario.setter
    def scenario(self, scenario: object) -> None:
        # Mesa assigns a default of its own class first; it carries nothing we use.
        if isinstance(scenario, Scenario):
            self._own_scenario = scenario

    @property
    def accounts(self) -> Accounts:
        """Of the last quarter."""
        latest: Accounts = self.year[-1]
        return latest

    @property
    def events(self) -> list[dict[str, object]]:
        """What governments announced and enacted so far."""
        events: list[dict[str, object]] = self.records.events
        return events

    @property
    def outcomes(self) -> pd.DataFrame:
        """Output, jobs, prices and plants by quarter, region and sector."""
        return self.frames()["outcomes"]

    @property
    def calibration_checksum(self) -> str:
        """SHA-256 of the figures the model was calibrated to."""
        return data.checksum()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Everything recorded: outcomes, trade, moves, content, events."""
        frames: dict[str, pd.DataFrame] = self.records.frames()
        return frames

    def content_of(self, row: int, host: str) -> float:
        """Regional value content of a firm's product at a host, inputs chosen freely."""
        return float(self.costs.free_content[row, HOSTS.index(host), self.regime])

    def unit_cost_of(self, row: int, host: str) -> float:
        """Unit cost of a firm at a host, inputs chosen freely."""
        return float(self.costs.free_cost[row, HOSTS.index(host), self.regime])

    def claim_of(self, row: int, host: str, market: str) -> str:
        """How a firm's goods from a host enter a member."""
        if market not in HOSTS or market == host:
            raise ValueError(f"market: {market!r} is not another member than {host!r}")
        claim = self.borders.claim[row, HOSTS.index(host), HOSTS.index(market), self.regime]
        return Claim(int(claim)).name.lower().replace("_", " ")

    def suppliers_of(self, row: int) -> list[Firm]:
        """The firms a firm is linked to as a buyer."""
        rows = np.unique(self.network.supplier[row])
        members = self.agents_by_type[Firm]
        return [members[int(supplier)] for supplier in rows[rows >= 0]]
