"""Figures of how fast trade follows duties, from tables made by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from abm.axes import FOOTLOOSE, REGIONS, SECTORS
from abm.economy.tables import load_economy
from experiments.fit.trade_moments import (
    china_moments,
    elasticities,
    elasticity_moments,
    import_share,
    metals_moments,
    us_imports,
)

ORIGINS = ("USA", "MEX", "CAN", "CHN", "ROW")

RECORDS = load_economy().records_over_customs[..., REGIONS.index("USA")]
CUSTOMS = {
    (origin, sector, destination): 1.2 / RECORDS[SECTORS.index(sector), REGIONS.index(origin)]
    if origin != destination
    else 0.0
    for origin, sector, destination in itertools.product(ORIGINS, SECTORS, ("USA", "MEX"))
}


def trade_table(quarters, value=lambda quarter, origin, sector: 100.0, rate=lambda *cell: 0.0):
    """US purchases by quarter; customs record 1.2 of the basic value, half of it final."""
    rows = [
        {
            "quarter": quarter,
            "origin": origin,
            "destination": destination,
            "sector": sector,
            "use": use,
            "value_musd": (amount := value(quarter, origin, sector) / 2),
            "customs_value_musd": (customs := amount * CUSTOMS[origin, sector, destination]),
            "duty_musd": customs * rate(quarter, origin, sector),
        }
        for quarter, origin, sector, use in itertools.product(
            range(quarters + 1), ORIGINS, SECTORS, ("final", "intermediate")
        )
        for destination in ("USA", "MEX")
    ]
    return pd.DataFrame(rows)


def test_imports_are_both_uses_from_abroad_into_the_united_states_alone():
    found = us_imports(trade_table(1), "value_musd")
    assert found.loc[1, ("CHN", "metals")] == 100
    assert "USA" not in found.columns.get_level_values("origin")


def test_an_elasticity_is_the_change_of_imports_over_that_of_the_duty():
    answer = {quarter: -(1.0 + quarter / 10) for quarter in range(1, 6)}

    def after(quarter, origin, sector):
        hit = (origin, sector) == ("MEX", "metals") and quarter > 0
        # From a duty of 2% to one of 12%.
        return 100.0 * (1.12 / 1.02) ** answer[quarter] if hit else 100.0

    def rate(quarter, origin, sector):
        return 0.12 if (origin, sector) == ("MEX", "metals") and quarter > 0 else 0.02

    run, reference = trade_table(5, after, rate), trade_table(5, rate=lambda *cell: 0.02)
    found = elasticities(run, reference, [("MEX", "metals")])["MEX", "metals"]
    assert found.to_dict() == pytest.approx(answer)


def test_what_would_have_happened_anyway_is_no_answer_to_the_duty():
    def drift(quarter, origin, sector):
        return 100.0 * 1.05**quarter

    def after(quarter, origin, sector):
        return drift(quarter, origin, sector) * (1.1**-2 if quarter and origin == "CAN" else 1)

    def rate(quarter, origin, sector):
        return 0.1 if quarter and origin == "CAN" else 0.0

    run, reference = trade_table(3, after, rate), trade_table(3, drift)
    assert elasticities(run, reference, [("CAN", "food")]).to_numpy() == pytest.approx(-2)


def test_horizons_are_taken_from_the_path_and_cells_weigh_by_what_they_sell():
    sells = {("MEX", "metals"): 300.0, ("CHN", "food"): 100.0}
    reached = {("MEX", "metals"): -2.0, ("CHN", "food"): -6.0}

    def share(quarter):
        return min(1.0, 0.1 * quarter)

    def usual(quarter, origin, sector):
        return sells.get((origin, sector), 50.0)

    def run_on(cell):
        def after(quarter, origin, sector):
            hit = (origin, sector) == cell and quarter
            power = reached[cell] * share(quarter) if hit else 0.0
            return usual(quarter, origin, sector) * 1.1**power

        def rate(quarter, origin, sector):
            return 0.1 if (origin, sector) == cell and quarter else 0.0

        return trade_table(40, after, rate)

    reference = trade_table(40, usual)
    found = elasticity_moments((run_on(cell), reference, [cell]) for cell in sells)
    assert found["blp/quarter 1"] == pytest.approx(-0.3)
    # The mean of quarters 4 and 5, the first anniversary between them.
    assert found["blp/year"] == pytest.approx(-3 * 0.45)
    assert found["blp/long run"] == pytest.approx(-3)
    assert found["blp/ratio"] == pytest.approx(0.45)


def test_a_short_run_has_no_long_run():
    rate = 0.1
    run = trade_table(6, rate=lambda quarter, origin, sector: rate if quarter else 0.0)
    found = elasticity_moments([(run, trade_table(6), [("MEX", "metals")])])
    assert "blp/year" in found
    assert "blp/ratio" not in found


def test_shares_are_of_a_calendar_year_and_of_imports_alone():
    def value(quarter, origin, sector):
        return 400.0 if origin == "CHN" and quarter in (9, 10, 11, 12) else 100.0

    table = trade_table(12, value)
    assert import_share(table, "CHN", FOOTLOOSE, 2018) == pytest.approx(25)
    assert import_share(table, "CHN", FOOTLOOSE, 2019) == pytest.approx(100 * 4 / 7)


def test_china_moments_are_points_of_share_beyond_the_reference():
    def drift(quarter, origin, sector):
        return 110.0 if origin == "CHN" and quarter > 4 else 100.0

    def after(quarter, origin, sector):
        fell = origin == "CHN" and sector == "electronics" and quarter > 8
        return drift(quarter, origin, sector) * (0.5 if fell else 1)

    found = china_moments(trade_table(24, after), trade_table(24, drift))
    change = 100 * (55 / 355 - 110 / 410)
    for year in (2019, 2022):
        assert found[f"china/electronics/CHN/{year}"] == pytest.approx(change)
        assert found[f"china/electronics/MEX/{year}"] == pytest.approx(
            100 * (100 / 355 - 100 / 410)
        )
        assert found[f"china/machinery/CHN/{year}"] == pytest.approx(0)
        assert change < found[f"china/manufactures/CHN/{year}"] < 0
    assert len(found) == 12


def test_manufactures_hold_no_energy_and_no_services():
    def after(quarter, origin, sector):
        return 0.0 if origin == "CHN" and sector in ("primary_energy", "finance") else 100.0

    found = china_moments(trade_table(24, after), trade_table(24))
    assert all(value == pytest.approx(0) for value in found.values())


def test_metals_are_compared_with_the_same_months_a_year_before():
    # 1, 2, 3, ... in the quarters of the run, for Canada alone.
    def value(quarter, origin, sector):
        return float(quarter + 1) if (origin, sector) == ("CAN", "metals") else 100.0

    found = metals_moments(trade_table(24, value), trade_table(24))
    april = 30 / 91
    before, during = 4 + 5 + 6 + 7 * april, 8 + 9 + 10 + 11 * april
    assert found["metals/CAN/during"] == pytest.approx(100 * (during / before - 1))
    assert found["metals/CAN/after"] == pytest.approx(100 * ((12 + 13) / (8 + 9) - 1))
    assert found["metals/MEX/during"] == found["metals/MEX/after"] == pytest.approx(0)
    same = metals_moments(trade_table(24, value), trade_table(24, value))
    assert np.allclose(list(same.values()), 0)
