"""Where firms are in the long run, given how they move from quarter to quarter."""

import numpy as np

from abm.core.choice.location import firms_last
from abm.core.inputs.content_rules import Floats


def stationary_distribution(probabilities: Floats) -> Floats:
    """Long-run shares of configurations under constant choice probabilities.

    The same whether or not firms skip reviews, as long as they do so at random.

    Parameters
    ----------
    probabilities : ndarray, shape (firm, config from, config to)
        Rows sum to one.

    Returns
    -------
    ndarray of float64, shape (firm, config)
        Sums to one. NaN where the first configuration cannot be reached from every other
        one, or only with a probability that underflows: the long-run shares then depend
        on where the firm started.

    Notes
    -----
    Gaussian elimination as arranged by Grassmann, Taksar and Heyman (1985): it never
    subtracts, so that moves as rare as 1e-200 still give shares to full precision.
    """
    flows = firms_last(probabilities)
    configs = len(flows)
    shares = np.ones((configs, flows.shape[-1]))
    # Probabilities that underflow to 0 give NaN or infinity here, and NaN in the result.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        for last in range(configs - 1, 0, -1):
            flows[:last, last] /= flows[last, :last].sum(axis=0)
            flows[:last, :last] += flows[:last, last, None] * flows[None, last, :last]
        for config in range(1, configs):
            shares[config] = (shares[:config] * flows[:config, config]).sum(axis=0)
        shares /= shares.sum(axis=0)
    shares[:, ~np.isfinite(shares).all(axis=0)] = np.nan
    return shares.T
