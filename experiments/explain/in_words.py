"""A firm's decision in words and tables."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from abm.axes import CONFIG_LABELS, NO_PLANT
from abm.explain.explanation import Crossing, Explanation, HostCost, NearestSwitch, Plan
from experiments.explain.run_again import Told
from experiments.labels import (
    ADJECTIVES,
    NOTHING,
    REGION_NAMES,
    in_sentence,
    sector_in_sentence,
    with_minus,
)
from experiments.narrow import WholeNumbers

NO_PLANTS = CONFIG_LABELS[NO_PLANT]

SOON = 5
"""Levers named with the value that would change its mind."""


def print_told(told: Told, console: Console | None = None) -> None:
    """Print a firm of a run, and why it stayed or moved."""
    console = console or Console()
    found = told.explained
    for line in introduction(told):
        console.print(line, markup=False, highlight=False)
    console.print(_hosts(found), _borders(found))
    for crossing in found.borders:
        if _at_plant(crossing, found):
            said = f"  {why_claim(crossing)}{levied(told, crossing)}"
            console.print(said, markup=False, highlight=False)
    for line in credited(found):
        console.print(f"  {line}", markup=False, highlight=False)
    console.print()
    console.print(_plans(found))
    for line in given_back(found):
        console.print(line, markup=False, highlight=False)
    for line in verdict(found):
        console.print(line, markup=False, highlight=False)


WITHOUT_PLANT = {
    "not founded": " It is not founded.",
    "serves from home": " It serves North America from home.",
    "closed": " It has closed.",
}
"""What is said of firms that have no plant."""


def introduction(told: Told) -> Iterator[str]:
    """Who the firm is, what became of its plants, and what is explained."""
    found, who = told.explained, told.explained.who
    yield (
        f"Firm {who.row} of {told.scenario} ({told.folder}): makes"
        f" {sector_in_sentence(who.sector)}, {ADJECTIVES[who.home]}, stands for"
        f" {who.real_firms:,.0f} real firms that sell USD {who.sales_musd_a_quarter:,.1f} million"
        f" a quarter each; size {who.size:,.1f}; believes {who.belief}."
    )
    duties = ", ".join(f"{pair} {rate:.1%}" for pair, rate in who.product_duty.items() if rate)
    line = who.line.replace("_", " ")
    yield f"Most-favoured-nation duty on its product, {line}: {duties or 'none between members'}."
    turns = "; ".join(
        f"quarter {turn.quarter}: {turn.stage} {turn.before} to {turn.after}" for turn in told.turns
    )
    yield (
        f"Plants: {told.first_plants} in the calibration year; "
        f"{turns or f'no change up to quarter {told.quarters}'}."
        f"{WITHOUT_PLANT.get(who.status, '')}"
    )
    coming = [regime for regime in found.possible if regime != found.regime]
    yield (
        f"{when(found)} Policy in force: {found.regime}"
        f"{'; possible later: ' + ', '.join(coming) if coming else ''}."
    )
    yield ""


def when(found: Explanation) -> str:
    """The quarter, and whether the firm decided in it."""
    decided = "it decided" if found.reviewed else "it did not decide; this is what it would weigh"
    return f"Quarter {found.quarter}: {decided}."


def _at_plant(crossing: Crossing, found: Explanation) -> bool:
    return crossing.host in found.who.plants.split("+")


def _table(title: str, heads: Sequence[str], drops: Sequence[str]) -> Table:
    """A table with a column of names and columns of numbers, some of which may be left out."""
    table = WholeNumbers(title=title, title_justify="left", box=None, drops=drops)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=bool(number))
    return table


def _hosts(found: Explanation) -> Table:
    heads = ("", "Content", "Unit cost", "Made to comply", "Content then", "Wedge")
    title = "What its product costs to make, sector average of 2017 = 1"
    if found.hosts[0].threshold:
        title += f"; the rule asks for {found.hosts[0].threshold:.1%} content"
    table = _table(title, heads, drops=heads[:2:-1])
    for host in found.hosts:
        table.add_row(_host_name(host), *_host_cells(host))
    return table


def _host_name(host: HostCost) -> str:
    return REGION_NAMES[host.host] + (" (plant)" if host.stands else "")


def _host_cells(host: HostCost) -> tuple[str, ...]:
    if host.meets_rule:
        then: tuple[str, ...] = ("as it is", "", "")
    elif host.compliant_cost is None or host.compliant_content is None:
        then = ("impossible", "", "")
    else:
        then = (f"{host.compliant_cost:.4f}", f"{host.compliant_content:.1%}", f"{host.wedge:.3f}")
    return (f"{host.content:.1%}", f"{host.unit_cost:.4f}", *then)


def _borders(found: Explanation) -> Table:
    heads = (
        "", "Claim", "for", "The rest", "Pays", "Complies", "Lies", "Duty saved", "Duty kept",
    )  # fmt: skip
    title = "What it costs over each border, and the claim it makes"
    table = _table(title, heads, drops=heads[:1:-1])
    for crossing in found.borders:
        table.add_row(
            f"{crossing.host} to {crossing.market}",
            crossing.claim,
            f"{crossing.can_qualify:.0%}",
            crossing.rest,
            f"{crossing.pays:.4f}",
            _number(crossing.complies, ".4f"),
            _number(crossing.claims_falsely, ".4f"),
            f"{crossing.duty_saved:.2%}",
            f"{crossing.duty_kept:.2%}",
        )
    return table


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else with_minus(f"{value:{form}}")


def why_claim(crossing: Crossing) -> str:
    """Why goods enter as they do, or that they do not."""
    if crossing.banned == 1:
        market = in_sentence(crossing.market)
        return f"From {in_sentence(crossing.host)} none enters {market}: banned."
    told = _why_claim(crossing)
    if crossing.banned > 0:
        told += f" Of its line {crossing.banned:.0%} is banned."
    if crossing.licence > 0:
        told += f" Licences are scarce and cost {crossing.licence:.2%} of value."
    return told


def levied(told: Told, crossing: Crossing) -> str:
    """Which acts and measures a claim does not avoid, by name; nothing where none is due."""
    due = told.levied.get(f"{crossing.host} to {crossing.market}", {})
    if not due or crossing.banned == 1:
        return ""
    named = ", ".join(f"{name} {rate:.2%}" for name, rate in due.items())
    return f" Duty kept is that of {named}."


def credited(found: Explanation) -> Iterator[str]:
    """What of duties on inputs is credited where it has plants."""
    for host in found.hosts:
        if host.stands and host.offset > 0:
            yield (
                f"Made in {in_sentence(host.host)} it costs {host.offset:.4f} less by the credit"
                " against duties on inputs (assembly offset), counted in its unit cost."
            )


def given_back(found: Explanation) -> Iterator[str]:
    """What it gets back of duties on its own imports, where it is and where it could be."""
    for plan in found.plans:
        here = plan.plants == found.who.plants
        told = here or plan.plants == found.waiting.best_other
        if told and plan.remission:
            part = f", {plan.remission / plan.profit:.0%} of that profit" if plan.profit > 0 else ""
            yield (
                f"{'Where it is' if here else f'With plants in {plan.plants}'} it gets back"
                f" {100 * plan.remission:.2g}% of quarterly sales, in duties on its own imports,"
                f" for what it makes (output remission){part}."
            )
        if told and plan.relief:
            yield (
                f"While it builds for {plan.plants} it is let off duties on its own goods worth"
                f" {100 * plan.relief:.2g}% of quarterly sales (plan relief), which counts"
                " against moving costs."
            )


def _why_claim(crossing: Crossing) -> str:
    way = f"From {in_sentence(crossing.host)} to {in_sentence(crossing.market)}"
    if crossing.own_rules:
        way += f", where {crossing.content_asked:.1%} content and rules of its own hold,"
    way += " it"
    saved = f"{crossing.duty_saved:.2%} of duty"
    if crossing.compliance is None:
        barred = "the rule cannot be met" if crossing.claims_falsely else "no origin can be claimed"
        return f"{way} {crossing.claim}: {barred}."
    cost = f"{crossing.compliance:.2%} of unit cost"
    match crossing.claim:
        case "complies":
            return f"{way} complies: a true claim costs {cost} and saves {saved}."
        case "claims falsely":
            return (
                f"{way} claims falsely: a true claim would cost {cost}, to save {saved}; the fine"
                f" to expect and its reluctance cost less."
            )
    if crossing.duty_saved == 0:
        return f"{way} pays: there is no duty to save."
    return f"{way} pays: a true claim would cost {cost} and save {saved}."


def _plans(found: Explanation) -> Table:
    heads = (
        "Plants in", "Profit", "Moving\ncosts", "of them\narriving", "Worth",
        "Against\nstaying", "If policy\nstayed", "Chance", "Luck",
    )  # fmt: skip
    title = (
        "Sets of plants (* where it is), in % of its quarterly sales of 2017;"
        f" 1% is USD {10 * found.who.sales_musd_a_quarter:,.1f} thousand"
    )
    rather = ("of them\narriving", "Luck", "If policy\nstayed", "Profit", "Worth", "Moving\ncosts")
    table = _table(title, heads, drops=rather)
    for plan in found.plans:
        here = plan.plants == found.who.plants
        table.add_row(
            f"{plan.plants} *" if here else plan.plants,
            percent(plan.profit, 2),
            f"{100 * plan.move_cost:.1f}",
            f"{100 * plan.arriving:.1f}",
            percent(plan.worth, 1),
            NOTHING if here else percent(plan.against_staying, 1),
            NOTHING if here else percent(plan.if_policy_stayed, 1),
            chance(plan),
            NOTHING if plan.luck is None else percent(plan.luck, 1),
        )
    return table


def percent(value: float, digits: int) -> str:
    """A share of quarterly sales in percent, with its sign."""
    return with_minus(f"{100 * value:+.{digits}f}")


def chance(plan: Plan) -> str:
    """How likely a set of plants is chosen."""
    return f"{plan.probability:.2%}" if plan.probability >= 5e-5 else f"{plan.probability:.0e}"


def verdict(found: Explanation) -> Iterator[str]:
    """Why it stayed or moved, what waiting is worth, and what would change its mind."""
    yield decision(found)
    if found.opportunity is not None:
        yield opportunity(found)
    if len(found.plans) == 1:
        return
    yield waiting(found)
    if found.changes:
        near = [change for change in found.changes if change.value is not None]
        if near:
            yield "What would change its mind, all else held, the nearest first:"
        for change in near[:SOON]:
            yield f"  {mind_changed(change)}"
        firm = [change.lever for change in found.changes if change.value is None]
        if firm:
            yield f"No value of {', '.join(firm)} would."


def decision(found: Explanation) -> str:
    """What it decided, and what for."""
    best, here = found.waiting.best_other, found.who.plants
    if found.gate is not None:
        gate = found.gate
        return (
            f"It {found.decision} with its plants for {gate.target}: going on is worth"
            f" {percent(gate.going_on, 1)}%, stopping {percent(gate.cancelling, 1)}% of quarterly"
            f" sales; {100 * gate.favour:.1f}% spoke for the project beside that when it was"
            f" chosen; {100 * gate.still_to_pay:.1f}% are still to pay and"
            f" {100 * gate.sunk:.1f}% are sunk."
        )
    if found.building is not None:
        return f"It is building for {found.building} and decides when the stage ends."
    chosen = next(plan for plan in found.plans if plan.plants == found.decision)
    if found.decision == here:
        other = next(plan for plan in found.plans if plan.plants == best)
        stays = "stays" if found.reviewed else "would stay"
        return (
            f"It {stays} {_where(here)}, which had a chance of {chance(chosen)}: the best other"
            f" set, {best}, is worth {percent(other.against_staying, 1)}% of quarterly sales"
            f" against staying, its {100 * other.move_cost:.1f}% for moving counted"
            f"{_built_up(other)}{_granted(other)}."
        )
    luck, moves = "", "moves" if found.reviewed else "would move"
    if chosen.luck is not None and chosen.against_staying < 0:
        luck = "; what the model does not know of this review spoke for it"
    return (
        f"It {moves} from {here} to {chosen.plants}, which had a chance of {chance(chosen)} and is"
        f" worth {percent(chosen.against_staying, 1)}% of quarterly sales against staying"
        f"{_granted(chosen)}{luck}."
    )


def _where(plants: str) -> str:
    """Where it stays, in words."""
    return "without a plant" if plants == NO_PLANTS else f"in {plants}"


def opportunity(found: Explanation) -> str:
    """What it could build and keeps for better days."""
    held = found.opportunity
    assert held is not None
    return (
        f"It holds an opportunity to build for {held.plants}, worth {100 * held.worth:.1f}% of"
        f" quarterly sales, and waits: {100 * held.luck:.1f}% speak for it beside its expected"
        f" value, and it would build at {100 * held.asked:.1f}%."
    )


def _built_up(plan: Plan) -> str:
    """What of the cost of moving is not paid but missed, where sales take time."""
    if plan.build_up == 0:
        return ""
    return f" ({100 * plan.build_up:.1f}% of it missed while sales of its new plants build up)"


def _granted(plan: Plan) -> str:
    """What treasuries pay towards it and give back for output, where they pay anything."""
    granted = f", after grants of {100 * plan.grant:.1f}%" if plan.grant else ""
    if plan.relief:
        granted += f", after duties let off while it builds, {100 * plan.relief:.2g}%"
    if plan.remission == 0:
        return granted
    return f"{granted}, {100 * plan.remission:.2g}% a quarter of duties given back counted"


def waiting(found: Explanation) -> str:
    """What the future adds to standing where it is."""
    future = found.waiting
    text = (
        f"Option value: what it expects of policy makes standing here worth"
        f" {percent(future.option_value, 2)}% of quarterly sales against today's regime for ever;"
        f" the right to close plants later is worth {percent(future.right_to_move, 2)}%."
    )
    if abs(future.doubt) < 5e-5:
        return f"{text} Doubt about policy neither helps nor hinders a move to {future.best_other}."
    verb = "lowers" if future.doubt > 0 else "raises"
    return (
        f"{text} Doubt about policy {verb} what {future.best_other} gains over staying by"
        f" {100 * abs(future.doubt):.2f}%."
    )


def mind_changed(change: NearestSwitch) -> str:
    """The value of a lever that changes the decision, as a sentence."""
    assert change.value is not None
    return (
        f"{change.lever} at {change.value:.4g} instead of {change.now:.4g}"
        f" ({change.unit}): {change.decision}."
    )
