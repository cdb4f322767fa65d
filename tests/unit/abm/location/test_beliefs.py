"""Beliefs about policy: no evidence, some evidence, a great deal of it."""

import numpy as np
import pytest

from abm.core.choice.beliefs import adaptive_transitions, myopic_transitions, update_counts

PRIOR = np.array([[0.9, 0.1], [0.4, 0.6]])
NOTHING_SEEN = np.zeros((2, 2), int)


def test_without_evidence_the_prior_stands():
    np.testing.assert_allclose(adaptive_transitions(PRIOR, 8, NOTHING_SEEN), PRIOR)


def test_evidence_and_prior_are_weighted_by_quarters():
    counts = np.array([[3, 1], [0, 0]])
    believed = adaptive_transitions(PRIOR, 4, counts)
    np.testing.assert_allclose(believed[0], [(4 * 0.9 + 3) / 8, (4 * 0.1 + 1) / 8])
    np.testing.assert_allclose(believed[1], PRIOR[1])


def test_much_evidence_drowns_the_prior():
    truth = np.array([[0.5, 0.5], [0.2, 0.8]])
    believed = adaptive_transitions(PRIOR, 4, 1e9 * truth)
    np.testing.assert_allclose(believed, truth, atol=1e-8)


def test_each_quiet_quarter_makes_a_change_look_less_likely():
    counts, feared = NOTHING_SEEN, []
    for _ in range(5):
        feared.append(adaptive_transitions(PRIOR, 4, counts)[0, 1])
        counts = update_counts(counts, 0, 0)
    assert np.all(np.diff(feared) < 0)


def test_a_change_seen_makes_it_look_more_likely():
    seen = update_counts(NOTHING_SEEN, 0, 1)
    assert adaptive_transitions(PRIOR, 4, seen)[0, 1] > PRIOR[0, 1]


def test_counting_leaves_the_old_counts_alone():
    seen = update_counts(NOTHING_SEEN, 1, 0)
    np.testing.assert_array_equal(seen, [[0, 0], [1, 0]])
    assert not NOTHING_SEEN.any()


def test_a_prior_without_weight_is_refused():
    with pytest.raises(ValueError, match="prior_quarters is 0; it must be above 0"):
        adaptive_transitions(PRIOR, 0, NOTHING_SEEN)


def test_a_myopic_firm_expects_no_change():
    np.testing.assert_array_equal(myopic_transitions(3), np.eye(3))
