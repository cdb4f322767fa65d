"""An array of policy, a column and a figure are added as CONTRIBUTING says; all else follows."""

import re
import textwrap

import pytest

from tests.copied_house import add_instrument, copied_house, insert, said, section, shown

HOUSE = ("abm", "agents", "experiments", "viz", "docs", "tests")

ARRAY = """
import numpy as np
from abm.policy import compile_policy
from abm.policy.arrays import RegimeArrays
from docs.blocks.model import policy_arrays
from experiments.scenarios.overrides import load_scenario

def compiled(*overrides):
    return compile_policy(load_scenario("usmca", list(overrides)), quarters=40)

plain, charged = compiled(), compiled("port_fees.USA=2%")
assert RegimeArrays.neutral().port_fee.shape == (5,)
assert plain.port_fee.shape == (5, len(plain.regimes)) and not plain.port_fee.any()
assert (charged.port_fee == np.array([0.02, 0, 0, 0, 0])[:, None]).all()
assert charged.during(slice(1, 3)).port_fee.shape == (5, 2)
assert not charged.port_fee.flags.writeable and not charged.same_as(plain)
print(next(line for line in policy_arrays().splitlines() if "port_fee" in line))
"""


COLUMN = """
import sys
sys.path.insert(0, "tests")
import pyarrow.parquet as pq
from abm import RelocationModel
from abm.worlds.checkpoint import put_away
from docs.generate import BLOCKS
from experiments.outcomes.tables import check_tables
from experiments.runs.on_disk.run_folders import write_table
from synthetic import tables

model = RelocationModel("status-quo", firms=100)
model.run_for(1)
frames = model.frames()
check_tables(frames)
last = frames["outcomes"].query("quarter == 1")
books = model.accounts
share = last["profit_share"].to_numpy().reshape(books.profit.shape)
assert ((share > -0.2) & (share < 0.5)).all(), share  # overhead is paid, whatever is sold
assert (share * books.sales).sum() > 0.01 * books.sales.sum()
assert abs(share * books.sales - books.profit).max() < 1e-9 * books.sales.max()
write_table("outcomes.parquet", "outcomes", frames["outcomes"])
stored = pq.read_table("outcomes.parquet")
assert stored.column("profit_share").to_pylist() == frames["outcomes"]["profit_share"].to_list()
assert stored.schema.field("profit_share").metadata[b"unit"] == b"share of output"
(kept,) = (array for name, array in put_away(model).arrays.items() if "profit_share" in name)
assert kept.shape == (2, 10, 3)
check_tables(tables(quarters=2))
print(next(line for line in BLOCKS["outcomes_columns"]().splitlines() if "profit_share" in line))
"""


FIGURE = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from synthetic import a_run
from viz.figures.run_figures import FIGURES, draw_all

Path("drawn").mkdir()
run = a_run(quarters=8)
draw_all(run, a_run("status-quo", quarters=8), Path("drawn"))
assert {path.stem for path in Path("drawn").iterdir()} == set(FIGURES)
left, *_ = FIGURES["plants"](run, None).axes
print(len(left.lines[-1].get_xdata()), *sorted(path.name for path in Path("drawn").glob("plants*")))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy with the column of CONTRIBUTING, and with its array, which its instrument fills."""
    root = copied_house(tmp_path_factory.mktemp("copy"), *HOUSE)
    add_instrument(root, "An instrument")
    array, written = shown("An array of policy")
    declared = textwrap.indent(array, "    ") + "\n"
    insert(root / "abm" / "policy" / "arrays.py", ("    @staticmethod", declared))
    fees = root / "abm" / "policy" / "instruments" / "port_fees.py"
    code, changed = re.subn(r"regime\.barrier.*\n", written, fees.read_text(encoding="utf-8"))
    assert changed == 1
    fees.write_text(code, encoding="utf-8")
    worked_out, column = (textwrap.indent(code, "    ") for code in shown("An outcome"))
    insert(root / "abm" / "trade" / "books" / "accounts.py", ("\n\ndef ratio(", "\n" + worked_out))
    column = textwrap.indent(column, "    ")
    insert(
        root / "abm" / "state" / "columns.py",
        ('        "employment": _number("persons", "persons engaged"', column),
    )
    (figure,) = shown("A figure")
    (place,) = re.findall(r"`(\"\w+\": \w+,)`", section("A figure"))
    insert(
        root / "viz" / "figures" / "run_figures.py",
        ("\n\nFIGURES: ", f"\n\n{figure}"),
        ('    "us_balances": us', f"    {place}\n"),
    )
    return root


@pytest.mark.thorough
def test_the_array_of_contributing_is_there_under_every_regime_once_declared(copied):
    assert said(ARRAY, copied) == (
        "| `Policy.port_fee` | market, regime | ad valorem | 0 "
        "| fee on goods that arrive from overseas |\n"
    )


@pytest.mark.thorough
def test_the_column_of_contributing_is_in_files_documentation_and_test_data_once_declared(copied):
    assert said(COLUMN, copied) == (
        "| `profit_share` | double | share of output | what is left to owners |\n"
    )


@pytest.mark.thorough
def test_the_figure_of_contributing_is_drawn_for_every_run_once_it_has_its_place(copied):
    assert said(FIGURE, copied) == "9 plants.png plants.svg\n"
