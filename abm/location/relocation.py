"""What firms expect of every set of plants, and what they then do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import CONFIG_LABELS, FOOTLOOSE, N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.core.beliefs import adaptive_transitions, myopic_transitions
from abm.core.location import continue_or_cancel
from abm.core.markets import config_revenue
from abm.core.sourcing import blocks
from abm.economy.last_quarter import Calibration
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import HAS_PLANT, build_delays, move_costs, quarterly_review
from abm.location.valuation import projects_at_gates, weigh
from abm.policy.regimes import Policy
from abm.scenario.scenario import Firms
from abm.trade.input_prices import sector_rows
from abm.trade.market_clearing import FINAL, REACH_EXPONENT, MarketState, make_offer
from abm.trade.this_quarter import Quarter
from agents import FirmTable

MOVE_COLUMNS = ("quarter", "sector", "from_config", "to_config", "stage", "firms", "weight")


def reviewing(table: FirmTable, settings: Firms, quarter: int) -> NDArray[np.int64]:
    """Rows of firms whose clock strikes or whose project ends a stage this quarter.

    None where relocation is switched off.
    """
    if not settings.relocation:
        return np.empty(0, np.int64)
    rate = quarterly_review(settings)
    now = np.floor(table.review_offset + quarter * rate)
    before = np.floor(table.review_offset + (quarter - 1) * rate)
    at_gate = (table.target >= 0) & (table.quarters_left <= 1)
    due = (now > before) & (table.target < 0)
    return np.flatnonzero(due | at_gate)


def believed_transitions(
    policy: Policy, quarter: int, counts: Array, prior_quarters: float, hazard: float = 1.0
) -> Array:
    """How each belief type expects policy to change, shape (belief, regime, regime).

    Parameters
    ----------
    policy : Policy
    quarter : int
        The current one; only what is announced by then is known.
    counts : ndarray, shape (regime, regime)
        Changes seen so far.
    prior_quarters : float
        Weight of the announced chain in adaptive beliefs.
    hazard : float
        Factor on the arrival of the threat, as governments now stand.
    """
    announced = policy.forward_transitions(quarter, hazard)
    return np.stack(
        [
            myopic_transitions(len(announced)),
            adaptive_transitions(announced, prior_quarters, counts),
            announced,
        ]
    )


def config_revenues(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Array:
    """Quarterly sales of some firms with every set of plants under every regime.

    Parameters
    ----------
    quarter : Quarter
    market : MarketState
        What a unit of appeal would earn under each regime.
    rows : ndarray of int, shape (firm,)
        In rising order.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Million USD at the border for one real firm of size one.
    """
    regimes = len(quarter.policy.regimes)
    revenue = np.empty((len(rows), N_CONFIGS, regimes))
    starts = [span.start for span in sector_rows(quarter.table)]
    edges = np.searchsorted(rows, [*starts, len(quarter.table)])
    every = [
        (sector, slice(edges[sector] + some.start, edges[sector] + some.stop), regime)
        for sector in range(N_FOOTLOOSE)
        for some in blocks(edges[sector + 1] - edges[sector])
        for regime in range(regimes)
    ]

    def earn(block: tuple[int, slice, int]) -> None:
        sector, some, regime = block
        offer = make_offer(quarter, sector, rows[some], regime)
        unit = market.unit_revenue(sector, regime).astype(np.float32)
        earned = np.repeat(unit[None], len(offer.reach), axis=0)
        earned[:, :, FINAL] /= offer.mark_on
        earned *= offer.home_appeal[:, None, None, :]
        revenue[some, :, regime] = config_revenue(offer.reach, earned, HAS_PLANT, REACH_EXPONENT)

    in_parallel(earn, every)
    return revenue


def payoffs(
    table: FirmTable,
    calibration: Calibration,
    policy: Policy,
    revenue: Array,
    rows: NDArray[np.int64],
) -> Array:
    """Profit of every set of plants over the calibration year's, plus taste.

    Parameters
    ----------
    revenue : ndarray, shape (firm, config, regime)
        From `config_revenues`.
    rows : ndarray of int, shape (firm,)

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Share of the firm's base-year sales.
    """
    margin = calibration.margin[table.sector[rows]][:, None, None]
    price = calibration.price_ratio(policy.markup_scale)[table.sector[rows]][:, None, :]
    margin_now = 1 - (1 - margin) / price
    per_size = (table.base_revenue[rows] / table.size[rows])[:, None, None]
    base = table.base_config_revenue[rows, :, None]
    taste = table.location_taste[rows, :, None]
    gain: Array = margin_now * revenue / per_size - margin * base + taste
    return gain


@dataclass(frozen=True)
class Plans:
    """What the firms that reconsider this quarter find best.

    Attributes
    ----------
    rows : ndarray of int, shape (firm,)
    worth : ndarray, shape (firm, config)
        Present value of choosing each set of plants now, share of quarterly sales.
    taste : ndarray, shape (firm, config)
        The part of it that is this review's luck.
    goes_on : ndarray of bool, shape (firm,)
        For firms that are building: whether the project continues.
    """

    rows: NDArray[np.int64]
    worth: Array
    taste: Array
    goes_on: NDArray[np.bool_]


def value_plans(
    table: FirmTable,
    settings: Firms,
    payoff: Array,
    transitions: Array,
    values: Array,
    rows: NDArray[np.int64],
    regime: int,
    quarter: int,
    draws: Draws,
) -> Plans:
    """Value every set of plants of the reviewing firms, noise included.

    Parameters
    ----------
    table : FirmTable
    settings : Firms
    payoff : ndarray, shape (firm, config, regime)
    transitions : ndarray, shape (belief, regime, regime)
    values : ndarray, shape (all firms, config, regime)
        Warm starts; those of ``rows`` are replaced by the solution.
    rows : ndarray of int, shape (firm,)
    regime, quarter : int
    draws : Draws

    Returns
    -------
    Plans
    """
    weighed = weigh(table, settings, payoff, transitions, values[rows], rows, regime)
    values[rows] = weighed.values
    noise = draws.gumbel("review", quarter, (len(rows), N_CONFIGS), ids=rows)
    taste = settings.choice_noise * noise
    building = table.target[rows] >= 0
    goes_on = np.zeros(len(rows), np.bool_)
    if building.any():
        some = rows[building]
        on, off, _ = continue_or_cancel(
            weighed.problem.take(building),
            weighed.values[building],
            projects_at_gates(table, settings, some),
            regime,
        )
        # What spoke for the project when it was chosen still does.
        goes_on[building] = on + table.project_taste[some] >= off
    return Plans(rows, weighed.worth + taste, taste, goes_on)


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


def relocate(table: FirmTable, settings: Firms, plans: Plans) -> Moves:
    """Start, advance, cancel and complete projects; close plants at once.

    The last plants of a sector at a host stay, so that no market loses its only
    modelled source overnight.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    settings : Firms
    plans : Plans

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
    settings: Firms,
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
