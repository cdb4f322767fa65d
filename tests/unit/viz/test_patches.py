"""A patch turns the one document into the other, whatever they are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from viz.story.patches import patch, patched

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("xy", max_size=2), inner),
    max_leaves=12,
)


@given(documents, documents)
def test_what_is_patched_is_the_new_document(old, new):
    change = json.loads(json.dumps(patch(old, new)))
    # As text, since to Python 1, 1.0 and True are the same.
    assert json.dumps(patched(old, change), sort_keys=True) == json.dumps(new, sort_keys=True)


@given(documents)
def test_what_stays_needs_no_patch(document):
    assert patch(document, json.loads(json.dumps(document))) is None


def test_a_patch_holds_what_changes_alone():
    old = {"title": "Production", "data": [1.0, 2.0], "mark": {"at": 3}}
    new = {"title": "Production", "data": [1.0, 2.5, 4.0]}
    assert patch(old, new) == {
        "in": {"data": {"in": {"1": [2.5], "2": [4.0]}, "long": 3}},
        "out": ["mark"],
    }
