"""Firms in blocks: so many at a time that their arrays fit the processor's cache."""

from collections.abc import Iterator

BLOCK = 8192
"""Firms times regimes per block: small enough for the processor's cache, and so large
that threads do not wait for each other between one operation and the next."""


def blocks(firms: int, size: int = BLOCK) -> Iterator[slice]:
    """Consecutive slices that cover ``range(firms)``."""
    for start in range(0, firms, size):
        yield slice(start, min(start + size, firms))
