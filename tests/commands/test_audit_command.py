"""Claims are put to other seeds, firms and assumptions, and each gets a verdict with intervals."""

import json

import numpy as np
import pytest

from abm.errors import ScenarioError
from experiments.commands.main import main
from experiments.fit.estimation_page import default_of
from experiments.validation.audit import auditing
from experiments.validation.audit.claim_file import ClaimFile
from experiments.validation.finding import Results
from experiments.validation.robustness import AT_BOUNDS
from tests.in_this_process import in_this_process

DUTY = """
[[claims]]
text = "a duty on all lowers what Mexico sells to the United States"
scenario = "{duty}"
outcome = "trade.customs_value_musd"
origin = "MEX"
destination = "USA"
period = [2, 3]
direction = "{direction}"
more_than = {size}
"""


@pytest.fixture
def duty(tmp_path):
    """A scenario of a duty on all Mexican goods."""
    path = tmp_path / "duty.toml"
    path.write_text(
        'format = 1\ntitle = "a duty"\nextends = "status-quo"\n'
        "[tariffs]\nspecial_waived_for_originating = false\n[tariffs.special.USA.MEX]\nall = 0.25\n"
    )
    return path


def asked(tmp_path, *claims):
    path = tmp_path / "claims.toml"
    path.write_text("firms = 100\nseeds = 3\n" + "".join(claims))
    return path


@pytest.mark.thorough
def test_claims_survive_or_fail_with_their_intervals(tmp_path, duty, capsys):
    right = DUTY.format(duty=duty, direction="falls", size=0.0)
    wrong = DUTY.format(duty=duty, direction="rises", size=0.0)
    file = asked(tmp_path, right, wrong)
    words = ["audit", str(file), "--quiet", "--only", "other seeds", "--only", "wages fixed"]
    with in_this_process():
        assert main([*words, "--json"]) == 3
        told = json.loads(capsys.readouterr().out)
        assert main(words) == 3
    first, second = told["claims"]
    assert (first["verdict"], second["verdict"]) == ("survives", "fails as shipped")
    assert set(first["variants"]) == {"as shipped", "other seeds", "wages fixed"}
    for one in first["variants"].values():
        assert one["low"] <= one["mean"] <= one["high"] < 0
        assert one["agrees"]
    lines = capsys.readouterr().out
    assert "  + wages fixed" in lines
    assert "  - wages fixed" in lines
    assert "Not varied: time step" in lines


@pytest.mark.thorough
def test_what_all_claims_survive_ends_with_0(tmp_path, duty):
    file = asked(tmp_path, DUTY.format(duty=duty, direction="falls", size=0.0))
    with in_this_process():
        assert main(["audit", str(file), "--quiet", "--only", "other seeds"]) == 0


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"direction": '"sinks"'}, "direction"),
        ({"outcome": '"trade.customs_value"'}, "no such outcome"),
        ({"period": "[3, 2]"}, "is no first and last quarter"),
        ({"scenario": '"nowhere"'}, "nowhere"),
        ({"origin": '"ATLANTIS"'}, "no such origin"),
        ({"more_than": "1.5"}, "nothing falls by its whole"),
        ({"colour": '"red"'}, "colour"),
        ({"against": '"history"', "set": '["firms.build_cost=0.1", "nonsense=1"]'}, "nonsense"),
    ],
)
def test_a_claim_that_cannot_be_asked_is_one_line_and_2(tmp_path, duty, capsys, changes, line):
    said = DUTY.format(duty=duty, direction="falls", size=0.0).strip().splitlines()
    kept = [text for text in said if text.partition(" = ")[0] not in changes]
    file = asked(tmp_path, "\n".join([*kept, *(f"{k} = {v}" for k, v in changes.items())]))
    assert main(["audit", str(file), "--quiet"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert line in complaint


def test_a_variant_that_there_is_not_is_named(tmp_path, duty, capsys):
    file = asked(tmp_path, DUTY.format(duty=duty, direction="falls", size=0.0))
    assert main(["audit", str(file), "--only", "other planets"]) == 2
    assert "--only other planets: is none of " in capsys.readouterr().err


def test_every_assumption_that_is_changed_can_be(duty):
    from experiments.scenarios.overrides import load_scenario
    from experiments.validation.robustness import AT_BOUNDS

    for name, assumptions in AT_BOUNDS.items():
        changed = load_scenario(str(duty), assumptions)
        assert changed != load_scenario(str(duty)), name


def judged(tmp_path, duty, effects, **said):
    claim = ClaimFile.read(
        asked(tmp_path, DUTY.format(duty=duty, **{"direction": "falls", "size": 0.01, **said}))
    ).claims[0]
    run, reference = claim.designs
    runs = {
        run.name: [{"0": 100.0 * (1 + effect)} for effect in effects],
        reference.name: [{"0": 100.0} for _ in effects],
    }
    return auditing._judged(claim, 0, Results(runs), ["seed 1: did not calibrate"])


def test_a_claim_holds_if_its_whole_interval_lies_where_it_says(tmp_path, duty):
    found = judged(tmp_path, duty, [-0.05, -0.06, -0.055])
    assert found.agrees
    np.testing.assert_allclose(found.mean, -5.5)
    assert not judged(tmp_path, duty, [-0.05, 0.02, -0.03]).agrees
    assert not judged(tmp_path, duty, [-0.005, -0.006]).agrees  # a fall, but too small
    assert not judged(tmp_path, duty, [-0.05, -0.06], direction="rises").agrees
    assert judged(tmp_path, duty, [0.05, 0.051], direction="rises").agrees


def test_where_too_few_seeds_run_it_is_said_why(tmp_path, duty):
    assert judged(tmp_path, duty, [-0.05]) == "seed 1: did not calibrate"
    assert "share of nothing" in judged(tmp_path, duty, [-0.05, np.nan])


def test_verdicts_name_what_a_claim_hangs_on(tmp_path, duty):
    claim = ClaimFile.read(asked(tmp_path, DUTY.format(duty=duty, direction="falls", size=0)))
    good, bad = (judged(tmp_path, duty, effects) for effects in ([-0.05, -0.051], [0.05, 0.051]))

    def verdict(**others):
        named = {name.replace("_", " "): one for name, one in others.items()}
        return auditing.Audited(claim.claims[0], named).verdict

    assert verdict(as_shipped=good, other_seeds=good) == "survives"
    assert verdict(as_shipped=good, wages_fixed=bad, all_myopic=good) == "hangs on wages fixed"
    assert verdict(as_shipped=bad, other_seeds=good) == "fails as shipped"
    assert verdict(as_shipped="no seed ran") == "not testable: no seed ran"


def test_an_economy_of_its_own_cannot_be_held_against_another(tmp_path, duty):
    duty.write_text(duty.read_text() + "[economy]\nwage_elasticity = 0.4\n")
    with pytest.raises(ScenarioError, match="assumes another economy or other firms"):
        ClaimFile.read(asked(tmp_path, DUTY.format(duty=duty, direction="falls", size=0)))


def test_what_is_assumed_is_tried_on_both_sides_of_what_it_is():
    """But for what is at the end of what it may be, as customers who choose in every quarter."""
    tried = {}
    for overrides in AT_BOUNDS.values():
        for key, value in (override.split("=") for override in overrides):
            if value.replace(".", "", 1).isdigit():
                tried.setdefault(key, []).append(float(value))
    pairs = {key: values for key, values in tried.items() if len(values) > 1}
    assert len(pairs) > 10
    for key, values in pairs.items():
        assert min(values) < default_of(key) < max(values), key
