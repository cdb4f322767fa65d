"""Fits find what they should, say what they cannot know, and keep tests apart from targets."""

import json
import os
from math import sqrt

import numpy as np
import pytest
import sweep_runs

from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from experiments import results
from experiments.commands.main import main
from experiments.estimation.command import estimate as calibrate
from experiments.estimation.target_file import read_target_file
from experiments.sweeps.work.sweep import Options, run_sweep

A, B = 0.42, 0.17

HEAD = """
scenario = "status-quo"
firms = 10
quarters = 1
replications = 4
starts = 4
[parameters]
"firms.build_cost" = { uniform = [0.1, 0.9] }
"firms.closure_cost" = { loguniform = [0.05, 0.8] }
"""

TARGET = """
[[targets]]
outcome = "{outcome}"
value = {value!r}
error = {error!r}
use = "{use}"
"""


def write(folder, *targets, head=HEAD):
    path = folder / "fit.toml"
    names = ("outcome", "value", "error", "use")
    texts = [TARGET.format(**dict(zip(names, target, strict=True))) for target in targets]
    path.write_text(head + "".join(texts))
    return path


BOTH = (
    ("sum", A + B, 0.01, "fit"),
    ("gap", A - B, 0.01, "fit"),
    ("product", A * B, 0.01, "test"),
)


def fit(file, out, run_one=sweep_runs.bent, **options):
    result = calibrate(file, out, Options(quiet=True, **options), run_one=run_one)
    return result, json.loads((out / "fit.json").read_text()) if result.code == 0 else None


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    return (*fit(write(folder, *BOTH), folder / "out"), folder / "out")


def test_a_fit_finds_the_parameters_and_their_interval(fitted):
    _, numbers, _ = fitted
    build, closure = numbers["parameters"].values()
    assert build["value"] == pytest.approx(A, abs=0.02)
    assert closure["value"] == pytest.approx(B, abs=0.02)
    # a = (sum + gap) / 2, so its error is that of either moment over the root of 2.
    error = numbers["fitted"][0]["error"]
    assert 0.01 < error < 0.02
    low, high = build["interval"]
    assert (high - low) / (2 * 1.96) == pytest.approx(error / sqrt(2), rel=0.2)
    for known in (build, closure):
        assert known["verdict"] == "identified"
        # The profile of a nearly linear model leaves its limit where the slopes say it does.
        np.testing.assert_allclose(known["profile"], known["interval"], atol=0.02)


def test_targets_used_to_fit_are_never_reported_as_tests(fitted):
    result, numbers, out = fitted
    assert [row["outcome"] for row in numbers["fitted"]] == ["sum", "gap"]
    assert [row["outcome"] for row in numbers["tested"]] == ["product"]
    assert abs(numbers["tested"][0]["errors_away"]) < 3
    assert numbers["targets_sha256"] == json.loads((out / "targets.json").read_text())["sha256"]
    manifest = json.loads((out / "runs" / "manifest.json").read_text())
    assert manifest["targets_sha256"] == numbers["targets_sha256"]
    assert any(line.startswith("test: product") for line in result.lines)


def test_the_fitted_scenario_says_what_it_was_fitted_to(fitted):
    _, numbers, out = fitted
    scenario = Scenario.load(out / "fitted.toml")
    assert scenario.firms.build_cost == numbers["parameters"]["firms.build_cost"]["value"]
    assert "fitted to sum, gap" in scenario.sources["firms.build_cost"]
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 2
    assert page.index("Fitted: not a test") < page.index("Tests: not used to fit")


def on_surface(folder, starts):
    head = HEAD.replace("starts = 4", f'starts = {starts}\nsearch = "surface"')
    return write(folder, *BOTH, head=head)


@pytest.mark.thorough
def test_a_surface_finds_what_slopes_of_noisy_figures_miss(tmp_path):
    result, numbers = fit(on_surface(tmp_path, 64), tmp_path / "out", sweep_runs.noisy)
    build, closure = numbers["parameters"].values()
    assert build["value"] == pytest.approx(A, abs=0.06)
    assert closure["value"] == pytest.approx(B, abs=0.06)
    for known, truth in ((build, A), (closure, B)):
        assert known["profile"][0] < truth < known["profile"][1]
    assert numbers["evaluations"] == 66  # the points, where the scenario stands, and the best
    assert any(line.startswith("surface: runs at the best values differ") for line in result.lines)
    (tmp_path / "slopes").mkdir()
    same = write(tmp_path / "slopes", *BOTH)
    _, by_slopes = fit(same, tmp_path / "slopes" / "out", sweep_runs.noisy)
    known = by_slopes["parameters"]["firms.build_cost"]
    assert abs(known["value"] - A) > abs(build["value"] - A)


