"""Twenty faults planted in the model, each of which somebody notices, and says who."""

from collections import Counter

import pytest

from tests.faults import zoo
from tests.in_this_process import in_this_process

BY = {"verification": 10, "identities and guards": 3, "law": 6, "audit": 1}
"""How many faults are noticed first by whom, as ``docs/reliability.md`` tells."""


@pytest.fixture(scope="module")
def sound():
    """Verdicts on the sound model, of which nobody complains."""
    with in_this_process():
        assert zoo._runs() == ""
        assert zoo.broken_law() == ""
        found = zoo.verdicts()
    assert set(found) == {"survives"}
    return found


@pytest.fixture(scope="module")
def noticed(sound):
    return {fault.name: zoo.noticed_by(fault, sound) for fault in zoo.ZOO}


def test_there_are_twenty_faults():
    assert len({fault.name for fault in zoo.ZOO}) == 20


def test_every_fault_is_noticed_by_more_than_frozen_numbers_and_by_whom_the_docs_say(noticed):
    assert Counter(by.partition(":")[0] for by in noticed.values()) == BY


@pytest.mark.parametrize("fault", zoo.ZOO[:2], ids=lambda fault: fault.name)
def test_a_fault_is_gone_when_it_is_taken_out(fault, sound):
    zoo.noticed_by(fault, sound)
    with in_this_process():
        assert zoo._runs() == ""
