"""In a narrow terminal columns are left out and named; no number is cut."""

from io import StringIO

import pytest
from rich.console import Console

from experiments.commands.printed import channels_table, summary_table
from experiments.narrow import WholeNumbers
from tests.made_up_seeds import SURE, a_result, with_channels

WIDTHS = (40, 60, 80, 120)
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def printed(table, width):
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(table)
    return console.file.getvalue()


def table_of(*rows, drops=()):
    table = WholeNumbers(box=None, drops=drops)
    for place, head in enumerate(("What it is", "First", "Second", "Third")):
        table.add_column(head, justify="right" if place else "left", no_wrap=bool(place))
    for row in rows:
        table.add_row(*row)
    return table


NUMBERS = ("1,234,567.8 pts", "9,876,543.2 pts", "5,555,555.5 pts")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_number_is_whole_or_left_out(width):
    row = ("a long label of some words", *NUMBERS)
    text = printed(table_of(row, drops=("Third", "Second")), width)
    assert ELLIPSIS not in text
    assert NUMBERS[0] in text
    shown = [number for number in NUMBERS if number in text]
    _, said, left_out = text.partition("Left out")
    named = [head for head in ("Second", "Third") if head in left_out]
    assert len(shown) + len(named) == 3
    assert bool(named) == bool(said)


def test_columns_go_in_the_order_given_and_only_as_many_as_must():
    text = printed(table_of(("label", *NUMBERS), drops=("First", "Third")), 44)
    assert NUMBERS[0] not in text
    assert NUMBERS[1] in text
    assert NUMBERS[2] in text
    assert "First." in text


def test_a_wide_terminal_shows_everything_and_says_nothing():
    text = printed(table_of(("label", *NUMBERS), drops=("First",)), 120)
    assert "Left out" not in text
    assert all(number in text for number in NUMBERS)


@pytest.mark.parametrize("width", [60, 80])
def test_the_tables_of_a_comparison_are_whole_at_usual_widths(width):
    sure = a_result(SURE)
    split = with_channels(sure, duty_paid=-1234.5)
    for table in (summary_table(sure), channels_table(split.summary)):
        text = printed(table, width)
        assert ELLIPSIS not in text
        assert max(len(line.rstrip()) for line in text.splitlines()) <= width
        wide = {word for word in printed(table, 300).split() if any(map(str.isdigit, word))}
        cut = {word for word in text.split() if any(map(str.isdigit, word))} - wide
        assert cut == set()


def test_what_matters_most_of_a_comparison_stays():
    text = printed(summary_table(a_result(SURE)), 60)
    assert "95%" in text
    assert "Drift of status-quo" in " ".join(text.split("Left out")[-1].split())


def test_a_single_seed_is_said_to_tell_nothing_of_luck():
    text = printed(summary_table(a_result((0.1,))), 80)
    assert "cannot tell" in " ".join(text.split())
