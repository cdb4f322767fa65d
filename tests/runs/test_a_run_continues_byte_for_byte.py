"""A run that is put away and taken up, or forked into its own future, gives the same bytes."""

import hashlib
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm import RelocationModel
from abm.errors import CheckpointError, ScenarioError
from abm.scenario.scenario import Scenario
from abm.state.state import Carried, State
from abm.worlds.checkpoint import put_away, take_up
from abm.worlds.twin import twin
from experiments.commands.main import main
from experiments.runs.continuing import resume, run_again
from experiments.runs.on_disk.checkpoints import ARRAYS, CHECKPOINT, FACTS, restored
from experiments.runs.progress import RunProgress
from experiments.scenarios.describe import described
from experiments.scenarios.overrides import load_scenario
from tests.kept_runs import QUARTERS, bytes_of, changed, cut, run

pytestmark = pytest.mark.usefixtures("no_figures")

DUTY = {"tariffs.special.USA.MEX.all": 0.25}


TALKS = [
    "negotiation.begins=2017-04-01",
    "negotiation.outcomes.peace.per_quarter=0.3",
    "negotiation.outcomes.peace.agreed=2017-07-01",
    "negotiation.outcomes.peace.set.competition.markup_scale=0.9",
    "negotiation.outcomes.duty.per_quarter=0.2",
    "negotiation.outcomes.duty.agreed=never",
    "negotiation.outcomes.duty.set.tariffs.special.USA.MEX.all=0.25",
]
"""On top of a threat, talks that end in quarter 3 in an outcome with a name."""


LUCK = [*TALKS[:2], TALKS[3], TALKS[4], TALKS[6]]
"""The same, whenever chance will have it."""


def same_tables(one, other, quarters=QUARTERS):
    for name, table in one.frames().items():
        cut = [t[t["quarter"] <= quarters] for t in (table, other.frames()[name])]
        pd.testing.assert_frame_equal(*cut, check_exact=True)


def played(model, after_each=lambda model: model):
    """A run with levers pulled in two quarters."""
    while model.quarter < QUARTERS:
        if model.quarter in (2, 4):
            model.pull_levers({"tariffs.special.USA.MEX.all": 0.1 * model.quarter})
        model.step()
        model = after_each(model)
    return model


@pytest.mark.parametrize(
    ("name", "overrides", "agreed"),
    [
        pytest.param("history", (), None, marks=pytest.mark.thorough),
        ("threat-35", (), None),
        ("usmca", ["retaliation.MEX=1.0"], None),
        ("threat-35", TALKS, "peace"),
        pytest.param("threat-35", LUCK, "duty", marks=pytest.mark.thorough),
    ],
    ids=["history", "a threat", "governments that act by rules", "talks", "talks left to chance"],
)
def test_a_run_put_away_and_taken_up_in_every_quarter_is_the_same(donor, name, overrides, agreed):
    scenario = load_scenario(name, overrides)
    plain = played(twin(donor, scenario))
    again = played(twin(donor, scenario), lambda model: take_up(put_away(model)))
    same_tables(plain, again)
    decided = [[act.model_dump(mode="json") for act in m.in_force.decided] for m in (plain, again)]
    assert decided[0] == decided[1]
    assert bool(plain.in_force.decided) == (name == "usmca")
    assert plain.in_force.agreed == again.in_force.agreed == agreed
    for column in plain.firms.columns():
        np.testing.assert_array_equal(getattr(plain.firms, column), getattr(again.firms, column))
    np.testing.assert_array_equal(plain.plan_values, again.plan_values)
    assert (plain.customers.split != donor.customers.split).any()
    for name, array in vars(plain.customers).items():
        np.testing.assert_array_equal(array, getattr(again.customers, name))


@pytest.mark.parametrize(
    ("name", "overrides", "agreed"),
    [
        ("usmca", (), None),
        ("threat-35", (), None),
        ("threat-35", TALKS, "peace"),
        ("threat-35", LUCK, "duty"),
    ],
    ids=["usmca", "a threat", "talks", "talks left to chance"],
)
def test_a_fork_into_the_same_scenario_is_the_same_run(donor, name, overrides, agreed):
    scenario = load_scenario(name, overrides)
    plain, forked = (twin(donor, scenario) for _ in range(2))
    plain.run_for(QUARTERS)
    for _ in range(QUARTERS):
        if forked.quarter in (1, 5):
            forked.fork(scenario)
        forked.step()
    same_tables(plain, forked)
    assert plain.in_force.agreed == forked.in_force.agreed == agreed


