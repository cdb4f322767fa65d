"""Margins of traders are believed as far as the tables bear them, and change no total."""

import numpy as np
import pytest

from abm import data
from abm.axes import N_GOODS, N_REGIONS, N_SECTORS, REGIONS, SECTORS
from abm.economy.tables import load_economy
from abm.economy.trade_margins import TRADERS, valued
from tests.recorded_margins import on_tables_as_observed

SHAPE = (N_SECTORS, N_REGIONS, N_REGIONS)
SUMS = 1e-9
"""Services are fitted to sums by user to a tenth of this."""


def some_tables(services: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random flows with so much of services, and ratios of customs records to them."""
    rng = np.random.default_rng(7)
    use = rng.lognormal(0, 1, (N_REGIONS, N_SECTORS, N_REGIONS, N_SECTORS))
    final = rng.lognormal(0, 1, (N_REGIONS, N_SECTORS, N_REGIONS))
    use[:, TRADERS] *= services
    final[:, TRADERS] *= services
    recorded = np.where(np.eye(N_REGIONS, dtype=bool), 0, rng.uniform(0.8, 2, SHAPE))
    recorded[N_GOODS:] = 0
    return use, final, recorded


def margins(found) -> tuple[np.ndarray, np.ndarray]:
    """What traders earn on inputs and on final goods, in the tables' axes."""
    crosses = found.customs_over_basic > 0
    margin = np.moveaxis(np.where(crosses, found.customs_over_basic - 1, 0), 0, 1)
    return found.intermediate_use * margin[..., None], found.final_demand * margin


@pytest.mark.parametrize("services", [50.0, 5.0, 0.5, 0.0])
def test_what_pairs_of_regions_trade_and_users_pay_is_as_in_the_tables(services):
    use, final, recorded = some_tables(services)
    found = valued(use, final, recorded)
    on_inputs, on_final = margins(found)
    assert (on_inputs.sum() > 0) == (services > 0)
    np.testing.assert_array_equal(found.intermediate_use[:, :TRADERS], use[:, :TRADERS])
    assert (found.intermediate_use >= 0).all()
    assert (found.final_demand >= 0).all()
    inputs, bought = found.intermediate_use + on_inputs, found.final_demand + on_final
    np.testing.assert_allclose(inputs.sum((0, 1)), use.sum((0, 1)), rtol=SUMS)
    np.testing.assert_allclose(bought.sum((0, 1)), final.sum((0, 1)), rtol=SUMS)
    pairs = inputs.sum((1, 3)) + bought.sum(1)
    np.testing.assert_allclose(pairs, use.sum((1, 3)) + final.sum(1), rtol=SUMS)


def test_no_margin_is_negative_or_more_than_services_over_goods_or_than_records_say():
    use, final, recorded = some_tables(5.0)
    found = valued(use, final, recorded)
    goods = use[:, :N_GOODS].sum((1, 3)) + final[:, :N_GOODS].sum(1)
    services = use[:, TRADERS].sum(2) + final[:, TRADERS]
    margin = found.customs_over_basic[:N_GOODS] - 1
    abroad = ~np.eye(N_REGIONS, dtype=bool)
    assert (margin[:, abroad] >= 0).all()
    assert (margin <= services / goods + 1e-12)[:, abroad].all()
    assert (margin <= np.maximum(recorded[:N_GOODS] - 1, 0) + 1e-12)[:, abroad].all()
    low = recorded[:N_GOODS] <= 1
    assert low[:, abroad].any()
    assert not margin[low & abroad].any()
    assert not found.customs_over_basic[:, ~abroad].any()


def test_a_user_pays_no_more_as_margins_than_it_buys_as_services():
    use, final, recorded = some_tables(5.0)
    poor = SECTORS.index("metals")
    use[:, TRADERS, 0, poor] *= 1e-3
    found = valued(use, final, recorded)
    on_inputs, _ = margins(found)
    paid, bill = on_inputs.sum((0, 1)), use[:, TRADERS].sum(0)
    assert (paid <= bill * (1 + SUMS)).all()
    assert paid[0, poor] == pytest.approx(bill[0, poor])
    np.testing.assert_allclose(found.intermediate_use[:, TRADERS, 0, poor], 0, atol=1e-9)


def test_the_shipped_margins_are_those_of_the_documents():
    economy = load_economy()
    places = {name: REGIONS.index(name) for name in REGIONS}

    def ratio(sector, source, market):
        cell = SECTORS.index(sector), places[source], places[market]
        return economy.customs_over_basic[cell]

    assert ratio("cars", "CAN", "USA") == pytest.approx(1.34, abs=0.005)
    assert ratio("other_manufacturing", "MEX", "USA") == pytest.approx(1.18, abs=0.005)
    assert ratio("cars", "MEX", "USA") == pytest.approx(1.016, abs=0.0005)
    assert ratio("metals", "USA", "CAN") == 1


def test_records_are_margins_and_mismatch_together():
    economy = load_economy()
    stored = data.read("customs_over_basic").set_index(["sector", "exporter", "importer"])["ratio"]
    recorded = economy.customs_over_basic * economy.records_over_customs
    for (sector, source, market), asked in stored.items():
        cell = SECTORS.index(sector), REGIONS.index(source), REGIONS.index(market)
        assert recorded[cell] == pytest.approx(asked)


def test_an_economy_on_its_own_tables_is_itself():
    economy = load_economy()
    again = on_tables_as_observed(economy)
    for name in ("intermediate_use", "final_demand", "customs_over_basic", "records_over_customs"):
        np.testing.assert_allclose(getattr(again, name), getattr(economy, name), rtol=1e-12)
