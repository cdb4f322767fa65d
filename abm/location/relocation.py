"""How firms carry out what they have decided: projects advance, plants open, close and die."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE, N_HOSTS, QUARTERS_A_YEAR
from abm.economy.tables import Array
from abm.location.moving_costs import (
    KINDS_OF_MOVES,
    OPENED,
    SETS,
    MovingCosts,
    from_abroad,
    may_die,
)
from abm.location.review import ValuedPlans
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

Rows = NDArray[np.int64]

BITS = 1 << np.arange(N_HOSTS)

CODE = np.empty(2**N_HOSTS, np.int64)
"""Index of the set of plants whose hosts add up to a number of `BITS`."""

CODE[HAS_PLANT @ BITS] = np.arange(N_CONFIGS)


@dataclass(frozen=True)
class Moves:
    """What changed in a quarter, one entry a firm and stage.

    Attributes
    ----------
    rows, from_config, to_config : ndarray of int, shape (move,)
    stage : ndarray of str, shape (move,)
        ``announced``, ``completed`` or ``cancelled``; ``died`` where plants died.
    cost : ndarray, shape (move, host)
        What the plants of the move cost to build, million USD; nothing where none is new.
    lost : ndarray, shape (move, host)
        The part that was spent on plants that are now given up, million USD.
    granted : ndarray, shape (move, host)
        The part of ``cost`` that treasuries promised, million USD.
    grants : ndarray, shape (sector, host)
        What treasuries paid in the quarter towards stages that began, million USD.
    """

    rows: Rows
    from_config: Rows
    to_config: Rows
    stage: NDArray[np.str_]
    cost: Array
    lost: Array
    granted: Array
    grants: Array

    def and_then(self, later: Self) -> Self:
        """These moves, and others of the same quarter."""
        both = {
            name: np.concatenate([getattr(self, name), getattr(later, name)])
            for name in ("rows", "from_config", "to_config", "stage", "cost", "lost", "granted")
        }
        return type(self)(**both, grants=self.grants + later.grants)


@dataclass(frozen=True)
class _Entries:
    """Moves of one stage, before the table forgets where they started from.

    ``grant`` has shape (move, host), the part of build cost that treasuries promised.
    """

    stage: str
    rows: Rows
    before: Rows
    after: Rows
    grant: NDArray[np.float32]

    @classmethod
    def of(cls, table: FirmTable, stage: str, rows: Rows, after: NDArray[np.integer]) -> Self:
        """Entries of firms that stand, and were promised, what the table says."""
        before = table.config[rows].astype(int)
        return cls(stage, rows, before, after.astype(int), table.grant[rows])


def relocate(table: FirmTable, moving: MovingCosts, plans: ValuedPlans, regime: int) -> Moves:
    """Start, advance, cancel and complete projects.

    At least one plant of every sector stays at every host that has any, so that no
    market loses its only modelled source from one quarter to the next.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    moving : MovingCosts
    plans : ValuedPlans
    regime : int
        The one in force, which says what treasuries promise to new projects.

    Returns
    -------
    Moves
    """
    building = table.target[plans.rows] >= 0
    table.quarters_left[table.target >= 0] -= 1
    looked_at, goes_on = plans.rows[building], plans.goes_on[building]
    stopped, onward = looked_at[~goes_on], looked_at[goes_on]
    onward = onward[table.quarters_left[onward] <= 0]
    given_up = _Entries.of(table, "cancelled", stopped, table.target[stopped])
    spent = table.sunk[stopped] * table.base_revenue[stopped] * table.weight[stopped]
    done, grants = _advance(table, moving, onward)
    started, paid = _start(table, moving, plans, ~building, regime)
    towards = table.target[done].astype(int)
    may = _leaves_a_plant(table, done, towards)
    settled = _Entries.of(table, "completed", done[may], towards[may])
    _stand(table, settled.rows, settled.after)
    _forget_projects(table, np.concatenate([stopped, done]))
    log = (given_up, started, settled)
    return _as_moves(table, moving.settings, log, spent, grants + paid)


def die(table: FirmTable, moving: MovingCosts, struck: NDArray[np.bool_]) -> Moves:
    """Let plants die whatever their owners would like.

    The plant at home is spared while sisters stand, and so is a sector's last one at a host.
    A project goes on with what is left.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    moving : MovingCosts
    struck : ndarray of bool, shape (firm, host)
        Where a plant dies if there is one.

    Returns
    -------
    Moves
    """
    dies = struck & may_die(table, table.plants)
    rows = np.flatnonzero(dies.any(axis=1))
    left = CODE[(table.plants[rows] & ~dies[rows]) @ BITS]
    may = _leaves_a_plant(table, rows, left)
    rows, left = rows[may], left[may]
    ended = _Entries.of(table, "died", rows, left)
    at_work = table.target[rows] >= 0
    some, before = rows[at_work], table.config[rows[at_work]]
    table.target[some] = SETS.becomes[before, table.target[some], left[at_work]]
    _stand(table, rows, left)
    _forget_projects(table, some[table.target[some] == table.config[some]])
    nothing = np.zeros((N_FOOTLOOSE, N_HOSTS))
    return _as_moves(table, moving.settings, (ended,), np.zeros(0), nothing)


def _stand(table: FirmTable, rows: Rows, config: NDArray[np.integer]) -> None:
    """Let firms stand in other sets of plants; what they could build from before is gone."""
    table.config[rows] = config
    table.plants[rows] = HAS_PLANT[config]
    table.founded[rows] |= HAS_PLANT[config].any(axis=1)
    table.opportunity[rows] = -1
    table.opportunity_luck[rows] = 0


def _advance(table: FirmTable, moving: MovingCosts, onward: Rows) -> tuple[Rows, Array]:
    """Take projects to their next stage: which are done, and what treasuries pay to the others."""
    table.stage[onward] += 1
    kind, stage = table.project[onward], table.stage[onward]
    ends = stage >= moving.stages[kind]
    more, kind, stage = onward[~ends], kind[~ends], stage[~ends]
    share = moving.stage_costs[kind, stage]
    table.quarters_left[more] = moving.stage_quarters[kind, stage]
    table.sunk[more] += share * moving.total(table, more, table.config[more], table.target[more])
    return onward[ends], _paid(table, moving, more, share)


def _start(
    table: FirmTable,
    moving: MovingCosts,
    plans: ValuedPlans,
    free: NDArray[np.bool_],
    regime: int,
) -> tuple[_Entries, Array]:
    """Begin projects, and keep opportunities; what treasuries pay towards first stages."""
    weighed = plans.weighed
    table.opportunity[plans.rows[free]] = weighed.held[free]
    table.opportunity_luck[plans.rows[free]] = weighed.held_luck[free]
    starts = free & (weighed.choice != table.config[plans.rows])
    rows, targets = plans.rows[starts], weighed.choice[starts]
    config = table.config[rows].astype(int)
    table.grant[rows] = moving.granted(table.sector[rows], config, targets, regime)
    started = _Entries.of(table, "announced", rows, targets)
    kind = KINDS_OF_MOVES[from_abroad(table.home[rows]), config, targets]
    first = moving.stage_costs[kind, 0]
    table.target[rows] = targets
    table.project[rows] = kind
    table.stage[rows] = 0
    table.quarters_left[rows] = moving.stage_quarters[kind, 0]
    table.project_luck[rows] = weighed.luck[starts]
    table.sunk[rows] = first * moving.total(table, rows, config, targets)
    return started, _paid(table, moving, rows, first)


def _forget_projects(table: FirmTable, rows: Rows) -> None:
    """Leave nothing of projects that have ended in the table."""
    table.target[rows] = -1
    table.project[rows] = 0
    table.stage[rows] = 0
    table.quarters_left[rows] = 0
    table.sunk[rows] = 0
    table.project_luck[rows] = 0
    table.grant[rows] = 0


def _paid(table: FirmTable, moving: MovingCosts, rows: Rows, share: Array) -> Array:
    """Grants that are due when a share of the cost of projects is paid, shape (sector, host).

    Million USD.
    """
    plants = moving.plants(table, rows, table.config[rows], table.target[rows])
    due = share[:, None] * plants * table.grant[rows]
    sales = table.base_revenue[rows] * table.weight[rows]
    paid = np.zeros((N_FOOTLOOSE, N_HOSTS))
    np.add.at(paid, table.sector[rows], sales[:, None] * due)
    return paid


def _as_moves(
    table: FirmTable,
    settings: FirmAssumptions,
    log: tuple[_Entries, ...],
    spent: Array,
    grants: Array,
) -> Moves:
    """The moves of a quarter; ``spent`` is what was sunk in those of the first entries."""
    rows, before, after, grant = (
        np.concatenate([getattr(entries, name) for entries in log])
        for name in ("rows", "before", "after", "grant")
    )
    lost = np.zeros(len(rows))
    lost[: len(spent)] = spent
    cost = building_costs(table, settings, rows, before, after)
    return Moves(
        rows,
        before,
        after,
        np.repeat([entries.stage for entries in log], [len(entries.rows) for entries in log]),
        cost,
        lost[:, None] * _shared(before, after),
        cost * grant,
        grants,
    )


def building_costs(
    table: FirmTable,
    settings: FirmAssumptions,
    rows: Rows,
    from_config: Rows,
    to_config: Rows,
) -> Array:
    """What the new plants of some moves cost, million USD, shape (move, host).

    A plant costs ``build_cost`` of the yearly sales that it would have in the base year; all
    real firms that a firm stands for.
    """
    sales = table.base_plant_sales[rows, to_config] * OPENED[from_config, to_config]
    yearly = QUARTERS_A_YEAR * (table.base_revenue[rows] * table.weight[rows])[:, None] * sales
    cost: Array = settings.build_cost * yearly
    return cost


def _shared(before: Rows, after: Rows) -> Array:
    """Each new plant's part of a move, shape (move, host)."""
    opened = OPENED[before, after]
    share: Array = opened / np.maximum(opened.sum(axis=1, keepdims=True), 1)
    return share


def _leaves_a_plant(table: FirmTable, rows: Rows, towards: Rows) -> NDArray[np.bool_]:
    """Which moves may be made, so that no sector is left without any plant at a host."""
    closes = table.plants[rows] & ~HAS_PLANT[towards]
    allowed = np.ones(len(rows), np.bool_)
    for sector in np.unique(table.sector[rows[closes.any(axis=1)]]):
        here = table.sector == sector
        for host in range(N_HOSTS):
            standing = table.plants[here, host].sum()
            leaving = np.flatnonzero((table.sector[rows] == sector) & closes[:, host] & allowed)
            if len(leaving) and standing == len(leaving):
                largest = leaving[np.argmax((table.size * table.weight)[rows[leaving]])]
                allowed[largest] = False
    return allowed
