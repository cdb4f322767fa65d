"""What values a scenario takes, and what it says to the others."""

from typing import get_args

import pytest
from pydantic import ValidationError

from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.config import settings
from abm.config.keys import keys_of
from abm.errors import ScenarioError
from abm.policy.instruments.enforcement import AuditRate, Penalty
from abm.policy.instruments.rules_of_origin import RegionalValueContent
from abm.scenario.scenario import Scenario

ENTRY = "[[timeline]]\ndate = 2018-01-01\ntitle = 'news'\n"


def complaint(text):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_toml(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[rules_of_origin.regional_value_content]\ncars = 75",
            "rules_of_origin.regional_value_content.cars = 75: must be 0 to 1"
            " (share of net cost); did you mean 0.75?",
        ),
        (
            "[tariffs.special.USA.MEX]\nall = 25",
            "tariffs.special.USA.MEX.all = 25: must be 0 to 5 (ad valorem); did you mean 0.25?",
        ),
        ("quarters = 4.5", "quarters = 4.5: must be a whole number, 1 to 400 (quarters)"),
        ("economy.theta_scale = nan", "economy.theta_scale = nan: must be 0.1 to 5"),
        ("economy.theta_scale = 1e999", "economy.theta_scale = inf: must be 0.1 to 5"),
        ("firms.discount_per_year = 1", "firms.discount_per_year = 1: must be above 0 and below 1"),
        ("firms.build_noise = true", "firms.build_noise = true: must be 0 to 1000"),
        ("agreement.preference = 1", "agreement.preference = 1: must be true or false"),
        ("economy.duty_revenue = 'x'", """duty_revenue = "x": must be 'kept' or 'rebated'"""),
        (
            "threat.imposed = 'soon'",
            "must be 'never' or 'drawn' or 'always' or a date such as 2018-07-01",
        ),
        ("start = 2017-01-01T00:00:00", "must be a date such as 2018-07-01"),
        ("start = 2017-02-15", "start must be the first day of a month, not 2017-02-15"),
        ("firms.stage_quarters = [1, 2]", "must be a list of 3, each a whole number, 1 to 100"),
        ("firms.stage_cost_shares = [1, 0, 1]", "stage_cost_shares sum to 2, must sum to 1"),
        ("firms.beliefs.forward = 1.0", "firms.beliefs: the shares of firms sum to 1.6"),
        ("tariffs.special.USA.USA.all = 0.1", "trade of USA with itself crosses no border"),
        ("barriers.MEX.MEX.all = 0.1", "trade of MEX with itself crosses no border"),
        ("threat.origins = ['CAN']", "origins must be ['MEX'] for a border_tax"),
        ("threat = { instrument = 'blanket', origins = ['USA'] }", "origins cannot hold USA"),
        (
            "threat = { announced = 2018-01-01, withdrawn = 2017-06-01 }",
            "withdrawn (2017-06-01) comes before announced (2018-01-01)",
        ),
        ("sources = { 'firm' = 'x' }", "firm: no such key; did you mean 'firms'? (in sources)"),
        ("extends = 3", "extends = 3: must be text"),
        ("timeline = 3", "timeline: must be a list, written [[timeline]]"),
    ],
)
def test_an_impossible_value_is_told_with_what_is_allowed(text, line):
    assert line in complaint(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "threat.arival_per_quarter = 0.1",
            "threat.arival_per_quarter: no such key; did you mean 'arrival_per_quarter'?",
        ),
        (
            "rules_of_origin.cars = 0.5",
            "did you mean 'rules_of_origin.regional_value_content.cars'?",
        ),
        ("tariffs.special.USA.MX.all = 0.1", "tariffs.special.USA.MX: no such key; did you mean"),
        ("barriers.CHN.USA.car = 0.1", "barriers.CHN.USA.car: no such key; did you mean 'cars'?"),
        ("zzz = 1", "zzz: no such key; a scenario knows agreement,"),
        ("'a\nb' = 1".replace("\n", "\\n").replace("'", '"'), '"a\\nb": no such key'),
        (ENTRY + "set = { agreement.preference = false }\ntite = 1", "timeline[0].tite: no such"),
    ],
)
def test_a_misspelt_key_is_told_with_the_nearest_right_one(text, line):
    assert line in complaint(text)


