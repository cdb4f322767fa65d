"""Fits how plants differ in content, and what proving origin costs them.

    python -m experiments.fit.command

rewrites ``abm/data/fitted_parameters.csv`` and, in ``docs/fit.md``, what stands between
``<!-- measured: one_year -->`` and ``<!-- end -->``, in a minute or two. What is fitted to
what is said there; no claim or content observed after February 2025 is used.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import batched
from pathlib import Path

import pandas as pd

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, MOTOR, VEHICLES
from experiments.fit.claim_curves import claim_curve, profile_honesty
from experiments.fit.estimation_page import FIT_PAGE, with_block
from experiments.fit.moments import (
    FIRMS_OBSERVED,
    SEEDS_POOLED,
    Exports,
    FitSetting,
    Parameters,
    View,
    observe,
)
from experiments.fit.page import report
from experiments.fit.search import (
    Fit,
    ObserveAll,
    content_targets,
    fit,
    profile_spreads,
    spreads_from_claims,
)
from experiments.runs.on_disk.run_folders import write_whole
from experiments.runs.processes import process_pool


def _observe_one(task: tuple[FitSetting, Parameters, int]) -> View:
    world, parameters, seed = task
    return observe(world, parameters, FIRMS_OBSERVED, seed)


def observer(world: FitSetting, pool: ProcessPoolExecutor) -> ObserveAll:
    """`observe` at several parameters, plants of all `SEEDS_POOLED` pooled, on all processors."""

    def observe_all(trials: list[Parameters]) -> list[View]:
        tasks = [(world, trial, seed) for trial in trials for seed in SEEDS_POOLED]
        views = list(pool.map(_observe_one, tasks))
        return [_pooled(list(group)) for group in batched(views, len(SEEDS_POOLED))]

    return observe_all


def _pooled(views: list[View]) -> View:
    return {cell: Exports.pooled([view[cell] for view in views]) for cell in views[0]}


def parameter_table(fitted: Fit) -> pd.DataFrame:
    """``fitted_parameters.csv``, four significant digits."""
    columns: dict[str, list[object]] = {"sector": list(FOOTLOOSE)}
    columns["content_spread"] = [_short(x) for x in fitted.parameters.content_spread]
    for column, host in enumerate(HOSTS):
        shares = fitted.parameters.origin_share[:, column]
        columns[f"origin_share_{host}"] = [_short(x) for x in shares]
    for name in ("paperwork_median", "can_qualify"):
        for column, host in enumerate(HOSTS):
            numbers = getattr(fitted.parameters, name)[:, column]
            columns[f"{name}_{host}"] = [_short(x) for x in numbers]
    columns["content_spread_from"] = [fitted.spread_from[sector] for sector in FOOTLOOSE]
    return pd.DataFrame(columns)


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def main() -> None:
    """Fit everything and rewrite the two files."""
    world, curve, targets = FitSetting.shipped(), claim_curve(), content_targets()
    others = [sector for sector in FOOTLOOSE if sector not in MOTOR]
    with process_pool() as pool:
        observe_all = observer(world, pool)
        profile = profile_spreads(observe_all, world, curve, others)
        fixed = spreads_from_claims(profile)
        parameters, view, passes = fit(observe_all, world, curve, targets, fixed)
    spread_from = {sector: "claim curve" if sector in fixed else "vehicles" for sector in others}
    spread_from |= dict.fromkeys(VEHICLES, "carlines 2020")
    spread_from["vehicle_parts"] = "vehicles"
    honesty = profile_honesty(view, world, curve)
    fitted = Fit(parameters, spread_from, view, profile, honesty, passes)

    table = parameter_table(fitted).to_csv(index=False)
    told = report(fitted, world, curve, targets)
    page = FIT_PAGE.read_text(encoding="utf-8")
    write_whole(Path(str(data.path("fitted_parameters"))), table.encode())
    write_whole(FIT_PAGE, with_block(page, "measured: one_year", told.rstrip()).encode())
    sys.stdout.write(parameter_table(fitted).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
