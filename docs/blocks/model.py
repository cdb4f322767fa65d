"""Blocks that follow from what the model is made of: phases, columns, arrays, folders."""

import ast
import inspect
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np

from abm.model import RelocationModel
from abm.policy.arrays import PolicyArrays
from agents import FirmTable
from docs.blocks.as_text import code, first_line, plain
from experiments.markdown import table
from experiments.outcomes.tables import EVERY_TABLE

ROOT = Path(__file__).parents[2]


CONSTANTS = (
    "abm.economy.tables.MERCHANDISE_PROCESSING_FEE",
    "abm.economy.tables.PROFIT_SHARE_OF_SURPLUS",
    "abm.base_year.population.SIZE_RANGE",
    "abm.base_year.population.PAPERWORK_SPREAD",
    "abm.base_year.drawn_plants.LEAST_OWNED",
    "abm.base_year.calibration.OWNING_ROUNDS",
    "abm.trade.sales.market_clearing.REACH_EXPONENT",
    "abm.base_year.calibration.ACCESS_TOLERANCE",
    "abm.base_year.calibration.NEGLIGIBLE",
    "abm.trade_phases.SETTLING_ROUNDS",
    "abm.core.inputs.content_rules.MAX_LOG_WEDGE",
    "abm.trade.inputs.origin.HOURS_A_QUARTER",
    "abm.trade.books.accounts.ROUNDING",
)
"""Numbers that no scenario changes."""


PACKAGES = ("agents", "abm", "experiments", "viz")
"""From the ground up: each imports only itself and those before it."""


def schedule() -> str:
    """The phases of a step in order, as `RelocationModel.step` calls them."""
    source = inspect.cleandoc("\n" + inspect.getsource(RelocationModel.step))
    calls = [
        statement.value.func.attr
        for statement in ast.parse(source).body[0].body  # type: ignore[attr-defined]
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
    ]
    return table(
        ("", "phase", "what happens"),
        (
            (number, code(name), first_line(getattr(RelocationModel, name)))
            for number, name in enumerate(calls, start=1)
        ),
    )


def state_variables() -> str:
    """Columns of the firm table."""
    return table(
        ("column", "axes", "type", "unit", "meaning"),
        (
            (code(name), ", ".join(column.axes), column.dtype, column.unit, column.meaning)
            for name, column in FirmTable.columns().items()
        ),
    )


def policy_arrays() -> str:
    """Arrays of policy, each with the regime as a last axis."""
    return table(
        ("array", "axes", "unit", "neutral", "meaning"),
        (
            (
                code(f"Policy.{name}"),
                ", ".join((*array.axes, "regime")),
                array.unit,
                plain(array.neutral),
                array.meaning,
            )
            for name, array in PolicyArrays.declared().items()
        ),
    )


def columns_of(name: str) -> Callable[[], str]:
    """What writes the columns of a table of results, stored types included."""

    def write() -> str:
        return table(
            ("column", "type", "unit", "meaning"),
            (
                (code(column), str(entry.type), entry.unit, entry.meaning)
                for column, entry in EVERY_TABLE[name].items()
            ),
        )

    return write


def _attribute_docstrings(module: str) -> dict[str, str]:
    """Texts that stand below the assignments of a module, by name."""
    body = ast.parse(inspect.getsource(import_module(module))).body
    found = {}
    for statement, below in pairwise(body):
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[statement.targets[0].id] = " ".join(str(below.value.value).split())
    return found


def constants() -> str:
    """Fixed numbers with what the code says of them."""
    rows = []
    for name in CONSTANTS:
        module, _, constant = name.rpartition(".")
        value = np.asarray(getattr(import_module(module), constant)).item()
        meaning = _attribute_docstrings(module)[constant]
        rows.append((code(name.removeprefix("abm.")), f"{value:.6g}", meaning))
    return table(("constant", "value", "meaning and source"), rows)


def house() -> str:
    """Every folder of code and what it is for, as its ``__init__.py`` says first."""
    rows = (
        (code(name), first_line(import_module(name.replace("/", "."))).removesuffix("."))
        for name in folders()
    )
    return table(("folder", "what is in it"), rows)


def folders() -> list[str]:
    """Folders of the packages, each before those within it."""
    found = (
        path.parent.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).glob("**/__init__.py")
    )
    return sorted(found, key=lambda name: (PACKAGES.index(name.split("/")[0]), name))
