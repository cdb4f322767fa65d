"""Finds the spreads and medians at which the model's moments are those observed.

Competitiveness depends on the spread of content, so every trial spread is
calibrated anew. Medians of paperwork need no calibration of their own: given the
plants' costs, a claim share is a closed formula in them. Both are repeated in
turn, for all sectors at once because parts of one are materials of another,
until no spread moves.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from abm.axes import FOOTLOOSE, HOSTS
from abm.economy import Array
from experiments.fit_moments import (
    PARTNERS,
    VEHICLES,
    Border,
    Exports,
    Parameters,
    View,
    World,
    carline_content,
    claim_share,
    spread_within_hosts,
)

SPREAD_BOUNDS = (0.2, 2.5)
"""Above the upper one calibrations of some seeds no longer settle: firms then buy each
material from one region, so one that hesitates to claim moves small flows by a tenth."""

MEDIAN_BOUNDS = (1e-4, 0.2)

FIRST_FACTORS, LATER_FACTORS = (0.6, 1.0, 1.6), (0.85, 1.0, 1.15)
"""Trial spreads around the last ones."""

STRIDE = 1.3
"""How far beyond the trial spreads to look next."""

SETTLED = 0.02
"""Largest relative change of a spread at the fixed point; its sampling error is larger."""

MAX_PASSES = 5

PROFILE = (0.5, 1.0, 1.8, 3.0)
"""Spreads at which the fit of the claim curve is compared in sectors without other data."""

IDENTIFYING_GAIN = 0.005
"""A spread is fitted to the claim curve where it brings the curve closer by more than this."""

FAILING_PARTS = 11.0e9
"""Mexican vehicle parts of 2024 that likely could not meet USMCA origin, USD.

Goldman Sachs figures in Mint, 7 March 2025.
"""

MEXICAN_PARTS = 66_799_630_350.0
"""US imports of vehicle parts from Mexico in 2025, USD (USITC DataWeb), the base of the share."""

START = Parameters(
    content_spread=np.where(np.array(FOOTLOOSE) == "vehicle_parts", 2.0, 1.4),
    paperwork_median=np.full((len(FOOTLOOSE), len(HOSTS)), 0.005),
)

ObserveAll = Callable[[list[Parameters]], list[View]]


@dataclass(frozen=True)
class Target:
    """A moment that rises with the spread of one sector.

    Attributes
    ----------
    value : float
        What is observed.
    moment : callable
        Its counterpart in a `View`.
    """

    value: float
    moment: Callable[[View], float]


@dataclass(frozen=True)
class Fit:
    """The outcome of a fit.

    Attributes
    ----------
    parameters : Parameters
    spread_from : dict
        By sector, what its spread was fitted to.
    view : View
        The model at these parameters.
    profile : DataFrame
        Claim-curve error by sector at every spread of `PROFILE`.
    passes : int
    """

    parameters: Parameters
    spread_from: dict[str, str]
    view: View
    profile: pd.DataFrame
    passes: int


def spread_targets() -> dict[str, Target]:
    """Moments that give a spread directly: carlines, and parts that fail the rule."""
    carlines = carline_content()
    counts = carlines["host"].value_counts().to_dict()
    observed = {host: group.to_numpy() for host, group in carlines.groupby("host")["content"]}

    def vehicles(sector: str) -> Target:
        return Target(
            spread_within_hosts(observed, counts),
            lambda view: spread_within_hosts(
                {host: view[sector, host].parts_content for host in counts}, counts
            ),
        )

    parts = Target(
        FAILING_PARTS / MEXICAN_PARTS, lambda view: failing_share(view["vehicle_parts", "MEX"])
    )
    return {sector: vehicles(sector) for sector in VEHICLES} | {"vehicle_parts": parts}


def failing_share(exports: Exports) -> float:
    """Share of value whose free mix does not meet the rule."""
    return float(np.average(~exports.meets_rule, weights=exports.value))


def spread_at(spreads: Array, moments: Array, target: float) -> float:
    """Spread at which a moment hits its target, between bounds.

    Interpolated between trial spreads; `STRIDE` beyond them where none reaches it.
    """
    order = np.argsort(moments)
    if target < moments.min():
        wanted = float(spreads.min() / STRIDE)
    elif target > moments.max():
        wanted = float(spreads.max() * STRIDE)
    else:
        wanted = float(np.exp(np.interp(target, moments[order], np.log(spreads)[order])))
    return float(np.clip(wanted, *SPREAD_BOUNDS))


def curve_error(exports: Exports, border: Border, curve: pd.DataFrame, median: float) -> float:
    """Root mean squared distance from a claim curve, bands weighted by dutiable value."""
    weight = curve["dutiable_imports_usd"].to_numpy()
    model = claim_share(exports, border, curve["rate"].to_numpy(), median)
    return float(np.sqrt(np.average((model - curve["claim_share"]) ** 2, weights=weight)))


def fit_median(exports: Exports, border: Border, curve: pd.DataFrame) -> float:
    """Median cost of paperwork that comes closest to a claim curve.

    Parameters
    ----------
    exports : Exports
    border : Border
    curve : DataFrame
        Columns ``rate``, ``claim_share`` and ``dutiable_imports_usd``, a row a band.

    Returns
    -------
    float
        Share of unit cost.
    """
    found = minimize_scalar(
        lambda log_median: curve_error(exports, border, curve, float(np.exp(log_median))),
        bounds=np.log(MEDIAN_BOUNDS),
        method="bounded",
    )
    return float(np.exp(found.x))


def curve_of(curve: pd.DataFrame, sector: str, partner: str) -> pd.DataFrame:
    """The bands of one sector and partner."""
    return curve[(curve["sector"] == sector) & (curve["partner"] == partner)]


def fit_medians(view: View, world: World, curve: pd.DataFrame) -> Array:
    """Medians of all sectors, shape (sector, host).

    Exporters of the United States are given Canada's: their claims are not observed.
    """
    medians = np.empty((len(FOOTLOOSE), len(HOSTS)))
    for row, sector in enumerate(FOOTLOOSE):
        for host in PARTNERS:
            medians[row, HOSTS.index(host)] = fit_median(
                view[sector, host], world.border(sector, host), curve_of(curve, sector, host)
            )
    medians[:, HOSTS.index("USA")] = medians[:, HOSTS.index("CAN")]
    return medians


def sector_error(view: View, world: World, curve: pd.DataFrame, medians: Array, row: int) -> float:
    """Error of a sector's claim curves, both partners together."""
    squares, weights = [], []
    for host in PARTNERS:
        bands = curve_of(curve, FOOTLOOSE[row], host)
        error = curve_error(
            view[FOOTLOOSE[row], host],
            world.border(FOOTLOOSE[row], host),
            bands,
            medians[row, HOSTS.index(host)],
        )
        squares.append(error**2)
        weights.append(bands["dutiable_imports_usd"].sum())
    return float(np.sqrt(np.average(squares, weights=weights)))


