"""An economy of three identical members, and firms that are copies of each other.

The figures are those of 2017 averaged over all ways to exchange the three members,
so they are as real as an economy without differences can be. Firms are drawn once,
for the first member; those of the others are the same firms with the members
turned round one place or two.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np

from abm.axes import CONFIGS, HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.economy.line_shares import product_lines
from abm.economy.rate_distribution import RateDistribution
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Economy
from agents import FirmTable

ORDERS = tuple(permutations(range(N_HOSTS)))
AXES_OF_REGIONS = {
    "intermediate_use": (0, 2),
    "final_demand": (0, 2),
    "output": (0,),
    "value_added": (0,),
    "employment": (0,),
    "labour_share": (0,),
    "applied_duty": (1, 2),
    "customs_over_basic": (1, 2),
    "records_over_customs": (1, 2),
    "establishments": (0,),
    "distance": (0, 1),
}

SETS_OF_PLANTS = ("config", "target", "opportunity")
"""Columns that say which set of plants is meant, or with -1 that none is."""


def _exchanged(array: np.ndarray, axes: tuple[int, ...], order: tuple[int, ...]) -> np.ndarray:
    for axis in axes:
        others = range(N_HOSTS, array.shape[axis])
        array = np.take(array, [*order, *others], axis=axis)
    return array


def identical_members(economy: Economy) -> Economy:
    """The same economy with every member the average of the three."""
    averaged = {
        name: np.mean([_exchanged(getattr(economy, name), axes, order) for order in ORDERS], axis=0)
        for name, axes in AXES_OF_REGIONS.items()
    }
    by_sector: dict[int, list[RateDistribution]] = {}
    for (_, _, sector), rates in economy.rates.items():
        by_sector.setdefault(sector, []).append(rates)
    common = {
        sector: RateDistribution(
            np.mean([rates.shares for rates in every], axis=0),
            float(np.mean([rates.position for rates in every])),
        )
        for sector, every in by_sector.items()
    }
    rates = {key: common[key[2]] for key in economy.rates}
    return replace(economy, rates=rates, lines=_alike(product_lines(rates)), **averaged)


def _alike(lines: SectorLines) -> SectorLines:
    """The same lines with what all members sell, taxed alike on every way between two."""
    across = ~np.eye(N_HOSTS, dtype=bool)
    rate = across * lines.rate[:, across].mean(axis=1)[:, None, None]
    share = np.repeat(lines.share.mean(axis=1, keepdims=True), N_REGIONS, axis=1)
    return replace(lines, rate=rate, share=share)


def turned_configs(places: int) -> list[int]:
    """For every set of plants the one it was before members were turned round."""
    return [
        CONFIGS.index(
            tuple(
                HOSTS[host] for host in range(N_HOSTS) if HOSTS[(host + places) % N_HOSTS] in config
            )
        )
        for config in CONFIGS
    ]


def mirror_firms(table: FirmTable) -> None:
    """Replace the firms of the other members by copies of those of the first, in place.

    Every sector must have as many firms in each member.
    """
    for name, column in FirmTable.columns().items():
        if name not in ("sector", "home"):
            mirror_column(table, getattr(table, name), column.axes, name)


def mirror_column(
    table: FirmTable, values: np.ndarray, axes: tuple[str, ...], name: str = ""
) -> None:
    """Do the same with an array of which the first axis is firms.

    An axis of hosts may go on with other places, which stay where they are.
    """
    for sector in range(N_FOOTLOOSE):
        first, *others = (
            np.flatnonzero((table.sector == sector) & (table.home == home))
            for home in range(N_HOSTS)
        )
        for places, rows in enumerate(others, start=1):
            copies = values[first]
            for axis, label in enumerate(axes):
                if label in ("host", "partner", "source"):
                    rest = range(N_HOSTS, copies.shape[axis])
                    hosts = [(host - places) % N_HOSTS for host in range(N_HOSTS)]
                    copies = np.take(copies, [*hosts, *rest], axis=axis)
                elif label == "config":
                    copies = np.take(copies, turned_configs(places), axis=axis)
            if name in SETS_OF_PLANTS:
                after = np.argsort(turned_configs(places))
                copies = np.where(copies < 0, copies, after[copies])
            values[rows] = copies
