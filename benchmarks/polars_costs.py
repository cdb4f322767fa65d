"""The free cost in Polars, as mesa-frames has it underneath: one frame a sector, a row a firm.

An agent set of mesa-frames is a Polars frame, and its step an expression over columns.
Here every affinity and every base-year potential is a column, every cost of a host
under a regime an expression over them, and all costs of a sector are asked for at
once, so that Polars may share what they have in common and use all its threads.
"""

from functools import reduce
from operator import add

import numpy as np
import polars as pl

from abm.core.sourcing import ORIGINATING, OTHER, InputTerms
from abm.inputs import sector_rows
from abm.model import RelocationModel

SHARED_ONLY = pl.QueryOptFlags.none()
SHARED_ONLY.comm_subexpr_elim = True
"""Shared parts are computed once; the other optimizations only take time here."""


class PolarsFirms:
    """The firms of a model as frames, and their free costs as expressions.

    Parameters
    ----------
    model : RelocationModel
        With its inputs priced.
    """

    def __init__(self, model: RelocationModel) -> None:
        self.rows = sector_rows(model.firms)
        self.frames = [_frame(model, sector, rows).lazy() for sector, rows in enumerate(self.rows)]
        self.expressions = [_free_costs(terms) for terms in model.terms]

    def free_costs(self) -> list[pl.DataFrame]:
        """Free cost of every firm, a frame a sector, a column a host and regime."""
        return [
            frame.select(expressions).collect(optimizations=SHARED_ONLY)
            for frame, expressions in zip(self.frames, self.expressions, strict=True)
        ]


def as_array(costs: list[pl.DataFrame], hosts: int) -> np.ndarray:
    """Frames of `PolarsFirms.free_costs` as one array, shape (firm, host, regime)."""
    every = np.concatenate([frame.to_numpy() for frame in costs])
    return every.reshape(len(every), hosts, -1)


def _frame(model: RelocationModel, sector: int, rows: slice) -> pl.DataFrame:
    used = model.calibration.materials[sector]
    affinity = model.firms.affinity[rows][:, used]
    base = model.firms.base_potential[rows][:, used]
    columns = {
        f"value_added_{host}": model.value_added[rows, host] for host in range(base.shape[2])
    }
    for k in range(len(used)):
        columns |= {f"affinity_{k}_{s}": affinity[:, k, s] for s in range(affinity.shape[2])}
        columns |= {f"base_{k}_{host}": base[:, k, host] for host in range(base.shape[2])}
    return pl.DataFrame({name: np.ascontiguousarray(values) for name, values in columns.items()})


def _free_costs(terms: InputTerms) -> list[pl.Expr]:
    inputs, _, _, hosts, regimes = terms.shape
    return [
        reduce(
            add,
            [_spending(terms, k, host, regime) for k in range(inputs)],
            pl.col(f"value_added_{host}") + _number(terms.services[host, regime]),
        ).alias(f"cost_{host}_{regime}")
        for host in range(hosts)
        for regime in range(regimes)
    ]


def _spending(terms: InputTerms, k: int, host: int, regime: int) -> pl.Expr:
    weights = terms.weights[k, :, :, host, regime]
    weights = weights[:, ORIGINATING] + weights[:, OTHER]
    potential = reduce(
        add, [pl.col(f"affinity_{k}_{s}") * _number(weight) for s, weight in enumerate(weights)]
    )
    ratio = potential / pl.col(f"base_{k}_{host}")
    # A logarithm and an exponential: Polars takes powers twice as slowly.
    change = (ratio.log() * _number(-1 / terms.theta[k])).exp()
    return change * _number(terms.bill_of_materials[k, host])


def _number(value: float) -> pl.Expr:
    """A constant in single precision, so that columns are not widened."""
    return pl.lit(float(value), dtype=pl.Float32)
