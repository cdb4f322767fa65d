"""How often intervals of indices hold what is true, counted on functions whose answers are known.

``python -m benchmarks.sweeps.interval_coverage [DESIGNS]`` prints it for all indices, functions and
kinds of noise; docs/reliability.md has what it printed.
"""

import sys

import numpy as np

from experiments.sweeps.answers.sobol import sobol
from experiments.sweeps.design.points import NETS, points
from experiments.sweeps.design.sweep_file import SweepFile

SWEPT = ("economy.relation", "firms.build_cost", "firms.closure_cost", "firms.home_appeal")
N = 128
WEIGHTS = np.array([0.0, 1.0, 4.5])


def ishigami(u):
    """The Ishigami function of three factors, over the unit cube."""
    x = (2 * u - 1) * np.pi
    a, b, c = x[..., 0], x[..., 1], x[..., 2]
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def sobol_g(u):
    """Sobol's g function of three factors."""
    return np.prod((np.abs(4 * u - 2) + WEIGHTS) / (1 + WEIGHTS), axis=-1)


def exact_of_sobol_g():
    """First-order and total indices: Saltelli and Sobol' (1995)."""
    alone = 1 / (3 * (1 + WEIGHTS) ** 2)
    everything = np.prod(1 + alone) - 1
    total = [alone[i] * np.prod(1 + np.delete(alone, i)) for i in range(len(WEIGHTS))]
    return np.concatenate([alone, total]) / everything


EXACT_INDICES = {
    # Saltelli et al. (2008), Global Sensitivity Analysis, p. 196, with a = 7, b = 0.1.
    ishigami: np.array([0.3139, 0.4424, 0.0, 0.5576, 0.4424, 0.2437]),
    sobol_g: exact_of_sobol_g(),
}
"""First-order indices, then total ones."""


def none(u, spread, luck):
    """One replication without noise."""
    return np.zeros((*u.shape[:-1], 1))


def independent(u, spread, luck):
    """Six replications; every point has luck of its own, as large as the signal."""
    return spread * luck.normal(size=(*u.shape[:-1], 6))


def common(u, spread, luck):
    """Eight replications; all points share their luck, twice as large as the signal."""
    return np.broadcast_to(2 * spread * luck.normal(size=8), (*u.shape[:-1], 8))


def common_and_bent(u, spread, luck):
    """Ten replications; luck that all points share, and that acts more where a factor is large."""
    slope = 0.5 * spread * luck.normal(size=10)
    return common(u, spread, luck)[..., :1] + (2 * u[..., :1] - 1) * slope


def both(u, spread, luck):
    """Six replications with luck of each point's own and luck in common."""
    return independent(u, spread, luck) + common(u, spread, luck)[..., :6]


NOISES = (none, independent, common, common_and_bent, both)


def sweep_of(kind, n, *, replications=1, seed=1, factors=3, **design):
    """A sweep over factors between 0 and 1."""
    return SweepFile.from_document(
        {
            "scenario": "status-quo",
            "replications": replications,
            "seed": seed,
            "factors": {key: {"uniform": [0.0, 1.0]} for key in SWEPT[:factors]},
            "design": {"kind": kind, "n": n, **design},
        }
    )


def made(sweep):
    """Points of a sweep, shape (point, factor)."""
    return np.array([list(point.values()) for point in points(sweep)])


def in_nets(u):
    """Points of a design of Saltelli, shape (net, row, 5, factor)."""
    return u.reshape(-1, NETS, 5, 3).swapaxes(0, 1)


def drawn_designs(count):
    """Many designs of a sweep, each with a seed of its own."""
    return [in_nets(made(sweep_of("sobol", N, seed=seed))) for seed in range(count)]


def coverage(designs, function, noise):
    """Share of designs whose interval holds each index: first-order ones, then total ones."""
    draws = np.random.default_rng(3)
    hits = np.zeros(6)
    for u in designs:
        f = function(u)
        table = sobol(f[..., None] + noise(u, f.std(), draws), "abc", "y").sort_values("factor")
        low = np.concatenate([table["first_low"], table["total_low"]])
        high = np.concatenate([table["first_high"], table["total_high"]])
        hits += (low <= EXACT_INDICES[function]) & (EXACT_INDICES[function] <= high)
    return hits / len(designs)


def main(count):
    """Print a table of Markdown."""
    designs = drawn_designs(count)
    print("| function | noise | first-order a | b | c | total a | b | c |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for function in EXACT_INDICES:
        for noise in NOISES:
            shares = " | ".join(f"{share:.1%}" for share in coverage(designs, function, noise))
            names = (each.__name__.replace("_", " ") for each in (function, noise))
            print(f"| {' | '.join(names)} | {shares} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
