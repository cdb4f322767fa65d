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
from abm.checkpoint import put_away, take_up
from abm.errors import CheckpointError, ScenarioError
from abm.scenario import Scenario
from abm.state import Carried, State
from abm.twin import twin
from experiments.checkpoints import ARRAYS, FACTS, FOLDER, restored
from experiments.cli import main
from experiments.continuing import resume, run_again
from experiments.overrides import load_scenario
from experiments.runner import run_scenario
from experiments.tables import TABLES

FIRMS, QUARTERS, SEED = 100, 7, 3
DUTY = {"tariffs.special.USA.MEX.all": 0.25}
FILES = ["summary.json", *(f"{name}.parquet" for name in TABLES)]


@pytest.fixture(scope="module")
def donor():
    return RelocationModel("status-quo", firms=FIRMS, rng=SEED)


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
    ("name", "overrides"),
    [("history", ()), ("threat-35", ()), ("usmca", ["retaliation.MEX=1.0"])],
    ids=["history", "a threat", "governments that act by rules"],
)
def test_a_run_put_away_and_taken_up_in_every_quarter_is_the_same(donor, name, overrides):
    scenario = load_scenario(name, overrides)
    plain = played(twin(donor, scenario))
    again = played(twin(donor, scenario), lambda model: take_up(put_away(model)))
    same_tables(plain, again)
    decided = [[act.model_dump(mode="json") for act in m.decided] for m in (plain, again)]
    assert decided[0] == decided[1]
    assert bool(plain.decided) == bool(overrides)
    for column in plain.firms.columns():
        np.testing.assert_array_equal(getattr(plain.firms, column), getattr(again.firms, column))
    np.testing.assert_array_equal(plain.plan_values, again.plan_values)


@pytest.mark.parametrize("name", ["usmca", "threat-35"])
def test_a_fork_into_the_same_scenario_is_the_same_run(donor, name):
    plain, forked = (twin(donor, load_scenario(name)) for _ in range(2))
    plain.run_for(QUARTERS)
    for _ in range(QUARTERS):
        if forked.quarter in (1, 5):
            forked.fork(load_scenario(name))
        forked.step()
    same_tables(plain, forked)


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
    assert (model.scenario.name, model.past) == ("usmca", None)


def test_the_model_carries_what_its_state_declares_and_nothing_else():
    carried = {name for name, value in vars(RelocationModel).items() if isinstance(value, Carried)}
    assert carried == set(State.__dataclass_fields__)


def run(out, donor, after=lambda quarter: None, **options):
    """A run of the model whose first scenario does something at the end of a quarter."""

    def model(scenario, firms, seed):
        made = twin(donor, scenario)
        record = made.record

        def record_and_more():
            record()
            if scenario.name == "threat-35":
                after(made.quarter)

        made.record = record_and_more
        return made

    return run_scenario(
        load_scenario("threat-35"), firms=FIRMS, seed=SEED, out=out, quiet=True,
        draw=lambda *given: [], model_factory=model, **{"quarters": 6, **options},
    )  # fmt: skip


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


def bytes_of(folder):
    return {file: (folder / file).read_bytes() for file in FILES}


def test_a_run_that_was_stopped_goes_on_to_the_bytes_of_one_that_was_not(stopped, whole, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(stopped, again)
    assert main(["run", "--resume", str(again), "--quiet"]) == 0
    for name in ("threat-35", "status-quo"):
        assert bytes_of(again / name) == bytes_of(whole / name)
        assert not (again / name / FOLDER).exists()
    manifest = json.loads((again / "manifest.json").read_bytes())
    assert (manifest["resumed_from"], manifest["interrupted"]) == ([4], False)


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


def test_what_is_finished_is_kept_every_so_often_and_survives_a_kill(donor, tmp_path):
    out, seen = tmp_path / "run", []

    def look(quarter):
        kept = (out / FOLDER / FACTS).exists()
        seen.append(restored(out).quarter if kept else None)

    made = run(out, donor, look, quarters=5, checkpoint_every=2)
    assert seen == [None, None, 2, 2, 4]
    assert not made.interrupted
    assert restored(out).quarter == 5
    assert resume(out, quarters=6, quiet=True).run.quarters == 6
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        resume(out, quarters=8, quiet=True)


def changed(**facts):
    def change(place):
        told = json.loads((place / FACTS).read_bytes())
        (place / FACTS).write_text(json.dumps({**told, **facts}))

    return change


def cut(file):
    def change(place):
        content = (place / file).read_bytes()
        (place / file).write_bytes(content[: len(content) // 2])

    return change


def without_an_array(place):
    with np.load(place / ARRAYS) as stored:
        arrays = {name: stored[name] for name in stored.files}
    del arrays["state.firms.target"]
    np.savez(place / ARRAYS, **arrays)
    digest = hashlib.sha256((place / ARRAYS).read_bytes()).hexdigest()
    changed(arrays_sha256=digest)(place)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut(FACTS), "is no checkpoint written by nearshore"),
        (changed(program="another"), "is no checkpoint written by nearshore"),
        (cut(ARRAYS), "arrays.npz is damaged"),
        (changed(format=99), "in format 99"),
        (changed(version="0.0.1"), "was written by nearshore 0.0.1"),
        (changed(calibration_checksum="0"), "other figures of the calibration year"),
        (changed(scenario={"name": 3}), "holds a scenario that cannot be"),
        (changed(quarter=None), "does not say its quarter"),
        (without_an_array, "is incomplete"),
        (lambda place: shutil.rmtree(place), "holds no checkpoint"),
    ],
)
def test_a_checkpoint_that_cannot_be_continued_is_one_line(stopped, tmp_path, capsys, damage, said):
    folder = tmp_path / "run"
    shutil.copytree(stopped, folder)
    for name in ("threat-35", "status-quo"):
        damage(folder / name / FOLDER)
    before = sorted(Path(folder).rglob("*"))
    assert main(["run", "--resume", str(folder), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert sorted(Path(folder).rglob("*")) == before


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
