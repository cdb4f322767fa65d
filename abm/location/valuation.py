"""What sets of plants, opportunities and projects are worth to firms, and what they then decide."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_HOSTS
from abm.core.blocks import blocks
from abm.core.choice.attrition import ABROAD
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import Ahead
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import LocationProblem
from abm.core.choice.projects import Projects
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.building import Building, expected_moves
from abm.core.opportunities.plant_projects import going_on_or_back
from abm.core.opportunities.waiting import Waiting, lasting
from abm.economy.tables import Array
from abm.engine.kernels import kernel
from abm.engine.parallel import in_parallel
from abm.location.may_do import Decisions, DrawnLuck, MayDo
from abm.location.moving_costs import (
    SETS,
    MovingCosts,
    dying,
    from_abroad,
    quarterly_discount,
    quarterly_review,
)
from abm.location.relief_while_building import worth_until_open
from agents import FirmTable

VALUE_TOLERANCE = 1e-8
"""Residual to which firms solve for the value of plants."""

FIRMS_AT_A_TIME = 2048
"""Firms that a thread values at once."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Weighing(Decisions):
    """What some firms weigh and decide, in quarters of profit.

    Attributes
    ----------
    later : ndarray, shape (firm, config, regime)
        What sets of plants will be worth after all dates that are known.
    today : ndarray, shape (firm, config)
        What they are worth now, in the regime in force.
    worth : ndarray, shape (firm, config)
        Of each move, sunk cost paid and luck left out; minus infinity where it is barred.
    cutoff : ndarray, shape (firm, config)
        Luck from which on each set is built at once; infinite where nothing is built.
    keeping : ndarray, shape (firm, config)
        Odds of ending a review that brings no building with each set.
    expected : ndarray, shape (firm, config)
        Probability of deciding on each set this quarter, luck unknown but for what is held.
    going_on, cancelling : ndarray, shape (firm,)
        What finishing the project under way is worth, and giving it up; 0 without a project.
    may_do : list of MayDo
        What firms may do, where it is kept for those who decide again.
    """

    later: Floats
    today: Floats
    worth: Floats
    cutoff: Floats
    keeping: Floats
    expected: Floats
    going_on: Floats
    cancelling: Floats
    may_do: list[MayDo] = field(default_factory=list)

    @classmethod
    def empty(cls, firms: int, regimes: int) -> Self:
        """Room for some firms."""
        by_set = ("today", "worth", "cutoff", "keeping", "expected")
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(by_set, (firms, N_CONFIGS))
        shapes["later"] = (firms, N_CONFIGS, regimes)
        whole = ("choice", "held")
        arrays: dict[str, Any] = {
            item.name: np.zeros(shapes.get(item.name, firms), int if item.name in whole else float)
            for item in fields(cls)
            if item.name != "may_do"
        }
        return cls(**arrays)

    def put(self, firms: Rows, some: Decisions) -> None:
        """Fill in what some firms weigh, or what they decide alone."""
        for name, array in vars(some).items():
            if name != "may_do":
                getattr(self, name)[firms] = array


@dataclass(frozen=True)
class Choices:
    """What the firms that decide in a quarter know, all of them.

    Attributes
    ----------
    table : FirmTable
    moving : MovingCosts
        Under the regimes of ``payoff``.
    payoff : ndarray, shape (firm, config, regime)
        Of the firms at ``rows``, quarters of profit.
    expected : Calendar
        How each belief type expects policy to change.
    rows : ndarray of int, shape (firm,)
    regime : int
        The one in force.
    relief : ndarray, shape (firm, config, config, regime), optional
        From `abm.location.relief_while_building.relief_of_building`.
    """

    table: FirmTable
    moving: MovingCosts
    payoff: Floats
    expected: Calendar
    rows: Rows
    regime: int
    relief: Floats | None = None

    @cached_property
    def _alike(self) -> Rows:
        """For every belief type the first one that expects the same, so that they go together."""
        near, later = self.expected.near, self.expected.later
        same = (later[:, None] == later).all(axis=(2, 3))
        same &= (near[:, :, None] == near[:, None]).all(axis=(0, 3, 4))
        alike: Rows = same.argmax(axis=1)
        return alike

    def problem(self, firms: Rows) -> PlantProblem:
        """The choice of some of them."""
        found = self.without_relief(firms)
        if self.relief is None:
            return found
        cost = found.location.move_cost
        cost = cost if cost.ndim == 4 else cost[..., None]
        delay = self.moving.delays[from_abroad(self.table.home[self.rows[firms]])][..., None]
        less = cost - worth_until_open(self.relief[firms], delay, self._discount)
        return replace(found, location=replace(found.location, move_cost=less))

    def without_relief(self, firms: Rows) -> PlantProblem:
        """The choice of some of them, if nobody was let off duties while building."""
        rows = self.rows[firms]
        belief = self._alike[self.table.belief[rows]]
        return plant_problem(
            self.table, self.moving, self.payoff[firms], self.expected.later, rows, belief
        )

    def projects(self, firms: Rows) -> Projects:
        """Projects of some of them, all of which have one."""
        found = self.projects_without_relief(firms)
        if self.relief is None:
            return found
        each = self.relief[firms, found.config, found.target, self.regime]
        worth = worth_until_open(each, found.quarters_left, self._discount)
        return replace(found, remaining_cost=found.remaining_cost - worth)

    def projects_without_relief(self, firms: Rows) -> Projects:
        """The same if nobody was let off duties while building."""
        return projects_of(self.table, self.moving, self.rows[firms])

    @property
    def _discount(self) -> float:
        return quarterly_discount(self.moving.settings)

    def pieces(self) -> Iterator[tuple[bool, Rows]]:
        """Firms that can be valued together, and whether they know of a date."""
        knows = self.expected.dated()[self.table.belief[self.rows]]
        for dated in (True, False):
            firms = np.flatnonzero(knows == dated)
            yield from ((dated, firms[some]) for some in blocks(len(firms), FIRMS_AT_A_TIME))


