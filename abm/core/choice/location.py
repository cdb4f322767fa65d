"""Where a firm produces: dynamic discrete choice under policy that may change.

A firm in configuration ``c`` (a set of hosts) while policy regime ``r`` is in
force earns ``profit[c, r]`` a quarter. With probability ``review`` it reviews
this quarter whether to change to ``c'``, at a sunk ``move_cost[c, c', r]``;
otherwise it stays. New plants open ``build_delay`` quarters after the decision
and until then the old ones serve. With ``P`` the transitions between regimes
the firm believes in, ``L`` the delay and ``beta`` the discount factor, a choice
is worth

    Q(c, c', r) = sum_{t<L} beta^t (P^t profit[c])(r) - F(c, c', r) + beta^L (P^L V[c'])(r)
    Q(c, c', r) = profit[c', r] - F(c, c', r) + beta (P V[c'])(r)                where L = 0

and, taste for configurations being Gumbel with mean zero and scale ``noise``
(Rust 1987), the firm itself

    V(c, r) = review * noise * log sum_c' exp(Q(c, c', r) / noise) + (1 - review) * Q(c, c, r).

A move without delay is made before the quarter's profit is earned: the firm
pays now, earns the new profit now, and policy changes next. Without noise the
sum is a plain maximum. The right-hand side is convex in ``V`` and a contraction
of modulus ``beta``, so Newton's iteration, which is Howard's policy iteration
with choice probabilities in place of a policy, converges from anywhere, and in
a few steps (Puterman and Brumelle 1979).

Money may be in any unit, one per firm if need be, as long as ``noise`` is in
the same: relative to a firm's normal profit, say.

This is the theory in its plain form. The model's firms also lose plants, value no luck to come and
have luck of two scales (`abm.core.choice.plant_values`), which falls back to this without these.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import blocks
from abm.core.inputs.content_rules import Floats
from abm.core.layout import first_last

Indices = NDArray[np.integer]

BLOCK_ENTRIES = 1 << 18
"""Entries of the linear systems solved at once, and of choice values: 2 MB, the fastest tried."""

MAX_NEWTON_STEPS = 100
"""Far more than the few needed; reached only if rounding makes the tolerance unreachable."""


@dataclass(frozen=True)
class LocationProblem:
    """What some firms know and expect when they choose where to produce.

    Attributes
    ----------
    profit : ndarray, shape (firm, config, regime)
        Payoff per quarter, finite.
    move_cost : ndarray, shape (firm, config, config) or (firm, config, config, regime)
        Sunk cost of going from the first configuration to the second, in the units of
        ``profit``; 0 on the diagonal, infinite where a move is forbidden. Without the last
        axis it is the same in every regime the firm may decide in.
    build_delay : ndarray of int, shape (config, config)
        Quarters from decision to opening, 0 where no plant is added.
    transitions : ndarray, shape (belief, regime, regime)
        Probability per quarter of going from the first regime to the second, by belief.
    belief : ndarray of int, shape (firm,)
        The row of ``transitions`` a firm believes in.
    discount : float
        Weight of the next quarter, at least 0 and below 1.
    review : float
        Probability per quarter of reconsidering.
    noise : float
        Scale of the Gumbel taste shocks, in the units of ``profit``; 0 for none.
    """

    profit: Floats
    move_cost: Floats
    build_delay: Indices
    transitions: Floats
    belief: Indices
    discount: float
    review: float
    noise: float

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, where the problem makes no sense."""
        for holds, complaint in self._requirements():
            if not holds:
                raise ValueError(complaint)

    def _requirements(self) -> Iterator[tuple[bool | np.bool_, str]]:
        """Requirements, each with the complaint if it fails; shapes first, as the rest use them."""
        firms, configs, regimes = self.profit.shape
        rows, delay = self.transitions, self.build_delay
        moves = (firms, configs, configs)
        yield self.move_cost.shape in (moves, (*moves, regimes)), "move_cost: wrong shape"
        yield delay.shape == (configs, configs), "build_delay: wrong shape"
        yield rows.shape[1:] == (regimes, regimes), "transitions: wrong shape"
        yield self.belief.shape == (firms,), "belief: wrong shape"
        yield np.isfinite(self.profit).all(), "profit: not finite"
        yield (self.move_cost > -np.inf).all(), "move_cost: not a number, or minus infinity"
        staying = np.einsum("ncc...->nc...", self.move_cost)
        yield not staying.any(), "move_cost: staying costs something"
        yield (delay >= 0).all(), "build_delay: below 0"
        yield not delay.diagonal().any(), "build_delay: staying takes time"
        yield (rows >= 0).all(), "transitions: below 0"
        yield (abs(rows.sum(-1) - 1) <= 1e-9).all(), "transitions: rows do not sum to 1"
        yield ((self.belief >= 0) & (self.belief < len(rows))).all(), "belief: no such row"
        yield 0 <= self.discount < 1, "discount: not in [0, 1)"
        yield 0 <= self.review <= 1, "review: not in [0, 1]"
        yield 0 <= self.noise < np.inf, "noise: not in [0, inf)"

    @property
    def cost_by_regime(self) -> Floats:
        """``move_cost`` with a last axis of as many regimes, or of one that stands for all."""
        return self.move_cost if self.move_cost.ndim == 4 else self.move_cost[..., None]

    def take(self, firms: Indices | NDArray[np.bool_] | slice) -> Self:
        """The same problem for some firms."""
        return replace(
            self,
            profit=self.profit[firms],
            move_cost=self.move_cost[firms],
            belief=self.belief[firms],
        )


