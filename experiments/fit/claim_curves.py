"""Claims of origin by rate of duty: observed, modelled, and the two parameters between them.

The part of goods that can qualify is a plateau: at high rates nearly everybody claims who can.
What it costs to prove origin tells how fast claims come up to it.

A plateau rests on few products: one code of vehicle parts pays 5%, seven of light trucks pay
25%. Where it is noisy, what all curves together tell says more, so every reading is moved
towards their mean by its share of noise (empirical Bayes with a normal law, the variance
between curves by moments, as in Hedges and Olkin, 1985).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, MOTOR, PARTNERS, USA
from abm.base_year.population import PAPERWORK_SPREAD
from abm.economy.tables import Array
from abm.trade.duties import entry_fee
from experiments.fit.moments import Border, Exports, FitSetting, View

MEDIAN_BOUNDS = (1e-4, 0.2)

HIGH_RATE = 0.05
"""From here on paperwork keeps few from claiming, so claims show who can."""

LEAST_READ = 0.01
"""Part of dutiable imports at high rates below which they are too few to be read."""

BANDS = {
    "0-1%": (0.0, 0.01),
    "1-1.5%": (0.01, 0.015),
    "1.5-2%": (0.015, 0.02),
    "2-2.5%": (0.02, 0.025),
    "2.5-3%": (0.025, 0.03),
    "3-4%": (0.03, 0.04),
    "4-5%": (0.04, 0.05),
    "5-6.5%": (0.05, 0.065),
    "6.5-10%": (0.065, 0.10),
    "10-20%": (0.10, 0.20),
    "over 20%": (0.20, 0.40),
}
"""Bands of the claim curve, each with its upper edge; a rate stands in the middle of its band."""

SINGLE_RATES = {
    "1.5-2%": 0.02,
    "2-2.5%": 0.025,
    "3-4%": 0.04,
    "4-5%": 0.05,
    "over 20%": 0.25,
}
"""Rates of the US schedule for vehicles and parts, where a band holds just one.

