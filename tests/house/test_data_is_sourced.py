"""Every figure has a source, and every table keeps the form the model reads."""

import re
from importlib.resources import files

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.economy.folders import base_years

SECTIONS = dict(
    re.findall(
        r"^## (\S+)\.csv\n(.*?)(?=^## |\Z)",
        (files(data) / "SOURCES.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
)
BANDS = (
    "share_zero",
    "share_0_to_2p5",
    "share_2p5_to_5",
    "share_5_to_10",
    "share_10_to_20",
    "share_over_20",
)
FLOORS = (0.0, 0.0, 0.025, 0.05, 0.1, 0.2)
IO_TABLES = {
    "intermediate_use_2017": ["source_region", "input_sector", "using_region", "using_sector"],
    "final_demand_2017": ["source_region", "sector", "market"],
    "output_value_added_2017": ["region", "sector"],
}
KEYS = IO_TABLES | {
    "labour": ["region", "sector"],
    "mfn_rate_bins": ["importer", "exporter", "sector"],
    "applied_duties": ["importer", "exporter", "sector"],
    "customs_over_basic": ["importer", "exporter", "sector"],
    "elasticities": ["sector"],
    "establishments": ["region"],
    "owners": ["sector", "host", "home"],
    "regional_distances": ["origin", "destination"],
    "fitted_parameters": ["sector"],
    "us_claims_at_high_rates_2024": ["hs6", "partner"],
    "us_claims_by_mfn_rate_2024": ["partner", "sector", "mfn_bin"],
    "us_claims_by_mfn_rate_2025": ["partner", "sector", "mfn_bin"],
    "us_duty_events_2018_2022": ["id"],
}
KEY_LABELS = {
    "sector": set(SECTORS),
    "input_sector": set(SECTORS),
    "using_sector": set(SECTORS),
    "mfn_bin": None,
    "hs6": None,
    "id": None,
}


def test_sources_describe_exactly_the_tables_there_are():
    assert sorted(SECTIONS) == data.names()


def test_sources_describe_every_base_year_and_concordance():
    text = (files(data) / "SOURCES.md").read_text(encoding="utf-8")
    heads = " ".join(line for line in text.splitlines() if line.startswith("## "))
    beside = [f"base_years/{year}" for year in base_years() if year != "2017"]
    beside += [f"concordances/{f.name}" for f in (files(data) / "concordances").iterdir()]
    assert [name for name in beside if name not in heads] == []


@pytest.mark.parametrize("name", data.names())
def test_a_table_says_what_it_is_and_where_it_comes_from(name):
    section = SECTIONS[name]
    assert "**What.**" in section
    assert re.search(r"\*\*(Sources?\.|Unit, year, sources|How made\.)", section)


@pytest.mark.parametrize("name", data.names())
def test_every_row_that_names_a_source_names_one(name):
    frame = data.read(name)
    for column in {"source", "basis"} & set(frame.columns):
        assert frame[column].str.strip().str.len().min() > 0


@pytest.mark.parametrize(("name", "key"), KEYS.items(), ids=KEYS)
def test_a_cell_stands_once_and_on_a_known_axis(name, key):
    frame = data.read(name)
    assert not frame.duplicated(key).any()
    for column in key:
        known = KEY_LABELS.get(column, set(REGIONS))
        assert known is None or set(frame[column]) <= known


def test_what_remains_unverified_is_marked_beside_the_figure():
    remembered = [
        (name, row)
        for name in data.names()
        for row in data.read(name).get("source", [])
        if "from memory" in str(row)
    ]
    assert remembered
    assert all("unverified" in row for _, row in remembered)


def test_the_input_output_table_balances():
    intermediate, final, accounts = (data.read(name) for name in IO_TABLES)
    key = ["region", "sector"]
    output = accounts.set_index(key)["gross_output_musd"]
    value_added = accounts.set_index(key)["value_added_musd"]
    sold = intermediate.groupby(["source_region", "input_sector"])["value_musd"].sum()
    sold = sold + final.groupby(["source_region", "sector"])["value_musd"].sum()
    bought = intermediate.groupby(["using_region", "using_sector"])["value_musd"].sum()
    # Rows and columns come rounded to 0.01; the largest has some 140 cells.
    tolerance = 1.0
    np.testing.assert_allclose(sold.rename_axis(key)[output.index], output, atol=tolerance)
    np.testing.assert_allclose(
        (bought.rename_axis(key) + value_added)[output.index], output, atol=tolerance
    )


def test_labour_is_paid_between_a_tenth_and_four_fifths_of_value_added():
    labour = data.read("labour")
    assert len(labour) == len(HOSTS) * len(SECTORS)
    assert labour["labour_share_of_value_added"].between(0.1, 0.8).all()
    assert (labour["employment_thousand"] > 0).all()


def test_the_motor_industry_keeps_the_jobs_of_its_source():
    jobs = data.read("labour").set_index(["region", "sector"])["employment_thousand"]
    motor = jobs.unstack("sector")[["cars", "light_trucks", "vehicle_parts"]].sum(axis=1)
    observed = {"USA": 922.0, "MEX": 653.9, "CAN": 114.9}
    assert motor.to_dict() == pytest.approx(observed, abs=0.002)


def test_rates_are_distributions_over_every_pair_of_members_and_every_good():
    bins = data.read("mfn_rate_bins")
    assert len(bins) == len(HOSTS) * (len(HOSTS) - 1) * len(GOODS)
    shares = bins[list(BANDS)].to_numpy()
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)  # rounded to six places
    # No mean is below what it would be with every rate at the foot of its band.
    assert (bins["mean"] >= shares @ FLOORS - 1e-4).all()


def test_duties_are_fractions_and_nothing_is_owed_at_home_or_inside_the_agreement():
    duties = data.read("applied_duties")
    assert len(duties) == len(REGIONS) ** 2 * len(GOODS)
    assert duties["rate"].between(0, 0.5).all()
    home = duties["importer"] == duties["exporter"]
    inside = duties["importer"].isin(HOSTS) & duties["exporter"].isin(HOSTS)
    assert (duties.loc[home | inside, "rate"] == 0).all()
    assert (duties.loc[~(home | inside), "rate"] > 0).all()


def test_customs_values_stay_within_their_bounds():
    assert data.read("customs_over_basic")["ratio"].between(0.8, 2.0).all()


def test_elasticities_and_fitted_parameters_cover_their_sectors():
    elasticities = data.read("elasticities")
    assert tuple(elasticities["sector"]) == SECTORS
    assert elasticities["theta"].between(2, 13).all()
    assert (elasticities["sigma"] > 1).all()
    assert set(data.read("fitted_parameters")["sector"]) == set(FOOTLOOSE)


def test_distances_are_the_same_both_ways():
    km = data.read("regional_distances").set_index(["origin", "destination"])["km"]
    for (origin, destination), distance in km.items():
        assert distance > 0
        assert km[destination, origin] == distance


def test_the_checksum_is_stable_and_an_unknown_table_is_named():
    assert data.checksum() == data.checksum.__wrapped__()
    assert re.fullmatch(r"[0-9a-f]{64}", data.checksum())
    with pytest.raises(FileNotFoundError, match="labor: no such table; there are applied_duties"):
        data.read("labor")
