"""Finds the spreads and medians at which the model's moments are those observed.

Competitiveness depends on the spread of content, so every trial spread is
calibrated anew. Medians of paperwork need no calibration of their own: given the
plants' costs, a claim share is a closed formula in them. Both are repeated in
turn, for all sectors at once because parts of one are materials of another,
until no spread moves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from abm.axes import FOOTLOOSE, HOSTS, PARTNERS, VEHICLES
from abm.economy.tables import Array
from experiments.fit.claim_curves import curve_error, curve_of, fit_claims
from experiments.fit.moments import (
    Exports,
    FitSetting,
    Parameters,
    View,
    carline_content,
    spread_within_hosts,
)
from experiments.labels import REGION_NAMES

SPREAD_BOUNDS = (0.2, 2.5)
"""Above the upper one calibrations of some seeds no longer settle: firms then buy each
material from one region, so one that hesitates to claim moves small flows by a tenth."""

ORIGIN_BOUNDS = (0.2, 0.995)

PROBE = 0.15
"""Change of log spreads, and of log odds of origin, by which slopes of moments are taken."""

LONGEST_MOVE = 0.6
"""Longest change of either in one pass."""

AT_REST = 0.02
"""Largest change of either at the fixed point; their sampling error is larger."""

MAX_PASSES = 12

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

VEHICLE_ROWS = np.isin(FOOTLOOSE, VEHICLES)
PARTS_ROW = FOOTLOOSE.index("vehicle_parts")

START = Parameters(
    content_spread=np.full(len(FOOTLOOSE), 0.9),
    origin_share=np.where(
        VEHICLE_ROWS[:, None],
        (0.75, 0.85, 0.7),
        np.where(np.arange(len(FOOTLOOSE)) == PARTS_ROW, 0.9, 1.0)[:, None],
    ),
    paperwork_median=np.full((len(FOOTLOOSE), len(HOSTS)), 0.005),
    can_qualify=np.ones((len(FOOTLOOSE), len(HOSTS))),
)

ObserveAll = Callable[[list[Parameters]], list[View]]


@dataclass(frozen=True)
class MomentTarget:
    """A moment, and the parameter that is to bring the model to it.

    Attributes
    ----------
    sector : str
    hosts : tuple of str
        Whose share of origin is moved; none where it is the spread of content.
    name : str
        What the moment is.
    value : float
        What is observed.
    moment : callable
        Its counterpart in a `View`.
    """

    sector: str
    hosts: tuple[str, ...]
    name: str
    value: float
    moment: Callable[[View], float]

    @property
    def cells(self) -> tuple[int, list[int]]:
        """Row of the sector and columns of the hosts."""
        return FOOTLOOSE.index(self.sector), [HOSTS.index(host) for host in self.hosts]

    def position(self, parameters: Parameters) -> float:
        """Log of the spread, or log odds of origin."""
        row, hosts = self.cells
        if not hosts:
            return float(np.log(parameters.content_spread[row]))
        return float(logit(parameters.origin_share[row, hosts[0]]))

    def moved(self, parameters: Parameters, position: float) -> Parameters:
        """The same parameters but for this one, kept within its bounds."""
        row, hosts = self.cells
        spread, origin = parameters.content_spread.copy(), parameters.origin_share.copy()
        if hosts:
            origin[row, hosts] = np.clip(expit(position), *ORIGIN_BOUNDS)
        else:
            spread[row] = np.clip(np.exp(position), *SPREAD_BOUNDS)
        return replace(parameters, content_spread=spread, origin_share=origin)


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
    honesty : dict of float to float
        Error of all claim curves at trial medians of honesty.
    passes : int
    """

    parameters: Parameters
    spread_from: dict[str, str]
    view: View
    profile: pd.DataFrame
    honesty: dict[float, float]
    passes: int


def content_targets() -> list[MomentTarget]:
    """Moments of content: carlines of 2020, and parts that fail their rule."""
    carlines = carline_content()
    counts = carlines["host"].value_counts().to_dict()
    observed = {host: group.to_numpy() for host, group in carlines.groupby("host")["content"]}
    targets = []
    for sector in VEHICLES:
        targets += [
            MomentTarget(
                sector,
                (host,),
                f"mean parts content of plants, {REGION_NAMES[host]}",
                float(observed[host].mean()),
                partial(_mean_content, sector=sector, host=host),
            )
            for host in HOSTS
        ]
        targets.append(
            MomentTarget(
                sector,
                (),
                "standard deviation of parts content over plants",
                spread_within_hosts(observed, counts),
                partial(_spread_of, sector=sector, counts=counts),
            )
        )
    targets.append(
        MomentTarget(
            "vehicle_parts",
            HOSTS,
            "Mexican exports that do not originate as they are, share of value",
            FAILING_PARTS / MEXICAN_PARTS,
            lambda view: without_origin(view["vehicle_parts", "MEX"]),
        )
    )
    return targets


def _mean_content(view: View, *, sector: str, host: str) -> float:
    return float(view[sector, host].parts_content.mean())


def _spread_of(view: View, *, sector: str, counts: Mapping[str, int]) -> float:
    contents = {host: view[sector, host].parts_content for host in counts}
    return spread_within_hosts(contents, counts)


