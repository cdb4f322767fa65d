"""Where firms stand in the calibration year, so that it is a rest point.

Sunk costs of arriving in a country and of founding a firm are constants of the sector and the
owner's home. They are such that in the long run under base-year policy as many firms have plants
abroad, and as many do not stand, as in the calibration year; every firm then starts from its own
long-run shares, with projects already under way, so that expected flows between sets of plants
balance from the first quarter on. What sets of plants sell depends on how well hosts reach
markets, and that on where firms stand: so plants and access are found in turns.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.axes import (
    HAS_PLANT,
    HOSTS,
    N_CONFIGS,
    N_FOOTLOOSE,
    N_HOMES,
    N_HOSTS,
    NO_PLANT,
    QUARTERS_A_YEAR,
)
from abm.base_year.base_sales import base_quarter, set_base_sales, usually_sold
from abm.base_year.calibration import ACCESS_TOLERANCE, BaseYear, calibrate
from abm.base_year.drawn_plants import (
    draw_sets,
    keep_every_cell_alive,
    keep_every_owner_alive,
)
from abm.base_year.first_projects import AtRest, begin_projects
from abm.base_year.owners import StandingMakers, as_expected, by_owner, standing_makers
from abm.base_year.resting import Resting, Rows
from abm.base_year.sunk_costs import Wanted, matched_sunk
from abm.base_year.young_plants import (
    base_competition,
    base_customers,
    drawn_built,
)
from abm.core.blocks import blocks
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import MovingCosts, Sunk, dying, may_die
from abm.location.payoffs import payoffs
from abm.policy.regimes import Policy
from abm.scenario.scenario import Scenario
from abm.trade.borders.this_quarter import Quarter
from abm.trade.inputs.links import link_suppliers
from abm.trade.inputs.suppliers import SupplierNetwork
from agents import FirmTable

TURNS = 4
"""Most turns of plants and access."""

TURNS_SETTLED = 0.015
"""Mean change of what a plant sells from one turn to the next at which turns end."""

MANY_FIRMS = 4000
"""With fewer, what a plant sells changes from turn to turn by luck of where they stand, however
many turns there are: by about 1% at 4,000, 2 to 4% at 1,000 and 5 to 11% at 300."""

ROUGHLY = 0.02
"""Relative gap up to which access and sunk costs are found in the first turn: both will change."""

SAMPLE = 1 << 12
"""Firms, about, from which sunk costs are found."""

BLOCK = 1 << 12
"""Firms whose long-run shares a thread finds at once: some 100 MB."""

GUMBEL_SPREAD = np.pi / np.sqrt(6)


@dataclass(frozen=True)
class Placed:
    """The calibration year with firms where they stand.

    Attributes
    ----------
    base_year : BaseYear
    network : SupplierNetwork
    values : ndarray, shape (firm, config)
        Of every set of plants if policy never changes, quarters of profit.
    """

    base_year: BaseYear
    network: SupplierNetwork
    values: Array


def place_firms(
    table: FirmTable, economy: Economy, scenario: Scenario, policy: Policy, draws: Draws
) -> Placed:
    """Give every firm its plants and any project under way; and calibrate.

    Parameters
    ----------
    table : FirmTable
        Filled in place.
    economy : Economy
    scenario : Scenario
        Its firms and what it assumes of the economy are used. Whether relocation is switched on
        matters only from quarter 1 on, so that runs with and without it can be compared.
    policy : Policy
        Of the base year.
    draws : Draws

    Returns
    -------
    Placed
    """
    settings = scenario.firms
    table.suitability[:] = suitability(table, economy, settings.location_dispersion, draws)
    turns = _Turns(table, economy, scenario, policy, draws)
    turn = turns.first()
    settled = TURNS_SETTLED * max(1.0, MANY_FIRMS / len(table))
    for _ in range(TURNS - 1):
        before, turn = turn, turns.after(turn)
        change = np.abs(turn.reach / before.reach - 1)
        if np.average(change, weights=turns.made.sum(axis=1)) < settled:
            break
    sunk, base_year = turn.sunk, turn.base_year
    rest = turns.long_run(turn)
    quarter = base_quarter(table, economy, policy, base_year)
    calibration = replace(
        base_year.calibration,
        arriving=sunk.arriving,
        founding=sunk.founding,
        base_competition=base_competition(quarter, base_customers(quarter, base_year.built)),
    )
    begin_projects(table, replace(turns.moving, sunk=sunk), rest, draws)
    table.opportunity[:] = -1
    table.moved_from_home[:] = table.plants[:, HOSTS.index("USA")]
    return Placed(replace(base_year, calibration=calibration), turn.network, rest.values)


@dataclass(frozen=True)
class _Turn:
    """What was found with firms where they stood in a turn.

    Attributes
    ----------
    base_year : BaseYear
    network : SupplierNetwork
    payoff : ndarray, shape (firm, config)
        Quarters of profit.
    resting : Resting
        How firms move, of all or, in large models, of a sample of them.
    sunk : Sunk
    reach : ndarray, shape (sector, host)
        What a firm with one plant would sell.
    """

    base_year: BaseYear
    network: SupplierNetwork
    payoff: Array
    resting: Resting
    sunk: Sunk
    reach: Array


@dataclass(frozen=True)
class _Turns:
    """Turns in which firms are placed, access is calibrated and sunk costs are found.

    Attributes
    ----------
    table : FirmTable
        Changed in every turn.
    economy : Economy
    scenario : Scenario
    policy : Policy
    draws : Draws
    """

    table: FirmTable
    economy: Economy
    scenario: Scenario
    policy: Policy
    draws: Draws

    @cached_property
    def moving(self) -> MovingCosts:
        """What moving costs without sunk costs of arriving."""
        scenario = self.scenario
        speeds = scenario.economy.speeds
        return MovingCosts.of(self.economy, scenario.firms, speeds, Sunk.nothing())

    @cached_property
    def made(self) -> Array:
        """What plants of owners from each home make at every host, million USD a quarter.

        Shape (sector, home, host).
        """
        output = self.economy.output[:N_HOSTS, :N_FOOTLOOSE].T
        foreign = self.scenario.firms.foreign_firms
        owners = self.economy.owners if foreign else np.eye(N_HOSTS, N_HOMES)[None]
        made: Array = np.moveaxis(output[..., None] * owners, 1, 2) / QUARTERS_A_YEAR
        return made

    @cached_property
    def stands(self) -> Array:
        """Part of modelled firms of each sector and home that stands, shape (sector, home)."""
        table, cells = self.table, N_FOOTLOOSE * N_HOMES
        cell = table.sector.astype(np.int64) * N_HOMES + table.home
        every, standing = (np.bincount(cell, some, cells) for some in (None, table.founded))
        part = np.divide(standing, every, out=np.zeros(cells), where=every > 0)
        return part.reshape(N_FOOTLOOSE, N_HOMES)

    def first(self) -> _Turn:
        """With first shares of sets of plants, whatever these would sell."""
        table, makers = self.table, standing_makers(self.economy, self.scenario.firms)
        cell = table.sector, table.home
        standing = makers.sets[cell] * self.stands[cell][:, None]
        standing[:, NO_PLANT] = 1 - standing.sum(axis=1)
        self._stand(standing)
        masses = _first_masses(table, makers)
        as_expected(table, table.size[:, None] * table.plants, masses)
        dies = dying(table, self.scenario.firms)[:, None] * may_die(table, table.plants)
        return self._found(None, dies)

    def after(self, turn: _Turn) -> _Turn:
        """With firms where they are in the long run, given what was found before."""
        table = self.table
        rest = self.long_run(turn)
        sales = table.base_plant_sales * table.base_revenue[:, None, None]
        expected = np.einsum("nc,nch->nh", rest.standing, sales) * table.weight[:, None]
        self._stand(rest.standing)
        drawn = sales[np.arange(len(table)), table.config]
        as_expected(table, drawn, by_owner(table, expected))
        return self._found(turn, rest.leaving)

    def long_run(self, turn: _Turn) -> AtRest:
        """Where every firm is in the long run; one that never moves stands where it does."""
        firms = len(self.table)
        by_set = (np.empty((firms, N_CONFIGS)) for _ in range(4))
        standing, values, projects, needed = by_set
        found = AtRest(standing, values, projects, np.empty((firms, N_HOSTS)), needed)
        if sum(map(len, turn.resting.rows)) == firms:
            self._rest(turn.resting, turn.sunk, found)
            return found

        def rest(span: slice) -> None:
            rows = np.arange(firms)[span]
            self._rest(Resting.of(self.table, self.moving, turn.payoff, rows), turn.sunk, found)

        in_parallel(rest, blocks(firms, BLOCK))
        return found

    def _rest(self, resting: Resting, sunk: Sunk, found: AtRest) -> None:
        """Fill in where some firms are in the long run."""
        rows = np.concatenate(resting.rows)
        each, config = np.arange(len(rows)), self.table.config[rows]
        shares, under_way, leaving, lack = resting.long_run(sunk)
        stuck = ~np.isfinite(shares).all(axis=1)
        shares[stuck] = np.eye(N_CONFIGS)[config[stuck]]
        under_way[stuck] = 0
        leaving[stuck] = 0
        here = np.maximum(shares[each, config], np.finfo(np.float64).tiny)[:, None]
        found.values[rows] = np.concatenate([moves.values for moves in resting.moves])
        found.standing[rows], found.leaving[rows] = shares, leaving
        found.projects[rows] = np.minimum(under_way[each, config] / here, 1.0)
        found.needed[rows] = lack[each, config]

    def _wanted(self, quarter: Quarter, base_year: BaseYear, leaving: Array, some: Rows) -> Wanted:
        """Owners' shares of what is made, and what some firms make with every set of plants."""
        table = self.table
        made = np.zeros((len(table), N_CONFIGS, N_HOSTS))
        speeds = self.scenario.economy.speeds
        made[some] = usually_sold(quarter, base_year, some, leaving[some], speeds)
        made[some] *= (table.size * table.weight)[some, None, None]
        return Wanted(self.made, self.stands, made)

    def _stand(self, standing: Array) -> None:
        """Draw where firms stand."""
        draw_sets(self.table, standing, self.draws)
        if self.scenario.firms.foreign_firms:
            keep_every_owner_alive(self.table, self.economy, standing)
        keep_every_cell_alive(self.table, self.economy.makes)

    def _found(self, before: _Turn | None, leaving: Array) -> _Turn:
        """Calibrate with firms where they stand and leave at a rate, and find sunk costs."""
        table, economy, policy = self.table, self.economy, self.policy
        settings, every = self.scenario.firms, np.arange(len(table))
        network = link_suppliers(table, economy, self.scenario.economy.relation, self.draws)
        built = drawn_built(table, leaving, self.scenario.economy.speeds, self.draws)
        start = None if before is None else before.base_year
        found_to = ROUGHLY if before is None else ACCESS_TOLERANCE
        base_year = calibrate(table, economy, policy, settings, start, built, found_to)
        network.mass[:] = table.size * table.weight  # as owners' shares have moved weights
        quarter = base_quarter(table, economy, policy, base_year)
        sold = set_base_sales(quarter, base_year)
        found = payoffs(table, base_year.calibration, settings, policy, sold[..., None], every)
        payoff = found[..., 0]
        sample = _sample(table)
        resting = Resting.of(table, self.moving, payoff, sample)
        wanted = self._wanted(quarter, base_year, leaving, sample)
        if before is None:
            sunk = matched_sunk(resting, wanted, None, ROUGHLY)
        else:
            sunk = matched_sunk(resting, wanted, before.sunk)
        return _Turn(base_year, network, payoff, resting, sunk, _reach(table))


