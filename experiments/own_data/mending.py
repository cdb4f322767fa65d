"""What is mended in a table before it is summed: blanks that totals fill, and balance."""

from dataclasses import replace

import numpy as np

from abm.errors import OutputError, ScenarioError
from experiments.own_data.audit import EXACT, Fault
from experiments.own_data.published import Array, Published

MOST_ROUNDS = 5_000

CLOSE = 1e-9
"""Relative miss of totals at which balancing ends."""


def filled(table: Published) -> tuple[Published, list[Fault]]:
    """Return a table with a blank filled where its row's and its column's total agree on it.

    Returns
    -------
    Published, list of Fault
        The table as it is where nothing can be filled.
    """
    blank = np.argwhere(np.isnan(table.use))
    rows, columns = table.row_totals, table.column_totals
    alone = len(blank) == 1 and not np.isnan(table.final).any() and not table.text_cells
    if not alone or rows is None or columns is None or table.value_added is None:
        return table, []
    row, column = blank[0]
    by_row = float(rows[row] - table.sold[row])
    by_column = float(columns[column] - table.inputs[column] - table.value_added[column])
    if by_row < 0 or abs(by_row - by_column) > max(EXACT * abs(rows[row]), 0.01 * abs(by_row)):
        return table, []
    use = table.use.copy()
    use[row, column] = by_row
    where = f"{table.label(row)} to {table.label(column)}"
    told = Fault("blank cell filled", where, amount=by_row, said=f"with {by_row:.6g}")
    return replace(table, use=use), [told]


def balanced(table: Published) -> tuple[Published, Fault]:
    """Return a table scaled by rows and columns (RAS) until its published totals hold.

    Rows sum to gross output, columns of inputs to gross output less value added, and
    final demand keeps its shares of what is left.

    Raises
    ------
    ScenarioError
        If it has no totals to hold, or they contradict each other.
    OutputError
        If ipfn is missing.
    """
    try:
        from ipfn import ipfn
    except ImportError:
        raise OutputError(
            "--balance needs more packages: pip install 'nearshore[economy]'"
        ) from None
    output = table.row_totals if table.column_totals is None else table.column_totals
    if output is None or table.value_added is None:
        raise ScenarioError("--balance: needs published gross output and value added")
    cells = np.hstack([np.maximum(table.use, 0.0), np.maximum(table.final, 0.0)])
    if np.isnan(cells).any():
        raise ScenarioError("--balance: the table has cells without a number")
    inputs = output - table.value_added
    left = output.sum() - inputs.sum()
    final = cells[:, len(table.rows) :].sum(axis=0)
    if (inputs < 0).any() or (output < 0).any() or not left > 0 or not final.sum() > 0:
        raise ScenarioError("--balance: output, inputs or final demand would be below zero")
    columns = np.concatenate([inputs, left * final / final.sum()])
    found: Array = ipfn.ipfn(
        cells.copy(),
        [output, columns],
        [[0], [1]],
        convergence_rate=CLOSE,
        max_iteration=MOST_ROUNDS,
        rate_tolerance=0.0,
    ).iteration()
    miss = max(_miss(found.sum(axis=1), output), _miss(found.sum(axis=0), columns))
    if not miss < EXACT:
        raise ScenarioError(
            f"--balance: totals contradict each other; the best misses by {miss:.2%}"
        )
    moved = float(np.abs(found - cells).sum() / 2)
    told = Fault("balanced", "the table", amount=moved, said=f"{moved:.6g} moved")
    n = len(table.rows)
    # Discrepancies had their place in rows that did not add up; now rows do.
    done = replace(
        table, use=found[:, :n], final=found[:, n:], row_totals=output, column_totals=output,
        discrepancy=None,
    )  # fmt: skip
    return done, told


def _miss(found: Array, told: Array) -> float:
    return float(np.abs(found - told).max() / told.max())
