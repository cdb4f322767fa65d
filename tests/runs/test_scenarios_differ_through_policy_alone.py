"""One seed means the same firms and the same luck under every scenario."""

import pandas as pd
import pytest

from abm import RelocationModel
from abm.engine.parallel import THREADS
from agents import FirmTable

pytestmark = pytest.mark.anew

FIRMS = 400


def frames_of(scenario, quarters, seed=1):
    model = RelocationModel(scenario, firms=FIRMS, rng=seed)
    model.run_for(quarters)
    return model.frames()


@pytest.mark.thorough
def test_scenarios_start_from_the_same_firms_to_the_byte():
    one, other = (RelocationModel(name, firms=FIRMS) for name in ("status-quo", "usmca"))
    for column in FirmTable.columns():
        same = getattr(one.firms, column).tobytes() == getattr(other.firms, column).tobytes()
        assert same, column


@pytest.mark.thorough
def test_nothing_differs_before_the_agreement_is_announced():
    before, after = frames_of("status-quo", 6), frames_of("usmca", 6)
    for name in ("outcomes", "trade", "moves", "content"):
        pd.testing.assert_frame_equal(before[name], after[name], check_exact=True)


def test_one_seed_gives_the_same_bytes_twice_and_another_seed_does_not():
    first, again, other = (frames_of("blanket-25", 6, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first["trade"], again["trade"], check_exact=True)
    assert not first["trade"].equals(other["trade"])


def test_the_number_of_threads_changes_no_byte(monkeypatch):
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setenv(THREADS, str(threads))
        found.append(frames_of("usmca", 9, 5))
    for name, frame in found[0].items():
        for other in found[1:]:
            pd.testing.assert_frame_equal(frame, other[name], check_exact=True)
