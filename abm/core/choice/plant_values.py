"""What sets of plants are worth to owners who value no luck to come, and the odds of closing.

Options to keep or close plants, those that lead to parts of the present set, come at a review
(with probability ``review`` a quarter) with luck of scale ``keep_noise``; options to build come
as opportunities (`abm.core.opportunities.building`) that nobody reckons with before he has one.
Otherwise owners would close plants and found them again to harvest draws of luck. So with ``Q``
the worth of moves (`abm.core.choice.foresight`) and ``k = keep_noise``,

    V(c, r) = review * k * log sum_{d in c} exp(Q(c, d, r) / k) + (1 - review) * Q(c, c, r).

The empty set has no part but itself and earns nothing, hence is worth nothing.

A set leads to its parts alone, so values are found from the smallest set upwards. Once those of
all smaller sets are known, so is what closing is worth, ``A(c, r)``, and staying, ``x = Q(c, c)``,
is the only unknown, in as many numbers as there are regimes that lead to each other:

    f(x) = review * k * log(exp(x / k) + exp(A / k)) + (1 - review) * x
    x(r) = known(c, r) + beta * D(c, c) * sum_s P(r, s) * f(x(s)),

a convex equation with slopes below ``beta`` that Newton's iteration solves in a few steps.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from abm.core.choice.foresight import Foresight, PlantProblem, WorthOfMoves, foresee
from abm.core.choice.location import (
    MAX_NEWTON_STEPS,
    best_of_choices,
    firms_last,
    regime_groups,
)
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.sets import Booleans
from abm.core.inputs.content_rules import Floats
from abm.core.layout import last_first


def keeping_values(
    problem: PlantProblem, start: Floats | None = None, tolerance: float = 1e-10
) -> tuple[Floats, Floats]:
    """Value of every set of plants in every regime to owners without an opportunity.

    Parameters
    ----------
    problem : PlantProblem
    start : ndarray, shape (firm, config, regime), optional
        Values to start from, such as last quarter's.
    tolerance : float
        Residual to be reached by every firm.

    Returns
    -------
    values : ndarray of float64, shape (firm, config, regime)
        Expected present value before this quarter's review, in the units of ``profit``.
    residual : ndarray of float64, shape (firm,)
        As of `abm.core.choice.location.solve_values`.
    """
    location = problem.location
    values = np.zeros(location.profit.shape) if start is None else start.astype(np.float64)
    residual = np.empty(len(values))
    transitions = location.transitions
    scale = problem.scale()
    for rows, foresight in problem.outlooks():
        closing = _Closing(location.review, problem.keep_noise)
        groups = regime_groups(transitions[location.belief[rows[:1]]])
        known = firms_last(values[rows])
        solver = _Upwards(foresight, closing, groups, scale[rows], tolerance)
        residual[rows] = solver.solve(known)
        values[rows] = last_first(known)
    return values, residual


@dataclass(frozen=True)
class _Closing:
    """What a set is worth before the review, given staying and closing.

    Attributes
    ----------
    review : float
    noise : float
    """

    review: float
    noise: float

    def reviewed(self, staying: Floats, closing: Floats | None) -> tuple[Floats, Floats]:
        """Value before the review, and how much it rises with that of staying.

        ``closing`` is the expected best of closing options; None where there are none.
        """
        if closing is None:
            return staying, np.ones_like(staying)
        better = staying > closing
        top = np.where(better, staying, closing)
        if self.noise == 0:
            stays = np.where(staying == closing, 0.5, better)
        else:
            behind = np.abs(staying - closing)
            behind /= -self.noise
            np.exp(behind, out=behind)
            top += self.noise * np.log1p(behind)
            stays = np.where(better, 1.0, behind) / (1 + behind)
        skipped = 1 - self.review
        return self.review * top + skipped * staying, self.review * stays + skipped


@dataclass(frozen=True, eq=False)
class _Upwards:
    """The solution of a block of firms, from the smallest sets upwards.

    Attributes
    ----------
    foresight : Foresight
    closing : _Closing
    groups : tuple of ndarray of int
        Groups of regimes that lead to each other; a group follows those it leads to.
    scale : ndarray, shape (firm,)
    tolerance : float
    """

    foresight: Foresight
    closing: _Closing
    groups: tuple[Indices, ...]
    scale: Floats
    tolerance: float

    def solve(self, values: Floats) -> Floats:
        """Overwrite starting values with the solution; the residuals, shape (firm,)."""
        foresight = self.foresight
        prospects = WorthOfMoves(foresight, foresight.delay[:, ~foresight.sets.opens])
        reached = np.empty((len(prospects.delays), *values.shape))
        residual = np.zeros(len(self.scale))
        for layer in foresight.sets.layers:
            closing = self._closing(prospects, layer, reached)
            np.maximum(residual, self._settle(values, layer, closing), out=residual)
            standing, known = foresight.decay.expected(values, layer), values[list(layer)]
            opening = [known] * (len(reached) - 1)
            reached[:, list(layer)] = prospects.reached(foresight.powers, standing, opening)
        return residual

    def _closing(
        self, prospects: WorthOfMoves, layer: tuple[int, ...], reached: Floats
    ) -> Floats | None:
        """Expected best of what each set of a layer may be reduced to, (set, regime, firm)."""
        closings = self.foresight.sets.keeping(layer)[: -len(layer)]
        if not closings:
            return None  # no part of the sets is a configuration
        worth = prospects.moves(closings).worth(reached)
        by_part = worth.reshape(-1, len(layer), *worth.shape[1:])
        return best_of_choices(by_part, self.closing.noise)[0]

    def _settle(self, values: Floats, layer: tuple[int, ...], closing: Floats | None) -> Floats:
        """Solve sets of the same size, group of regimes by group; the residuals."""
        foresight, sets = self.foresight, list(layer)
        start = values[sets]
        survives = foresight.decay.stands[sets][:, None]
        # What comes of smaller sets, then of regimes that are settled already.
        values[sets] = 0.0
        later = foresight.decay.expected(values, layer)
        residual = np.zeros(len(self.scale))
        for regimes in self.groups:
            known = foresight.profit[sets][:, regimes]
            known += foresee(foresight.powers[1][regimes], later)
            chain = foresight.powers[1][np.ix_(regimes, regimes)]
            options = None if closing is None else closing[:, regimes]
            found, gap = self._newton(start[:, regimes], known, survives, chain, options)
            values[np.ix_(sets, regimes)] = found
            later[:, regimes] += survives * found
            np.maximum(residual, gap, out=residual)
        return residual

    def _newton(
        self,
        value: Floats,
        known: Floats,
        survives: Floats,
        chain: Floats,
        closing: Floats | None,
    ) -> tuple[Floats, Floats]:
        """Values in one group of regimes, shape (set, regime, firm), and residuals."""
        staying = known + foresee(chain, survives * value)
        for _ in range(MAX_NEWTON_STEPS):
            value, slope = self.closing.reviewed(staying, closing)
            gap = known + foresee(chain, survives * value) - staying
            residual: Floats = np.abs(gap).max(axis=(0, 1)) / self.scale
            unsettled = residual > self.tolerance
            if not unsettled.any():
                break
            # What a firm ends at must not depend on who else is in its block.
            step = _solve(chain, survives * slope, gap)
            staying = np.where(unsettled, staying + step, staying)
        return value, residual


def _solve(chain: Floats, weight: Floats, gap: Floats) -> Floats:
    """Solution of ``step(r) - sum_s chain(r, s) * weight(s) * step(s) = gap(r)``.

    Elimination needs no pivots: chances and weights are below one in sum, so that every row is
    dominated by its diagonal. One operation serves all sets and firms.
    """
    regimes = len(chain)
    if regimes == 1:
        one: Floats = gap / (1 - chain[0] * weight)
        return one
    rows = -chain[:, :, None, None] * weight.swapaxes(0, 1)
    step = gap.swapaxes(0, 1).copy()
    for regime in range(regimes):
        rows[regime, regime] += 1
    for pivot in range(regimes):
        for row in range(pivot + 1, regimes):
            factor = rows[row, pivot] / rows[pivot, pivot]
            rows[row, pivot + 1 :] -= factor * rows[pivot, pivot + 1 :]
            step[row] -= factor * step[pivot]
    for pivot in range(regimes - 1, -1, -1):
        step[pivot] -= (rows[pivot, pivot + 1 :] * step[pivot + 1 :]).sum(axis=0)
        step[pivot] /= rows[pivot, pivot]
    return step.swapaxes(0, 1)


@dataclass(frozen=True)
class MoveValues:
    """What some firms may do in the sets where they stand.

    Attributes
    ----------
    worth : ndarray, shape (firm, config to, regime)
        Of each move, sunk cost paid and luck left out.
    value : ndarray, shape (firm, regime)
        Of the present set, before it is known whether this quarter brings a review.
    builds : ndarray of bool, shape (firm, config to)
        Whether the move adds a plant.
    keeping : ndarray, shape (firm, config to, regime)
        Probability at a review that brings no building of going to each part of the present
        set; sums to one.
    stands : ndarray, shape (firm,)
        Probability that no plant of the present set dies in a quarter.
    """

    worth: Floats
    value: Floats
    builds: Booleans
    keeping: Floats
    stands: Floats

    @classmethod
    def weighed(
        cls, problem: PlantProblem, worth: Floats, value: Floats, config: Indices, stands: Floats
    ) -> Self:
        """With the odds of closing that follow from what moves are worth."""
        builds = problem.sets.opens[config]
        kept = np.where(builds[..., None], -np.inf, worth).swapaxes(0, 1)
        _, keeping = best_of_choices(kept, problem.keep_noise)
        return cls(worth, value, builds, keeping.swapaxes(0, 1), stands)

    def take(self, firms: Indices) -> Self:
        """The same for some firms."""
        return type(self)(*(array[firms] for array in vars(self).values()))

    @property
    def gain(self) -> Floats:
        """Worth of building over what is given up, minus infinity for what builds nothing.

        Shape (firm, config to, regime).
        """
        gain: Floats = np.where(self.builds[..., None], self.worth - self.value[:, None], -np.inf)
        return gain

    def remains(self, config: Indices, review: float) -> Floats:
        """Probability that a firm that builds nothing has the same plants a quarter later.

        Parameters
        ----------
        config : ndarray of int, shape (firm,)
            Where each firm stands.
        review : float
            Probability per quarter of a review.

        Returns
        -------
        ndarray, shape (firm, regime)
        """
        kept = self.keeping[np.arange(len(config)), config]
        remains: Floats = self.stands[:, None] * (1 - review * (1 - kept))
        return remains


def moves_from(problem: PlantProblem, values: Floats, config: Indices) -> MoveValues:
    """What firms may do in the sets where they stand.

    Parameters
    ----------
    problem : PlantProblem
    values : ndarray, shape (firm, config, regime)
        From `keeping_values`.
    config : ndarray of int, shape (firm,)
        Where each firm stands.

    Returns
    -------
    MoveValues
    """
    firms, configs, regimes = values.shape
    worth, stands = np.empty((firms, configs, regimes)), np.ones(firms)
    for rows, foresight in problem.outlooks(_entries(problem), config=config):
        prospects, reached = _prospects(foresight, values[rows])
        worth[rows] = last_first(prospects.worth_to(config[rows], reached))
        stands[rows] = foresight.decay.stands[config[rows], np.arange(len(rows))]
    value = values[np.arange(firms), config]
    return MoveValues.weighed(problem, worth, value, config, stands)


def moves_from_all(problem: PlantProblem, values: Floats) -> list[MoveValues]:
    """What firms might do in every set of plants; as `moves_from`, one a set."""
    firms, configs, regimes = values.shape
    worth, stands = np.empty((configs, firms, configs, regimes)), np.ones((configs, firms))
    for rows, foresight in problem.outlooks(_entries(problem)):
        prospects, reached = _prospects(foresight, values[rows])
        for config in range(configs):
            of_all = prospects.worth_to(np.full(len(rows), config), reached)
            worth[config, rows] = last_first(of_all)
        stands[:, rows] = foresight.decay.stands
    return [
        MoveValues.weighed(problem, *found, np.full(firms, config), stands[config])
        for config, found in enumerate(zip(worth, values.swapaxes(0, 1), strict=True))
    ]


def _entries(problem: PlantProblem) -> int:
    """Numbers a firm that `moves_from` works on at once."""
    configs, regimes = len(problem.sets), len(problem.location.transitions[0])
    delays = len(np.unique(problem.delays))
    return delays * configs * max(regimes, configs)


def _prospects(foresight: Foresight, values: Floats) -> tuple[WorthOfMoves, Floats]:
    """Moves of a block of firms, and what they reach if all quarters are alike.

    ``values`` has shape (firm, config, regime).
    """
    prospects, known = WorthOfMoves(foresight, foresight.delay), firms_last(values)
    opening = [known] * (len(prospects.delays) - 1)
    standing = foresight.decay.expected(known)
    return prospects, prospects.reached(foresight.powers, standing, opening)
