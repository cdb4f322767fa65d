"""Every kind of fault of a published table is planted once, and found by its name."""

import json

import numpy as np
import pandas as pd
import pytest

from abm.economy.folders import economy_of
from experiments.commands.main import main
from experiments.own_data import mending
from experiments.own_data.audit import KINDS, faults_of
from experiments.own_data.inter_country import read_table
from tests.published_tables import write_figaro, write_oecd


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "t.csv"
    write_oecd(path)
    return pd.read_csv(path, index_col=0)


@pytest.fixture
def audited(whole, tmp_path, capsys):
    """Build from a table after a fault; return exit code and the findings printed, by kind."""

    def build(plant, *words):
        table = whole.copy()
        planted = plant(table)
        (table if planted is None else planted).to_csv(tmp_path / "t.csv")
        words = ["--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out"), *words]
        code = main(["economy", *words])
        lines = [line.split(": ") for line in capsys.readouterr().out.splitlines()]
        assert (tmp_path / "out").exists() == (code == 0)
        return code, {line[1]: line[0] for line in lines if line[0] in VERDICTS}

    return build


VERDICTS = ("refused", "mended", "told")


def put(row, column, value):
    def plant(table):
        table.loc[row, column] = value

    return plant


def text(row, column, value):
    def plant(table):
        table[column] = table[column].astype(object)
        table.loc[row, column] = value

    return plant


def scaled(rows, columns, factor):
    def plant(table):
        table.loc[rows, columns] = factor * table.loc[rows, columns]

    return plant


def industries(table):
    return [name for name in table.index if "_" in name]


def recounted(table):
    """Totals as the cells now are."""
    table["OUT"] = table.drop(columns="OUT").sum(axis=1)
    rows = industries(table)
    table.loc["VA"] = table["OUT"].reindex(table.columns).fillna(0) - table.loc[rows].sum()
    table.loc["OUT"] = table.drop(index="OUT").sum()


def mexican(names):
    return [name for name in names if name.split("_")[0] in ("MEX", "MX1", "MX2")]


def another_unit_in_mexico(table):
    rows = industries(table)
    others = [name for name in rows if name not in mexican(rows)]
    table.loc[mexican(rows)] *= 18.0
    table.loc[others, mexican(table.columns)] *= 18.0
    recounted(table)


def no_borders(table):
    mexico, inside = mexican(table.index), mexican(table.columns)
    others = [name for name in industries(table) if name not in mexico]
    table.loc[mexico, [c for c in table.columns if c not in inside]] = 0.0
    table.loc[others, inside] = 0.0
    recounted(table)


def shares(table):
    rows = industries(table)
    table[rows] = table[rows] / table.loc["OUT", rows]


def on_its_side(table):
    rows = industries(table)
    table.loc[rows, rows] = table.loc[rows, rows].T.to_numpy()


def far_below_zero(columns):
    def plant(table):
        rows = industries(table)
        at = rows if columns == "use" else [c for c in table.columns if c.endswith("_GFCF")]
        table.loc[rows[::2], at] *= -1.0
        recounted(table)

    return plant


def costs_more_than_it_sells(table):
    rows = industries(table)
    table.loc["OUT", rows] *= 1.2
    table.loc["VA", rows] = table.loc["OUT", rows] - table.loc[rows, rows].sum()


def unsold(table):
    return table[[c for c in table.columns if not c.endswith(("_HFCE", "_GFCF"))]]


def gone(*regions):
    def plant(table):
        rows = [name for name in table.index if name.split("_")[0] in regions]
        columns = [name for name in table.columns if name.split("_")[0] in regions]
        table = table.drop(index=rows, columns=columns)
        recounted(table)
        return table

    return plant


def without(*codes):
    def plant(table):
        lost = [name for name in industries(table) if name.split("_", 1)[1] in codes]
        table = table.drop(index=lost, columns=lost)
        recounted(table)
        return table

    return plant


def nothing_left_of_finance(table):
    table.loc[industries(table), ["DEU_K", "ROW_K"]] *= 9
    recounted(table)


def odd_code(name):
    return name.replace("C24", "XX")


def stocks_run_down(table):
    table.loc["USA_C24", "USA_GFCF"] -= 1.2 * table.loc["USA_C24", "USA_GFCF"]
    recounted(table)


def a_refund(table):
    table.loc["USA_C24", "CAN_C24"] = -100.0
    recounted(table)


