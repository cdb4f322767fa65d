"""What one firm's goods cost at one host under one regime, by plain Python on lists.

It shares no formula with `abm.core`: it works in double precision, one firm at a time. The
naive model of ``benchmarks/``, which the tests hold the vectorized model to, is made of the same
functions. They stand here because the program may not import its benchmarks, and a check that
runs with the program should be the one that is tested.
"""

from dataclasses import dataclass
from math import exp, expm1, inf, sumprod

from abm.core.inputs.content_rules import MAX_ITERATIONS, MAX_LOG_WEDGE

SHORTFALL = 2e-6
"""Accepted shortfall of content, share of net cost: that of the vectorized cost step."""

type Numbers = list[float]


@dataclass(slots=True)
class Mix:
    """What a firm buys at one host under one regime, and what that costs.

    ``spend``, ``foreign`` and ``before_duty`` are lists by input: spending, the share of
    it that does not originate, and the value before duty of a dollar of the latter.
    """

    other_cost: float
    cost: float
    content: float
    spend: Numbers
    foreign: Numbers
    before_duty: Numbers


@dataclass(slots=True)
class Cost:
    """Result of the cost step at one host under one regime."""

    free_cost: float = 0.0
    free_content: float = 0.0
    compliant_cost: float = 0.0
    log_wedge: float = 0.0
    feasible: bool = True


# why: what a firm meets at one host, each by its name
def free_mix(
    affinity: list[Numbers],
    origin_share: float,
    base_potential: Numbers,
    weights: list[list[Numbers]],
    signed: list[Numbers] | None,
    theta: Numbers,
    bill: Numbers,
    other_cost: float,
) -> Mix:
    """What a firm buys when nothing is asked of it; arguments are lists by input.

    Without ``signed`` it buys everything anew.
    """
    mix = Mix(other_cost, other_cost, 0.0, [], [], [])
    foreign_value = 0.0
    short = 1 - origin_share
    for number, (
        taste,
        base,
        (qualifying, others, before, qualifying_before),
        power,
        share,
    ) in enumerate(zip(affinity, base_potential, weights, theta, bill, strict=True)):
        delivered, other = sumprod(taste, qualifying), sumprod(taste, others)
        potential = delivered + other
        value = sumprod(taste, before)
        if short > 0:
            other += short * delivered
            value += short * sumprod(taste, qualifying_before)
        level = potential if signed is None else sumprod(taste, signed[number])
        spend = share * (level / base) ** (-1 / power) * potential / level
        foreign = other / potential
        before_duty = value / other if other > 0 else 0.0
        mix.cost += spend
        foreign_value += spend * foreign * before_duty
        mix.spend.append(spend)
        mix.foreign.append(foreign)
        mix.before_duty.append(before_duty)
    mix.content = 1 - foreign_value / mix.cost
    return mix


def cheapest_compliant(
    mix: Mix, theta: Numbers, threshold: float, start: float, tolerance: float = SHORTFALL
) -> Cost:
    """Least cost that meets a content rule: Newton's iteration on the log wedge, bracketed."""
    allowed = 1 - threshold
    low, high = 0.0, float(MAX_LOG_WEDGE)
    log_wedge = min(max(start, low), high)
    for _ in range(MAX_ITERATIONS):
        multiplier, per_log = expm1(log_wedge), exp(log_wedge)
        cost, foreign_value, slope = mix.other_cost, 0.0, 0.0
        for spend, foreign, before_duty, power in zip(
            mix.spend, mix.foreign, mix.before_duty, theta, strict=True
        ):
            wedge = 1 + multiplier * before_duty
            tilted = foreign * wedge**-power
            remaining = 1 - foreign + tilted
            scale = spend * remaining ** (-1 / power - 1)
            originating = scale * (1 - foreign)
            other = scale * tilted / wedge
            cost += originating + other
            foreign_value += before_duty * other
            weight = before_duty / wedge + allowed * (1 - 1 / wedge)
            slope -= (power + 1) * originating * tilted / remaining * weight * before_duty / wedge
        slope *= per_log
        excess = foreign_value - allowed * cost
        if excess > 0:
            low = log_wedge
        else:
            high = log_wedge
        settled = abs(excess) <= tolerance * cost or high - low <= 1e-12
        if settled or (log_wedge == 0 and excess <= 0):
            break
        newton = log_wedge - excess / slope if slope < 0 else inf
        log_wedge = newton if low < newton < high else (low + high) / 2
    feasible = 1 - foreign_value / cost >= threshold - 10 * tolerance
    return Cost(compliant_cost=cost if feasible else inf, log_wedge=log_wedge, feasible=feasible)