def suitability(table: FirmTable, economy: Economy, dispersion: float, draws: Draws) -> Array:
    """How well hosts suit each firm's varieties, shape (firm, host).

    A firm is at its sector's average at home; abroad its advantage is normal with
    the spread of a Gumbel number. (Frechet productivities would be the textbook
    case, but in their tail one firm in a few hundred makes most of a country's
    exports.) A firm that a place suits also makes a larger part of its products there:
    the firms with plants in Mexico are those that produce well there for export.
    """
    advantage = draws.normal("advantage of places", 0, (len(table), N_HOSTS))
    local = np.flatnonzero(table.home < N_HOSTS)
    advantage[local, table.home[local]] = 0
    power = 2 * (economy.sigma[:N_FOOTLOOSE] - 1)[table.sector, None] / dispersion
    suits: Array = np.exp(power * GUMBEL_SPREAD * advantage)
    return suits


def _first_masses(table: FirmTable, makers: StandingMakers) -> Array:
    """Mass of plants by owner's home and host, as first shares of sets of plants have it.

    Shape (sector, home, host).
    """
    cell = table.sector.astype(np.int64) * N_HOMES + table.home
    mass = table.size * table.weight * table.plants.any(axis=1)
    standing = np.bincount(cell, mass, N_FOOTLOOSE * N_HOMES).reshape(N_FOOTLOOSE, N_HOMES, 1)
    masses: Array = standing * (makers.sets @ HAS_PLANT)
    return masses


