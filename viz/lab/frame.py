"""What one drawing of the page shows: taken between two steps, drawn while others go on.

A frame holds its own arrays, so a step that begins while it is drawn changes nothing
in it. Taking one is short; a step waits for that at most, and never for the drawing.
"""

from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import numpy as np

from abm.axes import FOOTLOOSE, HOSTS
from abm.policy.timeline import TimelineEntry
from abm.scenario.scenario import Scenario
from abm.state.places import cities
from viz.lab.firm_card import about_firm, firms_of
from viz.lab.history import PastQuarters, Picture
from viz.lab.laboratory import Laboratory, Standing, World
from viz.lab.luck import Luck

LARGEST = 1
"""Firms of a sector whose suppliers are shown; more cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One world at the end of a quarter.

    Attributes
    ----------
    name : str
    scenario : Scenario
        What was done so far, levers included.
    history : PastQuarters
    pictures : tuple of Picture
        Of every quarter up to this one.
    events : tuple of dict
        What governments did so far.
    suppliers : networkx.DiGraph
        The largest firm of each sector and who supplies it; nodes have ``sector`` and
        ``sales`` (billion USD a year) and ``city`` (of a plant), edges ``weight`` and ``hosts``.
    """

    name: str
    scenario: Scenario
    history: PastQuarters
    pictures: tuple[Picture, ...]
    events: tuple[dict[str, object], ...]
    suppliers: nx.DiGraph

    @property
    def picture(self) -> Picture:
        """The last one."""
        return self.pictures[-1]

    def until(self, quarter: int) -> "Scene":
        """The world as it stood at the end of an earlier quarter; suppliers stay the last."""
        events = tuple(event for event in self.events if int(str(event["quarter"])) <= quarter)
        return replace(
            self,
            history=self.history.until(quarter),
            pictures=self.pictures[: quarter + 1],
            events=events,
        )


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
    city : int or None
        The city that was clicked.
    supplied : tuple of (int, float)
        From which cities its firms are supplied, and the real firms' links from there,
        most first.
    luck : Luck or None
        The same run with other seeds, if they reach this quarter.
    newest : Frame or None
        The frame that this one looks back from.
    """

    world: Scene
    other: Scene | None
    over: bool
    decided: tuple[TimelineEntry, ...]
    firms: tuple[dict[str, Any], ...]
    firm: dict[str, Any] | None
    city: int | None = None
    supplied: tuple[tuple[int, float], ...] = ()
    luck: Luck | None = None
    newest: "Frame | None" = None

    @property
    def sure(self) -> Luck | None:
        """The luck of this quarter; None where no other seeds were played up to it."""
        return self.luck if self.luck is not None and self.quarter <= self.luck.quarter else None

    def at(self, quarter: int | None) -> "Frame":
        """What was drawn at the end of an earlier quarter; itself for None or the last one."""
        if quarter is None or not 0 <= quarter < self.quarter:
            return self
        return replace(
            self,
            quarter=quarter,
            world=self.world.until(quarter),
            other=self.other.until(quarter) if self.other else None,
            city=None,
            supplied=(),
            newest=self,
        )


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
            city=city,
            supplied=() if city is None else _supplied(lab.world, city),
            luck=lab.luck if isinstance(lab.luck, Luck) else None,
        )


def _scene(world: World) -> Scene:
    model = world.model
    return Scene(
        world.name,
        model.scenario,
        world.history.copy(),
        tuple(world.pictures),
        tuple(model.events),
        _suppliers(world),
    )


def _supplied(world: World, city: int) -> tuple[tuple[int, float], ...]:
    """From where the firms with a plant in a city are supplied."""
    model, site = world.model, world.atlas.site
    links = model.network.edges()
    host = HOSTS.index(cities().iloc[city]["country"])
    here = model.firms.plants[:, host] & (site[:, host] == city)
    mine = here[links.buyer]
    suppliers, buyers = links.supplier[mine], links.buyer[mine]
    source = site[suppliers, links.host[mine]]
    count = np.bincount(source, model.firms.weight[buyers] * links.weight[mine])
    order = np.argsort(-count, kind="stable")
    return tuple((int(row), float(count[row])) for row in order if count[row] > 0 and row != city)


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
