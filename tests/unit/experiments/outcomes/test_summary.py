"""The summary: every headline worked out by hand on tables small enough to see."""

import json
from math import isclose

import pandas as pd
import pytest

from experiments.outcomes.quantities import plants_changed, yearly
from experiments.outcomes.summary import entries, summary
from tests.synthetic import a_run, empty, tables

LEAF = {"start", "end", "change", "unit"}


def without(name: str, quarters: int = 4) -> dict[str, pd.DataFrame]:
    return {**tables(quarters, tilt=0.0), name: empty(name)}


def scaled(rows: pd.Series, by: float, column: str, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{column: table[column].where(~rows, by * table[column])})


def moves(*rows: tuple[int, str, str, str, int, float]) -> pd.DataFrame:
    columns = ["quarter", "from_config", "to_config", "stage", "firms", "weight"]
    return pd.DataFrame(rows, columns=columns).assign(sector="cars")


def test_every_entry_has_start_end_change_and_unit_and_survives_json():
    result = summary(tables(quarters=20))
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    for _, entry in entries(result):
        assert set(entry) == LEAF
        if entry["start"] is not None:
            assert isclose(entry["change"], entry["end"] - entry["start"], abs_tol=1e-12)


def test_the_balance_is_exports_less_imports_of_the_last_four_quarters():
    run = tables(quarters=6, tilt=0.0)
    trade = run["trade"]
    late = (trade["quarter"] == 6) & (trade["origin"] == "USA") & (trade["destination"] == "MEX")
    run["trade"] = scaled(late, 2.0, "customs_value_musd", trade)
    balance = summary(run)["us_goods_balance"]["MEX"]
    # 60 exported and 90 imported a quarter at basic prices, customs a tenth above.
    assert balance["start"] == pytest.approx(4 * 1.1 * (60 - 90))
    assert balance["end"] == pytest.approx(1.1 * (4 * (60 - 90) + 60))


def test_services_and_domestic_sales_do_not_count_in_the_balance():
    run = tables(quarters=1, tilt=0.0)
    trade = run["trade"]
    aside = trade["sector"].isin(["telecom", "finance", "other_services"]) | (
        trade["origin"] == trade["destination"]
    )
    before = summary(run)["us_goods_balance"]
    run["trade"] = scaled(aside, 50.0, "customs_value_musd", trade)
    assert summary(run)["us_goods_balance"] == before


def test_a_year_is_four_quarters_and_less_is_scaled_up_without_quarter_0():
    flow = pd.DataFrame({"MEX": [100.0, 1.0, 2.0, 3.0, 4.0, 5.0]})
    assert yearly(flow)["MEX"].tolist() == [400.0, 4.0, 6.0, 8.0, 10.0, 14.0]


def test_jobs_are_those_of_the_country_and_of_all_three():
    run = tables(quarters=1, tilt=0.0)
    outcomes = run["outcomes"]
    late = (outcomes["quarter"] == 1) & (outcomes["region"] == "CAN")
    run["outcomes"] = scaled(late, 0.5, "employment", outcomes)
    jobs = summary(run)["manufacturing_employment"]
    assert jobs["CAN"]["end"] == pytest.approx(jobs["CAN"]["start"] / 2)
    assert jobs["USA"]["change"] == 0
    assert jobs["all"]["change"] == pytest.approx(jobs["CAN"]["change"])


def test_a_completed_move_opens_and_closes_plants_and_others_do_not():
    changed = plants_changed(
        moves(
            (1, "MEX", "USA", "announced", 9, 90.0),
            (3, "MEX", "USA+CAN", "completed", 2, 20.0),
            (3, "USA+MEX", "USA+MEX+CAN", "completed", 1, 5.0),
            (4, "CAN", "USA", "cancelled", 9, 90.0),
        )
    )
    row = changed.loc[3]
    assert changed.index.tolist() == [3]
    assert row["moved", "all"] == 25
    assert row["opened"].to_dict() == {"USA": 20, "MEX": 0, "CAN": 25}
    assert row["closed"].to_dict() == {"USA": 0, "MEX": 20, "CAN": 0}


def test_moves_are_counted_in_real_firms_and_in_agents():
    run = tables(quarters=4, tilt=0.0)
    run["moves"] = moves((3, "MEX", "USA", "completed", 2, 20.0)).reindex(
        columns=run["moves"].columns
    )
    moved = summary(run)["plants_moved"]
    assert moved["real_firms"]["opened"]["USA"]["end"] == 20
    assert moved["agents"]["closed"]["MEX"]["end"] == 2
    plants = run["outcomes"].query("quarter == 0")["plants"].sum()
    assert summary(run)["gross_move_rate_per_year"]["end"] == pytest.approx(20 / plants)


