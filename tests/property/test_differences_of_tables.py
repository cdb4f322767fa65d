"""What differs between two tables is what differs between their dotted keys."""

from hypothesis import given
from hypothesis import strategies as st

from abm.config.keys import differences, flatten

names = st.sampled_from(["a", "b", "c"])
tables = st.recursive(
    st.integers(0, 2),
    lambda deeper: st.dictionaries(names, deeper, max_size=3),
    max_leaves=8,
).filter(lambda table: isinstance(table, dict))


@given(tables, tables)
def test_every_key_with_another_value_is_told_with_the_old_value_and_the_new(before, after):
    old = flatten(before)
    assert list(differences(before, after)) == [
        (key, old.get(key), value) for key, value in flatten(after).items() if old.get(key) != value
    ]