def plant_problem(
    table: FirmTable,
    moving: MovingCosts,
    payoff: Floats,
    transitions: Floats,
    rows: Rows,
    belief: Rows,
) -> PlantProblem:
    """The choice that some firms face.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
    payoff : ndarray, shape (firm, config, regime)
        Of the firms at ``rows``.
    transitions : ndarray, shape (belief, regime, regime)
    rows, belief : ndarray of int, shape (firm,)

    Returns
    -------
    PlantProblem
        Money in quarters of profit.
    """
    settings, home = moving.settings, table.home[rows].astype(np.int64)
    abroad = from_abroad(home).astype(np.bool_)
    # Firms from abroad that come here take longer than those founded here.
    all_alike = abroad.all() or not abroad.any()
    kinds = {} if all_alike else {"slow": abroad, "slow_delay": moving.delays[1]}
    location = LocationProblem(
        profit=payoff,
        move_cost=moving.weighed(table, rows),
        build_delay=moving.delays[int(abroad.all() and len(rows) > 0)],
        transitions=transitions,
        belief=belief,
        discount=quarterly_discount(settings),
        review=quarterly_review(settings),
        noise=settings.build_noise,
    )
    deaths = np.repeat(dying(table, settings)[rows, None], N_HOSTS, axis=1)
    mortal = {"deaths": deaths, "home": np.where(home < N_HOSTS, home, ABROAD)}
    return PlantProblem(location, SETS, settings.keep_noise, **mortal, **kinds)


def weigh(choices: Choices, start: Array, luck: DrawnLuck) -> Weighing:
    """What every move is worth to some firms, what they decide, and what projects are worth.

    Firms that know of a date value what comes before it quarter by quarter, from the date
    backwards; for the others all quarters are alike.

    Parameters
    ----------
    choices : Choices
    start : ndarray, shape (firm, config, regime)
        Values to start from.
    luck : DrawnLuck

    Returns
    -------
    Weighing
    """
    found = Weighing.empty(len(choices.rows), start.shape[-1])

    def solve(piece: tuple[bool, Rows]) -> MayDo:
        dated, firms = piece
        weighed, may_do = _weigh_piece(choices, dated, firms, start[firms], luck.take(firms))
        found.put(firms, weighed)
        return may_do

    every = in_parallel(solve, choices.pieces())
    # Of many firms it would take a lot of memory, and time only for the few that decide again.
    if len(choices.rows) <= FIRMS_AT_A_TIME:
        found.may_do.extend(every)
    return found


def _look_ahead(
    choices: Choices, problem: PlantProblem, later: Floats, config: Rows, dated: bool
) -> Ahead:
    expected = choices.expected
    if not dated:
        expected = Calendar.steady(expected.later)
    return kernel().look_ahead(problem, expected, later, config, choices.regime)


