"""What contracts cost firms with tastes of their own, one step a line: a reference for tests."""

import numpy as np

from abm.core.inputs.contracts import ContractWeights, Floats


def cost_with_tastes(
    affinity: Floats, base_weights: Floats, held: ContractWeights, theta: Floats
) -> Floats:
    """What a category costs firms with tastes of their own, against the base year.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
        Taste for a source.
    base_weights : ndarray, shape (input, source, place)
        Sourcing weights of the base year, summing to 1 over sources.
    held : ContractWeights
        Shape (input, source, place).
    theta : ndarray, shape (input,)

    Returns
    -------
    ndarray, shape (firm, input, place)
    """

    def appeal(weights: Floats) -> Floats:
        summed: Floats = np.einsum("iks,ksl->ikl", affinity, weights)
        return summed

    signed = appeal(held.weights)
    relative = signed / appeal(base_weights)
    cost: Floats = relative ** (-1 / theta[:, None]) * appeal(held.weights * held.dearer) / signed
    return cost
