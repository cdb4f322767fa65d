"""The same firms listed in another order make the same economy.

The table keeps the firms of a sector together, so firms change places within their
sectors. Each takes its luck along: after the set-up row ``r`` has the numbers of firm
``order[r]``, in choices of plants and of suppliers alike.
"""

import numpy as np
import pytest

import abm.base_year.set_up
import abm.model
from abm import RelocationModel
from abm.engine.draws import Draws
from abm.trade.books.accounts import ROUNDING
from abm.trade.inputs.suppliers import SupplierNetwork
from agents import FirmTable
from experiments.scenarios.overrides import load_scenario

pytestmark = pytest.mark.anew

FIRMS = 450
QUARTERS = 14
SEED = 3
SCENARIO = load_scenario("blanket-25", ["firms.build_noise=30", "firms.keep_noise=10"])
"""With more luck in choices than by default, so that many firms move."""


def shuffled_model():
    """The model with its firms in another order, and that order."""
    draw, build = abm.base_year.set_up.draw_population, SupplierNetwork.build
    order = np.zeros(0, np.int64)

    def draw_and_shuffle(economy, settings, firms, draws):
        nonlocal order
        table = draw(economy, settings, firms, Draws(draws.seed))
        luck = np.random.default_rng(8).random(len(table))
        order = np.lexsort((luck, table.sector))
        for column in FirmTable.columns():
            array = getattr(table, column)
            array[:] = array[order]
        return table

    def build_keyed(*arguments):
        return build(*arguments, ids=order)

    class Renumbered(Draws):
        """Every firm keeps its own luck; what is not drawn for firms is as it was."""

        def uniform(self, purpose, quarter, size, *, ids=None):
            if purpose.startswith("supplier"):  # the network knows the numbers of its firms
                return super().uniform(purpose, quarter, size, ids=ids)
            first = size[0] if isinstance(size, tuple) else size
            of_firms = ids is not None or (len(order) > 0 and first == len(order))
            keyed = order if ids is None else order[ids]
            return super().uniform(purpose, quarter, size, ids=keyed if of_firms else None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abm.base_year.set_up, "draw_population", draw_and_shuffle)
        patch.setattr(abm.model, "Draws", Renumbered)
        patch.setattr(SupplierNetwork, "build", build_keyed)
        model = RelocationModel(SCENARIO, firms=FIRMS, rng=SEED)
        model.run_for(QUARTERS)
    return model, order


@pytest.fixture(scope="module")
def pair():
    """The model as it is listed, the shuffled one, and the order of its rows."""
    listed = RelocationModel(SCENARIO, firms=FIRMS, rng=SEED)
    listed.run_for(QUARTERS)
    return listed, *shuffled_model()


def test_every_firm_ends_where_it_would_in_any_order(pair):
    listed, shuffled, order = pair
    assert not np.array_equal(order, np.arange(len(order)))
    assert (listed.frames()["moves"]["stage"] == "completed").any()
    for column in ("config", "plants", "target", "stage", "quarters_left"):
        np.testing.assert_array_equal(
            getattr(shuffled.firms, column), getattr(listed.firms, column)[order], err_msg=column
        )


def test_every_firm_has_the_cost_and_the_claim_it_would_have_in_any_order(pair):
    listed, shuffled, order = pair
    for array in ("free_cost", "compliant_cost", "free_content"):
        np.testing.assert_allclose(
            getattr(shuffled.costs, array), getattr(listed.costs, array)[order], rtol=ROUNDING
        )
    np.testing.assert_array_equal(shuffled.borders.claim, listed.borders.claim[order])


def test_every_firm_has_the_suppliers_it_would_have_in_any_order(pair):
    listed, shuffled, order = pair
    supplier = shuffled.network.supplier
    firm = np.where(supplier >= 0, order[supplier], supplier)
    np.testing.assert_array_equal(firm, listed.network.supplier[order])
    np.testing.assert_allclose(shuffled.firms.affinity, listed.firms.affinity[order], rtol=ROUNDING)


@pytest.mark.parametrize("table", ["outcomes", "trade", "content"])
def test_aggregates_are_equal_to_rounding(pair, table):
    listed, shuffled, _ = pair
    one, other = listed.frames()[table], shuffled.frames()[table]
    for column in one.select_dtypes("number"):
        np.testing.assert_allclose(
            other[column],
            one[column],
            rtol=ROUNDING,
            atol=ROUNDING * one[column].abs().max(),
            err_msg=column,
        )


def test_the_same_firms_move(pair):
    listed, shuffled, _ = pair
    one, other = listed.frames()["moves"], shuffled.frames()["moves"]
    renumbered = ["weight", "firm_ids"]
    assert one.drop(columns=renumbered).equals(other.drop(columns=renumbered))
    np.testing.assert_allclose(other["weight"], one["weight"], rtol=ROUNDING)
