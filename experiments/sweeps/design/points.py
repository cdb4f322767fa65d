"""From factors to points: every design as a list of values by key.

Grids and lists are taken as written; Latin hypercubes and Sobol sequences are
SciPy's, the schemes of Saltelli and of Morris are SALib's. A longer grid and a
longer Sobol design hold the shorter one; a Latin hypercube does not.

A scheme of Saltelli consists of several nets, each a Sobol sequence scrambled on its
own. The points of one net are no independent draws, so from a single one nobody can
tell how far an index may be off; nets are independent, and their differences tell
(L'Ecuyer, Nakayama, Owen and Tuffin 2023, "Confidence intervals for randomized
quasi-Monte Carlo estimators", Winter Simulation Conference).
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.errors import ScenarioError
from experiments.sweeps.design.factors import Factor
from experiments.sweeps.design.imported import IMPORTED, imported_points
from experiments.sweeps.design.sweep_file import MOST_RUNS, SweepFile

NETS = 16
"""Of a scheme of Saltelli, where it has so many base points; a power of two."""

type Point = dict[str, Any]
"""A value for every factor, by dotted key."""

EXTENDABLE = ("grid", "list", "sobol", "sobol_sequence")


def points(sweep: SweepFile, folder: Path | None = None) -> list[Point]:
    """Return the points of a design in their order.

    Parameters
    ----------
    sweep : SweepFile
    folder : Path, optional
        In which the file of an imported design lies; here unless given.

    Raises
    ------
    ScenarioError
        If there are too many, or lists of a paired design differ in length.
    """
    factors = sweep.varied
    count = number_of_points(sweep) * sweep.replications * len(sweep.scenario)
    if count > MOST_RUNS:
        raise ScenarioError(f"the sweep has {count} runs; at most {MOST_RUNS} are allowed")
    if not factors:
        return [{}]
    if sweep.design.kind == IMPORTED:
        design = sweep.design
        return imported_points(design.file or "", design.sha256 or "", folder or Path())
    if sweep.design.kind in ("grid", "list"):
        return list(_as_listed(sweep.design.kind, factors))
    shares = _shares(sweep)
    columns = [factor.at(shares[:, k]) for k, factor in enumerate(factors.values())]
    return [dict(zip(factors, values, strict=True)) for values in zip(*columns, strict=True)]


def number_of_points(sweep: SweepFile) -> int:
    """Return how many points a design has, without making it."""
    factors, kind = sweep.varied, sweep.design.kind
    if not factors:
        return 1
    if kind == "grid":
        return prod(len(factor.values) for factor in factors.values())
    if kind == "list":
        return max(len(factor.values) for factor in factors.values())
    each = {"sobol": len(factors) + 2, "morris": len(factors) + 1}.get(kind, 1)
    return sample_size(sweep) * each


def sample_size(sweep: SweepFile) -> int:
    """Return ``design.n``; a Sobol design is balanced at powers of two alone, so its is raised."""
    n = sweep.design.n or 0
    return 1 << (n - 1).bit_length() if sweep.design.kind.startswith("sobol") else n


def number_of_nets(sweep: SweepFile) -> int:
    """Return how many independent nets a scheme of Saltelli consists of, of equal size."""
    return min(NETS, sample_size(sweep))


def problem(sweep: SweepFile) -> dict[str, Any]:
    """Return what SALib calls a problem: factors as shares of their distributions."""
    names = list(sweep.factors)
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _as_listed(kind: str, factors: Mapping[str, Factor]) -> Iterator[Point]:
    lists = [factor.values for factor in factors.values()]
    if kind == "list" and len({len(values) for values in lists}) > 1:
        lengths = ", ".join(f"{key} has {len(f.values)}" for key, f in factors.items())
        raise ScenarioError(f"design.kind = 'list': factors must be equally long; {lengths}")
    rows = product(*lists) if kind == "grid" else zip(*lists, strict=True)
    return (dict(zip(factors, values, strict=True)) for values in rows)


def _shares(sweep: SweepFile) -> NDArray[np.float64]:
    """Return points in the unit cube, shape (point, factor)."""
    from scipy.stats import qmc  # takes a second that grids need not wait

    n, size, kind = sample_size(sweep), len(sweep.factors), sweep.design.kind
    if kind == "latin_hypercube":
        return np.asarray(qmc.LatinHypercube(size, rng=np.random.default_rng(sweep.seed)).random(n))
    if kind == "sobol_sequence":
        rng = np.random.default_rng(sweep.seed)
        return np.asarray(qmc.Sobol(size, rng=rng).random(n))
    # SALib takes seed 0 for no seed at all.
    seed = sweep.seed % (2**32 - 1) + 1
    if kind == "sobol":
        return _saltelli(sweep)
    from SALib.sample import morris

    return np.asarray(morris.sample(problem(sweep), n, num_levels=sweep.design.levels, seed=seed))


def _saltelli(sweep: SweepFile) -> NDArray[np.float64]:
    """Return a scheme of Saltelli: a base row of every net in turn, so a longer one begins so."""
    from SALib.sample import sobol

    of, nets = problem(sweep), number_of_nets(sweep)
    size, factors = sample_size(sweep) // nets, len(sweep.factors)
    seeds = np.random.SeedSequence(sweep.seed).generate_state(NETS)[:nets]
    # SALib takes seed 0 for no seed at all.
    made = [sobol.sample(of, size, calc_second_order=False, seed=int(seed) | 1) for seed in seeds]
    by_net = np.reshape(made, (nets, size, factors + 2, factors))
    return np.asarray(by_net.swapaxes(0, 1).reshape(-1, factors))
