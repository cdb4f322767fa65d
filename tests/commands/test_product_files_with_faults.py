"""Product files as people have them: what could be read wrongly is refused, or told."""

import pytest

from abm.scenario.scenario import Scenario
from experiments.commands.main import main

TO = ["--destination", "USA"]
PAIR = [*TO, "--origin", "MEX"]


@pytest.fixture
def written(tmp_path, capsys):
    """Carry out a command on a file; return exit code, rates by origin, and what was said."""

    def write(text, *words, command="tariffs"):
        source, out = tmp_path / "lines.csv", tmp_path / "out.toml"
        source.write_text(text, encoding="utf-8")
        out.unlink(missing_ok=True)
        code = main([command, "--from", str(source), "--out", str(out), *words])
        said = capsys.readouterr()
        assert out.exists() == (code == 0)
        assert said.err.count("\n") == (code != 0), "a complaint is one line"
        found = {}
        if code == 0 and command == "tariffs":
            measures = Scenario.load(out).measures.values()
            found = {one.origins[0]: dict(one.rates) for one in measures}
        return code, found, said.out + said.err

    return write


@pytest.mark.parametrize("name", ["MEXICO", "mexico", "mex", "Mx", "2010", "2010.0", "484"])
def test_a_country_is_known_however_it_is_written(written, name):
    assert written(f"hs,rate,country\n8703,25%,{name}\n", *TO)[1] == {"MEX": {"cars": 0.25}}


def test_countries_that_are_no_region_of_the_model_are_told(written):
    text = "hs,rate,country\n8703,25%,Germany\n8703,5%,Norway\n"
    code, found, said = written(text, *TO)
    assert (code, found) == (0, {"ROW": {"cars": 0.15}})
    assert 'taken as the rest of the world, ROW: "Germany", "Norway"' in said


@pytest.mark.parametrize(
    ("code", "good"),
    [("870323.0", "cars"), ("8703.0", "cars"), ("101.21", "primary_energy"), ("101", None),
     ("2", "food"), ("8703 23 19", "cars")],
)  # fmt: skip
def test_codes_that_a_spreadsheet_wrote_are_the_same_product(written, code, good):
    found = written(f"hs,rate\n{code},25%\n", *PAIR)[1]
    assert found == {"MEX": {good or "primary_energy": 0.25}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hs,rate\n8703.1,25%\n", "did a spreadsheet eat its last zero?"),
        ("hs,rate\n87032310001,25%\n", '"87032310001" is no code of the Harmonized System'),
        ("hs,rate\n870323,2.5\n", "did you mean 2.5%?"),
        ("hs,rate\n870323,-5%\n", "must be 0 or more"),
        ("hs;rate\n870323;2,5%\n", "decimals behind a point"),
        ('hs,rate\n870323,"2,5"\n', "decimals behind a point"),
        ("hs;rate;weight\n870323;25%;1234,56\n", "decimals stand behind a point"),
        ("hs,rate\n8703,25%,x\n", "line 2: has 3 fields under 2 names"),
        ("hs,rate,hs\n8703,25%,0101\n", 'column "hs" is there twice'),
        ("hs,rate\n8703,25%\n8703,50%\n", "8703 has the rates 0.25 and 0.5; keep one"),
        ("hs,rate,country\n8703,25%,Mexcio\n", '"Mexcio": no such country; did you mean MEX?'),
        ("hs,rate,reporter\n8703,25%,CAN\n", "no line is of MEX to USA; the file has - to CAN"),
        ("hs,rate,country\n8703,25%,World\n", "the file has all to -"),
        ("hs,rate\n8703,see note\n", "(1 lines, 0 of no good, 1 without a figure)"),
    ],
)
def test_what_could_be_read_wrongly_is_refused_in_one_line(written, text, line):
    code, _, said = written(text, *PAIR)
    assert code == 2
    assert line in said


@pytest.mark.parametrize(
    ("column", "values"),
    [("DutyType", ("MFN", "AHS")), ("Tariff Year", ("2016", "2017")), ("Year", ("2016", "2017")),
     ("revision", ("basic", "rev_7")), ("valid_from", ("2025-02-04", "2025-03-04"))],
)  # fmt: skip
def test_several_versions_of_one_rate_are_not_averaged(written, column, values):
    text = f"hs,rate,country,{column}\n8703,2.5%,MEX,{values[0]}\n8704,0,MEX,{values[1]}\n"
    code, _, said = written(text, *TO)
    assert code == 2
    assert f'column "{column}" has "{values[0]}" and "{values[1]}"' in said
    apart = text.replace(f"8704,0,MEX,{values[1]}", f"8704,0,CAN,{values[1]}")
    assert written(apart, *TO)[0] == 0, "pairs may be of different years"


