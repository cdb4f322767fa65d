"""Two sets of seeds say the same where they do, and otherwise where they do not."""

import numpy as np
import pytest

from benchmarks.two_sets_of_seeds import TwoEstimates, compared, main, rows, usual_share
from experiments.brief.effects import SIX_FIGURES, Effect
from experiments.outcomes.intervals import Interval, interval
from tests.made_up_seeds import SURE, UNSURE, over_seeds


def an_effect(mean: float, half: float) -> Effect:
    span = Interval(mean, mean - half, mean + half, 8)
    return Effect("manufacturing_employment.USA", "US manufacturing jobs", "persons", span, 1e7)


@pytest.mark.parametrize(
    ("first", "second", "sign", "verdict", "inside"),
    [
        ((5_000, 2_000), (6_000, 2_500), True, True, (True, True)),
        ((5_000, 2_000), (9_000, 5_000), True, True, (True, False)),
        ((5_000, 2_000), (3_000, 3_500), True, False, (True, True)),
        ((5_000, 2_000), (-5_000, 2_000), False, False, (False, False)),
        ((500, 2_000), (-400, 2_500), False, True, (True, True)),
        ((0, 0), (0, 0), True, True, (True, True)),
    ],
)
def test_what_two_sets_say_is_compared(first, second, sign, verdict, inside):
    found = TwoEstimates(an_effect(*first), an_effect(*second))
    assert (found.same_sign, found.same_verdict, found.inside) == (sign, verdict, inside)
    assert found.whole == (sign and verdict and all(inside))


@pytest.mark.thorough
def test_a_set_says_the_same_as_itself_and_not_as_one_that_tells_nothing():
    assert all(one.whole for one in compared(over_seeds(SURE), over_seeds(SURE)))
    found = compared(over_seeds(SURE), over_seeds(UNSURE))
    jobs = next(one for one in found if one.first.indicator == "manufacturing_employment.MEX")
    assert not jobs.same_verdict
    assert any("**" in row for row in rows(found))


def test_the_usual_share_is_what_luck_alone_gives():
    rng, seeds, designs = np.random.default_rng(1), 8, 4_000
    held = 0
    for _ in range(designs):
        one, other = (interval(rng.normal(size=seeds)) for _ in range(2))
        held += one.low <= other.mean <= one.high
    # The error of a share of 4,000 is half a point.
    assert usual_share(seeds) == pytest.approx(held / designs, abs=0.02)


@pytest.mark.thorough
def test_the_command_runs_both_sets_and_says_how_they_compare(capsys):
    code = main(["--firms", "150", "--quarters", "2", "--seeds", "2"])
    said = capsys.readouterr().out
    assert "seeds 1 to 2 and 3 to 4" in said
    assert all(label in said for label, _ in SIX_FIGURES.values())
    assert code == int("**" in said)
