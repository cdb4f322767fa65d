"""What would change a firm's mind: the nearest value of each lever at which it decides otherwise.

A lever is moved for this firm alone and for good: under every regime it thinks
possible, with markets, prices of inputs, wages and what it believes left as they are.
The decision is the one it takes with the luck it has: to build, to close or to stay or, of
a firm with a project, whether to go on. It is found anew on a grid of values that is
finest near today's, and where it changes the grid is refined.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, N_CONFIGS, N_HOSTS
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.projects import Projects
from abm.economy.tables import Array
from abm.explain.one_firm import ONLY, Situation
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import MovingCosts
from abm.location.valuation import Choices, projects_of, weigh
from abm.policy.arrays import Border
from abm.policy.regimes import Policy
from abm.trade.duties import duty_on_lines, with_fixed_duty

POINTS = 33
"""Values of a lever looked at in a round."""

ROUNDS = 3
"""The last of them tells the value to a thousandth of the first one's step."""

CANCELS = N_CONFIGS
"""Stands for stopping a project, where other decisions are sets of plants."""

MOST_DUTY = 5.0
MOST_THRESHOLD = 0.99
MOST_SUBSIDY = 0.9
MOST_GRANT = 0.9
MOST_COST = 10.0


@dataclass(frozen=True)
class Lever:
    """Something that a government or an engineer could change.

    Attributes
    ----------
    key : str
        As a scenario names it, or would.
    unit : str
    now, low, high : float
        Today's value, and between what others are looked for.
    policy : callable, optional
        Policy and the lever's value under each of its regimes to the policy changed.
    setting : str, optional
        The assumption about firms that it is, where it is none of policy.
    """

    key: str
    unit: str
    now: float
    low: float
    high: float
    policy: Callable[[Policy, Array], Policy] | None = None
    setting: str | None = None


@dataclass(frozen=True)
class Switch:
    """The nearest value of a lever at which the firm decides otherwise.

    ``decision`` is a set of plants or `CANCELS`; both are None where there is none.
    """

    lever: Lever
    value: float | None
    decision: int | None

    @property
    def distance(self) -> float:
        """How far it is, as a part of how far the lever goes; infinite where there is none."""
        if self.value is None:
            return float("inf")
        return abs(self.value - self.lever.now) / (self.lever.high - self.lever.low)


def levers_of(situation: Situation) -> list[Lever]:
    """The levers whose change a firm could answer to."""
    policy, settings, regime = situation.policy, situation.settings, situation.regime
    line = situation.line
    levers = [
        _duty_lever(situation, origin, market)
        for market in range(N_HOSTS)
        for origin in range(N_HOSTS)
        if origin != market
    ]
    levers += _content_levers(policy, line, regime)
    for array, unit, most in (
        ("subsidy", "share of labour and capital cost", MOST_SUBSIDY),
        ("investment_grant", "share of build cost", MOST_GRANT),
    ):
        for host in range(N_HOSTS):
            levers.append(_host_lever(situation, array, host, unit, most))
    for setting in ("build_cost", "closure_cost"):
        now = float(getattr(settings, setting))
        unit = "share of the plant's yearly sales"
        levers.append(Lever(f"firms.{setting}", unit, now, 0.0, MOST_COST, setting=setting))
    return levers


def _with(policy: Policy, name: str, cell: tuple[int, ...], value: Array) -> Policy:
    array = getattr(policy, name).copy()
    array[cell] = value
    return replace(policy, **{name: array})


def _content_levers(policy: Policy, line: int, regime: int) -> list[Lever]:
    """Content that is asked for by the agreement, and at each border that asks for another."""
    key, unit = "regional_value_content", "share of net cost"
    agreed = float(policy.content_threshold[line, 0, regime])
    levers = []
    if agreed > 0:
        change = partial(_with_content, line=line)
        levers.append(Lever(f"rules_of_origin.{key}", unit, agreed, 0.0, MOST_THRESHOLD, change))
    for border, own in policy.border_rules.items():
        asked = float(own.arrays["content_threshold"][line, 0, regime])
        if asked in (0.0, agreed):
            continue  # it asks for no content, or for as much as the agreement
        origin, destination = (HOSTS[place] for place in border)
        name = f"rules_of_origin.by_partner.{destination}.{origin}.{key}"
        change = partial(_with_content_there, line=line, border=border)
        levers.append(Lever(name, unit, asked, 0.0, MOST_THRESHOLD, change))
    return levers


