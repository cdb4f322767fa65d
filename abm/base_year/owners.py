"""StandingMakers by home: how many stand in North America in the calibration year, and where.

Shares of output by owner's home are observed or assumed, host by host. Where makers of a home
stand follows from a first guess of their sets of plants, changed no more than it takes for
owners to make their shares. What a maker sells from a host depends on its home as well, since
buyers want goods of their own country's makers more, so owners' masses differ from their
shares of output; what is left over is mended when the year is calibrated (`as_owned`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import (
    FOOTLOOSE,
    HAS_PLANT,
    N_CONFIGS,
    N_FOOTLOOSE,
    N_HOMES,
    N_HOSTS,
    N_REGIONS,
    NO_PLANT,
    USA,
    VEHICLES,
)
from abm.economy.tables import Array, Economy
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

# Order of the columns: USA, MEX, CAN, USA+MEX, USA+CAN, MEX+CAN, USA+MEX+CAN.
VEHICLE_MAKERS = np.array(
    [
        [0.600, 0.005, 0.005, 0.200, 0.080, 0.005, 0.105],
        [0.005, 0.280, 0.002, 0.550, 0.003, 0.005, 0.155],
        [0.005, 0.002, 0.080, 0.003, 0.650, 0.005, 0.255],
        [0.300, 0.300, 0.050, 0.200, 0.050, 0.020, 0.080],
        [0.300, 0.200, 0.050, 0.250, 0.050, 0.020, 0.130],
    ]
)
"""First guess of plant sets of makers of cars and light trucks, by home.

10 of 14 brands made in Mexico and 11 of 12 made in Canada are also made in the
USA (Head and Mayer 2019); how that splits over sets is an assumption.
"""

OTHER_MAKERS = np.array(
    [
        [0.900, 0.004, 0.004, 0.050, 0.030, 0.001, 0.011],
        [0.004, 0.950, 0.001, 0.040, 0.001, 0.001, 0.003],
        [0.008, 0.001, 0.900, 0.004, 0.080, 0.002, 0.005],
        [0.600, 0.250, 0.050, 0.060, 0.020, 0.005, 0.015],
        [0.600, 0.200, 0.100, 0.050, 0.030, 0.005, 0.015],
    ]
)
"""First guess of all other makers, by home (assumption: one firm in ten is multinational)."""

FITTING_ROUNDS = 500
"""Most rounds in which masses are scaled to owners' shares, and sets of plants to masses."""

FITTED = 1e-6
"""Relative gap at which they end."""

EXPECTING_ROUNDS = 30
"""Rounds in which weights are moved to the masses expected of cells."""

MOST_MOVED = 4.0
"""Factor by which a weight may be moved to that end."""

RAREST = 1e-5
"""Least share of a set of plants that is possible, so that nobody is barred from it for ever."""

_IN_SET = HAS_PLANT / np.sqrt(np.maximum(HAS_PLANT.sum(axis=1, keepdims=True), 1))
"""What a plant sells against the only plant of a like firm: sisters take from each other."""


@dataclass(frozen=True)
class StandingMakers:
    """StandingMakers that stand in North America in the calibration year.

    Attributes
    ----------
    real : ndarray, shape (sector, home)
        Real firms that they stand for.
    output : ndarray, shape (sector, home)
        What their plants make, million USD a year.
    size : ndarray, shape (sector, home)
        Mean size, that of an American establishment being 1.
    sets : ndarray, shape (sector, home, config)
        Shares of sets of plants; none has no plant. Sums to 1.
    """

    real: Array
    output: Array
    size: Array
    sets: Array


def first_guess() -> Array:
    """Shares of plant sets before they are scaled, shape (sector, home, config)."""
    vehicles = np.isin(FOOTLOOSE, VEHICLES)
    guess = np.zeros((N_FOOTLOOSE, N_HOMES, N_CONFIGS))
    some = np.arange(N_CONFIGS) != NO_PLANT
    guess[..., some] = np.where(vehicles[:, None, None], VEHICLE_MAKERS, OTHER_MAKERS)
    return guess


