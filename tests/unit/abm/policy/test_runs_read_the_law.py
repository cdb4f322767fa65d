"""Scenarios name legal acts, or the law of a day; a run levies what the acts say."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from abm.axes import HOSTS, REGIONS, SECTORS, USA
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good
from abm.law.schedule import ordinary_duty
from abm.model import RelocationModel
from abm.policy import compile_policy
from abm.policy.instruments.duties_of_acts import CONTENT_OF, duties_of_acts
from abm.policy.instruments.duty_bases import content_of
from abm.policy.instruments.legal_acts import acts_in_force, levied_by, levying_acts, turns
from abm.policy.past import Past
from abm.policy.regimes import compile_known
from abm.scenario.scenario import Scenario
from experiments.scenarios.describe import described
from experiments.scenarios.overrides import load_scenario
from tests.support.thorough import but_for

LINES = load_economy().lines
LAW = shipped()


def under(text, quarter, name="line_fixed"):
    policy = compile_policy(Scenario.from_toml(text), quarters=60)
    return getattr(policy, name)[..., policy.regime_index(quarter, imposed=False)]


def cell(array, line, source="MEX", market="USA"):
    place = LINES.name.index(line), REGIONS.index(source), REGIONS.index(market)
    return array[place]


BY_ACT = """
start = 2020-01-01
quarters = 5
acts = ["us-232-aluminium-canada-2020"]
"""

BY_HAND = """
start = 2020-01-01
quarters = 5
[measures.aluminium]
authority = "Section 232"
destination = "USA"
origins = ["CAN"]
rates = { "760110" = 0.1 }
announced = 2020-08-06
effective = 2020-08-16
ended = 2020-09-01
"""


def test_an_act_and_the_same_measure_typed_by_hand_are_the_same_run_to_the_bit():
    both = [Scenario.from_toml(text) for text in (BY_ACT, BY_HAND)]
    assert both[0].same_model_as(both[1])
    by_act, by_hand = (RelocationModel(one, firms=150, rng=3) for one in both)
    for _ in range(5):
        by_act.step()
        by_hand.step()
        duty = by_act.policy.line_fixed[..., by_act.in_force.regime].max()
        share = LINES.products.share[LINES.products.code.index("760110"), REGIONS.index("CAN")]
        assert duty == pytest.approx(0.1 * share * 16 / 92 if by_act.quarter == 3 else 0.0)
    told = [one.datacollector.get_model_vars_dataframe() for one in (by_act, by_hand)]
    pd.testing.assert_frame_equal(*told, check_exact=True)
    assert len(told[0]) >= 5


DAYS = [date(2018, 7, 1), date(2025, 9, 1), date(2026, 10, 1)]


@pytest.mark.parametrize("origin", but_for(["MEX"], ["MEX", "CAN"]))
@pytest.mark.parametrize("day", but_for(DAYS[1:2], DAYS))
def test_the_law_of_a_day_is_on_every_line_what_the_command_says_of_its_products(day, origin):
    policy = compile_policy(Scenario.from_toml(f'law = "as of {day}"'), quarters=3)
    source, at = REGIONS.index(origin), policy.regime_index(2, imposed=False)
    of_line = [
        array[:, source, USA, at]
        for array in (policy.line_waived, policy.line_fixed, policy.cap_share, policy.banned)
    ]
    products, seen = LINES.products, 0
    for line in range(0, len(LINES), 5):
        rows = np.flatnonzero((products.line == line) & (products.share[:, source] > 0))
        waived, fixed, capped, banned = (float(one[line]) for one in of_line)
        if capped or not len(rows):
            continue  # there the ordinary duty of the line counts, and not that of each product
        plain, kept, weights, closed = 0.0, 0.0, 0.0, 0.0
        for row in rows:
            code, share = products.code[row], products.share[row, source]
            answer = duty(LAW, day, "USA", Good(origin, code))
            if answer.banned:
                closed += share
                continue
            known = ordinary_duty("us_schedule_2025", code, origin)
            content = {
                name: float(content_of(region)[LINES.sector[line], source])
                for name, region in CONTENT_OF.items()
            }
            weights += share
            plain += share * (answer.rate - (known.value if known else 0.0))
            kept += share * duty(LAW, day, "USA", Good(origin, code, True, content)).rate
        assert banned == pytest.approx(closed, abs=1e-9), LINES.name[line]
        if weights > 0:
            assert waived + fixed == pytest.approx(plain / weights, abs=2e-6), LINES.name[line]
            assert fixed == pytest.approx(kept / weights, abs=2e-6), LINES.name[line]
        seen += waived + fixed > 0
    assert seen >= 2


def test_the_law_of_a_day_stands_from_the_start_to_the_end():
    policy = compile_policy(Scenario.from_toml('law = "as of 2026-10-01"'))
    assert len(policy.timeline) == 1
    assert policy.timeline[0].instruments.acts == acts_in_force(date(2026, 10, 1))
    assert cell(policy.line_fixed, "steel_flat", "CAN")[0] == 0.5


def test_acts_and_the_law_of_a_day_leave_ordinary_duties_alone():
    plain, law = (compile_policy(Scenario.from_toml(t)) for t in ("", 'law = "as of 2025-09-01"'))
    for name in ("special_duty", "preference", "content_threshold", "barrier"):
        np.testing.assert_array_equal(getattr(plain, name)[..., 0], getattr(law, name)[..., 0])


def test_an_act_counts_by_days_and_gives_way_on_those_on_which_its_file_says_so():
    text = 'start = 2025-01-01\nacts = ["us-ieepa-canada", "us-232-steel-2025"]'
    days = (date(2025, 4, 1), date(2025, 6, 4), date(2025, 7, 1))
    share = (days[1] - days[0]).days / (days[2] - days[0]).days
    turning, after = under(text, 2), under(text, 3)
    assert cell(turning, "steel_flat", "CAN") == pytest.approx(share * 0.25 + (1 - share) * 0.5)
    assert cell(after, "steel_flat", "CAN") == 0.5
    # Until 4 June the duty on Canada went first; steel that originates was free of that one.
    waived = under(text, 2, "line_waived")
    assert cell(waived, "steel_flat", "CAN") == pytest.approx(0.0, abs=1e-12)
    assert cell(under(text, 3, "line_waived"), "toys_sports", "CAN") > 0.25


def test_an_act_is_known_from_its_announcement_and_its_later_turns_from_their_day():
    dated = Scenario.from_toml('start = 2025-01-01\nacts = ["us-232-lumber", "us-ieepa-mexico"]')
    assert compile_known(dated, 3).known_starts(3).tolist()[-2:] == [4, 5]  # known in September
    end = next(turn for turn in turns("us-ieepa-mexico") if turn.what == "ended")
    assert end.announced == end.on == date(2026, 2, 24)


def test_what_lies_beyond_the_day_to_which_an_act_is_known_is_known_by_then():
    late = [turn for turn in turns("us-232-metals-2026") if turn.on.year >= 2027]
    assert late
    known_to = LAW.acts["us-232-metals-2026"].known_to
    assert all(turn.announced == known_to for turn in late)


def test_a_scenario_adds_acts_to_those_of_the_one_it_extends_and_takes_them_away(tmp_path):
    (tmp_path / "below.toml").write_text('acts = ["us-232-autos", "us-ieepa-mexico"]')
    (tmp_path / "adds.toml").write_text('extends = "below"\nacts = ["us-232-lumber"]')
    (tmp_path / "less.toml").write_text('extends = "below"\nacts = { us-232-autos = false }')
    adds, less = (Scenario.load(tmp_path / f"{name}.toml") for name in ("adds", "less"))
    assert list(adds.acts) == ["us-232-autos", "us-ieepa-mexico", "us-232-lumber"]
    assert less.acts == {"us-232-autos": False, "us-ieepa-mexico": True}
    assert not [event for event in compile_policy(less).events if "autos" in event["instrument"]]


def test_what_a_timeline_says_of_an_act_holds_from_then_on():
    text = """
