"""Runs of the model that tests stop, keep, change and take up, and what they leave."""

import json

from abm.worlds.twin import twin
from experiments.outcomes.tables import DERIVED_TABLES, TABLES
from experiments.runs.on_disk.checkpoints import FACTS
from experiments.runs.on_disk.run_folders import sealed
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario

FIRMS, QUARTERS, SEED = 100, 7, 3


FILES = ["summary.json", *(f"{name}.parquet" for name in (*TABLES, *DERIVED_TABLES))]


def run(out, donor, after=lambda quarter: None, overrides=(), **options):
    """A run of the model whose first scenario does something at the end of a quarter."""

    def model(scenario, firms, seed):
        made = twin(donor, scenario)
        record = made.record

        def record_and_more():
            record()
            if scenario.name == "threat-35":
                after(made.quarter)

        made.record = record_and_more
        return made

    return run_scenario(
        load_scenario("threat-35", overrides), firms=FIRMS, seed=SEED, out=out, quiet=True,
        draw=lambda *given, **more: [], model_factory=model, **{"quarters": 6, **options},
    )  # fmt: skip


def bytes_of(folder, files=FILES):
    return {file: (folder / file).read_bytes() for file in files}


def changed(**facts):
    def change(place):
        told = json.loads((place / FACTS).read_bytes())
        (place / FACTS).write_text(json.dumps(sealed({**told, **facts})))

    return change


def cut(file):
    def change(place):
        content = (place / file).read_bytes()
        (place / file).write_bytes(content[: len(content) // 2])

    return change
