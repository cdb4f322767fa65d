"""What firms believe about the policy to come.

Policy is a Markov chain over regimes. A myopic firm expects today's regime for
ever. An adaptive firm holds a Dirichlet belief over each row of the transition
matrix: a prior worth some quarters of evidence, to which it adds the transitions
it has seen; its best guess is the posterior mean (DeGroot 1970). A forward-looking
firm uses the scenario's own matrix as it is, so no function here computes its belief.
"""

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats


def myopic_transitions(regimes: int) -> Floats:
    """Transition matrix of a firm that expects today's regime for ever.

    Parameters
    ----------
    regimes : int
        Number of policy regimes.

    Returns
    -------
    ndarray, shape (regime, regime)
        The identity.
    """
    return np.eye(regimes)


def adaptive_transitions(
    prior_transitions: Floats, prior_quarters: float, counts: NDArray[np.integer] | Floats
) -> Floats:
    """Posterior mean of the transition matrix.

    Parameters
    ----------
    prior_transitions : ndarray, shape (regime, regime)
        Probability per quarter of going from the row's regime to the column's, before
        anything is seen.
    prior_quarters : float
        Quarters spent in a regime that weigh as much as the prior; above 0.
    counts : ndarray, shape (regime, regime)
        Quarters in which each transition was seen.

    Returns
    -------
    ndarray, shape (regime, regime)
        Rows sum to one; a regime never seen keeps its prior.

    Raises
    ------
    ValueError
        If ``prior_quarters`` is not above 0.
    """
    if not prior_quarters > 0:
        raise ValueError(f"prior_quarters is {prior_quarters}; it must be above 0")
    evidence = prior_quarters * prior_transitions + counts
    posterior: Floats = evidence / evidence.sum(axis=1, keepdims=True)
    return posterior


def update_counts[Number: np.number](
    counts: NDArray[Number], old_regime: int, new_regime: int
) -> NDArray[Number]:
    """Counts with one more transition seen.

    Parameters
    ----------
    counts : ndarray, shape (regime, regime)
        Quarters in which each transition was seen; left as it is.
    old_regime, new_regime : int
        Last quarter's regime and this one's, the same when nothing changed.

    Returns
    -------
    ndarray, shape (regime, regime)
    """
    updated = counts.copy()
    updated[old_regime, new_regime] += 1
    return updated
