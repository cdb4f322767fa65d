"""What each instrument writes into a regime's arrays."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, GOODS, HOSTS, IMMOBILE, N_REGIONS, N_SECTORS, REGIONS, SECTORS
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy import Policy, compile_policy
from abm.policy.arrays import PolicyArrays, RegimeArrays
from abm.scenario.scenario import Scenario


def policy(text: str) -> Policy:
    return compile_policy(Scenario.from_toml(text))


def cell(array, sector, source, market, regime=0):
    indices = SECTORS.index(sector), REGIONS.index(source), REGIONS.index(market), regime
    return array[indices]


def test_every_array_of_a_policy_is_as_declared_with_the_regime_as_last_axis():
    compiled = compile_policy(Scenario.load("threat-35"))
    assert len(compiled.regimes) == 2
    assert compiled.special_duty.shape == (N_SECTORS, N_REGIONS, N_REGIONS, 2)
    assert compiled.border_tax.shape == (2,)
    for name, declared in PolicyArrays.declared().items():
        array = getattr(compiled, name)
        assert array.shape == (*declared.shape, 2), name
        assert array.dtype == np.asarray(declared.neutral).dtype, name
        assert not array.flags.writeable, name


def test_a_regime_nobody_writes_into_is_neutral_and_its_arrays_cannot_be_replaced():
    blank = RegimeArrays.neutral()
    for name, declared in PolicyArrays.declared().items():
        assert (getattr(blank, name) == declared.neutral).all(), name
    with pytest.raises(FrozenInstanceError):
        blank.wage_line = np.array(16.0)


def test_the_status_quo_is_nafta_without_special_duties():
    compiled = compile_policy(Scenario.load("status-quo"))
    assert compiled.regimes == ("start",)
    assert compiled.special_duty.max() == compiled.barrier.max() == compiled.border_tax.max() == 0
    by_sector = np.array([0.625, 0.625, 0.6] + [0.5] * 7 + [0] * 4)
    assert (compiled.content_threshold[:, 0, 0] == by_sector[load_economy().lines.sector]).all()
    assert compiled.markup_scale.tolist() == compiled.paperwork_scale.tolist() == [1]


def test_preference_holds_between_different_members_only():
    granted = compile_policy(Scenario.load("status-quo")).preference[..., 0]
    members = np.arange(N_REGIONS) < len(HOSTS)
    assert (granted == (members[:, None] & members & ~np.eye(N_REGIONS, dtype=bool))).all()


def test_after_withdrawal_nobody_is_preferred():
    compiled = compile_policy(Scenario.load("nafta-withdrawal"))
    assert compiled.preference[..., 0].any()
    assert not compiled.preference[..., 1].any()


def test_all_goods_are_dutiable_and_services_are_not():
    duty = policy("tariffs.special.USA.MEX.all = 0.25").special_duty
    assert all(cell(duty, good, "MEX", "USA") == 0.25 for good in GOODS)
    assert all(cell(duty, s, "MEX", "USA") == 0 for s in IMMOBILE if s not in GOODS)
    assert duty.sum() == pytest.approx(0.25 * len(GOODS))


def test_all_origins_are_all_but_the_destination():
    duty = policy("tariffs.special.USA.all.cars = 0.25").special_duty
    assert [cell(duty, "cars", region, "USA") for region in REGIONS] == [0, 0.25, 0.25, 0.25, 0.25]


def test_a_named_sector_wins_over_all_and_then_a_named_origin():
    duty = policy(
        "[tariffs.special.USA]\n"
        "all = { all = 0.01, metals = 0.50 }\nMEX = { all = 0.25 }\nCAN = { metals = 0.10 }\n"
    ).special_duty
    assert cell(duty, "metals", "MEX", "USA") == 0.50
    assert cell(duty, "metals", "CAN", "USA") == 0.10
    assert cell(duty, "cars", "MEX", "USA") == 0.25
    assert cell(duty, "cars", "CAN", "USA") == 0.01


def test_a_rate_of_zero_exempts_from_what_holds_for_all():
    duty = policy("tariffs.special.USA.CAN = { all = 0.25, primary_energy = 0.0 }").special_duty
    assert cell(duty, "primary_energy", "CAN", "USA") == 0
    assert cell(duty, "food", "CAN", "USA") == 0.25


def test_special_duties_are_waived_for_originating_goods_unless_the_file_says_otherwise():
    assert policy("tariffs.special.USA.MEX.all = 0.25").special_waived.all()
    text = "tariffs = { special_waived_for_originating = false }"
    assert not policy(text).special_waived.any()


def test_barriers_hold_for_services_too():
    barrier = policy("barriers.MEX.USA.all = 0.05").barrier
    assert all(cell(barrier, sector, "USA", "MEX") == 0.05 for sector in SECTORS)
    assert barrier.sum() == pytest.approx(0.05 * N_SECTORS)


def test_enforcement_and_competition_reach_their_arrays():
    compiled = policy(
        "enforcement.audit_rate.MEX = 0.2\nenforcement.penalty.USA = 3.0\n"
        "enforcement.paperwork_scale = 2\ncompetition.markup_scale = 0.5\n"
    )
    assert compiled.audit_rate[:, 0].tolist() == [0.05, 0.2, 0.05, 0, 0]
    assert compiled.penalty[:, 0].tolist() == [3, 1, 1, 0, 0]
    assert compiled.paperwork_scale.tolist() == [2]
    assert compiled.markup_scale.tolist() == [0.5]


def test_a_border_tax_stands_in_the_imposed_state_alone():
    compiled = compile_policy(Scenario.load("threat-35"))
    assert compiled.regimes == ("start", "start, threat imposed")
    assert compiled.border_tax.tolist() == [0, 0.35]
    assert compiled.special_duty.max() == 0


def test_a_blanket_threat_is_a_us_duty_on_all_goods_of_its_origins():
    compiled = policy("threat = { instrument = 'blanket', rate = 0.05, origins = ['MEX', 'CHN'] }")
    assert compiled.border_tax.max() == 0
    assert compiled.special_duty[..., 0].max() == 0
    for region, rate in zip(REGIONS, (0, 0.05, 0, 0.05, 0), strict=True):
        assert cell(compiled.special_duty, "cars", region, "USA", 1) == rate
    assert not cell(compiled.special_waived, "cars", "MEX", "USA", 1)


def test_a_threat_may_be_on_some_goods_alone():
    text = "threat = { instrument = 'blanket', rate = 0.25, goods = ['cars', 'vehicle_parts'] }"
    compiled = policy(text)
    duty = compiled.special_duty[..., 1]
    assert {SECTORS[n] for n in np.flatnonzero(duty.any(axis=(1, 2)))} == {"cars", "vehicle_parts"}
    assert compiled.events[0]["new"] == "25% blanket duty on cars, vehicle_parts from MEX"
    for wrong in (
        "instrument = 'border_tax', goods = ['cars']",
        "instrument = 'blanket', goods = []",
    ):
        with pytest.raises(ScenarioError, match="goods"):
            policy(f"threat = {{ {wrong} }}")


def test_a_threat_escalates_on_the_dates_of_the_timeline():
    steps = "".join(
        f"[[timeline]]\ndate = {day}\nannounced = 2017-04-01\ntitle = 'step'\n"
        f"set = {{ threat.rate = {rate} }}\n"
        for day, rate in (("2017-07-01", 0.10), ("2017-10-01", 0.25))
    )
    terms = "instrument = 'blanket'\nrate = 0.05\nimposed = 'always'\n"
    compiled = policy(f"[threat]\n{terms}{steps}")
    levied = [
        cell(compiled.special_duty, "food", "MEX", "USA", compiled.regime_index(quarter, True))
        for quarter in (1, 2, 3, 4, 5)
    ]
    assert levied == [0.05, 0.05, 0.10, 0.25, 0.25]
    # Once they are announced, firms who look ahead expect the steps with the duty in force.
    assert compiled.known_starts(1).tolist() == [0]
    assert compiled.known_starts(2).tolist() == [0, 3, 4]
    assert compiled.reachable(1, regime=1) == slice(0, 2)
    assert compiled.reachable(2, regime=1) == slice(0, 6)


def test_of_a_threat_and_a_special_duty_the_higher_is_levied_under_its_own_terms():
    compiled = policy(
        "tariffs.special.USA.MEX = { cars = 0.5, food = 0.1 }\n"
        "threat = { instrument = 'blanket', rate = 0.25 }"
    )
    duty, waived = compiled.special_duty, compiled.special_waived
    assert cell(duty, "cars", "MEX", "USA", 1) == 0.5
    assert cell(waived, "cars", "MEX", "USA", 1)
    assert cell(duty, "food", "MEX", "USA", 1) == 0.25
    assert not cell(waived, "food", "MEX", "USA", 1)


def test_a_named_sector_wins_over_all_in_further_rules_and_credit_is_taken_off():
    compiled = policy(
        "[rules_of_origin]\nlabour_value_credit = 0.15\nde_minimis = '10%'\n"
        "labour_value_content = { all = 0.1, cars = 0.4 }\nmetals_content = { cars = 0.7 }\n"
        "cumulation = { ROW = 0.25, MEX = 0 }\n"
    )
    made = load_economy().lines.sector
    labour = compiled.labour_value_content[:, 0, 0]
    np.testing.assert_allclose(labour[made == SECTORS.index("cars")], 0.25)
    assert not labour[made == SECTORS.index("food")].any()
    of_metals = compiled.metals_content[:, 0, 0]
    assert (of_metals == np.where(made == SECTORS.index("cars"), 0.7, 0)).all()
    assert compiled.cumulation[:, 0].tolist() == [1, 0, 1, 0, 0.25]
    assert (compiled.de_minimis[:, 0, 0] == np.where(made < len(FOOTLOOSE), 0.1, 0)).all()
    assert compiled.wage_line.tolist() == [16]


def test_content_of_a_country_is_asked_of_the_sectors_named_and_of_one_country_each():
    compiled = policy(
        "[rules_of_origin.country_content]\nUSA = { all = 0.3, cars = 0.5, food = 0 }\n"
        "MEX = { food = 0.2 }\n"
    )
    asked = compiled.country_content[..., 0]
    assert asked[SECTORS.index("cars")].tolist() == [0.5, 0, 0]
    assert asked[SECTORS.index("food")].tolist() == [0, 0.2, 0]
    assert asked[SECTORS.index("metals")].tolist() == [0.3, 0, 0]
    assert asked[SECTORS.index("other_services")].tolist() == [0, 0, 0]
    with pytest.raises(ScenarioError, match="cars is asked for content of USA and of CAN"):
        policy("[rules_of_origin.country_content]\nUSA = { cars = 0.5 }\nCAN = { cars = 0.1 }\n")


def test_subsidies_and_support_reach_their_place_alone():
    compiled = policy("subsidies.MEX = { all = 0.1, cars = 0.2 }\nforeign_support.CHN.metals = 0.3")
    assert compiled.subsidy[:, 1, 0].tolist() == [0.2] + [0.1] * 9 + [0] * 4
    assert compiled.subsidy.sum() == pytest.approx(1.1)
    support = compiled.foreign_advantage[..., 0]
    assert support[SECTORS.index("metals"), REGIONS.index("CHN")] == 0.3
    assert support.sum() == 0.3


def test_only_footloose_sectors_have_content_rules():
    text = "\n".join(f"rules_of_origin.regional_value_content.{s} = 0.9" for s in FOOTLOOSE)
    threshold = policy(text).content_threshold[:, 0, 0]
    assert (threshold == 0.9 * (load_economy().lines.sector < len(FOOTLOOSE))).all()
