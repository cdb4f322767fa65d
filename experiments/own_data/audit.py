"""What is wrong with a table, found before anything is built from it.

Every finding is refused, mended and told, or told. The rule of each kind is in `KINDS`;
a table with a finding that is refused becomes no economy.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, REGIONS
from abm.economy.folders import economy_of
from experiments.own_data.published import Array, Published

Verdict = Literal["refused", "mended", "told"]

KINDS: dict[str, tuple[Verdict, str]] = {
    "text cell": ("refused", "a cell holds no number"),
    "infinite cell": ("refused", "a cell is not finite"),
    "blank cell": ("refused", "a cell is blank, and totals do not say what belongs there"),
    "blank cell filled": ("mended", "its row's and its column's total agree on what is missing"),
    "no final demand": ("refused", "nothing is sold to final demand"),
    "region absent": ("refused", "a region of the model has no row"),
    "no rest of the world": ("refused", "no region is outside the four that have a name"),
    "label unknown": ("refused", "a label has no meaning in the mapping"),
    "label unused": ("told", "your mapping has a label that the table has not"),
    "sector absent": ("refused", "no industry belongs to a sector of the model"),
    "market without rows": ("refused", "a market is no region of the rows"),
    "transposed": ("refused", "totals of rows are the sums of columns: the table lies on its side"),
    "row total off": ("refused", "a row's published total is not its sum, by more than 1%"),
    "row total near": ("told", "a row's published total misses its sum by 1% or less"),
    "column total off": ("refused", "inputs and value added miss a column's total by over 1%"),
    "column total near": ("told", "inputs and value added miss a column's total by 1% or less"),
    "unbalanced": ("refused", "a row sells for something else than its column costs, by over 1%"),
    "value added missing": ("mended", "no row of value added: it is output less inputs"),
    "no totals": ("told", "no output and no value added: what is wrong in a cell shows nowhere"),
    "value added below zero": ("told", "an industry pays more for inputs than it sells for"),
    "negative use": ("mended", "inputs below zero are set to zero"),
    "negative use large": ("refused", "inputs below zero are more than 1% of all inputs"),
    "negative final demand": ("mended", "final demand below zero, such as stocks, is set to zero"),
    "negative final demand large": ("refused", "final demand below zero is over 5% of all of it"),
    "coefficients": ("refused", "columns of inputs sum to 1 or less: shares, not money"),
    "unit wrong": ("refused", "the world's value added cannot be million USD of any recent year"),
    "unit doubtful": (
        "told",
        "the world is larger or smaller than in the years there are tables of",
    ),
    "part of a region": ("told", "a region's part of the world is not as in the shipped economy"),
    "unit of a region": ("refused", "a region is ten times, or a tenth, of its part of the world"),
    "currency": ("refused", "the table is not in USD"),
    "unit converted": ("mended", "money is multiplied into million USD"),
    "no trade": ("refused", "a member neither buys from nor sells to the others"),
    "sector impossible": ("refused", "every sector needs output and value added above 0"),
    "balanced": ("mended", "scaled by rows and columns until totals hold (RAS)"),
}
"""Verdict and meaning of each kind of finding."""

TOLERANCE = 0.01
"""Relative gap between a total and its sum above which a table is refused."""

EXACT = 1e-6
"""Relative gap that rounding leaves."""

WORLD = (0.25, 3.0)
"""World value added over that of the shipped economy: 1995 is 0.39 times it, 2025 1.4 times."""

USUAL_WORLD = (0.35, 1.5)
"""The same, beyond which it is told."""

USUAL_PART = 1.25
"""Times beyond which a region's part of the world is told: two labels may be interchanged."""

PART = 10.0
"""Times by which a region's part of the world may differ from its part in the shipped economy."""

MOST_TOLD = 5
"""Cells or rows named in one finding."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a table.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    where : str
        Cells, rows or regions, the first few.
    count : int
        How many there are.
    amount : float or None
        Money or ratio, as ``said`` tells.
    said : str
    """

    kind: str
    where: str
    count: int = 1
    amount: float | None = None
    said: str = ""

    @property
    def verdict(self) -> Verdict:
        """What becomes of it."""
        return KINDS[self.kind][0]

    def line(self) -> str:
        """Return it in one line."""
        more = f" and {self.count - MOST_TOLD} more" if self.count > MOST_TOLD else ""
        said = f" ({self.said})" if self.said else ""
        return f"{self.verdict}: {self.kind}: {self.where}{more}{said}; {KINDS[self.kind][1]}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {**asdict(self), "verdict": self.verdict, "rule": KINDS[self.kind][1]}


