"""What may be given as rng, and which seed a run then has."""

import json

import numpy as np
import pytest
from numpy.random import PCG64, SeedSequence, default_rng

from abm.engine.seeds import seed_of
from abm.errors import ScenarioError

pytestmark = pytest.mark.anew


@pytest.mark.parametrize("kind", [int, np.int8, np.uint16, np.int64, np.uint64])
def test_a_whole_number_of_any_kind_is_the_seed_itself(kind):
    seed = seed_of(kind(7))
    assert (seed, type(seed)) == (7, int)


def test_a_large_whole_number_stays_what_it_is():
    assert seed_of(2**200) == 2**200


def test_a_seed_sequence_has_the_number_it_was_made_from():
    assert seed_of(SeedSequence(7)) == 7


def test_spawned_and_long_seed_sequences_give_the_same_seed_again_and_one_each():
    def seeds():
        sequences = [*SeedSequence(7).spawn(2), SeedSequence([7, 8]), SeedSequence(2**100)]
        return [seed_of(sequence) for sequence in sequences]

    assert seeds() == seeds()
    assert len({7, *seeds()}) == 5
    assert seed_of([7, 8]) == seed_of(SeedSequence([7, 8]))


@pytest.mark.parametrize("made", [default_rng, PCG64])
def test_a_generator_gives_each_model_another_seed_and_in_the_same_order_again(made):
    one, other = made(7), made(7)
    first = [seed_of(one), seed_of(one)]
    assert first == [seed_of(other), seed_of(other)]
    assert first[0] != first[1]


def test_without_a_seed_each_run_gets_its_own():
    assert seed_of(None) != seed_of(None)


@pytest.mark.parametrize("given", [None, SeedSequence(2**100), default_rng(1)])
def test_seeds_that_are_found_survive_json_and_floats(given):
    seed = seed_of(given)
    assert json.loads(json.dumps(seed)) == int(float(seed)) == seed >= 0


@pytest.mark.parametrize("given", [1.5, "1", np.float64(1), [1, 2.5], {}, np.random.RandomState(1)])
def test_anything_else_is_refused_in_one_line(given):
    with pytest.raises(ScenarioError, match=r"^rng: .* is no seed; allowed are whole numbers .*$"):
        seed_of(given)


@pytest.mark.parametrize("given", [-1, np.int64(-1), [3, -1]])
def test_a_negative_seed_is_refused_in_one_line(given):
    with pytest.raises(ScenarioError, match=r"^seed: -1 is negative; .*$"):
        seed_of(given)