def standing_makers(economy: Economy, settings: FirmAssumptions) -> StandingMakers:
    """StandingMakers that stand in the calibration year, by home.

    Parameters
    ----------
    economy : Economy
    settings : FirmAssumptions
        Without foreign firms every host's output is that of makers at home there.

    Returns
    -------
    StandingMakers
    """
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].T
    sets = _possible(first_guess(), economy.makes)
    owners = economy.owners if settings.foreign_firms else np.eye(N_HOSTS, N_HOMES)[None]
    made = output[..., None] * owners
    mass = made.sum(axis=1)
    if settings.foreign_firms:
        guess = sets * output.sum(axis=1)[:, None, None]
        placed = _placed(guess, _owners_mass(economy, settings.home_appeal))
        mass = placed.sum(axis=2)
        owned = mass[..., None] > 0
        sets = np.maximum(
            np.where(owned, placed / np.where(owned, mass[..., None], 1), sets),
            RAREST * (sets > 0),
        )
        sets /= sets.sum(axis=2, keepdims=True)
    real = _real_firms(economy, made)
    per_firm = np.divide(mass, real, out=np.zeros_like(mass), where=real > 0)
    return StandingMakers(
        real, made.sum(axis=1), per_firm / _output_per_establishment(economy)[USA], sets
    )


def _possible(shares: Array, made: NDArray[np.bool_]) -> Array:
    """Shares when each sector has plants only at hosts that make its goods, scaled up to 1."""
    possible = ~(HAS_PLANT & ~made[:, None]).any(axis=2)
    if possible.all():
        return shares
    shares = np.where(possible[:, None], shares, 0)
    return shares / shares.sum(axis=2, keepdims=True)


def _output_per_establishment(economy: Economy) -> Array:
    """Mean output of a real establishment by host, million USD a year, shape (host,).

    Establishments are split over sectors by output, so every sector has the host's mean.
    """
    per_establishment: Array = (
        economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1) / economy.establishments
    )
    return per_establishment


def _real_firms(economy: Economy, made: Array) -> Array:
    """Real firms by home, from what owners make at every host, shape (sector, home).

    Abroad an owner's plants are as large as American ones (assumption); what is left of a
    host's establishments belongs to owners at home there, a firm each. So Mexico, which counts
    more than half of North America's manufacturing establishments and makes a ninth of its
    goods, has many small makers of its own beside few large ones from abroad.
    """
    size = _output_per_establishment(economy)
    abroad = made.copy()
    for host in range(N_HOSTS):
        abroad[:, host, host] = 0
    plants = abroad / size[USA]
    real = plants.sum(axis=1)
    there = made.sum(axis=2) / size
    least = made.diagonal(axis1=1, axis2=2) / size.max()  # no larger than the largest are
    real[:, :N_HOSTS] += np.maximum(there - plants.sum(axis=2), least)
    firms: Array = np.where(made.sum(axis=1) > 0, real, 0)
    return firms


def appeal_by_home(home_appeal: float) -> NDArray[np.float32]:
    """Appeal of a maker to buyers by its home, 1 at home, shape (home, market)."""
    at_home = np.eye(N_HOMES, N_REGIONS, dtype=np.float32)
    appeal: NDArray[np.float32] = at_home + (1 - at_home) / np.float32(home_appeal)
    return appeal


def _owners_mass(economy: Economy, home_appeal: float) -> Array:
    """Mass of owners' plants that makes them sell their shares, shape (sector, home, host).

    The masses of a host sum to its output.
    """
    final = economy.final_demand[:N_HOSTS, :N_FOOTLOOSE]
    inputs = economy.intermediate_use[:N_HOSTS, :N_FOOTLOOSE].sum(axis=3)
    sold = np.moveaxis(final + inputs, 0, 1)[:, None]  # (sector, 1, host, market)
    wanted = np.moveaxis(economy.owners, 1, 2)
    wanted = wanted * sold.sum(axis=3)
    appeal = appeal_by_home(home_appeal).astype(np.float64)[:, None]
    mass = wanted.copy()
    for _ in range(FITTING_ROUNDS):
        offered = mass[..., None] * appeal
        whole = np.broadcast_to(offered.sum(axis=1, keepdims=True), offered.shape)
        share = np.divide(offered, whole, out=np.zeros_like(offered), where=whole > 0)
        makes = (share * sold).sum(axis=3)
        off = np.divide(wanted, makes, out=np.zeros_like(mass), where=makes > 0)
        mass *= off
        if np.abs(off - 1)[wanted > 0].max(initial=0) < FITTED:
            break
    total = np.broadcast_to(mass.sum(axis=1, keepdims=True), mass.shape)
    whole = np.broadcast_to(wanted.sum(axis=1, keepdims=True), mass.shape)
    scaled: Array = np.divide(mass * whole, total, out=np.zeros_like(mass), where=total > 0)
    return scaled


