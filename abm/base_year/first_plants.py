"""Where firms stand in the calibration year, so that it is a rest point.

What a set of plants is worth beyond modelled profit is a constant of the
sector, the firm's home and the set, plus a lasting taste of the firm. The
constants are such that the stationary distribution of the location choice under
base-year policy gives the observed shares of plant sets; every firm then starts
from its own stationary distribution, with projects already under way, so that
expected flows between sets of plants balance from the first quarter on.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from abm.axes import CONFIGS, FOOTLOOSE, HAS_PLANT, HOSTS, N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.core.blocks import blocks
from abm.core.choice.location import (
    LocationProblem,
    choice_probabilities,
    choice_values,
    solve_values,
)
from abm.core.choice.long_run import stationary_distribution
from abm.core.demand.customers import Speeds
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.location.moving_costs import (
    RULED_OUT,
    MovingCosts,
    build_up_costs,
    is_ruled_out,
    location_problem,
    quarterly_review,
)
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable

# Order of the columns: USA, MEX, CAN, USA+MEX, USA+CAN, MEX+CAN, USA+MEX+CAN.
VEHICLE_MAKERS = np.array(
    [
        [0.600, 0.005, 0.005, 0.200, 0.080, 0.005, 0.105],
        [0.005, 0.280, 0.002, 0.550, 0.003, 0.005, 0.155],
        [0.005, 0.002, 0.080, 0.003, 0.650, 0.005, 0.255],
    ]
)
"""Plant sets of makers of cars and light trucks, by home.

10 of 14 brands made in Mexico and 11 of 12 made in Canada are also made in the
USA (Head and Mayer 2019); how that splits over sets is an assumption.
"""

OTHER_MAKERS = np.array(
    [
        [0.900, 0.004, 0.004, 0.050, 0.030, 0.001, 0.011],
        [0.004, 0.950, 0.001, 0.040, 0.001, 0.001, 0.003],
        [0.008, 0.001, 0.900, 0.004, 0.080, 0.002, 0.005],
    ]
)
"""Plant sets of all other makers, by home (assumption: one firm in ten is multinational)."""

NODES = 256
"""Tastes over which the constants are solved; the same for every seed and number of firms."""

SHARE_TOLERANCE = 0.015
"""Gap to the shares of plant sets, themselves rough, at which the search ends.