def pays_to_produce(table):
    table.loc[industries(table), "DEU_K"] *= 4
    recounted(table)


ROW, COLUMN = "USA_C24", "USA_C29"


def interchanged(one, other):
    def name(label):
        region, _, rest = label.partition("_")
        return "_".join([{one: other, other: one}.get(region, region), *([rest] if rest else [])])

    return lambda table: table.rename(index=name, columns=name)


PLANTED = {
    "part of a region": interchanged("USA", "CHN"),
    "unit doubtful": lambda t: 2 * t,
    "no totals": lambda t: t.drop(columns="OUT").drop(index=["OUT", "VA", "TLS"]),
    "text cell": text(ROW, COLUMN, "n/a"),
    "infinite cell": put(ROW, COLUMN, np.inf),
    "blank cell": lambda t: put([ROW, "USA_C26"], COLUMN, np.nan)(t),
    "blank cell filled": put(ROW, COLUMN, np.nan),
    "no final demand": unsold,
    "region absent": gone("MEX", "MX1", "MX2"),
    "no rest of the world": gone("ROW", "DEU"),
    "label unknown": lambda t: t.rename(index=odd_code, columns=odd_code),
    "sector absent": without("J61"),
    "transposed": on_its_side,
    "row total off": scaled("USA_C10T12", "OUT", 1.3),
    "row total near": scaled("USA_C10T12", "OUT", 1.003),
    "column total off": scaled("VA", "USA_C10T12", 1.3),
    "column total near": scaled("VA", "USA_C10T12", 1.003),
    "unbalanced": costs_more_than_it_sells,
    "value added missing": lambda t: t.drop(index=["VA", "TLS"]),
    "value added below zero": pays_to_produce,
    "negative use": a_refund,
    "negative use large": far_below_zero("use"),
    "negative final demand": stocks_run_down,
    "negative final demand large": far_below_zero("final"),
    "coefficients": shares,
    "unit wrong": lambda t: t / 1000,
    "unit of a region": another_unit_in_mexico,
    "no trade": no_borders,
    "sector impossible": nothing_left_of_finance,
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_by_its_kind_and_its_rule_kept(kind, audited):
    code, found = audited(PLANTED[kind])
    assert kind in found
    assert found[kind] == KINDS[kind][0]
    assert code == (2 if "refused" in found.values() else 0)
    if KINDS[kind][0] != "refused":
        assert code == 0, "what is mended or told stops nothing"


def test_a_sound_table_has_no_finding(audited):
    assert audited(lambda table: table) == (0, {})


def test_what_only_other_formats_can_have_is_found_too(tmp_path, capsys, audited):
    write_figaro(tmp_path / "figaro.csv")
    source = ["--from", str(tmp_path / "figaro.csv"), "--out", str(tmp_path / "euro")]
    assert main(["economy", *source]) == 2
    assert "refused: currency: million EUR" in capsys.readouterr().out
    assert main(["economy", *source, "--unit", "1.1"]) == 0
    assert "mended: unit converted" in capsys.readouterr().out
    table = read_table(tmp_path / "figaro.csv", "figaro")
    markets = ["Atlantis", *table.markets[1:]]
    lost = type(table)(**{**vars(table), "markets": markets})
    assert [one.kind for one in faults_of(lost)] == ["market without rows"]


def test_a_size_that_no_power_of_a_thousand_explains_gets_no_guess(whole, tmp_path, capsys):
    (5 * whole).to_csv(tmp_path / "t.csv")
    assert main(["economy", "--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o")]) == 2
    said = capsys.readouterr().err
    assert "unit wrong" in said
    assert "say with --unit how many million USD" in said


def test_a_label_of_a_mapping_that_the_table_has_not_is_told(audited, tmp_path):
    lines = ["label,region", *(f"{r},{r}" for r in ("USA", "MEX", "CAN", "CHN")), "Mexique,MEX"]
    (tmp_path / "regions.csv").write_text("\n".join([*lines, "MX1,MEX", "MX2,MEX", "*,ROW"]))
    code, found = audited(lambda table: table, "--regions", str(tmp_path / "regions.csv"))
    assert (code, found) == (0, {"label unused": "told"})


