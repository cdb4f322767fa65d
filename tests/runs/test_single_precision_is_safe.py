"""Firms are in single precision; what they add up to is as in double precision."""

import json
import subprocess
import sys

import pytest

AGGREGATES = 1e-5
"""Largest relative error accepted of a sum over firms."""

RUN = """
import json, sys
import mesa, networkx, numpy as np, pandas, pyarrow, pydantic, scipy.stats, scipy.sparse.csgraph
if sys.argv[1] == "double":
    np.float32 = np.float64  # before the model is imported, so that all of it is in double
from abm import RelocationModel
from agents import FirmTable
for column in FirmTable.columns().values():
    if sys.argv[1] == "double" and column.dtype == "float32":
        object.__setattr__(column, "dtype", "float64")
model = RelocationModel(sys.argv[2], firms=400, rng=1)
assert model.firms.affinity.dtype == {"single": "f4", "double": "f8"}[sys.argv[1]]
model.run_for(2)
accounts = model.accounts
aggregates = {
    "output": accounts.volume,
    "jobs": accounts.employment,
    "prices": accounts.price_index,
    "profit": accounts.profit,
    "inputs": accounts.input_spending,
    "unit cost": accounts.mean_cost,
}
print(json.dumps({name: array.ravel().tolist() for name, array in aggregates.items()}))
"""


def aggregates(precision: str, scenario: str) -> dict[str, list[float]]:
    command = [sys.executable, "-c", RUN, precision, scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_aggregates_in_single_precision_are_those_in_double():
    single, double = (aggregates(precision, "usmca") for precision in ("single", "double"))
    for name, exact in double.items():
        assert single[name] == pytest.approx(exact, rel=AGGREGATES, abs=1e-9), name
