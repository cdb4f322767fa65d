"""A measure on a line moves what is modelled of the line, and a run says where that is far off."""

from dataclasses import replace

import numpy as np
import pytest

from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.brief.caveats import caveats
from experiments.commands.main import main
from experiments.runs.finished_run import read_result
from experiments.runs.lines_modelled import NEAR, lines_far_off
from experiments.runs.runner import run_scenario

FIRMS, SEED = 200, 1


def banning(line: str, origin: str = "MEX") -> Scenario:
    measure = {
        "authority": "test", "destination": "USA", "origins": [origin], "banned": [line],
        "effective": "2017-01-01",
    }  # fmt: skip
    document = {"format": 1, "name": "bans-a-line", "measures": {"the-ban": measure}}
    return Scenario.from_document(document).model_copy(update={"quarters": 1})


@pytest.fixture(scope="module")
def model():
    return RelocationModel("status-quo", firms=FIRMS, rng=SEED)


@pytest.fixture(scope="module")
def shares(model):
    """Line, observed share and modelled share of what Mexico sells the USA of food."""
    lines = model.economy.lines
    sector = lines.sector[lines.name.index("beer")]
    own = lines.of(int(sector))
    sold = model.base_imports[own, 1, 0]
    return list(zip(lines.name[own], lines.share[own, 1], sold / sold.sum(), strict=True))


def test_a_line_without_enough_makers_is_told_with_both_shares(model, shares):
    lacking = [one for one in shares if one[2] < one[1] / 2 and one[1] > 0]
    assert lacking, "no line of this small model is short of makers"
    for name, observed, modelled in lacking:
        (told,) = lines_far_off(model, banning(name))
        assert (told.source, told.market, told.name) == ("MEX", "USA", "the-ban")
        assert told.observed == pytest.approx(observed)
        assert told.modelled == pytest.approx(modelled)
        said = told.told(FIRMS, SEED)
        assert f"{observed:.1%}" in said
        assert f"{modelled:.1%}" in said
        assert f"about {told.seeds:,} seeds" in said
        assert ("does nothing" in said) == (modelled == 0)


def test_lines_as_observed_and_whole_sectors_are_not_told(model, shares):
    near = [name for name, observed, modelled in shares if abs(modelled / observed - 1) < 0.5]
    for name in [*near, "food"]:
        assert lines_far_off(model, banning(name)) == ()
    assert lines_far_off(model, Scenario.load("blanket-25")) == ()


def test_a_measure_that_comes_after_the_end_is_not_told(model, shares):
    name = next(name for name, observed, modelled in shares if modelled < observed / 2)
    scenario = banning(name)
    day = scenario.start.replace(year=2030)
    later = scenario.measures["the-ban"].model_copy(update={"effective": day})
    assert lines_far_off(model, scenario.model_copy(update={"measures": {"the-ban": later}})) == ()


def test_seeds_asked_for_follow_from_the_spread_of_shares():
    """The share of a line made of exporters drawn one by one spreads as the formula has it."""
    rng = np.random.default_rng(1)
    exports, observed = 1 / np.arange(1, 40), 0.2
    exports /= exports.sum()
    drawn = (rng.random((20_000, len(exports))) < observed) @ exports
    spread = (exports**2).sum() * (1 - observed) / observed
    assert drawn.var() / observed**2 == pytest.approx(spread, rel=0.05)
    seeds = int(np.ceil(spread / NEAR**2))
    means = drawn[: len(drawn) // seeds * seeds].reshape(-1, seeds).mean(axis=1)
    assert NEAR * 0.8 < means.std() / observed < NEAR * 1.05


def test_a_folder_says_what_its_run_said(shares, tmp_path):
    name = next(name for name, observed, modelled in shares if modelled < observed / 2)
    folder = tmp_path / "out"
    result = run_scenario(
        banning(name), firms=FIRMS, quarters=1, seed=SEED, out=folder, quiet=True,
        draw=lambda *_, **__: [],
    )  # fmt: skip
    (told,) = result.lines_far_off
    sentence = told.told(FIRMS, SEED)
    assert sentence in caveats(result)
    back = read_result(folder)
    assert back.lines_far_off == result.lines_far_off
    assert sentence in caveats(back)
    assert sentence not in caveats(replace(back, lines_far_off=()))


@pytest.mark.thorough
def test_the_command_prints_it(shares, tmp_path, capsys):
    name = next(name for name, observed, modelled in shares if modelled < observed / 2)
    file = tmp_path / "bans.toml"
    file.write_text(
        'format = 1\ntitle = "x"\nextends = "status-quo"\n[measures.the-ban]\nauthority = "test"\n'
        f'destination = "USA"\norigins = ["MEX"]\nbanned = ["{name}"]\neffective = 2017-01-01\n',
        encoding="utf-8",
    )
    asked = [str(file), "--firms", str(FIRMS), "--quarters", "1", "--out", str(tmp_path / "out")]
    assert main(["run", *asked, "--quiet"]) == 0
    assert "the-ban falls on" in capsys.readouterr().out