def _with_content(policy: Policy, value: Array, line: int) -> Policy:
    """The policy with another content in the agreement, and where a border asks for the same."""
    for border, own in policy.border_rules.items():
        there = own.arrays["content_threshold"][line, 0]
        same = there == policy.content_threshold[line, 0]
        policy = _with_content_there(policy, np.where(same, value, there), line, border)
    return _with(policy, "content_threshold", (line, 0), value)


def _with_content_there(policy: Policy, value: Array, line: int, border: Border) -> Policy:
    own = policy.border_rules[border]
    threshold = own.arrays["content_threshold"].copy()
    threshold[line, 0] = value
    arrays = {**own.arrays, "content_threshold": threshold}
    rules = {**policy.border_rules, border: replace(own, arrays=arrays)}
    return replace(policy, border_rules=rules)


def _host_lever(situation: Situation, array: str, host: int, unit: str, most: float) -> Lever:
    """What a host's treasury pays to the firm's sector, an array of policy by sector and host."""
    cell = (situation.sector, host)
    key = "subsidies" if array == "subsidy" else array
    now = float(getattr(situation.policy, array)[(*cell, situation.regime)])

    def change(policy: Policy, value: Array) -> Policy:
        return _with(policy, array, cell, value)

    return Lever(f"{key}.{HOSTS[host]}", unit, now, 0.0, most, change)


def _duty_lever(situation: Situation, origin: int, market: int) -> Lever:
    """Duty on the firm's goods between two members beyond the most-favoured-nation rate.

    It is the part that is due whatever the origin. Where it differs between regimes, all
    change by as much as that of the regime in force, but never below nothing.
    """
    cell = (situation.sector, origin, market)

    def due(policy: Policy) -> Array:
        duty = duty_on_lines(policy, cell, situation.table.line[:1], np.zeros(1))
        kept: Array = duty.fixed[:, 0]
        return kept

    now = float(due(situation.policy)[situation.regime])

    def change(policy: Policy, value: Array) -> Policy:
        return with_fixed_duty(policy, cell, np.maximum(due(policy) + (value - now), 0.0))

    key = f"tariffs.special.{HOSTS[market]}.{HOSTS[origin]}"
    return Lever(key, "ad valorem, due whatever the origin", now, 0.0, MOST_DUTY, change)


@dataclass(frozen=True)
class _Copies(Choices):
    """The choice of copies of a firm to each of which moving costs something else.

    Attributes
    ----------
    each : tuple of MovingCosts
        By copy.
    """

    each: tuple[MovingCosts, ...] = ()

    def without_relief(self, firms: NDArray[np.int64]) -> PlantProblem:
        """The choice of some of the copies."""
        problem, regimes = super().without_relief(firms), self.payoff.shape[2]
        costs = []
        for firm in firms:
            cost = self.each[firm].weighed(self.table, ONLY)[0]
            cost = cost if cost.ndim == 3 else cost[..., None]
            costs.append(np.broadcast_to(cost, (*cost.shape[:2], regimes)))
        return replace(problem, location=replace(problem.location, move_cost=np.stack(costs)))

    def projects_without_relief(self, firms: NDArray[np.int64]) -> Projects:
        """Projects of some of the copies."""
        found = [projects_of(self.table, self.each[firm], ONLY) for firm in firms]
        return Projects(
            *(
                np.concatenate([getattr(one, name) for one in found])
                for name in Projects.__annotations__
            )
        )


