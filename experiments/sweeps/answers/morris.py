r"""Morris' screening of a noisy model.

An elementary effect :math:`d` is what one factor's step changes, over the step as a share
of the factor's range (Morris 1991, "Factorial sampling plans for preliminary
computational experiments"). Over trajectories, ``mu`` is its mean, ``sigma`` its
deviation and ``mu_star`` the mean of :math:`|d|` (Campolongo, Cariboni and Saltelli 2007).

Noise leaves ``mu`` as it is. It would raise ``sigma``, which is corrected as all squares
are, and ``mu_star`` most where there is no effect at all. There each replication is taken
with the sign that the others give it: :math:`d_r\,\mathrm{sign}(\sum_{s \ne r} d_s)`, whose
mean is :math:`|d|` where the sign is clear and zero where there is no effect; between the
two it is too low rather than too high.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.sweeps.answers.uncertainty import (
    FEWEST_REPLICATIONS,
    Array,
    mean_without,
    product,
    two_way,
)


def morris(effects: Array, names: Sequence[str]) -> pd.DataFrame:
    """Return how much each factor matters, the most important first.

    Parameters
    ----------
    effects : ndarray, shape (trajectory, factor, replication)
        Elementary effects.
    names : sequence of str

    Returns
    -------
    pandas.DataFrame
        ``factor``, ``mu_star`` and ``mu``, each with ``_low`` and ``_high``, ``sigma``.
    """
    stars = two_way(_sizes(effects), lambda t: t)
    means = two_way(mean_without(effects), lambda t: t)
    table = pd.DataFrame({"factor": list(names)})
    for name, found in (("mu_star", stars), ("mu", means)):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = (
            found.value,
            found.low,
            found.high,
        )
    table["sigma"] = _sigma(effects)
    return table.sort_values("mu_star", ascending=False, kind="stable", ignore_index=True)


def _sigma(effects: Array) -> Array:
    """Return the deviation of effects over trajectories, free of noise."""
    number = len(effects)
    if number < 2:
        return np.full(effects.shape[1], np.nan)
    squares = product(effects, effects)[..., 0].mean(0)
    sums = effects.mean(0)
    variance = (squares - product(sums, sums)[..., 0]) * number / (number - 1)
    return np.sqrt(np.maximum(variance, 0))


def _sizes(effects: Array) -> Array:
    """Return sizes of effects by the sign of other replications, and again without each."""
    replications = effects.shape[-1]
    if replications == 1:
        return np.abs(effects)
    total = effects.sum(-1, keepdims=True)
    whole = (effects * np.sign(total - effects)).mean(-1, keepdims=True)
    if replications < FEWEST_REPLICATIONS:
        return whole
    parts = [whole]
    for gone in range(replications):
        left = np.delete(effects, gone, axis=-1)
        rest = left.sum(-1, keepdims=True)
        parts.append((left * np.sign(rest - left)).mean(-1, keepdims=True))
    return np.concatenate(parts, axis=-1)


def elementary_effects(y: Array, points: pd.DataFrame, step: float) -> Array:
    """Return elementary effects of trajectories, as their points say which factor stepped.

    Parameters
    ----------
    y : ndarray, shape (point, replication)
    points : pandas.DataFrame
        Values of the factors, a row a point, trajectory by trajectory.
    step : float
        As a share of a factor's range.

    Returns
    -------
    ndarray, shape (trajectory, factor, replication)

    Raises
    ------
    ValueError
        If points are no trajectories, each factor stepping once.
    """
    k = points.shape[1]
    trails = points.to_numpy(float).reshape(-1, k + 1, k)
    moves = np.diff(trails, axis=1)
    if not ((moves != 0).sum(2) == 1).all() or not ((moves != 0).sum(1) == 1).all():
        raise ValueError("points are no trajectories of Morris")
    stepped = np.abs(np.sign(moves)).argmax(2)  # (trajectory, step)
    signs = np.sign(moves).sum(2)[..., None]
    changes = np.diff(y.reshape(len(trails), k + 1, -1), axis=1) * signs / step
    order = stepped.argsort(1)
    effects: Array = np.take_along_axis(changes, order[..., None], axis=1)
    return effects