start = 2025-01-01
acts = ["us-ieepa-canada"]
[[timeline]]
date = 2025-07-01
title = "a court"
set = { "acts.us-ieepa-canada" = false }
"""
    waived = [
        cell(under(text, quarter, "line_waived"), "toys_sports", "CAN") for quarter in (2, 3, 4)
    ]
    assert waived == [pytest.approx(0.25), 0, 0]  # and no rise to 35% on 1 August


def test_whom_an_act_spares_is_told_with_what_it_levies():
    told = [levied_by("us-232-steel-2018", date(2018, month, 1)) for month in (4, 6)]
    assert told[0] == "Steel duties of 2018: 25% on articles; none from MEX, CAN"
    assert told[1] == "Steel duties of 2018: 25% on articles"


def test_talks_can_end_an_act():
    text = """
start = 2025-01-01
acts = ["us-ieepa-canada"]
[negotiation]
begins = 2025-04-01
[negotiation.outcomes.settled]
per_quarter = 0.1
agreed = "never"
set = { "acts.us-ieepa-canada" = false }
"""
    policy = compile_policy(Scenario.from_toml(text))
    settled, not_settled = (policy.regime_index(4, False, agreed) for agreed in ("settled", None))
    waived = cell(policy.line_waived, "toys_sports", "CAN")
    assert (waived[settled], waived[not_settled]) == (0, pytest.approx(0.35))


def test_duties_on_china_and_the_world_are_those_collected_where_their_lists_are_not_known():
    lists = ", ".join(f'"us-301-china-list-{name}"' for name in ("1", "2", "3", "4a"))
    metals = '"us-232-steel-2018", "us-232-aluminium-2018"'
    by_line = under(f"acts = [{lists}, {metals}]", 12)  # the last quarter of 2019
    mean = LINES.by_sector(by_line)[:, :, USA]
    collected = {"electronics": 0.058, "machinery": 0.144, "food": 0.213, "cars": 0.172}
    for sector, rate in collected.items():
        found = mean[SECTORS.index(sector), REGIONS.index("CHN")]
        assert found == pytest.approx(rate, abs=0.025), sector
    on_world = mean[SECTORS.index("metals"), REGIONS.index("ROW")]
    assert on_world == pytest.approx(0.02, abs=0.002)  # 1.96% on average, 2018 to 2022


@pytest.mark.parametrize("name", levying_acts())
def test_every_act_that_levies_can_be_named_and_says_in_words_what_it_levies(name):
    began = [turn for turn in turns(name) if turn.standing]
    if not began:
        assert LAW.acts[name].ended <= LAW.acts[name].effective
        return
    scenario = Scenario.from_toml(f'start = 2017-01-01\nquarters = 60\nacts = ["{name}"]')
    told = [e for e in compile_policy(scenario).events if e["instrument"] == f"acts.{name}"]
    assert {event["actor"] for event in told} == {LAW.acts[name].importer}
    assert told[0]["new"].startswith(LAW.acts[name].title)
    for found in duties_of_acts({name: began[-1].standing}).values():
        assert found.rates.sum(axis=0).min() >= -1e-12
        own = REGIONS.index(LAW.acts[name].importer)
        assert not found.rates[:, :, own, own].any()


AUTOS = 'acts = ["us-232-autos"]\n'

LATER = '[[timeline]]\ndate = 2026-01-01\ntitle = "a court"\n'

TWICE = (
    AUTOS
    + """