With little noise in choices the shares change in steps of one node, so the gap may
stay larger; the closest shares found are then taken. The calibration year is a rest
point all the same, because every firm starts from its own stationary distribution.
"""

SHARE_ROUNDS = 20

BLOCK = 1 << 15
"""Firms solved at once while the population is placed."""


LEAST_NOISE = 1e-3
"""Smallest noise at which `_standing` looks for moves likely enough to be computed with."""

GUMBEL_SPREAD = np.pi / np.sqrt(6)

CONFIG_TASTE = 0.5
"""Spread of tastes for a set of plants over that of tastes for its places (assumption)."""


def plant_set_shares() -> Array:
    """Shares of plant sets where every host makes something, shape (sector, home, config)."""
    vehicles = np.isin(FOOTLOOSE, ("cars", "light_trucks"))
    return np.where(vehicles[:, None, None], VEHICLE_MAKERS, OTHER_MAKERS)


def _possible_shares(made: NDArray[np.bool_]) -> Array:
    """Shares of plant sets when each sector has plants only at hosts that make its goods.

    Sets with other hosts get no share, and the remaining shares are scaled up to sum to 1.
    """
    shares = plant_set_shares()
    possible = ~(HAS_PLANT & ~made[:, None]).any(axis=2)
    if possible.all():
        return shares
    shares = np.where(possible[:, None], shares, 0)
    return shares / shares.sum(axis=2, keepdims=True)


def taste_scale(economy: Economy, settings: FirmAssumptions) -> Array:
    """Value of a lasting advantage of a place, share of base-year sales a quarter.

    One log point of unit cost is worth ``margin * (sigma - 1)`` of sales; firms'
    productivities over places have Frechet shape ``location_dispersion``.

    Returns
    -------
    ndarray, shape (sector,)
    """
    scale: Array = economy.margin * (economy.sigma[:N_FOOTLOOSE] - 1) / settings.location_dispersion
    return scale


def _standing(
    problem: LocationProblem, values: Floats, moves: Floats, order: NDArray[np.int64]
) -> Array:
    """Long-run shares of sets of plants.

    With almost no noise there are sets that a firm never leaves, and its long-run shares
    depend on where it started. Its noise is then doubled until it can leave every set.
    Its shares at that noise are nearly all in the set that is worth most.

    Parameters
    ----------
    problem : LocationProblem
        One regime.
    values : ndarray, shape (firm, config)
        Its solution.
    moves : ndarray, shape (firm, config, config)
        Choice probabilities.
    order : ndarray of int, shape (firm, config)
        Sets of plants, the first of which can be reached from all others.

    Returns
    -------
    ndarray, shape (firm, config)
    """
    shares = _long_run(moves, order)
    noise = max(problem.noise, LEAST_NOISE)
    while (stuck := np.flatnonzero(np.isnan(shares[:, 0]))).size:
        noise *= 2
        luckier = replace(problem.take(stuck), noise=noise)
        likelier = choice_probabilities(luckier, values[stuck, :, None])[..., 0]
        shares[stuck] = _long_run(likelier, order[stuck])
    return shares


def _long_run(moves: Floats, order: NDArray[np.int64]) -> Array:
    """Stationary distribution of moves, taken in an order of configurations."""
    firm = np.arange(len(order))[:, None]
    sorted_moves = moves[firm[..., None], order[:, :, None], order[:, None]]
    shares = np.empty(order.shape)
    shares[firm, order] = stationary_distribution(sorted_moves)
    return shares


def _solve_still(
    moving: MovingCosts, payoff: Array, sector: NDArray[np.integer], start: Floats | None
) -> tuple[Floats, Floats, Array]:
    """Values, choice probabilities and long-run shares when policy never changes.

    Returns arrays of shape (firm, config), (firm, config, config) and (firm, config).
    """
    problem = location_problem(
        moving,
        payoff[..., None],
        np.ones((1, 1, 1)),
        np.zeros(len(payoff), np.int64),
        sector,
    )
    values, _ = solve_values(
        problem, start=None if start is None else start[..., None], tolerance=1e-9
    )
    still, moves = values[..., 0], choice_probabilities(problem, values)[..., 0]
    # Sets that are ruled out come last, since they cannot be reached from any other set.
    order = np.argsort(is_ruled_out(payoff), axis=1, kind="stable")
    return still, moves, _standing(problem, still, moves, order)


@lru_cache(maxsize=8)
def _constants(
    settings: FirmAssumptions,
    scales: tuple[float, ...],
    made: tuple[tuple[bool, ...], ...],
    build_up: tuple[float, ...],
) -> Array:
    """Constants by sector, home and configuration, shape (sector, home, config).

    ``made`` says whether a sector (first) has firms at a host (second); ``build_up`` is that of
    `MovingCosts`, its cells in order, none where sales do not take time.
    """
    shape = (N_FOOTLOOSE, N_CONFIGS, N_CONFIGS)
    costs = np.array(build_up).reshape(shape) if build_up else None
    moving = MovingCosts(settings, build_up=costs)
    sector = np.repeat(np.arange(N_FOOTLOOSE), N_HOSTS * NODES)
    tastes = np.stack(
        [place_tastes(Draws(0), NODES, np.full(NODES, home))[1] for home in range(N_HOSTS)]
    )
    target = _possible_shares(np.array(made))
    possible = target > 0
    log_target = np.log(target, out=np.zeros_like(target), where=possible)
    scale = np.array(scales)[:, None, None]
    constants = np.where(possible, scale * log_target, RULED_OUT)
    best, smallest_gap = constants, np.inf
    values = None
    for round_ in range(SHARE_ROUNDS):
        payoff = constants[:, :, None] + scale[..., None] * tastes
        flat = payoff.reshape(-1, N_CONFIGS)
        values, _, standing = _solve_still(moving, flat, sector, values)
        shares = standing.reshape(payoff.shape).mean(axis=2)
        gap = float(np.abs(shares - target).max())
        if gap < smallest_gap:
            best, smallest_gap = constants, gap
        if gap < SHARE_TOLERANCE:
            break
        step = np.where(possible, log_target - np.log(np.maximum(shares, 1 / (4 * NODES))), 0)
        constants = constants + 0.7 / (1 + round_ / 5) * scale * np.clip(step, -0.5, 0.5)
    return best


def place_tastes(draws: Draws, firms: int, home: NDArray[np.integer]) -> tuple[Array, Array]:
    """What draws firms to places: their advantage at hosts, and their taste for sets of plants.

    A firm is at its sector's average at home; abroad its advantage is normal with
    the spread of a Gumbel number. (Frechet productivities would be the textbook
    case, but in their tail one firm in a few hundred makes most of a country's
    exports.) A firm that a place suits also makes a larger part of its products there:
    the firms with plants in Mexico are those that produce well there for export.

    Parameters
    ----------
    draws : Draws
    firms : int
    home : ndarray of int, shape (firm,)

    Returns
    -------
    advantage : ndarray, shape (firm, host)
        In units of one over ``location_dispersion`` log points of productivity.
    taste : ndarray, shape (firm, config)
        Mean advantage over the plants of each set, and a taste of its own.
    """
    advantage = GUMBEL_SPREAD * draws.normal("advantage of places", 0, (firms, N_HOSTS))
    advantage[np.arange(firms), home] = 0
    own = draws.gumbel("taste for plant sets", 0, (firms, N_CONFIGS))
    mean = advantage @ (HAS_PLANT / HAS_PLANT.sum(axis=1, keepdims=True)).T
    return advantage, mean + CONFIG_TASTE * own


def place_firms(
    table: FirmTable, economy: Economy, settings: FirmAssumptions, speeds: Speeds, draws: Draws
) -> Array:
    """Give every firm its tastes, its plants and any project under way.

    Parameters
    ----------
    table : FirmTable
        Filled in place.
    economy : Economy
    settings : FirmAssumptions
    speeds : Speeds
        At which sales of a new plant build up.
    draws : Draws

    Returns
    -------
    ndarray, shape (firm, config)
        Value of every set of plants in the calibration year, share of quarterly sales.
    """
    firms = len(table)
    scales = taste_scale(economy, settings)
    # Whether relocation is switched on matters only from quarter 1 on. Tastes and plants of
    # the calibration year are the same in both cases, so that such runs can be compared.
    always = settings.model_copy(update={"relocation": True})
    made = economy.makes
    build_up = build_up_costs(economy, settings, speeds)
    moving = MovingCosts(settings, build_up=build_up)
    cells = () if build_up is None else tuple(build_up.ravel())
    constants = _constants(always, tuple(scales), tuple(map(tuple, made.tolist())), cells)
    advantage, tastes = place_tastes(draws, firms, table.home)
    dispersion = 2 * (economy.sigma[:N_FOOTLOOSE] - 1)[table.sector, None]
    table.suitability[:] = np.exp(dispersion / settings.location_dispersion * advantage)
    table.location_taste[:] = (
        constants[table.sector, table.home] + scales[table.sector, None] * tastes
    )
    where, project, elapsed = (
        draws.uniform(purpose, 0, firms)
        for purpose in ("first plants", "first project", "first project's age")
    )
    values = np.empty((firms, N_CONFIGS))
    delays = moving.delays
    for rows in blocks(firms, BLOCK):
        payoff = table.location_taste[rows].astype(np.float64)
        values[rows], moves, standing = _solve_still(moving, payoff, table.sector[rows], None)
        config = _pick(standing, where[rows])
        table.config[rows] = config
        onward = moves[np.arange(len(config)), config] * quarterly_review(settings)
        under_way = onward * delays[config]
        target = _pick_or_none(under_way, project[rows])
        table.target[rows] = target
    table.plants[:] = HAS_PLANT[table.config]
    _keep_every_cell_alive(table, made)
    _age_projects(table, settings, elapsed)
    _favour_projects(table, moving, values, draws)
    table.moved_from_home[:] = table.plants[:, HOSTS.index("USA")]
    return values


def _pick(probabilities: Array, uniform: Array) -> NDArray[np.int64]:
    """Index drawn from each row of probabilities that sum to one."""
    below = np.cumsum(probabilities, axis=1)[:, :-1] <= uniform[:, None]
    return below.sum(axis=1)


def _pick_or_none(probabilities: Floats, uniform: Array) -> NDArray[np.int64]:
    """Index drawn from each row of probabilities; -1 with the probability left up to one."""
    below = np.cumsum(probabilities, axis=1) <= uniform[:, None]
    index = below.sum(axis=1)
    return np.where(index == probabilities.shape[1], -1, index)


def _keep_every_cell_alive(table: FirmTable, made: NDArray[np.bool_]) -> None:
    """Keep the largest firm at home where a sector would otherwise have no plant at a host."""
    for sector, host in np.argwhere(made):
        here = table.sector == sector
        if table.plants[here, host].any():
            continue
        rows = np.flatnonzero(here & (table.home == host))
        largest = rows[np.argmax(table.size[rows] * table.weight[rows])]
        table.config[largest] = CONFIGS.index((HOSTS[host],))
        table.plants[largest] = HAS_PLANT[table.config[largest]]
        table.target[largest] = -1


def _favour_projects(table: FirmTable, moving: MovingCosts, values: Array, draws: Draws) -> None:
    """Draw the taste shocks of projects under way, given that they were chosen.

    A project was chosen because the shock in its favour exceeded what it is worth less
    than staying. The difference of two Gumbel numbers, given that it exceeds a high
    threshold, exceeds it by an exponential number.
    """
    building = np.flatnonzero(table.target >= 0)
    problem = location_problem(
        moving,
        table.location_taste[building, :, None].astype(np.float64),
        np.ones((1, 1, 1)),
        np.zeros(len(building), np.int64),
        table.sector[building],
    )
    worth = choice_values(
        problem, values[building, :, None], config=table.config[building], regime=0
    )
    each = np.arange(len(building))
    shortfall = worth[each, table.config[building]] - worth[each, table.target[building]]
    beyond = -np.log(draws.uniform("luck of first projects", 0, len(building), ids=building))
    table.project_taste[building] = np.maximum(shortfall, 0) + moving.settings.choice_noise * beyond


def _age_projects(table: FirmTable, settings: FirmAssumptions, elapsed: Array) -> None:
    """Spread projects under way evenly over their stages."""
    building = np.flatnonzero(table.target >= 0)
    ends = np.cumsum(settings.stage_quarters)
    age = (elapsed[building] * ends[-1]).astype(np.int64)
    stage = np.searchsorted(ends, age, side="right")
    table.stage[building] = stage
    table.quarters_left[building] = ends[stage] - age
    paid = np.cumsum(settings.stage_cost_shares)[stage]
    costs = MovingCosts(settings).total[table.config[building], table.target[building]]
    table.sunk[building] = paid * costs
