"""The time that a run has left is told by what a quarter takes."""

from io import StringIO

import pytest
from rich.console import Console

from experiments.runs.progress import RunProgress


@pytest.mark.parametrize("first", [0, 20])
def test_the_time_left_is_told_by_quarters_after_the_first(monkeypatch, first):
    """The first one here takes two minutes, any other two seconds."""
    clock = [0.0]
    monkeypatch.setattr("experiments.runs.progress.monotonic", lambda: clock[0])
    text = StringIO()
    with RunProgress("usmca", 40, console=Console(file=text, width=200)) as progress:
        clock[0] = 500.0
        progress.begin()
        for quarter in range(first + 1, 41):
            clock[0] += 120.0 if quarter == first + 1 else 2.0
            progress.reach(quarter)
    left = "1:12" if first == 0 else "0:32"
    assert f"usmca: quarter {first + 4} of 40, {left} left" in text.getvalue()
