"""The brief: every sentence follows from the numbers, and vanishes or changes with them."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from abm.scenario.scenario import Scenario
from experiments.brief.brief_page import brief_page, write_brief
from experiments.brief.caveats import caveats, closure_in_words
from experiments.brief.effects import SIX_FIGURES, effect, headline_effects
from experiments.brief.movers import movers
from experiments.brief.sentences import sentences
from experiments.outcomes.over_seeds import OverSeeds
from experiments.scenarios.overrides import load_scenario
from tests.made_up_seeds import SURE, a_result, over_seeds, with_channels
from tests.synthetic import a_run, empty

FAINT = (0.02, -0.02, 0.03, -0.02)
LUCK = "no difference that can be told from luck"


def text_of(result):
    return "\n".join(sentences(result))


def test_what_changed_is_told_with_its_interval(sure):
    first = sentences(sure)[0]
    found = effect(sure, "manufacturing_employment.MEX")
    more = "more" if found.interval.mean > 0 else "fewer"
    assert first.startswith("By the end of 2021")
    assert re.search(
        rf"Mexico (has )?{found.size} thousand {more}( manufacturing jobs under usmca than under"
        rf" status-quo)? \((95% interval )?{found.span}\)",
        first,
    )


@pytest.mark.thorough
def test_the_sign_of_the_answer_turns_with_the_numbers(sure):
    other = a_result(tuple(-tilt for tilt in SURE))
    for indicator in ("manufacturing_employment.MEX", "us_goods_balance.MEX"):
        one, two = (effect(result, indicator) for result in (sure, other))
        assert one.told
        assert two.told
        assert one.interval.mean * two.interval.mean < 0
    assert sentences(sure)[0] != sentences(other)[0]


def test_what_may_be_luck_is_never_told_as_an_effect(unsure):
    told = text_of(unsure)
    assert f"manufacturing jobs show {LUCK}" in told
    assert "The US goods balance" not in told
    assert f"Consumers: {LUCK}" in told
    assert "none can be told from luck" in told
    assert not any(one.told for one in headline_effects(unsure))


def test_a_run_too_small_names_the_size_that_would_do(unsure, sure):
    asked = [one for one in headline_effects(unsure) if one.is_written]
    needed = min(one.interval.seeds_to_tell for one in asked)
    assert needed > 4
    assert f"told by about {needed:,.0f} seeds of this size" in text_of(unsure)
    faint = a_result(FAINT)
    assert "would take more than 1,000 seeds to tell" in text_of(faint)
    settled = [one for one in headline_effects(sure) if one.is_written and not one.told]
    assert settled == []
    assert "too small" not in text_of(sure)


def test_one_seed_is_said_to_tell_nothing_of_luck(sure):
    alone = text_of(a_result((0.1,)))
    assert "nobody can tell from one seed" in alone
    assert "--seeds 8" in alone
    assert "interval (" not in alone
    assert "95%" not in alone.replace("95% interval.", "")
    assert "nobody can tell" not in text_of(sure)


def test_worlds_that_are_the_same_have_one_sentence_and_what_was_assumed():
    said = sentences(a_result((0.1, 0.1, 0.1), 0.1))
    assert said[0] == (
        "usmca does not differ from status-quo by the end of 2021: every headline is the same in"
        " every seed."
    )
    assert len(said) == 2


def test_a_run_alone_claims_no_effect():
    run = a_result((0.1,))
    alone = replace(run, reference=None, scenarios=run.scenarios[:1])
    said = text_of(alone)
    assert "name one with --against" in said
    assert "than at the start" in said
    assert "status-quo" not in said


def test_channels_are_told_where_the_run_has_them(sure):
    assert "channel" not in text_of(sure)
    split = with_channels(sure, resourcing=-5_000.0, moves=12_000.0)
    told = text_of(split)
    assert "+12.0 by moves" in told
    assert "other re-sourcing" in told
    turned = text_of(with_channels(sure, resourcing=-5_000.0, moves=0.0))
    assert "by moves" not in turned


def test_expected_plants_are_told_only_where_they_differ(sure):
    # Synthetic tables make up no expected openings, so run and reference have none.
    assert "New plants that firms are to be expected to decide on show" in text_of(sure)
    table = sure.seeds.table
    some = (table["indicator"] == "plants_decided.expected.opening.MEX") & (
        table["scenario"] == "usmca"
    )
    more = OverSeeds(
        table.assign(value=table["value"] + some * (300.0 + table["seed"])),
        "usmca", "status-quo", 500,
    )  # fmt: skip
    assert "302 more in Mexico (300 to 305)" in text_of(replace(sure, seeds=more))


def test_what_is_assumed_follows_the_scenario(sure):
    assert sentences(sure)[-1].startswith("Assumed: USMCA: content of vehicles 75%")
    assert "set otherwise than usual" not in sentences(sure)[-1]
    other = load_scenario("usmca", ["economy.relation=0.1"])
    said = sentences(a_result(SURE, scenario=other))[-1]
    assert "set otherwise than usual: economy.relation = 0.1" in said


def test_a_blanket_duty_names_what_closes_the_economy(sure):
    blanket = Scenario.load("blanket-25")
    result = replace(sure, scenarios=(blanket, sure.scenarios[1]))
    (said,) = [one for one in caveats(result) if one.startswith("A duty falls on all goods")]
    assert closure_in_words(blanket) in said
    assert any("retaliation is not part of it" in one for one in caveats(result))
    before = replace(result, run=sure.run.until(3), reference=sure.reference.until(3))
    assert not any("A duty falls on all goods" in one for one in caveats(before))


def test_a_duty_on_some_goods_names_no_closure(sure):
    for name in ("usmca", "metals-2018", "nafta-withdrawal"):
        result = replace(sure, scenarios=(Scenario.load(name), sure.scenarios[1]))
        assert not any("A duty falls on all goods" in one for one in caveats(result))


def test_a_threat_that_never_comes_is_said_to_act_by_fear_alone(sure):
    threat = Scenario.load("threat-35")
    never = replace(sure, scenarios=(threat, sure.scenarios[1]))
    assert any("35% is never carried out" in one for one in caveats(never))
    drawn = load_scenario("threat-35", ["threat.imposed=drawn"])
    assert not any(
        "never carried out" in one for one in caveats(replace(never, scenarios=(drawn,)))
    )


def test_what_is_remembered_and_what_comes_late_is_said(sure):
    leaves = replace(sure, scenarios=(Scenario.load("nafta-withdrawal"), sure.scenarios[1]))
    assert any("Remembered and not checked" in one for one in caveats(leaves))
    assert not any("longer run" in one for one in caveats(leaves))
    short = replace(leaves, run=leaves.run.until(10), reference=leaves.reference.until(10))
    assert any("The last act comes 3 quarters before the end" in one for one in caveats(short))


def moves(*rows):
    columns = ["quarter", "sector", "from_config", "to_config", "stage", "firms", "weight"]
    table = empty("moves")
    made = pd.DataFrame(rows, columns=[*columns, "firm_ids"])
    return made.reindex(columns=table.columns, fill_value=0.0)


def test_movers_are_the_firms_that_do_otherwise_than_in_the_reference():
    run = a_run("usmca", 4)
    mine = moves(
        (1, "cars", "MEX", "USA", "announced", 2, 30.0, "7 9"),
        (3, "cars", "MEX", "USA", "completed", 2, 30.0, "7 9"),
        (2, "metals", "USA", "none", "completed", 1, 90.0, "4"),
    )
    theirs = moves(
        (3, "cars", "MEX", "USA", "completed", 1, 15.0, "9"),
        (2, "food", "USA", "MEX", "completed", 1, 20.0, "5"),
    )
    here, there = (replace(run, tables={**run.tables, "moves": some}) for some in (mine, theirs))
    found = movers(here, there)
    assert [(one.firm, one.quarter, one.held_back) for one in found] == [
        (4, 2, False), (5, 2, True), (7, 1, False),
    ]  # fmt: skip
    assert found[0].command(None) == "nearshore explain DIR --firm 4 --quarter 2"
    assert "would move from the United States to Mexico under status-quo" in found[1].told(
        "status-quo"
    )
    assert [one.firm for one in movers(here, None)] == [4, 7, 9]
    assert movers(here, here) == []


def test_the_page_says_what_the_screen_says_and_fetches_nothing(sure, tmp_path):
    page = brief_page(sure)
    for sentence in sentences(sure):
        assert sentence in page
    for label, _ in SIX_FIGURES.values():
        assert label in page
    assert "<script" not in page
    outside = re.findall(r'(?:src|href)="(?!#)([^"]+)"', page)
    assert outside == []
    assert brief_page(sure) == page
    write_brief(sure, tmp_path / "brief.html")
    assert (tmp_path / "brief.html").read_text(encoding="utf-8") == page


def test_what_a_title_holds_is_text_on_the_page(sure):
    odd = sure.scenarios[0].model_copy(update={"title": "<img src=x onerror=alert(1)>"})
    page = brief_page(replace(sure, scenarios=(odd, sure.scenarios[1])))
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_a_page_of_another_kind_is_refused(sure, tmp_path, monkeypatch):
    from abm.errors import OutputError

    with pytest.raises(OutputError, match=r"end its name in \.html or \.pdf"):
        write_brief(sure, tmp_path / "brief.doc")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(OutputError, match="a PDF needs one of chromium"):
        write_brief(sure, tmp_path / "brief.pdf")
    assert list(tmp_path.iterdir()) == []


def test_seeds_are_those_of_the_run():
    assert over_seeds(SURE).firms == a_result(SURE).firms
