"""nearshore bench: what it measures, writes and refuses; never how long things take."""

import json
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

from abm.errors import ModelError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.runs.processes import in_own_process
from experiments.speed.bench import (
    BenchResult,
    SizeResult,
    bench,
    milliseconds,
    print_bench,
)
from experiments.speed.bound import (
    NO_WORK,
    Transcendentals,
    of_cost_step,
    of_free_mix,
    of_one_evaluation,
)
from experiments.speed.machine import Speed, description, in_words, measured_speed, peak_memory
from tests.same_firms import at_rest

PHASES = (
    "enact_policy",
    "update_beliefs",
    "price_licences",
    "price_inputs",
    "renew_contracts",
    "solve_costs",
    "claim_origin",
    "value_plans",
    "relocate",
    "build_capacity",
    "serve_customers",
    "trade_and_account",
    "rewire_suppliers",
    "record",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the command leaves for a tiny model."""
    out = tmp_path_factory.mktemp("bench") / "mine"
    arguments = ["bench", "status-quo", "--firms", "150", "--quarters", "2", "--out", str(out)]
    assert main(arguments) == 0
    return out


@pytest.mark.thorough
def test_every_size_has_its_seconds_by_quarter_and_by_phase(folder):
    document = json.loads((folder / "bench.json").read_text())
    (size,) = document["sizes"]
    assert (document["scenario"], document["quarters"], size["firms"]) == ("status-quo", 2, 150)
    assert set(size["phase_seconds"]) == set(PHASES)
    assert {len(seconds) for seconds in size["phase_seconds"].values()} == {2}
    assert len(size["quarter_seconds"]) == len(size["bound_seconds"]) == 2
    assert all(seconds > 0 for seconds in size["quarter_seconds"])
    by_phase = np.sum([size["phase_seconds"][phase] for phase in PHASES], axis=0)
    assert (by_phase <= size["quarter_seconds"]).all()


@pytest.mark.thorough
def test_the_manifest_names_scenario_and_contents_so_that_a_second_run_may_replace_the_first(
    folder,
):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["contents"] == ["manifest.json", "bench.json"]
    assert manifest["scenario"]["name"] == "status-quo"
    assert {path.name for path in folder.iterdir()} == set(manifest["contents"])


def test_the_tables_have_a_row_a_size_and_a_row_a_phase():
    sizes = [
        SizeResult(firms, 1.0, [0.2, 0.1, 0.3], {"solve_costs": [0.1] * 3}, [0.05] * 3, 2**30)
        for firms in (100, 1_000)
    ]
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as captured:
        print_bench(BenchResult("usmca", 3, 1, description(), sizes), console)
    printed = captured.get()
    assert "1,000" in printed
    assert "solve costs" in printed
    assert "5,000" in printed  # a thousand firms in the median of 0.2 s
    assert "1.00" in printed  # GiB
    assert "medians are of 3 quarters" in printed.lower()


def test_the_cost_phase_stands_against_its_bound_quarter_by_quarter():
    size = SizeResult(10, 1.0, [1.0] * 3, {"solve_costs": [2.0, 9.0, 4.0]}, [1.0, 3.0, 1.0], None)
    assert size.times_bound == 3.0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--firms", "10"], "firms: 10; at least"),
        (["--firms", "0"], "greater than or equal to 1"),
        (["--quarters", "0"], "greater than or equal to 1"),
        (["--set", "threat.rat=1"], "threat.rat: no such key"),
        (["--out", "pyproject.toml"], "is a file"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2_before_anything_is_measured(
    arguments, complaint, capsys, monkeypatch
):
    monkeypatch.setattr("experiments.speed.bench.measure_size", None)
    assert main(["bench", *arguments]) == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


def test_a_size_that_is_too_small_is_seen_before_the_others_are_measured():
    told = []
    with pytest.raises(Exception, match="firms: 5"):
        bench(Scenario.load("status-quo"), [150, 5], quarters=1, seed=1, progress=told.append)
    assert told == []


def test_a_process_that_is_ended_from_outside_is_one_error_of_ours():
    with pytest.raises(ModelError, match="want of memory"):
        in_own_process(_end_at_once)


def _end_at_once() -> None:
    import os

    os._exit(9)


def test_a_process_of_its_own_counts_its_own_memory_alone():
    held = np.ones(40_000_000)  # 320 MB in this process, which the other one must not report
    code = "from experiments.speed.machine import peak_memory; print(peak_memory())"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    if answer.stdout.strip() == "None":
        pytest.skip("this system does not count memory")
    assert peak_memory() > held.nbytes
    if sys.platform == "linux":
        assert int(answer.stdout) < held.nbytes


def test_the_speed_of_the_machine_is_a_rate_of_both_functions():
    speed = measured_speed(threads=1, numbers=1 << 14)
    assert speed.logarithms > 0
    assert speed.exponentials > 0
    assert speed.threads == 1


def test_the_machine_is_described_in_one_line():
    words = in_words(description())
    assert "NumPy" in words
    assert "\n" not in words


def test_work_is_its_counts_over_the_rates():
    speed = Speed(logarithms=100.0, exponentials=50.0, threads=1, block=1)
    assert Transcendentals(200, 100).seconds(speed) == 4.0
    assert NO_WORK + Transcendentals(1, 2) == Transcendentals(1, 2)


def test_the_bound_counts_one_power_a_free_cost_and_two_where_the_rule_binds():
    assert of_free_mix(firms=7, inputs=3, hosts=2, regimes=5) == Transcendentals(210, 210)
    assert of_one_evaluation(entries=4, inputs=3) == Transcendentals(24, 28)


def test_the_bound_of_a_model_is_the_sum_over_its_sectors():
    model = at_rest(150)
    costs, sector = model.costs, model.firms.sector
    used = np.array([np.count_nonzero(terms.bill_of_materials, axis=0) for terms in model.terms])
    per_host = used[sector]  # inputs by firm and host
    bound = (costs.log_wedge > 0) | ~costs.feasible
    columns = bound.shape[2]  # regimes, and once more the one in force, at contracts
    powers = columns * per_host.sum() + 2 * (bound.sum(axis=2) * per_host).sum()
    assert bound.any()
    expected = Transcendentals(int(powers), int(powers + bound.sum()))
    assert of_cost_step(sector, model.terms, costs) == expected


def test_milliseconds_have_three_digits_that_count():
    assert [milliseconds(s) for s in (0.00012345, 0.0123456, 1.23456)] == ["0.123", "12.3", "1,235"]