[measures.cars]
authority = "Section 232"
destination = "USA"
rates = { cars = 0.25 }
effective = 2025-04-03
"""
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('acts = ["us-232-autoz"]', "is no act; did you mean 'us-232-autos'?"),
        ('acts = ["usmca"]', "acts.usmca = true"),
        ('acts = ["us-tariff-schedule"]', "sets ordinary duties and adds no duty"),
        ("acts = { us-232-autos = 3 }", "acts.us-232-autos = 3: is true for an act on its own"),
        ("acts = { us-232-autos = 2020-01-01 }", "in force only from 2025-04-03"),
        ('acts = ["us-232-autos", "us-232-autos"]', 'acts: names "us-232-autos" twice'),
        ("acts = [1]", "acts = [1]"),
        ('law = "as of yesterday"', 'law = "as of yesterday": is "as of" and a day, such as'),
        ('law = "as of 2026-13-01"', 'law = "as of 2026-13-01"'),
        ("law = 2026-10-01", "law = 2026-10-01"),
        ('law = "as of 1990-10-01"', "special duties are not known before 2017-01-01"),
        ('acts = ["us-mexico-threat-2019"]', "was called off on 2019-06-07, before it took effect"),
        ("acts = { us-mexico-threat-2019 = true }", "and levies nothing"),
        ('acts = "us-232-autos"', 'acts = "us-232-autos": is a list of acts, such as ["us-232-a'),
        (TWICE.replace("destination", "importer"), "did you mean 'destination'?"),
        ('law = "as of 2026-10-01"\n' + AUTOS, "goes with no acts, and acts names us-232-autos"),
        (
            AUTOS
            + '[[timeline]]\ndate = 2026-01-01\ntitle = "a"\nset = { "acts.us-232-autos" = true }',
            "acts.us-232-autos: acts on its own dates already; write false here",
        ),
        (
            AUTOS + LATER + 'set = { "acts.us-x" = false }',
            "is no act",
        ),
        (TWICE, "measures.cars: levies what the act us-232-autos does"),
        (TWICE.replace("measures.cars", "measures.us-232-autos"), "measures.us-232-autos: levies"),
    ],
)
def test_an_act_that_cannot_be_is_told_in_one_line(text, line):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_toml(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2025-04-03", "2017-04-03\nended = 2018-04-03"),  # over before the act began
        ("{ cars = 0.25 }", "{ food = 0.25 }"),
        ('authority = "Section 232"', 'authority = "a bill of Congress"'),
        ('destination = "USA"', 'destination = "CAN"'),
    ],
)
def test_a_measure_on_other_goods_or_other_days_or_of_another_law_goes_with_an_act(old, new):
    assert Scenario.from_toml(TWICE.replace(old, new)).measures


def test_a_floor_counts_what_acts_levy():
    text = (
        AUTOS
        + """
