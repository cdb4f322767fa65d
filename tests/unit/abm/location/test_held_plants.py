"""Entry, exit and moves of firms are told apart, and each can be let go alone."""

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, HOSTS, N_CONFIGS
from abm.worlds.held_plants import (
    PLANT_CHOICES,
    follow,
    grants_paid,
    out_of_step,
    what_differs,
    without_plants,
)
from abm.worlds.held_responses import HeldWorld
from agents import FirmTable
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

LENGTHS = {
    "firm": 5,
    "host": len(HOSTS),
    "material": 1,
    "source": 1,
    "partner": 1,
    "config": N_CONFIGS,
}
PUSH = ("tariffs.special.USA.MEX.all=1.0", "tariffs.special_waived_for_originating=false")


def firms(*sets: str) -> FirmTable:
    table = FirmTable.allocate(LENGTHS)
    table.config[:] = [CONFIG_LABELS.index(one) for one in sets]
    table.plants[:] = HAS_PLANT[table.config]
    table.target[:] = table.opportunity[:] = -1
    return table


def test_firms_out_of_step_are_told_apart_by_what_they_chose_otherwise():
    before = ("none", "USA", "USA", "USA+MEX", "MEX")
    stood = firms(*before).plants.any(axis=1)
    theirs = firms(*before)
    mine = firms("MEX", "none", "USA", "USA", "MEX")
    mine.target[2] = CONFIG_LABELS.index("USA+CAN")
    found = what_differs(mine, theirs, stood)
    assert {name: np.flatnonzero(some).tolist() for name, some in found.items()} == {
        "entry": [0],
        "exit": [1],
        "moves": [2, 3],
    }
    follow(mine, theirs, found["entry"] | found["moves"])
    assert np.flatnonzero(out_of_step(mine, theirs)).tolist() == [1]


def test_a_sector_that_lost_its_last_plant_at_a_host_is_found():
    before, after = firms(*["USA", "MEX"] * 2, "USA"), firms(*["USA"] * 5)
    before.sector[:] = after.sector[:] = [0, 0, 1, 1, 1]
    after.plants[3] = HAS_PLANT[CONFIG_LABELS.index("MEX")]
    assert without_plants(after, before.plants).tolist() == [True, True, False, False, False]


@pytest.fixture(scope="module")
def worlds() -> dict[str, HeldWorld]:
    """A reference, and worlds under a duty in which one choice about plants is let go."""
    reference = model_of("status-quo", 150, seed=2)
    scenario = load_scenario("status-quo", PUSH)
    made = {
        free: HeldWorld(reference, scenario, [choice for choice in PLANT_CHOICES if choice != free])
        for free in (*PLANT_CHOICES, "none")
    }
    for _ in range(6):
        for world in (reference, *made.values()):
            world.step()
    return {"reference": reference, **made}


def test_where_all_is_held_firms_stand_where_they_do_in_the_world_followed(worlds):
    assert not out_of_step(worlds["none"].firms, worlds["reference"].firms).any()


@pytest.mark.parametrize("free", PLANT_CHOICES)
def test_what_is_expected_otherwise_is_what_was_let_go(worlds, free):
    mine, theirs = worlds[free].expected_moves, worlds["reference"].expected_moves
    changes = {
        "entry": mine.founding - theirs.founding,
        "exit": mine.ending - theirs.ending,
        "moves": mine.moving - theirs.moving,
    }
    for choice, change in changes.items():
        assert change.any() == (choice == free), choice


def test_grants_of_the_quarter_are_found_from_the_table():
    scenario = load_scenario("status-quo", ["investment_grant.USA.all=0.5"])
    model = model_of(scenario, 150, seed=2)
    paid = 0.0
    for _ in range(6):
        model.step()
        found = grants_paid(model.firms, model.moving)
        np.testing.assert_allclose(found, model.moves.grants, rtol=1e-6, atol=1e-9)
        paid += found.sum()
    assert found.shape == (len(FOOTLOOSE), len(HOSTS))
    assert paid > 0
