"""Which factors matter for an outcome, by the method that the design was made for.

A design whose runs are not all there has no such method; then, and for designs that were
made for none, indices come from the points that there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.errors import StoreError
from experiments.sweeps.answers.given_data import given_data
from experiments.sweeps.answers.morris import elementary_effects, morris
from experiments.sweeps.answers.sobol import sobol
from experiments.sweeps.answers.uncertainty import FEWEST_REPLICATIONS, Array, Estimates, luck
from experiments.sweeps.design.points import Point, number_of_nets
from experiments.sweeps.design.sweep_file import DRAWN, SweepFile

STEPS = (8, 4, 2, 1)
"""Parts of a design that the course of an index over its size is told from."""


@dataclass(frozen=True)
class Indices:
    """What matters, and how far that can be relied on.

    Attributes
    ----------
    kind : str
        ``"sobol"``, ``"morris"``, or ``"given"`` for delta and PAWN.
    table : pandas.DataFrame
        A row a factor, as `sobol`, `morris` and `given_data` return it.
    luck : Estimates or None
        Share of the variance of points' means; None with one replication.
    course : pandas.DataFrame
        The main index at parts of the design: ``n``, ``factor``, ``value``, ``low``,
        ``high``. Empty where a design has no such parts.
    notes : list of str
        What a reader should know.
    """

    kind: str
    table: pd.DataFrame
    luck: Estimates | None
    course: pd.DataFrame
    notes: list[str]

    @property
    def shown(self) -> list[str]:
        """Columns that a figure shows, each with ``_low`` and ``_high``."""
        return {"sobol": ["first", "total"], "morris": ["mu_star"], "given": ["delta"]}[self.kind]


def what_matters(
    results: pd.DataFrame, sweep: SweepFile, outcome: str, points: Sequence[Point]
) -> Indices:
    """Return how much each factor matters, from all points or from those that there are.

    Parameters
    ----------
    results : pandas.DataFrame
        Of one scenario: ``point``, ``replication`` and the outcome.
    sweep : SweepFile
        With a design that draws points or takes them from a file.
    outcome : str
    points : sequence of dict
        Of the design.

    Raises
    ------
    StoreError
        If no index can be given, saying why.
    """
    y = by_point(results, outcome, len(points), sweep.replications)
    there = np.isfinite(y).all(axis=1)
    made_for = sweep.design.kind in ("sobol", "morris")
    notes = [] if there.all() else [_gaps(there, outcome)]
    shared = _luck(y[there][:, None], sweep.replications)
    if made_for and there.all():
        return _designed(y, sweep, outcome, points, notes)
    if made_for:
        notes.append(
            f"A design of kind {sweep.design.kind} needs all of them. Delta and PAWN do not, but "
            "if runs fail where outcomes are extreme, they do not see that."
        )
    rows = pd.DataFrame([list(point.values()) for point in points], columns=list(sweep.factors))
    means = y[there].mean(axis=1)
    table = given_data(rows[there].reset_index(drop=True), means, outcome, sweep.seed)
    return Indices("given", table, shared, pd.DataFrame(), notes + _on_luck(shared, sweep))


def indices(
    results: pd.DataFrame, sweep: SweepFile, outcome: str, points: Sequence[Point]
) -> pd.DataFrame:
    """Return Sobol' or Morris' indices, as the design is for; see `what_matters`.

    Raises
    ------
    StoreError
        If a run is missing or an outcome is not finite, or no factor explains anything.
    """
    y = by_point(results, outcome, len(points), sweep.replications)
    there = np.isfinite(y).all(axis=1)
    if not there.all():
        raise StoreError(f"{_gaps(there, outcome)} --resume or --retry-failed first")
    return _designed(y, sweep, outcome, points, []).table


def has_indices(sweep: SweepFile) -> bool:
    """Return whether a design's points are drawn, or from a file, and not laid out as a grid."""
    return bool(sweep.factors) and sweep.design.kind in DRAWN


def by_point(results: pd.DataFrame, outcome: str, points: int, replications: int) -> Array:
    """Return an outcome, shape (point, replication); NaN where it is missing or not finite."""
    values = results[outcome].to_numpy(float)
    y = np.full((points, replications), np.nan)
    y[results["point"].to_numpy(int) - 1, results["replication"].to_numpy(int) - 1] = values
    y[~np.isfinite(y)] = np.nan
    return y