def failing_share(exports: Exports) -> float:
    """Share of value whose free mix does not meet the rule."""
    return float(np.average(~exports.meets_rule, weights=exports.value))


def without_origin(exports: Exports) -> float:
    """Share of value that does not originate, for its mix or for what it is."""
    originates = exports.can_qualify * exports.meets_rule
    return float(1 - np.average(originates, weights=exports.value))


def next_move(moment: float, probed: float, target: float) -> float:
    """Change of a parameter's position that would bring its moment to the target.

    Parameters
    ----------
    moment, probed : float
        The moment where the parameter is, and `PROBE` further on.
    target : float

    Returns
    -------
    float
        At most `LONGEST_MOVE` either way; 0 where the moment does not respond.
    """
    response = probed - moment
    if response == 0:
        return 0.0
    return float(np.clip(PROBE * (target - moment) / response, -LONGEST_MOVE, LONGEST_MOVE))


def sector_error(
    view: View, world: FitSetting, curve: pd.DataFrame, claims: tuple[Array, Array], row: int
) -> float:
    """Error of a sector's claim curves, both partners together."""
    squares, weights = [], []
    for host in PARTNERS:
        bands = curve_of(curve, FOOTLOOSE[row], host)
        median, can = (float(found[row, HOSTS.index(host)]) for found in claims)
        error = curve_error(view[FOOTLOOSE[row], host], world.border, bands, median, can)
        squares.append(error**2)
        weights.append(bands["dutiable_imports_usd"].sum())
    return float(np.sqrt(np.average(squares, weights=weights)))


def profile_spreads(
    observe_all: ObserveAll, world: FitSetting, curve: pd.DataFrame, sectors: list[str]
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
        claims = fit_claims(view, world.border, curve)
        errors[spread] = [sector_error(view, world, curve, claims, row) for row in rows]
    return pd.DataFrame(errors, index=sectors)


def spreads_from_claims(profile: pd.DataFrame) -> dict[str, float]:
    """Least-squares spread of the sectors in which the claim curve tells spreads apart."""
    gain = profile.max(axis=1) - profile.min(axis=1)
    identified = profile[gain > IDENTIFYING_GAIN]
    spreads: dict[str, float] = identified.idxmin(axis=1).clip(*SPREAD_BOUNDS).to_dict()
    return spreads


def fit(
    observe_all: ObserveAll,
    world: FitSetting,
    curve: pd.DataFrame,
    targets: list[MomentTarget],
    fixed: dict[str, float],
    start: Parameters = START,
) -> tuple[Parameters, View, int]:
    """Spreads, shares of origin, and costs and possibilities of claims that fit each other.

    Every pass looks at the model where it is, with all fitted spreads a little wider, and
    with all fitted shares of origin a little larger, and moves each towards its target.

    Parameters
    ----------
    observe_all : callable
        The model at each of several parameters.
    world : FitSetting
    curve : DataFrame
        From `claim_curve`.
    targets : list of MomentTarget
    fixed : dict of str to float
        Spreads known beforehand. Sectors in neither get the mean of `VEHICLES`.
    start : Parameters

    Returns
    -------
    parameters : Parameters
    view : View
        The model at these parameters.
    passes : int
    """
    spreads = [target for target in targets if not target.hosts]
    origins = [target for target in targets if target.hosts]
    parameters, passes, settled = _with_common_spread(start, spreads, fixed), 0, False
    while not settled and passes < MAX_PASSES:
        passes += 1
        here, wider, more = observe_all(
            [parameters, _probed(parameters, spreads), _probed(parameters, origins)]
        )
        parameters = _with_claims(parameters, here, world, curve)
        before = parameters
        for group, probe in ((spreads, wider), (origins, more)):
            for target in group:
                move = next_move(target.moment(here), target.moment(probe), target.value)
                parameters = target.moved(parameters, target.position(before) + move)
        parameters = _with_common_spread(parameters, spreads, fixed)
        settled = all(
            abs(target.position(parameters) - target.position(before)) < AT_REST
            for target in targets
        )
    view = observe_all([parameters])[0]
    return _with_claims(parameters, view, world, curve), view, passes


def _with_claims(
    parameters: Parameters, view: View, world: FitSetting, curve: pd.DataFrame
) -> Parameters:
    """The same with paperwork, and who can qualify, fitted to claims."""
    medians, can = fit_claims(view, world.border, curve)
    return replace(parameters, paperwork_median=medians, can_qualify=can)


def _probed(parameters: Parameters, targets: list[MomentTarget]) -> Parameters:
    for target in targets:
        parameters = target.moved(parameters, target.position(parameters) + PROBE)
    return parameters


def _with_common_spread(
    parameters: Parameters, spreads: list[MomentTarget], fixed: dict[str, float]
) -> Parameters:
    """Sectors without a target of their own get a known spread or the mean of vehicles."""
    own = {target.sector for target in spreads}
    content = parameters.content_spread.copy()
    common = float(content[VEHICLE_ROWS].mean())
    for row, sector in enumerate(FOOTLOOSE):
        if sector not in own:
            content[row] = fixed.get(sector, common)
    return replace(parameters, content_spread=content)
