"""What a firm knows of sets of plants and the model does not, drawn at random."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, NO_PLANT
from abm.economy.tables import Array
from abm.engine.draws import Draws


def luck_of_sets(
    draws: Draws,
    purpose: str,
    quarter: int,
    firms: int,
    ids: NDArray[np.integer] | None = None,
) -> Array:
    """Gumbel numbers for every set of plants, shape (firm, config).

    The empty set has numbers of its own, so that those of the others are what they would be
    without it.
    """
    luck = np.empty((firms, N_CONFIGS))
    some = np.arange(N_CONFIGS) != NO_PLANT
    luck[:, some] = draws.gumbel(purpose, quarter, (firms, N_CONFIGS - 1), ids=ids)
    luck[:, NO_PLANT] = draws.gumbel(f"{purpose}, none", quarter, firms, ids=ids)
    return luck