def discounted_powers(transitions: Floats, discount: float, last: int) -> tuple[Floats, Floats]:
    """Discounted powers of the transitions, and their sums over the quarters before.

    Returns two arrays of shape (quarters ahead, belief, regime, regime), for 0 to
    ``last`` quarters: ``beta^t P^t`` and ``sum_{s<t} beta^s P^s``.
    """
    powers = np.empty((last + 1, *transitions.shape))
    powers[0] = np.eye(transitions.shape[-1])
    for ahead in range(last):
        np.matmul(discount * transitions, powers[ahead], out=powers[ahead + 1])
    sums = np.zeros_like(powers)
    np.cumsum(powers[:-1], axis=0, out=sums[1:])
    return powers, sums


def best_of_choices(worth: Floats, noise: float) -> tuple[Floats, Floats]:
    """Expected best of the choices along the first axis, and their probabilities.

    Without noise ties are split evenly, which is the limit of small noise and
    treats identical countries alike.
    """
    top = worth.max(axis=0)
    if noise == 0:
        odds = (worth == top).astype(np.float64)
        return top, odds / odds.sum(axis=0)
    odds = worth - top
    odds /= noise
    np.exp(odds, out=odds)
    total = odds.sum(axis=0)
    odds /= total
    return top + noise * np.log(total), odds


@dataclass(frozen=True)
class _Bellman:
    """The Bellman equation of a block of firms, as arrays whose last axis is the firm.

    Firms come last, and the configuration chosen first, because NumPy is several
    times slower when it has to reduce or broadcast over short inner axes.

    Attributes
    ----------
    payoff : ndarray, shape (config to, config from, regime, firm)
        The part of choice values that is earned and paid before the new plants open.
    ahead : ndarray, shape (horizon, regime, regime, firm)
        Discounted transitions to the quarter in which the new plants open.
    horizon : ndarray of int, shape (config to, config from)
        Row of ``ahead`` for the building delay of a choice.
    order : tuple of ndarray of int
        Groups of regimes that lead to each other; a group follows those it leads to.
    review, noise : float
        As in `LocationProblem`.
    """

    payoff: Floats
    ahead: Floats
    horizon: Indices
    order: tuple[Indices, ...]
    review: float
    noise: float

    def choice_values(self, values: Floats) -> Floats:
        """What each choice is worth, shape (config to, config from, regime, firm)."""
        expected = (self.ahead[:, None] * values[:, None]).sum(axis=3)
        # A choice of ``to`` depends on the value expected in ``to`` alone.
        result = expected[self.horizon, np.arange(len(values))[:, None]]
        result += self.payoff
        return result

    def apply(self, values: Floats) -> tuple[Floats, Floats]:
        """Updated values, and the probabilities with which a firm that reviews chooses each set."""
        worth = self.choice_values(values)
        staying = np.einsum("ccrn->crn", worth)
        updated = (1 - self.review) * staying
        best, probabilities = best_of_choices(worth, self.noise)
        updated += self.review * best
        return updated, probabilities

    def newton_step(self, gap: Floats, probabilities: Floats) -> Floats:
        """Change of the values that closes ``gap`` if probabilities stayed as they are."""
        weight = self.review * probabilities
        np.einsum("ccrn->crn", weight)[:] += 1 - self.review
        step = np.zeros_like(gap)
        later = np.empty(0, np.int64)
        for regimes in self.order:
            owed = gap[:, regimes]
            if later.size:
                ahead = self.ahead[:, regimes[:, None], later]
                expected = (ahead[:, None] * step[:, None, later]).sum(axis=3)
                reached = expected[self.horizon, np.arange(len(gap))[:, None]]
                owed += (weight[:, :, regimes] * reached).sum(axis=0)
            step[:, regimes] = self._solve(weight, regimes, owed)
            later = np.append(later, regimes)
        return step

    def _solve(self, weight: Floats, regimes: Indices, owed: Floats) -> Floats:
        """The step in one group of regimes, given the steps of the groups that it leads to."""
        configs, _, firms = owed.shape
        states = configs * len(regimes)
        minus_weight = -weight[:, :, regimes].transpose(1, 2, 0, 3)[:, :, :, None]
        ahead = self.ahead[:, regimes[:, None], regimes]
        system = minus_weight * ahead[self.horizon].transpose(1, 2, 0, 3, 4)
        system = system.reshape(states, states, firms).transpose(2, 0, 1)
        np.einsum("nss->ns", system)[:] += 1
        step = np.linalg.solve(system, owed.reshape(states, firms).T[:, :, None])
        result: Floats = step[:, :, 0].T.reshape(owed.shape)
        return result

    def take(self, firms: Indices) -> Self:
        """The same equation for some firms of the block."""
        return replace(
            self, payoff=self.payoff.take(firms, axis=-1), ahead=self.ahead.take(firms, axis=-1)
        )


