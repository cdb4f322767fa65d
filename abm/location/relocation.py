"""How firms carry out what they have decided: projects advance, plants open and close."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, N_HOSTS
from abm.economy.tables import Array
from abm.location.moving_costs import build_delays, move_costs
from abm.location.review import ValuedPlans
from abm.scenario.scenario import FirmAssumptions
from agents import FirmTable

MOVE_COLUMNS = ("quarter", "sector", "from_config", "to_config", "stage", "firms", "weight")


@dataclass(frozen=True)
class Moves:
    """What changed in a quarter, one entry a firm and stage.

    Attributes
    ----------
    rows, from_config, to_config : ndarray of int, shape (move,)
    stage : tuple of str
        ``announced``, ``completed`` or ``cancelled``.
    cost : ndarray, shape (move, host)
        What the plants of the move cost to build, million USD; nothing where none is new.
    lost : ndarray, shape (move, host)
        The part that was spent on plants that are now given up, million USD.
    """

    rows: NDArray[np.int64]
    from_config: NDArray[np.int64]
    to_config: NDArray[np.int64]
    stage: NDArray[np.str_]
    cost: Array
    lost: Array

    def records(self, table: FirmTable, quarter: int) -> list[tuple[object, ...]]:
        """Firms and real firms by sector, sets of plants and stage, as `MOVE_COLUMNS`."""
        found: dict[tuple[object, ...], list[float]] = {}
        for row, origin, target, stage in zip(
            self.rows, self.from_config, self.to_config, self.stage, strict=True
        ):
            key = (
                quarter,
                FOOTLOOSE[table.sector[row]],
                CONFIG_LABELS[origin],
                CONFIG_LABELS[target],
                str(stage),
            )
            entry = found.setdefault(key, [0, 0.0])
            entry[0] += 1
            entry[1] += float(table.weight[row])
        return [(*key, count, weight) for key, (count, weight) in sorted(found.items())]


def relocate(table: FirmTable, settings: FirmAssumptions, plans: ValuedPlans) -> Moves:
    """Start, advance, cancel and complete projects; close plants at once.

    At least one plant of every sector stays at every host that has any, so that no
    market loses its only modelled source from one quarter to the next.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    settings : FirmAssumptions
    plans : ValuedPlans

    Returns
    -------
    Moves
    """
    stages = len(settings.stage_quarters)
    delays, costs = build_delays(settings), move_costs(settings)
    rows, building = plans.rows, table.target[plans.rows] >= 0
    log: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], str]] = []

    under_way = table.target >= 0
    table.quarters_left[under_way] -= 1
    gate = rows[building]
    stopped = gate[~plans.goes_on[building]]
    spent = table.sunk[stopped] * table.base_revenue[stopped] * table.weight[stopped]
    onward = gate[plans.goes_on[building]]
    log.append(
        (stopped, table.config[stopped].astype(int), table.target[stopped].astype(int), "cancelled")
    )
    table.target[stopped] = -1
    table.stage[onward] += 1
    done = onward[table.stage[onward] == stages]
    more = onward[table.stage[onward] < stages]
    table.quarters_left[more] = np.array(settings.stage_quarters)[table.stage[more]]
    table.sunk[more] += (
        np.array(settings.stage_cost_shares)[table.stage[more]]
        * costs[table.config[more], table.target[more]]
    )

    free = rows[~building]
    choice = plans.worth[~building].argmax(axis=1)
    moving = choice != table.config[free]
    each = np.arange(len(free))
    drawn = plans.taste[~building]
    luck = (drawn[each, choice] - drawn[each, table.config[free]])[moving]
    free, choice = free[moving], choice[moving]
    delayed = delays[table.config[free], choice] > 0
    starts, targets = free[delayed], choice[delayed]
    log.append((starts, table.config[starts].astype(int), targets, "announced"))
    table.target[starts] = targets
    table.stage[starts] = 0
    table.quarters_left[starts] = settings.stage_quarters[0]
    table.project_taste[starts] = luck[delayed]
    table.sunk[starts] = settings.stage_cost_shares[0] * costs[table.config[starts], targets]

    settle = np.concatenate([done, free[~delayed]])
    towards = np.concatenate([table.target[done].astype(int), choice[~delayed]])
    settle, towards = _without_last_plants(table, settle, towards)
    log.append((settle, table.config[settle].astype(int), towards, "completed"))
    table.config[settle] = towards
    table.plants[settle] = HAS_PLANT[towards]
    table.target[done] = -1
    ended = np.concatenate([stopped, done])
    table.stage[ended] = 0
    table.quarters_left[ended] = 0
    table.sunk[ended] = 0
    table.project_taste[ended] = 0
    moved, before, after = (np.concatenate([entry[n] for entry in log]) for n in range(3))
    lost = np.zeros(len(moved))
    lost[: len(stopped)] = spent  # what is cancelled stands first in the log
    return Moves(
        moved,
        before,
        after,
        np.repeat([entry[3] for entry in log], [len(entry[0]) for entry in log]),
        building_costs(table, settings, moved, before, after),
        lost[:, None] * _shared(before, after),
    )


def building_costs(
    table: FirmTable,
    settings: FirmAssumptions,
    rows: NDArray[np.int64],
    from_config: NDArray[np.int64],
    to_config: NDArray[np.int64],
) -> Array:
    """What the new plants of some moves cost, million USD, shape (move, host).

    A plant costs ``build_cost`` of the yearly sales that it takes over, sales of the
    base year being split evenly over a set; all real firms that a firm stands for.
    """
    yearly_sales = 4 * table.base_revenue[rows] * table.weight[rows]
    a_plant = settings.build_cost * yearly_sales / HAS_PLANT[to_config].sum(axis=1)
    cost: Array = a_plant[:, None] * _opened(from_config, to_config)
    return cost


def _opened(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a move adds a plant, shape (move, host)."""
    opened: NDArray[np.bool_] = ~HAS_PLANT[before] & HAS_PLANT[after]
    return opened


def _shared(before: NDArray[np.int64], after: NDArray[np.int64]) -> Array:
    """Each new plant's part of a move, shape (move, host)."""
    opened = _opened(before, after)
    share: Array = opened / np.maximum(opened.sum(axis=1, keepdims=True), 1)
    return share


def _without_last_plants(
    table: FirmTable, rows: NDArray[np.int64], towards: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Drop moves that would leave a sector without any plant at a host."""
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
    return rows[allowed], towards[allowed]
