"""What explains a firm's decision, in numbers: cut from one situation of a model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from abm.axes import BELIEFS, CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, HOSTS, N_CONFIGS
from abm.core.choice.beliefs import myopic_transitions
from abm.core.choice.dated_beliefs import Calendar, dated_values
from abm.core.choice.location import best_of_choices, value_of_staying
from abm.core.demand.claims import Claim, claim_costs
from abm.explain.one_firm import ONLY, Moment, Situation
from abm.explain.switching_points import CANCELS, Lever, levers_of, nearest_switch
from abm.location.valuation import Weighing, projects_at_gates
from abm.trade.borders.crossing import MEMBER_PAIRS, border_terms, paperwork_cost


@dataclass(frozen=True)
class Who:
    """The firm: shares of its own sales, costs and duties as `agents.firm_table` has them."""

    row: int
    sector: str
    home: str
    belief: str
    real_firms: float
    size: float
    sales_musd_a_quarter: float
    plants: str
    product_duty: dict[str, float]


@dataclass(frozen=True)
class HostCost:
    """Making its product at one host; costs are against the sector's average of 2017.

    They are those of this quarter, with inputs under the contracts that still run.

    ``compliant_cost`` and ``compliant_content`` are None where the rule cannot be met,
    ``wedge`` is 1 where it does not bind.
    """

    host: str
    stands: bool
    unit_cost: float
    content: float
    threshold: float
    meets_rule: bool
    compliant_cost: float | None
    compliant_content: float | None
    wedge: float


@dataclass(frozen=True)
class Crossing:
    """One way over one border this quarter; costs are unit costs with what is due there.

    ``duty_saved`` is what a claim avoids, ``duty_kept`` what is due in any case,
    ``compliance`` what a true claim adds to unit cost, with paperwork, as a share of it:
    each None or infinite where it cannot be. ``claim_falsely`` counts the firm's reluctance.
    """

    host: str
    market: str
    claim: str
    duty_saved: float
    duty_kept: float
    compliance: float | None
    pays: float
    complies: float | None
    claims_falsely: float | None


@dataclass(frozen=True)
class Plan:
    """One set of plants, weighed now; all in shares of the firm's quarterly sales of 2017.

    Attributes
    ----------
    plants : str
    profit : float
        A quarter's modelled profit over what the set would have earned in 2017, at
        today's policy and prices.
    taste : float
        What else the set is worth to it, a quarter.
    move_cost : float
        Present value of building and closing, less ``grant``, and of ``build_up``.
    grant : float
        Present value of what treasuries would pay towards it.
    build_up : float
        Present value of the profit it expects to miss while sales of new plants build up.
    worth : float
        Present value of choosing it now, move cost taken off.
    against_staying : float
        The same less that of staying.
    if_policy_stayed : float
        ``against_staying``, were today's regime certain to last for ever.
    probability : float
        That it is chosen at a review, luck unknown.
    luck : float or None
        What this review's luck added; None where it did not review.
    """

    plants: str
    profit: float
    taste: float
    move_cost: float
    grant: float
    build_up: float
    worth: float
    against_staying: float
    if_policy_stayed: float
    probability: float
    luck: float | None


@dataclass(frozen=True)
class Waiting:
    """What the future is worth to it where it stands, in shares of quarterly sales.

    Attributes
    ----------
    option_value : float
        Of standing where it is, under its belief, less the same if today's regime held
        for ever.
    right_to_move : float
        Of standing where it is less that of staying for ever.
    best_other : str
        The other set of plants that is worth most.
    doubt : float
        By how much its belief lowers what ``best_other`` gains over staying: above
        nothing it pays to wait and see.
    """

    option_value: float
    right_to_move: float
    best_other: str
    doubt: float


@dataclass(frozen=True)
class Gate:
    """A project at the end of a stage, in shares of quarterly sales.

    ``favour`` is what spoke for it when it was chosen, beside expected value.
    """

    target: str
    going_on: float
    cancelling: float
    favour: float
    still_to_pay: float
    sunk: float


@dataclass(frozen=True)
class NearestSwitch:
    """The nearest value of a lever at which it decides otherwise; None where there is none."""

    lever: str
    unit: str
    now: float
    value: float | None
    decision: str | None


@dataclass(frozen=True)
class Explanation:
    """Why a firm stayed or moved in one quarter.

    Attributes
    ----------
    quarter : int
    regime : str
    possible : tuple of str
        Regimes that may follow.
    reviewed : bool
        Whether it decided in that quarter; if not, plans are what it would have weighed.
    who : Who
    hosts : tuple of HostCost
    borders : tuple of Crossing
    plans : tuple of Plan
        The best first.
    waiting : Waiting
    building : str or None
        What it is building for.
    gate : Gate or None
        Where it decides on a project, not on plans.
    decision : str
        A set of plants, ``goes on`` or ``cancels``; without luck where it did not review.
    changes : tuple of NearestSwitch
        The nearest first.
    """

    quarter: int
    regime: str
    possible: tuple[str, ...]
    reviewed: bool
    who: Who
    hosts: tuple[HostCost, ...]
    borders: tuple[Crossing, ...]
    plans: tuple[Plan, ...]
    waiting: Waiting
    building: str | None
    gate: Gate | None
    decision: str
    changes: tuple[NearestSwitch, ...]


def explained(moment: Moment, row: int, levers: Iterable[Lever] | None = None) -> Explanation:
    """Explain what a firm of a model decides, or would decide if this were its quarter.

    Parameters
    ----------
    moment : Moment
    row : int
        The firm's number in its model.
    levers : iterable of Lever, optional
        Those that might change its mind; all unless given.
    """
    return explanation(moment.situation(row), row, moment.quarter, moment.luck(row), levers)


def explanation(
    situation: Situation,
    row: int,
    quarter: int,
    luck: np.ndarray | None,
    levers: Iterable[Lever] | None = None,
) -> Explanation:
    """Explain what a firm decides in a situation.

    Parameters
    ----------
    situation : Situation
    row : int
        The firm's number in its model.
    quarter : int
    luck : ndarray, shape (config,), or None
        The taste of its review, None where it did not review.
    levers : iterable of Lever, optional
        Those that might change its mind; all unless given.
    """
    table, regime = situation.table, situation.regime
    weighed = situation.weighed()
    building = int(table.target[0]) >= 0
    gate = _gate(situation, weighed) if building and luck is not None else None
    open_to_change = gate is not None or not building
    plans = _plans(situation, weighed, luck)
    return Explanation(
        quarter,
        situation.policy.regimes[regime],
        situation.policy.regimes,
        luck is not None,
        _who(situation, row),
        tuple(_host_cost(situation, host) for host in range(len(HOSTS))),
        tuple(_crossing(situation, host, market) for host, market in MEMBER_PAIRS),
        plans,
        _waiting(situation, weighed, plans),
        CONFIG_LABELS[int(table.target[0])] if building else None,
        gate,
        _decision(plans, gate),
        _changes(situation, levers) if open_to_change else (),
    )


def _who(situation: Situation, row: int) -> Who:
    table = situation.table
    return Who(
        row,
        FOOTLOOSE[situation.sector],
        HOSTS[int(table.home[0])],
        BELIEFS[int(table.belief[0])],
        float(table.weight[0]),
        float(table.size[0]),
        float(table.base_revenue[0]),
        CONFIG_LABELS[situation.config],
        {
            f"{HOSTS[host]} to {HOSTS[market]}": float(table.product_duty[0, host, market])
            for host, market in MEMBER_PAIRS
        },
    )


def _host_cost(situation: Situation, host: int) -> HostCost:
    costs, cell = situation.costs_now, (0, host, 0)
    feasible, meets = bool(costs.feasible[cell]), bool(costs.meets_rule[cell])
    return HostCost(
        HOSTS[host],
        bool(HAS_PLANT[situation.config, host]),
        float(costs.free_cost[cell]),
        float(costs.free_content[cell]),
        float(situation.policy.content_threshold[situation.sector, situation.regime]),
        meets,
        float(costs.compliant_cost[cell]) if feasible else None,
        float(costs.compliant_content[cell]) if feasible else None,
        1.0 if meets else float(np.exp(costs.log_wedge[cell])),
    )


def _crossing(situation: Situation, host: int, market: int) -> Crossing:
    table, costs, rows = situation.table, situation.costs_now, slice(0, 1)
    policy = situation.policy.during(slice(situation.regime, situation.regime + 1))
    terms = border_terms(table, policy, (situation.sector, rows, host, market))
    free, compliant = costs.free_cost[:, host], costs.compliant_cost[:, host]
    paperwork = paperwork_cost(table, policy, rows, host)
    ways = claim_costs(free, compliant, paperwork, table.reluctance[:, None], terms)

    def here(array: np.ndarray) -> float:
        return float(np.broadcast_to(array, free.shape)[0, 0])

    possible = bool(np.broadcast_to(terms.preference, free.shape)[0, 0])
    feasible = possible and bool(np.isfinite(compliant[0, 0]))
    lies = possible and not costs.meets_rule[0, host, 0] and here(terms.waived) > 0
    claim = Claim(int(situation.borders_now.claim[0, host, market, 0]))
    return Crossing(
        HOSTS[host],
        HOSTS[market],
        claim.name.lower().replace("_", " "),
        here(terms.waived),
        here(terms.unwaived),
        here(compliant * (1 + paperwork) / free) - 1 if feasible else None,
        here(ways.pay),
        here(ways.comply) if feasible else None,
        here(ways.claim_falsely) if lies else None,
    )


def _plans(situation: Situation, weighed: Weighing, luck: np.ndarray | None) -> tuple[Plan, ...]:
    """Every set of plants, the best first."""
    now, regime = situation.config, situation.regime
    worth = weighed.worth[0]
    certain = situation.weighed(_for_ever(situation)).worth[0]
    _, chance = best_of_choices(worth, weighed.problem.noise)
    taste = situation.table.location_taste[0].astype(np.float64)
    profit = weighed.problem.profit[0, :, regime] - taste
    cost = weighed.problem.cost_by_regime[0, now]
    cost = np.broadcast_to(cost, (N_CONFIGS, len(situation.policy.regimes)))[:, regime]
    grants = _grants(situation)
    every = np.arange(N_CONFIGS)
    moving = situation.moving
    missed = moving.missed(situation.table.sector, np.array(now), every, moving.delays[now])
    plans = [
        Plan(
            CONFIG_LABELS[config],
            float(profit[config]),
            float(taste[config]),
            float(cost[config]),
            float(grants[config]),
            float(missed[config]),
            float(worth[config]),
            float(worth[config] - worth[now]),
            float(certain[config] - certain[now]),
            float(chance[config]),
            None if luck is None else float(luck[config]),
        )
        for config in range(N_CONFIGS)
    ]
    return tuple(sorted(plans, key=lambda plan: -plan.worth))


def _grants(situation: Situation) -> np.ndarray:
    """Present value of what treasuries would pay towards every set of plants, shape (config,)."""
    moving, now = situation.moving, np.full(N_CONFIGS, situation.config)
    every = np.arange(N_CONFIGS)
    sector = np.repeat(situation.table.sector, N_CONFIGS)
    rates = moving.granted(sector, now, every, situation.regime)
    paid = (moving.plants[now, every] * rates).sum(axis=1)
    builds = moving.delays[now, every] > 0
    grants: np.ndarray = np.where(builds, paid * moving.still_to_pay[0], paid)
    return grants


def _for_ever(situation: Situation) -> Calendar:
    """Beliefs of firms that take today's regime to last, whatever their type."""
    later = situation.expected.later
    return Calendar.steady(np.broadcast_to(myopic_transitions(later.shape[-1]), later.shape))


