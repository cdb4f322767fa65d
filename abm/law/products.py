"""Which products a list names, for many codes at once.

A code may be finer than what a list says (then the list's prefix decides), or coarser (then some
of it may be named and some not). So the answer is two arrays: what is named at least in part, and
what is named for certain.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from abm.errors import ScenarioError
from abm.law.act import ALL, CODE_LENGTHS, Credit, LegalAct, Products, Term

type Flags = NDArray[np.bool_]

LAST_CHAPTER = 97
"""Of the Harmonized System; 98 and 99 are provisions of a country's own, not goods."""

NO_CHAPTER = "77"
"""Kept free for later use."""


def code_of(text: str) -> str:
    """Return the digits of a code of the Harmonized System.

    Parameters
    ----------
    text : str
        Such as ``8708.30``; 2 to 10 digits, an even number of them.

    Raises
    ------
    ScenarioError
        If it is none; in one line.

    Examples
    --------
    >>> code_of("8708.30.50")
    '87083050'
    """
    digits = text.replace(".", "").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in CODE_LENGTHS:
        raise ScenarioError(
            f"--product {text[:40]}: is a code of the Harmonized System of 2, 4, 6, 8 or 10 "
            "digits, such as 8708.30"
        )
    if not 0 < int(digits[:2]) <= LAST_CHAPTER or digits[:2] == NO_CHAPTER:
        raise ScenarioError(
            f"--product {text[:40]}: goods stand in chapters 01 to {LAST_CHAPTER}, but for "
            f"{NO_CHAPTER}; there is no chapter {digits[:2]}"
        )
    return digits


@lru_cache(maxsize=512)
def named(products: Products, codes: tuple[str, ...]) -> tuple[Flags, Flags]:
    """Return what a list names of some codes.

    Parameters
    ----------
    products : Products
    codes : tuple of str
        Digits alone.

    Returns
    -------
    in_part, for_certain : ndarray of bool, shape (code,)
        Not to be written into: the next who asks gets the same.
    """
    inside, touching = _against(products.hs, codes)
    out, partly_out = _against(products.without, codes)
    maybe_in, maybe_touching = _against(products.partly, codes)
    certain = inside & ~out & ~partly_out
    some = (inside | touching | maybe_in | maybe_touching) & ~out
    for flags in (some, certain):
        flags.setflags(write=False)
    return some, certain


def covers(act: LegalAct, term: Term | Credit, codes: tuple[str, ...]) -> tuple[Flags, Flags]:
    """Return what a term or credit names of some codes: in part, and for certain; shape (code,)."""
    in_part = np.zeros(len(codes), dtype=bool)
    for_certain = np.zeros(len(codes), dtype=bool)
    for name in term.lists:
        if name == ALL:
            return np.ones(len(codes), dtype=bool), np.ones(len(codes), dtype=bool)
        some, certain = named(act.lists[name], codes)
        in_part |= some
        for_certain |= certain
    return in_part, for_certain


def _against(prefixes: tuple[str, ...], codes: tuple[str, ...]) -> tuple[Flags, Flags]:
    """Which codes begin with a prefix, and which are the beginning of a longer one."""
    size = len(codes)
    if not prefixes:
        return np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    known, beginnings = frozenset(prefixes), _beginnings(prefixes)
    inside = (not known.isdisjoint(parts) for parts in map(_parts, codes))
    touching = (code in beginnings for code in codes)
    within = np.fromiter(inside, dtype=bool, count=size)
    return within, np.fromiter(touching, dtype=bool, count=size) & ~within


@lru_cache(maxsize=1024)
def _beginnings(prefixes: tuple[str, ...]) -> frozenset[str]:
    """Return everything with which a prefix begins, short of itself."""
    return frozenset(part for prefix in prefixes for part in _parts(prefix)[:-1])


@lru_cache(maxsize=65536)
def _parts(code: str) -> tuple[str, ...]:
    """Return chapter, heading and so on, up to the code itself."""
    return tuple(code[:digits] for digits in range(2, len(code) + 1, 2))
