"""Plants on the way to complying with a rule of origin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.demand.claims import Claim
from abm.core.inputs.content_rules import Floats
from abm.trade.borders.crossing import Borders


@dataclass(frozen=True)
class Transition:
    """How plants that are not yet ready to comply would do so this quarter.

    Attributes
    ----------
    part : float
        Part of contracts that is signed this quarter.
    moving : ndarray of bool, shape (firm, host, partner)
        The plants this is about, by the border for which they would comply; of others nothing
        below means anything.
    held, signed : ndarray of float32, shape (firm, host, partner)
        Log wedge under which running contracts were signed, and that on those signed
        now; where there are further rules factors on the multipliers of all of them.
    """

    part: float
    moving: NDArray[np.bool_]
    held: Floats
    signed: Floats


def bound_to_comply(borders: Borders, regime: int) -> NDArray[np.bool_]:
    """Whether firms claim for goods that they must buy differently for, (firm, host, partner)."""
    complies = borders.claim[..., regime] == Claim.COMPLIES
    bound: NDArray[np.bool_] = complies & ~borders.meets_rule[..., regime]
    return bound
