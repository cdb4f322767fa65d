"""The page of what moved holds what its program writes, and every event."""

import re

import pytest

from abm import data
from abm.axes import HOMES, HOSTS
from abm.worlds.held_responses import RESPONSES
from docs.what_moved import (
    HOME_NAMES,
    PAGE,
    STEPS,
    by_owner,
    dated_events,
    duty,
    home_of,
    main,
)


def rows(part: str) -> list[list[str]]:
    """Cells of a measured table, its head left out."""
    text = PAGE.read_text(encoding="utf-8").replace("\N{MINUS SIGN}", "-")
    block = text.split(f"<!-- measured: {part} -->")[1].split("<!-- end -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def mean_of(cell: str) -> float:
    """A mean that stands before half of its interval."""
    mean, half = cell.split(" ±")
    assert float(half) >= 0
    return float(mean)


def test_steps_let_every_response_go_once():
    free = [response for step in STEPS.values() for response in step]
    assert sorted(free) == sorted(RESPONSES)


def test_parts_of_the_duty_add_up_in_every_year():
    *parts, whole = rows("duty")
    assert [name for name, *_ in parts] == list(STEPS)
    for year in range(1, len(whole)):
        gap = sum(mean_of(row[year]) for row in parts) - mean_of(whole[year])
        assert abs(gap) < 0.05 * (len(parts) + 1)  # each is rounded to a tenth


def test_the_page_has_every_event_of_a_maker():
    events = dated_events()
    assert len(events) == len(data.read("plant_events")) - 1  # one is a government's
    assert set(events["home"]) <= set(HOMES)
    assert sorted(row[1] for row in rows("events")) == sorted(events["maker"])


def test_events_name_countries_of_the_model():
    assert set(data.read("plant_events")["to_country"].dropna()) <= set(HOSTS)
    assert (home_of("DEU"), home_of("CHN;SWE"), home_of("MEX")) == ("ROW", "CHN", "MEX")


def test_numbers_stand_only_where_the_history_has_the_year():
    for announced, *_, built, closed in rows("events"):
        year = int(re.search(r"\d{4}", announced)[0])
        for cell in (built, closed):
            assert not cell or (
                2016 <= year <= 2026 and re.fullmatch(r"[\d.]+ \([+-]?[\d.]+\)", cell)
            )
    assert sum(bool(built) for *_, built, _ in rows("events")) > 20


def test_owners_of_every_home_are_told_with_intervals():
    for part, intervals in (("china", 3), ("threat", 3)):
        found = rows(part)
        assert [row[0] for row in found] == list(HOME_NAMES.values())
        assert all(sum("±" in cell for cell in row) == intervals for row in found)


def test_parts_by_owner_take_worlds_of_the_same_firms():
    without = by_owner("status-quo", ["expected_announced"], 100, (1, 2), 2)
    assert not without[1].to_numpy().any()
    assert not without[2].to_numpy().any()
    assert without[0].to_numpy().sum() > 0


@pytest.mark.thorough
def test_parts_are_the_same_again_and_have_intervals():
    told = duty(firms=100, seeds=(1, 2), years=1)
    assert told == duty(firms=100, seeds=(1, 2), years=1)
    assert told.count("±") == len(STEPS) + 1


def test_an_unknown_part_is_refused():
    with pytest.raises(SystemExit, match="nothing: is none of duty, china, threat, events"):
        main(["nothing"])
