"""What any Mesa model offers, ours offers too, or refuses with what to do instead."""

import pickle

import mesa
import numpy as np
import pytest
from mesa.datacollection import DataCollector

from abm import RelocationModel
from abm.axes import FOOTLOOSE, HOSTS
from agents import Firm, Government
from nearshore import run

FIRMS = 120

INT_LIKE = (np.int64(1), np.random.SeedSequence(1))


class Watched(RelocationModel):
    """Collects something of every firm."""

    def __init__(self, firms=FIRMS, rng=None):
        super().__init__("status-quo", firms=firms, rng=rng)
        self.datacollector = DataCollector(
            model_reporters={"seed": "seed"},
            agent_reporters={"sector": "sector", "config": "config"},
        )


@pytest.fixture(scope="module")
def model():
    """A quarter old; only read."""
    model = RelocationModel("blanket-25", firms=FIRMS, rng=1)
    model.step()
    return model


# --- rng ------------------------------------------------------------------------------


@pytest.mark.parametrize("rng", INT_LIKE, ids=lambda rng: type(rng).__name__)
def test_whatever_says_one_gives_the_run_of_one(model, rng):
    other = RelocationModel("blanket-25", firms=FIRMS, rng=rng)
    other.step()
    assert other.outcomes.equals(model.outcomes)


def test_a_run_without_a_seed_is_had_again_by_the_seed_it_tells():
    drawn = RelocationModel(firms=FIRMS, rng=None)
    again = RelocationModel(firms=FIRMS, rng=drawn.seed)
    assert type(drawn.seed) is int
    np.testing.assert_array_equal(again.firms.productivity, drawn.firms.productivity)
    assert drawn.datacollector.get_model_vars_dataframe()["seed"].tolist() == [drawn.seed]


@pytest.mark.thorough
def test_a_numpy_seed_leaves_a_manifest_with_a_plain_number(tmp_path):
    run("status-quo", firms=FIRMS, quarters=1, seed=np.int64(3), out=tmp_path / "run")
    assert '"seed": 3' in (tmp_path / "run" / "manifest.json").read_text()


# --- agents ---------------------------------------------------------------------------


def test_agents_are_the_firms_and_answer_as_any_agent_set(model):
    agents = model.agents
    assert len(agents) == len(model.firms)
    assert agents.get("sector") == [FOOTLOOSE[sector] for sector in model.firms.sector]
    assert agents.agg("weight", sum) == pytest.approx(model.firms.weight.sum())
    assert agents.get(["home", "size"])[0] == [model.agents.to_list()[0].home, model.firms.size[0]]
    cars = agents.select(lambda firm: firm.sector == "cars")
    assert len(cars) == (model.firms.sector == FOOTLOOSE.index("cars")).sum() > 0


def test_firms_are_grouped_by_what_they_make_and_where_they_stand(model):
    counts = model.agents.groupby("sector").count()
    numbers = np.bincount(model.firms.sector, minlength=len(FOOTLOOSE))
    assert counts == {name: n for name, n in zip(FOOTLOOSE, numbers, strict=True) if n}
    by_plants = model.agents.groupby("plants").agg("weight", sum)
    assert set().union(*by_plants) == set(HOSTS)


def test_governments_are_apart(model):
    assert {type(agent) for agent in model.agents} == {Firm}
    assert [one.country for one in model.agents_by_type[Government]] == list(HOSTS)


# --- data collector and batches -----------------------------------------------------------


def test_the_data_collector_tells_each_quarter_what_the_tables_tell(model):
    collected = model.datacollector.get_model_vars_dataframe()
    sums = model.outcomes.groupby(["quarter", "region"])[["plants", "employment", "output_musd"]]
    table = sums.sum().unstack("region")
    assert len(collected) == 2
    for name, country in table.columns:
        np.testing.assert_allclose(collected[f"{name}_{country}"], table[name, country])


def test_a_collector_of_ones_own_gathers_firms_each_quarter():
    watched = Watched(rng=1)
    watched.step()
    rows = watched.datacollector.get_agent_vars_dataframe()
    assert rows["sector"].tolist() == watched.agents.get("sector")
    assert rows["config"].tolist() == watched.agents.get("config")
    assert set(rows.index.get_level_values("Step")) == {1}


def test_the_data_collector_can_be_put_away_with_pickle(model):
    kept = pickle.loads(pickle.dumps(model.datacollector))
    assert kept.model_vars == model.datacollector.model_vars


@pytest.mark.usefixtures("start_method_kept")
def test_a_batch_runs_with_mesas_default_seeds_and_with_given_ones():
    options = {"max_steps": 1, "display_progress": False}
    parameters = {"scenario": ["status-quo", "blanket-25"], "firms": FIRMS}
    drawn = mesa.batch_run(RelocationModel, parameters, **options)
    seeded = mesa.batch_run(RelocationModel, parameters, rng=[1, np.int64(2)], **options)
    assert len({row["seed"] for row in drawn}) == 2
    assert [row["seed"] for row in seeded] == [1, 1, 2, 2]
    plants = {(row["scenario"], row["seed"]): row["plants_USA"] for row in seeded}
    assert len(plants) == 4
    assert plants["status-quo", 1] != plants["status-quo", 2]


@pytest.mark.usefixtures("start_method_kept")
def test_a_batch_gives_a_row_a_firm_where_firms_are_collected():
    rows = mesa.batch_run(Watched, {"firms": FIRMS}, rng=1, max_steps=1, display_progress=False)
    firms = RelocationModel("status-quo", firms=FIRMS, rng=1).agents
    assert [row["sector"] for row in rows] == firms.get("sector")


# --- what an agent cannot do alone ----------------------------------------------------------


REFUSED = {
    "firm.remove()": lambda model: model.agents.to_list()[0].remove(),
    "firm.step()": lambda model: model.agents.to_list()[0].step(),
    "firm.advance()": lambda model: model.agents.to_list()[0].advance(),
    "agents.do('remove')": lambda model: model.agents.do("remove"),
    "agents.do('step')": lambda model: model.agents.do("step"),
    "agents.shuffle_do('step')": lambda model: model.agents.shuffle_do("step"),
    "remove_all_agents()": lambda model: model.remove_all_agents(),
    "government.step()": lambda model: model.agents_by_type[Government].do("step"),
    "government.remove()": lambda model: model.agents_by_type[Government].do("remove"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_have_no_effect_is_refused_with_what_to_do_instead(model, what):
    before = list(model.agents), model.firms.plants.copy()
    instead = "model.step()|model.agents.select|set its rules to \\(\\)"
    with pytest.raises(RuntimeError, match=rf"^(Firm|Government)\(.*cannot .*({instead}).*$"):
        REFUSED[what](model)
    assert list(model.agents) == before[0]
    assert len(model.agents_by_type[Government]) == len(HOSTS)
    np.testing.assert_array_equal(model.firms.plants, before[1])


def test_a_government_without_rules_does_nothing_beyond_the_timeline():
    acting, silent = (RelocationModel("balance-target", firms=FIRMS, rng=1) for _ in "ab")
    for government in silent.agents_by_type[Government]:
        government.rules = ()
    acting.run_for(8)
    silent.run_for(8)
    assert len(silent.events) < len(acting.events)
