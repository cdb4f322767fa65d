"""Economies from inter-country tables, in the formats in which they are published."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm import RelocationModel
from abm.axes import REGIONS, SECTORS
from abm.economy.folders import economy_of
from abm.economy.tables import load_economy
from experiments.commands.main import main
from experiments.own_data.inter_country import kind_of, read_table
from experiments.own_data.mapping import joined, shipped_mapping
from tests import published_tables as layouts

pytest.importorskip("pymrio")

SHORT_CODES = {code[1:]: group for code, group in layouts.TWO_OF.items() if code[1:2].isdigit()} | {
    "61": "telecom",
    "64T66": "finance",
    "45T47": "other_services",
    "01T03": "primary_energy",
}


def write_excel(sheet):
    return lambda path: sheet().to_excel(path, header=False, index=False)


def packed(write, path):
    plain = path.with_suffix("")
    write(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


LAYOUTS = {
    "oecd of 2016": (
        "ICIO2016_2011.csv",
        lambda path: layouts.write_oecd(
            path, layouts.OLD, added=("TAXSUB", "VALU"), output=("TOTAL", "OUTPUT")
        ),
    ),
    "oecd of 2018": (
        "ICIO2018_2015.csv",
        lambda path: layouts.write_oecd(
            path, SHORT_CODES, added=("MEX_TAXSUB", "VALU"), output=("TOTAL", "OUTPUT")
        ),
    ),
    "oecd": ("ICIO2021_2017.csv", layouts.write_oecd),
    "oecd packed by gzip": ("ICIO2021_2017.csv.gz", lambda path: packed(layouts.write_oecd, path)),
    "wiod of 2013": ("wiot11_row_apr12.xlsx", write_excel(layouts.wiod_2013)),
    "wiod of 2016": ("WIOT2014_Nov16_ROW.xlsx", write_excel(layouts.wiod_2016)),
    "adb": ("ADB-MRIO-2017.xlsx", write_excel(layouts.adb)),
    "figaro": ("matrix_eu-ic-io_ind-by-ind_2017.csv", layouts.write_figaro),
    "exiobase": ("IOT_2017_ixi.zip", layouts.write_exiobase),
    "exiobase in coefficients": (
        "IOT_2017_pxp.zip",
        lambda path: layouts.write_exiobase(path, coefficients=True),
    ),
    "eora": ("Eora26_2017", layouts.write_eora),
}
IN_EURO = ("figaro", "exiobase", "exiobase in coefficients")


def build(source, out, *words):
    return main(["economy", "--from", str(source), "--out", str(out), *words])


@pytest.fixture(scope="module")
def oecd(tmp_path_factory):
    source = tmp_path_factory.mktemp("table") / "ICIO2021_2017.csv"
    layouts.write_oecd(source)
    return source


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_made_of_the_shipped_economy_gives_it_back(layout, tmp_path):
    name, write = LAYOUTS[layout]
    write(tmp_path / name)
    words = ["--unit", "1"] if layout in IN_EURO else []
    assert build(tmp_path / name, tmp_path / "out", *words) == 0
    found, shipped = economy_of(str(tmp_path / "out")), load_economy()
    for flow in ("intermediate_use", "final_demand"):
        mine, theirs = getattr(found, flow), getattr(shipped, flow)
        # The shipped table is rounded to 0.01, so its rows and columns miss its output by some.
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=0.02)
    np.testing.assert_allclose(found.customs_over_basic, shipped.customs_over_basic, rtol=1e-5)
    margin = np.moveaxis(found.trade_margin, 0, 1)
    on_inputs, on_final = found.intermediate_use * margin[..., None], found.final_demand * margin
    sold = found.intermediate_use.sum((2, 3)) + found.final_demand.sum(2)
    sold[:, SECTORS.index("other_services")] += on_inputs.sum((1, 2, 3)) + on_final.sum((1, 2))
    np.testing.assert_allclose(found.output, sold)
    paid = (found.intermediate_use + on_inputs).sum((0, 1))
    np.testing.assert_allclose(found.value_added, found.output - paid, rtol=1e-8)


def test_a_binary_workbook_is_read_cell_by_cell():
    pytest.importorskip("python_calamine")
    source = Path(__file__).parents[1] / "tables" / "WIOT2014_Nov16_ROW.xlsb"
    table = read_table(source, kind_of(source))
    row, column = np.mgrid[:10, :15]
    np.testing.assert_array_equal(np.hstack([table.use, table.final]), 100 * row + column)
    assert table.rows[1] == ("USA", "C29")
    assert table.markets == ["USA", "MEX", "CAN", "CHN", "ROW"]
    np.testing.assert_array_equal(table.row_totals, table.sold)
    np.testing.assert_array_equal(table.column_totals, table.inputs + table.value_added)


def test_euros_are_refused_until_the_user_says_what_one_is(tmp_path, capsys):
    layouts.write_figaro(tmp_path / "figaro_2017.csv")
    assert build(tmp_path / "figaro_2017.csv", tmp_path / "out") == 2
    assert "say with --unit how many million USD" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_plain_table_is_read_by_mappings_of_its_user(oecd, tmp_path, capsys):
    table = pd.read_csv(oecd, index_col=0)
    renamed = {"USA": "Amerika", "CAN": "Kanada", "ROW": "Rest"}

    def name(label):
        region, _, what = label.partition("_")
        return f"{renamed.get(region, region)}_{what.replace('C29', 'autos')}" if what else label

    table.rename(index=name, columns=name).to_csv(tmp_path / "mine.csv")
    assert build(tmp_path / "mine.csv", tmp_path / "out", "--kind", "plain") == 2
    assert 'label unknown: "autos" (mapping isic4)' in capsys.readouterr().err
    (tmp_path / "regions.csv").write_text(
        "label,region\nAmerika,USA\nKanada,CAN\nMX1,MEX\nMX2,MEX\nMEX,MEX\nCHN,CHN\n*,ROW\n"
    )
    own = {code.replace("C29", "autos"): group for code, group in layouts.TWO_OF.items()}
    lines = [f"{code},{group}" for code, group in own.items()]
    (tmp_path / "sectors.csv").write_text("\n".join(["label,sector", *lines]))
    words = ["--regions", str(tmp_path / "regions.csv"), "--sectors", str(tmp_path / "sectors.csv")]
    assert build(tmp_path / "mine.csv", tmp_path / "out", *words) == 0
    mine, theirs = economy_of(str(tmp_path / "out")).output, load_economy().output
    np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_the_model_starts_from_such_an_economy(oecd, tmp_path):
    assert build(oecd, tmp_path / "out") == 0
    economy = economy_of(str(tmp_path / "out"))
    trade = RelocationModel("status-quo", firms=100, rng=1, economy=economy).frames()["trade"]
    sold = trade.query("origin == 'MEX' and destination == 'USA'")["value_musd"].sum()
    usa, mexico = REGIONS.index("USA"), REGIONS.index("MEX")
    table = (
        economy.intermediate_use[mexico, :, usa].sum() + economy.final_demand[mexico, :, usa].sum()
    )
    assert sold == pytest.approx(table / 4, rel=1e-3)


def without(table, names):
    """A table in which some industries make and use nothing, its totals as they then are."""
    table = table.copy()
    table.loc[names] = 0.0
    table[names] = 0.0
    rows = [name for name in table.index if "_" in name]
    table["OUT"] = table.drop(columns="OUT").sum(axis=1)
    table.loc["VA"] = table["OUT"].reindex(table.columns).fillna(0) - table.loc[rows].sum()
    table.loc["OUT"] = table.drop(index="OUT").sum()
    return table


def test_a_table_in_which_a_member_makes_nothing_of_an_industry_gives_an_economy(oecd, tmp_path):
    without(pd.read_csv(oecd, index_col=0), ["CAN_C29"]).to_csv(tmp_path / "t.csv")
    assert build(tmp_path / "t.csv", tmp_path / "out") == 0
    economy = economy_of(str(tmp_path / "out"))
    canada = REGIONS.index("CAN")
    for sector in ("cars", "light_trucks", "vehicle_parts"):
        of_sector = SECTORS.index(sector)
        assert economy.output[canada, of_sector] == 0
        assert economy.value_added[canada, of_sector] == 0
        assert economy.output[REGIONS.index("USA"), of_sector] > 0
    assert (economy.value_added[canada] > 0).sum() == len(SECTORS) - 3


def test_a_table_in_which_a_member_makes_no_services_is_refused(oecd, tmp_path, capsys):
    without(pd.read_csv(oecd, index_col=0), ["CAN_K"]).to_csv(tmp_path / "t.csv")
    assert build(tmp_path / "t.csv", tmp_path / "out") == 2
    assert "sector impossible: finance of CAN (output 0)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["isic3", "isic4"])
def test_every_division_has_a_sector(name):
    mapping = shipped_mapping(name)
    gaps = {4, 34, 40, 44, 48, 54, 57, 67, 76, 83, 89} if name == "isic4" else set()
    without = {division for division in range(1, 100) if mapping.of(f"{division:02d}") is None}
    assert without == gaps, "codes that the revision does not have are no code of it"
    assert mapping.of("C31T33") == "other_manufacturing" if name == "isic4" else True


def test_groups_of_sectors_that_overlap_are_one():
    assert joined(["cars+machinery", "machinery", "food"]) == {
        "cars+machinery": "cars+machinery",
        "machinery": "cars+machinery",
        "food": "food",
    }


def test_text_in_a_workbook_is_not_taken_for_a_blank(tmp_path, capsys):
    sheet = layouts.wiod_2016()
    sheet.iloc[6, 5] = "n/a"
    sheet.to_excel(tmp_path / "t.xlsx", header=False, index=False)
    assert main(["economy", "--from", str(tmp_path / "t.xlsx"), "--out", str(tmp_path / "o")]) == 2
    assert "refused: text cell: USA_A01, USA_B: n/a" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("t.csv", "", "cannot be read as a table; readable are oecd"),
        (
            "t.csv",
            "V1,USA_C10T12,USA_HFCE\nUSA_C10T12,10,20\n",
            "region absent: MEX, CAN, CHN, ROW",
        ),
        ("t.csv", "V1,USA_C10T12\nUSA_C10T12,1,2\n", "2 names of columns over 3 columns"),
        ("t.csv", "V1,USA_C10\nUSA_C10,1\nUSA_C10,1\n", 'row "USA_C10" is there twice'),
        ("t.csv", "V1,USA_C10,USA_C10\nUSA_C10,1,1\n", 'column "USA_C10" is there twice'),
        ("t.csv", "V1,USA_C10\nUSA_C10,1\nUSA_C13,1\n", 'row "USA_C13" has no column'),
        ("t.csv", "V1,USA_C10,PER_HFCE\nUSA_C10,1,1\n", 'column "PER_HFCE" is of no region'),
        ("t.csv", "V1,USA_C10\nUSA_C10,1\nGDP,1\n", 'row "GDP" is neither REGION_INDUSTRY'),
        ("t.csv", "V1,USA_C19T22,USA_H\nUSA_C19T22,1,2\n", "covers chemicals_plastics and primary"),
        ("t.csv", "a,b\n1,2\n", "has no rows and columns named REGION_INDUSTRY"),
        ("t.xlsx", "no workbook", "is no workbook; readable are oecd"),
        ("t.zip", "no archive", "is no ZIP"),
        ("t.csv.gz", "V1,USA_C10\n", "is no whole gzip file"),
        ("t.pdf", "", "cannot be read; readable are oecd"),
    ],
)
def test_what_is_no_table_is_one_line_and_writes_nothing(tmp_path, capsys, name, text, line):
    (tmp_path / name).write_text(text)
    assert build(tmp_path / name, tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert "Error" not in said
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_not_replaced(tmp_path, oecd, capsys):
    (tmp_path / "thesis.tex").touch()
    assert build(oecd, tmp_path) == 2
    assert "name a new or empty folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").exists()
