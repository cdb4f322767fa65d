"""Small runs of every shipped scenario say what they said when they were last frozen."""

import json
from copy import deepcopy

import pytest

from abm.scenario.scenario import shipped
from tests.regression.freeze import FOLDER, TOLERANCE, moved, numbers_of
from tests.support.thorough import but_for


def frozen(scenario):
    return json.loads((FOLDER / f"{scenario}.json").read_text(encoding="utf-8"))


USUAL = ("usmca", "threat-35", "blanket-2025")
"""Between them they have rules, threats, exemptions and duties."""


@pytest.mark.parametrize("scenario", but_for(USUAL, sorted(shipped())))
def test_no_number_of_a_scenario_has_moved(scenario):
    # If one was meant to: `make freeze`, and say why in CHANGELOG.md under Results change.
    assert list(moved(frozen(scenario), numbers_of(scenario))) == []


def test_every_frozen_file_is_of_a_scenario_that_is_shipped():
    assert {path.stem for path in FOLDER.iterdir()} == set(shipped())


def test_a_number_that_moves_is_named_with_how_far_and_rounding_is_not():
    before = frozen("usmca")
    after = deepcopy(before)
    after["sums"]["trade"]["duty_musd"] *= 1 + TOLERANCE / 2
    assert list(moved(before, after)) == []
    after["sums"]["trade"]["duty_musd"] = before["sums"]["trade"]["duty_musd"] * 1.02
    (line,) = moved(before, after)
    assert line.startswith("sums.trade.duty_musd: was ")
    assert line.endswith("(+0.02 of it)")


def test_rows_labels_and_columns_that_go_missing_are_named_and_new_ones_are_not():
    before = frozen("usmca")
    after = deepcopy(before)
    after["rows"]["moves"] += 1
    after["labels"]["moves"] = "other"
    del after["sums"]["outcomes"]["plants"]
    after["sums"]["outcomes"]["a new column"] = 1.0
    named = [line.split(":")[0] for line in moved(before, after)]
    assert named == ["sums.outcomes.plants", "rows.moves", "labels.moves"]