def _waiting(situation: Situation, weighed: Weighing, plans: tuple[Plan, ...]) -> Waiting:
    now = situation.config
    certain = situation.weighed(_for_ever(situation))
    here = weighed.today[0, now]
    best = next(plan for plan in plans if plan.plants != CONFIG_LABELS[now])
    return Waiting(
        float(here - certain.today[0, now]),
        float(here - _staying(situation, weighed)),
        best.plants,
        best.if_policy_stayed - best.against_staying,
    )


def _staying(situation: Situation, weighed: Weighing) -> float:
    """What its plants are worth without the right to reconsider, dates it knows counted."""
    problem = replace(weighed.problem, review=0.0)
    expected = situation.expected
    if not expected.dated()[situation.table.belief[0]]:
        expected = Calendar.steady(expected.later)
    ahead = dated_values(problem, expected, value_of_staying(problem), situation.regime)
    return float(ahead.path[0, 0, situation.config, situation.regime])


def _gate(situation: Situation, weighed: Weighing) -> Gate:
    table = situation.table
    projects = projects_at_gates(table, situation.moving, ONLY)
    return Gate(
        CONFIG_LABELS[int(table.target[0])],
        float(weighed.going_on[0]),
        float(weighed.cancelling[0]),
        float(table.project_taste[0]),
        float(projects.remaining_cost[0]),
        float(table.sunk[0]),
    )


def _decision(plans: tuple[Plan, ...], gate: Gate | None) -> str:
    if gate is not None:
        return "goes on" if gate.going_on + gate.favour >= gate.cancelling else "cancels"
    return max(plans, key=lambda plan: plan.worth + (plan.luck or 0.0)).plants


def _changes(situation: Situation, levers: Iterable[Lever] | None) -> tuple[NearestSwitch, ...]:
    """The nearest value of every lever at which it decides otherwise, the nearest first."""
    asked = levers_of(situation) if levers is None else levers
    switches = [nearest_switch(situation, lever) for lever in asked]
    found = []
    for switch in sorted(switches, key=lambda switch: switch.distance):
        decision = None
        if switch.decision is not None:
            cancels = switch.decision == CANCELS
            decision = "cancels" if cancels else CONFIG_LABELS[switch.decision]
        lever = switch.lever
        found.append(NearestSwitch(lever.key, lever.unit, lever.now, switch.value, decision))
    return tuple(found)
