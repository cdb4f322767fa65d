"""Sectors that a table has together, told apart as in the economy that is shipped."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import REGIONS, SECTORS
from abm.economy.tables import load_economy
from experiments.own_data.mapping import parts

Array = NDArray[np.float64]

BALANCED = 1e-10
"""Relative error at which fitting to row and column sums ends."""

MOST_ROUNDS = 10_000


def told_apart(use: Array, final: Array, names: list[str]) -> tuple[Array, Array]:
    """Return flows in which sectors that stand together are told apart as in the shipped one."""
    shipped = load_economy()
    member = np.array([[sector in parts(name) for sector in SECTORS] for name in names], float)
    # Rows: shares of the sectors within a group, cell by cell.
    grouped = np.einsum("sklj,hj->sklh", shipped.intermediate_use, member)
    wide = np.einsum("sgl...,gk->skl...", use, member) * _shares_within(grouped, member, axis=1)
    sold = np.einsum("sgm,gk->skm", final, member) * _shares_within(
        shipped.final_demand, member, axis=1
    )
    output = wide.sum(axis=(2, 3)) + sold.sum(axis=2)
    # Columns: each group's inputs over its sectors, so that rows stay and columns have their sums.
    inputs = shipped.intermediate_use.sum(axis=(0, 1)) / shipped.output
    whole = np.zeros_like(shipped.intermediate_use)
    for region in range(len(REGIONS)):
        for group in range(len(names)):
            inside = np.flatnonzero(member[group])
            cells = wide[:, :, region, group]
            asked = output[region, inside] * inputs[region, inside]
            seed = shipped.intermediate_use[:, :, region, inside]
            whole[:, :, region, inside] = _fitted(seed, cells, asked)
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


def _fitted(seed: Array, cells: Array, asked: Array) -> Array:
    """Return cells split over columns: rows sum to the cells, columns are in the ratio asked for.

    Iterative proportional fitting from a seed of shape (source, input, column).
    """
    if len(asked) == 1:
        return cells[..., None]
    if not asked.any():  # nothing of the whole group is made
        return np.zeros_like(seed)
    goal = asked * cells.sum() / asked.sum()
    # A cell that the seed leaves empty is split as the columns ask.
    found = np.where(seed.sum(axis=-1, keepdims=True) > 0, seed, goal)
    for _ in range(MOST_ROUNDS):
        total = found.sum(axis=-1, keepdims=True)
        found = found * np.divide(
            cells[..., None], total, out=np.zeros_like(total), where=total > 0
        )
        off = np.divide(goal, found.sum(axis=(0, 1)), out=np.zeros_like(goal), where=goal > 0)
        if np.abs(off - 1)[goal > 0].max(initial=0) < BALANCED:
            break
        found = found * off
    return found
