"""A firm in words and numbers: where it is, what it claims, why it stays or moves."""

from typing import Any

import numpy as np

from abm.axes import HOMES, HOSTS
from abm.explain.decision import explained
from abm.state.places import cities
from agents import Firm
from experiments.explain.in_words import chance, decision, percent, when
from experiments.labels import ADJECTIVES, REGION_NAMES, SECTOR_NAMES
from viz.lab.laboratory import World

FIRMS_OF_A_CITY = 12
"""Listed, the largest first."""


def firms_of(world: World, city: int) -> list[dict[str, Any]]:
    """The largest firms with a plant in a city: row, name and sales there.

    Parameters
    ----------
    world : World
    city : int
        Row of `viz.lab.sites.cities`.
    """
    table, site = world.model.firms, world.atlas.site
    host = HOSTS.index(cities().iloc[city]["country"])
    rows = np.flatnonzero(table.plants[:, host] & (site[:, host] == city))
    sold = world.atlas.sales(world.model)[rows, host]
    order = rows[np.argsort(-sold, kind="stable")][:FIRMS_OF_A_CITY]
    sales = np.sort(sold)[::-1][:FIRMS_OF_A_CITY]
    return [
        {"row": int(row), "name": _name(world, int(row)), "sales": f"{1000 * amount:,.0f}"}
        for row, amount in zip(order, sales, strict=True)
    ]


def _name(world: World, row: int) -> str:
    table = world.model.firms
    sector = SECTOR_NAMES[world.model.sector_labels[table.sector[row]]].lower()
    return f"Firm {row}: {sector}, {ADJECTIVES[HOMES[table.home[row]]]}"


def about_firm(world: World, row: int) -> dict[str, Any]:
    """All that the page tells of a firm.

    Returns
    -------
    dict
        ``title``, ``lead`` (a sentence), ``plants`` and ``plans`` (tables with head
        and rows) and ``why`` (a sentence).
    """
    model = world.model
    firm: Firm = model.agents_by_type[Firm][row]
    suppliers = firm.suppliers()
    where = {host: cities().iloc[int(world.atlas.site[row, n])] for n, host in enumerate(HOSTS)}
    lead = (
        f"Stands for {firm.weight:,.0f} real firms; plants in"
        f" {', '.join(where[host]['city'] for host in firm.plants)};"
        f" {len(suppliers)} suppliers; believes {firm.belief}."
    )
    plants = [
        [
            where[host]["city"],
            f"{100 * firm.content(host):.1f}%",
            f"{firm.unit_cost(host):.3f}",
            "; ".join(
                f"to {REGION_NAMES[market]} {firm.claim(host, market)}"
                for market in HOSTS
                if market != host
            ),
        ]
        for host in firm.plants
    ]
    head = ["plant", "content", "unit cost", "at the border"]
    return {
        "title": _name(world, row),
        "lead": lead,
        "plants": {"head": head, "rows": plants},
        "suppliers": ", ".join(
            f"{other.row} ({'+'.join(other.plants)})" for other in suppliers[:8]
        ),
        **_plans(world, firm),
    }


PLANS_HEAD = ["plants in", "gain against staying", "cost of moving", "chance"]

NOT_YET = "Nobody has decided yet: firms reconsider from the first quarter on."


def _plans(world: World, firm: Firm) -> dict[str, Any]:
    """What each set of plants was worth to it when firms last decided, and what that says.

    It is what ``nearshore explain`` tells of the firm in that quarter.
    """
    if world.moment is None:
        return {"plans": {"head": PLANS_HEAD, "rows": []}, "why": NOT_YET}
    found = explained(world.moment, firm.row, levers=())
    rows = [
        [
            plan.plants,
            "here" if plan.plants == found.who.plants else percent(plan.against_staying, 1),
            f"{100 * plan.move_cost:.1f}",
            chance(plan),
        ]
        for plan in found.plans
    ]
    why = f"{when(found)} {decision(found)}"
    if firm.target is not None:
        left = f"{firm.quarters_left} quarters of this stage are left"
        why += f" It is now building for {firm.target}: {left}."
    return {"plans": {"head": PLANS_HEAD, "rows": rows}, "why": why}
