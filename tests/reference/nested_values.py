"""What sets of plants are worth to owners who reckon with the luck that reviews will bring.

Here building options come at reviews like all others, are used or lost at once, and their luck
to come is valued. Options to keep or close form a nest of scale ``k``, within luck of scale
``K >= k`` between it and each building option (nested logit, McFadden 1978):

    I(c, r) = k * log sum_{d in c} exp(Q(c, d, r) / k)
    V(c, r) = review * K * log(exp(I / K) + sum_{c' builds} exp(Q(c, c', r) / K))
              + (1 - review) * Q(c, c, r),

with ``Q`` from `abm.core.choice.foresight`. With one scale, without attrition and without the empty
set it is the rule of `abm.core.choice.location`, of which it keeps Newton's iteration.
"""

from dataclasses import dataclass

import numpy as np

from abm.core.choice.foresight import Foresight, PlantProblem, WorthOfMoves
from abm.core.choice.location import MAX_NEWTON_STEPS, best_of_choices, firms_last, value_of_staying
from abm.core.inputs.content_rules import Floats


def nested_values(
    problem: PlantProblem, start: Floats | None = None, tolerance: float = 1e-10
) -> tuple[Floats, Floats]:
    """Value of every set of plants in every regime, luck to come included.

    Parameters
    ----------
    problem : PlantProblem
    start : ndarray, shape (firm, config, regime), optional
        Values to start from; by default those of staying put.
    tolerance : float
        Residual to be reached by every firm.

    Returns
    -------
    values : ndarray of float64, shape (firm, config, regime)
    residual : ndarray of float64, shape (firm,)
        Both as of `abm.core.choice.location.solve_values`.
    """
    location = problem.location
    values = value_of_staying(location) if start is None else start.astype(np.float64)
    residual, scale = np.empty(len(values)), problem.scale()
    _, configs, regimes = values.shape
    for rows, foresight in problem.outlooks((configs * regimes) ** 2):
        bellman = _Nested(foresight, location.review, location.noise, problem.keep_noise)
        current = firms_last(values[rows])
        for _ in range(MAX_NEWTON_STEPS):
            updated, odds = bellman.apply(current)
            gap = updated - current
            residual[rows] = np.abs(gap).max(axis=(0, 1)) / scale[rows]
            unsettled = residual[rows] > tolerance
            if not unsettled.any():
                break
            # What a firm ends at must not depend on who else is in its block.
            current += np.where(unsettled, bellman.newton_step(gap, odds), 0.0)
        values[rows] = np.moveaxis(current, -1, 0)
    return values, residual


def nested_odds(problem: PlantProblem, values: Floats) -> Floats:
    """Probability that a firm which reviews goes to each set.

    Parameters
    ----------
    problem : PlantProblem
    values : ndarray, shape (firm, config, regime)
        From `nested_values`.

    Returns
    -------
    ndarray, shape (firm, config from, config to, regime)
        Sums to one over ``config to``.
    """
    location = problem.location
    firms, configs, regimes = values.shape
    result = np.empty((firms, configs, configs, regimes))
    for rows, foresight in problem.outlooks():
        bellman = _Nested(foresight, location.review, location.noise, problem.keep_noise)
        _, odds = bellman.apply(firms_last(values[rows]))
        result[rows] = odds.transpose(3, 1, 0, 2)
    return result


@dataclass(frozen=True, eq=False)
class _Nested:
    """The Bellman equation of a block of firms.

    Attributes
    ----------
    foresight : Foresight
    review, noise, keep_noise : float
        As of `PlantProblem`.
    """

    foresight: Foresight
    review: float
    noise: float
    keep_noise: float

    def apply(self, values: Floats) -> tuple[Floats, Floats]:
        """Updated values, and odds at a review, shape (config to, config from, regime, firm)."""
        foresight = self.foresight
        configs = len(values)
        prospects = WorthOfMoves(foresight, foresight.delay)
        opening = [values] * (len(prospects.delays) - 1)
        standing = foresight.decay.expected(values)
        reached = prospects.reached(foresight.powers, standing, opening)
        updated, odds = np.empty_like(values), np.zeros((configs, *values.shape))
        for config, opens in enumerate(foresight.sets.opens):
            moves = tuple((config, target) for target in range(configs))
            worth = prospects.moves(moves).worth(reached)
            kept, shares = best_of_choices(worth[~opens], self.keep_noise)
            best, chosen = best_of_choices(np.concatenate([kept[None], worth[opens]]), self.noise)
            odds[~opens, config] = chosen[0] * shares
            odds[opens, config] = chosen[1:]
            updated[config] = self.review * best + (1 - self.review) * worth[config]
        return updated, odds

    def newton_step(self, gap: Floats, odds: Floats) -> Floats:
        """Change of the values that closes ``gap`` if odds stayed as they are."""
        configs, regimes, firms = gap.shape
        system = np.zeros((configs, regimes, configs, regimes, firms))
        for config in range(configs):
            for target in range(configs):
                weight = self.review * odds[target, config]
                if target == config:
                    weight = weight + (1 - self.review)
                self._lead(system[config], weight, config, target)
        states = configs * regimes
        system = np.negative(system.reshape(states, states, firms)).transpose(2, 0, 1)
        np.einsum("nss->ns", system)[:] += 1
        step = np.linalg.solve(system, gap.reshape(states, firms).T[:, :, None])
        result: Floats = step[:, :, 0].T.reshape(gap.shape)
        return result

    def _lead(self, system: Floats, weight: Floats, config: int, target: int) -> None:
        """Add where a move leads, with what weight of shape (regime, firm)."""
        foresight = self.foresight
        delay = int(foresight.delay[0, config, target])
        ahead = weight[:, None] * foresight.powers[max(delay, 1)][..., None]
        decays = target if delay == 0 else config
        decay = foresight.decay
        left = decay.after(max(delay, 1))[decay.parts.pairs([decays])[:, 0]]
        for part, chance in zip(decay.parts.left[decays], left, strict=True):
            reached = part if delay == 0 else int(foresight.sets.becomes[config, target, part])
            system[:, reached] += chance * ahead
