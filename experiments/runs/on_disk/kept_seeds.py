"""What a comparison keeps of its other seeds: a file each as they end, one table in the end.

A seed that has ended is safe at once: its file is named in the manifest first, then put in
its place, so that a kill leaves no file that the manifest does not know. The one table
and the summary with its intervals then come with the whole folder, replaced as one.
"""

import shutil
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from abm.errors import OutputError
from experiments.runs.on_disk.confined import read_inside
from experiments.runs.on_disk.leftovers import is_on_its_way
from experiments.runs.on_disk.run_folders import (
    FILES,
    MANIFEST,
    SEEDS_FILE,
    SEEDS_FOLDER,
    SUMMARY,
    check_destination,
    read_json,
    replaced_folder,
    said_beside_files,
    tell_of,
    unchanged,
    write_json,
    write_manifest,
    write_table,
    write_whole,
)


def keep_seed(folder: Path, seed: int, table: pd.DataFrame) -> None:
    """Put one seed's file into the folder of a comparison.

    Parameters
    ----------
    folder : Path
    seed : int
    table : pandas.DataFrame
        As `experiments.runs.paired_seeds.both_measured` gives it.

    Raises
    ------
    OutputError
        If the disk refuses.
    """
    name = f"seed-{seed}.parquet"
    try:
        with TemporaryDirectory() as drawn:
            write_table(Path(drawn, name), "seeds", table)
            tell_of(folder, SEEDS_FOLDER, Path(drawn))
            (folder / SEEDS_FOLDER).mkdir(exist_ok=True)
            write_whole(folder / SEEDS_FOLDER / name, Path(drawn, name).read_bytes())
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error


def kept_seeds(folder: Path) -> list[pd.DataFrame]:
    """Every seed that a comparison has kept, one table each.

    Raises
    ------
    OutputError
        If one is not as it was written.
    """
    manifest = read_json(folder, MANIFEST)
    of_seeds = (SEEDS_FILE, f"{SEEDS_FOLDER}/")
    tables = []
    for name in manifest.get(FILES, {}):
        # A file that a kill prevented is named and not there.
        if name.startswith(of_seeds) and (folder / name).exists():
            if not unchanged(folder, name, manifest):
                raise OutputError(f"{folder}: {name} was changed since a run wrote it")
            tables.append(pd.read_parquet(BytesIO(read_inside(folder, name))))
    if not tables:
        return []
    table = pd.concat(tables, ignore_index=True).drop_duplicates(
        ["seed", "scenario", "quarter", "indicator"]
    )
    return [part.reset_index(drop=True) for _, part in table.groupby("seed", sort=True)]


def write_seeds(
    folder: Path, summary: Mapping[str, Any], table: pd.DataFrame, seeds: Sequence[int]
) -> None:
    """Put the table of all seeds, and a summary with intervals, into a comparison's folder.

    Parameters
    ----------
    folder : Path
        Replaced as one by a copy with both.
    summary : mapping
    table : pandas.DataFrame
        Columns as in `experiments.outcomes.tables.COMPARISON_TABLES`.
    seeds : sequence of int
        In the table.

    Raises
    ------
    OutputError
        If the folder is no longer as the run left it, or the disk refuses.
    """
    check_destination(folder)
    told = said_beside_files(read_json(folder, MANIFEST))
    ours = (MANIFEST, SUMMARY, SEEDS_FILE, SEEDS_FOLDER)
    with replaced_folder(folder) as new:
        for path in sorted(folder.iterdir()):
            if path.name in ours or is_on_its_way(path.name):
                continue
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, new / path.name)
        write_json(new / SUMMARY, summary)
        write_table(new / SEEDS_FILE, "seeds", table)
        write_manifest(new, {**told, "seeds": list(seeds)})
