"""Overrides: what --set does to a scenario, and what it refuses."""

import pytest

from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario, shipped
from experiments.scenarios.describe import described
from experiments.scenarios.overrides import load_scenario, same_as_extended, without_effect
from tests.support.thorough import but_for

CARS = "rules_of_origin.regional_value_content.cars"


def test_an_override_replaces_a_value():
    scenario = load_scenario("status-quo", [f"{CARS}=0.85", "economy.closure=partial"])
    assert scenario.rules_of_origin.regional_value_content.cars == 0.85
    assert scenario.economy.closure == "partial"


def test_an_override_holds_for_the_whole_run():
    policy = compile_policy(load_scenario("usmca", [f"{CARS}=0.85"]))
    lines = load_economy().lines
    cars, trucks = (policy.content_threshold[lines.of(sector), 0] for sector in range(2))
    assert (cars == 0.85).all()
    assert (trucks == [0.625, 0.66, 0.69, 0.72, 0.75]).all()


def test_an_entry_whose_every_key_is_overridden_disappears():
    scenario = load_scenario("nafta-withdrawal", ["agreement.preference=true"])
    assert scenario.timeline == ()
    assert scenario.same_model_as(Scenario.load("status-quo"))


def test_an_override_of_a_threat_makes_one_where_there_is_none():
    scenario = load_scenario("status-quo", ["threat.arrival_per_quarter=0.1"])
    assert scenario.threat.arrival_per_quarter == 0.1
    assert scenario.threat.rate == 0.35


def test_a_value_may_be_a_percentage_a_date_a_list_or_bare_text():
    scenario = load_scenario(
        "status-quo",
        [
            "tariffs.special.USA.MEX.all=25%",
            "threat.instrument=blanket",
            'threat.origins=["MEX", "CAN"]',
            "threat.imposed = 2018-01-01",
        ],
    )
    assert scenario.tariffs.special == {"USA": {"MEX": {"all": 0.25}}}
    assert scenario.threat.origins == ("MEX", "CAN")
    assert scenario.threat.imposed.year == 2018


def beliefs(*overrides):
    shares = load_scenario("status-quo", [f"firms.beliefs.{text}" for text in overrides])
    return pytest.approx(tuple(shares.firms.beliefs.model_dump().values()), abs=1e-12)


def test_shares_of_beliefs_fill_up_to_one():
    assert beliefs("forward=1.0") == (0, 0, 1)
    assert beliefs("forward=50%") == (0.25, 0.25, 0.5)
    assert beliefs("forward=0.5", "myopic=0.1") == (0.1, 0.4, 0.5)
    assert beliefs("forward=0.0", "myopic=0.0", "adaptive=1") == (0, 1, 0)


def test_shares_of_zero_are_filled_evenly(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("firms.beliefs = { myopic = 0, adaptive = 0, forward = 1 }")
    shares = load_scenario(file, ["firms.beliefs.forward=0.4"]).firms.beliefs
    assert (shares.myopic, shares.adaptive) == (0.3, 0.3)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("threat.arival_per_quarter=0.1", "threat.arival_per_quarter: no such key; did you mean"),
        (f"{CARS}=75", f"{CARS} = 75: must be 0 to 1 (share of net cost); did you mean 0.75?"),
        ("firms.beliefs.forward=2", "firms.beliefs.forward = 2: must be 0 to 1"),
        ("firms.beliefs=1", "is a table; set one of its keys: myopic, adaptive, forward"),
        ("quarters.x=1", "quarters.x: no such key; quarters is a value, not a table"),
        ("timeline=1", "timeline: cannot be overridden"),
        ("extends=usmca", "extends: cannot be overridden"),
        ("quarters", '"quarters": an override is written KEY=VALUE'),
        ("quarters=", '"quarters=": an override is written KEY=VALUE'),
        ("=1", '"=1": an override is written KEY=VALUE'),
        ("quarters=1\nformat=3", "quarters = "),
        ("economy.relation={a=1}", "economy.relation: must be 0 to 10"),
    ],
)
def test_a_wrong_override_is_told_in_one_line(override, line):
    with pytest.raises(ScenarioError) as caught:
        load_scenario("status-quo", [override])
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_set_twice_is_refused():
    with pytest.raises(ScenarioError, match="quarters: is set twice"):
        load_scenario("status-quo", ["quarters=3", "quarters=4"])


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("status-quo", f"{CARS}=62.5%"),
        ("status-quo", "tariffs.special.USA.MEX.all=0"),
        ("status-quo", "firms.beliefs.forward=0.4"),
        ("threat-35", "threat.rate=0.35"),
    ],
)
def test_an_override_that_changes_nothing_is_reported(name, override):
    key, _, value = override.partition("=")
    assert without_effect(name, [override, "quarters=8"]) == [
        f"changes nothing: {key} is already {value}"
    ]


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("usmca", [f"{CARS}=0.625"]),  # the start has it, the timeline changes it later
        ("usmca", ["rules_of_origin.regional_value_content.cars=0.66"]),
        ("status-quo", ["threat.instrument=blanket", 'threat.origins=["CHN"]']),
        ("status-quo", ["start=2018-01-01"]),
    ],
)
def test_an_override_that_changes_something_is_not_reported(name, overrides):
    assert without_effect(name, overrides) == []


@pytest.mark.thorough
def test_a_scenario_that_equals_what_it_extends_is_reported(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('extends = "usmca"\ntitle = "the same under another name"\n')
    assert same_as_extended(file) == "usmca"
    assert same_as_extended(file, ["quarters=8"]) is None
    assert same_as_extended("nafta-withdrawal", ["agreement.preference=true"]) == "status-quo"
    assert [name for name in shipped() if same_as_extended(name)] == []


@pytest.mark.parametrize("name", but_for(["usmca-by-line", "threat-35"], shipped()))
def test_what_is_shown_can_be_saved_and_run(name, tmp_path):
    file = tmp_path / "shown.toml"
    overrides = ["tariffs.special.CAN.all.metals=0.1", "barriers.MEX.CHN.finance=5%"]
    file.write_text(described(name, overrides), encoding="utf-8")
    scenario = load_scenario(name, overrides)
    assert Scenario.load(file).model_dump(exclude={"extends"}) == scenario.model_dump(
        exclude={"extends"}
    )


def test_what_is_shown_names_units_and_sources():
    text = described("usmca", ["firms.build_cost=0.5"])
    assert "Unit: share of net cost. From status-quo: Head, Mayer and Melitz (2024)" in text
    assert "From the command line\nbuild_cost = 0.5" in text
    assert "From the default: Axtell (2001), from memory, unverified\nzipf_exponent" in text
    assert "# no [threat]:" in text
    assert "unverified = true" in text
