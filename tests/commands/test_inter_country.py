"""Economies from inter-country tables, in the formats in which they are published."""

import numpy as np
import pandas as pd
import pytest

from abm import RelocationModel
from abm.axes import REGIONS, SECTORS
from abm.economy.tables import load_economy
from experiments.commands.main import main
from experiments.own_data.inter_country import DIVISIONS, WIOD, read_economy
from tests.published_tables import published, write_oecd

pytest.importorskip("pymrio")


def write_wiod(path):
    industries = {code: group for group, codes in WIOD.items() for code in codes}
    industries |= dict.fromkeys(("E", "F", "50", "H", "P"), "other_services")
    use, final = published(industries, {name.replace("ROW", "RoW"): name for name in REGIONS})
    n, size = len(industries), len(use)
    regions = ["USA", "MEX", "CAN", "CHN", "RoW"]
    numbers = [f"c{k}" for k in range(1, n)] + ["c35"]
    sheet = np.full((6 + size + 3, 4 + size + 2 * len(regions) + 1), None, dtype=object)
    sheet[0, 0], sheet[2, 0] = "World Input-Output Table for 2011", "(industry-by-industry)"
    sheet[3, 0] = "(millions of US$)"
    for a, region in enumerate(regions):
        for b, (code, number) in enumerate(zip(industries, numbers, strict=True)):
            head = [code, f"Industry {code}", region, number]
            sheet[2:6, 4 + a * n + b] = head
            sheet[6 + a * n + b, :4] = head
        for b, number in enumerate(("c37", "c41")):
            sheet[2:6, 4 + size + 2 * a + b] = [number, f"Final {number}", region, number]
            sheet[6 : 6 + size, 4 + size + 2 * a + b] = (0.6, 0.4)[b] * final[:, a]
    sheet[6 : 6 + size, 4 : 4 + size] = use
    for row, (name, number) in enumerate(
        (("total", "r60"), ("value added", "r64"), ("out", "r69"))
    ):
        sheet[6 + size + row, :4] = ["", name, "TOT", number]
        sheet[6 + size + row, 4:-1] = 1.0
    sheet[2:6, -1] = ["", "Total output", "TOT", "c42"]
    sheet[6:, -1] = 1.0
    pd.DataFrame(sheet).to_excel(path, header=False, index=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_oecd(folder / "ICIO2021_2017.csv")
    write_wiod(folder / "wiot11_row_apr12.xlsx")
    made = {}
    for kind, name in (("oecd", "ICIO2021_2017.csv"), ("wiod", "wiot11_row_apr12.xlsx")):
        made[kind] = folder / kind
        assert main(["economy", "--from", str(folder / name), "--out", str(made[kind])]) == 0
    return made


@pytest.mark.parametrize("kind", ["oecd", "wiod"])
def test_a_table_made_of_the_shipped_economy_gives_it_back(folders, kind):
    found, shipped = read_economy(folders[kind]), load_economy()
    for name in ("intermediate_use", "final_demand"):
        mine, theirs = getattr(found, name), getattr(shipped, name)
        # The shipped table is rounded to 0.01, so its rows and columns miss its output by some.
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=0.01)
    np.testing.assert_allclose(found.customs_over_basic, shipped.customs_over_basic, rtol=1e-5)
    margin = np.moveaxis(found.trade_margin, 0, 1)
    on_inputs, on_final = found.intermediate_use * margin[..., None], found.final_demand * margin
    sold = found.intermediate_use.sum((2, 3)) + found.final_demand.sum(2)
    sold[:, SECTORS.index("other_services")] += on_inputs.sum((1, 2, 3)) + on_final.sum((1, 2))
    np.testing.assert_allclose(found.output, sold)
    paid = (found.intermediate_use + on_inputs).sum((0, 1))
    np.testing.assert_allclose(found.value_added, found.output - paid, rtol=1e-8)


def test_the_model_starts_from_such_an_economy(folders):
    economy = read_economy(folders["oecd"])
    trade = RelocationModel("status-quo", firms=100, rng=1, economy=economy).frames()["trade"]
    sold = trade.query("origin == 'MEX' and destination == 'USA'")["value_musd"].sum()
    usa, mexico = REGIONS.index("USA"), REGIONS.index("MEX")
    table = (
        economy.intermediate_use[mexico, :, usa].sum() + economy.final_demand[mexico, :, usa].sum()
    )
    assert sold == pytest.approx(table / 4, rel=1e-3)


def test_a_table_in_which_a_member_makes_nothing_of_an_industry_gives_an_economy(folders, tmp_path):
    table = pd.read_csv(folders["oecd"].parent / "ICIO2021_2017.csv", index_col=0)
    idle = ["CAN_C29"]
    table.loc[idle] = 0.0
    table[idle] = 0.0
    table.to_csv(tmp_path / "ICIO2021_2017.csv")
    source, out = tmp_path / "ICIO2021_2017.csv", tmp_path / "out"
    assert main(["economy", "--from", str(source), "--out", str(out)]) == 0
    economy = read_economy(out)
    canada = REGIONS.index("CAN")
    for sector in ("cars", "light_trucks", "vehicle_parts"):
        of_sector = SECTORS.index(sector)
        assert economy.output[canada, of_sector] == 0
        assert economy.value_added[canada, of_sector] == 0
        assert economy.output[REGIONS.index("USA"), of_sector] > 0
    assert (economy.value_added[canada] > 0).sum() == len(SECTORS) - 3


def test_a_table_in_which_a_member_makes_no_services_is_refused(folders, tmp_path, capsys):
    table = pd.read_csv(folders["oecd"].parent / "ICIO2021_2017.csv", index_col=0)
    table.loc["CAN_K"] = 0.0
    table["CAN_K"] = 0.0
    table.to_csv(tmp_path / "t.csv")
    out = tmp_path / "out"
    assert main(["economy", "--from", str(tmp_path / "t.csv"), "--out", str(out)]) == 2
    assert "finance of CAN output of 0; it must be above 0" in capsys.readouterr().err
    assert not out.exists()


def test_every_division_of_manufacturing_has_a_sector():
    divisions = [code for codes in DIVISIONS.values() for code in codes]
    assert sorted(code for code in divisions if code < 34) == list(range(1, 34))
    assert len(divisions) == len(set(divisions))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("t.csv", "V1,USA_C10T12,USA_HFCE\nUSA_C10T12,1,2\n", "the table has no region MEX"),
        ("t.csv", "", "is no table of the kind oecd"),
        ("t.xlsx", "no workbook", "is no table of the kind wiod"),
        ("t.txt", "", "ends in none of .csv, .zip, .xlsx; say which with --kind"),
    ],
)
def test_what_is_no_table_is_one_line_and_writes_nothing(tmp_path, capsys, name, text, line):
    (tmp_path / name).write_text(text)
    out = tmp_path / "out"
    assert main(["economy", "--from", str(tmp_path / name), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_folder_with_something_else_is_not_replaced(tmp_path, folders, capsys):
    (tmp_path / "thesis.tex").touch()
    table = next(folders["oecd"].parent.glob("*.csv"))
    assert main(["economy", "--from", str(table), "--out", str(tmp_path)]) == 2
    assert "name a new or empty folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").exists()