def test_codes_of_the_older_revision_are_not_taken_for_those_of_the_newer(audited):
    def as_revision_3(name):
        return name.replace("C29", "34").replace("C28", "29")

    code, found = audited(lambda t: t.rename(index=as_revision_3, columns=as_revision_3))
    assert (code, found) == (2, {"label unknown": "refused"})


def test_a_table_of_figaro_is_in_euros_whatever_it_is_called(tmp_path, capsys):
    write_figaro(tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text().replace("rowLabels", "", 1)
    (tmp_path / "t.csv").write_text(text)
    for kind in ([], ["--kind", "plain"]):
        words = ["--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o"), *kind]
        assert main(["economy", *words]) == 2
        assert "refused: currency: million EUR" in capsys.readouterr().out


def test_a_column_of_totals_of_a_region_is_not_taken_for_final_demand(whole, tmp_path, capsys):
    table = whole.drop(columns="OUT").drop(index=["OUT", "VA", "TLS"])
    table = table.join(table.sum(axis=1).rename("USA_TOTAL"))
    table.to_csv(tmp_path / "t.csv")
    assert main(["economy", "--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o")]) == 2
    assert 'column "USA_TOTAL" is a total, which would count twice' in capsys.readouterr().err


def test_building_anew_loses_nothing_that_the_user_put_beside(whole, tmp_path, capsys):
    whole.to_csv(tmp_path / "t.csv")
    words = ["economy", "--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o")]
    assert main(words) == main(words) == 0
    (tmp_path / "o" / "labour.csv").write_text("mine")
    assert main(words) == 2
    assert "also holds labour.csv, which would be lost" in capsys.readouterr().err
    assert (tmp_path / "o" / "labour.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["final_demand.csv", "audit.json", "manifest.json"])
def test_building_anew_loses_nothing_that_the_user_saved_over(whole, tmp_path, capsys, name):
    whole.to_csv(tmp_path / "t.csv")
    words = ["economy", "--from", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o")]
    assert main(words) == 0
    mine = (tmp_path / "o" / name).read_text().replace("1", "4", 1)
    (tmp_path / "o" / name).write_text(mine)
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.endswith(
        f"o: {name} was changed since a run wrote it; name a new or empty folder\n"
    )
    assert (tmp_path / "o" / name).read_text() == mine


def test_every_kind_of_finding_has_been_planted():
    elsewhere = {"label unused", "currency", "unit converted", "market without rows", "balanced"}
    assert set(PLANTED) | elsewhere == set(KINDS)
    assert len(PLANTED) >= 20


def test_a_blank_is_filled_with_what_both_totals_miss(whole, audited, tmp_path):
    audited(PLANTED["blank cell filled"])
    mended = economy_of(str(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "audit.json").read_text())["findings"]
    assert told[0]["amount"] == pytest.approx(whole.loc[ROW, COLUMN])
    audited(lambda table: table)
    np.testing.assert_allclose(mended.output, economy_of(str(tmp_path / "out")).output)


def test_billions_are_read_once_the_user_says_so(audited, tmp_path):
    audited(lambda table: table)
    millions = economy_of(str(tmp_path / "out")).output
    code, found = audited(lambda table: table / 1000, "--unit", "1000")
    assert (code, found) == (0, {"unit converted": "mended"})
    np.testing.assert_allclose(economy_of(str(tmp_path / "out")).output, millions, rtol=1e-9)


def test_balancing_makes_rows_and_columns_keep_published_totals(whole, audited, tmp_path):
    pytest.importorskip("ipfn")

    def noisy(table):
        rows = industries(table)
        noise = np.random.default_rng(1).uniform(0.8, 1.2, (len(rows), len(rows)))
        table.loc[rows, rows] *= noise

    assert audited(noisy)[0] == 2
    code, found = audited(noisy, "--balance")
    assert (code, found) == (0, {"balanced": "mended"})
    audited_output = economy_of(str(tmp_path / "out")).output.sum()
    assert audited_output == pytest.approx(whole["OUT"].loc[industries(whole)].sum(), rel=1e-6)


def test_totals_that_contradict_each_other_cannot_be_balanced(whole, tmp_path):
    pytest.importorskip("ipfn")
    table = whole.copy()
    table.loc["VA", industries(table)] = 2 * table.loc["OUT", industries(table)]
    table.to_csv(tmp_path / "t.csv")
    with pytest.raises(mending.ScenarioError, match="below zero"):
        mending.balanced(read_table(tmp_path / "t.csv", "oecd"))