def decisions(situation: Situation, lever: Lever, values: Array) -> NDArray[np.int64]:
    """What the firm decides at each value of a lever.

    Parameters
    ----------
    situation : Situation
    lever : Lever
    values : ndarray, shape (point,)

    Returns
    -------
    ndarray of int, shape (point,)
        A set of plants, or `CANCELS`.
    """
    if lever.policy is not None:
        return _decide(situation, _at_each_value(situation, lever.policy, values))
    assert lever.setting is not None
    revenue = situation.revenue()
    each = [situation.assuming(**{lever.setting: float(value)}) for value in values]
    payoff = np.concatenate([one.payoff(revenue) for one in each])
    reliefs = [found for one in each if (found := one.relief()) is not None]
    relief = np.concatenate(reliefs) if reliefs else None
    return _decide(situation, _AtValues(payoff, [one.moving for one in each], relief))


@dataclass(frozen=True)
class _AtValues:
    """What as many copies of a firm weigh as a lever has values.

    Attributes
    ----------
    payoff : ndarray, shape (point, config, regime)
    moving : list of MovingCosts
    relief : ndarray, shape (point, config, config, regime), or None
    """

    payoff: Array
    moving: list[MovingCosts]
    relief: Array | None


def _at_each_value(
    situation: Situation, change: Callable[[Policy, Array], Policy], values: Array
) -> _AtValues:
    """What is weighed at each value of a lever of policy.

    Every value is a set of regimes of its own, so that all are found at once.
    """
    count = len(situation.policy.regimes)
    regimes = np.tile(np.arange(count), len(values))
    policy = change(situation.policy.during(regimes), np.repeat(values, count))
    changed = situation.under(policy, regimes)
    payoff, relief = changed.payoff(), changed.relief()
    points = np.arange(len(regimes)).reshape(len(values), count)
    each = [situation.moving_under(policy.during(point)) for point in points]
    by_value: Array = payoff[0].reshape(N_CONFIGS, len(values), count).transpose(1, 0, 2)
    if relief is not None:
        split = relief[0].reshape(N_CONFIGS, N_CONFIGS, len(values), count)
        relief = split.transpose(2, 0, 1, 3)
    return _AtValues(by_value, each, relief)


def _decide(situation: Situation, at: _AtValues) -> NDArray[np.int64]:
    """Decisions of as many copies of the firm as there are payoffs."""
    table, every = situation.table, np.zeros(len(at.payoff), np.int64)
    now = situation.expected, every, situation.regime, at.relief
    choices = _Copies(table, at.moving[0], at.payoff, *now, tuple(at.moving))
    luck = DrawnLuck.none(1) if situation.luck is None else situation.luck
    weighed = weigh(choices, situation.values[every], luck.take(every))
    if table.target[0] < 0:
        return weighed.choice.astype(np.int64)
    goes_on = weighed.going_on + table.project_luck[0] >= weighed.cancelling
    return np.where(goes_on, table.target[0], CANCELS)


def nearest_switch(situation: Situation, lever: Lever) -> Switch:
    """The nearest value of a lever at which a firm decides otherwise.

    Parameters
    ----------
    situation : Situation
    lever : Lever

    Returns
    -------
    Switch
        Of two as near, the higher.
    """
    found = [
        switch
        for bound in (lever.high, lever.low)
        if (switch := _towards(situation, lever, bound)).value is not None
    ]
    return min(found, key=lambda switch: switch.distance, default=Switch(lever, None, None))


def _towards(situation: Situation, lever: Lever, bound: float) -> Switch:
    """The first change of decision on the way from today's value to a bound."""
    if bound == lever.now:
        return Switch(lever, None, None)
    # Squares: finest near today's value.
    values = lever.now + (bound - lever.now) * np.linspace(0, 1, POINTS) ** 2
    for _ in range(ROUNDS):
        decided = decisions(situation, lever, values)
        changed = np.flatnonzero(decided != decided[0])
        if not len(changed):
            return Switch(lever, None, None)
        first = int(changed[0])
        switch = Switch(lever, float(values[first]), int(decided[first]))
        values = np.linspace(values[first - 1], values[first], POINTS)
    return switch
