"""What a scenario that cannot be is told."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from abm.errors import ScenarioError


@contextmanager
def refused_in_one_line(complaint: str) -> Iterator[None]:
    """Hold what is done within to being refused in one line that has the complaint in it."""
    with pytest.raises(ScenarioError) as refused:
        yield
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
