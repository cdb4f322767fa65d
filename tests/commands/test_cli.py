"""The command line: what it reads, what it prints, how it ends."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from typer.testing import CliRunner

from abm.errors import OutputError
from experiments.commands.main import app, main


class Runs(list):
    """What the runner was asked for; ``leaves`` decides how a run ends."""

    leaves = SimpleNamespace(interrupted=False)


@pytest.fixture
def runs(monkeypatch):
    """Put a recorder in the place of the runner, so that no model is run."""
    asked = Runs()

    def run_scenario(scenario, **options):
        asked.append({"scenario": scenario, **options})
        if isinstance(asked.leaves, Exception):
            raise asked.leaves
        return asked.leaves

    runner, report = (
        ModuleType("experiments.runs.runner"),
        ModuleType("experiments.commands.printed"),
    )
    runner.run_scenario = run_scenario
    runner.default_folder = lambda scenario, against, seed: f"results/{scenario.name}"
    report.print_result = lambda result, quiet: None
    monkeypatch.setitem(sys.modules, "experiments.runs.runner", runner)
    monkeypatch.setitem(sys.modules, "experiments.commands.printed", report)
    return asked


def error_line(capsys, *arguments):
    """Return the one line of an error, after checking that it is one and exits with 2."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("nearshore: ")
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("nearshore: ").removesuffix("\n")


def test_help_names_the_commands():
    printed = CliRunner().invoke(app, ["--help"]).stdout
    assert all(command in printed for command in ("run", "scenarios", "show", "--version"))


def test_help_of_run_names_every_option():
    printed = CliRunner().invoke(app, ["run", "--help"]).stdout
    options = ("firms", "quarters", "seed", "set", "against", "out", "profile", "quiet")
    assert [option for option in options if f"--{option}" not in printed] == []


def test_without_a_command_help_is_printed(capsys):
    assert main([]) == 0
    assert "Usage: nearshore" in capsys.readouterr().out


def test_help_is_a_program_of_its_own_that_loads_no_model():
    code = (
        "import sys; from experiments.commands.main import main; status = main(['--help']);"
        "heavy = {'numpy', 'pandas', 'pydantic', 'mesa', 'scipy', 'abm'} & set(sys.modules);"
        "sys.exit(status or str(heavy or '') or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: nearshore" in done.stdout


def test_an_error_leaves_a_process_with_2_and_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "experiments.commands.main", "show", "usmac"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "nearshore: \"usmac\": no such scenario or file; did you mean 'usmca'?\n"
    )


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("nearshore")


def test_scenarios_lists_each_on_one_line(capsys):
    assert main(["scenarios"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "balance-target",
        "blanket-2025",
        "blanket-25",
        "canada-338",
        "china-25",
        "collected-2018",
        "forced-labour-301",
        "history",
        "metals-2018",
        "mexico-escalation-2019",
        "nafta-withdrawal",
        "objectives-2017",
        "retaliation-2026",
        "review-2026-bilateral",
        "review-2026-content",
        "review-2026-lapse",
        "review-2026-renewed",
        "status-quo",
        "threat-35",
        "tpp",
        "usmca-by-line",
        "usmca-content",
        "usmca",
    ]
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in lines)


def test_show_prints_a_scenario_with_its_overrides(capsys):
    assert main(["show", "usmca", "--set", "firms.build_cost=0.5", "--set", "quarters=40"]) == 0
    printed = capsys.readouterr()
    assert "build_cost = 0.5\n" in printed.out
    assert printed.err == "changes nothing: quarters is already 40\n"


def test_run_hands_everything_to_the_runner(runs, tmp_path):
    sizes = ["--firms", "50", "--quarters", "3", "--seed", "0"]
    arguments = [*sizes, "--profile", "--quiet", "--against", "status-quo"]
    overrides = ["--set", "economy.relation=0.1", "--set", "threat.imposed=drawn"]
    assert main(["run", "usmca", *arguments, *overrides, "--out", str(tmp_path)]) == 0
    (asked,) = runs
    scenario, reference = asked.pop("scenario"), asked.pop("against")
    assert (scenario.name, scenario.quarters, scenario.economy.relation) == ("usmca", 3, 0.1)
    assert scenario.threat.imposed == "drawn"
    assert (reference.name, reference.quarters, reference.threat) == ("status-quo", 3, None)
    assert asked == {
        "firms": 50,
        "quarters": 3,
        "seed": 0,
        "out": tmp_path,
        "channels": False,
        "profile": True,
        "quiet": True,
        "checkpoint_every": None,
        "seeds": 8,
        "workers": None,
    }


