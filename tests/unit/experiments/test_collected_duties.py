"""The scenario of collected duties says what customs collected, and no more."""

import numpy as np
import pandas as pd
import pytest

from abm import data
from abm.scenario.scenario import Scenario, shipped
from experiments.scenarios import collected_duties
from experiments.scenarios.collected_duties import (
    events,
    increments,
    monthly,
    quarterly_rates,
    scenario_text,
    special_duties,
    transport_rates,
)


@pytest.fixture(scope="module")
def customs():
    return increments()


def sum_of(column, partner, sector, first, last):
    return monthly()[column].loc[first:last, partner, sector].sum()


def test_the_scenario_file_is_what_the_data_give():
    written = shipped()["collected-2018"].read_text(encoding="utf-8")
    assert written == scenario_text()


def test_no_month_after_2022_is_in_the_data():
    months = data.read("us_imports_and_duties_2017_2022")["month"]
    assert (months.min(), months.max()) == ("2017-01", "2022-12")


def test_partners_add_up_to_all_imports():
    raw = data.read("us_imports_and_duties_2017_2022")
    everybody = raw[(raw["partner"] == "ALL") & (raw["sector"] != "TOTAL")]
    found = monthly()[["imports", "duty"]].sum()
    assert found["imports"] == everybody["imports_usd"].sum()
    assert found["duty"] == everybody["duty_usd"].sum()
    assert (monthly() >= 0).all(axis=None)


def test_a_rate_that_begins_within_a_quarter_counts_by_its_days(monkeypatch):
    months = pd.period_range("2017-01", "2017-03", freq="M")
    # A million of imports a month, and 9 times that in March, when a duty of 10% begins.
    rows = pd.DataFrame({"imports": [1.0, 1.0, 9.0], "duty": [0.0, 0.0, 0.9]})
    rows.index = pd.MultiIndex.from_product(
        [months, ["CHN"], ["metals"]], names=["month", "partner", "sector"]
    )
    monkeypatch.setattr(collected_duties, "monthly", lambda: rows)
    assert quarterly_rates().iloc[0, 0] == pytest.approx(0.1 * 31 / 90)


def test_members_pay_on_metals_alone_and_only_while_the_duty_stood(customs):
    for partner in ("MEX", "CAN"):
        paid = customs[partner]
        assert (paid.drop(columns="metals") == 0).all(axis=None)
        stood = paid.index[paid["metals"] > 0]
        assert [str(quarter) for quarter in stood[[0, -1]]] == ["2018Q2", "2019Q2"]
        assert len(stood) == 5


def test_what_is_left_out_is_little(customs):
    rates = quarterly_rates()
    base = rates.loc[rates.index.year == 2017].to_numpy()
    beyond = rates.loc[customs.index] - np.tile(base, (len(customs) // 4, 1))
    imports = monthly()["imports"].unstack(["partner", "sector"])
    imports = imports.groupby(imports.index.asfreq("Q")).sum().loc[customs.index]
    kept, all_of_it = (float((rate * imports).sum().sum()) for rate in (customs, beyond))
    assert kept / all_of_it == pytest.approx(1, abs=0.03)


def test_kinds_of_transport_equipment_together_pay_what_was_collected(customs):
    whole = customs["CHN", "transport"]
    shares = data.read("transport_split_2017").set_index("goods")["share"]
    kinds = transport_rates(whole)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose((kinds * shares).sum(axis=1), whole, rtol=1e-12)


def test_cars_from_china_paid_a_quarter_before_parts_did():
    duty = special_duties()["CHN"]
    third, fourth = duty.loc["2018Q3"], duty.loc["2018Q4"]
    assert third["cars"] > 20 * third["vehicle_parts"] > 0
    # A list at 25% against one at 10%, then both at 25%.
    assert fourth["cars"] / fourth["vehicle_parts"] == pytest.approx(2.5, rel=2e-3)
    assert duty.loc["2019Q3", "cars"] == duty.loc["2019Q3", "vehicle_parts"]


def test_machinery_pays_as_machines_and_other_transport_do(customs):
    duty, kinds = special_duties()["CHN"], transport_rates(customs["CHN", "transport"])
    ends = np.stack([customs["CHN", "machinery"], kinds["other_transport"]])
    assert (duty["machinery"] >= ends.min(axis=0) - 1e-4).all()
    assert (duty["machinery"] <= ends.max(axis=0) + 1e-4).all()


def test_the_scenario_levies_the_rates_of_the_data_and_nothing_before_2018():
    scenario = Scenario.load("collected-2018")
    assert scenario.tariffs.special == {}
    assert not scenario.tariffs.special_waived_for_originating
    assert min(entry.date for entry in scenario.timeline).year == 2018
    last = special_duties().iloc[-1]
    levied = scenario.instruments_at_the_end.tariffs.special["USA"]
    for (partner, good), rate in last.items():
        assert levied.get(partner, {}).get(good, 0.0) == pytest.approx(rate, abs=1e-12)


def test_a_law_is_known_before_it_takes_effect_and_says_where_it_is_from():
    law = events()
    assert (law["announced"] <= law["effective"]).all()
    assert (law["effective"] <= law["collected_from"]).all()
    assert law["id"].is_unique


def test_published_figures_follow_from_the_data():
    """METALS-1 and CHINA-1 of published_results_2.csv, from the months shipped."""

    def growth(partner, first, last, before, until):
        now = sum_of("imports", partner, "metals", first, last)
        return 100 * (now / sum_of("imports", partner, "metals", before, until) - 1)

    during = ("2018-07", "2019-04", "2017-07", "2018-04")
    assert growth("CAN", *during) == pytest.approx(-11.5, abs=0.05)
    assert growth("MEX", *during) == pytest.approx(1.0, abs=0.05)
    assert growth("CAN", "2019-07", "2019-12", "2018-07", "2018-12") == pytest.approx(16, abs=0.2)
    rate = 100 * quarterly_rates()["CAN", "metals"]
    assert rate["2018Q3":"2019Q1"].mean() == pytest.approx(6.5, abs=0.3)

    def share(origin, sectors, year):
        imports = monthly()["imports"].loc[year].unstack("sector")
        imports = imports[sectors or imports.columns.drop("primary_energy")].sum(axis=1)
        by_partner = imports.groupby("partner").sum()
        return 100 * by_partner[origin] / by_partner.sum()

    published = {
        ("CHN", ()): (-4.0, -6.0),
        ("MEX", ()): (1.0, 0.6),
        ("CHN", ("electronics",)): (-6.9, -13.6),
        ("CHN", ("machinery",)): (-4.0, -5.3),
    }
    for (origin, sectors), changes in published.items():
        for year, change in zip(("2019", "2022"), changes, strict=True):
            found = share(origin, list(sectors), year) - share(origin, list(sectors), "2017")
            assert found == pytest.approx(change, abs=0.06)
