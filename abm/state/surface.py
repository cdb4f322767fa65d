"""What a model is asked from outside: its policy, its tables, its firms, another future."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from mesa.agentset import AbstractAgentSet
from mesa.datacollection import DataCollector

from abm import data
from abm.axes import BELIEFS, CONFIG_LABELS, FOOTLOOSE, HOMES, HOSTS, N_HOSTS
from abm.core.demand.claims import Claim
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.sector_lines import line_names
from abm.engine.draws import Draws
from abm.governments.in_force import PolicyInForce
from abm.policy.regimes import Policy
from abm.scenario.scenario import Scenario
from abm.state.state import Carried, State
from abm.trade.books.accounts import Accounts
from abm.trade.borders.crossing import Borders
from agents import Firm, status_of
from agents.in_notebooks import html_card


class Surface:
    """The part of a model that readers and researchers meet; it computes nothing of a quarter.

    Attributes
    ----------
    state : State
    standing_firms : int
        Modelled firms that stand in North America in the calibration year.
    in_force : PolicyInForce
    costs : UnitCosts
    borders : Borders
        Of the regimes that are possible, and last of all of the one in force at contracts.
    regime : int
        The one in force, among those possible.
    trade : int
        The column at contracts, in which trade takes place.
    datacollector : DataCollector, optional
        Mesa's, of figures by quarter; put another in its place to collect something else.
    """

    sector_labels = FOOTLOOSE
    host_labels = HOSTS
    home_labels = HOMES
    belief_labels = BELIEFS
    line_labels = line_names()
    config_labels = CONFIG_LABELS

    state: State
    draws: Draws
    standing_firms: int
    in_force: PolicyInForce
    costs: UnitCosts
    borders: Borders
    regime: int
    trade: int
    agents_by_type: Mapping[type, Any]
    datacollector: DataCollector | None = None

    firms = Carried()
    network = Carried()
    year = Carried()
    conditions = Carried()
    every_cost = Carried()
    plan_values = Carried()
    contracts = Carried()
    other_contracts = Carried()
    log_wedge_held = Carried()
    adapted_spending = Carried()
    last_price = Carried()
    spending = Carried()
    customers = Carried()
    capacity = Carried()
    jobs = Carried()
    scarcity = Carried()
    relative_use = Carried()
    moves_owed = Carried()
    deaths_owed = Carried()
    licences = Carried()
    base_imports = Carried()
    quarter = Carried()
    records = Carried()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.scenario.name}, quarter {self.quarter} of"
            f" {self.scenario.quarters}, {self.standing_firms:,} firms, seed {self.seed})"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how far it is, under which policy, and who stands where."""
        last = self.outcomes.query("quarter == quarter.max()")
        sums = last.groupby("region")[["plants", "employment"]].sum()
        begun = pd.Timestamp(self.scenario.start) + pd.DateOffset(months=3 * (self.quarter - 1))
        when = f"Q{begun.quarter} {begun.year}" if self.quarter else "the calibration year"
        standing = int(self.firms.plants.any(axis=1).sum())
        absent = ", ".join(f"{count:,} {what}" for what, count in self.firms_on_top.items())
        facts = {
            "quarter": f"{self.quarter} of {self.scenario.quarters} ({when})",
            "policy in force": self.policy.regimes[self.in_force.regime],
            "firms modelled": f"{standing:,} stand in North America; {absent or 'no others'}",
            "seed": self.seed,
            **{
                host: f"{plants:,.0f} real plants, {jobs / 1000:,.0f} thousand jobs"
                for host, plants, jobs in sums.loc[list(HOSTS)].itertuples()
            },
            "go on with": "step(), run_for(quarters), pull_levers({...})",
            "read with": "outcomes, frames(), agents, firms, network.to_networkx()",
        }
        return html_card(f"{self.scenario.name}: {self.scenario.title}", facts)

    @property
    def scenario(self) -> Scenario:
        """The scenario that runs."""
        return self.in_force.scenario

    @scenario.setter
    def scenario(self, scenario: object) -> None:
        # Mesa assigns a default of its own class first; it carries nothing we use.
        if isinstance(scenario, Scenario):
            self.in_force.scenario = scenario

    @property
    def seed(self) -> int:
        """The whole number that all luck follows from; as ``rng`` it gives the run again."""
        return self.draws.seed

    @property
    def agents(self) -> AbstractAgentSet[Firm]:
        """The firms; governments are apart, in ``agents_by_type[Government]``."""
        firms: AbstractAgentSet[Firm] = self.agents_by_type[Firm]
        return firms

    @property
    def policy(self) -> Policy:
        """All regimes that are known, as arrays."""
        return self.in_force.policy

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
        """Output, jobs, prices and plants by quarter, region and sector.

        ``outcomes.attrs["units"]`` has the unit of every column.
        """
        return self.frames()["outcomes"]

    @property
    def firms_on_top(self) -> dict[str, int]:
        """Modelled firms that do not stand in North America now, by what they do instead."""
        absent = ~self.firms.plants.any(axis=1)
        told = [
            status_of(False, bool(home < N_HOSTS), bool(founded))
            for home, founded in zip(
                self.firms.home[absent], self.firms.founded[absent], strict=True
            )
        ]
        return dict(sorted(Counter(told).items()))

    @property
    def calibration_checksum(self) -> str:
        """SHA-256 of the figures the model was calibrated to."""
        return data.checksum()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Everything recorded: outcomes, trade, moves, content, owners, events.

        Each table has the units of its columns in ``attrs["units"]``.
        """
        frames: dict[str, pd.DataFrame] = self.records.frames()
        return frames

    def capacity_of(self, row: int, host: str) -> float:
        """Units of output a quarter that a firm's plant at a host can make."""
        return float(self.capacity[row, HOSTS.index(host)])

    def content_of(self, row: int, host: str) -> float:
        """Regional value content of a firm's product at a host, inputs chosen freely."""
        return float(self.costs.free_content[row, HOSTS.index(host), self.trade])

    def unit_cost_of(self, row: int, host: str) -> float:
        """Unit cost of a firm at a host, inputs chosen freely."""
        return float(self.costs.free_cost[row, HOSTS.index(host), self.trade])

    def claim_of(self, row: int, host: str, market: str) -> str:
        """How a firm's goods from a host enter a member."""
        if market not in HOSTS or market == host:
            raise ValueError(f"market: {market!r} is not another member than {host!r}")
        claim = self.borders.claim[row, HOSTS.index(host), HOSTS.index(market), self.trade]
        return Claim(int(claim)).name.lower().replace("_", " ")

    def suppliers_of(self, row: int) -> list[Firm]:
        """The firms a firm is linked to as a buyer."""
        rows = np.unique(self.network.supplier[row])
        members = self.agents_by_type[Firm]
        return [members[int(supplier)] for supplier in rows[rows >= 0]]

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
        self.in_force.pull_levers(changes, self.quarter + 1)

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
        self.in_force.fork(future, self.quarter)