def _designed(
    y: Array, sweep: SweepFile, outcome: str, points: Sequence[Point], notes: list[str]
) -> Indices:
    if float(np.ptp(y)) == 0:
        raise StoreError(f"{outcome}: is the same everywhere, so no factor explains it")
    names = list(sweep.factors)
    rows = pd.DataFrame([list(point.values()) for point in points], columns=names)
    if sweep.design.kind == "sobol":
        nets = _nets(y, sweep, rows)
        table, main = sobol(nets, names, outcome), "total"
        course = _course(_parts_of_nets(nets, names, outcome), main)
        shared = _luck(nets.reshape(len(nets), -1, sweep.replications), sweep.replications)
    else:
        levels = sweep.design.levels
        try:
            effects = elementary_effects(y, rows, levels / (2 * (levels - 1)))
        except ValueError as problem:
            raise StoreError(f"{outcome}: no indices, since {problem}") from None
        table, main = morris(effects, names), "mu_star"
        course = _course(_parts_of_trajectories(effects, names), main)
        trails = y.reshape(len(effects), -1, sweep.replications)
        shared = _luck(trails, sweep.replications)
    return Indices(sweep.design.kind, table, shared, course, notes + _on_luck(shared, sweep))


def _nets(y: Array, sweep: SweepFile, rows: pd.DataFrame) -> Array:
    """Return outcomes by net, shape (net, row, 2 + factor, replication).

    Raises
    ------
    StoreError
        If the points are not laid out so.
    """
    k = rows.shape[1]
    laid = rows.to_numpy(object).reshape(-1, k + 2, k)
    expected = np.repeat(laid[:, :1], k, axis=1)
    places = np.arange(k)
    expected[:, places, places] = laid[:, -1]
    if not (laid[:, 1:-1] == expected).all():
        raise StoreError("no indices, since the points are no scheme of Saltelli")
    nets: Array = y.reshape(-1, number_of_nets(sweep), k + 2, y.shape[-1]).swapaxes(0, 1)
    return nets


def _parts_of_nets(
    nets: Array, names: Sequence[str], outcome: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    for share in STEPS:
        rows = nets.shape[1] // share
        if rows:
            try:
                yield len(nets) * rows, sobol(nets[:, :rows], names, outcome)
            except StoreError:
                continue  # too little to tell from luck, as yet


def _parts_of_trajectories(
    effects: Array, names: Sequence[str]
) -> Iterator[tuple[int, pd.DataFrame]]:
    for share in STEPS:
        if len(effects) // share > 1:
            yield len(effects) // share, morris(effects[: len(effects) // share], names)


def _course(parts: Iterator[tuple[int, pd.DataFrame]], main: str) -> pd.DataFrame:
    told = [
        table[["factor", main, f"{main}_low", f"{main}_high"]]
        .set_axis(["factor", "value", "low", "high"], axis=1)
        .assign(n=n)
        for n, table in parts
    ]
    return pd.concat(told, ignore_index=True) if len(told) > 1 else pd.DataFrame()


def _luck(y: Array, replications: int) -> Estimates | None:
    """Return the share of luck, of outcomes of shape (unit, point, replication)."""
    if replications < 2 or y.shape[0] * y.shape[1] < 2:
        return None
    return luck(y)


def _on_luck(shared: Estimates | None, sweep: SweepFile) -> list[str]:
    if shared is None:
        return ["One replication: what is luck of the draws cannot be told from what factors do."]
    notes = []
    if sweep.replications < FEWEST_REPLICATIONS:
        notes.append(
            "Two replications: intervals leave out luck that points have in common; three tell it."
        )
    if shared.value[0] > 0.5:
        notes.append("More than half of the differences between points is luck.")
    return notes


def _gaps(there: NDArray[np.bool_], outcome: str) -> str:
    gaps = (np.flatnonzero(~there) + 1).tolist()
    named = ", ".join(str(point) for point in gaps[:5]) + (", ..." if len(gaps) > 5 else "")
    return (
        f"{outcome}: no indices of the design, since runs are missing or not finite at "
        f"{len(gaps)} of {len(there)} points ({named})."
    )
