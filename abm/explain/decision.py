"""What explains a firm's decision, in numbers: cut from one situation of a model."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from abm.axes import BELIEFS, CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, HOMES, HOSTS, N_CONFIGS, N_HOSTS
from abm.core.choice.beliefs import myopic_transitions
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.sets import ABSENT
from abm.core.demand.claims import Claim, claim_costs
from abm.economy.sector_lines import line_names
from abm.explain.explanation import (
    Crossing,
    Explanation,
    Gate,
    HostCost,
    NearestSwitch,
    Opportunity,
    Plan,
    Who,
    WorthOfWaiting,
)
from abm.explain.one_firm import ONLY, Moment, Situation
from abm.explain.switching_points import CANCELS, Lever, levers_of, nearest_switch
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import (
    KINDS_OF_MOVES,
    OPENED,
    from_abroad,
    quarterly_discount,
)
from abm.location.relief_while_building import worth_until_open
from abm.location.valuation import Weighing
from abm.trade.borders.crossing import MEMBER_PAIRS, border_terms, paperwork_cost
from agents import status_of


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
    return explanation(moment.situation(row), row, moment.quarter, levers)


def explanation(
    situation: Situation, row: int, quarter: int, levers: Iterable[Lever] | None = None
) -> Explanation:
    """Explain what a firm decides in a situation.

    Parameters
    ----------
    situation : Situation
    row : int
        The firm's number in its model.
    quarter : int
    levers : iterable of Lever, optional
        Those that might change its mind; all unless given.
    """
    table, regime = situation.table, situation.regime
    weighed = situation.weighed()
    building, decides = int(table.target[0]) >= 0, situation.luck is not None
    gate = _gate(situation, weighed) if building and decides else None
    open_to_change = gate is not None or not building
    plans = _plans(situation, weighed)
    return Explanation(
        quarter,
        situation.policy.regimes[regime],
        situation.policy.regimes,
        decides,
        _who(situation, row),
        tuple(_host_cost(situation, host) for host in range(len(HOSTS))),
        tuple(_crossing(situation, host, market) for host, market in MEMBER_PAIRS),
        plans,
        _waiting(situation, weighed, plans),
        _opportunity(situation, weighed),
        CONFIG_LABELS[int(table.target[0])] if building else None,
        gate,
        _decision(weighed, gate),
        _changes(situation, levers) if open_to_change else (),
    )


def _who(situation: Situation, row: int) -> Who:
    table = situation.table
    return Who(
        row,
        FOOTLOOSE[situation.sector],
        line_names()[int(table.line[0])],
        HOMES[int(table.home[0])],
        BELIEFS[int(table.belief[0])],
        float(table.weight[0]),
        float(table.size[0]),
        float(table.base_revenue[0]),
        CONFIG_LABELS[situation.config],
        status_of(bool(table.plants.any()), bool(table.home[0] < N_HOSTS), bool(table.founded[0])),
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
        float(
            situation.policy.content_threshold[situation.line, costs.way[cell], situation.regime]
        ),
        meets,
        float(costs.compliant_cost[cell]) if feasible else None,
        float(costs.compliant_content[cell]) if feasible else None,
        1.0 if meets else float(np.exp(costs.log_wedge[cell])),
        float(situation.offset[situation.sector, host]),
    )


def _crossing(situation: Situation, host: int, market: int) -> Crossing:
    table, rows, border = situation.table, slice(0, 1), (host, market)
    costs = situation.costs_towards(border)
    policy = situation.policy.during(slice(situation.regime, situation.regime + 1))
    terms = border_terms(table, policy, (situation.sector, rows, host, market))
    free, compliant = costs.free_cost, costs.compliant_cost
    paperwork = paperwork_cost(table, policy, rows, host)
    ways = claim_costs(free, compliant, paperwork, table.reluctance[:, None], terms)

    def here(array: np.ndarray) -> float:
        return float(np.broadcast_to(array, free.shape)[0, 0])

    possible = bool(np.broadcast_to(terms.preference, free.shape)[0, 0])
    feasible = possible and bool(np.isfinite(compliant[0, 0]))
    can = float(table.can_qualify[0, host])
    must_lie = not costs.meets_rule[0, 0] or can < 1
    own = border in situation.own_now
    asked = (policy.at_border(border) if own else policy).content_threshold
    lies = possible and must_lie and here(terms.waived) > 0
    claim, rest = (
        Claim(int(claims[0, host, market, 0])).name.lower().replace("_", " ")
        for claims in situation.borders_now.claims
    )
    return Crossing(
        HOSTS[host],
        HOSTS[market],
        claim,
        can,
        rest,
        here(terms.waived),
        here(terms.unwaived),
        here(compliant * (1 + paperwork) / free) - 1 if feasible else None,
        here(ways.pay),
        here(ways.comply) if feasible else None,
        here(ways.claim_falsely) if lies else None,
        own,
        float(asked[situation.line, costs.way[0, 0], 0]),
        float(policy.licence_price[situation.line, host, market, 0]),
        float(policy.banned[situation.line, host, market, 0]),
    )


def _plans(situation: Situation, weighed: Weighing) -> tuple[Plan, ...]:
    """Every set of plants that its sector may have, the best first."""
    now, unit = situation.config, situation.unit
    worth = weighed.worth[0]
    certain = situation.weighed(_for_ever(situation)).worth[0]
    cost = situation.choices().problem(ONLY).location.move_cost
    cost = cost if cost.ndim == 3 else cost[..., situation.regime]
    strikes = replace(DrawnLuck.none(1), strikes=np.ones(1, np.bool_))
    chance = replace(situation, luck=strikes).weighed().expected[0]
    by_plan = {
        "profit": situation.payoff()[0, :, situation.regime],
        "remission": situation.remissions()[0, :, situation.regime],
        "move_cost": cost[0, now],
        "arriving": _arriving(situation),
        "grant": _grants(situation),
        "relief": _relief(situation),
        "build_up": situation.moving.build_up(situation.table, ONLY)[0, now],
        "worth": worth,
        "against_staying": worth - worth[now],
        "if_policy_stayed": certain - certain[now],
    }
    drawn, asked = _drawn(situation), weighed.cutoff[0]
    plans = [
        Plan(
            plants=label,
            probability=float(chance[config]),
            asked=unit * float(asked[config]) if np.isfinite(asked[config]) else None,
            luck=None if drawn is None else unit * float(drawn[config]),
            **{name: unit * float(numbers[config]) for name, numbers in by_plan.items()},
        )
        for config, label in enumerate(CONFIG_LABELS)
        if np.isfinite(cost[0, now, config])
    ]
    return tuple(sorted(plans, key=lambda plan: -plan.worth))


def _drawn(situation: Situation) -> np.ndarray | None:
    """Luck with every set of plants over going on, shape (config,); None without any."""
    luck, settings = situation.luck, situation.settings
    if luck is None or not luck.strikes[0]:
        return None
    building = settings.build_noise * (luck.building[0, :-1] - luck.building[0, -1])
    keeping = settings.keep_noise * (luck.keeping[0] - luck.keeping[0, situation.config])
    drawn: np.ndarray = np.where(OPENED[situation.config].any(axis=1), building, keeping)
    return drawn


def _every_move(situation: Situation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, present set and every set, as arguments of `MovingCosts`; shape (config,) each."""
    every = np.arange(N_CONFIGS)
    return np.zeros(N_CONFIGS, np.int64), np.full(N_CONFIGS, situation.config), every