def _weigh_piece(
    choices: Choices, dated: bool, firms: Rows, start: Array, luck: DrawnLuck
) -> tuple[Weighing, MayDo]:
    table, rows, regime = choices.table, choices.rows[firms], choices.regime
    config = table.config[rows].astype(np.int64)
    problem = choices.problem(firms)
    later, _ = kernel().keeping_values(problem, start, VALUE_TOLERANCE)
    ahead = _look_ahead(choices, problem, later, config, dated)
    moves, noise = ahead.today, problem.location.noise
    building = Building.weighed(ahead.gain, _waiting(choices, problem, ahead), regime, noise)
    strikes = luck.strikes.astype(np.float64)
    keeping = moves.keeping[..., regime]
    expected = expected_moves(building.expected(luck.held, strikes), keeping, strikes, config)
    going_on, cancelling = np.zeros((2, len(firms)))
    at_work = np.flatnonzero(table.target[rows] >= 0)
    if len(at_work):
        going_on[at_work], cancelling[at_work] = going_on_or_back(
            problem.take(at_work),
            ahead.expected,
            ahead.path[:, at_work],
            choices.projects(firms[at_work]),
            regime,
        )
    may_do = MayDo(firms, config, building, moves, problem.keep_noise)
    weighed = Weighing(
        **vars(may_do.decide(luck)),
        later=later,
        today=ahead.path[0, ..., regime],
        worth=moves.worth[..., regime],
        cutoff=building.cutoff,
        keeping=keeping,
        expected=expected,
        going_on=going_on,
        cancelling=cancelling,
    )
    return weighed, may_do


def decide_again(choices: Choices, weighed: Weighing, firms: Rows, luck: DrawnLuck) -> None:
    """Let some firms decide with other luck than when they weighed what they could do.

    Parameters
    ----------
    choices : Choices
        Of all firms.
    weighed : Weighing
        Of all firms; what some decide is overwritten.
    firms : ndarray of int, shape (some firm,)
    luck : DrawnLuck
        Of these.
    """
    place = np.full(len(choices.rows), -1)
    place[firms] = np.arange(len(firms))
    for may_do in weighed.may_do or _worked_out_again(choices, weighed, firms):
        which = np.flatnonzero(place[may_do.firms] >= 0)
        if len(which):
            some = may_do.take(which)
            weighed.put(some.firms, some.decide(luck.take(place[some.firms])))


def _worked_out_again(choices: Choices, weighed: Weighing, firms: Rows) -> list[MayDo]:
    """What some firms may do, of which only the values and cutoffs were kept."""
    relief = None if choices.relief is None else choices.relief[firms]
    some = replace(choices, rows=choices.rows[firms], payoff=choices.payoff[firms], relief=relief)

    def solve(piece: tuple[bool, Rows]) -> MayDo:
        dated, which = piece
        problem, regime = some.problem(which), some.regime
        config = some.table.config[some.rows[which]].astype(np.int64)
        later = weighed.later[firms[which]]
        ahead = _look_ahead(some, problem, later, config, dated)
        waiting, noise = _waiting(some, problem, ahead), problem.location.noise
        building = Building(ahead.gain, weighed.cutoff[firms[which]], waiting, regime, noise)
        return MayDo(firms[which], config, building, ahead.today, problem.keep_noise)

    return in_parallel(solve, some.pieces())


def _waiting(choices: Choices, problem: PlantProblem, ahead: Ahead) -> Waiting:
    stay, location = lasting(choices.moving.settings.opportunity_quarters), problem.location
    expect = ahead.expected, location.belief, location.discount, stay, ahead.remains
    return kernel().waiting(*expect)


def projects_of(table: FirmTable, moving: MovingCosts, rows: Rows) -> Projects:
    """Projects of some firms as they stand when the stage under way ends.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
    rows : ndarray of int, shape (firm,)
        All of them have one.

    Returns
    -------
    Projects
        Costs in quarters of profit, present values of today.
    """
    kind, stage = table.project[rows], table.stage[rows] + 1
    config, target = table.config[rows].astype(np.int64), table.target[rows].astype(np.int64)
    wait = np.maximum(table.quarters_left[rows] - 1, 0).astype(np.int64)
    left = wait + moving.quarters_after(kind, stage)
    discount = quarterly_discount(moving.settings)
    to_pay = discount**wait * moving.still_to_pay(kind, stage)
    origin = from_abroad(table.home[rows])
    lead = moving.delays[origin, config, target]
    each = np.arange(len(rows))
    missed = moving.build_up(table, rows)[each, config, target] * discount ** (left - lead)
    return Projects(
        config=config,
        target=target,
        quarters_left=left,
        remaining_cost=to_pay * moving.borne(table, rows, config, target, kind) + missed,
        cancellation_cost=np.zeros(len(rows)),
    )