def _placed(guess: Array, wanted: Array) -> Array:
    """Masses by set of plants that are as wanted at every host.

    Generalised iterative scaling: among all that are as wanted it finds those closest to the
    guess, in relative entropy.

    Parameters
    ----------
    guess : ndarray, shape (sector, home, config)
    wanted : ndarray, shape (sector, home, host)

    Returns
    -------
    ndarray, shape (sector, home, config)
    """
    power = _IN_SET / _IN_SET.sum(axis=1).max()
    placed = guess.copy()
    for _ in range(FITTING_ROUNDS):
        makes = placed @ _IN_SET
        off = np.divide(wanted, makes, out=np.zeros_like(makes), where=makes > 0)
        placed = placed * np.prod(off[:, :, None] ** power, axis=3)
        if np.abs(off - 1)[wanted > 0].max(initial=0) < FITTED:
            break
    return placed


def as_expected(table: FirmTable, each: Array, wanted: Array) -> None:
    """Move weights until plants of every cell make what they should.

    Which firms have a plant where is luck, and in small models much of it. Weights, the
    numbers of real firms that modelled ones stand for, take it out.

    Parameters
    ----------
    table : FirmTable
        With plants; weights and sizes are changed in place.
    each : ndarray, shape (firm, host)
        What the plants of one real firm make, 0 where it has none.
    wanted : ndarray, shape (sector, home, host)
    """
    before = table.weight.copy()
    for _ in range(EXPECTING_ROUNDS):
        found = by_owner(table, table.weight[:, None] * each)
        off = np.divide(wanted, found, out=np.ones_like(found), where=(found > 0) & (wanted > 0))
        _reweigh(table, np.moveaxis(off, 1, 2))
        np.clip(table.weight, before / MOST_MOVED, before * MOST_MOVED, out=table.weight)
    _keep_number(table, before)


def as_owned(table: FirmTable, wanted: Array, made: Array) -> None:
    """Move masses towards owners' shares of output.

    Weights are moved, and where firms of a sector and home then stand for more real ones than
    there are, all of them become larger instead.

    Parameters
    ----------
    table : FirmTable
        Weights and sizes are changed in place.
    wanted : ndarray, shape (sector, host, home)
        Shares of each host's output. Owners without a plant at a host are left out.
    made : ndarray, shape (sector, host, home)
        Output in this round.
    """
    wanted = np.where(made > 0, wanted, 0)
    asked, share = (
        np.divide(
            each,
            each.sum(axis=2, keepdims=True),
            out=np.zeros_like(made),
            where=each.sum(axis=2, keepdims=True) > 0,
        )
        for each in (wanted, made)
    )
    off = np.divide(asked, share, out=np.ones_like(share), where=(share > 0) & (asked > 0))
    before = table.weight.copy()
    _reweigh(table, off)
    _keep_number(table, before)


def _keep_number(table: FirmTable, before: Array) -> None:
    """Let firms of a sector and home stand for as many real ones as before, of another size.

    Firms from abroad without a plant keep their weights, and so move as the others on average.
    """
    cell = table.sector.astype(np.int64) * N_HOMES + table.home
    stands = table.plants.any(axis=1)
    was, now = (
        np.bincount(cell, weight * stands, N_FOOTLOOSE * N_HOMES)
        for weight in (before, table.weight)
    )
    factor = np.divide(now, was, out=np.ones_like(now), where=was > 0)[cell]
    table.weight[:] /= np.where(stands | (table.home < N_HOSTS), factor, 1)
    table.size[:] *= factor


def by_owner(table: FirmTable, amount: Array) -> Array:
    """Sum of what firms make at each host by sector and home, shape (sector, home, host)."""
    cell = table.sector.astype(np.int64) * N_HOMES + table.home
    at = [np.bincount(cell, here, N_FOOTLOOSE * N_HOMES) for here in amount.T]
    return np.stack(at, axis=1).reshape(N_FOOTLOOSE, N_HOMES, N_HOSTS)


def _reweigh(table: FirmTable, off: Array) -> None:
    """Multiply weights by what plants should be over what they are, shape (sector, host, home).

    A firm with several plants is moved by the geometric mean; one that is not founded by what
    moves those at home, so that firms that close and are founded take each other's place.
    """
    each = np.log(off)[table.sector, :, table.home]
    slots = ~table.plants.any(axis=1) & (table.home < N_HOSTS)
    at_home = table.home[:, None] == np.arange(N_HOSTS)
    plants = table.plants | (slots[:, None] & at_home)
    table.weight[:] *= np.exp((each * plants).sum(axis=1) / np.maximum(plants.sum(axis=1), 1))
