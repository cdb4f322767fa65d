"""Firms that fit the economy: how many, how large, and how they differ.

Firms that stand in North America are as many as asked for. Firms from abroad that have no plant
here, and firms that are not founded, come on top.

Plant sizes follow Zipf's law between a smallest and a largest establishment, both as much
larger or smaller than American ones as makers of that home are on average. A
model with fewer firms than the real economy draws large plants more often than
small ones and gives each firm a weight, the number of real ones it stands for,
so that every firm carries a similar share of output; with one firm per real
establishment all weights are one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from abm import data
from abm.axes import (
    BELIEFS,
    FOOTLOOSE,
    HOSTS,
    N_CONFIGS,
    N_GOODS,
    N_HOMES,
    N_HOSTS,
    N_REGIONS,
    USA,
)
from abm.base_year.owners import StandingMakers, standing_makers
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.errors import CalibrationError
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

SMALLEST_FIRMS = 100
"""A few for every sector of every host; with fewer the trade matrix is not reproduced."""

SIZE_RANGE = 930.0
"""Largest over smallest establishment.

With a Zipf exponent of 1.06 this puts 15% of jobs into the largest 0.3% of
plants, those above 1,000 workers, and 75% of plants below 20 workers, as the
Census Bureau counts them (County Business Patterns 2015-16).
"""


def firms_per_cell(makers: StandingMakers, firms: int) -> NDArray[np.int64]:
    """How many modelled firms of each sector and home stand.

    In small models counts follow the square root of output, so that no cell is a
    handful of firms; they approach the real number of establishments as ``firms``
    does, and weights make up the difference. Every cell that makes something has at
    least one, the others none.

    Parameters
    ----------
    makers : StandingMakers
    firms : int
        Total, at least `SMALLEST_FIRMS`.

    Returns
    -------
    ndarray, shape (sector, home)
    """
    if firms < SMALLEST_FIRMS:
        raise CalibrationError(
            f"firms: {firms}; at least {SMALLEST_FIRMS} are needed, one for every sector of every "
            "host"
        )
    real, output = makers.real, makers.output
    tilt = sampling_tilt(firms, real.sum())
    share = np.sqrt(output / output.sum()) ** tilt * (real / real.sum()) ** (1 - tilt)
    made = output > 0
    exact = made + (firms - made.sum()) * share / share.sum()
    counts = np.floor(exact).astype(np.int64)
    # Largest remainders get one firm more; ties are broken by order, so counts repeat.
    for cell in np.argsort(-(exact - counts), axis=None, kind="stable")[: firms - counts.sum()]:
        counts.flat[cell] += 1
    return counts


def firms_on_top(counts: NDArray[np.int64], settings: FirmAssumptions) -> NDArray[np.int64]:
    """How many modelled firms have no plant in the calibration year.

    Parameters
    ----------
    counts : ndarray of int, shape (sector, home)
        Of those that stand.
    settings : FirmAssumptions

    Returns
    -------
    ndarray, shape (sector, home)
        At least one wherever firms stand, unless the setting is 0.
    """
    per_firm = np.repeat(
        [settings.empty_slots, settings.foreign_without_plant], [N_HOSTS, N_HOMES - N_HOSTS]
    )
    at_least = (counts > 0) & (per_firm > 0)
    on_top: NDArray[np.int64] = np.maximum(np.rint(counts * per_firm), at_least).astype(np.int64)
    return on_top


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
        How many stand in the calibration year.
    draws : Draws
        Keyed random numbers.

    Returns
    -------
    FirmTable
        Rows ordered by sector, home and size, with firms of North America that are not
        founded after the others of their home; plants, tastes for places and the columns of
        the base year are still zero. ``founded`` counts the firms of each sector and home
        that stand; which ones of those from abroad these are is not drawn yet.
    """
    makers = standing_makers(economy, settings)
    counts = firms_per_cell(makers, firms)
    groups = _groups(counts, firms_on_top(counts, settings), makers.real)
    table = FirmTable.allocate(
        {
            "firm": int(groups.firms.sum()),
            "host": N_HOSTS,
            "partner": N_HOSTS,
            "material": N_GOODS,
            "source": N_REGIONS,
            "config": N_CONFIGS,
        }
    )
    group = np.repeat(np.arange(len(groups.firms)), groups.firms)
    table.sector[:] = groups.cell[group] // N_HOMES
    table.home[:] = groups.cell[group] % N_HOMES
    rank = np.arange(len(table)) - np.repeat(np.cumsum(groups.firms) - groups.firms, groups.firms)
    table.founded[:] = rank < groups.standing[group]
    tilt = sampling_tilt(firms, makers.real.sum())
    position = (rank + draws.uniform("size", 0, len(table))) / groups.firms[group]
    within_group = zipf_sizes(position, settings.zipf_exponent, tilt)
    share = within_group**-tilt
    share /= np.bincount(group, share, len(groups.firms))[group]
    table.weight[:] = groups.real[group] * share
    table.relative_size[:] = within_group
    table.size[:] = within_group * makers.size[table.sector, table.home]
    _draw_beliefs(table, settings, draws)
    _draw_technology(table, economy, settings, draws)
    _draw_lines(table, economy.lines, draws)
    _draw_customs(table, settings, draws)
    table.review_offset[:] = _spread_evenly(len(table), draws)
    table.target[:] = -1
    return table


