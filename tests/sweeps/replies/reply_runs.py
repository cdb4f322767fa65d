"""Runs of searches for replies that cost nothing, whose best policies are known."""

import os
import random
import signal
from pathlib import Path

from experiments.replies.objectives import ALL_OBJECTIVES

USA_DUTY = "tariffs.special.USA.MEX.all"
MEX_DUTY = "tariffs.special.MEX.USA.all"
CARS = "rules_of_origin.regional_value_content.cars"

TOP = 0.23
"""Where the United States has the most jobs; between two values of a grid of tenths."""


def _said(spec):
    return dict.fromkeys((USA_DUTY, MEX_DUTY, CARS), 0.0) | dict(spec.values)


def _all(**told):
    return dict.fromkeys(ALL_OBJECTIVES, 0.0) | {
        name.replace("_", "."): v for name, v in told.items()
    }


def hill(spec, scenario):
    """Jobs fall off on both sides of `TOP`; luck is common to policies but for a little."""
    said = _said(spec)
    luck = random.Random(spec.seed).gauss(0, 50)
    own = random.Random(f"{spec.seed}{said[USA_DUTY]}").gauss(0, 0.2)
    return _all(jobs_USA=1000 - 1000 * (said[USA_DUTY] - TOP) ** 2 + luck + own)


def flat(spec, scenario):
    """Nothing does anything."""
    return _all(jobs_USA=random.Random(spec.seed).random())


def best_replies(spec, scenario):
    """Each does best at 0.07 and three tenths of what the other does: both at a tenth."""
    said = _said(spec)
    usa, mex = said[USA_DUTY], said[MEX_DUTY]
    luck = random.Random(spec.seed).gauss()
    return _all(
        welfare_USA=luck - (usa - 0.3 * mex - 0.07) ** 2,
        welfare_MEX=luck - (mex - 0.3 * usa - 0.07) ** 2,
    )


def matching_pennies(spec, scenario):
    """The United States wants the duties alike, Mexico wants them to differ: no rest."""
    said = _said(spec)
    alike = 1.0 if said[USA_DUTY] == said[MEX_DUTY] else -1.0
    return _all(jobs_USA=alike, jobs_MEX=-alike)


def thresholds(spec, scenario):
    """The United States likes content of cars of 0.8, Mexico of 0.5."""
    said = _said(spec)
    return _all(jobs_USA=-abs(said[CARS] - 0.8), jobs_MEX=-abs(said[CARS] - 0.5))


def cars_are_luck(spec, scenario):
    """The United States does best at a duty of a tenth; content of cars is nothing but luck."""
    said = _said(spec)
    luck = random.Random(f"{spec.seed}{said[CARS]}{said[USA_DUTY]}").gauss(0, 0.1)
    return _all(jobs_USA=-1000 * (said[USA_DUTY] - 0.1) ** 2 + luck, jobs_MEX=0.0)


def hill_until_stopped(spec, scenario):
    """Asks the program to stop at the sixth run, once; leaves a mark a run."""
    marks = Path(os.environ["MARKS"])
    (marks / spec.run).touch()
    if len(list(marks.iterdir())) == 6 and not (marks / "stopped").exists():
        (marks / "stopped").touch()
        os.kill(int(os.environ["MAIN"]), signal.SIGTERM)
    return hill(spec, scenario)


def hill_until_killed(spec, scenario):
    """Kills the whole program at the ninth run, once."""
    marks = Path(os.environ["MARKS"])
    (marks / spec.run).touch()
    if len(list(marks.iterdir())) == 9 and not (marks / "killed").exists():
        (marks / "killed").touch()
        os.kill(int(os.environ["MAIN"]), signal.SIGKILL)
    return hill(spec, scenario)


def has_no_number(spec, scenario):
    return dict.fromkeys(ALL_OBJECTIVES)


def fails_above(spec, scenario):
    """Breaks down under high duties."""
    if _said(spec)[USA_DUTY] > 0.35:
        raise ValueError("no market clears")
    return hill(spec, scenario)
