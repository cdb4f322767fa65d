"""A table as it was published, before anything is summed, mended or left out."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FORMATS = {
    "oecd": "OECD ICIO, editions 2016 to 2025 (.csv, .csv.gz, .zip)",
    "wiod": "WIOD, releases 2013 and 2016 (.xlsx, .xlsb)",
    "adb": "ADB MRIO (.xlsx)",
    "figaro": "FIGARO (.csv, .csv.gz, .zip)",
    "exiobase": "EXIOBASE 3 (.zip, folder)",
    "eora": "Eora26 (.zip, folder)",
    "plain": "a CSV with rows and columns named REGION_INDUSTRY",
}
"""What can be read, by the name that ``--kind`` takes."""

READABLE = "; ".join(f"{kind}: {said}" for kind, said in FORMATS.items())


@dataclass(frozen=True)
class Published:
    """A table in its own regions, industries and unit.

    Attributes
    ----------
    kind : str
        One of `FORMATS`.
    rows : list of (str, str)
        Region and industry of each row, and of the columns of ``use``.
    use : ndarray, shape (row, row)
        NaN where a cell is blank.
    final : ndarray, shape (row, final column)
    markets : list of str
        Region of each column of ``final``.
    row_totals, column_totals : ndarray, shape (row,), or None
        Output as published at the end of rows and of columns.
    value_added : ndarray, shape (row,), or None
        What stands between inputs and output: value added, taxes, margins, adjustments.
    text_cells : list of str
        Cells that hold no number, with what they say.
    discrepancy : ndarray, shape (row,)
        Columns that belong to no market, such as statistical discrepancies.
    sectors : str
        Name of the shipped mapping of its industries; ``""`` if none is.
    unit : str
        As published; ``""`` where the file does not say.
    """

    kind: str
    rows: list[tuple[str, str]]
    use: Array
    final: Array
    markets: list[str]
    row_totals: Array | None = None
    column_totals: Array | None = None
    value_added: Array | None = None
    text_cells: list[str] = field(default_factory=list)
    discrepancy: Array | None = None
    sectors: str = "isic4"
    unit: str = ""

    @classmethod
    def empty(cls, kind: str, sectors: str) -> "Published":
        """Return a table of a kind with nothing in it yet."""
        return cls(kind, [], np.zeros((0, 0)), np.zeros((0, 0)), [], sectors=sectors)

    def label(self, row: int) -> str:
        """Return the name of a row."""
        return "_".join(self.rows[row])

    @property
    def sold(self) -> Array:
        """Sum of each row, blanks left out, shape (row,)."""
        total: Array = np.nansum(self.use, axis=1) + np.nansum(self.final, axis=1)
        return total if self.discrepancy is None else total + np.nan_to_num(self.discrepancy)

    @property
    def inputs(self) -> Array:
        """Sum of each column of use, blanks left out, shape (row,)."""
        total: Array = np.nansum(self.use, axis=0)
        return total
