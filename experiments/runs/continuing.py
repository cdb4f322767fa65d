"""Runs that go on from a folder: where they stopped, or under another policy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abm.economy.tables import BASE_YEAR
from abm.errors import CheckpointError, ScenarioError
from abm.model import RelocationModel
from abm.scenario.fork import future_of
from abm.scenario.scenario import Scenario
from experiments.runs.channels import world_names
from experiments.runs.finished_run import read_manifest, read_result
from experiments.runs.on_disk.checkpoints import NO_CHECKPOINT, read_checkpoint, restored
from experiments.runs.on_disk.provenance import check_economy
from experiments.runs.on_disk.run_folders import (
    CHANNELS_FILE,
    CHECKPOINT,
    MANIFEST,
    check_destination,
)
from experiments.runs.other_seeds import SeedsAsked
from experiments.runs.runner import RunResult, draw_figures, run_scenario, with_seeds

FOLLOWING = tuple(dict.fromkeys(name for names in world_names() for name in names))
"""Worlds between a reference and a run whose difference is split."""


# why: an argument is an option of the command
def resume(
    folder: Path,
    *,
    quarters: int | None = None,
    out: Path | None = None,
    checkpoint_every: int | None = None,
    profile: bool = False,
    quiet: bool = False,
    workers: int | None = None,
) -> RunResult:
    """Go on with a run, and the reference beside it, from their checkpoints.

    A comparison whose first seed is finished goes on with the seeds that it lacks.

    Parameters
    ----------
    folder : Path
        Of a run or of a comparison.
    quarters : int, optional
        Last quarter; what was asked for at first without it.
    out : Path, optional
        Where to write; the same folder without it.
    checkpoint_every : int, optional
        As in `experiments.runs.runner.run_scenario`.
    profile, quiet : bool
        As there.
    workers : int, optional
        As there.

    Returns
    -------
    RunResult
        Whose tables are those of a run that never stopped.

    Raises
    ------
    CheckpointError
        If there is nothing to go on from, or nothing left to do.
    """
    manifest = read_manifest(folder)
    if missing_seeds(manifest) and quarters in (None, manifest["quarters"]):
        return _other_seeds(folder, out, workers, quiet)
    places = _runs(folder, manifest)
    facts = [read_checkpoint(place).facts for place in places]
    finished = {(one["quarter"], one["firms"], one["seed"]) for one in facts}
    if len(finished) != 1:
        raise CheckpointError(f"{folder}: its two checkpoints are not of one moment")
    ((quarter, firms, seed),) = finished
    last = _number(manifest, "quarters_asked", folder) if quarters is None else quarters
    if last <= quarter:
        raise CheckpointError(
            f"{folder}: is at quarter {quarter} of {last} already; a larger --quarters goes further"
        )
    scenarios = [_scenario(one, folder, last) for one in facts]
    waiting = iter(places)
    split = (folder / CHANNELS_FILE).exists()

    def worlds(scenario: Scenario, reference: RelocationModel) -> dict[str, Any]:
        return {name: restored(folder / CHECKPOINT / name, reference) for name in FOLLOWING}

    return run_scenario(
        scenarios[0],
        firms=firms,
        quarters=last,
        seed=seed,
        out=out or folder,
        against=scenarios[1] if len(scenarios) > 1 else None,
        channels=split,
        profile=profile,
        quiet=quiet,
        checkpoint_every=checkpoint_every,
        model_factory=lambda scenario, firms, seed: restored(next(waiting)),
        between=worlds,
        seeds=manifest.get("seeds_asked", 1),
        workers=workers,
        origin={
            "resumed_from": [*manifest.get("resumed_from", []), quarter],
            "forked_from": manifest.get("forked_from"),
        },
    )


def missing_seeds(manifest: Mapping[str, Any]) -> bool:
    """Whether a comparison whose first seed is finished lacks others that were asked for."""
    whole = manifest.get("quarters") == manifest.get("quarters_asked")
    return whole and len(manifest.get("seeds", ())) < manifest.get("seeds_asked", 0)


def _other_seeds(folder: Path, out: Path | None, workers: int | None, quiet: bool) -> RunResult:
    """Go on with the seeds that a comparison lacks."""
    if out is not None and out.resolve() != folder.resolve():
        raise ScenarioError(f"--out {out}: seeds that are missing go into {folder}, without --out")
    manifest = read_manifest(folder)
    asked = SeedsAsked(manifest["seed"], manifest["seeds_asked"], workers, quiet)
    check_destination(folder)
    result = with_seeds(read_result(folder), asked)
    draw_figures(result)
    return result


# why: an argument is an option of the command
def fork(
    folder: Path,
    future: Scenario,
    *,
    at: int,
    quarters: int | None = None,
    out: Path | None = None,
    quiet: bool = False,
    own_economy: bool = False,
) -> RunResult:
    """Go on from a quarter of a run under the policy of another scenario.

    The run is taken from its checkpoint where that is early enough, and is otherwise
    run again from the start, which gives the same.

    Parameters
    ----------
    folder : Path
        Of a run; of a comparison its first run is taken.
    future : Scenario
    at : int
        Last quarter of the past.
    quarters : int, optional
        Last quarter of the future; that of the run without it.
    out : Path, optional
        ``results/PAST-until-AT-then-FUTURE-seedN`` without it.
    quiet : bool
        Whether to show no progress.
    own_economy : bool
        Whether the future is to have its own economy though it is the usual one.

    Returns
    -------
    RunResult

    Raises
    ------
    CheckpointError
        If the folder holds no run.
    ScenarioError
        If the future assumes other firms, or there is no quarter left for it.
    """
    place = _runs(folder, read_manifest(folder))[0]
    manifest = read_manifest(place)
    firms, seed = (_number(manifest, key, place) for key in ("firms", "seed"))
    last = _number(manifest, "quarters_asked", place) if quarters is None else quarters
    if last < 2:
        raise ScenarioError(f"{place}: ends with quarter {last}; say a later one with --quarters")
    if not 1 <= at < last:
        raise ScenarioError(f"at: {at} is not a quarter from 1 to {last - 1}, before the last")
    past = _scenario(manifest, place, last)
    if future.economy.table == BASE_YEAR and not own_economy:
        # It says no economy: what follows is about policy, and goes on with that of the past.
        future = future.on_economy(past.economy.table)
    future = future_of(future, past).model_copy(update={"quarters": last})

    def forked(scenario: Scenario, firms: int, seed: int) -> RelocationModel:
        model = _until(place, manifest, at)
        model.fork(scenario)
        return model

    default = Path("results") / f"{past.name}-until-{at}-then-{future.name}-seed{seed}"
    return run_scenario(
        future,
        firms=firms,
        quarters=last,
        seed=seed,
        out=out or default,
        quiet=quiet,
        model_factory=forked,
        origin={
            "forked_from": {
                "quarter": at,
                "scenario": manifest["scenario"],
                "forked_from": manifest.get("forked_from"),
            }
        },
    )


def run_again(description: Mapping[str, Any], quarter: int) -> RelocationModel:
    """A model in a quarter of a run, from the start.

    Parameters
    ----------
    description : mapping
        With ``scenario``, ``firms``, ``seed`` and, where it was forked, ``forked_from``.
    quarter : int
        The quarter to reach.
    """
    scenario = Scenario.from_document(description["scenario"])
    check_economy(description, scenario)
    origin = description.get("forked_from")
    if origin is None:
        model = RelocationModel(scenario, firms=description["firms"], rng=description["seed"])
    else:
        model = run_again({**description, **origin}, min(origin["quarter"], quarter))
        model.fork(scenario)
    if quarter > model.quarter:
        model.run_for(quarter - model.quarter)
    return model


def _until(place: Path, manifest: Mapping[str, Any], at: int) -> RelocationModel:
    """The run of a folder in a quarter: from its checkpoint if that is early enough."""
    if not (place / CHECKPOINT).exists() or read_checkpoint(place).facts["quarter"] > at:
        return run_again(manifest, at)
    model = restored(place)
    if at > model.quarter:
        model.run_for(at - model.quarter)
    return model


def _runs(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Folders of the single runs: the folder itself, or the two of a comparison."""
    names = [manifest[key] for key in ("run", "reference") if key in manifest]
    if any((folder / name).is_symlink() for name in names):
        raise CheckpointError(f"{folder}: holds links in the place of its runs")
    if not names and "scenario" not in manifest:
        raise CheckpointError(f"{folder}: {NO_CHECKPOINT}")
    return [folder / name for name in names] or [folder]


def _number(manifest: Mapping[str, Any], key: str, folder: Path) -> int:
    value = manifest.get(key)
    if not isinstance(value, int):
        raise CheckpointError(f"{folder}: its {MANIFEST} does not say {key}")
    return value


def _scenario(facts: Mapping[str, Any], folder: Path, quarters: int) -> Scenario:
    try:
        return Scenario.from_document({**facts["scenario"], "quarters": quarters})
    except (ScenarioError, LookupError, TypeError) as error:
        raise CheckpointError(f"{folder}: holds a scenario that cannot be: {error}") from None
