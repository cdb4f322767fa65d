"""The mix that meets several rules of origin at least cost, by Newton's method on the dual.

What is maximized, and why it has one maximum, stands in `abm.core.inputs.origin_rules`.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import MAX_LOG_WEDGE, Floats
from abm.core.inputs.origin_rules import (
    AT_HIGH_WAGES,
    FOREIGN,
    N_RULES,
    THERE,
    Dual,
    OriginRules,
    Sourcing,
    rule_excess,
    weight_slopes,
)

MOST_STEPS = 100
MAX_HALVINGS = 40

RIDGE = 1e-10
"""Added to the diagonal of the curvature, relative to its largest entry."""

LEAST_CURVATURE = 1e-200
"""Smallest usable curvature: below it no spending responds to any multiplier."""

ENTRIES_AT_ONCE = 512
"""Entries worked on at a time, so that they stay in the processor's cache."""

SUFFICIENT = 1e-4
"""Share of the rise predicted by the slope that a step must achieve (Armijo's rule)."""


@dataclass(frozen=True)
class RuledMix:
    """The mix that meets all rules at least cost.

    Attributes
    ----------
    net_cost, content : ndarray, shape (entry,)
        Actual net cost, and regional value content as a share of it.
    spending : ndarray, shape (group, input, entry)
        Purchasers' value by content group.
    multipliers : ndarray, shape (rule, entry)
        Shadow price of each rule: the cost saved if it were a dollar looser.
    log_wedge : ndarray, shape (entry,)
        Logarithm of the weight of duty-free foreign parts over that of the parts that
        count most, in the category where it is largest. With a content rule alone this is the log
        wedge of `abm.core.inputs.content_rules`.
    feasible : ndarray of bool, shape (entry,)
        False where no mix meets the rules.
    """

    net_cost: Floats
    content: Floats
    spending: Floats
    multipliers: Floats
    log_wedge: Floats
    feasible: NDArray[np.bool_]


def meet_origin_rules(
    firms: Sourcing, rules: OriginRules, start: Floats | None = None, tolerance: float = 1e-9
) -> RuledMix:
    """Least net cost subject to all rules.

    Parameters
    ----------
    firms : Sourcing
    rules : OriginRules
    start : ndarray, shape (rule, entry), optional
        Multipliers to start from, such as those of the content rule alone.
    tolerance : float
        Accepted excess over a rule, as a share of net cost.

    Returns
    -------
    RuledMix

    Notes
    -----
    Projected Newton iteration on the dual (Bertsekas 1982): multipliers at zero whose
    slope points below zero are held, the others take a Newton step, which is halved
    until the dual rises enough and every weight stays above zero.
    """
    entries = firms.other_cost.size
    every = np.arange(entries)
    whole = Dual(firms.take(every), rules, weight_slopes(firms, rules))
    multipliers = np.zeros((N_RULES, entries)) if start is None else start.astype(np.float64)
    multipliers[:, whole.value(multipliers)[1] <= 0] = 0
    reachable = np.flatnonzero(~_out_of_reach(whole.firms, rules))
    for first in range(0, len(reachable), ENTRIES_AT_ONCE):
        some = reachable[first : first + ENTRIES_AT_ONCE]
        multipliers[:, some] = _solved(whole.take(some), multipliers[:, some], tolerance)
    return _mix(whole, multipliers, tolerance)


def _out_of_reach(firms: Sourcing, rules: OriginRules) -> NDArray[np.bool_]:
    """Whether a rule is missed even if every part possible is bought where it counts."""
    missed = np.zeros(firms.other_cost.shape, np.bool_)
    for groups, own, asked in (
        (AT_HIGH_WAGES, firms.own_high_wage, rules.labour),
        (THERE, firms.own_country, rules.country),
    ):
        counts = firms.shares[groups]
        # A rule asks for a share of cost, so that of all groups that count the dearest, of
        # which the fewest parts are bought, goes furthest.
        rarest = np.where(counts > 0, counts, np.inf).min(axis=0, initial=np.inf)
        has = np.isfinite(rarest)
        power = -1 / firms.theta[:, None]
        dearest = firms.spend * np.where(has, rarest, 1.0) ** power
        most = np.where(has, dearest, 0.0).sum(axis=0)
        least = np.where(has, 0.0, firms.spend).sum(axis=0)
        missed |= (own + most) / (firms.other_cost + most + least) < asked
    return missed