def faults_of(table: Published) -> list[Fault]:
    """Return what is wrong with the cells, totals and balance of a table, in its own terms."""
    cells = _cells(table)
    if any(one.verdict == "refused" for one in cells):
        return cells  # sums of what is no number say nothing
    return [*cells, *_totals(table), *_negative(table)]


def _cells(table: Published) -> list[Fault]:
    found = []
    if table.text_cells:
        found.append(_listed("text cell", table.text_cells))
    everything = np.hstack([table.use, table.final])
    infinite = np.argwhere(np.isinf(everything))
    if len(infinite):
        found.append(_listed("infinite cell", [_cell(table, *at) for at in infinite]))
    blank = np.argwhere(np.isnan(everything))
    if len(blank) and not table.text_cells:
        found.append(_listed("blank cell", [_cell(table, *at) for at in blank]))
    if not table.final.size or not np.nansum(np.abs(table.final)) > 0:
        found.append(Fault("no final demand", "the table"))
    strange = sorted(set(table.markets) - {region for region, _ in table.rows})
    if strange:
        found.append(_listed("market without rows", strange))
    sums = np.nansum(table.use, axis=0)
    if 0 < sums.max(initial=0.0) <= 1.0 + EXACT:
        found.append(Fault("coefficients", "columns of inputs", said=f"largest {sums.max():.3g}"))
    return found


def _totals(table: Published) -> list[Fault]:
    """Compare published totals with sums, and rows with columns."""
    found: list[Fault] = []
    rows, sold = table.row_totals, table.sold
    if rows is not None and _lies_on_its_side(table):
        return [Fault("transposed", "the table")]
    if rows is not None:
        found += _gaps(table, "row total", rows, sold)
    if table.value_added is None:
        found.append(Fault("value added missing", "rows below the industries"))
        if rows is None and table.column_totals is None:
            found.append(Fault("no totals", "the table"))
        return found
    columns, spent = table.column_totals, table.inputs + np.nan_to_num(table.value_added)
    if columns is not None:
        found += _gaps(table, "column total", columns, spent)
    elif rows is not None:
        found += _gaps(table, "column total", rows, spent)
    if not any(one.kind.endswith("off") for one in found):
        off = _relative(sold, spent)
        bad = np.flatnonzero(off > TOLERANCE)
        if len(bad):
            found.append(_rows("unbalanced", table, bad, sold, spent))
    added = table.sold - table.inputs
    below = np.flatnonzero(added < -EXACT * np.abs(table.sold).max(initial=1.0))
    if len(below):
        found.append(_listed("value added below zero", [table.label(k) for k in below.tolist()]))
    return found


def _lies_on_its_side(table: Published) -> bool:
    """Return whether totals of rows fit the sums of columns of inputs, and not those of rows."""
    assert table.row_totals is not None
    sold = table.sold
    turned = sold - np.nansum(table.use, axis=1) + table.inputs
    across, down = _relative(table.row_totals, sold), _relative(table.row_totals, turned)
    return bool(np.median(across) > TOLERANCE and np.median(down) < EXACT)


def _gaps(table: Published, what: str, told: Array, found: Array) -> list[Fault]:
    off = _relative(told, found)
    bad, near = np.flatnonzero(off > TOLERANCE), np.flatnonzero((off > EXACT) & (off <= TOLERANCE))
    named = (("off", bad), ("near", near))
    return [_rows(f"{what} {how}", table, at, told, found) for how, at in named if len(at)]


def _rows(kind: str, table: Published, at: NDArray[np.intp], told: Array, found: Array) -> Fault:
    """Return a finding about rows whose total is off, the largest gaps first."""
    worst = at[np.argsort(-np.abs(told[at] - found[at]), kind="stable")]
    k = int(worst[0])
    ratio = float(told[k] / found[k]) if found[k] else math.inf
    said = f"{told[k]:.6g} against {found[k]:.6g} of {table.label(k)}, {ratio:.4g} times"
    names = ", ".join(table.label(int(row)) for row in worst[:MOST_TOLD])
    return Fault(kind, names, len(at), None if math.isinf(ratio) else ratio, said)