def _spread_evenly(firms: int, draws: Draws) -> Array:
    """Phases of review clocks: of firms next to each other as many strike in every quarter."""
    golden = (np.sqrt(5) - 1) / 2
    phases: Array = (draws.uniform("review clocks", 0, 1) + golden * np.arange(firms)) % 1.0
    return phases


@dataclass(frozen=True)
class _Groups:
    """Firms of one sector and home whose sizes are drawn together, in the order of rows.

    Firms of North America that are not founded are a group of their own; those from abroad
    that have no plant here are as large as the others.

    Attributes
    ----------
    cell : ndarray of int, shape (group,)
        Index of sector and home.
    firms, standing : ndarray of int, shape (group,)
    real : ndarray, shape (group,)
        Real firms that they stand for.
    """

    cell: NDArray[np.int64]
    firms: NDArray[np.int64]
    standing: NDArray[np.int64]
    real: Array


def _groups(counts: NDArray[np.int64], on_top: NDArray[np.int64], real: Array) -> _Groups:
    """Groups of firms from how many stand, how many do not, and how many real ones stand."""
    abroad = np.arange(N_HOMES) >= N_HOSTS
    per_firm = np.divide(real, counts, out=np.zeros_like(real), where=counts > 0)
    together = np.where(abroad, counts + on_top, counts)
    firms = np.stack([together, np.where(abroad, 0, on_top)], axis=2)
    standing = np.stack([counts, np.zeros_like(counts)], axis=2)
    # One group of firms that are not founded stands for as many real ones a firm as the others.
    stood_for = firms * per_firm[..., None]
    cell = np.repeat(np.arange(counts.size), 2)
    some = np.flatnonzero(firms)
    return _Groups(cell[some], firms.ravel()[some], standing.ravel()[some], stood_for.ravel()[some])


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
    # Firms from overseas lose what the remotest member's lose: the decay is one within a continent.
    overseas = np.full((N_HOMES - N_HOSTS, N_HOSTS), from_home.max())
    from_home = np.concatenate([from_home, overseas])
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


def _draw_lines(table: FirmTable, lines: SectorLines, draws: Draws) -> None:
    """Draw the line of every firm, and put the duty on its product beside it.

    Firms of a sector and home are put in a random order, each as long as its sales, and a
    ruler with the lines of that home, the least dutiable first, is laid beside them from a
    random point on. So a line has its share of sales on average over seeds, and in one model
    as nearly as the sizes of firms let it.

    Parameters
    ----------
    table : FirmTable
        With sectors, homes, sizes and weights; ``line`` and ``product_duty`` are filled in.
        Firms of North America that are not founded are drawn apart from those that stand.
    lines : SectorLines
    draws : Draws
    """
    stands = table.founded | (table.home >= N_HOSTS)
    place = (table.sector.astype(np.int64) * N_HOMES + table.home) * 2 + stands
    order = np.lexsort((draws.uniform("product line", 0, len(table)), place))
    begins = np.flatnonzero(np.diff(place[order], prepend=-1))
    starts = draws.uniform("first product line", 0, len(begins))
    ends = np.append(begins[1:], len(order))
    sales = table.weight * table.size
    for begin, end, start in zip(begins, ends, starts, strict=True):
        firms = order[begin:end]
        first = firms[0]
        point = _points(sales[firms], float(start))
        table.line[firms] = _at(lines, int(table.sector[first]), int(table.home[first]), point)
    table.product_duty[:] = lines.rate[table.line]


def _points(sales: Array, start: float) -> Array:
    """Where firms that stand end to end begin, on a circle of length 1 turned by ``start``."""
    before: Array = np.cumsum(sales) - sales
    return (before / sales.sum() + start) % 1.0


def _at(lines: SectorLines, sector: int, home: int, point: Array) -> NDArray[np.int64]:
    """Lines at points of the ruler of a sector and home, the least dutiable ones first."""
    own = lines.of(sector)
    ordered = own.start + np.argsort(lines.rate[own, :, USA].sum(axis=1), kind="stable")
    ends = np.cumsum(lines.share[ordered, home])
    found: NDArray[np.int64] = ordered[np.searchsorted(ends[:-1], point, side="right")]
    return found


def _draw_customs(table: FirmTable, settings: FirmAssumptions, draws: Draws) -> None:
    firms = len(table)
    spread = PAPERWORK_SPREAD
    skill = np.exp(spread * draws.normal("paperwork", 0, firms))
    median = np.stack([fitted_by_sector(f"paperwork_median_{host}") for host in HOSTS], axis=1)
    table.paperwork[:] = skill[:, None] * median[table.sector]
    cannot = settings.cannot_qualify_scale * (1 - fitted_can_qualify())
    table.can_qualify[:] = np.maximum(1 - cannot, 0.0)[table.sector]
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


def fitted_can_qualify() -> Array:
    """Part of the goods of a sector that originates where the mix of inputs meets the rule.

    Returns
    -------
    ndarray, shape (sector, host)
        By exporting host.
    """
    return np.stack([fitted_by_sector(f"can_qualify_{host}") for host in HOSTS], axis=1)
