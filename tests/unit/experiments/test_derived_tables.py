"""Tables that follow from those of a run: welfare and its present value, and results by state."""

import numpy as np
import pandas as pd
import pytest

from abm.axes import FOOTLOOSE, HOSTS
from abm.state.places import presence_by_state, states
from experiments.outcomes.derived import BY_STATE, DISCOUNT, derived, first_spending
from experiments.outcomes.headlines import headlines
from experiments.outcomes.quantities import real_income
from experiments.outcomes.tables import DERIVED_TABLES
from tests.synthetic import tables

QUARTERS = 24
RUN, STILL = tables(QUARTERS), tables(QUARTERS, tilt=0.0)


def richer(share):
    """A run in which nothing changes but that everybody in Mexico has more to spend."""
    more = (STILL["outcomes"]["region"] == "MEX") & (STILL["outcomes"]["quarter"] > 0)
    income = STILL["outcomes"]["household_income"].where(~more, 1 + share)
    return {**STILL, "outcomes": STILL["outcomes"].assign(household_income=income)}


def by_region(name, run):
    table = derived(run)["welfare"]
    return table.pivot(index="quarter", columns="region", values=name)[list(HOSTS)]


def test_every_derived_table_has_the_columns_declared():
    for name, table in derived(RUN).items():
        assert list(table.columns) == list(DERIVED_TABLES[name])
        assert not table.isna().to_numpy().any()


def test_where_nothing_changes_nobody_gains():
    assert (by_region("gain_musd", STILL) == 0).to_numpy().all()
    assert (by_region("present_value_musd", STILL) == 0).to_numpy().all()


def test_a_percent_more_income_is_worth_a_percent_of_spending_in_every_quarter():
    spent = first_spending(STILL["outcomes"], STILL["trade"])
    gain, value = (by_region(name, richer(0.01)) for name in ("gain_musd", "present_value_musd"))
    np.testing.assert_allclose(gain.loc[1:, "MEX"], 0.01 * spent["MEX"], rtol=1e-12)
    assert (gain[["USA", "CAN"]] == 0).to_numpy().all()
    # A stream of equal payments: the sum of a geometric series.
    factor = (1 + DISCOUNT) ** -0.25
    annuity = factor * (1 - factor**QUARTERS) / (1 - factor)
    assert value.loc[QUARTERS, "MEX"] == pytest.approx(0.01 * spent["MEX"] * annuity, rel=1e-12)
    assert value.loc[0, "MEX"] == 0


def test_the_path_of_welfare_is_that_of_real_income():
    index = real_income(RUN["outcomes"], RUN["trade"])
    pd.testing.assert_frame_equal(
        by_region("real_income", RUN), index[list(HOSTS)], check_names=False
    )


def test_the_headline_is_the_present_value_at_the_end():
    found = headlines(RUN)["welfare", "present_value", "USA"]
    expected = by_region("present_value_musd", RUN)["USA"].iloc[-1] / 1000
    assert found.values.iloc[-1] == pytest.approx(expected, rel=1e-12)
    assert expected < 0  # prices rise


def test_states_add_up_to_their_country():
    found = derived(RUN)["states"].groupby(["quarter", "region"])[list(BY_STATE)].sum()
    whole = RUN["outcomes"].groupby(["quarter", "region"])[list(BY_STATE)].sum()
    pd.testing.assert_frame_equal(found, whole, rtol=1e-12)


def test_a_state_without_makers_of_a_good_is_spared_what_befalls_them():
    cars = FOOTLOOSE.index("cars")
    places = states()
    without = (presence_by_state()[cars].sum(axis=0) == 0) & (places["region"] == "USA")
    assert without.any()
    fewer = STILL["outcomes"]["sector"] == "cars"
    jobs = STILL["outcomes"]["employment"].where(~fewer, 0.5 * STILL["outcomes"]["employment"])
    hit = derived({**STILL, "outcomes": STILL["outcomes"].assign(employment=jobs)})["states"]
    same = np.isclose(hit["employment"], derived(STILL)["states"]["employment"])
    last = (hit["quarter"] == QUARTERS).to_numpy()
    of_states = pd.Series(same[last], pd.MultiIndex.from_frame(places))
    spared = pd.MultiIndex.from_frame(places[without])
    assert of_states[spared].all()
    assert not of_states["USA"].drop([state for _, state in spared]).any()