def _relative(told: Array, found: Array) -> Array:
    """Gap over the larger of the two; a total that is not there is a gap of its own size."""
    told, found = np.nan_to_num(told), np.nan_to_num(found)
    size = np.maximum(np.abs(told), np.abs(found))
    # Industries next to nothing are judged by a millionth of the average one.
    least = 1e-6 * np.abs(found).mean() if found.size else 1.0
    gap: Array = np.abs(told - found) / np.maximum(size, max(least, 1e-300))
    return gap


def _negative(table: Published) -> list[Fault]:
    found = []
    for kind, cells, most in (
        ("negative use", table.use, 0.01),
        ("negative final demand", table.final, 0.05),
    ):
        below = np.argwhere(np.nan_to_num(cells) < 0)
        if not len(below):
            continue
        amount = float(cells[tuple(below.T)].sum())
        share = -amount / float(np.nansum(np.abs(cells)))
        shift = 0 if cells is table.use else len(table.rows)
        worst = below[np.argsort(cells[tuple(below.T)], kind="stable")]
        names = [_cell(table, row, column + shift) for row, column in worst[:MOST_TOLD]]
        said = f"{amount:.6g} in all, {share:.2%}"
        name = kind if share <= most else f"{kind} large"
        found.append(Fault(name, ", ".join(names), len(below), amount, said))
    return found


def faults_in_regions(
    value_added: Array, trade: Array, currency: str, factor: float | None
) -> list[Fault]:
    """Return what is wrong with a table summed to the model's regions, in million USD.

    Parameters
    ----------
    value_added : ndarray, shape (region,)
    trade : ndarray, shape (region, region)
        All that is sold, by source and market.
    currency : str
        Unit as published.
    factor : float or None
        Million USD in a unit of the table, as the user said.
    """
    found = []
    if factor is None and currency and "USD" not in currency:
        said = "say with --unit how many million USD one unit of the table is"
        return [Fault("currency", currency, said=said)]
    if factor is not None:
        found.append(Fault("unit converted", currency or "the table", amount=factor))
    shipped = economy_of().value_added.sum(axis=1)
    ratio = float(value_added.sum() / shipped.sum())
    size = f"{value_added.sum() / 1e6:.4g} trillion USD, {ratio:.3g} times the shipped world"
    if not WORLD[0] <= ratio <= WORLD[1]:
        found.append(Fault("unit wrong", "the table", amount=ratio, said=f"{size}; {_hint(ratio)}"))
        return found
    if not USUAL_WORLD[0] <= ratio <= USUAL_WORLD[1]:
        found.append(Fault("unit doubtful", "the table", amount=ratio, said=size))
    parts = (value_added / value_added.sum()) / (shipped / shipped.sum())
    for region, part in zip(REGIONS, parts, strict=True):
        if not 1 / PART <= part <= PART:
            said = f"{part:.3g} times its part of the shipped world"
            found.append(Fault("unit of a region", region, amount=float(part), said=said))
        elif not 1 / USUAL_PART <= part <= USUAL_PART:
            said = f"{part:.3g} times; interchanged labels, or another year"
            found.append(Fault("part of a region", region, amount=float(part), said=said))
    for h, host in enumerate(HOSTS):
        others = [k for k in range(len(REGIONS)) if k != h]
        if not trade[h, others].sum() > 0 or not trade[others, h].sum() > 0:
            found.append(Fault("no trade", host))
    return found


def _hint(ratio: float) -> str:
    """Return which power of a thousand would bring a world to its size, if one would."""
    guess = 1000.0 ** -round(math.log(ratio, 1000)) if ratio > 0 else 1.0
    if guess == 1.0:
        return "say with --unit how many million USD one unit of the table is"
    return f"--unit {guess:g} if that is what one unit is"


def _cell(table: Published, row: int, column: int) -> str:
    n = len(table.rows)
    buyer = table.label(column) if column < n else f"final demand of {table.markets[column - n]}"
    return f"{table.label(row)} to {buyer}"


def _listed(kind: str, names: list[str]) -> Fault:
    return Fault(kind, ", ".join(names[:MOST_TOLD]), len(names))