def regime_groups(transitions: Floats) -> tuple[Indices, ...]:
    """Regimes that lead to each other in anybody's belief, group by group.

    The value of a regime depends only on the regimes that may follow it. So groups are
    solved one after another, each after those it leads to, as small linear systems. A
    threat that may end, or a rule that is announced, makes groups of one or two regimes.
    """
    leads = transitions.any(axis=0) | np.eye(transitions.shape[-1], dtype=bool)
    for _ in range(len(leads).bit_length()):
        leads = leads @ leads
    groups = {tuple(np.flatnonzero(both)) for both in leads & leads.T}
    # A group that leads to another also leads to all that the other leads to.
    ordered = sorted(groups, key=lambda group: (leads[group[0]].sum(), group))
    return tuple(np.array(group) for group in ordered)


def firms_last(array: Floats) -> Floats:
    """A float64 copy, contiguous, whose first axis has become the last."""
    return np.array(first_last(array), dtype=np.float64, order="C")


def _bellman_blocks(problem: LocationProblem) -> Iterator[tuple[slice, _Bellman]]:
    """The problem cut into blocks of firms, each with its Bellman equation."""
    firms, configs, regimes = problem.profit.shape
    # Without delay the new plants stand next quarter, as with a delay of one.
    quarters, horizon = np.unique(np.maximum(problem.build_delay.T, 1), return_inverse=True)
    horizon = horizon.reshape(configs, configs)
    builds = (problem.build_delay.T > 0)[:, :, None, None]
    powers, sums = (
        firms_last(table[quarters].swapaxes(0, 1))
        for table in discounted_powers(problem.transitions, problem.discount, int(quarters[-1]))
    )

    order = regime_groups(problem.transitions)
    entries = max((configs * len(group)) ** 2 for group in order)
    for rows in blocks(firms, max(1, BLOCK_ENTRIES // max(entries, configs**2 * regimes))):
        belief = problem.belief[rows]
        profit = firms_last(problem.profit[rows])
        meanwhile = (sums.take(belief, axis=-1)[:, None] * profit[:, None]).sum(axis=3)
        payoff = np.where(builds, meanwhile[horizon, np.arange(configs)], profit[:, None])
        payoff -= problem.cost_by_regime[rows].transpose(2, 1, 3, 0)
        ahead = powers.take(belief, axis=-1)
        yield rows, _Bellman(payoff, ahead, horizon, order, problem.review, problem.noise)


def value_of_staying(problem: LocationProblem) -> Floats:
    """Present value of staying put for ever, without the right to reconsider.

    Parameters
    ----------
    problem : LocationProblem

    Returns
    -------
    ndarray, shape (firm, config, regime)
        In the units of ``profit``.
    """
    regimes = problem.profit.shape[2]
    forever = np.linalg.inv(np.eye(regimes) - problem.discount * problem.transitions)
    result: Floats = np.einsum("nrs,ncs->ncr", forever[problem.belief], problem.profit)
    return result


def solve_values(
    problem: LocationProblem, start: Floats | None = None, tolerance: float = 1e-10
) -> tuple[Floats, Floats]:
    """Value of every configuration in every regime.

    Parameters
    ----------
    problem : LocationProblem
    start : ndarray, shape (firm, config, regime), optional
        Values to start from, such as last quarter's; by default those of staying put.
    tolerance : float
        Residual to be reached by every firm.

    Returns
    -------
    values : ndarray of float64, shape (firm, config, regime)
        Expected present value before this quarter's review, in the units of ``profit``.
    residual : ndarray of float64, shape (firm,)
        Bound on the error of ``values``, ``max |V - TV| / (1 - discount)``, as a share of
        the firm's payoff scale ``max |profit| + noise`` earned for ever. Above
        ``tolerance`` only where rounding does not allow better.
    """
    values = value_of_staying(problem) if start is None else start.astype(np.float64)
    residual = np.empty(len(values))

    for rows, bellman in _bellman_blocks(problem):
        profit = problem.profit[rows].astype(np.float64)
        scale = np.abs(profit).max(axis=(1, 2)) + problem.noise
        # With no profit anywhere and no noise all values are 0: there is no error to scale.
        scale[scale == 0] = 1
        solved, residual[rows] = _iterate(bellman, firms_last(values[rows]), scale, tolerance)
        values[rows] = np.moveaxis(solved, -1, 0)
    return values, residual


def _iterate(
    bellman: _Bellman, values: Floats, scale: Floats, tolerance: float
) -> tuple[Floats, Floats]:
    """Newton's iteration for a block of firms: values and residuals reached."""
    residual = np.empty(len(scale))
    active = np.arange(len(scale))
    for _ in range(MAX_NEWTON_STEPS):
        current = values.take(active, axis=-1)
        updated, probabilities = bellman.apply(current)
        gap = updated - current
        residual[active] = np.abs(gap).max(axis=(0, 1)) / scale[active]
        unsettled = np.flatnonzero(residual[active] > tolerance)
        if not unsettled.size:
            break
        if unsettled.size < active.size:
            active = active[unsettled]
            bellman = bellman.take(unsettled)
            gap, probabilities = gap.take(unsettled, -1), probabilities.take(unsettled, -1)
        values[..., active] += bellman.newton_step(gap, probabilities)
    return values, residual


def choice_values(
    problem: LocationProblem,
    values: Floats,
    config: Indices | None = None,
    regime: int | None = None,
) -> Floats:
    """Value of choosing each configuration, after its move cost and before the taste shock.

    Parameters
    ----------
    problem : LocationProblem
    values : ndarray, shape (firm, config, regime)
        As `solve_values` gives them.
    config : ndarray of int, shape (firm,), optional
        Where each firm stands; by default every configuration is looked at.
    regime : int, optional
        The regime in force; by default every regime is looked at.

    Returns
    -------
    ndarray of float64, shape (firm, config from, config to, regime)
        In the units of ``profit``; minus infinity where a move is forbidden. The axis
        ``config from`` is left out when ``config`` is given, ``regime`` likewise.
    """
    firms, configs, regimes = problem.profit.shape
    result = np.empty(
        (configs, configs if config is None else 1, regimes if regime is None else 1, firms)
    )
    for rows, bellman in _bellman_blocks(problem):
        worth = bellman.choice_values(firms_last(values[rows]))
        if regime is not None:
            worth = worth[:, :, [regime]]
        if config is not None:
            worth = np.take_along_axis(worth, config[rows][None, None, None], axis=1)
        result[..., rows] = worth
    given = [axis for axis, index in ((1, config), (3, regime)) if index is not None]
    return result.transpose(3, 1, 0, 2).squeeze(tuple(given))


def choice_probabilities(
    problem: LocationProblem,
    values: Floats,
    config: Indices | None = None,
    regime: int | None = None,
) -> Floats:
    """Probability that a firm which reviews goes to each configuration.

    Parameters
    ----------
    problem, values, config, regime
        As for `choice_values`.

    Returns
    -------
    ndarray of float64, shape (firm, config from, config to, regime)
        Sums to one over ``config to``. The axis ``config from`` is left out when
        ``config`` is given, ``regime`` likewise.
    """
    worth = choice_values(problem, values, config, regime)
    to = 2 if config is None else 1
    _, probabilities = best_of_choices(np.moveaxis(worth, to, 0), problem.noise)
    return np.moveaxis(probabilities, 0, to)
