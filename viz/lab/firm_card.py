"""A firm in words and numbers: where it is, what it claims, why it stays or moves."""

from typing import Any

import numpy as np

from abm.axes import CONFIG_LABELS, HOSTS
from abm.location.moving_costs import MovingCosts
from agents import Firm
from experiments.labels import ADJECTIVES, REGION_NAMES, SECTOR_NAMES, with_minus
from viz.lab.laboratory import World
from viz.lab.sites import cities

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
    return f"Firm {row}: {sector}, {ADJECTIVES[HOSTS[table.home[row]]]}"


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


def _plans(world: World, firm: Firm) -> dict[str, Any]:
    """What each set of plants is worth to it now, and what that says."""
    model, row = world.model, firm.row
    now = int(model.firms.config[row])
    value = model.plan_values[row, :, model.in_force.regime]
    cost = MovingCosts(model.scenario.firms).total[now]
    gain = 100 * (value - value[now] - cost)
    order = np.argsort(-gain)
    rows = [
        [CONFIG_LABELS[c], _signed(100 * (value[c] - value[now])), f"{100 * cost[c]:.0f}",
         "here now" if c == now else _signed(gain[c])]
        for c in order
    ]  # fmt: skip
    head = ["plants in", "worth against now", "cost of moving", "gain"]
    best = int(next(c for c in order if c != now))
    building = firm.target
    if building is not None:
        why = (
            f"It is building for {building}: {firm.quarters_left} quarters of this stage are left."
        )
    elif gain[best] > 0:
        why = (
            f"{CONFIG_LABELS[best]} would gain it {gain[best]:.0f}% of quarterly sales;"
            " it may move when its clock strikes for a review."
        )
    else:
        why = (
            f"It stays: even the best other set, {CONFIG_LABELS[best]}, would lose it"
            f" {-gain[best]:.0f}% of quarterly sales, the cost of moving counted."
        )
    return {"plans": {"head": head, "rows": rows}, "why": why}


def _signed(value: float) -> str:
    return with_minus(f"{value:+,.0f}")
