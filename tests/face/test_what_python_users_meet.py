"""In Python: a comparison as one object, overrides, units, and what a notebook shows."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import nearshore
from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from agents.in_notebooks import html_card
from experiments.scenarios.overrides import load_scenario

FIRMS, QUARTERS, SEEDS = 120, 5, (3, 1)
"""The duty of blanket-25 begins in quarter 5."""

CARS = "rules_of_origin.regional_value_content.cars"


@pytest.fixture(scope="module")
def comparison():
    return nearshore.compare("blanket-25", firms=FIRMS, quarters=QUARTERS, seeds=SEEDS)


@pytest.fixture(scope="module")
def model():
    model = nearshore.RelocationModel("usmca", firms=FIRMS, rng=2)
    model.step()
    return model


# --- compare --------------------------------------------------------------------------


def test_a_comparison_tells_each_headline_with_its_interval(comparison):
    row = comparison.summary.loc["preference_utilisation.MEX"]
    pairs = comparison.tables["headlines"].query("headline == 'preference_utilisation.MEX'")
    assert list(pairs["seed"]) == list(SEEDS)
    assert row["difference"] == pytest.approx(pairs["difference"].mean())
    assert row["low"] <= row["difference"] <= row["high"]
    assert row["run"] - row["reference"] == pytest.approx(row["difference"])
    assert bool(row["told"]) == (row["low"] > 0 or row["high"] < 0)
    assert comparison.seeds == (1, 3)


def test_a_comparison_of_one_seed_tells_no_interval():
    one = nearshore.compare("blanket-25", firms=FIRMS, quarters=1, seeds=[1])
    assert one.summary["low"].isna().all()
    assert not one.summary["told"].any()
    known = one.summary.dropna(subset="difference")
    np.testing.assert_allclose(known["run"] - known["reference"], known["difference"], atol=1e-9)


def test_its_tables_are_those_of_every_seed_and_scenario(comparison):
    outcomes = comparison.tables["outcomes"]
    runs = outcomes.groupby(["seed", "scenario"]).size()
    assert sorted(runs.index) == [
        (seed, name) for seed in sorted(SEEDS) for name in ("blanket-25", "status-quo")
    ]
    alone = nearshore.RelocationModel("status-quo", firms=FIRMS, rng=3)
    alone.run_for(QUARTERS)
    theirs = outcomes.query("seed == 3 and scenario == 'status-quo'")
    np.testing.assert_array_equal(theirs["output_musd"], alone.outcomes["output_musd"])


def test_its_brief_says_in_sentences_what_the_page_says(comparison, tmp_path):
    brief = comparison.brief()
    assert str(brief).splitlines() == brief.sentences
    assert "blanket-25" in str(brief)
    assert brief.html.lstrip().startswith("<!")
    assert 'srcdoc="' in brief._repr_html_()
    brief.save(tmp_path / "brief.html")
    assert (tmp_path / "brief.html").read_text(encoding="utf-8") == brief.html
    with pytest.raises(OutputError, match=r"end its name in \.html or \.pdf"):
        brief.save(tmp_path / "brief.doc")


def test_its_figures_are_drawn_once_asked_for_and_can_be_kept(comparison, tmp_path, monkeypatch):
    def draw(run, reference, folder, **more):
        assert more["seeds"].seeds == (1, 3)
        (folder / "jobs.svg").write_text("<svg>jobs</svg>")
        (folder / "jobs.png").write_bytes(b"png")

    monkeypatch.setattr("nearshore.comparison.find_figures", lambda: draw)
    figures = comparison.figures
    assert comparison.figures is figures
    assert list(figures) == ["jobs"]
    assert figures["jobs"]._repr_svg_() == "<svg>jobs</svg>"
    for kind, content in (("svg", b"<svg>jobs</svg>"), ("png", b"png")):
        figures["jobs"].save(tmp_path / f"mine.{kind}")
        assert (tmp_path / f"mine.{kind}").read_bytes() == content
    with pytest.raises(ValueError, match=r"\.svg or \.png"):
        figures["jobs"].save(tmp_path / "mine.bmp")


def test_a_notebook_shows_the_answer_and_a_terminal_what_it_is(comparison):
    assert repr(comparison) == (
        "PolicyComparison(blanket-25 against status-quo, quarter 5, 120 firms, seeds 1, 3)"
    )
    shown = comparison._repr_html_()
    assert all(f"<p>{sentence[:20]}" in shown for sentence in comparison.brief().sentences)
    for headline, told in comparison.summary["told"].items():
        assert (f"<th>{headline}</th>" in shown) == told


def test_no_seed_is_refused():
    with pytest.raises(ScenarioError, match="seeds: none is given"):
        nearshore.compare("usmca", seeds=[])


@pytest.mark.usefixtures("no_figures")
def test_a_result_says_in_one_line_what_it_is(tmp_path):
    result = nearshore.run("usmca", firms=FIRMS, quarters=1, seed=4, out=tmp_path / "run")
    assert repr(result) == (
        f"RunResult(usmca, quarter 1, 120 firms, seed 4, written to {tmp_path / 'run'})"
    )


# --- scenarios ------------------------------------------------------------------------


def test_overrides_in_python_are_those_of_the_command_line():
    given = {CARS: 0.85, "firms.beliefs.adaptive": "25%", "tariffs.special.USA.MEX.all": 0.1}
    said = [f"{key}={value}" for key, value in given.items()]
    ours, theirs = Scenario.load("usmca", overrides=given), load_scenario("usmca", said)
    assert ours == theirs
    assert ours.firms.beliefs.adaptive == 0.25
    assert Scenario.load(Scenario.load("usmca"), overrides=given).same_model_as(ours)


def test_an_override_holds_for_the_whole_run():
    trucks = CARS.replace("cars", "light_trucks")
    assert any(trucks in entry.set for entry in Scenario.load("usmca").timeline)
    tighter = Scenario.load("usmca", overrides={trucks: 0.9})
    assert not any(trucks in entry.set for entry in tighter.timeline)
    assert tighter.instruments_at_the_end.rules_of_origin.regional_value_content.light_trucks == 0.9


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"threat.arival_per_quarter": 1}, "did you mean 'arrival_per_quarter'"),
        ({CARS: 85}, "must be 0 to 1"),
        ({"tariffs": {}}, "is a table"),
        ({"name": "x"}, "cannot be overridden"),
    ],
)
def test_an_override_that_cannot_be_is_one_line(overrides, said):
    with pytest.raises(ScenarioError, match=said) as raised:
        Scenario.load("usmca", overrides=overrides)
    assert "\n" not in str(raised.value)


def test_a_scenario_shows_what_it_does_and_when():
    usmca = Scenario.load("usmca")
    assert repr(usmca) == str(usmca) == f"Scenario(usmca: {usmca.title})"
    shown = usmca._repr_html_()
    assert "1 July 2020" in shown
    assert usmca.question in shown


# --- a model, its firms and tables ------------------------------------------------------


def test_a_model_and_a_firm_show_themselves(model):
    assert repr(model) == "RelocationModel(usmca, quarter 1 of 40, 120 firms, seed 2)"
    shown = model._repr_html_()
    jobs = model.outcomes.query("quarter == 1 and region == 'MEX'")["employment"].sum()
    assert f"{jobs / 1000:,.0f} thousand jobs" in shown
    firm = model.agents.to_list()[0]
    assert firm.sector in firm._repr_html_()
    assert firm.doing in firm._repr_html_()


def test_nothing_shown_is_read_as_html():
    shown = html_card("<b>", {"<i>": "<script>", "empty": ""})
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "empty" not in shown


def test_tables_know_their_units(model):
    units = model.outcomes.attrs["units"]
    assert set(units) == set(model.outcomes.columns)
    assert units["output_musd"].startswith("million USD")
    assert units["region"] == ""
    assert model.outcomes.query("quarter == 1").attrs["units"] == units
    for table in model.frames().values():
        assert set(table.attrs["units"]) == set(table.columns)


def test_the_network_is_a_graph_whose_edges_are_suppliers(model):
    graph = model.network.to_networkx(largest=60)
    assert isinstance(graph, nx.DiGraph)
    assert graph.number_of_nodes() == 60
    supplier, buyer = next(iter(graph.edges))
    names = {firm.row for firm in model.agents.to_list()[buyer].suppliers()}
    assert supplier in names
    assert pd.notna(graph.nodes[supplier]["mass"])