def _solved(dual: Dual, start: Floats, tolerance: float) -> Floats:
    """Multipliers at which Newton's iteration ends."""
    multipliers, unsettled = start.copy(), np.arange(start.shape[1])
    for _ in range(MOST_STEPS):
        point = _Point.of(dual, multipliers[:, unsettled])
        active = [rule for rule in range(N_RULES) if not point.held[rule].all()]
        going = np.flatnonzero(~point.settled(tolerance))
        if not len(going):
            break
        # Most entries start where they end, so the dear part is for the others alone.
        unsettled, point = unsettled[going], point.take(going)
        multipliers[:, unsettled], stuck = _newton_step(point, active)
        unsettled, dual = unsettled[~stuck], point.dual
        if stuck.any():
            dual = dual.take(np.flatnonzero(~stuck))
    return multipliers


@dataclass(frozen=True)
class _Point:
    """The dual at the multipliers that an iteration has reached, entry by entry.

    Attributes
    ----------
    dual : Dual
    now : ndarray, shape (rule, entry)
        The multipliers.
    weights, spending : ndarray, shape (group, input, entry)
    perceived : ndarray, shape (input, entry)
    slope : ndarray, shape (rule, entry)
        How far each rule is missed.
    held : ndarray of bool, shape (rule, entry)
        Multipliers at zero whose slope points below it.
    """

    dual: Dual
    now: Floats
    weights: Floats
    spending: Floats
    perceived: Floats
    slope: Floats
    held: NDArray[np.bool_]

    @classmethod
    def of(cls, dual: Dual, now: Floats) -> "_Point":
        """Work everything out."""
        weights = dual.weights(now)
        spending, perceived = dual.spending(weights)
        slope = rule_excess(dual.firms, dual.rules, spending)
        held = (now <= 0) & (slope <= 0)
        return cls(dual, now, weights, spending, perceived, slope, held)

    @property
    def push(self) -> Floats:
        """Slopes of the multipliers that are not held, shape (rule, entry)."""
        return np.where(self.held, 0.0, self.slope)

    def settled(self, tolerance: float) -> NDArray[np.bool_]:
        """Whether no further step is needed, or none can help."""
        net_cost = self.dual.firms.other_cost + self.spending.sum(axis=(0, 1))
        miss = np.abs(self.push).max(axis=0)
        apart = np.log(self.weights.max(axis=(0, 1)) / self.weights.min(axis=(0, 1)))
        settled: NDArray[np.bool_] = (miss <= tolerance * net_cost) | (apart > MAX_LOG_WEDGE)
        return settled

    def take(self, entries: NDArray[np.integer]) -> "_Point":
        """The same for some entries."""
        if len(entries) == self.now.shape[1]:
            return self
        arrays = {name: value for name, value in vars(self).items() if name != "dual"}
        return _Point(
            self.dual.take(entries), **{name: array[..., entries] for name, array in arrays.items()}
        )


def _newton_step(point: _Point, rules: list[int]) -> tuple[Floats, NDArray[np.bool_]]:
    """Multipliers after a step, and which entries no step brings further.

    Rules that are not listed are slack, and left out of the linear systems.
    """
    dual, now, push = point.dual, point.now, point.push
    bend = -dual.curvature(point.weights, point.spending, point.perceived, rules)
    step, alone = np.zeros_like(now), np.zeros_like(now)
    step[rules] = _ascent(bend, push[rules], now[rules], ~point.held[rules])
    steep = np.einsum("ecc->ce", bend)
    alone[rules] = push[rules] / np.where(steep > 0, steep, np.inf)
    base = dual.value_at(now, point.perceived)
    moved, failed = _risen(dual, now, step, push, base)
    # Rule by rule where the joint step leads nowhere.
    again = np.flatnonzero(failed)
    if len(again):
        moved[:, again], failed[again] = _risen(
            dual.take(again), now[:, again], alone[:, again], push[:, again], base[again]
        )
    return moved, failed


