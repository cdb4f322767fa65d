"""Three identical countries give identical results, before and after a shock that is the same.

Members differ in their figures, their firms and their luck; with all three taken
away nothing may be left that tells them apart. Two differences are policy, and are
named here: the United States alone charges a merchandise processing fee, and the
firm-specific border tax alone looks at where a firm once produced.
"""

import numpy as np
import pytest

import abm.base_year.first_plants
import abm.base_year.set_up
import abm.trade.duties
from abm import RelocationModel
from abm.axes import N_HOSTS
from abm.economy.tables import load_economy
from abm.trade.books.accounts import ROUNDING
from experiments.scenarios.overrides import load_scenario
from tests.mirrored import identical_members, mirror_column, mirror_firms

FIRMS = 480
QUARTERS = 16
LUCK = {"build_noise": 14.4, "keep_noise": 3.9}
"""Scales of luck with which firms came to stand where they do first; there is none later."""

SAME_SHOCK = [
    f"tariffs.special.{market}.{source}.all=0.25"
    for market in ("USA", "MEX", "CAN")
    for source in ("USA", "MEX", "CAN")
    if source != market
]
THREE_HOMES = ["firms.foreign_firms=false", "economy.closure=partial"]
"""Firms from abroad are copies of nobody, and exchange rates are found to a wider tolerance."""

NO_LUCK = [
    "firms.build_noise=0.0",
    "firms.keep_noise=0.0",
    "firms.death_always=0.0",
    "firms.death_of_small=0.0",
    "economy.relation=0.0",
]
CHEAP_MOVES = [
    "firms.build_cost=0.05",
    "firms.closure_cost=0.0",
    "economy.win=0.7",
    "economy.shift=0.7",
]
"""With no luck in choices few firms move at the usual costs, or where sales build up slowly."""


@pytest.fixture(scope="module")
def model():
    """A quarter-by-quarter run in which every draw of the first member's firms is everybody's."""
    place, draw_sets = abm.base_year.set_up.place_firms, abm.base_year.first_plants.draw_sets
    drawn_built = abm.base_year.first_plants.drawn_built
    as_expected = abm.base_year.first_plants.as_expected

    def place_mirrored(table, economy, scenario, *rest):
        lucky = scenario.firms.model_copy(update=LUCK)
        placed = place(table, economy, scenario.model_copy(update={"firms": lucky}), *rest)
        mirror_firms(table)  # projects under way are drawn last
        return placed

    def draw_mirrored(table, *rest):
        draw_sets(table, *rest)
        mirror_firms(table)

    def built_mirrored(table, *rest):
        built = drawn_built(table, *rest)
        mirror_column(table, built, ("firm", "host", "lag"))
        return built

    def expected_mirrored(table, *rest):
        as_expected(table, *rest)  # of first shares of sets of plants, which differ by country
        mirror_firms(table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abm.base_year.set_up, "place_firms", place_mirrored)
        patch.setattr(abm.base_year.first_plants, "as_expected", expected_mirrored)
        patch.setattr(abm.base_year.first_plants, "draw_sets", draw_mirrored)
        patch.setattr(abm.base_year.first_plants, "drawn_built", built_mirrored)
        patch.setattr(abm.trade.duties, "MERCHANDISE_PROCESSING_FEE", 0.0)
        scenario = load_scenario("status-quo", SAME_SHOCK + THREE_HOMES + NO_LUCK + CHEAP_MOVES)
        economy = identical_members(load_economy())
        model = RelocationModel(scenario, firms=FIRMS, economy=economy)
        model.run_for(QUARTERS)
    return model


def turned(array, axes):
    """The array as it would read with members turned round one place."""
    for axis in axes:
        others = range(N_HOSTS, array.shape[axis])
        order = [(host - 1) % N_HOSTS for host in range(N_HOSTS)]
        array = np.take(array, [*order, *others], axis=axis)
    return array


def assert_alike(array, axes):
    """Every cell is its turned self, to what the accounts themselves may be off."""
    assert array.max() > 0
    scale = ROUNDING * array.max()
    np.testing.assert_allclose(array, turned(array, axes), rtol=ROUNDING, atol=scale)


@pytest.mark.thorough
def test_the_shock_moves_trade_and_plants(model):
    """What follows would hold of a model in which nothing happens, too."""
    between = ~np.eye(N_HOSTS, dtype=bool)
    before, after = (
        books.final.value[:, :N_HOSTS, :N_HOSTS].sum(axis=0)[between].sum()
        for books in (model.base_accounts, model.accounts)
    )
    assert abs(after / before - 1) > 50 * ROUNDING
    moves = model.frames()["moves"]
    # Projects take a year and more: what was under way at the start ends first.
    assert (moves["stage"] == "announced").any()
    assert (moves["stage"][moves["quarter"] > QUARTERS // 2] == "completed").any()


def test_calibrated_constants_are_the_same_everywhere(model):
    calibration = model.calibration
    assert_alike(calibration.competitiveness, (2, 3))
    assert_alike(calibration.bill_of_materials, (2,))
    assert_alike(calibration.access, (1, 3))
    assert_alike(calibration.jobs_per_volume, (1,))


@pytest.mark.parametrize("books", ["base_accounts", "accounts"])
def test_output_jobs_and_prices_are_the_same_everywhere(model, books):
    accounts = getattr(model, books)
    for name in ("sales", "employment", "mean_cost", "content", "true_claims", "eligible"):
        assert_alike(getattr(accounts, name), (1,))
    assert_alike(accounts.price_index[:, :N_HOSTS], (1,))
    assert_alike(model.conditions.wage, (0,))


@pytest.mark.parametrize("books", ["base_accounts", "accounts"])
def test_trade_and_duties_are_the_same_between_all_neighbours(model, books):
    accounts = getattr(model, books)
    for trade in (accounts.final, accounts.intermediate):
        for name in ("value", "duty", "claimed", "dutiable"):
            assert_alike(getattr(trade, name), (1, 2))


def test_copies_of_a_firm_end_with_the_same_plants(model):
    table = model.firms
    homes = [np.flatnonzero(table.home == home) for home in range(N_HOSTS)]
    for home in range(1, N_HOSTS):
        copies = table.plants[homes[home]]
        originals = table.plants[homes[home - 1]]
        np.testing.assert_array_equal(copies, turned(originals, (1,)))
