"""A set-up that was kept is the one that would be worked out, or is not used at all."""

import os
from dataclasses import replace

import numpy as np
import pytest

import abm.kept_set_ups
from abm.base_year.set_up import calibrated_economy
from abm.economy.tables import load_economy
from abm.engine.draws import Draws
from abm.kept_set_ups import kept_economy, set_up_anew
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario

FIRMS = 120


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NEARSHORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def one():
    return calibrated_economy(load_economy(), Scenario.load("status-quo"), FIRMS, Draws(2))


@pytest.fixture
def worked_out(monkeypatch, one):
    """How often a set-up was worked out; here it is the same one whatever is asked."""
    asked = []

    def counted(*given):
        asked.append(given)
        return one

    monkeypatch.setattr(abm.kept_set_ups, "calibrated_economy", counted)
    return asked


def ask(scenario="status-quo", overrides=None, firms=FIRMS, seed=2, observed=None):
    said = Scenario.load(scenario, overrides or {})
    return kept_economy(observed or load_economy(), said, firms, Draws(seed))


@pytest.mark.anew
def test_a_run_from_what_was_kept_is_the_same_to_the_last_bit(cache, monkeypatch):
    monkeypatch.setattr(abm.model, "kept_economy", kept_economy)
    with set_up_anew():
        anew = RelocationModel("usmca", firms=FIRMS, rng=2)
    first, again = (RelocationModel("usmca", firms=FIRMS, rng=2) for _ in range(2))
    assert len(list(cache.iterdir())) == 1
    for model in (anew, first, again):
        model.run_for(4)
    expected = anew.state.records.frames()
    for model in (first, again):
        for name, table in model.state.records.frames().items():
            assert table.equals(expected[name]), name
        for name in model.firms.columns():
            assert getattr(model.firms, name).tobytes() == getattr(anew.firms, name).tobytes()


def test_whatever_it_depends_on_gives_another_and_policy_does_not(cache, worked_out):
    observed = load_economy()
    ask()
    ask("usmca")
    ask(overrides={"firms.relocation": False})
    assert len(worked_out) == 1
    more = observed.employment * 1.01
    ask(seed=3)
    ask(firms=FIRMS + 10)
    ask(overrides={"firms.fixed_cost": 0.7})
    ask(overrides={"economy.win": 0.9})
    ask(observed=replace(observed, employment=more))
    assert len(worked_out) == 6
    assert len(list(cache.iterdir())) == 6


@pytest.mark.parametrize("harm", ["cut", "flipped", "emptied", "pickled"])
def test_what_is_damaged_is_worked_out_again_and_replaced(cache, worked_out, harm):
    first = ask()
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    if harm == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif harm == "flipped":
        middle = len(whole) // 2
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    elif harm == "emptied":
        file.write_bytes(b"")
    else:
        with file.open("wb") as stream:
            np.savez(stream, numbers=np.array([{}], dtype=object))
    again = ask()
    assert len(worked_out) == 2
    assert np.array_equal(again.firms.plants, first.firms.plants)
    ask()
    assert len(worked_out) == 2


def test_nothing_is_kept_where_nothing_is_to_be_or_can_be(cache, worked_out, monkeypatch, tmp_path):
    with set_up_anew():
        ask()
    monkeypatch.setenv("NEARSHORE_CACHE", "")
    ask()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEARSHORE_CACHE", str(tmp_path / "file" / "below"))
    ask()
    monkeypatch.setenv("NEARSHORE_CACHE", str(cache))
    monkeypatch.setattr(abm.kept_set_ups, "LARGEST_KEPT", FIRMS - 1)
    ask()
    assert len(worked_out) == 4
    assert not cache.exists()


@pytest.mark.usefixtures("worked_out")
def test_those_not_used_for_longest_make_room(cache, monkeypatch):
    ask(seed=2)
    (oldest,) = cache.iterdir()
    os.utime(oldest, (1, 1))
    ask(seed=3)
    (other,) = set(cache.iterdir()) - {oldest}
    os.utime(other, (2, 2))
    ask(seed=2)  # used again
    monkeypatch.setattr(abm.kept_set_ups, "ROOM", int(1.5 * oldest.stat().st_size))
    ask(seed=4)
    assert oldest.exists()
    assert not other.exists()
    assert len(list(cache.iterdir())) == 2
