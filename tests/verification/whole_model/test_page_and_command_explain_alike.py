"""What the page says of a firm is what ``nearshore explain`` says of it in that quarter."""

import pytest

from abm.explain import decision
from abm.explain.decision import explained
from experiments.explain.in_words import chance, percent, verdict
from experiments.explain.run_again import explain_firm
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario
from tests.in_this_process import in_this_process
from viz.lab.firm_card import about_firm
from viz.lab.laboratory import Laboratory, Start

FIRMS, QUARTERS, SEED = 100, 3, 1

RESTLESS = (
    "firms.reviews_per_year=2",
    "firms.build_cost=0.05",
    "firms.stage_quarters=[1, 2, 1]",
)
"""Firms that review, stay, build and cancel within three quarters."""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A world of the page, and of every other firm of the same run what the command tells."""
    scenario = load_scenario("threat-35", RESTLESS)
    folder = tmp_path_factory.mktemp("alike") / "run"
    with in_this_process(), pytest.MonkeyPatch.context() as patch:
        # What would change its mind is not on the page, and takes most of the time.
        patch.setattr(decision, "levers_of", lambda situation: [])
        run_scenario(scenario, firms=FIRMS, quarters=QUARTERS, seed=SEED, out=folder, quiet=True)
        lab = Laboratory(Start(scenario, FIRMS, SEED))
        for _ in range(QUARTERS):
            lab.step()
        assert lab.failure is None
        told = {row: explain_firm(folder, row, QUARTERS).explained for row in range(0, FIRMS, 2)}
    return lab.world, told


@pytest.mark.thorough
def test_page_and_command_explain_firms_of_a_run_alike(both):
    world, told = both
    for row, by_command in told.items():
        assert explained(world.moment, row, levers=()) == by_command
        card = about_firm(world, row)
        shown = [(plants, gain, odds) for plants, gain, _, odds in card["plans"]["rows"]]
        here = by_command.who.plants
        assert shown == [
            (
                plan.plants,
                "here" if plan.plants == here else percent(plan.against_staying, 1),
                chance(plan),
            )
            for plan in by_command.plans
        ]
        best = next(plants for plants, gain, _ in shown if gain != "here")
        assert best == by_command.waiting.best_other
        assert next(iter(verdict(by_command))) in card["why"]


@pytest.mark.thorough
def test_the_run_has_firms_that_stay_move_build_and_do_not_decide(both):
    told = both[1].values()
    decided = {found.decision == found.who.plants for found in told if found.reviewed}
    assert decided == {True, False}
    assert any(found.gate is not None for found in told)
    assert any(found.building is not None and not found.reviewed for found in told)
    assert any(found.building is None and not found.reviewed for found in told)


def test_before_the_first_quarter_nobody_has_decided():
    lab = Laboratory(Start(load_scenario("status-quo"), FIRMS))
    card = about_firm(lab.world, 3)
    assert card["plans"]["rows"] == []
    assert card["why"].startswith("Nobody has decided yet")
