"""How scenario files are found, read and laid one over the other."""

import os
from datetime import date

import pytest

from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario, shipped


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


def cars(scenario):
    return scenario.rules_of_origin.regional_value_content.cars


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_loads_and_says_what_it_asks(name):
    scenario = Scenario.load(name)
    first_line = shipped()[name].read_text(encoding="utf-8").splitlines()[0]
    assert scenario.name == name
    assert scenario.title
    assert first_line == f"# {scenario.question}"


def test_the_scenarios_listed_here_are_shipped():
    assert set(shipped()) == {
        "status-quo",
        "threat-35",
        "china-25",
        "nafta-withdrawal",
        "usmca",
        "usmca-content",
        "usmca-by-line",
        "tpp",
        "metals-2018",
        "collected-2018",
        "mexico-escalation-2019",
        "blanket-2025",
        "history",
        "forced-labour-301",
        "canada-338",
        "retaliation-2026",
        "review-2026-lapse",
        "review-2026-renewed",
        "review-2026-content",
        "review-2026-bilateral",
        "objectives-2017",
        "blanket-25",
        "balance-target",
    }


def test_every_shipped_policy_value_names_its_source():
    for name in shipped():
        scenario = Scenario.load(name)
        assert all(entry.source for entry in scenario.timeline)
        assert any("rules_of_origin" in key for key in scenario.sources)


def test_a_scenario_inherits_and_says_only_what_differs(write):
    file = write("mine.toml", 'extends = "status-quo"\n[economy]\nagglomeration = 0.0\n')
    scenario = Scenario.load(file)
    assert scenario.economy.agglomeration == 0
    assert scenario.economy.relation == Scenario.load("status-quo").economy.relation
    assert cars(scenario) == 0.625


def test_name_title_and_question_are_a_scenarios_own(write):
    scenario = Scenario.load(write("mine.toml", 'extends = "usmca"\n'))
    assert (scenario.name, scenario.title, scenario.question) == ("mine", "", "")


def test_timelines_of_a_scenario_and_what_it_extends_are_joined(write):
    entry = '[[timeline]]\ndate = 2026-07-01\ntitle = "end"\nset = { agreement.preference = false }'
    scenario = Scenario.load(write("mine.toml", f'extends = "usmca-content"\n{entry}\n'))
    assert [entry.date.year for entry in scenario.timeline] == [2020, 2021, 2022, 2023, 2026]


def test_a_scenario_may_extend_its_neighbour(write):
    write("base.toml", "[economy]\nagglomeration = 0.1\nrelation = 0.2\n")
    file = write("mine.toml", 'extends = "base"\n[economy]\nrelation = 0.3\n')
    economy = Scenario.load(file).economy
    assert (economy.agglomeration, economy.relation) == (0.1, 0.3)


@pytest.mark.parametrize(
    "name", ["../base", "/base", "sub/base.toml", "..", ".", "", "base\\x", "a\0b", "file://base"]
)
def test_extends_leads_nowhere_but_to_the_same_folder(write, tmp_path, name):
    write("base.toml", "quarters = 8\n")
    (tmp_path / "sub").mkdir()
    write("sub/base.toml", "quarters = 8\n")
    (tmp_path / "inner").mkdir()
    text = f'extends = "{name}"\n'.replace("\\", "\\\\").replace("\0", "\\u0000")
    with pytest.raises(ScenarioError, match="no such scenario"):
        Scenario.load(write("inner/mine.toml", text))


def test_a_link_out_of_the_folder_is_not_followed(write, tmp_path):
    target = write("outside.toml", "quarters = 8\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "base.toml").symlink_to(target)
    file = write("inner/mine.toml", 'extends = "base"\n')
    with pytest.raises(ScenarioError, match="no such scenario"):
        Scenario.load(file)


def test_a_circle_of_extends_is_refused(write):
    write("a.toml", 'extends = "b"\n')
    write("b.toml", 'extends = "c"\n')
    file = write("c.toml", 'extends = "a"\n')
    with pytest.raises(ScenarioError, match="circle: 'c' extends 'a' extends 'b' extends 'c'"):
        Scenario.load(file)


def test_a_text_may_extend_shipped_scenarios_only(write, monkeypatch, tmp_path):
    write("base.toml", "quarters = 8\n")
    monkeypatch.chdir(tmp_path)
    assert len(Scenario.from_toml('extends = "usmca-content"').timeline) == 4
    with pytest.raises(ScenarioError, match="no such scenario"):
        Scenario.from_toml('extends = "base"')


def test_an_unknown_key_is_told_with_the_file_it_is_in(write):
    write("base.toml", "[firms]\nbuild_costs = 1\n")
    file = write("mine.toml", 'extends = "base"\n')
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(file)
    assert str(caught.value) == (
        "firms.build_costs: no such key; did you mean 'build_cost'? (in base.toml)"
    )


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(ScenarioError, match=r'"usmac": no such .*; did you mean \'usmca\'\?'):
        Scenario.load("usmac")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"#" * 1_000_001, "larger than a scenario may be"),
        (b"\xff\xfe", "not UTF-8"),
        (b"quarters = ", "not TOML"),
        (b"x = " + b"[" * 50_000, "nested too deeply"),
        (b"sources." + b"a." * 400 + b"a = 1", "nested too deeply"),
        (b"sources." + b"a." * 400_000 + b"a = 1", "nested too deeply"),
        (b"quarters = 1" + b"0" * 5000, "not TOML"),
        (b"format = 2", "newer than this version reads"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_in_one_line(tmp_path, content, problem):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError, match=problem) as caught:
        Scenario.load(file)
    assert str(caught.value).startswith(("mine.toml: ", "format = 2: mine.toml"))
    assert "\n" not in str(caught.value)


def test_a_file_as_windows_editors_save_it_is_read(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_bytes("\ufeffquarters = 8\r\n".encode())
    assert Scenario.load(file).quarters == 8


def test_folders_pipes_and_empty_names_are_no_scenarios(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for source in (tmp_path, tmp_path / "pipe.toml", "", "\0", "x" * 5000):
        with pytest.raises(ScenarioError, match="no such scenario or file"):
            Scenario.load(source)


def test_a_scenario_survives_its_manifest():
    scenario = Scenario.load("usmca")
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert again == scenario
    assert again.timeline[0].date == date(2020, 7, 1)


def test_a_loaded_scenario_is_taken_as_it_is():
    scenario = Scenario.load("usmca")
    assert Scenario.load(scenario) is scenario
