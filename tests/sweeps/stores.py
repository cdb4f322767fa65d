"""What tests of stores share: folders changed by accident or by somebody, and how they read."""

import json
import random

import sweep_runs

from experiments.runs.on_disk.run_folders import sealed
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.merge import results_table
from experiments.sweeps.store.parts import as_parquet
from experiments.sweeps.store.run_log import as_line
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.sweep import Options, check_same, run_sweep
from experiments.sweeps.workers.one_run import check_identity


def carry_out(file, out, run_one=sweep_runs.trivial, **options):
    """Carry out a sweep whose runs cost nothing, unless others are given."""
    return run_sweep(file, out, Options(quiet=True, **options), run_one=run_one)


def bytes_of(out):
    """The copy of all results that is there for people."""
    return (out / "results.parquet").read_bytes()


def drawn_places(content, count, seed):
    return [random.Random(seed).randrange(len(content)) for _ in range(count)]


def read_bytes(out):
    """Read all results of a folder, as the bytes that they are merged into."""
    return consistently(out, lambda *both: as_parquet(results_table(*both))[0])


def look_before_resuming(file, out):
    """Do what a resume does before it carries anything out.

    Returns
    -------
    dict of str to RunSpec
        Every run of the sweep, its identity worked out anew.
    """
    store = SweepStore.open(out)
    check_same(store, *read_sweep(file))
    texts = store.scenarios()
    specs = {spec.run: spec for spec in store.specs()}
    for spec in specs.values():
        check_identity(spec, texts[spec.scenario])
    assert store.history().done <= set(specs)
    return specs


def forged(out, **changes):
    """Change a manifest as somebody would who knows how it is sealed."""
    path = out / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(sealed({**manifest, **changes})))


def told(**changes):
    """A line of a log, with its checksum, that names one run as failed."""
    line = {"n": 1, "event": "failed", "format": 2, "time": "2026-01-01T00:00:00"}
    line |= {"run": "0" * 20, "kind": "error", "message": "", "trace": "", "seconds": 1.0}
    return as_line({**line, "host": "", **changes})
