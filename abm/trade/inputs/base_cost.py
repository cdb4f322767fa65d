"""What firms' products would cost to make in the calibration year."""

import numpy as np

from abm.economy.constants import Calibration
from agents import FirmTable


def base_unit_cost(
    table: FirmTable, calibration: Calibration, firms: np.ndarray | slice, host: int | slice
) -> np.ndarray:
    """Unit cost of firms at a host in the calibration year, inputs chosen freely.

    Materials and services cost what the bill of materials says, labour and capital cost
    the rest of 1, divided by the firm's productivity. So a firm of average productivity
    has unit cost 1.

    Returns
    -------
    ndarray, shape (firm,)
    """
    value_added = calibration.value_added_cost[table.sector[firms], host]
    cost: np.ndarray = 1 - value_added + value_added / table.productivity[firms, host]
    return cost
