"""Twenty faults planted in the model, and who notices each; `tests.faults.zoo` asks everybody."""

import pytest

from tests.faults import zoo
from tests.faults.laws import LAWS, broken_law
from tests.in_this_process import in_this_process
from tests.pages import ROOT

pytestmark = pytest.mark.anew  # a fault may show in the set-up

ASKED = {zoo.VERIFICATION: zoo.stopped_by, zoo.GUARDS: zoo.stopped_by} | dict.fromkeys(
    LAWS, broken_law
)
"""By who should notice: how they are asked. An audit takes longer, and the command asks it."""


@pytest.fixture(scope="module")
def sound():
    """Firms that every look at a fault starts from, made of a model of which nobody complains."""
    with in_this_process():
        assert (zoo.stopped_by(), broken_law()) == ("", "")


@pytest.mark.parametrize("fault", [f for f in zoo.ZOO if f.by in ASKED], ids=lambda f: f.name)
def test_a_fault_is_noticed_by_whom_the_zoo_says(fault, sound):
    with zoo.planted(fault):
        assert ASKED[fault.by]() == fault.by


def test_no_fault_is_noticed_by_frozen_numbers_alone():
    assert len({fault.name for fault in zoo.ZOO}) == 20
    assert {fault.by for fault in zoo.ZOO} <= {*ASKED, "audit"}


@pytest.mark.thorough
def test_a_fault_is_gone_when_it_is_taken_out(sound):
    with zoo.planted(zoo.ZOO[0]):
        assert zoo.stopped_by() == zoo.VERIFICATION
    with in_this_process():
        assert zoo.stopped_by() == ""


def test_the_docs_have_the_table_of_the_zoo():
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    rows = "\n".join(f"| {fault.name} | {fault.by} |" for fault in zoo.ZOO)
    assert f"| fault | noticed by |\n| --- | --- |\n{rows}\n" in page