def test_futures_of_one_checkpoint_do_not_touch_each_other(donor):
    model = twin(donor, load_scenario("usmca"))
    model.run_for(2)
    kept = put_away(model)
    first, second = (take_up(kept) for _ in range(2))
    first.fork(load_scenario("blanket-25"))
    first.run_for(3)
    second.run_for(3)
    model.run_for(3)
    same_tables(second, model)
    assert not first.outcomes.equals(second.outcomes)


@pytest.mark.thorough
def test_what_was_agreed_stands_in_a_future_of_the_same_talks_and_in_no_other(donor):
    model = twin(donor, load_scenario("threat-35", TALKS))
    model.run_for(4)
    assert model.in_force.agreed == "peace"
    kept = put_away(model)
    futures = {
        "same talks": load_scenario("threat-35", [*TALKS, "tariffs.special.USA.CAN.all=0.1"]),
        "no talks": load_scenario("status-quo"),
        "other talks": load_scenario("threat-35", LUCK),
    }
    markup, agreed = {}, {}
    for name, future in futures.items():
        forked = take_up(kept)
        forked.fork(future)
        assert forked.in_force.agreed == ("peace" if name == "same talks" else None)
        again = take_up(put_away(forked))
        for one in (forked, again):
            one.run_for(2)
        same_tables(forked, again)
        agreed[name] = forked.in_force.agreed
        markup[name] = float(forked.now.markup_scale[forked.regime])
    assert markup["same talks"] == 0.9
    assert markup["no talks"] == 1.0
    assert (markup["other talks"] == 0.9) == (agreed["other talks"] == "peace")


def test_a_fork_is_a_surprise_in_its_quarter_and_leaves_the_past_as_it_was(donor):
    news = {"date": "2018-04-01", "title": "duty", "set": DUTY}
    document = load_scenario("status-quo").model_dump(exclude_none=True)
    announced = Scenario.from_document({**document, "timeline": [news]})
    plain = twin(donor, announced)
    plain.run_for(QUARTERS)
    forked = twin(donor, load_scenario("status-quo"))
    forked.run_for(5)
    forked.fork(load_scenario("status-quo", ["tariffs.special.USA.MEX.all=0.25"]))
    forked.run_for(QUARTERS - 5)
    for name in ("outcomes", "trade", "content", "moves"):
        pd.testing.assert_frame_equal(forked.frames()[name], plain.frames()[name], check_exact=True)
    (event,) = forked.events
    assert (event["quarter"], event["instrument"]) == (6, "tariffs.special.USA.MEX.all")


def test_what_the_past_had_announced_is_expected_no_more_after_a_fork(donor):
    model = twin(donor, load_scenario("usmca"))
    model.run_for(8)
    assert len(model.policy.timeline) > 1
    model.fork(load_scenario("status-quo"))
    model.step()
    assert [segment.start for segment in model.policy.timeline] == [0, 9]


def test_a_fork_into_other_firms_is_refused_and_changes_nothing(donor):
    model = twin(donor, load_scenario("usmca"))
    model.run_for(1)
    with pytest.raises(ScenarioError, match="assumes other firms"):
        model.fork(load_scenario("status-quo", ["firms.build_cost=0.4"]))
    assert (model.scenario.name, model.in_force.past) == ("usmca", None)


def test_the_model_carries_what_its_state_declares_and_nothing_else():
    names = {name for kind in RelocationModel.__mro__ for name in vars(kind)}
    carried = {name for name in names if isinstance(getattr(RelocationModel, name, None), Carried)}
    assert carried | {"policy"} == set(State.__dataclass_fields__)
    model = RelocationModel("status-quo", firms=100)
    assert model.state.policy is model.in_force.state


