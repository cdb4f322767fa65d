"""Firms that fit the economy: how many, how large, and how they differ.

Plant sizes follow Zipf's law between a smallest and a largest establishment, both
as much smaller than American ones as the country's establishments are on average. A
model with fewer firms than the real economy draws large plants more often than
small ones and gives each firm a weight, the number of real ones it stands for,
so that every firm carries a similar share of output; with one firm per real
establishment all weights are one.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from abm import data
from abm.axes import BELIEFS, FOOTLOOSE, HOSTS, N_CONFIGS, N_FOOTLOOSE, N_GOODS, N_HOSTS, N_REGIONS
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.errors import CalibrationError
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable

SMALLEST_FIRMS = 100
"""A few for every sector of every host; with fewer the trade matrix is not reproduced."""

SIZE_RANGE = 930.0
"""Largest over smallest establishment.

With a Zipf exponent of 1.06 this puts 15% of jobs into the largest 0.3% of
plants, those above 1,000 workers, and 75% of plants below 20 workers, as the
Census Bureau counts them (County Business Patterns 2015-16).
"""


def real_establishments(economy: Economy) -> Array:
    """Real manufacturing establishments by sector and host, in proportion to output.

    Returns
    -------
    ndarray, shape (sector, host)
    """
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].T
    real: Array = economy.establishments * output / output.sum(axis=0)
    return real


def size_of_establishments(economy: Economy) -> Array:
    """Mean size of a real establishment by host, relative to the American one.

    Mexico counts more than half of North America's manufacturing establishments and makes
    a ninth of its goods. A firm keeps the size of its home wherever it opens a plant.

    Returns
    -------
    ndarray, shape (host,)
    """
    # Establishments are split over sectors by output, so every sector has the host's mean.
    mean = economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1) / economy.establishments
    size: Array = mean / mean[HOSTS.index("USA")]
    return size


def firms_per_cell(economy: Economy, firms: int) -> NDArray[np.int64]:
    """How many modelled firms each sector has at each host.

    In small models counts follow the square root of output, so that no cell is a
    handful of firms; they approach the real number of establishments as ``firms``
    does, and weights make up the difference. Every cell in which something is made has at
    least one, the others none.

    Parameters
    ----------
    economy : Economy
    firms : int
        Total, at least `SMALLEST_FIRMS`.

    Returns
    -------
    ndarray, shape (sector, host)
    """
    if firms < SMALLEST_FIRMS:
        raise CalibrationError(
            f"firms: {firms}; at least {SMALLEST_FIRMS} are needed, one for every sector of every "
            "host"
        )
    real = real_establishments(economy)
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].T
    tilt = sampling_tilt(firms, real.sum())
    share = np.sqrt(output / output.sum()) ** tilt * (real / real.sum()) ** (1 - tilt)
    made = economy.makes
    exact = made + (firms - made.sum()) * share / share.sum()
    counts = np.floor(exact).astype(np.int64)
    # Largest remainders get one firm more; ties are broken by order, so counts repeat.
    for cell in np.argsort(-(exact - counts), axis=None, kind="stable")[: firms - counts.sum()]:
        counts.flat[cell] += 1
    return counts


def sampling_tilt(firms: int, real: float) -> float:
    """How strongly large plants are oversampled: 1 in small models, 0 at full scale."""
    return max(0.0, 1 - firms / real)


def zipf_sizes(
    position: Array, exponent: float, tilt: float, size_range: float = SIZE_RANGE
) -> Array:
    """Sizes at given positions of a bounded Pareto law, oversampled by ``size**tilt``.

    Parameters
    ----------
    position : ndarray, shape (firm,)
        Cumulative probability in (0, 1).
    exponent : float
        Tail exponent of the law of sizes.
    tilt : float
        Power of size by which large firms are drawn more often.
    size_range : float
        Largest over smallest size.

    Returns
    -------
    ndarray, shape (firm,)
        Between 1 and ``size_range``.
    """
    power = tilt - exponent
    if abs(power) < 1e-9:
        sizes: Array = size_range**position
    else:
        sizes = (1 + position * (size_range**power - 1)) ** (1 / power)
    return sizes


def draw_population(
    economy: Economy, settings: FirmAssumptions, firms: int, draws: Draws
) -> FirmTable:
    """Firms with everything that does not depend on prices or policy.

    Parameters
    ----------
    economy : Economy
    settings : FirmAssumptions
        The ``firms`` section of a scenario.
    firms : int
        How many.
    draws : Draws
        Keyed random numbers.

    Returns
    -------
    FirmTable
        Rows ordered by sector, home and size; plants, tastes for places and the
        columns of the base year are still zero.
    """
    table = FirmTable.allocate(
        {
            "firm": firms,
            "host": N_HOSTS,
            "partner": N_HOSTS,
            "material": N_GOODS,
            "source": N_REGIONS,
            "config": N_CONFIGS,
        }
    )
    counts = firms_per_cell(economy, firms)
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    table.sector[:] = cells // N_HOSTS
    table.home[:] = cells % N_HOSTS
    _draw_sizes(table, economy, settings, counts, cells, draws)
    _draw_beliefs(table, settings, draws)
    _draw_technology(table, economy, settings, draws)
    _draw_customs(table, economy, settings, draws)
    table.review_offset[:] = draws.uniform("review clock", 0, firms)
    table.target[:] = -1
    return table


def _draw_sizes(
    table: FirmTable,
    economy: Economy,
    settings: FirmAssumptions,
    counts: NDArray[np.int64],
    cells: NDArray[np.int64],
    draws: Draws,
) -> None:
    firms = len(table)
    real = real_establishments(economy)
    tilt = sampling_tilt(firms, real.sum())
    rank = np.arange(firms) - np.repeat(np.cumsum(counts) - counts.ravel(), counts.ravel())
    position = (rank + draws.uniform("size", 0, firms)) / counts.ravel()[cells]
    within_cell = zipf_sizes(position, settings.zipf_exponent, tilt)
    share = within_cell**-tilt
    share /= np.bincount(cells, share, counts.size)[cells]
    table.weight[:] = real.ravel()[cells] * share
    table.size[:] = within_cell * size_of_establishments(economy)[table.home]


def _draw_beliefs(table: FirmTable, settings: FirmAssumptions, draws: Draws) -> None:
    shares = np.array([getattr(settings.beliefs, belief) for belief in BELIEFS])
    draw = draws.uniform("belief", 0, len(table))
    # Rounding may leave a cumulated share at 0.999..., so the last type takes the rest.
    table.belief[:] = np.searchsorted(np.cumsum(shares)[:-1], draw, side="right")


def _draw_technology(
    table: FirmTable, economy: Economy, settings: FirmAssumptions, draws: Draws
) -> None:
    firms = len(table)
    spread = settings.productivity_spread
    own = np.exp(spread * draws.normal("productivity", 0, firms) - spread**2 / 2)
    from_home = economy.distance[:N_HOSTS, :N_HOSTS].copy()
    np.fill_diagonal(from_home, 0)
    if settings.home_decay * from_home.max() >= 1:
        raise CalibrationError(
            f"firms.home_decay: {settings.home_decay:g} leaves nothing of a firm's productivity "
            f"{from_home.max():.3g} thousand km from home; must be below {1 / from_home.max():.3g}"
        )
    table.productivity[:] = own[:, None] * (1 - settings.home_decay * from_home[table.home])
    content_spread = fitted_by_sector("content_spread")[table.sector].astype(np.float32)
    common = draws.normal("sourcing", 0, (firms, 1, N_REGIONS)).astype(np.float32)
    own_taste = draws.normal("sourcing by input", 0, (firms, N_GOODS, N_REGIONS)).astype(np.float32)
    correlation = np.float32(settings.sourcing_correlation)
    own_taste *= np.sqrt(1 - correlation)
    own_taste += np.sqrt(correlation) * common
    own_taste *= content_spread[:, None, None]
    np.exp(own_taste, out=own_taste)
    table.sourcing_draw[:] = own_taste
    table.affinity[:] = own_taste
    draw_origin(table, fitted_origin_share(), content_spread, draws)


def draw_origin(
    table: FirmTable, typical: Array, spread: NDArray[np.floating], draws: Draws
) -> None:
    """Draw the share of qualifying deliveries to every firm that originates, by value.

    Parameters
    ----------
    table : FirmTable
        Its ``origin_share`` is filled in: 1 wherever the typical share is.
    typical : ndarray, shape (sector, host)
        Share of the median firm.
    spread : ndarray, shape (firm,)
        Standard deviation of log odds.
    draws : Draws
    """
    log_odds = spread * draws.normal("origin of deliveries", 0, len(table))
    table.origin_share[:] = expit(logit(typical)[table.sector] + log_odds[:, None])


def _draw_customs(
    table: FirmTable, economy: Economy, settings: FirmAssumptions, draws: Draws
) -> None:
    firms = len(table)
    line = draws.uniform("tariff line", 0, firms)
    for (host, partner, sector), distribution in economy.rates.items():
        if sector < N_FOOTLOOSE:
            rows = table.sector == sector
            table.product_duty[rows, host, partner] = distribution.quantile(line[rows])
    spread = PAPERWORK_SPREAD
    skill = np.exp(spread * draws.normal("paperwork", 0, firms))
    median = np.stack([fitted_by_sector(f"paperwork_median_{host}") for host in HOSTS], axis=1)
    table.paperwork[:] = skill[:, None] * median[table.sector]
    table.reluctance[:] = settings.honesty_median * np.exp(
        settings.honesty_spread * draws.normal("honesty", 0, firms)
    )


PAPERWORK_SPREAD = 1.8
"""Log standard deviation of the cost of proving origin.

From the share of claims by rate of duty over all Mexican exports to the USA in
January and February 2025; the medians are fitted sector by sector.
"""


def fitted_by_sector(parameter: str) -> Array:
    """A fitted parameter of every footloose sector.

    Parameters
    ----------
    parameter : str
        Column of ``fitted_parameters.csv``.

    Returns
    -------
    ndarray, shape (sector,)
    """
    fitted = data.read("fitted_parameters").set_index("sector").loc[list(FOOTLOOSE)]
    values: Array = fitted[parameter].to_numpy(np.float64)
    return values


def fitted_origin_share() -> Array:
    """Part of qualifying deliveries to plants of a sector that originates by value.

    Returns
    -------
    ndarray, shape (sector, host)
    """
    return np.stack([fitted_by_sector(f"origin_share_{host}") for host in HOSTS], axis=1)
