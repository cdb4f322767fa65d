"""Sectors that a table has together, told apart as in the economy that is shipped."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import REGIONS, SECTORS
from abm.core.inputs.proportional_fitting import fitted
from abm.economy.tables import load_economy, observed_flows
from experiments.own_data.mapping import parts

Array = NDArray[np.float64]


def told_apart(use: Array, final: Array, names: list[str]) -> tuple[Array, Array]:
    """Return flows in which sectors that stand together are told apart as in the shipped one."""
    shipped_use, shipped_final = observed_flows()
    member = np.array([[sector in parts(name) for sector in SECTORS] for name in names], float)
    # Rows: shares of the sectors within a group, cell by cell.
    grouped = np.einsum("sklj,hj->sklh", shipped_use, member)
    wide = np.einsum("sgl...,gk->skl...", use, member) * _shares_within(grouped, member, axis=1)
    sold = np.einsum("sgm,gk->skm", final, member) * _shares_within(shipped_final, member, axis=1)
    output = wide.sum(axis=(2, 3)) + sold.sum(axis=2)
    # Columns: each group's inputs over its sectors, so that rows stay and columns have their sums.
    inputs = shipped_use.sum(axis=(0, 1)) / load_economy().output
    whole = np.zeros_like(shipped_use)
    for region in range(len(REGIONS)):
        for group in range(len(names)):
            inside = np.flatnonzero(member[group])
            cells = wide[:, :, region, group]
            asked = output[region, inside] * inputs[region, inside]
            seed = shipped_use[:, :, region, inside]
            whole[:, :, region, inside] = fitted(seed, cells, asked)
    return whole, sold


def _shares_within(cells: Array, member: Array, axis: int) -> Array:
    """Return the share of each sector in its group; that of the region where a cell is empty."""
    group = member.T @ member  # sectors that stand together
    total = np.moveaxis(np.tensordot(group, cells, (1, axis)), 0, axis)
    over = tuple(range(2, cells.ndim))
    all_cells = cells.sum(axis=over, keepdims=True)
    of_all = all_cells / np.moveaxis(np.tensordot(group, all_cells, (1, axis)), 0, axis)
    shares: Array = np.where(total > 0, cells / np.where(total > 0, total, 1), of_all)
    return shares
