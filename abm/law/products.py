"""Which products a list names, for many codes at once.

A code may be finer than what a list says (then the list's prefix decides), or coarser (then some
of it may be named and some not). So the answer is two arrays: what is named at least in part, and
what is named for certain.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from abm.errors import ScenarioError
from abm.law.act import ALL, Act, Products, Term

type Flags = NDArray[np.bool_]


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
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (2, 4, 6, 8, 10):
        raise ScenarioError(
            f"--product {text[:40]}: is a code of the Harmonized System of 2, 4, 6, 8 or 10 "
            "digits, such as 8708.30"
        )
    return digits


def named(products: Products, codes: Sequence[str]) -> tuple[Flags, Flags]:
    """Return what a list names of some codes.

    Parameters
    ----------
    products : Products
    codes : sequence of str
        Digits alone.

    Returns
    -------
    in_part, for_certain : ndarray of bool, shape (code,)
    """
    inside, touching = _against(products.hs, codes)
    out, partly_out = _against(products.without, codes)
    maybe_in, maybe_touching = _against(products.partly, codes)
    certain = inside & ~out & ~partly_out
    some = (inside | touching | maybe_in | maybe_touching) & ~out
    return some, certain


def covers(act: Act, term: Term, codes: Sequence[str]) -> tuple[Flags, Flags]:
    """Return what a term names of some codes: in part, and for certain; shape (code,) each."""
    in_part = np.zeros(len(codes), dtype=bool)
    for_certain = np.zeros(len(codes), dtype=bool)
    for name in term.lists:
        if name == ALL:
            return np.ones(len(codes), dtype=bool), np.ones(len(codes), dtype=bool)
        some, certain = named(act.lists[name], codes)
        in_part |= some
        for_certain |= certain
    return in_part, for_certain


def _against(prefixes: tuple[str, ...], codes: Sequence[str]) -> tuple[Flags, Flags]:
    """Which codes begin with a prefix, and which are the beginning of a longer one."""
    inside = np.zeros(len(codes), dtype=bool)
    touching = np.zeros(len(codes), dtype=bool)
    if not prefixes:
        return inside, touching
    array = np.asarray(codes, dtype="U10")
    length = np.char.str_len(array)
    by_length = _by_length(prefixes)
    for digits, some in by_length.items():
        inside |= (length >= digits) & np.isin(array.astype(f"U{digits}"), some)
        for shorter in {int(n) for n in np.unique(length)}:
            if shorter < digits:
                cut = _cut(some, shorter)
                touching |= (length == shorter) & np.isin(array, cut)
    return inside, touching & ~inside


@lru_cache(maxsize=1024)
def _by_length(prefixes: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    lengths = sorted({len(prefix) for prefix in prefixes})
    return {n: tuple(p for p in prefixes if len(p) == n) for n in lengths}


@lru_cache(maxsize=4096)
def _cut(prefixes: Iterable[str], digits: int) -> tuple[str, ...]:
    return tuple(sorted({prefix[:digits] for prefix in prefixes}))
