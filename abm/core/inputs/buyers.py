"""Firms as buyers of inputs: how much they buy from each source, and how much originates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats

Edges = NDArray[np.integer]

ORIGINATING, OTHER, OTHER_BEFORE_DUTY, ORIGINATING_BEFORE_DUTY = range(4)
"""Content groups of an input's sourcing weights, along their ``group`` axis."""


@dataclass(frozen=True)
class Buyers:
    """The properties of some firms that decide what they buy and do not change with policy.

    Attributes
    ----------
    affinity : ndarray, shape (firm, input, source)
        Taste for a source: the firm's own draw times its supplier links.
    origin_share : ndarray, shape (firm, host)
        Share of the value delivered by qualifying suppliers that originates.
    base_potential : ndarray, shape (firm, input, host)
        Sourcing potential of the calibration year.
    line : ndarray of int, shape (firm,)
        The product line that each makes, by which it finds its rule of origin.
    """

    affinity: Floats
    origin_share: Floats
    base_potential: Floats
    line: NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.affinity)

    def take(self, rows: slice | NDArray[np.integer]) -> "Buyers":
        """Some of the firms."""
        return Buyers(*(array[rows] for array in vars(self).values()))

    def at(self, host: int) -> "Buyers":
        """The same firms at one host."""
        here = slice(host, host + 1)
        return Buyers(
            self.affinity,
            self.origin_share[:, here],
            self.base_potential[:, :, here],
            self.line,
        )

    def appeal(self, weights: Sequence[Floats], edges: Edges) -> Floats:
        """Sourcing potential of originating inputs, of others, and of others valued before duty.

        Parameters
        ----------
        weights : sequence of ndarray, shape (input, source, group, host, regime)
            One a sector.
        edges : ndarray of int, shape (sector + 1,)
            Where the firms of each sector begin, and the last ones end.

        Returns
        -------
        ndarray, shape (input, group, host, regime, firm)
            Groups `ORIGINATING`, `OTHER` and `OTHER_BEFORE_DUTY`.
        """
        if (self.origin_share == 1).all():
            needed = [weight[:, :, :ORIGINATING_BEFORE_DUTY] for weight in weights]
            return sector_potentials(self.affinity, needed, edges)
        groups = sector_potentials(self.affinity, weights, edges)
        short = 1 - self.origin_share.T[:, None]
        lost = groups[:, ORIGINATING] * short
        groups[:, ORIGINATING] -= lost
        groups[:, OTHER] += lost
        groups[:, OTHER_BEFORE_DUTY] += groups[:, ORIGINATING_BEFORE_DUTY] * short
        return groups[:, :ORIGINATING_BEFORE_DUTY]

    def originating(self, appeal: Floats) -> Floats:
        """The part of qualifying suppliers' appeal that originates, (..., host, regime, firm)."""
        share: Floats = appeal * self.origin_share.T[:, None]
        return share


def sector_potentials(affinity: Floats, weights: Sequence[Floats], edges: Edges) -> Floats:
    """As `sourcing_potential`, of firms in the order of their sectors, each at its weights.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
    weights : sequence of ndarray, shape (input, source, ...)
        One a sector.
    edges : ndarray of int, shape (sector + 1,)
        Where the firms of each sector begin, and the last ones end.

    Returns
    -------
    ndarray, shape (input, ..., firm)
    """
    if len(weights) == 1:
        return sourcing_potential(affinity, weights[0])
    inputs, _, *rest = weights[0].shape
    kind = np.result_type(affinity, weights[0])
    potential: Floats = np.empty((inputs, *rest, len(affinity)), kind)
    for weight, start, stop in zip(weights, edges[:-1], edges[1:], strict=True):
        potential[..., start:stop] = sourcing_potential(affinity[start:stop], weight)
    return potential


def sourcing_potential(affinity: Floats, weights: Floats) -> Floats:
    """Sum over sources of affinity times weight.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
    weights : ndarray, shape (input, source, ...)

    Returns
    -------
    ndarray, shape (input, ..., firm)
    """
    inputs, sources, *rest = weights.shape
    by_group = np.ascontiguousarray(weights.reshape(inputs, sources, -1).transpose(0, 2, 1))
    flat = np.matmul(by_group, affinity.transpose(1, 2, 0))
    potential: Floats = flat.reshape(inputs, *rest, affinity.shape[0])
    return potential
