"""What is worked out again after each phase, and how far it may differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import inf, isclose, isfinite
from typing import Any

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS
from abm.core.inputs.buyers import (
    ORIGINATING,
    ORIGINATING_BEFORE_DUTY,
    OTHER,
    OTHER_BEFORE_DUTY,
)
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.location.relief_while_building import relief_of_building
from abm.location.remissions import earnings
from abm.location.valuation import Choices
from abm.trade.borders.crossing import MEMBER_PAIRS, border_terms, paperwork_cost
from abm.verify.books import parts_of, sums_of
from abm.verify.border_ways import ways_over
from abm.verify.costs import SHORTFALL, cheapest_compliant, free_mix
from abm.verify.licences import licence_sums
from abm.verify.locations import OneFirm

FIRMS = 3
"""Of a quarter, drawn from the run's own seed."""

EXACTLY = 1e-12
"""Shortfall at which a content rule is met to rounding."""

SINGLE = 1e-5
"""Relative: a cost adds up some dozen products in single precision, exact to 6e-8 each."""

VALUES_SETTLED = 5e-7
"""Of values, in the largest payoff of a quarter and the scale of luck.

Values are solved for until another round moves them by 1e-8 at most, so they may be off by that
over one less what a quarter's profit is worth a quarter later, which is 0.979.
"""

SUMS = 2e-5
"""Relative, of accounts: as the model's own identities, see `abm.trade.books.accounts`."""


@dataclass(frozen=True)
class Discrepancy:
    """Two ways that do not come to the same.

    Attributes
    ----------
    what : str
        For a person, with the place.
    model, again : float
        What the model has, and what was found by plain means.
    row : int or None
        The firm it is of.
    """

    what: str
    model: float
    again: float
    row: int | None = None


def drawn(model: Any, phase: str, among: int, count: int) -> list[int]:
    """Return places drawn for a phase of this quarter; no number of the run depends on them."""
    luck = model.draws.generator(f"verify {phase}", model.quarter)
    places: list[int] = luck.choice(among, size=min(count, among), replace=False).tolist()
    return sorted(places)


def _where(model: Any, row: int, host: int, regime: int) -> str:
    sector = FOOTLOOSE[model.firms.sector[row]]
    return f"of firm {row} ({sector}) in {HOSTS[host]} under regime {regime} of those possible"


def check_costs(model: Any) -> Iterator[Discrepancy]:
    """Cost and content of some firms everywhere, by the naive model.

    One is of those for which a content rule binds, which may be few.
    """
    regimes = model.costs.free_cost.shape[-1]
    binding = np.flatnonzero((model.costs.compliant_cost > model.costs.free_cost).any(axis=(1, 2)))
    rows = {int(binding[place]) for place in drawn(model, "binding", len(binding), 1)}
    for row in sorted(rows.union(drawn(model, "solve_costs", len(model.firms), FIRMS))):
        sector = int(model.firms.sector[row])
        for host in range(len(HOSTS)):
            for regime in range(regimes):
                where = _where(model, row, host, regime)
                here, costs = model.terms[sector].at(host, regime), model.costs.at(host, regime)
                yield from _one_cost(model, (row, host, regime), here, costs, where)
        for (host, partner), own in model.border_costs.items():
            for regime in own.regimes.tolist():
                where = f"{_where(model, row, host, regime)}, by the rules of {HOSTS[partner]}"
                here, costs = own.terms_at(sector, regime), own.at(regime)
                yield from _one_cost(model, (row, host, regime), here, costs, where)


def _one_cost(
    model: Any, at: tuple[int, int, int], terms: InputTerms, costs: UnitCosts, where: str
) -> Iterator[Discrepancy]:
    """One firm's at one host under one regime; ``terms`` and ``costs`` are of these two alone."""
    table, (row, host, _) = model.firms, at
    used = np.flatnonzero(terms.bill_of_materials.max(axis=1) > 0)
    groups = [ORIGINATING, OTHER, OTHER_BEFORE_DUTY, ORIGINATING_BEFORE_DUTY]
    theta = terms.theta[used].tolist()
    mix = free_mix(
        table.affinity[row, used].tolist(),
        float(table.origin_share[row, host]),
        table.base_potential[row, used, host].tolist(),
        terms.weights[used][:, :, groups, 0, 0].transpose(0, 2, 1).tolist(),
        None if terms.signed is None else terms.signed[used][..., 0].tolist(),
        theta,
        terms.bill_of_materials[used, 0].tolist(),
        float(model.value_added[at]) + float(terms.services[0, 0]),
    )
    free, content = float(costs.free_cost[row]), float(costs.free_content[row])
    if not isclose(free, mix.cost, rel_tol=SINGLE):
        yield Discrepancy(f"unit cost {where}", free, mix.cost, row)
    if abs(content - mix.content) > SINGLE:
        yield Discrepancy(f"content {where}", content, mix.content, row)
    line = int(table.line[row])
    ways = 1 if terms.either is None else 1 + int(terms.either[line, 0])
    asked: list[float] = terms.threshold[line, :ways, 0].tolist()
    if terms.further is not None or min(abs(mix.content - x) for x in asked) < 10 * SHORTFALL:
        return  # rules beside that on content have tests of their own; at the rule both may be
    if mix.content >= min(asked):
        least = again = most = mix.cost
    else:
        # A rule is met to a shortfall, which costs the more the harder it is to meet.
        least, again, most = (
            cheapest_compliant(mix, theta, content, 0.0, EXACTLY).compliant_cost
            for content in (min(asked) - SHORTFALL, min(asked), min(asked) + SHORTFALL)
        )
    compliant = float(costs.compliant_cost[row])
    if not least * (1 - 2 * SINGLE) <= compliant <= most * (1 + 2 * SINGLE):
        yield Discrepancy(f"cost of meeting the content rule {where}", compliant, again, row)


