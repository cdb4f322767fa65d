"""Sums taken round by round are the sums of each one's terms, and landings are as the sets say."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.choice.parts import Sums
from abm.core.choice.sets import Sets

ALL_SETS = Sets(np.array([[bool(code >> host & 1) for host in range(3)] for code in range(8)]))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 4))
def test_sums_in_rounds_are_the_sums_of_each_ones_terms(terms_of_each, width):
    owner = np.repeat(np.arange(len(terms_of_each)), terms_of_each)
    terms = np.arange(len(owner) * width, dtype=float).reshape(-1, width) ** 2
    expected = [terms[owner == each].sum(axis=0) for each in range(len(terms_of_each))]
    order, sums = Sums.of(owner)
    np.testing.assert_array_equal(sums.add(terms[order]), expected)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, unique=True))
def test_every_way_of_a_move_ends_where_what_is_left_of_the_set_leads(moves):
    parts = ALL_SETS.parts
    leads = parts.leads(tuple(moves))
    found = set()
    # Ways, summed one by one, show which ends they lead to.
    for way, (pair, move) in enumerate(zip(leads.pair, leads.way, strict=True)):
        alone = np.zeros(len(leads.pair))
        alone[way] = 1.0
        (end,) = np.flatnonzero(leads.chances.add(alone))
        assert parts.whole[pair] == leads.start[move]
        becomes = ALL_SETS.becomes[leads.start[move], leads.target[move], parts.part[pair]]
        assert (leads.move[end], leads.lands[end]) == (move, becomes)
        found.add((int(move), int(parts.part[pair])))
    asked = {(move, part) for move, (start, _) in enumerate(moves) for part in parts.left[start]}
    assert found == asked