def test_run_has_defaults(runs):
    assert main(["run", "usmca"]) == 0
    (asked,) = runs
    assert (asked["firms"], asked["quarters"], asked["seed"]) == (10_000, 40, 1)
    assert (asked["out"], asked["against"]) == ("results/usmca", None)


@pytest.mark.parametrize(
    ("arguments", "seeds"),
    [
        ([], 1),
        (["--against", "status-quo"], 5),
        (["--against", "status-quo", "--firms", "2000"], 8),
        (["--against", "status-quo", "--firms", "4000"], 5),
        (["--against", "status-quo", "--firms", "3000"], 6),
        (["--against", "status-quo", "--seeds", "1"], 1),
        (["--against", "status-quo", "--seeds", "20"], 20),
    ],
)
def test_a_comparison_has_eight_seeds_and_a_large_one_fewer(runs, arguments, seeds):
    assert main(["run", "usmca", *arguments]) == 0
    assert runs[0]["seeds"] == seeds


def test_a_reference_runs_as_long_as_the_scenario(runs):
    assert main(["run", "usmca", "--set", "quarters=7", "--against", "status-quo"]) == 0
    assert runs[0]["quarters"] == runs[0]["against"].quarters == 7


def test_an_override_that_changes_nothing_says_so(runs, capsys):
    main(["run", "status-quo", "--set", "agreement.preference=true"])
    assert capsys.readouterr().err == "changes nothing: agreement.preference is already true\n"


def test_a_scenario_that_is_what_it_runs_against_says_so(runs, capsys):
    main(["run", "usmca", "--against", "usmca"])
    assert capsys.readouterr().err == (
        "changes nothing: usmca is the same as what it runs against, usmca\n"
    )


def test_a_scenario_that_is_what_it_extends_says_so(runs, capsys, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('extends = "usmca"\n')
    main(["run", str(file), "--against", "usmca"])
    assert capsys.readouterr().err == (
        "changes nothing: mine is the same as what it extends, usmca\n"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run"], "name a scenario, or a folder with --resume"),
        (["run", "usmca", "--nope"], "No such option: --nope; see 'nearshore run --help'"),
        (["jump"], "No such command 'jump'; see 'nearshore --help'"),
        (["run", "usmca", "--firms", "0"], "Invalid value for '--firms'"),
        (["run", "usmca", "--quarters", "x"], "Invalid value for '--quarters'"),
        (["run", "usmca", "--seed", "-1"], "Invalid value for '--seed'"),
        (["run", "usmca", "--seeds", "0"], "Invalid value for '--seeds'"),
        (["run", "usmca", "--against", "nafta"], '"nafta": no such scenario or file'),
        (
            ["run", "usmca", "--set", "threat.arival_per_quarter=0.1"],
            "threat.arival_per_quarter: no such key; did you mean 'arrival_per_quarter'?",
        ),
        (
            ["show", "usmca", "--set", "rules_of_origin.regional_value_content.cars=75"],
            "rules_of_origin.regional_value_content.cars = 75: must be 0 to 1"
            " (share of net cost); did you mean 0.75?",
        ),
    ],
)
def test_bad_input_is_one_line_and_starts_no_run(runs, capsys, arguments, line):
    assert error_line(capsys, *arguments).startswith(line)
    assert runs == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "--resume", "x", "--seeds", "3"], "--seeds cannot be given with --resume"),
        (["run", "usmca", "--seeds", "3"], "--seeds 3: pairs two scenarios seed by seed"),
        (["brief", "nowhere"], "nowhere: holds no run written by nearshore run"),
    ],
)
def test_seeds_and_briefs_of_nothing_are_one_line(capsys, arguments, line):
    assert error_line(capsys, *arguments).startswith(line)


def test_what_the_runner_refuses_is_one_line(runs, capsys):
    runs.leaves = OutputError("results: holds\nsomething else")
    assert error_line(capsys, "run", "usmca") == "results: holds something else"


def test_a_fault_of_ours_is_not_hidden(runs):
    runs.leaves = ZeroDivisionError("ours")
    with pytest.raises(ZeroDivisionError):
        main(["run", "usmca"])


def test_an_interrupted_run_exits_with_130(runs, capsys):
    runs.leaves = SimpleNamespace(interrupted=True)
    assert main(["run", "usmca"]) == 130


def test_a_stop_before_the_run_exits_with_130(monkeypatch, capsys):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.scenarios.overrides.load_scenario", stop)
    assert main(["run", "usmca"]) == 130
    assert capsys.readouterr().err == "nearshore: stopped\n"
