"""What a sweep file may say, what it amounts to, and what is refused."""

from math import isfinite

import numpy as np
import pytest
from scipy import stats
from sweep_runs import write_sweep

from abm.errors import ScenarioError
from experiments.sweeps.design.identity import seed_of
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.points import points
from experiments.sweeps.design.sweep_file import SweepFile, read_sweep, shipped_sweeps
from experiments.sweeps.workers.one_run import simulate

TWO = """[factors]
"firms.build_cost" = {uniform = [0.1, 0.3]}
"economy.relation" = {uniform = [0, 1]}
"""


def read(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text if "scenario" in text else f'scenario = "status-quo"\n{text}')
    return read_sweep(path)


def plan(tmp_path, text):
    return make_plan(*read(tmp_path, text))


def test_the_smallest_sweep_file_has_40_runs_over_10_seeds(tmp_path):
    text = """
scenario = "status-quo"
firms = 500
quarters = 2
replications = 10
[factors]
"rules_of_origin.regional_value_content.cars" = [0.6, 0.7, 0.8, 0.9]
"""
    specs = list(plan(tmp_path, text).specs())
    assert len({spec.run for spec in specs}) == 40
    assert len({spec.seed for spec in specs}) == 10
    assert {(spec.firms, spec.quarters) for spec in specs} == {(500, 2)}


@pytest.mark.parametrize("name", shipped_sweeps())
def test_a_shipped_sweep_is_valid_and_asks_something(name):
    sweep, folder = read_sweep(name)
    assert sweep.question.endswith("?")
    assert sweep.outcomes
    assert len(make_plan(sweep.model_copy(update={"replications": 1}), folder)) > 10


@pytest.mark.parametrize("name", shipped_sweeps())
def test_a_shipped_sweep_runs_and_gives_the_outcomes_it_names(tmp_path, name):
    sweep, _ = read_sweep(name)
    tiny = sweep.model_dump(mode="json") | {"firms": 100, "quarters": 1, "replications": 1}
    plan = make_plan(SweepFile.from_document(tiny), tmp_path)
    spec = list(plan.specs())[-1]
    outcomes = simulate(spec, plan.scenarios[spec.scenario])
    assert set(sweep.outcomes) <= set(outcomes)
    assert all(isfinite(outcomes[outcome]) for outcome in sweep.outcomes)


def test_a_run_keeps_its_identity_when_others_are_added(tmp_path):
    few = plan(tmp_path, '[factors]\n"firms.build_cost" = [0.1, 0.3]\n')
    many = plan(
        tmp_path, 'replications = 12\n[factors]\n"firms.build_cost" = [0.05, 0.1, 0.2, 0.3]\n'
    )
    assert {spec.run for spec in few.specs()} < {spec.run for spec in many.specs()}


def test_a_run_has_another_identity_when_anything_it_does_differs(tmp_path):
    texts = ["", "firms = 11", "seed = 2", "quarters = 3", '[set]\n"economy.relation" = 0.4']
    texts += ['scenario = "usmca"']
    runs = [next(plan(tmp_path, f"{text}\n").specs()).run for text in texts]
    assert len(set(runs)) == len(runs)


def test_a_run_keeps_its_identity_when_only_words_change(tmp_path):
    (tmp_path / "mine.toml").write_text('extends = "usmca"\ntitle = "other words"\n')
    theirs = plan(tmp_path, 'scenario = "usmca"\n')
    mine = plan(tmp_path, 'scenario = "mine"\n')
    assert [spec.run for spec in mine.specs()] == [spec.run for spec in theirs.specs()]


def test_seeds_belong_to_replications_and_roots():
    seeds = {seed_of(root, r) for root in range(20) for r in range(1, 101)}
    assert len(seeds) == 2000
    assert all(0 <= seed < 2**53 for seed in seeds)


def test_factors_in_quotes_and_in_tables_are_the_same(tmp_path):
    quoted = plan(
        tmp_path, '[factors]\n"firms.beliefs.forward" = {from = 0.0, to = 1.0, steps = 3}\n'
    )
    nested = plan(
        tmp_path, "[factors.firms.beliefs]\nforward = {from = 0.0, to = 1.0, steps = 3}\n"
    )
    assert quoted.points == nested.points == [{"firms.beliefs.forward": x} for x in (0.0, 0.5, 1.0)]


def test_a_paired_list_takes_values_side_by_side(tmp_path):
    text = '[factors]\n"firms.build_cost" = [0.1, 0.2]\n"economy.relation" = [0.5, 0.6]\n'
    listed = plan(tmp_path, text + '[design]\nkind = "list"\n')
    assert [list(point.values()) for point in listed.points] == [[0.1, 0.5], [0.2, 0.6]]
    assert len(plan(tmp_path, text).points) == 4


def test_a_latin_hypercube_has_one_point_in_every_slice(tmp_path):
    sweep, _ = read(tmp_path, TWO + '\n[design]\nkind = "latin_hypercube"\nn = 50\n')
    costs = [point["firms.build_cost"] for point in points(sweep)]
    assert sorted(int((cost - 0.1) / 0.2 * 50) for cost in costs) == list(range(50))


@pytest.mark.parametrize("kind", ["sobol", "sobol_sequence"])
def test_a_longer_sobol_design_begins_with_the_shorter(tmp_path, kind):
    few, many = (
        points(read(tmp_path, f'{TWO}\n[design]\nkind = "{kind}"\nn = {n}\n')[0]) for n in (16, 32)
    )
    assert many[: len(few)] == few


