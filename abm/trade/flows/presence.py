"""How much of each input every region offers, by the plants that stand there."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS
from abm.core.demand.presence import presence, standing_appeal
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.trade.inputs.base_cost import base_unit_cost
from abm.trade.sales.market_clearing import INTERMEDIATE, REACH_EXPONENT, mass_of, plant_dispersion
from agents import FirmTable


def plants_appeal(table: FirmTable, economy: Economy, calibration: Calibration) -> Array:
    """Appeal of the plants that stand to buyers of inputs, at base-year costs.

    Parameters
    ----------
    table : FirmTable
    economy : Economy
    calibration : Calibration

    Returns
    -------
    ndarray, shape (sector, host, market)
        Footloose sectors.
    """
    dispersion = plant_dispersion(economy.sigma)
    access = calibration.access[:, :N_HOSTS, INTERMEDIATE].astype(np.float32)

    def of_block(block: Block) -> Floats:
        rows = block.rows
        return standing_appeal(
            table.plants[rows],
            base_unit_cost(table, calibration, rows, slice(None)).astype(np.float32),
            table.suitability[rows],
            mass_of(table, calibration, rows),
            access[block.sectors],
            block.of_each(dispersion),
            REACH_EXPONENT,
            block.edges,
        )

    total = np.zeros((N_FOOTLOOSE, N_HOSTS, N_REGIONS))
    every = firm_blocks(table)
    for block, part in zip(every, in_parallel(of_block, every), strict=True):
        total[block.sectors] += part
    return total


def plants_presence(table: FirmTable, economy: Economy, calibration: Calibration) -> Array:
    """Presence of every region as a source of every input, against the calibration year.

    Returns
    -------
    ndarray, shape (input, source, market)
        1 for what is made outside North America, or fixed in place.
    """
    everywhere = np.ones((N_SECTORS, N_REGIONS, N_REGIONS))
    appeal = plants_appeal(table, economy, calibration)
    everywhere[:N_FOOTLOOSE, :N_HOSTS] = presence(appeal, calibration.base_presence)
    return everywhere
