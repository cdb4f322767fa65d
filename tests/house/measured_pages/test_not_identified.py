"""Headlines against what is not identified: the page has what its program writes."""

import pytest

from docs.not_identified import BOUNDS, FIT_PAGE, HEADS, POLICIES, rows, variants
from experiments.fit.estimation_page import default_of, read_parameters


def block():
    text = FIT_PAGE.read_text(encoding="utf-8")
    lines = text.split("<!-- measured: not_identified -->")[1].split("<!-- end -->")[0].split("\n")
    return [line for line in lines if line.startswith("|")]


def test_every_assumption_is_shown_at_both_ends_under_every_policy():
    head, _, *told = block()
    assert head == "| " + " | ".join(HEADS) + " |"
    names = [[cell.strip() for cell in line.strip("|").split("|")][:3] for line in told]
    asked = [[name, *variant[:2]] for name in POLICIES for variant in variants()]
    assert names == asked


def test_defaults_lie_between_the_ends_and_nothing_estimated_is_held():
    for key, (low, high) in BOUNDS.items():
        assert low < default_of(key) < high
    assert not set(BOUNDS) & set(read_parameters())


@pytest.mark.thorough
def test_rows_are_the_same_again_and_move_with_the_assumption():
    some = {
        "bounds": {"firms.location_dispersion": (4.0, 12.0)},
        "firms": 100,
        "seeds": (1, 2),
        "quarters": 2,
    }
    once = rows(**some)
    assert once == rows(**some)
    first = [row[3:] for row in once if row[0] == next(iter(POLICIES))]
    assert len(set(first)) == len(first) == 3
    assert all("\N{PLUS-MINUS SIGN}" in cell for row in once for cell in row[3:])
