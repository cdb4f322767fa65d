"""Parameters by the method of simulated moments, and how well the targets identify them.

A residual is a moment, averaged over replications, less its target, over the standard
error of that difference: the target's own and that of the average, taken where the
search starts. With these weights and common random numbers the sum of squares at the
best parameters is chi-squared with (targets - parameters) degrees of freedom if the
model is right, and the inverse of ``J'J`` is the variance of the estimates (McFadden
1989; Pakes and Pollard 1989), where ``J`` is the slope of the residuals.

Parameters are handled as shares of their ranges, between 0 and 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import chdtrc, chdtri, ndtri

from abm.config.keys import shown
from abm.errors import OutputError
from experiments.estimation.profile import FAILED, LEAST_SLOPE, Side
from experiments.estimation.target_file import TargetFile
from experiments.sweeps.design.factors import Factor
from experiments.sweeps.design.points import Point

Array = NDArray[np.float64]

STEP = 0.05
"""Half the distance over which slopes are taken, share of a range: wide enough that firms which
switch one by one look smooth."""

STAGES = 4
"""Steps from the best value of a parameter to either end of its range, for its profile."""

REFITS = 4
"""Tries to fit the others where a value looks excluded, before that is believed."""

CONFIDENCE = 0.95

LIMIT = float(chdtri(1, 1 - CONFIDENCE))
"""By how much a sum of squares may exceed the least one within the confidence interval."""

SMALLEST_CHANGE = 1e-3
"""Relative change of parameters at which the search ends."""

ROUNDS = 4
"""Searches at most; a profile that finds a better place starts another one there."""

BETTER = 0.5
"""Sum of squares by which a place must be better for that."""


@dataclass(frozen=True)
class Known:
    """What the targets say about one parameter.

    Attributes
    ----------
    key : str
    value : float
    low, high : float
        95% interval from the slopes, within the range searched.
    profile_low, profile_high : float or None
        Where the profile of the fit leaves its 95% limit; None where it does not within the
        range.
    profile : list of (float, float)
        Values, and the least sum of squares found with the parameter held there.
    """

    key: str
    value: float
    low: float
    high: float
    profile_low: float | None
    profile_high: float | None
    profile: list[tuple[float, float]]

    @property
    def verdict(self) -> str:
        """Whether the targets bound it, in words."""
        if self.profile_low is not None and self.profile_high is not None:
            return "identified"
        if self.profile_low is not None:
            return "bounded from below only"
        if self.profile_high is not None:
            return "bounded from above only"
        return "not identified"


@dataclass(frozen=True)
class FittedParameters:
    """A fit.

    Attributes
    ----------
    parameters : list of Known
    moments, errors : ndarray, shape (target,)
        Of all targets, those used to test included: what the model gives, and the standard
        error of its difference from the target (for tests: with that of the parameters).
    distance : float
        Sum of squares over targets used to fit.
    freedom : int
        Targets used to fit less parameters.
    correlation : ndarray, shape (parameter, parameter)
        Of the estimates.
    weakest : ndarray, shape (parameter,)
        Direction about which the targets say least, shares of the ranges.
    weakest_error : float
        Standard error along it, in ranges; 1000 where nothing is said.
    evaluations : int
        Points of the parameters looked at by the search.
    runs : ndarray, shape (target,), optional
        What the model gives at the best values, where the search looked at a surface.
    """

    parameters: list[Known]
    moments: Array
    errors: Array
    distance: float
    freedom: int
    correlation: Array
    weakest: Array
    weakest_error: float
    evaluations: int
    runs: Array | None = None

    @property
    def p_value(self) -> float | None:
        """Chance of a distance as large or larger if the model is right."""
        return float(chdtrc(self.freedom, self.distance)) if self.freedom else None


class Search:
    """Looks for the parameters of an estimation.

    Parameters
    ----------
    file : TargetFile
    moments : callable
        From points to outcomes, shape (point, replication, target).
    starts : list of dict
    """

    def __init__(
        self, file: TargetFile, moments: Callable[[list[Point]], Array], starts: list[Point]
    ) -> None:
        self._file, self._moments, self._starts = file, moments, starts
        self._ranges = file.ranges
        self._values = np.array([target.value for target in file.targets])
        self._fit = np.array([target.use == "fit" for target in file.targets])
        self._evaluations = 0

    def run(self) -> FittedParameters:
        """Return the parameters that come closest to the targets used to fit.

        Raises
        ------
        OutputError
            If the model gives no number for a target where the search starts.
        """
        start = self._first()
        for _ in range(ROUNDS):
            best = self._descended(start)
            slopes, residuals = self._slopes(best), self._residuals(best[None])[0]
            profiles = self._profiles(best, residuals[self._fit], slopes[self._fit])
            lowest = min(profiles, key=lambda side: side.least)
            if lowest.least > float(residuals[self._fit] @ residuals[self._fit]) - BETTER:
                break
            start = np.clip(lowest.least_at, STEP, 1 - STEP)
        return self._judged(best, residuals, slopes, profiles)

    def _descended(self, start: Array) -> Array:
        found = least_squares(
            lambda x: self._residuals(x[None])[0][self._fit],
            start,
            jac=lambda x: self._slopes(x)[self._fit],
            bounds=(0.0, 1.0),
            xtol=SMALLEST_CHANGE,
            # Where the model meets all targets their distance goes to 0: no share of it is small.
            ftol=None,
            max_nfev=self._file.steps,
        )
        return np.asarray(found.x)

    def point(self, shares: Array) -> Point:
        """Return parameters at shares of their ranges."""
        return {
            key: factor.at(np.array([share]))[0]
            for (key, factor), share in zip(self._ranges.items(), shares, strict=True)
        }

    def _first(self) -> Array:
        """Return the best of the starting points, and set the errors by it."""
        drawn = self._moments(self._starts)
        self._evaluations += len(drawn)
        usable = np.isfinite(drawn[:, :, self._fit]).all(axis=(1, 2))
        if not usable.any():
            lost = ~np.isfinite(drawn[:, :, self._fit]).any(axis=(0, 1))
            names = [t.name for t, no in zip(self._file.used_to("fit"), lost, strict=True) if no]
            said = f"{shown(names[0])} has no value" if names else "runs failed"
            raise OutputError(f"targets: {said} at every point where the search starts")
        means = drawn.mean(axis=1)
        own = np.array([target.error for target in self._file.targets])
        distance = np.where(usable, 0.0, np.inf)
        ratio = (means - self._values)[:, self._fit] / own[self._fit]
        distance[usable] = (ratio[usable] ** 2).sum(axis=1)
        best = int(distance.argmin())
        noise = np.nanvar(drawn[best], axis=0, ddof=1) / drawn.shape[1]
        self._errors = np.sqrt(own**2 + np.nan_to_num(noise))
        return np.clip(shares_of(self._ranges, self._starts[best]), STEP, 1 - STEP)

    def _residuals(self, shares: Array) -> Array:
        """Return residuals, shape (point, target), of all targets."""
        self._evaluations += len(shares)
        means = self._moments([self.point(row) for row in shares]).mean(axis=1)
        residuals: Array = (means - self._values) / self._errors
        return np.where(np.isfinite(residuals), residuals, FAILED)

    def _slopes(self, shares: Array) -> Array:
        """Return slopes of the residuals, shape (target, parameter), by two-sided differences."""
        steps = STEP * np.eye(len(shares))
        up, down = np.clip(shares + steps, 0, 1), np.clip(shares - steps, 0, 1)
        residuals = self._residuals(np.concatenate([up, down]))
        change = residuals[: len(shares)] - residuals[len(shares) :]
        width = (up - down).sum(axis=1)
        slopes: Array = (change / width[:, None]).T
        return slopes

    def _judged(
        self, best: Array, residuals: Array, slopes: Array, profiles: list["Side"]
    ) -> FittedParameters:
        fit = self._fit
        variance = _variance(slopes[fit])
        spread = np.sqrt(np.diag(variance))
        distance = float(residuals[fit] @ residuals[fit])
        correlation = variance / np.outer(spread, spread)
        direction, error = _weakest(slopes[fit])
        # Forecasts inherit the doubt about parameters.
        doubt = np.einsum("tp,pq,tq->t", slopes, variance, slopes)
        errors = self._errors * np.sqrt(1 + np.where(fit, 0, doubt))
        known = [
            self._known(column, key, best, float(spread[column]), profiles)
            for column, key in enumerate(self._ranges)
        ]
        return FittedParameters(
            known,
            self._values + residuals * self._errors,
            errors,
            distance,
            int(fit.sum()) - len(best),
            correlation,
            direction,
            error,
            self._evaluations,
        )

    def _profiles(self, best: Array, residuals: Array, slopes: Array) -> list["Side"]:
        """Return the profile of every parameter on both sides of its best value.

        Each side goes outward step by step until its value is excluded. At every step the
        others are fitted anew, from where they were at the step before.
        """
        sides = [
            Side(held, best, end, best.copy(), residuals, slopes)
            for held in range(len(best))
            for end in (0.0, 1.0)
        ]
        limit = float(residuals @ residuals) + LIMIT
        for stage in range(1, STAGES + 1):
            live = [side for side in sides if side.goes_on(limit)]
            for side in live:
                side.go_out(stage / STAGES)
            for _ in range(1 + REFITS):
                trials = [side.trial for side in live]
                if not live:
                    break
                found = self._residuals(np.array(trials))[:, self._fit]
                for side, reached in zip(live, found, strict=True):
                    side.learn(reached)
                live = [side for side in live if side.square > limit and side.refit()]
            for side in sides:
                side.keep()
        return sides

    def _known(
        self, column: int, key: str, best: Array, spread: float, profiles: list["Side"]
    ) -> Known:
        def value(share: float) -> float:
            return float(self.point(np.where(np.arange(len(best)) == column, share, best))[key])

        reach = float(ndtri((1 + CONFIDENCE) / 2)) * spread
        down, up = (side for side in profiles if side.held == column)
        least = min(side.least for side in profiles)
        low, high = (side.leaves(least, least + LIMIT) for side in (down, up))
        curve = sorted({*down.curve, *up.curve})
        return Known(
            key,
            value(float(best[column])),
            value(max(0.0, float(best[column]) - reach)),
            value(min(1.0, float(best[column]) + reach)),
            None if low is None else value(low),
            None if high is None else value(high),
            [(value(share), square) for share, square in curve],
        )


def shares_of(ranges: Mapping[str, Factor], point: Point) -> Array:
    """Return where a point lies in the ranges, each from 0 to 1."""
    shares = []
    for key, factor in ranges.items():
        low, high, value = *factor.parameters, point[key]
        if factor.distribution == "loguniform":
            low, high, value = np.log([low, high, value])
        shares.append((value - low) / (high - low))
    return np.array(shares)


def _variance(slopes: Array) -> Array:
    """Return the variance of the estimates; large where the targets say nothing."""
    _, singular, right = np.linalg.svd(slopes, full_matrices=False)
    variance: Array = right.T * np.maximum(singular, LEAST_SLOPE) ** -2 @ right
    return variance


def _weakest(slopes: Array) -> tuple[Array, float]:
    _, singular, right = np.linalg.svd(slopes, full_matrices=False)
    direction: Array = right[-1] * np.sign(right[-1][np.abs(right[-1]).argmax()])
    return direction, float(1 / max(singular[-1], LEAST_SLOPE))