def test_sobol_sizes_are_raised_to_a_power_of_two(tmp_path):
    sweep, _ = read(tmp_path, TWO + '\n[design]\nkind = "sobol"\nn = 5\n')
    assert len(points(sweep)) == 8 * (2 + 2)


def test_a_morris_trajectory_changes_one_factor_at_a_time(tmp_path):
    sweep, _ = read(tmp_path, TWO + '\n[design]\nkind = "morris"\nn = 3\n')
    made = points(sweep)
    assert len(made) == 3 * 3
    for t in range(0, 9, 3):
        for a, b in ((t, t + 1), (t + 1, t + 2)):
            assert sum(made[a][key] != made[b][key] for key in made[a]) == 1


@pytest.mark.parametrize(
    ("spec", "law"),
    [
        ("loguniform = [0.01, 1.0]", stats.loguniform(0.01, 1)),
        ("triangular = [0.1, 0.2, 0.4]", stats.triang(1 / 3, 0.1, 0.3)),
        ("normal = [0.5, 0.05]", stats.norm(0.5, 0.05)),
    ],
)
def test_sampled_values_follow_their_distribution(tmp_path, spec, law):
    text = f'[factors]\n"firms.build_cost" = {{ {spec} }}\n[design]\nkind="sobol_sequence"\nn=256\n'
    values = np.sort([point["firms.build_cost"] for point in points(read(tmp_path, text)[0])])
    # A scrambled Sobol sequence of n points fills every n-th of the distribution once.
    assert np.abs(law.cdf(values) - (np.arange(256) + 0.5) / 256).max() < 1 / 256


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("replicatons = 3", "replicatons: no such key; did you mean 'replications'?"),
        ("replications = 0", "replications = 0: must be a whole number, 1 to"),
        ("seed = -1", "seed = -1: must be a whole number"),
        ('scenario = "status-qo"', "did you mean 'status-quo'?"),
        ('scenario = "../../etc/passwd"', "no such scenario, shipped or in the same folder"),
        ('scenario = "a/b"', "no such scenario, shipped or in the same folder"),
        ('scenario = ["usmca", "usmca"]', "scenario: one is named twice"),
        ('[factors]\n"firms.buld_cost" = [1]', "did you mean 'build_cost'?"),
        ('[factors]\n"firms.build_cost" = [99.0]', "firms.build_cost = 99.0: must be 0 to 10"),
        ('[factors]\n"firms.build_cost" = []', "must list 1 to"),
        ('[factors]\n"firms.build_cost" = [0.1, 0.1]', "is listed twice"),
        ('[factors]\n"firms.build_cost" = [nan]', "is not finite"),
        ('[factors]\n"firms.build_cost" = 0.1', "must be a list of values"),
        ('[factors]\n"firms.build_cost" = {from=1, to=0, steps=3}', "must be below"),
        ('[factors]\n"firms.build_cost" = {from=0, to=1, steps=1000000000}', "whole number, 2 to"),
        ('[factors]\n"firms.build_cost" = {uniform=[0, 1]}', "a grid needs a list or a range"),
        ('[factors]\n"name" = ["a"]', "name: cannot be overridden"),
        ('[factors]\n"quarters" = [1, 2]', "quarters: is said once"),
        ('[factors]\n"firms" = [1, 2]', "firms: is a table"),
        ('[factors]\n"firms.build_cost" = [0.1]\n[set]\n"firms.build_cost" = 0.2', "is both set"),
        ('[design]\nkind = "sobol"', "a design of kind 'sobol' needs n"),
        ('[design]\nkind = "grid"\nn = 4', "a design of kind 'grid' takes no n"),
        ('[design]\nkind = "eval"', "design.kind = \"eval\": must be 'grid' or 'list'"),
        ('[reference]\n"firms.build_cost" = 0.1', "is no factor of this sweep"),
        ("firms = 1" + "0" * 5000, "is not TOML"),
        ("firms = " + "[" * 20000, "is nested too deeply"),
        ("x." * 400_000 + "y = 1", "is nested too deeply"),
        ("# " + "x" * 1_000_001, "is larger than"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, text, line):
    with pytest.raises(ScenarioError) as refused:
        plan(tmp_path, text if "[" in text[:1] or text.startswith("scenario") else text + "\n")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600  # with the names of all that is shipped


def test_a_sweep_of_too_many_runs_is_refused_before_it_is_laid_out(tmp_path):
    keys = ("firms.build_cost", "economy.relation", "firms.closure_cost", "economy.agglomeration")
    steps = "{from = 0.0, to = 1.0, steps = 10000}"
    text = "[factors]\n" + "".join(f'"{key}" = {steps}\n' for key in keys)
    with pytest.raises(ScenarioError, match="runs; at most 1000000 are allowed"):
        plan(tmp_path, text)


def test_a_sweep_file_runs_a_scenario_that_lies_beside_it(tmp_path):
    (tmp_path / "mine.toml").write_text('extends = "usmca"\n[firms]\nbuild_cost = 0.5\n')
    (text,) = plan(tmp_path, 'scenario = "mine"\n').scenarios.values()
    assert "build_cost = 0.5" in text


def test_points_that_amount_to_the_same_are_run_once(tmp_path):
    path = write_sweep(tmp_path, replications=2, costs=(0.1, 0.2))
    made = make_plan(*read_sweep(path))
    assert len(made) == len({spec.run for spec in made.specs()}) == 4
