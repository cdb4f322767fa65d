"""What acts cover of China and the rest of the world fits the duties that were collected."""

import numpy as np
import pandas as pd
import pytest

from abm import data
from abm.axes import GOODS, REGIONS, SECTORS, USA
from abm.policy import compile_policy
from abm.policy.instruments.fitted_acts import fitted_share
from abm.scenario.scenario import Scenario
from experiments.scenarios.collected_duties import special_duties
from experiments.scenarios.coverage_of_acts import CHINAS_LISTS, METAL_ACTS, fitted

QUARTERS = 20
"""From 2018 to 2022."""


@pytest.fixture(scope="module")
def by_law():
    """Rates by quarter, shape (sector, source, quarter)."""
    names = ", ".join(f'"{name}"' for name in (*CHINAS_LISTS, *METAL_ACTS))
    scenario = Scenario.from_toml(f"start = 2018-01-01\nquarters = {QUARTERS}\nacts = [{names}]")
    policy = compile_policy(scenario)
    at = [policy.regime_index(quarter, imposed=False) for quarter in range(1, QUARTERS + 1)]
    return policy.measures_fixed[:, :, USA][..., at]


@pytest.mark.thorough
def test_the_table_is_what_the_fit_finds():
    pd.testing.assert_frame_equal(data.read("coverage_of_acts"), fitted(), check_dtype=False)


@pytest.mark.parametrize(
    ("origin", "goods", "within"), [("CHN", GOODS, 0.015), ("ROW", ("metals",), 0.0105)]
)
def test_rates_by_law_are_those_collected_on_average_and_near_them_in_a_quarter(
    by_law, origin, goods, within
):
    collected = special_duties()[origin]
    misses = np.array(
        [
            collected[good].to_numpy() - by_law[SECTORS.index(good), REGIONS.index(origin)]
            for good in goods
            if good in collected
        ]
    )
    assert np.abs(misses.mean(axis=1)).max() < 0.001
    assert np.sqrt((misses**2).mean()) < within


def test_shares_are_parts_of_a_sector_and_chinas_lists_no_more_than_all_of_it():
    table = data.read("coverage_of_acts")
    assert table["share"].between(0, 1).all()
    lists = table[table["act"].isin(CHINAS_LISTS)]
    assert lists.groupby("sector")["share"].sum().max() <= 1.0 + 1e-6
    largest = lists.sort_values("share").groupby("sector")["act"].last()
    assert largest["cars"] == "us-301-china-list-1"
    assert largest["vehicle_parts"] == largest["food"] == "us-301-china-list-3"
    assert largest["textiles_apparel"] == "us-301-china-list-4a"


def test_acts_of_later_years_and_of_members_are_not_fitted():
    assert fitted_share("us-232-steel-2025", "CHN") is None
    assert fitted_share("us-232-steel-2018", "MEX") is None
    assert fitted_share("us-232-steel-2018", "ROW").max() > 0