def test_several_faults_are_told_at_once_in_one_line():
    line = complaint("economy = { theta_scale = 9, sigma_scale = 9, agglomeration = 9 }")
    assert all(name in line for name in ("theta_scale", "sigma_scale", "agglomeration"))
    assert "\n" not in line


def test_a_percentage_is_read_as_a_fraction():
    scenario = Scenario.from_toml(
        "[rules_of_origin.regional_value_content]\ncars = '62.5%'\n"
        "[tariffs.special.USA.MEX]\nall = '25 %'\n[enforcement.audit_rate]\nUSA = '0.7%'\n"
    )
    assert scenario.rules_of_origin.regional_value_content.cars == 0.625
    assert scenario.tariffs.special["USA"]["MEX"]["all"] == 0.25
    assert scenario.enforcement.audit_rate.USA == 0.007


@pytest.mark.parametrize("text", ["ten%", "%", "nan%", "1e3%", "-1%", "101%"])
def test_what_is_no_share_is_refused_in_percent_too(text):
    assert "must be 0 to 1" in complaint(f"economy.rewire_per_year = '{text}'")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ("'firms.choice_noise' = 0.1", "firms.choice_noise: no such key; a scenario knows agree"),
        (
            "agreement.preferense = false",
            "did you mean 'preference'? (in the timeline, 2018",
        ),
        (
            "agreement.preference = 1",
            "agreement.preference = 1: must be true or false (in the",
        ),
        ("'threat.imposed' = 2019-01-01", "threat.imposed: is a date already"),
        ("", "timeline[0].set: must be a table that says something"),
    ],
)
def test_what_a_timeline_sets_is_checked_like_the_file(changes, line):
    assert line in complaint(f"{ENTRY}set = {{ {changes} }}")


def test_a_value_that_only_a_later_entry_makes_impossible_is_found():
    blanket = "threat = { instrument = 'blanket', origins = ['CHN'] }\n"
    line = complaint(f"{blanket}{ENTRY}set = {{ threat.instrument = 'border_tax' }}")
    assert "origins must be ['MEX']" in line


def test_an_entry_announced_after_its_date_is_refused():
    text = f"{ENTRY}announced = 2018-02-01\nset = {{ agreement.preference = false }}"
    assert "announced on 2018-02-01, after its own date" in complaint(text)


def test_nothing_of_a_scenario_can_be_changed():
    scenario = Scenario.load("status-quo")
    with pytest.raises(ValidationError, match="frozen"):
        scenario.quarters = 3
    with pytest.raises(ValidationError, match="frozen"):
        scenario.firms.build_cost = 0.5


def test_labels_in_files_are_those_of_the_axes():
    assert get_args(settings.Region) == REGIONS
    assert get_args(settings.RegionOrAll) == ("all", *REGIONS)
    assert get_args(settings.GoodOrAll) == ("all", *GOODS)
    assert get_args(settings.Host) == HOSTS
    assert get_args(settings.Outsider) == REGIONS[len(HOSTS) :]
    assert get_args(settings.ManufactureOrAll) == ("all", *FOOTLOOSE)
    assert get_args(settings.ServiceOrAll) == ("all", *SECTORS[len(GOODS) :])
    assert get_args(settings.SectorOrAll) == ("all", *SECTORS)
    assert tuple(RegionalValueContent.model_fields) == FOOTLOOSE
    assert tuple(AuditRate.model_fields) == tuple(Penalty.model_fields) == HOSTS


def test_every_key_says_what_it_means_and_where_its_default_is_from():
    keys = keys_of(Scenario)
    plain = ("format", "name", "title", "question", "extends", "sources", "timeline")
    for path in keys.leaves():
        if path[0] not in plain:
            assert keys.about(path, "description"), path
            assert keys.about(path, "source"), path


def test_a_plant_takes_42_months_by_default():
    assert Scenario().firms.build_quarters * 3 == 42
