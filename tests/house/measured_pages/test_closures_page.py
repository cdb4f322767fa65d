"""The page of closures holds what its program writes: scenarios under each closure."""

import pytest

from abm.scenario.scenario import Scenario, shipped
from docs.closures import (
    BASELINE,
    CLOSURES,
    FUTURES,
    HEADS,
    MADE_UP,
    PAGE,
    every_name,
    main,
    rows,
)


def told() -> list[list[str]]:
    """Cells of the measured table, its head left out."""
    block = PAGE.read_text(encoding="utf-8").split("<!-- measured: headlines -->")[1]
    lines = [line for line in block.split("<!-- end -->")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_scenario_told_of_stands_there_under_each_closure():
    names = [name if name in MADE_UP else f"`{name}`" for name in every_name()]
    assert [row[:2] for row in told()] == [
        [name, closure] for name in names for closure in CLOSURES
    ]
    assert all(len(row) == len(HEADS) for row in told())


def test_what_is_left_out_goes_on_from_a_scenario_that_is_not():
    left_out = set(shipped()) - set(every_name()) - {BASELINE}
    assert len(left_out) == 7
    assert all(name.startswith(FUTURES) for name in left_out)
    turns = Scenario.load("blanket-2025").measures.keys()
    assert all(turns <= Scenario.load(name).measures.keys() for name in left_out)
    assert "blanket-2025" in every_name()


def test_what_the_page_says_of_a_subsidy_and_a_duty_has_the_signs_derived_above_it():
    numbers = {
        (name, closure): [float(cell.split()[0].replace("\N{MINUS SIGN}", "-")) for cell in cells]
        for name, closure, *cells in told()
    }
    jobs, balance, dollar = (HEADS.index(head) - 2 for head in (HEADS[2], HEADS[5], HEADS[6]))
    for name in MADE_UP:
        partial, labour, full = (numbers[name, closure] for closure in CLOSURES)
        assert partial[jobs] > labour[jobs] > full[jobs]
        assert full[dollar] > 0 == partial[dollar] == labour[dollar]
        assert abs(full[balance]) < partial[balance] / 2


@pytest.mark.thorough
def test_a_row_is_made_of_runs_under_its_own_closure():
    duty = list(MADE_UP)[1]
    (partial, *_), (_, *_), (full, *_) = (
        [cells] for _, _, *cells in rows([duty], firms=100, seeds=(1,), longest=3)
    )
    dollar = HEADS.index(HEADS[6]) - 2
    assert partial[dollar] == "0.00 ± 0.00"
    assert full[dollar] != "0.00 ± 0.00"


def test_a_scenario_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="nothing: is none of"):
        main(["nothing"])
