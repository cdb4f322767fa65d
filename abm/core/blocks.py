"""Firms in blocks, each small enough that its arrays fit the processor's cache."""

from collections.abc import Iterator

ROWS_A_BLOCK = 8192
"""Firms times regimes per block.

Small enough for the arrays of a block to fit the processor's cache, and large enough that
one NumPy operation takes far longer than handing the interpreter from thread to thread.
"""


def blocks(firms: int, size: int = ROWS_A_BLOCK) -> Iterator[slice]:
    """Consecutive slices that cover ``range(firms)``."""
    for start in range(0, firms, size):
        yield slice(start, min(start + size, firms))
