"""A general optimiser on the program of least net cost under rules of origin.

The program is written in the masses of parts bought from each content group: the cheapest
parts of group ``g`` of mass ``x`` cost ``spend * share**(-1/theta) * x**(1 + 1/theta)``, the
masses of a category adding to one.
"""

import numpy as np
from scipy.optimize import minimize

from abm.core.inputs.origin_rules import rule_excess


def optimised(firm, rules):
    """SciPy's least net cost, or None where it finds no mix that meets the rules."""
    theta = firm.theta
    shares, spend = firm.shares[..., 0], firm.spend[:, 0]
    power = 1 / theta

    def spending(mass):
        mass = mass.reshape(shares.shape)
        return spend * shares**-power * mass ** (1 + power)

    def slopes(mass):
        mass = mass.reshape(shares.shape)
        return (spend * shares**-power * (1 + power) * mass**power).ravel()

    def cost(mass):
        return firm.other_cost[0] + spending(mass).sum()

    def room(mass):
        return -rule_excess(firm, rules, spending(mass)[..., None])[:, 0]

    # Linear in spending: its slope is that of a unit of each group.
    zero = rule_excess(firm, rules, np.zeros((*shares.shape, 1)))[:, 0]
    units = np.eye(shares.size).reshape(-1, *shares.shape, 1)
    a_unit = -np.stack([rule_excess(firm, rules, unit)[:, 0] - zero for unit in units], axis=1)

    def room_slopes(mass):
        return a_unit * slopes(mass)

    inputs = len(spend)
    groups = len(shares)
    adding = np.tile(np.eye(inputs), groups)
    best = None
    high = np.full((groups, inputs), 0.4 / (groups - 1))
    high[(groups - 1) // 2] = 0.6
    for first in (shares, (shares + high) / 2, high):
        found = minimize(
            cost,
            first.ravel(),
            jac=slopes,
            bounds=[(1e-12, 1)] * shares.size,
            constraints=[
                {"type": "eq", "fun": lambda m: adding @ m - 1, "jac": lambda m: adding},
                {"type": "ineq", "fun": room, "jac": room_slopes},
            ],
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 2000},
        )
        meets = room(found.x).min() > -1e-8 and np.abs(adding @ found.x - 1).max() < 1e-8
        if meets and (best is None or found.fun < best):
            best = found.fun
    return best