start = 2025-01-01
[measures.least]
authority = "a bill"
destination = "USA"
rates = { cars = 0.3 }
relation = "floor"
effective = 2026-01-01
"""
    )
    both = under(text, 5) + under(text, 5, "line_waived")
    assert cell(both, "cars_petrol", "MEX") == pytest.approx(0.3)


def test_what_is_shown_of_a_scenario_names_its_acts_and_what_they_levy_and_runs_again(tmp_path):
    for text, line in (
        ('start = 2025-01-01\nacts = ["us-ieepa-mexico"]', "us-ieepa-mexico = true"),
        ('law = "as of 2026-10-01"', 'law = "as of 2026-10-01"'),
    ):
        file = tmp_path / "own.toml"
        file.write_text(text)
        shown = described(file)
        assert line in shown.splitlines()
        assert "# Duties of acts and measures, on top of most-favoured-nation rates:" in shown
        again = Scenario.from_toml(shown)
        assert again.same_model_as(Scenario.load(file))
    assert "# 2025-03-04 USA: Duty on Mexico by emergency powers: 25% on all goods" in described(
        _written(tmp_path, 'start = 2025-01-01\nacts = ["us-ieepa-mexico"]')
    )


def test_what_is_shown_of_an_act_that_asks_more_of_originating_goods_says_so(tmp_path):
    shown = described(_written(tmp_path, 'law = "as of 2026-10-01"')).splitlines()
    of_mexico = [line for line in shown if line.startswith("#   USA on MEX: ")]
    (bodies,) = [line for line in of_mexico if " bodies:" in line]
    total, _, parts = bodies.partition(" if originating): ")
    due = total.rpartition("(")[2]
    assert f"us-232-metals-2026 in all, 0% ({due} if originating)" in parts
    assert "us-232-auto-parts 25% +" in parts  # nothing of it is due: no word


def test_a_law_as_of_a_day_beyond_what_is_known_is_told_to_be_so(tmp_path):
    late = described(_written(tmp_path, 'law = "as of 2030-10-01"'))
    assert "# note: acts stand as of 2030-10-01, and the law is known to 2026-10-10" in late
    assert "# note:" not in described(_written(tmp_path, 'law = "as of 2026-10-01"'))


def _written(folder, text):
    file = folder / "written.toml"
    file.write_text(text)
    return file


def test_an_act_can_be_left_out(tmp_path):
    file = _written(tmp_path, 'acts = ["us-232-autos", "us-232-lumber"]')
    assert list(load_scenario(file, (), ["us-232-lumber"]).acts) == ["us-232-autos"]
    with pytest.raises(ScenarioError, match="no such measure or act; there are us-232-autos"):
        load_scenario(file, (), ["us-232-lumbar"])


def test_a_run_on_acts_is_forked_and_goes_on_from_what_is_written_of_it():
    scenario = Scenario.from_toml('start = 2025-01-01\nacts = ["us-ieepa-mexico"]')
    turning = compile_policy(scenario).timeline[1]
    past = Past.of_document(json.loads(json.dumps(Past(turning, 1).as_document())))
    assert past.segment.instruments == turning.instruments
    assert past.segment.earlier == turning.earlier


def test_a_measure_that_rests_on_an_act_of_no_use_here_is_no_duty_twice():
    text = TWICE.replace("us-232-autos", "us-301-airbus").replace("Section 232", "Section 301")
    assert Scenario.from_toml(text).measures


def test_members_alone_can_claim():
    for duties in duties_of_acts(acts_in_force(date(2026, 3, 1))).values():
        for source, region in enumerate(REGIONS):
            if region not in HOSTS:
                assert not duties.rates[0, :, source].any()
