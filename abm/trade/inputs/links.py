"""Links between suppliers and buyers in the calibration year, and the taste that follows them."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Economy
from abm.engine.draws import Draws
from abm.trade.inputs.suppliers import SupplierNetwork
from agents import FirmTable


def link_suppliers(
    table: FirmTable, economy: Economy, relation: float, draws: Draws
) -> SupplierNetwork:
    """Suppliers drawn from the input-output table before anything is priced."""
    use = np.transpose(economy.intermediate_use[:, :, :N_HOSTS], (3, 1, 0, 2))
    total = use.sum(axis=2, keepdims=True)
    shares = np.divide(use, total, out=np.zeros_like(use), where=total > 0)
    output = np.broadcast_to(economy.output[:N_HOSTS].T[:, None], total[:, :, 0].shape)
    bill = np.divide(total[:, :, 0], output, out=np.zeros(output.shape), where=output > 0)
    network = SupplierNetwork.build(
        table.sector, table.plants, table.size * table.weight, shares, bill, draws
    )
    follow_links(table, network, relation, np.arange(len(table)))
    return network


def follow_links(
    table: FirmTable, network: SupplierNetwork, relation: float, rows: NDArray[np.int64]
) -> None:
    """Set the affinity of some firms from their own draws and their suppliers' locations.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    network : SupplierNetwork
    relation : float
        What a link adds to the taste for a source.
    rows : ndarray of int, shape (firm,)
    """
    if not len(rows):
        return
    links = network.links(table.plants, rows)
    affinity = table.sourcing_draw[rows]
    affinity[:, :N_FOOTLOOSE, :N_HOSTS] *= 1 + relation * links
    table.affinity[rows] = affinity