def test_headings_and_parts_count_once(written):
    hts = (
        "HTS Number,General Rate of Duty\n8703,\n8703.23.00,2.5%\n8703.23.00.10,\n8703.24.00,Free\n"
    )
    code, found, said = written(hts, *PAIR)
    assert (code, found) == (0, {"MEX": {"cars": 0.0125}})
    assert "2 lines, 100% of lines" in said
    assert "2 lines are headings or parts of others, left out" in said
    nested = "hs,rate\n8703,10%\n870323,20%\n870324,40%\n"
    assert written(nested, *PAIR)[1] == {"MEX": {"cars": pytest.approx(0.3)}}


def test_rates_on_the_world_do_not_add_to_those_on_one_origin(written):
    text = "hs,rate,country\n8703,25%,World\n8704,10%,World\n8703,0,Mexico\n8708,5%,Mexico\n"
    _, found, said = written(text, *TO)
    world = {"cars": 0.25, "light_trucks": 0.1}
    mexico = {"cars": 0.0, "light_trucks": 0.1, "vehicle_parts": 0.05}
    assert found == {"MEX": mexico, "CAN": world, "CHN": world, "ROW": world}
    assert "USA: rates on the world stand where an origin has none of its own" in said


def test_an_option_chooses_among_the_pairs_of_a_file(written):
    text = "hs,rate,country,reporter\n8703,25%,MEX,USA\n8703,10%,CAN,USA\n8703,20%,USA,MEX\n"
    code, found, said = written(text, *PAIR)
    assert (code, found) == (0, {"MEX": {"cars": 0.25}})
    assert "2 lines are of other pairs and left out" in said


def test_additional_rates_are_taken_before_those_that_contain_the_base(written):
    text = "hts10,country,base_rate,total_rate,total_additional\n8703230000,2010,0.025,1.475,1.45\n"
    _, found, said = written(text, *TO)
    assert found == {"MEX": {"cars": 1.45}}
    assert 'rate = "total_additional"' in said
    assert "rates come on top of the duties of the base year" in said


def test_lines_left_out_of_an_average_are_told(written):
    text = "hs,rate,weight\n8703,25%,\n870324,10%,5\n8704,1.1 cents/kg,7\n870490,9%,1\n,30%,2\n"
    _, _, said = written(text, *PAIR)
    assert "1 lines have no code and are left out" in said
    assert "1 lines have no weight and count for nothing" in said
    assert '1 rates are not ad valorem and in no average, such as "1.1 cents/kg"' in said


def test_rates_that_start_after_a_run_are_told(written):
    _, _, said = written("hs,rate\n8703,25%\n", *PAIR, "--effective", "2060-01-01")
    assert "is in quarter 173: a shorter run does not see them, and it has 40" in said
    assert "does not see" not in written("hs,rate\n8704,25%\n", *PAIR)[2]


@pytest.mark.parametrize("date", ["soon", "2017-Q9", ""])
def test_claims_of_no_date_are_refused_before_anything_is_written(written, date):
    text = "hs,country,imports,claimed\n8708,MEX,10,5\n"
    code, _, said = written(text, *TO, "--date", date, command="claims")
    assert code == 2
    assert f'--date "{date}": must be a day or a quarter, such as 2024-Q1' in said


def test_claims_need_an_origin_that_a_target_can_name(written):
    text = "hs,country,imports,claimed\n8708,World,10,5\n"
    code, _, said = written(text, *TO, command="claims")
    assert code == 2
    assert 'origin = "all"; must be one of USA, MEX' in said


def test_a_share_claimed_is_a_fraction_or_in_percent(written):
    text = "hs,country,imports,claim_share\n8708,MEX,10,{}\n8707,MEX,,0.1\n"
    for share in ("0.6", "60%", "60 %"):
        code, _, said = written(text.format(share), *TO, command="claims")
        assert code == 0
        assert "MEX to USA, vehicle_parts: 0.6000 from 1 lines, 100% of weights" in said
    code, _, said = written(text.format("60"), *TO, command="claims")
    assert code == 2
    assert "60 is claimed of 1; a share is a fraction, or written in %" in said


@pytest.mark.parametrize("name", ["x" * 200, 'we"ird\nname', "é" * 100])
def test_any_name_of_a_file_gives_a_scenario_that_can_be_read(tmp_path, name):
    source = tmp_path / f"{name}.csv"
    source.write_text("hs,rate\n8703,25%\n")
    out = tmp_path / "out.toml"
    assert main(["tariffs", "--from", str(source), "--out", str(out), *PAIR]) == 0
    assert len(Scenario.load(out).measures) == 1
