"""The gallery holds every shipped scenario, with a picture and the answer that its run gives."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from abm.scenario.scenario import Scenario
from docs.gallery import BLOCK, PAGE, PICTURES, TOLD, USUAL, entry, main, names, small_png, written
from experiments.brief.sentences import sentences
from experiments.runs.on_disk.provenance import versions
from tests.made_up_seeds import SURE, a_result
from viz.figures.event_marks import acts_of
from viz.figures.scenario_card import MOST_ACTS, scenario_card

TEXT = PAGE.read_text(encoding="utf-8")

MOST_BYTES = 80_000
"""Of a picture, since the repository keeps every version of it."""


def test_every_shipped_scenario_stands_there_once_and_in_order():
    assert [block["name"] for block in BLOCK.finditer(TEXT)] == names()
    assert USUAL[0] not in names()


@pytest.mark.parametrize("name", names())
def test_an_entry_has_question_answer_picture_and_size(name):
    block = next(block[0] for block in BLOCK.finditer(TEXT) if block["name"] == name)
    scenario = Scenario.load(name)
    assert f"## {scenario.title}\n\n{scenario.question}\n" in block
    assert 1 <= len(re.findall(r"^> .*\.$", block, re.MULTILINE)) <= TOLD
    assert f"](figures/gallery/{name}.png)" in block
    assert re.search(rf"^`{name}` against `[\w-]+` from .* [\d,]+ firms, seeds \d", block, re.M)


def test_there_is_a_small_picture_of_every_scenario_and_of_nothing_else():
    assert sorted(path.stem for path in PICTURES.iterdir()) == names()
    assert all(0 < path.stat().st_size < MOST_BYTES for path in PICTURES.iterdir())


@pytest.mark.thorough
def test_an_entry_says_what_the_brief_says_and_of_which_run():
    found = entry("usmca", a_result(SURE))
    for sentence in sentences(a_result(SURE))[:TOLD]:
        assert f"> {sentence}\n" in found
    assert found.endswith(
        "`usmca` against `status-quo` from January 2017 to the end of 2021, 500 firms,"
        f" seeds 1 to 4, version {versions()['nearshore']}.\n"
    )


def test_a_picture_is_small_and_the_same_again():
    result = a_result(SURE)
    assert result.reference is not None
    assert result.seeds is not None
    pictures = [
        small_png(scenario_card(result.run, result.reference, result.seeds)) for _ in range(2)
    ]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) < MOST_BYTES


def test_a_picture_of_many_acts_marks_none_and_stays_small():
    result = a_result(SURE)
    act = result.run.tables["events"].iloc[0]
    days = [date(2017 + n // 12, 1 + n % 12, 1) for n in range(30)]
    events = pd.DataFrame([{**act, "date": day, "reason": f"act {day}"} for day in days])
    busy = replace(result.run, tables={**result.run.tables, "events": events})
    assert len(acts_of(busy)) > MOST_ACTS
    assert len(small_png(scenario_card(busy, result.reference, result.seeds))) < MOST_BYTES
    figure = scenario_card(busy, result.reference, result.seeds)
    assert not any("act 20" in text.get_text() for text in figure.texts)


def test_one_scenario_is_written_anew_and_the_others_are_kept():
    page = written("# Gallery\n\nWords.\n", {"usmca": "old\n", "tpp": "kept\n"})
    again = written(page, {"usmca": "new\n"})
    assert again == page.replace("old", "new")
    assert again.index("kept") < again.index("new")
    assert again.startswith("# Gallery\n\nWords.\n\n<!-- measured: tpp -->\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nothing"], "nothing: is none of"), (["--seeds", "1"], "an interval needs 2 at least")],
)
def test_what_cannot_be_is_refused_before_anything_runs(arguments, said, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(arguments)
    assert refusal.value.code == 2
    assert said in capsys.readouterr().err
