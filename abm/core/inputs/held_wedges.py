"""Complying takes time: contracts that run were signed under the wedge of their day.

A wedge on parts that do not originate (`abm.core.inputs.content_rules`) says how a firm that wants
to meet a rule of origin chooses when it signs. Contracts that are still running were signed
under another, the *held* wedge. In a quarter in which the part ``r`` of contracts ends, what
a firm buys to comply is therefore

    (1 - r) x(held) + r x(signed now)

with ``x`` the spending under a wedge. It complies at once if some wedge on what it signs now
makes up for what runs on, at a cost that falls to that of the compliant wedge as more is
signed; and not yet if none does. With further rules the multipliers of all of them take the
place of the wedge: scaled down for what runs on, scaled up for what is signed.

A held wedge that only crept towards the compliant one would never reach it, and nobody
bound by a rule that was tightened would ever claim again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import (
    MAX_LOG_WEDGE,
    Floats,
    RunningOn,
    meet_content_rule,
    restricted_spending,
)
from abm.core.inputs.origin_rules import (
    FOREIGN,
    Dual,
    OriginRules,
    Sourcing,
    rule_excess,
    weight_slopes,
)

SETTLED = 1e-4
"""Gap between the held and the compliant log wedge that counts as none: in content it is
less than the cost step's own tolerance of some millionths of net cost makes of it."""

MAX_STEPS = 60
"""In the search for the factor on multipliers."""

MAX_FACTOR = np.exp(MAX_LOG_WEDGE)

NEAREST_EDGE = 0.999
"""How near a factor on multipliers may bring a weight to zero."""


class Answer:
    """What firms buy when some multipliers are scaled up or down.

    Parameters
    ----------
    firms : Sourcing
    rules : OriginRules
    multipliers : ndarray, shape (rule, entry)
        At which every weight is above zero.
    """

    def __init__(self, firms: Sourcing, rules: OriginRules, multipliers: Floats) -> None:
        self.firms, self.rules = firms, rules
        self._dual = Dual(firms, rules, weight_slopes(firms, rules))
        self._rise = self._dual.weights(multipliers) - 1

    @property
    def edge(self) -> Floats:
        """The factor at which a weight comes down to zero, shape (entry,); or infinity."""
        falls = -self._rise.min(axis=(0, 1))
        return np.divide(1.0, falls, out=np.full_like(falls, np.inf), where=falls > 0)

    def spending(self, factor: Floats) -> Floats:
        """Spending by content group at the multipliers times a factor, (group, input, entry)."""
        return self._dual.spending(1 + factor * self._rise)[0]

    def take(self, entries: NDArray[np.integer]) -> "Answer":
        """The same for some entries."""
        some = object.__new__(Answer)
        some._dual = self._dual.take(entries)
        some.firms, some.rules = some._dual.firms, some._dual.rules
        some._rise = self._rise[..., entries]
        return some


@dataclass(frozen=True)
class SignedMix:
    """What it takes to comply while some contracts run on.

    Attributes
    ----------
    signed : ndarray, shape (entry,)
        On what is signed now: the log wedge or, with further rules, the factor on the
        multipliers of the mix that complies.
    net_cost, content : ndarray, shape (entry,)
        Of the whole mix, running contracts included.
    feasible : ndarray of bool, shape (entry,)
        False where nothing that is signed now makes up for what runs on.
    """

    signed: Floats
    net_cost: Floats
    content: Floats
    feasible: NDArray[np.bool_]


# why: pure function of arrays: whatever it rests on is an argument
def sign_for_content(
    spend: Floats,
    foreign: Floats,
    before_duty: Floats,
    theta: Floats,
    other_cost: Floats,
    threshold: Floats,
    held: Floats,
    goal: Floats,
    part: float,
    tolerance: float = 2e-6,
) -> SignedMix:
    """The wedge on what is signed now at which the content rule is just met.

    Parameters
    ----------
    spend, foreign, before_duty, theta, other_cost, threshold
        As in `abm.core.inputs.content_rules.meet_content_rule`.
    held, goal : ndarray, shape (entry,)
        Log wedge under which running contracts were signed, and that which meets the rule.
    part : float
        Part of contracts that is signed now.
    tolerance : float
        Accepted shortfall of content, as a share of net cost.

    Returns
    -------
    SignedMix
    """
    runs = 1 - part
    originating, other = restricted_spending(held, spend, foreign, before_duty, theta)
    running = RunningOn(
        runs * (originating + other).sum(axis=0), runs * (before_duty * other).sum(axis=0)
    )
    mix = meet_content_rule(
        part * spend,
        foreign,
        before_duty,
        theta,
        other_cost,
        threshold,
        start=np.minimum(held + (goal - held) / part, MAX_LOG_WEDGE),
        tolerance=tolerance,
        running=running,
    )
    return SignedMix(mix.log_wedge, mix.net_cost, mix.content, mix.feasible)


