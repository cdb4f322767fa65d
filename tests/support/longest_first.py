"""In which order files of tests are begun, so that no process is left alone with one at the end."""

from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LONGEST = (
    "tests/browser/test_laboratory_page.py",
    "tests/house/test_guides_run.py",
)
"""Files that take a quarter of a minute or more, the longest first."""


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Tests in the order of `LONGEST`; those of other files come after them, as they came."""
    places = {ROOT / name: place for place, name in enumerate(LONGEST)}
    return sorted(items, key=lambda item: places.get(item.path, len(places)))