def test_nobody_moving_is_zero_and_not_missing():
    moved = summary(without("moves"))["plants_moved"]["real_firms"]
    assert {entry["end"] for _, entry in entries(moved)} == {0.0}


def test_utilisation_counts_dutiable_imports_from_the_partners_alone():
    run = tables(quarters=1, tilt=0.0)
    trade = run["trade"]
    lane = (trade["origin"] == "MEX") & (trade["destination"] == "USA") & (trade["quarter"] == 1)
    run["trade"] = scaled(lane, 0.5, "claimed_dutiable_musd", trade)
    use = summary(run)["preference_utilisation"]
    assert use["MEX"]["end"] == pytest.approx(use["MEX"]["start"] / 2)
    assert use["CAN"]["change"] == 0
    both = (90 * use["MEX"]["end"] + 75 * use["CAN"]["end"]) / 165
    assert use["all"]["end"] == pytest.approx(both)


def test_false_claims_are_a_share_of_claims():
    assert summary(tables(quarters=1))["false_claim_share"]["CAN"]["end"] == pytest.approx(0.02)


def test_a_share_of_nothing_is_null():
    run = tables(quarters=1)
    run["trade"] = run["trade"].assign(claimed_musd=0.0, false_claim_musd=0.0)
    entry = summary(run)["false_claim_share"]["MEX"]
    assert (entry["start"], entry["end"], entry["change"]) == (None, None, None)


def test_content_is_weighted_by_output():
    run = tables(quarters=1, tilt=0.0)
    content = run["content"]
    cars = content["sector"] == "cars"
    value = content["host"].map({"USA": 0.9, "MEX": 0.5, "CAN": float("nan")})
    run["content"] = content.assign(regional_value_content=value.where(cars, 0.7))
    output = run["outcomes"].query("quarter == 1 and sector == 'cars'").set_index("region")
    usa, mex = output["output_musd"]["USA"], output["output_musd"]["MEX"]
    mean = summary(run)["mean_content"]["cars"]
    assert mean["USA"]["end"] == pytest.approx(0.9)
    assert mean["CAN"]["end"] is None
    assert mean["all"]["end"] == pytest.approx((0.9 * usa + 0.5 * mex) / (usa + mex))


def test_prices_are_those_of_the_first_basket():
    run = tables(quarters=2, tilt=0.0)
    outcomes, trade = run["outcomes"], run["trade"]
    dearer = (outcomes["quarter"] == 2) & (outcomes["sector"] == "food")
    run["outcomes"] = scaled(dearer, 1.5, "price_index", outcomes)
    bought = trade.query("quarter == 0 and destination == 'USA' and use == 'final'")
    spent = (bought["value_musd"] + bought["duty_musd"]).groupby(bought["sector"]).sum()
    manufactures = spent.drop(["primary_energy", "telecom", "finance", "other_services"])
    share = spent["food"] / manufactures.sum()
    prices = summary(run)["consumer_prices"]["USA"]
    assert prices["end"] == pytest.approx(1 + 0.5 * share)
    # What is bought later changes no weight.
    run["trade"] = scaled(trade["quarter"] > 0, 9.0, "value_musd", trade)
    assert summary(run)["consumer_prices"]["USA"]["end"] == pytest.approx(prices["end"])


def test_a_run_of_the_calibration_year_alone_changes_nothing():
    result = summary(tables(quarters=0))
    changes = {entry["change"] for _, entry in entries(result)}
    assert changes == {0.0, None}
    assert result["gross_move_rate_per_year"]["end"] is None


def test_the_difference_is_from_the_reference_s_end():
    run, reference = a_run(quarters=20).tables, a_run("status-quo", quarters=20, tilt=0.0).tables
    result, other = summary(run, reference), dict(entries(summary(reference)))
    for path, entry in entries(result):
        assert set(entry) == LEAF | {"difference"}
        assert entry["difference"] == pytest.approx(entry["end"] - other[path]["end"])
    assert result["manufacturing_employment"]["MEX"]["difference"] < 0


def test_a_run_against_itself_differs_nowhere():
    run = tables(quarters=20)
    assert {entry["difference"] for _, entry in entries(summary(run, run))} == {0.0}