@pytest.fixture(scope="module")
def whole(tmp_path_factory, donor):
    """A run beside its reference that nobody stopped."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run(out, donor, against=load_scenario("status-quo"))
    return out


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, donor):
    """The same, asked to terminate in quarter 4 of 6."""
    out = tmp_path_factory.mktemp("stopped") / "run"

    def terminate(quarter):
        if quarter == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    result = run(out, donor, terminate, against=load_scenario("status-quo"))
    assert result.notes == [
        f"Stopped after quarter 4 of 6: what is finished is kept; go on with: "
        f"nearshore run --resume {out}"
    ]
    return out


def test_a_run_that_was_stopped_goes_on_to_the_bytes_of_one_that_was_not(stopped, whole, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(stopped, again)
    assert main(["run", "--resume", str(again), "--quiet"]) == 0
    for name in ("threat-35", "status-quo"):
        assert bytes_of(again / name) == bytes_of(whole / name)
        assert not (again / name / CHECKPOINT).exists()
    manifest = json.loads((again / "manifest.json").read_bytes())
    assert (manifest["resumed_from"], manifest["interrupted"]) == ([4], False)


@pytest.fixture(scope="module")
def talks(tmp_path_factory, donor):
    """A run whose talks end in an agreement in quarter 3: whole, and stopped in quarter 4."""
    folder = tmp_path_factory.mktemp("talks")

    def terminate(quarter):
        if quarter == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    run(folder / "whole", donor, overrides=TALKS)
    run(folder / "stopped", donor, terminate, overrides=TALKS)
    events = pd.read_parquet(folder / "whole" / "events.parquet")
    told = events[events["instrument"] == "negotiation"]
    assert [(row.quarter, row.new) for row in told.itertuples()][-1] == (3, "peace")
    return folder


def test_a_run_that_was_stopped_after_an_agreement_goes_on_to_the_same_bytes(talks, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(talks / "stopped", again)
    assert main(["run", "--resume", str(again), "--quiet"]) == 0
    assert bytes_of(again) == bytes_of(talks / "whole")


@pytest.mark.parametrize("at", [2, 4], ids=["before the agreement", "after it"])
def test_a_fork_beside_an_agreement_into_its_own_future_gives_the_same(talks, tmp_path, at):
    own = tmp_path / "own.toml"
    own.write_text(described("threat-35", TALKS), encoding="utf-8")
    forked(talks / "stopped", at, str(own), tmp_path / "fork")
    assert bytes_of(tmp_path / "fork") == bytes_of(talks / "whole")


def test_a_fork_after_an_agreement_into_a_future_without_talks_can_be_made_again(talks, tmp_path):
    manifest = forked(talks / "stopped", 4, "blanket-25", tmp_path / "fork")
    again = run_again(manifest, 6)
    assert again.in_force.agreed is None
    outcomes = pd.read_parquet(tmp_path / "fork" / "outcomes.parquet")
    np.testing.assert_array_equal(outcomes["output_musd"], again.outcomes["output_musd"])
    past = pd.read_parquet(talks / "stopped" / "outcomes.parquet")
    pd.testing.assert_frame_equal(outcomes[outcomes["quarter"] <= 4], past, check_exact=True)


@pytest.mark.thorough
def test_a_fork_that_is_stopped_before_its_first_quarter_goes_on(talks, tmp_path, monkeypatch):
    out, whole = tmp_path / "fork", tmp_path / "whole"
    forked(talks / "stopped", 4, "blanket-25", whole)
    begin = RunProgress.begin

    def terminate_and_begin(progress):
        os.kill(os.getpid(), signal.SIGTERM)
        begin(progress)

    monkeypatch.setattr(RunProgress, "begin", terminate_and_begin)
    given = ["fork", str(talks / "stopped"), "--at", "4", "--scenario", "blanket-25"]
    assert main([*given, "--out", str(out), "--quiet"]) == 130
    monkeypatch.undo()
    assert restored(out).quarter == 4
    assert main(["run", "--resume", str(out), "--quiet"]) == 0
    assert bytes_of(out) == bytes_of(whole)


def forked(folder, at, scenario, out):
    given = ["fork", str(folder), "--at", str(at), "--scenario", scenario, "--out", str(out)]
    assert main([*given, "--quiet"]) == 0
    return json.loads((out / "manifest.json").read_bytes())


def test_a_fork_before_the_checkpoint_starts_over_and_gives_the_same(stopped, whole, tmp_path):
    forked(stopped, 3, "threat-35", tmp_path / "fork")
    assert bytes_of(tmp_path / "fork") == {**bytes_of(whole / "threat-35")}


def test_a_fork_from_the_checkpoint_can_be_made_again_from_its_manifest(stopped, tmp_path):
    out = tmp_path / "fork"
    manifest = forked(stopped, 4, "blanket-25", out)
    assert (manifest["scenario"]["name"], manifest["forked_from"]["quarter"]) == ("blanket-25", 4)
    outcomes = pd.read_parquet(out / "outcomes.parquet")
    again = run_again(manifest, 6).frames()["outcomes"]
    np.testing.assert_array_equal(outcomes["output_musd"], again["output_musd"])
    past = pd.read_parquet(stopped / "threat-35" / "outcomes.parquet")
    pd.testing.assert_frame_equal(outcomes[outcomes["quarter"] <= 4], past, check_exact=True)


@pytest.mark.thorough
def test_what_is_finished_is_kept_every_so_often_and_survives_a_kill(donor, tmp_path):
    out, seen = tmp_path / "run", []

    def look(quarter):
        kept = (out / CHECKPOINT / FACTS).exists()
        seen.append(restored(out).quarter if kept else None)

    made = run(out, donor, look, quarters=5, checkpoint_every=2)
    assert seen == [None, None, 2, 2, 4]
    assert not made.interrupted
    assert restored(out).quarter == 5
    assert resume(out, quarters=6, quiet=True).run.quarters == 6
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        resume(out, quarters=8, quiet=True)


def without_array(name):
    """What a checkpoint would be without an array of the state."""

    def change(place):
        with np.load(place / ARRAYS) as stored:
            arrays = {name: stored[name] for name in stored.files}
        del arrays[f"state.{name}"]
        np.savez(place / ARRAYS, **arrays)
        digest = hashlib.sha256((place / ARRAYS).read_bytes()).hexdigest()
        changed(arrays_sha256=digest)(place)

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut(FACTS), "is no checkpoint written by nearshore"),
        (changed(program="another"), "is no checkpoint written by nearshore"),
        (cut(ARRAYS), "arrays.npz is damaged"),
        (changed(format=99), "in format 99"),
        (changed(version="0.0.1"), "was written by nearshore 0.0.1"),
        (changed(calibration_checksum="0"), "was changed since a run wrote it"),
        (changed(scenario={"name": 3}), "holds a scenario that cannot be"),
        (changed(quarter=None), "does not say its quarter"),
        (without_array("firms.target"), "was changed since a run wrote it"),
        (lambda place: shutil.rmtree(place), "holds no checkpoint"),
    ],
)
def test_a_checkpoint_that_cannot_be_continued_is_one_line(stopped, tmp_path, capsys, damage, said):
    folder = tmp_path / "run"
    shutil.copytree(stopped, folder)
    for name in ("threat-35", "status-quo"):
        damage(folder / name / CHECKPOINT)
    before = sorted(Path(folder).rglob("*"))
    assert main(["run", "--resume", str(folder), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert sorted(Path(folder).rglob("*")) == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (changed(calibration_checksum="0"), "other figures of the calibration year"),
        (without_array("firms.target"), "is incomplete"),
        (without_array("customers.pool"), "is incomplete"),
    ],
)
def test_a_checkpoint_of_another_model_is_not_taken_up(stopped, tmp_path, damage, said):
    shutil.copytree(stopped / "threat-35", tmp_path / "run")
    damage(tmp_path / "run" / CHECKPOINT)
    with pytest.raises(CheckpointError, match=said):
        restored(tmp_path / "run")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "name a scenario"),
        (["run", "usmca", "--resume", "DIR"], "a scenario cannot be given with --resume"),
        (["run", "--resume", "DIR", "--set", "quarters=3"], "--set cannot be given"),
        (["run", "--resume", "DIR", "--quarters", "3"], "is at quarter 4 of 3 already"),
        (["run", "--resume", "NOWHERE"], "holds no run"),
        (["fork", "DIR", "--at", "6", "--scenario", "usmca"], "not a quarter from 1 to 5"),
        (["fork", "NOWHERE", "--at", "6", "--scenario", "usmca"], "holds no run"),
        (
            ["fork", "DIR", "--at", "1", "--quarters", "1", "--scenario", "usmca"],
            "ends with quarter 1; say a later one with --quarters",
        ),
    ],
)
def test_what_cannot_be_continued_is_one_line(stopped, tmp_path, capsys, arguments, said):
    named = {"DIR": str(stopped), "NOWHERE": str(tmp_path)}
    assert main([named.get(word, word) for word in arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error


def test_a_model_of_another_economy_is_not_taken_for_the_packages_own(donor):
    model = twin(donor, load_scenario("status-quo"))
    checkpoint = put_away(model)
    checkpoint.facts["economy"] = "0"
    with pytest.raises(CheckpointError, match="another economy"):
        take_up(checkpoint)
