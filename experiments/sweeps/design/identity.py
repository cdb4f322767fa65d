"""What makes a run the run it is: its content, never its place in a list.

Two runs with one identity have one result. Going on after a stop, adding points or
replications, and taking results from another folder are therefore the same thing:
what is known by its identity is not run again.
"""

import json
from hashlib import blake2b
from typing import Any

import numpy as np

from abm import data
from abm.economy.folders import economy_checksum
from abm.economy.tables import BASE_YEAR
from abm.scenario.scenario import Scenario

RESULTS_VERSION = 6
"""Raised by hand whenever outcomes change, so that old results are not taken for new ones."""

DIGEST_BYTES = 10
"""80 bits: among a million runs, two alike by chance once in a trillion sweeps."""

LABELS = {"name", "title", "question", "extends", "sources", "format"}
"""Parts of a scenario that no outcome depends on."""


def seed_of(root: int, replication: int) -> int:
    """Return the model's seed in a replication, the same in every policy cell.

    Parameters
    ----------
    root : int
        Seed of the sweep.
    replication : int
        From 1.
    """
    words = np.random.SeedSequence(root, spawn_key=(replication,)).generate_state(1, np.uint64)
    # 53 bits: every reader of JSON and of Parquet keeps them all.
    return int(words[0]) >> 11


def scenario_digest(scenario: Scenario) -> str:
    """Return a digest of all that a scenario does.

    The tables of its economy count by their content, wherever they lie.
    """
    content = scenario.model_dump(mode="json", exclude=LABELS)
    table = content["economy"].pop("table")
    if table != BASE_YEAR:  # that one's figures are in every identity as they are
        content["economy"]["tables"] = economy_checksum(table)
    return digest(content)


def run_id(scenario: str, *, firms: int, quarters: int, seed: int) -> str:
    """Return the identity of a run.

    Parameters
    ----------
    scenario : str
        Digest of the scenario, every factor in it.
    firms, quarters, seed : int
        As the model gets them.
    """
    return digest(
        {
            "results": RESULTS_VERSION,
            "data": data.checksum(),
            "scenario": scenario,
            "firms": firms,
            "quarters": quarters,
            "seed": seed,
        }
    )


def digest(content: Any) -> str:
    """Return a digest of what JSON can say, whatever the order of keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()