def profile_spreads(
    observe_all: ObserveAll, world: World, curve: pd.DataFrame, sectors: list[str]
) -> pd.DataFrame:
    """Error of the claim curve at trial spreads, each with its own best medians.

    Returns
    -------
    DataFrame
        A row a sector, a column a spread.
    """
    rows = [FOOTLOOSE.index(sector) for sector in sectors]
    trials = []
    for spread in PROFILE:
        spreads = START.content_spread.copy()
        spreads[rows] = spread
        trials.append(replace(START, content_spread=spreads))
    errors = {}
    for spread, view in zip(PROFILE, observe_all(trials), strict=True):
        medians = fit_medians(view, world, curve)
        errors[spread] = [sector_error(view, world, curve, medians, row) for row in rows]
    return pd.DataFrame(errors, index=sectors)


def spreads_from_claims(profile: pd.DataFrame) -> dict[str, float]:
    """Least-squares spread of the sectors in which the claim curve tells spreads apart."""
    gain = profile.max(axis=1) - profile.min(axis=1)
    identified = profile[gain > IDENTIFYING_GAIN]
    return identified.idxmin(axis=1).clip(*SPREAD_BOUNDS).to_dict()


def fit(
    observe_all: ObserveAll,
    world: World,
    curve: pd.DataFrame,
    targets: dict[str, Target],
    fixed: dict[str, float],
    start: Parameters = START,
) -> tuple[Parameters, View, int]:
    """Spreads and medians that fit each other.

    Parameters
    ----------
    observe_all : callable
        The model at each of several parameters.
    world : World
    curve : DataFrame
        From `claim_curve`.
    targets : dict of str to Target
        By sector, the moment its spread is to hit.
    fixed : dict of str to float
        Spreads known beforehand. Sectors in neither get the mean of `VEHICLES`.
    start : Parameters

    Returns
    -------
    parameters : Parameters
    view : View
        The model at these parameters.
    passes : int
        Trials of all spreads it took.
    """
    parameters, factors, passes = start, FIRST_FACTORS, 0
    settled = False
    while not settled and passes < MAX_PASSES:
        passes += 1
        trials = [
            replace(
                parameters,
                content_spread=np.clip(parameters.content_spread * factor, *SPREAD_BOUNDS),
            )
            for factor in factors
        ]
        views = observe_all(trials)
        spreads = np.empty(len(FOOTLOOSE))
        for sector, target in targets.items():
            row = FOOTLOOSE.index(sector)
            spreads[row] = spread_at(
                np.array([trial.content_spread[row] for trial in trials]),
                np.array([target.moment(view) for view in views]),
                target.value,
            )
        vehicles = np.mean([spreads[FOOTLOOSE.index(sector)] for sector in VEHICLES])
        for row, sector in enumerate(FOOTLOOSE):
            if sector not in targets:
                spreads[row] = fixed.get(sector, float(vehicles))
        settled = bool(np.abs(np.log(spreads / parameters.content_spread)).max() < SETTLED)
        medians = fit_medians(views[factors.index(1.0)], world, curve)
        parameters, factors = Parameters(spreads, medians), LATER_FACTORS
    view = observe_all([parameters])[0]
    return Parameters(parameters.content_spread, fit_medians(view, world, curve)), view, passes
