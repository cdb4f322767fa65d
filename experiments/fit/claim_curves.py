"""Claims of origin by rate of duty: observed, modelled, and the two parameters between them.

The part of goods that can qualify is a plateau: at high rates nearly everybody claims who can.
What it costs to prove origin tells how fast claims come up to it.
"""

from dataclasses import replace

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

STANDS_FOR = {"cars": "light_trucks"}
"""Whose reading is given to a sector that has no high rate: trucks, which pay 25%."""

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
        Of 2024; bands without trade are left out.
    """
    curve = data.read("us_claims_by_mfn_rate_2024")
    curve = curve[curve["sector"].isin(FOOTLOOSE) & (curve["dutiable_imports_usd"] > 0)]
    middle = curve["mfn_bin"].map({band: sum(edges) / 2 for band, edges in BANDS.items()})
    single = curve["mfn_bin"].map(SINGLE_RATES)
    vehicle_goods = curve["sector"].isin(MOTOR)
    return curve.assign(rate=np.where(vehicle_goods & single.notna(), single, middle))


def curve_error(
    exports: Exports, border: Border, curve: pd.DataFrame, median: float, can_qualify: float = 1.0
) -> float:
    """Root mean squared distance from a claim curve, bands weighted by dutiable value."""
    weight = curve["dutiable_imports_usd"].to_numpy()
    model = claim_share(exports, border, curve["rate"].to_numpy(), median, can_qualify)
    return float(np.sqrt(np.average((model - curve["claim_share"]) ** 2, weights=weight)))


def read_can_qualify(exports: Exports, border: Border, curve: pd.DataFrame, median: float) -> float:
    """Part of goods that can qualify, read from a claim curve.

    It explains the share claimed at rates of `HIGH_RATE` and more, given what paperwork
    keeps from claiming even there. It is never less than what was claimed at lower rates
    asks for, were paperwork next to nothing: whoever claims there can.

    Parameters
    ----------
    exports : Exports
    border : Border
    curve : DataFrame
        As for `fit_claims`.
    median : float
        Median cost of proving origin, share of unit cost.
    """
    high = (curve["rate"] >= HIGH_RATE).to_numpy()
    weight = curve["dutiable_imports_usd"].to_numpy()
    readings = [0.0]
    for some, cost in ((high, median), (~high, MEDIAN_BOUNDS[0])):
        if weight[some].sum() < LEAST_READ * weight.sum():
            continue
        rates, observed = (curve.loc[some, name].to_numpy() for name in ("rate", "claim_share"))
        of_part, of_rest = (
            np.average(share, weights=weight[some])
            for share in _shares_by_part(exports, border, rates, cost)
        )
        claimed = np.average(observed, weights=weight[some])
        readings.append((claimed - of_rest) / max(of_part - of_rest, np.finfo(float).eps))
    return float(np.clip(max(readings), 0.0, 1.0))


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


def fit_claims(view: View, border: Border, curve: pd.DataFrame) -> tuple[Array, Array]:
    """Medians of paperwork and parts that can qualify, of all sectors.

    Sectors without enough trade at high rates are given another's reading: that of
    `STANDS_FOR`, else that of the other partner. Exporters of the United States are given
    Canada's, as their claims are not observed.

    Returns
    -------
    paperwork_median, can_qualify : ndarray, shape (sector, host)
    """
    medians = np.empty((len(FOOTLOOSE), len(HOSTS)))
    can = np.empty_like(medians)

    def read(sector: str, host: str) -> float:
        exports, bands = view[sector, host], curve_of(curve, sector, host)
        return read_can_qualify(exports, border, bands, fit_median(exports, border, bands))

    for row, sector in enumerate(FOOTLOOSE):
        for host in PARTNERS:
            column, bands = HOSTS.index(host), curve_of(curve, sector, host)
            can[row, column] = read(*source_of_reading(curve, sector, host))
            medians[row, column] = fit_median(
                view[sector, host], border, bands, float(can[row, column])
            )
    for found in (medians, can):
        found[:, USA] = found[:, HOSTS.index("CAN")]
    return medians, can


def source_of_reading(curve: pd.DataFrame, sector: str, host: str) -> tuple[str, str]:
    """From which sector and partner it is read who can qualify."""
    sector = STANDS_FOR.get(sector, sector)
    if has_reading(curve_of(curve, sector, host)):
        return sector, host
    (other,) = (partner for partner in PARTNERS if partner != host)
    return sector, other


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
