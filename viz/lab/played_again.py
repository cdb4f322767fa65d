"""The run of a folder played again, with all that the page draws of it.

A folder holds tables; where plants stand on the map they do not tell. A run is the same
every time it is made, so it is made again, and compared with the folder's tables.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from abm.errors import CheckpointError, OutputError
from abm.scenario.scenario import Scenario
from experiments.explain.run_again import check_same, read_manifest, read_reference
from experiments.runs.on_disk.provenance import check_economy
from experiments.runs.progress import RunProgress
from viz.lab.frame import Frame, take
from viz.lab.laboratory import Laboratory, Start


def played_again(run: Path, *, both: bool = False, quiet: bool = True) -> Frame:
    """Play the run of a folder again.

    Parameters
    ----------
    run : Path
        Folder of one run, or of a run and its reference.
    both : bool
        Whether the reference is played beside it, where there is one.
    quiet : bool
        Whether to show no progress.

    Returns
    -------
    Frame
        Of the last quarter; it looks back at any before.

    Raises
    ------
    OutputError
        If the folder holds no run, one that was forked, or one that comes out otherwise now.
    ScenarioError
        If it has fewer or more firms than can be drawn.
    CheckpointError
        If its economy is not the one it was made with.
    """
    made = [read_manifest(run)]
    reference = read_reference(run) if both else None
    if reference is not None:
        made.append(reference)
    scenarios = [_scenario(folder, manifest) for folder, manifest in made]
    (_, manifest), quarters = made[0], made[0][1]["quarters"]
    start = Start(scenarios[0], manifest["firms"], manifest["seed"])
    if reference is not None:
        start = replace(start, against=scenarios[1])
    laboratory = Laboratory(start)
    with RunProgress(scenarios[0].name, quarters, quiet=quiet) as progress:
        progress.begin()
        for quarter in range(1, quarters + 1):
            laboratory.step()
            if laboratory.failure is not None:
                raise OutputError(f"{run}: quarter {laboratory.failure.quarter} failed again")
            progress.reach(quarter)
    for world, (folder, described) in zip((laboratory.world, laboratory.other), made, strict=False):
        if world is not None:
            check_same(world.model, folder, described)
    return take(laboratory)


def _scenario(folder: Path, manifest: dict[str, Any]) -> Scenario:
    if manifest.get("forked_from") is not None:
        raise OutputError(f"{folder}: was forked, and what is drawn begins with the first quarter")
    scenario = Scenario.from_document(manifest["scenario"])
    try:
        check_economy(manifest, scenario)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from None
    return scenario
