"""Plants that die: the chances of going from a set of plants to a smaller one.

Every quarter each plant dies with a probability of its own, independently of the others, whatever
its owner would like. Small plants die more often. The plant in the owner's own country is spared
as long as sisters stand at the start of the quarter: a firm does not lose its seat while it runs
plants abroad. With ``D`` the probabilities of what is left of each set, a firm that stands in
``c`` at the end of a quarter is worth ``sum_d D(c, d) V(d)`` in the next one.
"""

import numpy as np

from abm.core.choice.sets import Indices, Sets
from abm.core.inputs.content_rules import Floats

QUARTERS = 4

ABROAD = -1
"""Home of a firm that is at none of the hosts, so that no plant of it is spared."""


def quarterly_deaths(size: Floats, always: float, of_small: float, gradient: float) -> Floats:
    """Probability that a plant of a firm dies in a quarter.

    Parameters
    ----------
    size : ndarray
        Of the firm, 1 on average, above 0.
    always : float
        Deaths a year of very large firms' plants.
    of_small : float
        What a firm of size 1 has on top.
    gradient : float
        Power of size with which that part falls: ``always + of_small * size**-gradient`` a year.

    Returns
    -------
    ndarray
        Four quarters give the yearly rate, or 1 where that is above 1.
    """
    yearly = np.minimum(always + of_small * size**-gradient, 1.0)
    quarterly: Floats = 1 - (1 - yearly) ** (1 / QUARTERS)
    return quarterly


def attrition(deaths: Floats, home: Indices, sets: Sets) -> Floats:
    """Probabilities of what is left of every set after a quarter.

    Parameters
    ----------
    deaths : ndarray, shape (firm, host)
        Probability that a plant dies that is not spared, between 0 and 1.
    home : ndarray of int, shape (firm,)
        Host of the owner's country, or `ABROAD`.
    sets : Sets
        With all parts of every set.

    Returns
    -------
    ndarray, shape (config, config left, firm)
        Sums to one over what is left; 0 where the second set is not a part of the first.

    Raises
    ------
    ValueError
        If plants may die of a set some part of which is not among the configurations.
    """
    if not sets.is_closed:
        raise ValueError("sets: plants may die, so all parts of every set must be sets too")
    alone = np.array(deaths.T, dtype=np.float64, order="C")
    with_sisters = np.where(home == np.arange(len(alone))[:, None], 0.0, alone)
    chances = np.zeros((len(sets), len(sets), len(deaths)))
    for config, parts in enumerate(sets.within):
        dies = with_sisters if sets.size[config] > 1 else alone
        stands = 1 - dies
        for left in parts:
            chance = chances[config, left]
            chance[:] = 1.0
            for host in np.flatnonzero(sets.has_plant[config]):
                chance *= (stands if sets.has_plant[left, host] else dies)[host]
    return chances