def _ascent(bend: Floats, push: Floats, now: Floats, free: NDArray[np.bool_]) -> Floats:
    """Newton step that keeps multipliers at zero from going below.

    Parameters
    ----------
    bend : ndarray, shape (entry, rule, rule)
        Minus the curvature.
    push, now : ndarray, shape (rule, entry)
        Slopes, and multipliers.
    free : ndarray of bool, shape (rule, entry)
        Those that may move.

    Returns
    -------
    ndarray, shape (rule, entry)
    """
    scale = np.einsum("ecc->ec", bend).max(axis=1, initial=0)[:, None, None]
    scale = np.where(scale > LEAST_CURVATURE, scale, 1.0)
    step = np.zeros_like(push)
    free = free.copy()
    for _ in range(len(push) + 1):
        both = free.T[:, :, None] & free.T[:, None, :]
        # Held multipliers get a row of the identity, so they do not move. The others get a
        # small ridge: where two rules coincide the system would be singular.
        ridge = np.eye(len(push)) * np.where(free.T, RIDGE, 1.0)[:, None] * scale
        system = np.where(both, bend, 0.0) + ridge
        step = np.linalg.solve(system, np.where(free, push, 0.0).T[..., None])[..., 0].T
        wrong = free & (now <= 0) & (step < 0)
        if not wrong.any():
            break
        free &= ~wrong
    return step


def _risen(
    dual: Dual, now: Floats, step: Floats, push: Floats, base: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Multipliers after the longest halved step that raises the dual; and where none does."""
    moved = now.copy()
    waiting = np.arange(now.shape[1])
    length = 1.0
    for _ in range(MAX_HALVINGS):
        if not len(waiting):
            break
        some = dual if len(waiting) == now.shape[1] else dual.take(waiting)
        trial = np.maximum(now[:, waiting] + length * step[:, waiting], 0.0)
        reached, smallest = some.value(trial)
        promised = (push[:, waiting] * (trial - now[:, waiting])).sum(axis=0)
        # Near the maximum the rise is smaller than the rounding of the dual's value, so a
        # step is also accepted if the value falls by no more than that rounding.
        rounding = 1e-15 * np.abs(base[waiting])
        enough = reached >= base[waiting] + SUFFICIENT * promised - rounding
        accepted = (smallest > 0) & enough
        moved[:, waiting[accepted]] = trial[:, accepted]
        waiting = waiting[~accepted]
        length /= 2
    stuck = np.zeros(now.shape[1], np.bool_)
    stuck[waiting] = True
    return moved, stuck


def _mix(dual: Dual, multipliers: Floats, tolerance: float) -> RuledMix:
    weights = dual.weights(multipliers)
    spending, _ = dual.spending(weights)
    net_cost = dual.firms.other_cost + spending.sum(axis=(0, 1))
    excess = rule_excess(dual.firms, dual.rules, spending)
    foreign = (dual.firms.before_duty * spending[FOREIGN]).sum(axis=0)
    feasible = (excess <= 10 * tolerance * net_cost).all(axis=0)
    duty_free = replace(dual.firms, before_duty=np.ones_like(dual.firms.before_duty))
    plain = 1 + np.einsum("ce,cgke->gke", multipliers, weight_slopes(duty_free, dual.rules))
    log_wedge = np.log(plain[FOREIGN] / plain[:FOREIGN].min(axis=0)).max(axis=0)
    return RuledMix(net_cost, 1 - foreign / net_cost, spending, multipliers, log_wedge, feasible)