def _sample(table: FirmTable) -> NDArray[np.int64]:
    """Every so many firms of each sector and home, in the order of size."""
    every = max(1, len(table) // SAMPLE)
    order = np.lexsort((table.size, table.home, table.sector))
    cell = (table.sector.astype(np.int64) * N_HOMES + table.home)[order]
    place = np.arange(len(order)) - np.searchsorted(cell, cell)
    return np.sort(order[place % every == every // 2 % np.maximum(np.bincount(cell)[cell], 1)])


def _reach(table: FirmTable) -> Array:
    """What a firm with one plant would sell from each host on average, by sector.

    Shape (sector, host), of firms of North America.
    """
    local = table.home < N_HOSTS
    alone = [np.flatnonzero((at == HAS_PLANT).all(axis=1))[0] for at in np.eye(N_HOSTS, dtype=bool)]
    sales = table.base_plant_sales[local][:, alone, np.arange(N_HOSTS)].astype(np.float64)
    sales *= (table.base_revenue / table.size)[local, None]
    sector = table.sector[local]
    number = np.maximum(np.bincount(sector, minlength=N_FOOTLOOSE), 1)
    total = [np.bincount(sector, at, N_FOOTLOOSE) for at in sales.T]
    return np.maximum(np.stack(total, axis=1) / number[:, None], np.finfo(np.float64).tiny)