def sign_for_rules(
    firms: Sourcing,
    rules: OriginRules,
    multipliers: Floats,
    held: Floats,
    part: float,
    tolerance: float = 2e-6,
) -> SignedMix:
    """The factor on multipliers, for what is signed now, at which all rules are just met.

    Parameters
    ----------
    firms : Sourcing
    rules : OriginRules
    multipliers : ndarray, shape (rule, entry)
        Those of the mix that meets all rules.
    held : ndarray, shape (entry,)
        Factor on them under which running contracts were signed, between 0 and 1.
    part, tolerance : float
        As in `sign_for_content`.

    Returns
    -------
    SignedMix
    """
    answer = Answer(firms, rules, multipliers)
    runs_on = (1 - part) * answer.spending(held)
    first = np.log((1 - (1 - part) * held) / part)  # exact were spending linear in the factor
    factor = np.exp(_log_factor(answer, runs_on, part, first, tolerance))
    spending = runs_on + part * answer.spending(factor)
    net_cost = firms.other_cost + spending.sum(axis=(0, 1))
    content = 1 - (firms.before_duty * spending[FOREIGN]).sum(axis=0) / net_cost
    missed = rule_excess(firms, rules, spending).max(axis=0)
    return SignedMix(factor, net_cost, content, missed <= 10 * tolerance * net_cost)


def _log_factor(
    answer: Answer, runs_on: Floats, part: float, first: Floats, tolerance: float
) -> Floats:
    """Logarithm of the least factor at which no rule is missed; the largest if all do.

    Regula falsi; an end that stays put counts half as much from then on (Illinois).
    """
    low = np.zeros_like(answer.firms.other_cost)
    high = np.log(np.maximum(np.minimum(NEAREST_EDGE * answer.edge, MAX_FACTOR), 1.0))
    short, ample = (_shortfall(answer, runs_on, part, end) for end in (low, high))
    found = np.where(short <= tolerance, low, high)
    unsettled = np.flatnonzero((short > tolerance) & (ample < -tolerance))
    for step in range(MAX_STEPS):
        if not len(unsettled):
            break
        of = unsettled
        trial = (low[of] * ample[of] - high[of] * short[of]) / (ample[of] - short[of])
        if step == 0:
            trial = np.where(first[of] < high[of], first[of], trial)
        miss = _shortfall(answer.take(of), runs_on[..., of], part, trial)
        found[of] = trial
        above, below = of[miss > 0], of[miss <= 0]
        low[above], short[above] = trial[miss > 0], miss[miss > 0]
        high[below], ample[below] = trial[miss <= 0], miss[miss <= 0]
        ample[above] /= 2
        short[below] /= 2
        unsettled = of[np.abs(miss) > tolerance]
    return found


def _shortfall(answer: Answer, runs_on: Floats, part: float, log_factor: Floats) -> Floats:
    """By how much the rule that is missed most is missed, share of net cost."""
    spending = runs_on + part * answer.spending(np.exp(log_factor))
    net_cost = answer.firms.other_cost + spending.sum(axis=(0, 1))
    missed: Floats = rule_excess(answer.firms, answer.rules, spending).max(axis=0) / net_cost
    return missed


def held_factor(held: Floats, goal: Floats) -> Floats:
    """Part of the way to multipliers that comply which running contracts have gone.

    Parameters
    ----------
    held, goal : ndarray
        Log wedges, the second above zero.
    """
    factor: Floats = np.minimum(np.expm1(held) / np.expm1(goal), 1.0)
    return factor


def next_held(
    held: Floats,
    complies: NDArray[np.bool_],
    compliant: Floats,
    wants: NDArray[np.bool_],
    wanted: Floats,
    part: float,
) -> Floats:
    """Held log wedge of the next quarter.

    Parameters
    ----------
    held : ndarray, shape (...)
    complies : ndarray of bool, shape (...)
        Whether the firm bought to comply: its mix is then as good as one that was all
        signed under the compliant wedge.
    compliant : ndarray, shape (...)
        Log wedge that meets the rule under contract.
    wants : ndarray of bool, shape (...)
        Whether it will comply once contracts have run out, and so prepares.
    wanted : ndarray, shape (...)
        Log wedge at which it will.
    part : float
        Part of contracts that ends in a quarter.

    Returns
    -------
    ndarray, shape (...)
        Who prepares nothing loses what it had.
    """
    preparing = np.where(wants, held + part * (wanted - held), held * (1 - part))
    return np.where(complies, compliant, preparing).astype(held.dtype)
