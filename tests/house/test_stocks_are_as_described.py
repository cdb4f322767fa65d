"""The stocks that trade carries from quarter to quarter are those that the ODD lists."""

import re
from dataclasses import fields, is_dataclass
from functools import reduce
from pathlib import Path

import pytest

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS, USES
from abm.core.inputs.contracts import REMEMBERED
from abm.location.evenly import MOVE_GROUPS
from abm.model import RelocationModel
from abm.state.state import State

ODD = (Path(__file__).parents[2] / "docs" / "odd.md").read_text(encoding="utf-8")
TABLE = ODD.split("<!-- checked: stocks -->")[1].split("\n\n")[0]
FIRMS = 100
LENGTHS = {
    "plant": N_HOSTS + 1,
    "sector": N_FOOTLOOSE,
    "input": N_SECTORS,
    "source": N_REGIONS,
    "host": N_HOSTS,
    "market": N_REGIONS,
    "use": len(USES),
    "quarter": REMEMBERED,
    "group": MOVE_GROUPS,
    "amount": 2,
}
OTHER = {
    "firms",
    "network",
    "year",
    "conditions",
    "every_cost",
    "plan_values",
    "licences",
    "base_imports",
    "policy",
    "quarter",
    "records",
}
"""What a run carries that is no stock of trade; the ODD tells of it elsewhere."""


def stocks() -> dict[str, tuple[str, str]]:
    """Axes of every stock and the phase that writes it, by its name in the state."""
    found: dict[str, tuple[str, str]] = {}
    for row in TABLE.strip().splitlines()[2:]:
        _, names, axes, phase, _ = row.strip("| ").split(" | ")
        for name, of in zip(re.findall(r"`([\w.]+)`", names), axes.split("; "), strict=True):
            found[name] = (of, phase.strip("`"))
    return found


@pytest.fixture(scope="module")
def state() -> State:
    return RelocationModel("status-quo", firms=FIRMS, rng=1).state


@pytest.mark.parametrize("name", stocks())
def test_a_stock_has_the_axes_and_is_written_in_the_phase_that_the_odd_says(name, state):
    axes, phase = stocks()[name]
    held = reduce(getattr, name.split("."), state)
    array = held.part if is_dataclass(held) else held
    lengths = LENGTHS | {"firm": len(state.firms)}
    assert array.shape == tuple(lengths[axis] for axis in axes.split(", "))
    assert callable(getattr(RelocationModel, phase))


def test_the_odd_lists_every_stock():
    named = {name.split(".")[0] for name in stocks()}
    assert named | OTHER == {field.name for field in fields(State)}


def test_the_odd_lists_every_part_of_contracts_and_customers(state):
    for owner in ("contracts", "customers"):
        parts = {f"{owner}.{field.name}" for field in fields(getattr(state, owner))}
        assert parts <= set(stocks())
