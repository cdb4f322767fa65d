"""Which firms have plants where in the calibration year: drawn evenly, and none missing.

Independent draws would let what stands in a country vary by a tenth and more between seeds in
models of a few thousand firms.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from abm.axes import (
    CONFIGS,
    HAS_PLANT,
    HOSTS,
    N_FOOTLOOSE,
    N_HOMES,
    N_HOSTS,
    NO_PLANT,
)
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from agents import FirmTable

HOSTS_DRAWN = (HOSTS.index("MEX"), HOSTS.index("CAN"), HOSTS.index("USA"))
"""Hosts in the order in which plants are drawn: those with the fewest first."""


LEAST_OWNED = 0.02
"""Share of a sector's output at a host from which on its owners have a plant in any model."""

ROUNDING = 1e-9
"""Chances nearer than this to 0 or 1 are certain."""


def draw_sets(table: FirmTable, standing: Array, draws: Draws) -> None:
    """Draw where firms stand, systematically by home, sector and size.

    Each firm stands in a set of plants with its own long-run probability. Firms of a home, in
    the order of sectors and the smallest first, are gone through host by host: probabilities
    of a plant there, given the hosts drawn already, are cumulated, and a firm has one where
    the sum passes a whole number. So the number of plants of every home, of every sector in
    it and of small firms as of large ones is what is expected, up to one; only which firms
    they are is luck.

    Parameters
    ----------
    table : FirmTable
        How many of the firms of a cell stand is how many it has as founded. Their plants are
        filled in.
    standing : ndarray, shape (firm, config)
        Long-run shares of sets of plants.
    draws : Draws
    """
    order = np.lexsort((table.size, table.sector, table.home))
    home, shares = table.home[order], standing[order]
    luck = draws.uniform("first plants", 0, (N_HOMES, N_HOSTS + 1))[home]
    start = np.flatnonzero(np.diff(home, prepend=-1))
    cells = np.flatnonzero(np.diff(home * np.int64(N_FOOTLOOSE) + table.sector[order], prepend=-1))
    stands = 1 - shares[:, NO_PLANT]
    stands = _as_many(stands, table.founded[order], cells)
    drawn = evenly(stands, luck[:, N_HOSTS], start)
    possible = HAS_PLANT.any(axis=1) == drawn[:, None]
    for host in HOSTS_DRAWN:
        weight = np.where(possible, shares, 0)
        whole = weight.sum(axis=1)
        with_plant = weight @ HAS_PLANT[:, host]
        chance = np.divide(with_plant, whole, out=np.zeros_like(whole), where=whole > 0)
        chosen = evenly(chance, luck[:, host], start)
        possible &= HAS_PLANT[:, host] == chosen[:, None]
    table.config[order] = possible.argmax(axis=1)
    table.plants[:] = HAS_PLANT[table.config]
    table.founded[:] = table.plants.any(axis=1)


def _as_many(chance: Array, stands: NDArray[np.bool_], start: NDArray[np.int64]) -> Array:
    """Chances with which as many firms of each cell stand as are wanted to, on average.

    Odds of a cell are scaled by a common factor.

    Parameters
    ----------
    chance : ndarray, shape (firm,)
        Between 0 and 1.
    stands : ndarray of bool, shape (firm,)
        As many of a cell as are wanted.
    start : ndarray of int, shape (cell,)
        First firm of every cell.

    Returns
    -------
    ndarray, shape (firm,)
    """
    size = np.diff(start, append=len(chance))
    wanted = np.add.reduceat(stands.astype(np.float64), start)
    odds = logit(np.clip(chance, ROUNDING, 1 - ROUNDING))
    low, high = np.full(len(start), -60.0), np.full(len(start), 60.0)
    shift = np.zeros(len(start))
    for _ in range(60):
        shift = (low + high) / 2
        short = np.add.reduceat(expit(odds + np.repeat(shift, size)), start) < wanted
        low, high = np.where(short, shift, low), np.where(short, high, shift)
    scaled: Array = expit(odds + np.repeat(shift, size))
    return scaled


def evenly(chance: Array, luck: Array, start: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Draw firms along their cumulated chances, from one random start a group."""
    running = np.cumsum(chance)
    size = np.diff(start, append=len(chance))
    since = running - np.repeat(running[start] - chance[start], size) + luck
    drawn = np.floor(since) > np.floor(since - chance)
    certain = (chance <= ROUNDING) | (chance >= 1 - ROUNDING)
    picked: NDArray[np.bool_] = np.where(certain, chance > 0.5, drawn)
    return picked


def keep_every_cell_alive(table: FirmTable, made: NDArray[np.bool_]) -> None:
    """Keep the largest firm at home where a sector would otherwise have no plant at a host.

    Where no firm is at home there the largest one from elsewhere has a plant there as well. In
    tiny models it may be that nobody of a sector was drawn to stand; then its largest firm does.
    """
    for sector, host in np.argwhere(made):
        here = table.sector == sector
        if table.plants[here, host].any():
            continue
        stand = here & table.founded
        if not stand.any():
            stand = here
        local = stand & (table.home == host)
        rows = np.flatnonzero(local if local.any() else stand)
        largest = rows[np.argmax(table.size[rows])]
        sisters = [h for h in range(N_HOSTS) if table.plants[largest, h] and not local.any()]
        plants = tuple(HOSTS[h] for h in range(N_HOSTS) if h == host or h in sisters)
        table.config[largest] = CONFIGS.index(plants)
        table.plants[largest] = HAS_PLANT[table.config[largest]]
        table.founded[largest] = True


def keep_every_owner_alive(table: FirmTable, economy: Economy, standing: Array) -> None:
    """Give owners a plant where they make a part of a host's output and none was drawn.

    Of their firms that stand, the one most likely to be there is, the largest of equally likely
    ones; it gives up its other plants if its compatriots have some there.
    """
    for sector, host, home in np.argwhere(economy.owners > LEAST_OWNED):
        theirs = (table.sector == sector) & (table.home == home)
        rows = np.flatnonzero(theirs & table.founded)
        if not economy.makes[sector, host] or not len(rows) or table.plants[rows, host].any():
            continue
        chance = (standing[rows] @ HAS_PLANT[:, host]).round(9)
        likely = rows[np.lexsort((table.size[rows], chance))[-1]]
        others = table.plants[likely]
        spared = table.plants[rows][:, others].sum(axis=0) > 1
        plants = np.zeros(N_HOSTS, bool) if spared.all() else others.copy()
        plants[host] = True
        table.config[likely] = np.flatnonzero((plants == HAS_PLANT).all(axis=1))[0]
        table.plants[likely] = plants
