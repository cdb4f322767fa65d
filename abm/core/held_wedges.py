"""Complying takes time: contracts that run were signed under the wedge of their day.

A wedge on parts that do not originate (`abm.core.content_rules`) says how a firm that wants
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

from abm.core.content_rules import (
    MAX_LOG_WEDGE,
    Floats,
    RunningOn,
    meet_content_rule,
    restricted_spending,
)
from abm.core.origin_rules import (
    FOREIGN,
    OriginRules,
    Sourcing,
    rule_excess,
    smallest_weight,
    spending_at,
)

SETTLED = 1e-4
"""Gap between the held and the compliant log wedge that counts as none: in content it is
less than the cost step's own tolerance of some millionths of net cost makes of it."""

HALVINGS = 50
"""Of the interval in which the factor on multipliers is looked for."""

NEAREST_EDGE = 0.999
"""How near a factor on multipliers may bring a weight to zero."""


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
        As in `abm.core.content_rules.meet_content_rule`.
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
    runs_on = (1 - part) * spending_at(firms, rules, multipliers * held)

    def mix_at(factor: Floats) -> tuple[Floats, Floats, Floats]:
        spending = runs_on + part * spending_at(firms, rules, multipliers * factor)
        net_cost = firms.other_cost + spending.sum(axis=(0, 1))
        return spending, net_cost, rule_excess(firms, rules, spending).max(axis=0)

    # Weights are linear in the factor: the largest one keeps all of them above zero.
    falls = 1 - smallest_weight(firms, rules, multipliers)
    edge = np.where(falls > 0, NEAREST_EDGE / np.maximum(falls, 1e-300), np.inf)
    low = np.ones_like(firms.other_cost)
    high = np.maximum(np.minimum(edge, np.exp(MAX_LOG_WEDGE)), 1.0)
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        _, net_cost, excess = mix_at(middle)
        misses = excess > tolerance * net_cost
        low, high = np.where(misses, middle, low), np.where(misses, high, middle)
    spending, net_cost, excess = mix_at(high)
    content = 1 - (firms.before_duty * spending[FOREIGN]).sum(axis=0) / net_cost
    return SignedMix(high, net_cost, content, excess <= 10 * tolerance * net_cost)


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