HTS chapter 87, and heading 8544.30 (wiring sets), which pays 5%.
"""


def claim_share(
    exports: Exports, border: Border, rates: Array, median: float, can_qualify: float = 1.0
) -> Array:
    """Share of value claimed if the duty on every plant's product were a given rate.

    Costs of paperwork and of lying are lognormal and independent, so the probability
    that neither claim is cheaper than paying is a product; it is what
    `abm.core.demand.claims.choose_claim` does on average over draws of the two.

    Parameters
    ----------
    exports : Exports
    border : Border
    rates : ndarray, shape (rate,)
        Most-favoured-nation rates; the processing fee comes on top.
    median : float
        Median cost of proving origin, share of unit cost.
    can_qualify : float
        Part of every plant's goods that originates where its mix meets the rule.

    Returns
    -------
    ndarray, shape (rate,)
    """
    of_part, of_rest = _shares_by_part(exports, border, rates, median)
    return can_qualify * of_part + (1 - can_qualify) * of_rest


def _shares_by_part(
    exports: Exports, border: Border, rates: Array, median: float
) -> tuple[Array, Array]:
    """Share claimed of the goods that can qualify, and of the rest."""
    waived = rates + entry_fee(USA)
    gain = exports.free_cost[:, None] * (1 + waived) / exports.compliant_cost[:, None] - 1
    honest = _lognormal_below(gain, median, PAPERWORK_SPREAD)
    lie_gain = (1 + waived) / (1 + border.false_claim_cost * waived) - 1
    lying = _lognormal_below(lie_gain, border.honesty_median, border.honesty_spread)
    claims = 1 - (1 - honest) * (1 - ~exports.meets_rule[:, None] * lying)
    return exports.value @ claims / exports.value.sum(), lying


def _lognormal_below(bound: Array, median: float, spread: float) -> Array:
    """Probability that a lognormal cost is below a bound; 0 where the bound is not positive."""
    positive = np.maximum(bound, np.finfo(float).tiny)
    share: Array = np.where(bound > 0, ndtr(np.log(positive / median) / spread), 0.0)
    return share


def claim_curve() -> pd.DataFrame:
    """Observed claims by partner, sector and band, with the rate that stands for the band.

    Returns
    -------
    pandas.DataFrame
        Of 2024; bands without trade are left out. ``noise`` is that of the sector and
        partner's plateau, as of `noise_by_cell`.
    """
    curve = data.read("us_claims_by_mfn_rate_2024")
    curve = curve[curve["sector"].isin(FOOTLOOSE) & (curve["dutiable_imports_usd"] > 0)]
    middle = curve["mfn_bin"].map({band: sum(edges) / 2 for band, edges in BANDS.items()})
    single = curve["mfn_bin"].map(SINGLE_RATES)
    vehicle_goods = curve["sector"].isin(MOTOR)
    cells = pd.MultiIndex.from_frame(curve[["sector", "partner"]])
    return curve.assign(
        rate=np.where(vehicle_goods & single.notna(), single, middle),
        noise=pd.Series(noise_by_cell()).reindex(cells).to_numpy(),
    )


def products_that_count(values: Array) -> float:
    """How many products of equal value would be as telling as these.

    Parameters
    ----------
    values : ndarray, shape (product,)
        What is imported of each; the inverse of their Herfindahl index is given.
    """
    shares = values / values.sum()
    return float(1 / (shares**2).sum())


def noise_by_cell() -> dict[tuple[str, str], float]:
    """Variance of a plateau from which products happen to be dear, over ``p * (1 - p)``.

    Products of a cell vary about its mean ``p`` with a variance in proportion to
    ``p * (1 - p)``, as shares do; the factor is pooled over cells, each counting for what its
    products tell. It is divided by how many products there are to average over.

    Returns
    -------
    dict of (str, str) to float
        Cells in which a code of six digits pays 5% or more.
    """
    products = data.read("us_claims_at_high_rates_2024")
    counts: dict[tuple[str, str], float] = {}
    squares = expected = 0.0
    for (sector, partner), some in products.groupby(["sector", "partner"]):
        values = some["dutiable_imports_usd"].to_numpy(np.float64)
        shares = some["claim_share"].to_numpy()
        count = counts[sector, partner] = products_that_count(values)
        mean = np.average(shares, weights=values)
        squares += count * float(np.average((shares - mean) ** 2, weights=values))
        expected += (count - 1) * float(mean * (1 - mean))
    return {cell: squares / expected / count for cell, count in counts.items()}


def curve_error(
    exports: Exports, border: Border, curve: pd.DataFrame, median: float, can_qualify: float = 1.0
) -> float:
    """Root mean squared distance from a claim curve, bands weighted by dutiable value."""
    weight = curve["dutiable_imports_usd"].to_numpy()
    model = claim_share(exports, border, curve["rate"].to_numpy(), median, can_qualify)
    return float(np.sqrt(np.average((model - curve["claim_share"]) ** 2, weights=weight)))


def read_plateau(
    exports: Exports, border: Border, curve: pd.DataFrame, median: float
) -> tuple[float, float]:
    """What claims at rates of `HIGH_RATE` and more tell about the part that can qualify.

    Parameters
    ----------
    exports : Exports
    border : Border
    curve : DataFrame
        As for `fit_median`.
    median : float
        Median cost of proving origin, share of unit cost.

    Returns
    -------
    part : float
        Of goods that would explain these claims, given what paperwork keeps from claiming
        even there; between 0 and 1.
    response : float
        By how much the share claimed rises as all goods come to qualify.
    """
    high = curve[curve["rate"] >= HIGH_RATE]
    weight = high["dutiable_imports_usd"].to_numpy()
    of_part, of_rest = (
        float(np.average(share, weights=weight))
        for share in _shares_by_part(exports, border, high["rate"].to_numpy(), median)
    )
    response = max(of_part - of_rest, float(np.finfo(float).eps))
    claimed = np.average(high["claim_share"], weights=weight)
    return float(np.clip((claimed - of_rest) / response, 0.0, 1.0)), response


def claimed_at_low_rates(curve: pd.DataFrame) -> float:
    """Share claimed of what pays less than `HIGH_RATE`; 0 where nothing does.

    No less than that can qualify: whoever claims there can.
    """
    low = curve[curve["rate"] < HIGH_RATE]
    imports = low["dutiable_imports_usd"].sum()
    return float((low["claim_share"] * low["dutiable_imports_usd"]).sum() / max(imports, 1.0))


def read_can_qualify(exports: Exports, border: Border, curve: pd.DataFrame, median: float) -> float:
    """Part of goods that can qualify, by one claim curve alone.

    It explains claims at high rates, and is never less than the share claimed at lower ones.

    Parameters
    ----------
    exports, border, curve, median
        As for `read_plateau`.
    """
    least = claimed_at_low_rates(curve)
    if not has_reading(curve):
        return least
    return max(read_plateau(exports, border, curve, median)[0], least)


def has_reading(curve: pd.DataFrame) -> bool:
    """Whether enough is imported at high rates to tell who can qualify."""
    weight = curve["dutiable_imports_usd"]
    return bool(weight[curve["rate"] >= HIGH_RATE].sum() >= LEAST_READ * weight.sum())


def fit_median(
    exports: Exports, border: Border, curve: pd.DataFrame, can_qualify: float | None = None
) -> float:
    """Median cost of paperwork that comes closest to a claim curve.

    Parameters
    ----------
    exports : Exports
    border : Border
    curve : DataFrame
        Columns ``rate``, ``claim_share`` and ``dutiable_imports_usd``, a row a band.
    can_qualify : float, optional
        Part of goods that can qualify; what is read from the curve at every median unless
        given.

    Returns
    -------
    float
        Share of unit cost.
    """

    def error(log_median: float) -> float:
        median = float(np.exp(log_median))
        can = can_qualify
        if can is None:
            can = read_can_qualify(exports, border, curve, median)
        return curve_error(exports, border, curve, median, can)

    # The error has kinks where what is read from the curve reaches all or another reading.
    trials = np.log(np.geomspace(*MEDIAN_BOUNDS, 31))
    best = int(np.argmin([error(trial) for trial in trials]))
    near = trials[max(best - 1, 0)], trials[min(best + 1, len(trials) - 1)]
    return float(np.exp(minimize_scalar(error, bounds=near, method="bounded").x))


def curve_of(curve: pd.DataFrame, sector: str, partner: str) -> pd.DataFrame:
    """The bands of one sector and partner."""
    return curve[(curve["sector"] == sector) & (curve["partner"] == partner)]


STANDS_FOR = {"cars": "light_trucks"}
"""Whose reading is given to a sector that has no high rate: trucks, which pay 25%."""

type CurveOf = tuple[str, str]
"""A sector and a partner."""

CURVES: list[CurveOf] = [(sector, host) for sector in FOOTLOOSE for host in PARTNERS]


@dataclass(frozen=True)
class PlateauReading:
    """The part that can qualify as one claim curve tells it.

    Attributes
    ----------
    part : float
        Of goods.
    noise : float
        Variance of it, were other products of the sector those that pay a high rate.
    """

    part: float
    noise: float


@dataclass(frozen=True)
class Pool:
    """What all readings tell together: their mean, and the variance of parts between cells."""

    mean: float
    variance: float

    @classmethod
    def of(cls, readings: Sequence[PlateauReading]) -> "Pool":
        """By moments: the variance of readings less the mean of their noise."""
        parts = np.array([reading.part for reading in readings])
        noise = np.array([reading.noise for reading in readings])
        spread = float(np.var(parts, ddof=1)) if len(parts) > 1 else 0.0
        variance = max(spread - float(noise.mean()), 0.0)
        weights = 1 / np.maximum(variance + noise, np.finfo(float).eps)
        return cls(float(np.average(parts, weights=weights)), variance)

    def moved(self, reading: PlateauReading) -> float:
        """The reading, moved to the mean by its share of noise."""
        total = self.variance + reading.noise
        weight = self.variance / total if total > 0 else 1.0
        return weight * reading.part + (1 - weight) * self.mean


def reading_of(view: View, border: Border, curve: pd.DataFrame, cell: CurveOf) -> PlateauReading:
    """What the claim curve of a cell tells by itself, and how noisily."""
    exports, bands = view[cell], curve_of(curve, *cell)
    part, response = read_plateau(exports, border, bands, fit_median(exports, border, bands))
    high = bands[bands["rate"] >= HIGH_RATE]
    claimed = np.average(high["claim_share"], weights=high["dutiable_imports_usd"])
    noise = high["noise"].iloc[0] * claimed * (1 - claimed)
    return PlateauReading(part, float(noise / response**2))


def source_of_reading(curve: pd.DataFrame, sector: str, host: str) -> CurveOf:
    """From which sector and partner it is read who can qualify."""
    sector = STANDS_FOR.get(sector, sector)
    if has_reading(curve_of(curve, sector, host)):
        return sector, host
    (other,) = (partner for partner in PARTNERS if partner != host)
    return sector, other


def own_readings(view: View, border: Border, curve: pd.DataFrame) -> dict[CurveOf, PlateauReading]:
    """Readings of the sectors and partners whose own curve tells who can qualify."""
    own = [cell for cell in CURVES if source_of_reading(curve, *cell) == cell]
    return {cell: reading_of(view, border, curve, cell) for cell in own}


def fit_claims(view: View, border: Border, curve: pd.DataFrame) -> tuple[Array, Array]:
    """Medians of paperwork and parts that can qualify, of all sectors.

    Sectors without enough trade at high rates are given another's reading: that of
    `STANDS_FOR`, else that of the other partner. What is claimed at lower rates can qualify
    whatever the reading. Exporters of the United States are given Canada's, as their claims
    are not observed.

    Parameters
    ----------
    view : View
    border : Border
    curve : DataFrame
        From `claim_curve`.

    Returns
    -------
    paperwork_median, can_qualify : ndarray, shape (sector, host)
    """
    readings = own_readings(view, border, curve)
    pool = Pool.of(list(readings.values()))
    medians = np.empty((len(FOOTLOOSE), len(HOSTS)))
    can = np.empty_like(medians)
    for sector, host in CURVES:
        at, bands = (FOOTLOOSE.index(sector), HOSTS.index(host)), curve_of(curve, sector, host)
        part = pool.moved(readings[source_of_reading(curve, sector, host)])
        can[at] = max(part, claimed_at_low_rates(bands))
        medians[at] = fit_median(view[sector, host], border, bands, float(can[at]))
    for found in (medians, can):
        found[:, USA] = found[:, HOSTS.index("CAN")]
    return medians, can


HONESTY = (0.1, 0.3, 0.5, 1.0, 3.0)
"""Medians of reluctance to lie at which the claim curves are compared."""


def profile_honesty(view: View, world: FitSetting, curve: pd.DataFrame) -> dict[float, float]:
    """Error of all claim curves at trial medians of honesty, the rest fitted anew."""
    errors = {}
    for honesty in HONESTY:
        border = replace(world.border, honesty_median=honesty)
        medians, can = fit_claims(view, border, curve)
        squares, weights = [], []
        for (sector, host), bands in curve.groupby(["sector", "partner"]):
            cell = FOOTLOOSE.index(sector), HOSTS.index(host)
            exports = view[sector, host]
            squares.append(curve_error(exports, border, bands, medians[cell], can[cell]) ** 2)
            weights.append(bands["dutiable_imports_usd"].sum())
        errors[honesty] = float(np.sqrt(np.average(squares, weights=weights)))
    return errors
