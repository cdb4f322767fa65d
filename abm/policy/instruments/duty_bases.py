"""Metal and foreign content of goods, on which some duties are levied, from the 2017 table.

Inside a sector its metal is spread over product lines in proportion to what is known of
the metals in each (`abm.economy.sector_lines`).

Only direct purchases count: metals bought by the maker of the good, and inputs that it
bought in the country that levies the duty. The content of inputs of inputs is left out,
so metal content is a lower bound, and foreign content an upper bound.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from abm.axes import REGIONS, SECTORS
from abm.economy.tables import load_economy

METALS_ROW = SECTORS.index("metals")


def _bought(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Purchases over output, shape (sector, region)."""
    output = load_economy().output
    share = np.divide(rows, output, out=np.zeros_like(output), where=output > 0)
    return np.clip(share, 0.0, 1.0).T


@cache
def metal_content() -> NDArray[np.float64]:
    """Metals in the products of a line, share of their value, shape (line, source).

    That of metals is 1. A sector's mean is that of the table, but where a line's share
    would be above 1 and is cut.
    """
    lines = load_economy().lines
    of_sector = _bought(load_economy().intermediate_use[:, METALS_ROW].sum(axis=0))
    known = np.repeat(lines.metal.sum(axis=1, keepdims=True), lines.share.shape[1], axis=1)
    mean = lines.by_sector(known)[lines.sector]
    relative = np.divide(known, mean, out=np.ones_like(known), where=mean > 0)
    share = np.minimum(of_sector[lines.sector] * relative, 1.0)
    share[lines.of(METALS_ROW)] = 1.0
    share.flags.writeable = False
    return share


@cache
def foreign_content(destination: str) -> NDArray[np.float64]:
    """Value of a good not made in ``destination``, share, shape (sector, source)."""
    use = load_economy().intermediate_use[REGIONS.index(destination)].sum(axis=0)
    share = 1 - _bought(use)
    share.flags.writeable = False
    return share


@cache
def content_of(region: str) -> NDArray[np.float64]:
    """Value of a good that was made in ``region``, share, shape (sector, source).

    What its maker bought there, and all that it adds itself where it is the maker's own region.
    """
    share = 1 - foreign_content(region)
    bought = np.sum([1 - foreign_content(each) for each in REGIONS], axis=0)
    source = REGIONS.index(region)
    share[:, source] += 1 - bought[:, source]
    share = share.clip(0.0, 1.0)
    share.flags.writeable = False
    return share
