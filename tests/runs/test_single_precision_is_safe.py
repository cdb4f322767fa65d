"""Firms are in single precision; what they add up to is as in double precision.

Which firms have plants, and which of them move, is drawn: chances of neighbours are laid end to
end along a line, and whole numbers on it strike. A rounding that moves one firm past a whole
number changes who is struck from there on, in the model as in one with another seed, and no sum
over a few hundred firms can be the same then. So what is promised is promised of what chance is
given: with the same firms where they are, what they add up to differs by rounding alone; and so do
the chances by which plants are drawn, in the set-up and in the first quarter, before any of their
draws may differ.
"""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.thorough, pytest.mark.anew]

AGGREGATES = 1e-5
"""Largest relative error accepted of a sum over firms."""

CHANCES = 2e-5
"""Largest error accepted of a probability of standing in a set of plants."""

DECISIONS = 1e-4
"""Largest relative error accepted of moves expected in a quarter.

Firms weigh differences of values of a hundred quarters of profit, so that errors add up."""

RUN = """
import json, sys
import mesa, networkx, numpy as np, pandas, pyarrow, pydantic, scipy.stats, scipy.sparse.csgraph
precision, path = sys.argv[1:]
if precision == "double":
    np.float32 = np.float64  # before the model is imported, so that all of it is in double
from abm import RelocationModel
from abm.axes import HAS_PLANT
from abm.base_year import first_plants
from abm.kept_set_ups import set_up_anew
from abm.worlds.twin import twin
from agents import FirmTable
from experiments.scenarios.overrides import load_scenario
for column in FirmTable.columns().values():
    if precision == "double" and column.dtype == "float32":
        object.__setattr__(column, "dtype", "float64")

stand, chances, drawn = first_plants._Turns._stand, [], []
if precision == "double":
    drawn_in_single = iter(json.load(open(path)))

def same_sets(turns, standing):
    table = turns.table
    chances.append(standing.ravel().tolist())
    if precision == "single":
        stand(turns, standing)
    else:
        table.config[:], table.founded[:] = next(drawn_in_single)
        table.plants[:] = HAS_PLANT[table.config]
    drawn.append([table.config.tolist(), table.founded.tolist()])

first_plants._Turns._stand = same_sets
with set_up_anew():
    model = RelocationModel("usmca", firms=400, rng=1)
assert model.firms.affinity.dtype == {"single": "f4", "double": "f8"}[precision]
if precision == "single":
    json.dump(drawn, open(path, "w"))
stay = twin(model, load_scenario("usmca", ["firms.relocation=false"]))
stay.run_for(2)
accounts = stay.accounts
aggregates = {
    "output": accounts.volume,
    "jobs": accounts.employment,
    "prices": accounts.price_index,
    "profit": accounts.profit,
    "inputs": accounts.input_spending,
    "unit cost": accounts.mean_cost,
}
model.step()
expected = model.expected_moves
decisions = {
    name: getattr(expected, name)
    for name in ("opening", "closing", "founding", "moving", "ending", "entering", "leaving")
}
print(json.dumps({
    "aggregates": {name: array.ravel().tolist() for name, array in aggregates.items()},
    "decisions": {name: array.ravel().tolist() for name, array in decisions.items()},
    "chances": chances,
}))
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What a model in either precision comes to, with the plants that single precision draws."""
    path = tmp_path_factory.mktemp("plants") / "drawn.json"
    found = []
    for precision in ("single", "double"):
        command = [sys.executable, "-c", RUN, precision, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    return found


def test_aggregates_in_single_precision_are_those_in_double(both):
    single, double = (found["aggregates"] for found in both)
    for name, exact in double.items():
        assert single[name] == pytest.approx(exact, rel=AGGREGATES, abs=1e-9), name


def test_firms_stand_where_they_do_with_the_same_chances(both):
    single, double = (found["chances"] for found in both)
    assert len(single) == len(double) > 1  # plants and access are found in as many turns
    for one, exact in zip(single, double, strict=True):
        assert one == pytest.approx(exact, rel=0, abs=CHANCES)


def test_as_many_moves_are_expected(both):
    single, double = (found["decisions"] for found in both)
    for name, exact in double.items():
        assert max(exact) > 0, name
        assert single[name] == pytest.approx(exact, rel=DECISIONS, abs=1e-6), name
