"""What one drawing of the page shows: taken between two steps, drawn while others go on.

A frame holds its own arrays, so a step that begins while it is drawn changes nothing
in it. Taking one is short; a step waits for that at most, and never for the drawing.
"""

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from abm.axes import FOOTLOOSE
from abm.policy.timeline import TimelineEntry
from viz.lab.firm_card import about_firm, firms_of
from viz.lab.history import History, Picture
from viz.lab.laboratory import Laboratory, Standing, World

LARGEST = 1
"""Firms of a sector whose suppliers are shown; more cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One world at the end of a quarter.

    Attributes
    ----------
    name : str
    history : History
    picture : Picture
    events : tuple of dict
        What governments did so far.
    suppliers : networkx.DiGraph
        The largest firm of each sector and who supplies it; nodes have ``sector`` and
        ``sales`` (billion USD a year) and ``city`` (of a plant), edges ``weight`` and ``hosts``.
    """

    name: str
    history: History
    picture: Picture
    events: tuple[dict[str, object], ...]
    suppliers: nx.DiGraph


@dataclass(frozen=True, eq=False)
class Frame(Standing):
    """All that is drawn of a laboratory.

    Attributes
    ----------
    world, other : Scene
        ``other`` is None without a second world.
    over : bool
        Whether no further quarter can be played.
    decided : tuple of TimelineEntry
        What governments did by their rules.
    firms : tuple of dict
        The largest firms of the city that was clicked, as `viz.lab.firm_card.firms_of` has them.
    firm : dict or None
        The firm that was clicked, as `viz.lab.firm_card.about_firm` tells of it.
    """

    world: Scene
    other: Scene | None
    over: bool
    decided: tuple[TimelineEntry, ...]
    firms: tuple[dict[str, Any], ...]
    firm: dict[str, Any] | None


def take(lab: Laboratory, city: int | None = None, firm: int | None = None) -> Frame:
    """A frame of the quarter that was finished last.

    Parameters
    ----------
    lab : Laboratory
    city, firm : int, optional
        What was clicked: rows of `viz.lab.sites.cities` and of the firms.
    """
    with lab.lock:
        return Frame(
            lab.start,
            lab.scenario,
            lab.quarter,
            world=_scene(lab.world),
            other=None if lab.other is None else _scene(lab.other),
            over=lab.over,
            decided=lab.world.model.in_force.decided,
            firms=() if city is None else tuple(firms_of(lab.world, city)),
            firm=None if firm is None else about_firm(lab.world, firm),
        )


def _scene(world: World) -> Scene:
    model = world.model
    return Scene(
        world.name,
        world.history.copy(),
        world.atlas.picture(model),
        tuple(model.events),
        _suppliers(world),
    )


def _suppliers(world: World) -> nx.DiGraph:
    model = world.model
    sold = world.atlas.sales(model).sum(axis=1)
    first = np.concatenate(
        [
            rows[np.argsort(-sold[rows], kind="stable")[:LARGEST]]
            for rows in (np.flatnonzero(model.firms.sector == j) for j in range(len(FOOTLOOSE)))
        ]
    )
    theirs = np.unique(model.network.supplier[first])
    graph = model.network.to_networkx(np.union1d(first, theirs[theirs >= 0]))
    for row, about in graph.nodes(data=True):
        about["sales"] = float(sold[row])
        about["city"] = int(world.atlas.site[row, model.firms.plants[row].argmax()])
    return graph
