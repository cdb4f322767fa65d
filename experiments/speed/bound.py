"""A lower bound on the time of the cost step: its logarithms and exponentials alone.

A category costs ``(potential / base_potential)**(-1/theta)`` of what it did, which is
one logarithm and one exponential per firm, material it uses, host and regime, in
whatever order the rest is computed. Where the content rule binds, the mix under a wedge has
two powers per material, ``wedge**-theta`` and ``phi**(-1/theta - 1)``, and the wedge
itself is the exponential of its logarithm. The bound counts one such evaluation per
firm, host and regime that is bound, as if the wedge were known before; a search adds
one or more. Sums, products and memory are taken to be free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.sourcing import InputTerms, UnitCosts
from experiments.speed.machine import Speed


@dataclass(frozen=True)
class Transcendentals:
    """Numbers of which a logarithm and of which an exponential is taken."""

    logarithms: int
    exponentials: int

    def __add__(self, other: "Transcendentals") -> "Transcendentals":
        return Transcendentals(
            self.logarithms + other.logarithms, self.exponentials + other.exponentials
        )

    def seconds(self, speed: Speed) -> float:
        """How long they take at a machine's speed."""
        return self.logarithms / speed.logarithms + self.exponentials / speed.exponentials


NO_WORK = Transcendentals(0, 0)


def of_free_mix(firms: int, inputs: int, hosts: int, regimes: int) -> Transcendentals:
    """What the free mix of some firms needs: one power each."""
    powers = firms * inputs * hosts * regimes
    return Transcendentals(powers, powers)


def of_one_evaluation(entries: int, inputs: int) -> Transcendentals:
    """What the mix under a given wedge needs: two powers per input, and the wedge itself."""
    powers = 2 * entries * inputs
    return Transcendentals(powers, powers + entries)


def of_cost_step(
    sector: NDArray[np.integer], terms: Sequence[InputTerms], costs: UnitCosts
) -> Transcendentals:
    """What the cost step of all firms needs at least.

    Parameters
    ----------
    sector : ndarray of int, shape (firm,)
    terms : sequence of InputTerms
        One per sector.
    costs : UnitCosts
        As solved: it says where the rule binds.

    Returns
    -------
    Transcendentals
    """
    binds = (costs.log_wedge > 0) | ~costs.feasible
    bound_entries = np.count_nonzero(binds, axis=2)
    total = NO_WORK
    for index, term in enumerate(terms):
        regimes = term.shape[-1]
        mine = sector == index
        firms = int(np.count_nonzero(mine))
        for host, bill in enumerate(term.bill_of_materials.T):
            inputs = int(np.count_nonzero(bill))
            total += of_free_mix(firms, inputs, 1, regimes)
            total += of_one_evaluation(int(bound_entries[mine, host].sum()), inputs)
    return total
