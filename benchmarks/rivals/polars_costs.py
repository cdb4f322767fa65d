"""Free cost and content in Polars, as mesa-frames has it underneath: a frame a sector.

An agent set of mesa-frames is a Polars frame, and its step an expression over columns.
Here every affinity and every base-year potential is a column, every cost of a host
under a regime an expression over them, and all costs of a sector are asked for at
once, so that Polars may share what they have in common and use all its threads.
"""

from functools import reduce
from operator import add

import numpy as np
import polars as pl

from abm.core.inputs.buyers import ORIGINATING, ORIGINATING_BEFORE_DUTY, OTHER, OTHER_BEFORE_DUTY
from abm.core.inputs.sourcing import InputTerms
from abm.engine.blocks import sector_rows
from abm.model import RelocationModel
from benchmarks.rivals.inputs_in_use import inputs_in_use

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
        rows, used = sector_rows(model.firms), inputs_in_use(model)
        self.frames = [
            _frame(model, inputs, some).lazy() for (inputs, _), some in zip(used, rows, strict=True)
        ]
        falls_short = [(model.firms.origin_share[some] < 1).any() for some in rows]
        self.expressions = [
            _free_costs(terms, short) for (_, terms), short in zip(used, falls_short, strict=True)
        ]

    def free_costs(self) -> list[pl.DataFrame]:
        """Free cost and content, a frame a sector, a column a host and regime of each."""
        return [
            frame.select(expressions).collect(optimizations=SHARED_ONLY)
            for frame, expressions in zip(self.frames, self.expressions, strict=True)
        ]


def as_arrays(costs: list[pl.DataFrame], hosts: int) -> tuple[np.ndarray, np.ndarray]:
    """Cost and content out of `PolarsFirms.free_costs`, shape (firm, host, regime) each."""
    every = np.concatenate([frame.to_numpy() for frame in costs])
    cost, content = every.reshape(len(every), 2, hosts, -1).swapaxes(0, 1)
    return cost, content


def _frame(model: RelocationModel, used: np.ndarray, rows: slice) -> pl.DataFrame:
    affinity = model.firms.affinity[rows][:, used]
    base = model.firms.base_potential[rows][:, used]
    columns = {
        f"value_added_{host}_{regime}": model.value_added[rows, host, regime]
        for host in range(base.shape[2])
        for regime in range(model.value_added.shape[2])
    }
    columns |= {
        f"origin_share_{host}": share for host, share in enumerate(model.firms.origin_share[rows].T)
    }
    for k in range(len(used)):
        columns |= {f"affinity_{k}_{s}": affinity[:, k, s] for s in range(affinity.shape[2])}
        columns |= {f"base_{k}_{host}": base[:, k, host] for host in range(base.shape[2])}
    return pl.DataFrame({name: np.ascontiguousarray(values) for name, values in columns.items()})


def _free_costs(terms: InputTerms, falls_short: bool) -> list[pl.Expr]:
    """Expressions of cost and of content, host by host and regime by regime."""
    _, _, _, hosts, regimes = terms.shape
    places = [(host, regime) for host in range(hosts) for regime in range(regimes)]
    both = [_cost_and_content(terms, host, regime, falls_short) for host, regime in places]
    return [
        expression.alias(f"{name}_{host}_{regime}")
        for name, column in (("cost", 0), ("content", 1))
        for (host, regime), pair in zip(places, both, strict=True)
        for expression in [pair[column]]
    ]


def _cost_and_content(
    terms: InputTerms, host: int, regime: int, falls_short: bool
) -> tuple[pl.Expr, pl.Expr]:
    cost = pl.col(f"value_added_{host}_{regime}") + _number(terms.services[host, regime])
    foreign_value = _number(0)
    for k in range(terms.shape[0]):
        weights = terms.weights[k, :, :, host, regime]
        potential = _appeal(k, weights[:, ORIGINATING] + weights[:, OTHER])
        # What contracts buy was chosen when they were signed; other regimes choose anew.
        held = terms.signed is not None and regime == terms.regimes - 1
        chosen_at = _appeal(k, terms.signed[k, :, host]) if held else potential
        # A logarithm and an exponential: Polars takes powers twice as slowly.
        change = (chosen_at / pl.col(f"base_{k}_{host}")).log() * _number(-1 / terms.theta[k])
        spend = change.exp() * _number(terms.bill_of_materials[k, host])
        if held:
            spend *= potential / chosen_at
        cost += spend
        before_duty = _appeal(k, weights[:, OTHER_BEFORE_DUTY])
        if falls_short:
            short = _number(1) - pl.col(f"origin_share_{host}")
            before_duty += _appeal(k, weights[:, ORIGINATING_BEFORE_DUTY]) * short
        foreign_value += spend * before_duty / potential
    return cost, _number(1) - foreign_value / cost


def _appeal(k: int, weights: np.ndarray) -> pl.Expr:
    """Affinities to the sources of an input, weighted and added up."""
    used = [(s, weight) for s, weight in enumerate(weights) if weight > 0]
    terms = [pl.col(f"affinity_{k}_{s}") * _number(weight) for s, weight in used]
    return reduce(add, terms) if terms else _number(0)


def _number(value: float) -> pl.Expr:
    """A constant in single precision, so that columns are not widened."""
    return pl.lit(float(value), dtype=pl.Float32)
