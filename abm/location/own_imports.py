"""What makers bring into a host from their own plants in other members, and owe on it.

Two instruments give some of that back (`abm.location.remissions`,
`abm.location.relief_while_building`). Both look at it by set of plants, for plans, and as it was
in a quarter, for the books.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.location.payoffs import Earning
from abm.trade.borders.this_quarter import Quarter
from abm.trade.duties import duty_on_lines
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE, Sales

Rows = NDArray[np.integer]


@dataclass(frozen=True)
class OwnImports:
    """What some makers bring in, owe on it, and make at the host itself; a quarter.

    Attributes
    ----------
    value, duty, made : ndarray, shape (firm, config) or (firm, host)
        Million USD; ``duty`` is what is owed beyond the ordinary rate, without licences.
    """

    value: Array
    duty: Array
    made: Array

    @classmethod
    def with_every_set(
        cls, quarter: Quarter, earning: Earning, rows: Rows, host: int, regime: int
    ) -> Self:
        """Those into one host, with every set of plants, of real firms of size one."""

        def brought(rate: Array) -> Array:
            part = np.zeros(earning.earned.shape, np.float32)
            part[:, :, FINAL, host] = rate * (np.arange(N_HOSTS) != host)
            found: Array = earning.sales(part)[..., :N_HOSTS].sum(axis=2).astype(np.float64)
            return found

        value = brought(np.ones((len(rows), N_HOSTS)))
        duty = brought(measures_owed(quarter, rows, host, regime))
        return cls(value, duty, earning.sales()[..., host].astype(np.float64))

    @classmethod
    def of_quarter(
        cls,
        quarter: Quarter,
        sales: Sales,
        spending: Array,
        regime: int,
        scarcity: Floats | None = None,
    ) -> Self:
        """Those of all firms into every host, as plants that stand sell.

        Parameters
        ----------
        quarter : Quarter
        sales : callable
            Per unit of spending.
        spending : ndarray, shape (sector, host, use, market)
        regime : int
            The one in force.
        scarcity : ndarray, shape (firm, host), optional
            What scarcity adds to prices, as a factor.
        """
        table = quarter.table
        value, duty, made = (np.zeros((len(table), N_HOSTS)) for _ in range(3))

        def of_block(block: Block) -> None:
            for source, (plants, sold) in enumerate(sales(block)):
                rows = plants.firm
                border = sold * spending[table.sector[rows], source]
                border[:, FINAL] /= plants.mark_on
                if scarcity is not None:
                    border[:, INTERMEDIATE] *= scarcity[rows, source][:, None]
                made[rows, source] = border.sum(axis=(1, 2))
                for host in range(N_HOSTS):
                    if host != source:
                        brought = border[:, FINAL, host]
                        owed = measures_owed(quarter, rows, host, regime)[:, source]
                        value[rows, host] += brought
                        duty[rows, host] += brought * owed

        in_parallel(of_block, firm_blocks(table))
        return cls(value, duty, made)


def measures_owed(quarter: Quarter, rows: Rows, host: int, regime: int) -> Array:
    """Duties that some firms owe on what they bring into a host, per value at the border.

    Returns
    -------
    ndarray, shape (firm, source host)
        Measures, acts and special duties: not the ordinary duty, nor of a cap what counts that in,
        nor what licences cost, which are no duty. Where origin is claimed, what a claim leaves.
    """
    table = quarter.table
    policy = quarter.policy.during(slice(regime, regime + 1))
    sector, line = table.sector[rows], table.line[rows]
    owed = np.zeros((len(rows), N_HOSTS))
    for source in range(N_HOSTS):
        if source == host:
            continue
        scheduled = table.product_duty[rows, source, host]
        beyond = duty_on_lines(policy, (sector, source, host), line, np.zeros(1), scheduled)
        licence = policy.licence_price[line, source, host, 0]
        claimed = quarter.borders.filed((rows, source, host, regime)).claimed
        due = beyond.fixed[0] - licence + (1.0 - claimed) * beyond.waived[0]
        owed[:, source] = np.maximum(due, 0.0)
    margin = quarter.calibration.trade_margin[table.sector[rows], :N_HOSTS, host]
    found: Array = owed * (1.0 + margin)
    return found
