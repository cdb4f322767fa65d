"""Schedules of faults end in right numbers or in one line; `python -m tests.faults` has more."""

import pytest

from abm.errors import NearshoreError
from experiments.sweeps.store.run_log import RunLog
from tests.faults import campaign
from tests.faults.trial import Trial, WrongError
from tests.support.thorough import but_for

SEEDS = range(100_000, 100_160)
"""Other ones than those that the command begins with."""

PER_TEST = 40


@pytest.mark.parametrize("first", but_for(SEEDS[: 2 * PER_TEST : PER_TEST], SEEDS[::PER_TEST]))
def test_schedules_of_faults_end_in_right_numbers_or_one_line(first):
    outcomes = campaign.some(range(first, first + PER_TEST))
    wrong = [(outcome.seed, outcome.subject, outcome.wrong) for outcome in outcomes]
    assert [one for one in wrong if one[-1]] == []
    assert any(outcome.spoilt for outcome in outcomes)


def test_a_schedule_is_the_same_from_its_seed():
    seeds = [seed for seed in range(60) if campaign.subject_of(seed) == "sweep"][:6]
    with campaign.readiness() as folder:
        once, again = ([campaign.carry_out(seed, folder) for seed in seeds] for _ in range(2))
    assert once == again
    assert len({outcome.told for outcome in once}) == len(seeds)


def test_every_subject_is_drawn():
    assert {campaign.subject_of(seed) for seed in SEEDS} == set(campaign.SUBJECTS)


def found_wrong(count):
    outcomes = campaign.some(range(count))
    return [outcome.wrong for outcome in outcomes if outcome.wrong]


@pytest.mark.thorough
def test_a_log_that_loses_lines_is_found_out(monkeypatch):
    def forgetful(self, event, **facts):
        if event != "part":
            kept(self, event, **facts)

    kept = RunLog.add
    monkeypatch.setattr(RunLog, "add", forgetful)
    assert found_wrong(20)


def test_what_a_schedule_holds_against_the_program():
    trial = Trial(1, None)
    with pytest.raises(WrongError, match="refused though nothing was spoilt: no"):
        trial.attempt(lambda: refuse("no"))
    trial.spoilt = True
    assert trial.attempt(lambda: refuse("no")) is None
    with pytest.raises(WrongError, match="not one line"):
        trial.attempt(lambda: refuse("no\nno"))
    with pytest.raises(ZeroDivisionError):
        trial.attempt(lambda: 1 / 0)


def refuse(line):
    raise NearshoreError(line)
