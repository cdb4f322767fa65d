"""Plants entered, expanded, moved and exited, and jobs created: by hand, and in a run."""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, FOOTLOOSE, HOMES, HOSTS, N_CONFIGS
from abm.errors import IdentityError
from abm.location.relocation import Moves
from abm.model import RelocationModel
from abm.state.plant_changes import PlantChanges
from abm.trade.books.job_flows import check_job_flows, job_flows
from agents import FirmTable

LENGTHS = {
    "firm": 4,
    "host": len(HOSTS),
    "material": 1,
    "source": 1,
    "partner": 1,
    "config": N_CONFIGS,
}
MEX, USA = HOSTS.index("MEX"), HOSTS.index("USA")
CARS = FOOTLOOSE.index("cars")
SORTS = ("entering", "expanding", "moving")


@pytest.fixture
def firms() -> FirmTable:
    """Four makers of cars, of 10, 20, 30 and 40 real firms."""
    table = FirmTable.allocate(LENGTHS)
    table.sector[:] = CARS
    table.home[:] = [HOMES.index(home) for home in ("CHN", "USA", "USA", "MEX")]
    table.weight[:] = [10, 20, 30, 40]
    return table


def moves(*rows: tuple[int, str, str, str]) -> Moves:
    firm, before, after, stage = zip(*rows, strict=True)
    nothing = np.zeros((len(rows), len(HOSTS)))
    place = [np.array([CONFIG_LABELS.index(one) for one in sets]) for sets in (before, after)]
    grants = np.zeros((len(FOOTLOOSE), len(HOSTS)))
    return Moves(np.array(firm), *place, np.array(stage), nothing + 1, nothing, nothing, grants)


def owned(changes: PlantChanges, name: str, host: int, home: str) -> float:
    return float(getattr(changes, name)[CARS, host, HOMES.index(home)])


def test_a_new_plant_is_of_one_sort_by_what_its_firm_had_and_keeps(firms):
    decided = PlantChanges.drawn(
        firms,
        moves(
            (0, "none", "MEX", "announced"),
            (1, "USA", "USA+MEX", "announced"),
            (2, "USA", "MEX", "announced"),
            (3, "MEX", "USA", "cancelled"),
        ),
        "announced",
    )
    assert owned(decided, "entering", MEX, "CHN") == 10
    assert owned(decided, "expanding", MEX, "USA") == 20
    assert owned(decided, "moving", MEX, "USA") == 30
    assert owned(decided, "closing", USA, "USA") == 30
    assert decided.new.sum() == 60
    assert not decided.exiting.any()


def test_plants_that_die_are_not_closed_by_their_owners(firms):
    done = PlantChanges.drawn(
        firms,
        moves((2, "USA+MEX", "USA", "died"), (3, "MEX", "none", "completed")),
        "completed",
    )
    assert owned(done, "dying", MEX, "USA") == 30
    assert owned(done, "closing", MEX, "MEX") == owned(done, "exiting", MEX, "MEX") == 40
    assert done.closing.sum() == 40


def test_what_plants_gain_and_lose_are_gross_flows(firms):
    before = np.array([[5.0, 0, 0], [7, 0, 0], [0, 0, 0], [0, 4, 0]])
    now = np.array([[6.0, 0, 0], [4, 0, 0], [0, 2, 0], [0, 0, 0]])
    flows = job_flows(firms, before, now)
    assert flows.created[CARS, USA].sum() == 1
    assert flows.destroyed[CARS, USA].sum() == 3
    assert flows.created[CARS, MEX, HOMES.index("USA")] == 2
    assert flows.destroyed[CARS, MEX, HOMES.index("MEX")] == 4
    books = np.zeros((2, len(FOOTLOOSE), len(HOSTS)))
    books[:, CARS] = before.sum(axis=0), now.sum(axis=0)
    check_job_flows(flows, *books)
    books[1, CARS, MEX] += 1
    with pytest.raises(IdentityError, match="jobs of cars in MEX change by -1"):
        check_job_flows(flows, *books)


@pytest.fixture(scope="module")
def run() -> RelocationModel:
    model = RelocationModel("status-quo", firms=200, rng=1)
    model.run_for(4)
    return model


def test_outcomes_are_the_sums_of_owners(run):
    tables, cell = run.frames(), ["quarter", "region", "sector"]
    both = set(tables["owners"]) & set(tables["outcomes"]) - {*cell, "home"}
    assert {"announced", "expected_announced", "jobs_created", "exited", "died"} <= both
    of_all = tables["outcomes"].set_index(cell).sort_index()
    sums = tables["owners"].groupby(cell)[sorted(both)].sum().sort_index()
    for name in both:
        np.testing.assert_allclose(sums[name], of_all[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_sorts_of_new_plants_add_up_as_drawn_and_as_expected(run):
    found = run.outcomes
    for expected in ("", "expected_"):
        parts = found[[expected + sort for sort in SORTS]].sum(axis=1)
        np.testing.assert_allclose(parts, found[f"{expected}announced"], atol=1e-6)
        assert (found[f"{expected}exiting"] <= found[f"{expected}closing"] + 1e-9).all()
    assert found["expected_announced"].sum() > 0
    parts = found[["entered", "expanded", "moved"]].sum(axis=1)
    np.testing.assert_allclose(parts, found["opened"], atol=1e-6)
    assert (found["exited"] <= found["closed"]).all()


def test_jobs_change_by_what_is_created_less_what_is_destroyed(run):
    wide = run.outcomes.groupby("quarter")[["employment", "jobs_created", "jobs_destroyed"]].sum()
    net = (wide["jobs_created"] - wide["jobs_destroyed"]).iloc[1:]
    np.testing.assert_allclose(wide["employment"].diff().iloc[1:], net, rtol=1e-6)
    assert (wide[["jobs_created", "jobs_destroyed"]].iloc[1:] > 0).all(axis=None)


def test_a_books_flow_that_is_forgotten_is_found(run):
    books = run.accounts
    missing = replace(books.job_flows, created=np.zeros_like(books.job_flows.created))
    with pytest.raises(IdentityError, match="plants create and destroy"):
        check_job_flows(missing, run.year[-2].employment, books.employment)
