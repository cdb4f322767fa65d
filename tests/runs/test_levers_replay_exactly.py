"""A scenario that says what was done during a run gives that run again, byte for byte."""

import pandas as pd
import pytest

from abm import RelocationModel
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.runs.on_disk.run_folders import write_table
from experiments.scenarios.describe import described_scenario
from tests.same_firms import model_of
from tests.support.thorough import but_for

FIRMS = 300
QUARTERS = 12

DUTY = {"tariffs.special.USA.MEX.all": 0.25}
THREAT = {"threat.instrument": "blanket", "threat.rate": 0.2, "threat.origins": ["MEX", "CAN"]}
PULLS = {
    "a duty, raised and lifted": {
        2: DUTY,
        5: {"tariffs.special.USA.MEX.all": 0.6},
        9: {"tariffs.special.USA.MEX.all": 0.0},
    },
    "a threat announced, carried out, withdrawn and made again": {
        1: THREAT,
        4: {"threat.imposed": "always"},
        7: {"threat.standing": False},
        10: {"threat.standing": True, "threat.imposed": "drawn", "threat.rate": 0.4},
    },
    "rules and audits, several in a quarter": {
        0: {"rules_of_origin.regional_value_content.cars": 0.85, "enforcement.audit_rate.USA": 0.3},
        3: {"agreement.preference": False},
        6: {"agreement.preference": True, "competition.markup_scale": 0.9},
    },
}


def played(scenario, pulls):
    """A model that ran with levers pulled after the quarters named."""
    model = model_of(scenario, FIRMS, seed=3)
    for quarter in range(QUARTERS):
        for key, value in pulls.get(quarter, {}).items():
            model.pull_levers({key: value})
        model.step()
    return model


def written(model, folder):
    """Bytes of every output table."""
    folder.mkdir()
    for name, table in model.frames().items():
        write_table(folder / name, name, table)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


PLAYED = [
    *(("usmca", name) for name in PULLS),
    ("threat-35", "a threat announced, carried out, withdrawn and made again"),
]


@pytest.mark.parametrize("game", but_for(PLAYED[-1:], PLAYED), ids=", ".join)
def test_a_run_with_levers_replays_byte_for_byte(game, tmp_path):
    scenario, pulls = game
    live = played(scenario, PULLS[pulls])
    again = Scenario.from_toml(described_scenario(live.scenario))
    replayed = RelocationModel(again, firms=FIRMS, rng=3)
    replayed.run_for(QUARTERS)
    assert written(replayed, tmp_path / "again") == written(live, tmp_path / "live")


@pytest.mark.thorough
def test_an_entry_nobody_knows_of_changes_nothing_until_it_is_news():
    before = played("usmca", {})
    after = played("usmca", {11: DUTY})
    for name, table in before.frames().items():
        other = after.frames()[name]
        same = [frame[frame["quarter"] <= 11].reset_index(drop=True) for frame in (table, other)]
        pd.testing.assert_frame_equal(*same, check_exact=True)
    assert not after.frames()["outcomes"].equals(before.frames()["outcomes"])


def test_a_lever_acts_in_the_next_quarter_and_is_an_event():
    model = model_of("status-quo", FIRMS, seed=3)
    model.run_for(2)
    model.pull_levers(DUTY)
    assert model.events == []
    model.step()
    (event,) = model.events
    assert (event["quarter"], event["instrument"]) == (3, "tariffs.special.USA.MEX.all")
    trade = model.frames()["trade"].query("origin == 'MEX' and destination == 'USA'")
    sums = trade.groupby("quarter")[["value_musd", "claimed_musd"]].sum()
    assert sums["value_musd"][2] == pytest.approx(sums["value_musd"][1], rel=0.02)
    assert sums["claimed_musd"][3] > sums["claimed_musd"][2]  # origin waives it


def test_levers_leave_no_regime_behind_that_is_over():
    model = model_of("status-quo", FIRMS, seed=3)
    for quarter in range(12):
        model.pull_levers({"tariffs.special.USA.MEX.all": 0.01 * (1 + quarter)})
        model.step()
    assert len(model.policy.regimes) == 2
    assert model.plan_values.shape[2] == 2
    assert model.every_cost.free_cost.shape[2] == 3  # and that in force at contracts


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tariffs.special.USA.MEX.all": 9.0}, "must be 0 to 5"),
        ({"tariffs.specials.USA": 0.1}, "did you mean 'special'"),
        ({"threat.withdrawn": "2019-01-01"}, "is a date already"),
        ({}, "no change is named"),
    ],
)
def test_a_lever_that_cannot_be_pulled_says_why_and_changes_nothing(changes, said):
    model = model_of("status-quo", FIRMS, seed=3)
    before = model.scenario
    with pytest.raises(ScenarioError, match=said):
        model.pull_levers(changes)
    assert model.scenario is before
