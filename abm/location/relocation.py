"""How firms carry out what they have decided: projects advance, plants open and close."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.location.moving_costs import OPENED, SIZE, MovingCosts
from abm.location.review import ValuedPlans
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Moves:
    """What changed in a quarter, one entry a firm and stage.

    Attributes
    ----------
    rows, from_config, to_config : ndarray of int, shape (move,)
    stage : ndarray of str, shape (move,)
        ``announced``, ``completed`` or ``cancelled``.
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
    """Start, advance, cancel and complete projects; close plants at once.

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
    at_gate, goes_on = plans.rows[building], plans.goes_on[building]
    stopped, onward = at_gate[~goes_on], at_gate[goes_on]
    given_up = _Entries.of(table, "cancelled", stopped, table.target[stopped])
    spent = table.sunk[stopped] * table.base_revenue[stopped] * table.weight[stopped]
    done, grants = _advance(table, moving, onward)

    movers, choice, luck = _decided(table, plans, ~building)
    table.grant[movers] = moving.granted(table.sector[movers], table.config[movers], choice, regime)
    waits = moving.delays[table.config[movers], choice] > 0
    started = _Entries.of(table, "announced", movers[waits], choice[waits])
    grants += _start(table, moving, started, luck[waits])

    settle = np.concatenate([done, movers[~waits]])
    towards = np.concatenate([table.target[done].astype(int), choice[~waits]])
    may = _leaves_a_plant(table, settle, towards)
    settled = _Entries.of(table, "completed", settle[may], towards[may])
    at_once = np.arange(len(settle))[may] >= len(done)
    grants += _paid(table, moving, settled.rows[at_once], settled.after[at_once], np.ones(1))
    table.config[settled.rows] = settled.after
    table.plants[settled.rows] = HAS_PLANT[settled.after]
    table.founded[settled.rows] |= HAS_PLANT[settled.after].any(axis=1)
    _forget_projects(table, np.concatenate([stopped, settle]))
    return _as_moves(table, moving.settings, (given_up, started, settled), spent, grants)


def _advance(table: FirmTable, moving: MovingCosts, onward: Rows) -> tuple[Rows, Array]:
    """Take projects to their next stage: which are done, and what treasuries pay to the others."""
    settings = moving.settings
    stages = len(settings.stage_quarters)
    table.stage[onward] += 1
    done = onward[table.stage[onward] == stages]
    more = onward[table.stage[onward] < stages]
    share = np.array(settings.stage_cost_shares)[table.stage[more]]
    table.quarters_left[more] = np.array(settings.stage_quarters)[table.stage[more]]
    table.sunk[more] += share * moving.total[table.config[more], table.target[more]]
    return done, _paid(table, moving, more, table.target[more], share)


def _decided(
    table: FirmTable, plans: ValuedPlans, free: NDArray[np.bool_]
) -> tuple[Rows, Rows, Array]:
    """Firms that choose another set of plants, which one, and the luck that spoke for it."""
    rows = plans.rows[free]
    choice = plans.worth[free].argmax(axis=1)
    each, drawn = np.arange(len(rows)), plans.taste[free]
    luck = drawn[each, choice] - drawn[each, table.config[rows]]
    moves = choice != table.config[rows]
    return rows[moves], choice[moves], luck[moves]


def _start(table: FirmTable, moving: MovingCosts, started: _Entries, luck: Array) -> Array:
    """Begin projects; what treasuries pay towards their first stage."""
    rows, targets, first = started.rows, started.after, moving.settings.stage_cost_shares[0]
    table.target[rows] = targets
    table.stage[rows] = 0
    table.quarters_left[rows] = moving.settings.stage_quarters[0]
    table.project_taste[rows] = luck
    table.sunk[rows] = first * moving.total[table.config[rows], targets]
    return _paid(table, moving, rows, targets, np.full(1, first))


def _forget_projects(table: FirmTable, rows: Rows) -> None:
    """Leave nothing of projects that have ended in the table."""
    table.target[rows] = -1
    table.stage[rows] = 0
    table.quarters_left[rows] = 0
    table.sunk[rows] = 0
    table.project_taste[rows] = 0
    table.grant[rows] = 0


def _paid(
    table: FirmTable, moving: MovingCosts, rows: Rows, targets: NDArray[np.integer], share: Array
) -> Array:
    """Grants that are due when some of the cost of moves is paid, shape (sector, host).

    Million USD; ``share`` of the cost of each move, or of all, is paid.
    """
    due = share[:, None] * moving.plants[table.config[rows], targets] * table.grant[rows]
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

    A plant costs ``build_cost`` of the yearly sales that it takes over, sales of the
    base year being split evenly over a set; all real firms that a firm stands for.
    """
    yearly_sales = 4 * table.base_revenue[rows] * table.weight[rows]
    a_plant = settings.build_cost * yearly_sales / SIZE[to_config]
    cost: Array = a_plant[:, None] * OPENED[from_config, to_config]
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
