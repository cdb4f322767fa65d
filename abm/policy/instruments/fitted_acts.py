"""Acts on goods of which no products are known: their coverage, fitted to duties collected.

Of what China and the rest of the world sold from 2018 to 2022 the duties are known that were
collected, by sector. An act of those years is taken to cover one part of each sector,

    rate(act, sector) = highest rate of the act on the day * share(act, sector)

with the shares that come nearest to the duties collected, quarter by quarter
(`python -m experiments.scenarios.coverage_of_acts`). Exclusions, quotas and exempt countries of the
rest of the world are in them.
"""

from functools import cache

import numpy as np

from abm import data
from abm.axes import SECTORS
from abm.economy.sector_lines import Array
from abm.economy.tables import load_economy


@cache
def _table() -> dict[tuple[str, str], dict[str, float]]:
    """Return the part of each sector that an act covers, by act and origin."""
    table = data.read("coverage_of_acts")
    return {
        (str(act), str(origin)): dict(zip(rows["sector"], rows["share"], strict=True))
        for (act, origin), rows in table.groupby(["act", "origin"])
    }


@cache
def fitted_share(act: str, origin: str) -> Array | None:
    """Return the part of each line that an act covers, shape (line,); None where it is not fitted.

    Parameters
    ----------
    act, origin : str
    """
    shares = _table().get((act, origin))
    if shares is None:
        return None
    by_sector = np.array([shares.get(sector, 0.0) for sector in SECTORS])
    return by_sector[load_economy().lines.sector]
