"""`nearshore law`, from its words to what it prints."""

import json
import subprocess
import sys

import pytest

from experiments.commands.main import main

QUESTION = ["law", "--on", "2025-06-01", "--from", "MEX", "--product", "8708.30"]


def asked(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_answer_has_the_rate_and_the_acts_behind_it(capsys):
    answer = asked(capsys, *QUESTION)
    assert answer["rate"] == pytest.approx(0.2749)
    assert answer["banned"] is False
    assert [act["act"] for act in answer["acts"]] == ["us-tariff-schedule", "us-232-auto-parts"]
    assert sum(act["rate"] for act in answer["acts"]) == pytest.approx(answer["rate"])
    assert {"act": "us-ieepa-mexico", "why": "gives way to us-232-auto-parts"} in answer["others"]


def test_a_qualifying_good_is_asked_for_by_a_word(capsys):
    answer = asked(capsys, *QUESTION, "--originating")
    assert (answer["rate"], answer["acts"]) == (0.0, [])


def test_what_may_not_be_imported_has_no_rate(capsys):
    words = ["law", "--on", "2026-09-30", "--from", "CAN", "--product", "8711.50"]
    answer = asked(capsys, *words, "--originating")
    assert answer["rate"] is None
    assert answer["banned"] is True
    assert [act["act"] for act in answer["acts"]] == ["us-338-vehicles", "us-338-ban"]
    assert main(words) == 0
    assert "banned: it may not be imported" in capsys.readouterr().out


def test_contents_are_given_by_name(capsys):
    words = ["law", "--on", "2025-08-12", "--from", "MEX", "--product", "8703.23", "--originating"]
    assert asked(capsys, *words)["rate"] == 0.25
    assert asked(capsys, *words, "--content", "us=0.4")["rate"] == pytest.approx(0.15)


def test_a_code_coarser_than_a_list_is_told_as_partial(capsys):
    words = ["law", "--on", "2026-01-26", "--from", "MEX", "--product", "8708.93", "--originating"]
    answer = asked(capsys, *words)
    assert answer["partial"] is True
    assert answer["range"][0] == 0 < answer["rate"] == answer["range"][1]
    assert main(words) == 0
    assert "between 0% and" in capsys.readouterr().out


def test_another_importer_is_told_to_have_additional_duties_alone(capsys):
    words = ["law", "--on", "2018-07-10", "--from", "USA", "--to", "MEX", "--product", "0203.12"]
    answer = asked(capsys, *words)
    assert answer["rate"] == 0.2
    assert "additional duties alone" in answer["notes"][0]


def test_a_day_beyond_what_is_known_says_so(capsys):
    answer = asked(capsys, "law", "--on", "2026-12-31", "--from", "MEX", "--product", "610910")
    assert "the law is known to 2026-10-10" in answer["notes"]


def test_changes_between_two_days_are_listed(capsys):
    found = asked(capsys, "law", "diff", "2025-03-01", "2025-03-31", "--from", "MEX")
    what = "from now: 25% on all goods from MEX, originating goods free"
    assert {"on": "2025-03-07", "act": "us-ieepa-mexico", "what": what} in found
    assert main(["law", "diff", "2025-03-05", "2025-03-06", "--product", "610910"]) == 0
    assert capsys.readouterr().out == "nothing changed\n"


def test_days_beyond_what_is_known_are_told_beside_what_is_listed(capsys):
    for words in (
        ["law", "diff", "2026-10-01", "2030-01-01"],
        ["law", "list", "--on", "2030-01-01"],
    ):
        assert main(words) == 0
        assert capsys.readouterr().err == "note: the law is known to 2026-10-10\n"


def test_acts_are_listed_by_importer_and_day(capsys):
    everything = asked(capsys, "law", "list")
    canadian = asked(capsys, "law", "list", "--to", "CAN", "--on", "2025-05-01")
    assert len(everything) >= 60
    assert {row["importer"] for row in canadian} == {"CAN"}
    assert "ca-surtax-2018" not in {row["act"] for row in canadian}
    of_2025 = asked(capsys, "law", "list", "--on", "2025-05-01")
    assert "us-nafta-renegotiation" not in {row["act"] for row in of_2025}
    assert main(["law", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(everything)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["law"], "needs --on"),
        (["law", "--on", "2025-01-01", "--from", "MEX"], "needs --product"),
        (["law", "--on", "2025-01-01", "--product", "8703"], "needs --from"),
        (["law", *QUESTION[1:], "--on", "June"], "--on June: is a day"),
        (["law", *QUESTION[1:], "--product", "870"], "--product 870: is a code"),
        (["law", *QUESTION[1:], "--from", "XYZ"], "--from XYZ: is one of"),
        (["law", *QUESTION[1:], "--product", "9999.99"], "there is no chapter 99"),
        (["law", *QUESTION[1:], "--on", "1980-01-01"], "is not known before 1995-01-01"),
        (["law", *QUESTION[1:], "--from", "mex"], "did you mean MEX?"),
        (["law", *QUESTION[1:], "--to", "usa"], "did you mean USA?"),
        (["law", *QUESTION[1:], "--to", "FRA"], "--to FRA: acts are known of"),
        (["law", *QUESTION[1:], "--content", "gold=1"], "--content gold=1: is one of"),
        (["law", *QUESTION[1:], "--content", "us=40"], "must be a share from 0 to 1"),
        (["law", *QUESTION[1:], "--acts", "nowhere"], "--acts nowhere: is no folder"),
        (["law", "diff", "2025-02-01", "2025-01-01"], "give the earlier day first"),
        (["law", "diff", "2025-02-01", "x"], "last date x: is a day"),
        (["law", *QUESTION[1:], "--from", "Mexico"], "did you mean MEX?"),
        (["law", *QUESTION[1:], "--from", "CHN", "--originating"], "goods qualify between"),
        (
            ["law", *QUESTION[1:], "--content", "us=0.8", "--content", "mex=0.7"],
            "--content us=0.8 + mex=0.7: are shares of one value, 1.5 in all",
        ),
        (
            ["law", *QUESTION[1:], "--content", "steel=0.8", "--content", "copper=0.7"],
            "--content steel=0.8 + copper=0.7",
        ),
        (["law", "diff", "1980-03-01", "2025-01-01"], "first date 1980-03-01: the law of USA is"),
        (["law", "list", "--to", "CAN", "--on", "1980-03-01"], "is not known before 2017-01-01"),
        (["law", "list", "--to", "FRA"], "--to FRA: acts are known of"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(capsys, words, complaint):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err
    assert said.err.count("\n") == 1


def test_a_folder_of_acts_of_ones_own_is_asked(tmp_path, capsys):
    (tmp_path / "hats.toml").write_text(
        'title = "Duty on hats"\nauthority = "made up"\nimporter = "USA"\neffective = 2030-01-01\n'
        'known_to = 2030-01-01\nlists.hats = { hs = ["65"] }\n'
        'term = [{ lists = ["hats"], rate = 0.3 }]\n'
        'citation = [{ text = "made up", verified = false }]\n'
        'example = [{ on = 2030-01-01, origin = "ROW", product = "65", source = "made up" }]\n',
        encoding="utf-8",
    )
    words = ["law", "--on", "2030-01-01", "--from", "ROW", "--product", "6505.00"]
    assert asked(capsys, *words, "--acts", str(tmp_path))["rate"] == 0.3


def test_acts_that_are_not_yet_in_force_are_not_listed_as_if_they_were(capsys):
    assert main(["law", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " in force " in lines["us-232-autos"]
    assert " not yet " in lines["us-232-polysilicon"]
    assert " notice " in lines["usmca-review-2026"]


def test_an_unknown_ordinary_duty_is_told(capsys):
    words = ["law", "--on", "2025-05-01", "--from", "CHE", "--product", "9102.11"]
    assert main(words) == 0
    assert "owes 10% of its customs value, and the ordinary duty is not known" in (
        capsys.readouterr().out
    )


def test_a_heading_of_which_some_is_banned_is_told(capsys):
    words = ["law", "--on", "2026-10-01", "--from", "CAN", "--product", "8711"]
    assert main(words) == 0
    assert "owes 10% of its customs value, and some of it is banned" in capsys.readouterr().out


def test_whoever_reads_the_first_line_alone_is_told_nothing_else():
    """As `nearshore law list | head -1`."""
    words = [sys.executable, "-m", "nearshore", "law", "list"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=0
    ) as told:
        assert told.stdout is not None
        assert told.stderr is not None
        told.stdout.close()
        assert told.stderr.read() == ""
        assert told.wait(60) in (0, 141)