def check_claims(model: Any) -> Iterator[Discrepancy]:
    """Claims of some firms at every border, by going through all that they could do.

    Some are of those whose free mix misses a rule somewhere: others have little to choose.
    """
    if model._held_claims() is not None:
        return  # of another world, and not chosen here
    miss = np.flatnonzero(~model.borders.meets_rule.all(axis=(1, 2, 3)))
    some = {int(miss[place]) for place in drawn(model, "missing", len(miss), FIRMS)}
    for row in sorted(some.union(drawn(model, "claim_origin", len(model.firms), FIRMS))):
        sector, rows = int(model.firms.sector[row]), np.array([row])
        for host, partner in MEMBER_PAIRS:
            terms = border_terms(model.firms, model.now, (sector, rows, host, partner))
            paperwork = paperwork_cost(model.firms, model.now, rows, host)
            for regime in range(paperwork.shape[-1]):
                yield from _one_claim(model, (row, host, partner, regime), terms, paperwork)


def _one_claim(
    model: Any, place: tuple[int, int, int, int], terms: Any, paperwork: Any
) -> Iterator[Discrepancy]:
    """Both parts of a firm's goods; no mix makes the second originate."""
    row, host, partner, regime = place
    costs, borders = model.this_quarter().towards(host, partner, regime), model.borders
    can = float(model.firms.can_qualify[row, host])
    parts = (
        ("", borders.claim, float(costs.compliant_cost[row]), bool(costs.meets_rule[row]), can),
        (" for the rest", borders.rest, inf, False, 1 - can),
    )
    where = f"{_where(model, row, host, regime)}, into {HOSTS[partner]}"
    cost = 0.0
    for name, claims, compliant_cost, meets_rule, weight in parts:
        ways = ways_over(
            float(costs.free_cost[row]),
            compliant_cost,
            meets_rule=meets_rule,
            paperwork=float(paperwork[0, regime]),
            reluctance=float(model.firms.reluctance[row]),
            waived=float(terms.waived[0, regime]),
            unwaived=float(terms.unwaived[0, regime]),
            preference=bool(terms.preference[regime]),
            audit=float(terms.audit[regime]),
            penalty=float(terms.penalty[regime]),
        )
        found = int(claims[place])
        chosen = next((way for way in ways if way[2] == found), None)
        if chosen is None or not isclose(chosen[0], ways[0][0], rel_tol=SINGLE):
            yield Discrepancy(f"claim{name} {where}", found, float(ways[0][2]), row)
            return
        cost += weight * chosen[1]
    stated = float(borders.cost[place])
    if isfinite(cost) and not isclose(stated, cost, rel_tol=SINGLE):
        yield Discrepancy(f"cost at the border {where}", stated, cost, row)


def check_location(model: Any) -> Iterator[Discrepancy]:
    """What sets of plants, and moves, are worth to one firm that decides, by its equation."""
    plans = model.plans
    for place in drawn(model, "value_plans", len(plans.rows), 1):
        row = int(plans.rows[place])
        problem = _problem_of(model, np.array([row]))
        firm, values = OneFirm.of(problem, 0), plans.weighed.later[place]
        location = problem.location
        near = VALUES_SETTLED * (float(np.abs(location.profit).max()) + location.noise)
        for config, by_regime in enumerate(firm.values(values.tolist())):
            for regime, value in enumerate(by_regime):
                if not abs(value - values[config, regime]) <= near:
                    what = f"value of set of plants {config} under regime {regime} of firm {row}"
                    yield Discrepancy(what, float(values[config, regime]), value, row)
        if model.expected.dated()[model.firms.belief[row]]:
            continue  # what moves are worth before a date follows from other values
        moves = firm.moves(values.tolist(), int(model.firms.config[row]), model.regime)
        for target, worth in enumerate(moves):
            found = float(plans.weighed.worth[place, target])
            if found != worth and not abs(worth - found) <= near:
                what = f"worth of going to set of plants {target} of firm {row}"
                yield Discrepancy(what, found, worth, row)


def _problem_of(model: Any, rows: Any) -> Any:
    """Return the choice of some firms, its payoffs worked out for them alone."""
    quarter = model.adapted_quarter()
    given = quarter, model._expected_market(), model.scenario.firms, rows
    payoff, relief = earnings(*given), relief_of_building(*given)
    now = model.expected, rows, model.regime, relief
    choices = Choices(model.firms, model.moving, payoff, *now)
    return choices.problem(np.arange(len(rows)))


def check_books(model: Any) -> Iterator[Discrepancy]:
    """Accounts, by sums over the tables."""
    for what, one, other in chain(sums_of(model), licence_sums(model)):
        if not isclose(one, other, rel_tol=SUMS, abs_tol=1e-6):
            yield Discrepancy(what, one, other)
    for what, excess in parts_of(model):
        if excess > SUMS:
            yield Discrepancy(what, excess, 0.0)


CHECKS: dict[str, Callable[[Any], Iterator[Discrepancy]]] = {
    "solve_costs": check_costs,
    "claim_origin": check_claims,
    "value_plans": check_location,
    "record": check_books,
}
"""By the phase after which they are made."""
