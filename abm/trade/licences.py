"""Licences as part of what is paid at a border."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.economy.tables import Array, load_economy
from abm.policy.regimes import Policy


def with_licences(policy: Policy, worth: Array) -> Policy:
    """The same policy with what licences are worth among the duties that are due in any case.

    Parameters
    ----------
    policy : Policy
    worth : ndarray, shape (line, source, market, regime)
        Ad valorem.
    """
    return replace(
        policy,
        licence_price=worth,
        line_fixed=policy.line_fixed + worth,
        measures_fixed=policy.measures_fixed + load_economy().lines.by_sector(worth),
    )


def limited_flows(policy: Policy, base_imports: Array) -> NDArray[np.bool_]:
    """Flows that need a licence under the last regime, shape (line, source, market).

    Where nothing came in in the calibration year, nothing is to be limited.
    """
    limited: NDArray[np.bool_] = (policy.quota[..., -1] > 0) & (base_imports > 0)
    return limited