def test_too_few_points_for_a_surface_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"starts: \d points .* too few for a surface of 5 terms"):
        fit(on_surface(tmp_path, 3), tmp_path / "out")


@pytest.mark.thorough
def test_what_targets_cannot_tell_apart_is_said(tmp_path):
    file = write(tmp_path, ("sum", A + B, 0.01, "fit"), ("twice", 2 * (A + B), 0.02, "fit"))
    result, numbers = fit(file, tmp_path / "out")
    # Only the sum is known: each may be as low as it likes, and as high as the other lets it be.
    for known in numbers["parameters"].values():
        assert known["verdict"] == "bounded from above only"
    assert numbers["weakest_error"] > 1
    assert any(line.startswith("hard to tell apart") for line in result.lines)


def test_a_target_that_changes_sides_is_refused(tmp_path, fitted):
    _, _, out = fitted
    before = (out / "targets.json").read_bytes()
    turned = [(*target[:3], "fit") for target in BOTH]
    with pytest.raises(OutputError, match=r"were written down before the fit.*product"):
        fit(write(tmp_path, *turned), out, resume=True)
    with pytest.raises(OutputError, match="holds an estimation; --resume goes on with it"):
        fit(write(tmp_path, *BOTH), out)
    assert (out / "targets.json").read_bytes() == before


@pytest.mark.thorough
def test_a_fit_that_was_stopped_goes_on_to_the_same_numbers(tmp_path, fitted, marks, monkeypatch):
    _, numbers, _ = fitted
    monkeypatch.setenv("MAIN", str(os.getpid()))
    file, out = write(tmp_path, *BOTH), tmp_path / "out"
    stopped, _ = fit(file, out, sweep_runs.bent_until_stopped)
    assert stopped.code == 75
    ran = len(list(marks.iterdir()))
    again, found = fit(file, out, sweep_runs.bent_until_stopped, resume=True)
    assert again.code == 0
    assert found == numbers
    # Every run once: one mark a run, and one of the stop.
    manifest = json.loads((out / "runs" / "manifest.json").read_text())
    assert ran < len(list(marks.iterdir())) == manifest["runs"] + 1


@pytest.mark.parametrize(
    ("targets", "line"),
    [
        ([("sum", 1.0, 0.1, "fit")], '1 with use = "fit" for 2 parameters'),
        ([("sum", 1.0, 0.1, "fit"), ("sum", 1.0, 0.1, "test")], "is there twice"),
        ([("sum", 1.0, 0.0, "fit")], "error = 0.0: must be above 0"),
        ([("sum", 1.0, 0.1, "both")], "use = \"both\": must be 'fit' or 'test'"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path, targets, line):
    with pytest.raises(ScenarioError) as refused:
        read_target_file(write(tmp_path, *targets))
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.thorough
def test_the_fit_recovers_a_parameter_from_data_made_by_the_model(tmp_path):
    size = "scenario = 'status-quo'\nfirms = 1000\nquarters = 1\nreplications = 2\n"
    truth = tmp_path / "truth.toml"
    truth.write_text(f"{size}[set]\n'enforcement.paperwork_scale' = 1.6\n")
    run_sweep(truth, tmp_path / "data", Options(quiet=True), run_one=sweep_runs.claims)
    made = results(tmp_path / "data")["claims"].mean()
    span = "[parameters]\n'enforcement.paperwork_scale' = { loguniform = [0.3, 5.0] }\n"
    target = ("claims", float(made), 0.005, "fit")
    file = write(tmp_path, target, head=f"{size}starts = 1\n{span}")
    _, numbers = fit(file, tmp_path / "out", sweep_runs.claims)
    (known,) = numbers["parameters"].values()
    assert known["value"] == pytest.approx(1.6, rel=0.3)  # claims of two populations are noisy
    assert known["profile"][0] < 1.6 < known["profile"][1]


@pytest.mark.thorough
def test_the_command_fits_and_says_what_it_found(tmp_path, monkeypatch, capsys):
    from experiments.estimation import command

    monkeypatch.setattr(command.estimate, "__kwdefaults__", {"run_one": sweep_runs.bent})
    file = str(write(tmp_path, *BOTH))
    assert main(["calibrate", file, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("firms.build_cost = 0.4")
    assert said[-1] == f"Written: {tmp_path / 'out'}"
    assert main(["calibrate", file, "--out", str(tmp_path), "--quiet"]) == 2
    assert "name a new or empty folder" in capsys.readouterr().err
