"""Rates by good, product line or code of the Harmonized System, as files write them.

The more specific name wins: a line over its good, a code over its line, a longer code over
a shorter one. A code that names a part of a line only is levied on the line at that part
of what the source sells of it, since firms are told apart by lines.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from abm.axes import GOODS, N_FOOTLOOSE, N_GOODS, REGIONS
from abm.config.keys import shown
from abm.economy.sector_lines import SectorLines, line_names
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy.instruments.rates import rates_by_cell

ALIKE = 0.75
"""Likeness from which a name that is not known is taken for a slip of one that is."""

_CODE = re.compile(r"\d{2}|\d{4}|\d{6}")


@cache
def _known(name: str) -> str:
    """Return a name that can have a rate, a code as digits alone."""
    digits = name.replace(".", "")
    if _CODE.fullmatch(digits):
        if not load_economy().lines.products.named(digits).any():
            raise ValueError(f"{shown(name)} names nothing that is traded; take a shorter code")
        return digits
    if digits.isdigit():
        raise ValueError(f"{shown(name)} is no code of 2, 4 or 6 digits, such as 8708.30")
    lines = load_economy().lines
    goods = [lines.name[line] for line in np.flatnonzero(lines.sector < N_GOODS)]
    known = ("all", *GOODS, *goods)
    if name in lines.name and name not in known:
        raise ValueError(f"{shown(name)} is a service, on which no duty is levied; see services")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=ALIKE)
        hint = f"did you mean '{near[0]}'?" if near else f"goods are all, {', '.join(GOODS)}"
        raise ValueError(f"{shown(name)} is no good, product line or code of products; {hint}")
    return name


Rated = Annotated[str, AfterValidator(_known)]
"""What a measure may name: a good, ``all``, a product line, or a code of products."""


@cache
def has_fixed_trade(name: str) -> bool:
    """Whether all that a name of `Rated` stands for is energy and raw materials.

    Trade in these is fixed in place, so that nothing can be kept out.
    """
    lines = load_economy().lines
    if name.isdigit():
        line = lines.products.line[lines.products.named(name)]
        return bool((lines.sector[line] >= N_FOOTLOOSE).all())
    if name in lines.name:
        return bool(lines.sector[lines.name.index(name)] >= N_FOOTLOOSE)
    return name in GOODS[N_FOOTLOOSE:]


def is_footloose() -> NDArray[np.bool_]:
    """Lines whose trade is not fixed in place, shape (line, 1, 1)."""
    footloose: NDArray[np.bool_] = load_economy().lines.sector[:, None, None] < N_FOOTLOOSE
    return footloose


def rates_by_line(
    destination: str, origins: Collection[str], rates: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the rates of a measure on every line.

    Parameters
    ----------
    destination : str
        Who levies them.
    origins : collection of str
        Regions, or ``all`` for all but the destination.
    rates : mapping of str to float
        By good, ``all``, line or code.

    Returns
    -------
    ndarray, shape (line, source, market)
        Ad valorem; 0 where the rates are silent. Not to be written into: whoever asks the
        same gets the same array, as regimes have most of their measures in common.
    """
    return _rates_by_line(destination, tuple(origins), tuple(rates.items()))


@lru_cache(maxsize=512)
def _rates_by_line(
    destination: str, origins: tuple[str, ...], said: tuple[tuple[str, float], ...]
) -> NDArray[np.float64]:
    lines, rates = load_economy().lines, dict(said)
    goods = {name: rate for name, rate in rates.items() if name in ("all", *GOODS)}
    by_line = rates_by_cell({destination: dict.fromkeys(origins, goods)}, GOODS)[lines.sector]
    market = REGIONS.index(destination)
    sources = [
        source
        for source, region in enumerate(REGIONS)
        if source != market and ("all" in origins or region in origins)
    ]
    named = {lines.name.index(name): rate for name, rate in rates.items() if name in lines.name}
    for line, rate in named.items():
        if lines.name[line] not in goods:
            by_line[line, sources, market] = rate
    codes = {name: rate for name, rate in rates.items() if name.isdigit()}
    if codes:
        on_lines = by_line[:, sources, market]
        by_line[:, sources, market] = _with_codes(lines, on_lines, sources, codes)
    by_line.flags.writeable = False
    return by_line


def _with_codes(
    lines: SectorLines,
    by_line: NDArray[np.float64],
    sources: list[int],
    codes: Mapping[str, float],
) -> NDArray[np.float64]:
    """Return rates of lines, shape (line, source), once codes have theirs."""
    products = lines.products
    before = by_line[products.line]
    after = before.copy()
    for code in sorted(codes, key=len):
        after[products.named(code)] = codes[code]
    change = products.share[:, sources] * (after - before)
    changed = by_line.copy()
    np.add.at(changed, products.line, change)
    return _where_one(after, products.line, changed, by_line)


def means_by_line(
    by_product: NDArray[np.float64],
    share: NDArray[np.float64],
    counts: NDArray[np.bool_],
    line: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return means over the products of every line.

    Parameters
    ----------
    by_product : ndarray, shape (product,)
    share : ndarray, shape (product,)
        Part of the line; adds to 1 over its products.
    counts : ndarray of bool, shape (product,)
        Those over which the mean is.
    line : ndarray of int, shape (product,)

    Returns
    -------
    ndarray, shape (line,)
        0 where nothing counts.
    """
    lines = len(line_names())
    some = counts & (share > 0)
    mean = np.bincount(line[some], (share * by_product)[some], lines)
    whole = np.bincount(line[some], share[some], lines)
    less = np.bincount(line[~counts], share[~counts], lines) > 0
    np.divide(mean, whole, out=mean, where=less & (whole > 0))
    return _where_one(by_product[some], line[some], mean, np.zeros(lines))


def _where_one(
    by_product: NDArray[np.float64],
    line: NDArray[np.int64],
    mean: NDArray[np.float64],
    empty: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return means by line; a line all of which has one figure has it to the bit."""
    least, most = np.full_like(mean, np.inf), np.full_like(mean, -np.inf)
    np.minimum.at(least, line, by_product)
    np.maximum.at(most, line, by_product)
    return np.where(least == most, least, np.where(least > most, empty, mean))


def met_twice(key: str, cells: NDArray[np.bool_], what: str) -> ScenarioError:
    """Complain that two measures say of the same goods what one alone may.

    Parameters
    ----------
    key : str
        Of the setting that is at odds with another measure.
    cells : ndarray of bool, shape (line, source, market)
        Goods of which both say it.
    what : str
        What the other one says, after the name of the goods.
    """
    return ScenarioError(
        f"{key}: {first_in_words(cells)} {what}; let one stand instead_of the other"
    )


def first_in_words(cells: NDArray[np.bool_]) -> str:
    """Name the first of some cells, shape (line, source, market), of which one is at least."""
    line, source, market = (int(place) for place in np.argwhere(cells)[0])
    return f"{line_names()[line]} from {REGIONS[source]} into {REGIONS[market]}"
