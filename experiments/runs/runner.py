"""From a scenario to results: run it, keep what is finished, write it down.

What a twin, a checkpoint, a fork or a channel is, ``docs/glossary.md`` says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pandas as pd

from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.summary import Summary, compared, summary
from experiments.outcomes.tables import RunFrames
from experiments.runs.channels import channel_worlds, check_comparable, split_differences
from experiments.runs.lines_modelled import LineShare
from experiments.runs.on_disk.checkpoints import save_checkpoint
from experiments.runs.on_disk.provenance import git_revision, processor, versions
from experiments.runs.on_disk.run_folders import (
    CHANNELS_FILE,
    CHECKPOINT,
    FIGURES_FOLDER,
    FOLDER_FORMAT,
    MANIFEST,
    PROGRAM,
    SEEDS_FILE,
    SEEDS_FOLDER,
    SUMMARY,
    check_destination,
    replaced_folder,
    tell_of,
    write_json,
    write_manifest,
    write_run,
    write_table,
)
from experiments.runs.other_seeds import SeedsAsked, find_seeds
from experiments.runs.paired_seeds import PairedRuns
from experiments.runs.progress import RunProgress
from experiments.runs.simulation import (
    ModelFactory,
    Save,
    Simulation,
    WorldsBetween,
    failure_written,
    folder_name,
    relocation_model,
    seconds_by_phase,
    worlds_between,
)
from experiments.runs.stopping import STOPS, stop_signals

FIGURES_GROUP = "nearshore.figures"
"""Entry points that draw; a layer above offers one, since nothing here may import it."""


type DrawFigures = Callable[..., list[Path]]
"""Run, reference, an existing folder and, by name, ``channels`` and ``seeds`` to files."""


@dataclass(frozen=True)
class RunResult:
    """What a run leaves.

    Attributes
    ----------
    summary : dict
        As `experiments.outcomes.summary.summary` returns it.
    out : Path or None
        Folder written; None where none was asked for or nothing was finished.
    interrupted : bool
        Whether it was stopped before its last quarter.
    run, reference : RunFrames
        The tables; the reference is None without one.
    figures : list of Path
        Pictures written.
    phase_seconds : dict of str to float
        Time in each phase, both runs together; empty unless asked for.
    notes : list of str
        Lines that the user should read.
    channels : pandas.DataFrame or None
        As `experiments.runs.channels.channels_table` returns it; None unless asked for.
    seeds : OverSeeds or None
        What other seeds say beside the first; None unless asked for.
    scenarios : tuple of Scenario
        Of the run, and of the reference where there is one.
    firms, seed : int
        Of the runs.
    lines_far_off : tuple of LineShare
        Lines that a measure names and whose share in the model is far from the observed one.
    """

    summary: Summary
    out: Path | None
    interrupted: bool
    run: RunFrames
    reference: RunFrames | None = None
    figures: list[Path] = field(default_factory=list)
    phase_seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    channels: pd.DataFrame | None = None
    seeds: OverSeeds | None = None
    scenarios: tuple[Scenario, ...] = ()
    firms: int = 0
    seed: int = 0
    lines_far_off: tuple[LineShare, ...] = ()

    def __repr__(self) -> str:
        against = "" if self.reference is None else f" against {self.reference.name}"
        where = "not written" if self.out is None else f"written to {self.out}"
        return (
            f"RunResult({self.run.name}{against}, quarter {self.run.quarters},"
            f" {self.firms:,} firms, seed {self.seed}, {where})"
        )


def find_figures() -> DrawFigures:
    """The function that draws the figures, as the installed package offers it.

    Raises
    ------
    LookupError
        If none is offered.
    """
    for entry in entry_points(group=FIGURES_GROUP):
        draw: DrawFigures = entry.load()
        return draw
    raise LookupError(
        f"nothing installed offers {FIGURES_GROUP}; install the package (pip install -e .)"
    )


def default_folder(scenario: Scenario, against: Scenario | None, seed: int) -> Path:
    """Where results go unless told otherwise: ``results/usmca-against-status-quo-seed1``."""
    versus = f"-against-{folder_name(against.name)}" if against else ""
    return Path("results") / f"{folder_name(scenario.name)}{versus}-seed{seed}"


# why: all that can be asked of a run, each by its name, as on the command line
def run_scenario(
    scenario: Scenario,
    *,
    firms: int,
    quarters: int,
    seed: int,
    out: Path | None,
    against: Scenario | None = None,
    channels: bool = False,
    profile: bool = False,
    quiet: bool = False,
    draw: DrawFigures | None = None,
    model_factory: ModelFactory = relocation_model,
    between: WorldsBetween = channel_worlds,
    checkpoint_every: int | None = None,
    save: Save = save_checkpoint,
    origin: Mapping[str, Any] | None = None,
    seeds: int = 1,
    workers: int | None = None,
) -> RunResult:
    """Run a scenario, and a reference beside it, and write what they leave.

    Both advance quarter by quarter together, so that a stop leaves two runs of one
    length. Ctrl-C or a request to terminate stops after the quarter in hand, a second
    one at once; quarters finished by then are kept, and after the first the run can
    be continued.

    Parameters
    ----------
    scenario : Scenario
    firms, quarters, seed : int
        The reference has the same.
    out : Path or None
        Folder to write; None writes no results.
    against : Scenario, optional
        The reference.
    channels : bool
        Whether to split the differences from the reference into channels, which takes
        four more runs of the same firms.
    profile : bool
        Whether the result tells the seconds of each phase.
    quiet : bool
        Whether to show no progress.
    draw : callable, optional
        Draws the figures; the installed ones unless given.
    model_factory : callable, optional
        Makes a model, at quarter 0 or later.
    between : callable, optional
        Makes the worlds of the channels once both models are made.
    checkpoint_every : int, optional
        Quarters after which what is finished is written with a checkpoint, the last
        quarter included.
    save : callable, optional
        Writes a checkpoint.
    origin : mapping, optional
        What the manifest says of the run that this one goes on from.
    seeds : int
        How many: ``seed`` and those that follow it. Beside the first one's tables, the others
        leave their headlines, and every difference gets its interval.
    workers : int, optional
        Processes in which the other seeds run; one a processor unless given.

    Returns
    -------
    RunResult

    Raises
    ------
    OutputError
        If the folder holds something else or cannot be written; seen before the run
        starts where it can be.
    ScenarioError
        If ``quarters`` or ``seeds`` is below 1, there is no reference to pair several seeds
        with, or channels are asked for without a reference or
        against one with other firms or another economy.
    """
    if quarters < 1:
        raise ScenarioError(f"quarters: {quarters}; must be at least 1")
    check_seeds(seeds, against)
    if channels:
        check_comparable(scenario, against)
    if out is not None:
        check_destination(out)
    pair = [Simulation(scenario, folder_name(scenario.name))]
    if against is not None:
        name = folder_name(against.name)
        pair.append(Simulation(against, name + "-reference" * (name == pair[0].name)))
    facts = _facts(firms, seed, quarters, origin or {})
    worlds: dict[str, Simulation] = {}

    def keep(finished: int, with_checkpoint: bool) -> RunResult:
        result = _result(pair, worlds, finished, quarters, out, facts)
        if result.out is not None:
            told = {"quarters": finished, "interrupted": result.interrupted, **facts}
            _write(result, pair, worlds, told, save if with_checkpoint else None, seeds)
        return result

    title = " against ".join(simulation.name for simulation in pair)
    with RunProgress(title, quarters, quiet=quiet) as progress:
        for simulation in pair:
            simulation.set_up(model_factory, firms, seed)
        if channels:
            worlds.update(worlds_between(pair[0], pair[1], between))
        everyone = [*pair, *worlds.values()]
        with failure_written(everyone, firms, seed, out, facts):
            every = checkpoint_every if out is not None else None
            finished = _step_together(everyone, quarters, progress, every, keep)
    whole = all(one.model.quarter == finished and not one.broken for one in everyone)
    stopped = finished < quarters
    result = keep(finished, whole and (stopped or checkpoint_every is not None))
    if profile:
        result.phase_seconds.update(seconds_by_phase(pair))
    if stopped:
        result.notes.append(_stopped_note(finished, quarters, result.out if whole else None))
    elif seeds > 1:
        asked = SeedsAsked(seed, seeds, workers, quiet)
        result = with_seeds(result, asked)
    if result.out is not None:
        draw_figures(result, draw)
    return result


def check_seeds(seeds: int, against: Scenario | None) -> None:
    """Refuse a number of seeds that cannot be.

    Raises
    ------
    ScenarioError
        Below 1, or several without a reference.
    """
    if seeds < 1:
        raise ScenarioError(f"--seeds {seeds}: must be at least 1")
    if seeds > 1 and against is None:
        raise ScenarioError(
            f"--seeds {seeds}: pairs two scenarios seed by seed; name the other one with --against"
        )


def with_seeds(result: RunResult, asked: SeedsAsked) -> RunResult:
    """A finished comparison with what its other seeds say, which are run if they have not been.

    Parameters
    ----------
    result : RunResult
        Of the first seed.
    asked : SeedsAsked
    """
    assert result.reference is not None
    runs = (result.run, result.reference)
    names = (result.run.name, result.reference.name)
    run, reference = result.scenarios
    comparison = PairedRuns(run, reference, names, result.firms, result.run.quarters)
    found = find_seeds(comparison, runs, result.summary, asked, result.out)
    return replace(
        result,
        interrupted=found.interrupted,
        seeds=found.seeds,
        notes=[*result.notes, *found.notes],
    )


def _facts(firms: int, seed: int, quarters: int, origin: Mapping[str, Any]) -> dict[str, Any]:
    """What every manifest of a run says, whatever becomes of it."""
    return {
        "firms": firms,
        "seed": seed,
        "quarters_asked": quarters,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "git_revision": git_revision(),
        **processor(),
        **origin,
    }


def _result(
    pair: Sequence[Simulation],
    worlds: Mapping[str, Simulation],
    finished: int,
    quarters: int,
    out: Path | None,
    facts: Mapping[str, Any],
) -> RunResult:
    """What is finished so far."""
    run, *others = [simulation.frames().until(finished) for simulation in pair]
    reference = others[0] if others else None
    for simulation, frames in zip(pair, (run, *others), strict=True):
        simulation.summary = summary(frames.tables)
    headlines = pair[0].summary if reference is None else compared(*(one.summary for one in pair))
    between = {name: world.frames().until(finished).tables for name, world in worlds.items()}
    return RunResult(
        headlines,
        out if finished else None,
        finished < quarters,
        run,
        reference,
        channels=split_differences(headlines, reference.tables, between) if reference else None,
        scenarios=tuple(simulation.scenario for simulation in pair),
        firms=facts["firms"],
        seed=facts["seed"],
        lines_far_off=tuple(dict.fromkeys(line for one in pair for line in one.lines)),
    )


def _stopped_note(finished: int, quarters: int, checkpoint: Path | None) -> str:
    kept = "what is finished is kept" if finished else "nothing is written"
    go_on = f"; go on with: {PROGRAM} run --resume {checkpoint}" if checkpoint else "."
    return f"Stopped after quarter {finished} of {quarters}: {kept}{go_on}"


def _step_together(
    pair: Sequence[Simulation],
    quarters: int,
    progress: RunProgress,
    checkpoint_every: int | None,
    keep: Callable[[int, bool], RunResult],
) -> int:
    """Step all models to the last quarter or to a stop, keeping what is finished on the way.

    Returns
    -------
    int
        The last quarter that all have finished.
    """
    finished = pair[0].model.quarter
    with stop_signals(progress.stopping, STOPS) as asked:
        progress.begin()
        try:
            while finished < quarters and not asked:
                for simulation in pair:
                    simulation.step()
                finished += 1
                progress.reach(finished)
                if checkpoint_every and finished % checkpoint_every == 0 and finished < quarters:
                    keep(finished, True)
        except KeyboardInterrupt:
            return finished  # a step was cut short: its quarter does not count
    return finished


def _write(
    result: RunResult,
    pair: Sequence[Simulation],
    worlds: Mapping[str, Simulation],
    facts: Mapping[str, Any],
    save: Save | None,
    seeds: int,
) -> None:
    """Write all tables, manifests, summaries and checkpoints in the place of what was there."""
    assert result.out is not None
    check_destination(result.out)  # again: a run leaves time to put something there
    manifests = [simulation.manifest(facts) for simulation in pair]
    with replaced_folder(result.out) as folder:
        if result.reference is None:
            if save is not None:
                save(pair[0].model, folder)
            write_run(folder, result.run, manifests[0], result.summary)
            return
        for run, manifest, simulation in zip(
            (result.run, result.reference), manifests, pair, strict=True
        ):
            (folder / run.name).mkdir()
            if save is not None:
                save(simulation.model, folder / run.name)
            write_run(folder / run.name, run, manifest, simulation.summary)
        if save is not None:
            for channel, world in worlds.items():
                save(world.model, folder / CHECKPOINT / channel)
        write_json(folder / SUMMARY, result.summary)
        split = [] if result.channels is None else [CHANNELS_FILE, CHECKPOINT]
        others = {} if seeds == 1 else {"seeds": [facts["seed"]], "seeds_asked": seeds}
        of_seeds = [SEEDS_FILE, SEEDS_FOLDER] if others else []
        if result.channels is not None:
            write_table(folder / CHANNELS_FILE, "channels", result.channels)
        names = [result.run.name, result.reference.name]
        comparison = {
            "format": FOLDER_FORMAT,
            "program": PROGRAM,
            "contents": [MANIFEST, SUMMARY, *split, *of_seeds, *names, FIGURES_FOLDER],
            "run": names[0],
            "reference": names[1],
            **facts,
            **others,
            "wall_seconds": round(sum(simulation.seconds for simulation in pair), 3),
        }
        write_manifest(folder, comparison)


def draw_figures(result: RunResult, draw: DrawFigures | None = None) -> None:
    """Draw into the folder that is already written: figures can be drawn again, runs cost."""
    assert result.out is not None
    try:
        draw = draw or find_figures()
    except (LookupError, ImportError) as error:
        result.notes.append(f"No figures: {error}.")
        return
    with replaced_folder(result.out / FIGURES_FOLDER) as folder:
        more = {"channels": result.channels, "seeds": result.seeds}
        given = {name: value for name, value in more.items() if value is not None}
        drawn = draw(result.run, result.reference, folder, **given)
        check_destination(result.out)  # again: to draw leaves time to put pictures there
        tell_of(result.out, FIGURES_FOLDER, folder)
    result.figures.extend(result.out / FIGURES_FOLDER / path.name for path in drawn)