def _arriving(situation: Situation) -> np.ndarray:
    """Present value of sunk costs of arriving and founding, shape (config,)."""
    moving, moves = situation.moving, _every_move(situation)
    origin = int(from_abroad(situation.table.home)[0])
    kind = KINDS_OF_MOVES[origin, situation.config]
    weight = moving.weights[origin, situation.config]
    arriving: np.ndarray = weight * moving.arriving(situation.table, *moves, kind)
    return arriving


def _relief(situation: Situation) -> np.ndarray:
    """Present value of the duties it would be let off while it builds, shape (config,)."""
    relief, now = situation.relief(), situation.config
    if relief is None:
        return np.zeros(len(CONFIG_LABELS))
    moving = situation.moving
    delay = moving.delays[int(from_abroad(situation.table.home)[0]), now]
    flow = relief[0, now, :, situation.regime]
    return worth_until_open(flow, delay, quarterly_discount(moving.settings))


def _grants(situation: Situation) -> np.ndarray:
    """Present value of what treasuries would pay towards every set of plants, shape (config,)."""
    moving, (rows, now, every) = situation.moving, _every_move(situation)
    rates = moving.granted(situation.table.sector[rows], now, every, situation.regime)
    paid = (moving.plants(situation.table, rows, now, every) * rates).sum(axis=1)
    origin = int(from_abroad(situation.table.home)[0])
    grants: np.ndarray = moving.weights[origin, situation.config] * paid / situation.unit
    return grants


def _for_ever(situation: Situation) -> Calendar:
    """Beliefs of firms that take today's regime to last, whatever their type."""
    later = situation.expected.later
    return Calendar.steady(np.broadcast_to(myopic_transitions(later.shape[-1]), later.shape))


def _waiting(situation: Situation, weighed: Weighing, plans: tuple[Plan, ...]) -> WorthOfWaiting:
    now, unit = situation.config, situation.unit
    certain = situation.weighed(_for_ever(situation))
    bound = situation.assuming(reviews_per_year=0.0).weighed()
    here = weighed.today[0, now]
    best = next(plan for plan in plans if plan.plants != CONFIG_LABELS[now])
    return WorthOfWaiting(
        unit * float(here - certain.today[0, now]),
        unit * float(here - bound.today[0, now]),
        best.plants,
        best.if_policy_stayed - best.against_staying,
    )


def _opportunity(situation: Situation, weighed: Weighing) -> Opportunity | None:
    """What it holds on to after the quarter; None where that is nothing."""
    held, unit = int(weighed.held[0]), situation.unit
    if held == ABSENT:
        return None
    return Opportunity(
        CONFIG_LABELS[held],
        unit * float(weighed.option[0]),
        unit * float(weighed.held_luck[0]),
        unit * float(weighed.cutoff[0, held]),
    )


def _gate(situation: Situation, weighed: Weighing) -> Gate:
    table, unit = situation.table, situation.unit
    projects = situation.choices().projects(np.zeros(1, np.int64))
    return Gate(
        CONFIG_LABELS[int(table.target[0])],
        unit * float(weighed.going_on[0]),
        unit * float(weighed.cancelling[0]),
        unit * float(table.project_luck[0]),
        unit * float(projects.remaining_cost[0]),
        float(table.sunk[0]),
    )


def _decision(weighed: Weighing, gate: Gate | None) -> str:
    if gate is not None:
        return "goes on" if gate.going_on + gate.favour >= gate.cancelling else "cancels"
    return CONFIG_LABELS[int(weighed.choice[0])]


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
