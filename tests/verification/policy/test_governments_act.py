"""Governments act: they answer duties, carry out threats and come to agreements.

A duty levied in return makes the other side's goods dearer at the retaliator's, where
rivals gain and buyers pay. Talks that may end in a US duty on Mexican goods make a plant
in Mexico worth less wherever that is thought possible, before anything is agreed.
"""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from abm import RelocationModel
from abm.axes import BELIEFS, GOODS, HOSTS, REGIONS, SECTORS
from agents import Government
from docs.findings import opening_chances
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import at_rest, model_of

FIRMS = 100
USA, MEX, CAN = range(3)
DUTY = {
    "authority": "law",
    "destination": "USA",
    "origins": ("MEX", "CAN"),
    "rates": {"metals": 0.25},
    "effective": date(2017, 4, 1),
    "ended": date(2018, 1, 1),
}


def run(*overrides, quarters, measures=None, source="status-quo"):
    scenario = load_scenario(source, list(overrides))
    document = scenario.model_dump(exclude_none=True) | {"measures": measures or {}}
    model = model_of(type(scenario).from_document(document), FIRMS)
    model.run_for(quarters)
    return model


def exports(model, market, sectors=("metals",)):
    trade = model.frames()["trade"]
    some = trade["sector"].isin(sectors) & (trade["origin"] == "USA")
    return trade[some & (trade["destination"] == market)].groupby("quarter")["value_musd"].sum()


@pytest.fixture(scope="module")
def struck():
    """One duty on metals, unanswered and answered by Mexico, with the same luck."""
    return [
        run(*answer, quarters=6, measures={"metals": DUTY})
        for answer in ((), ("retaliation.MEX=1",))
    ]


def test_a_duty_is_answered_the_quarter_after_and_the_answer_is_lifted_after_it(struck):
    plain, answered = struck
    assert not [e for e in plain.events if e["actor"] == "MEX"]
    mexico = next(g for g in answered.agents_by_type[Government] if g.country == "MEX")
    told = [
        (e["quarter"], e["date"], e["instrument"], e["old"], e["new"], e["reason"])
        for e in mexico.acts
    ]
    name, duty = "measures.retaliation-mex-on-usa.in_force", "25% on metals from USA"
    assert told == [
        (3, "2017-07-01", name, "none", duty, "in force: MEX answers duties of USA on its goods"),
        (6, "2018-04-01", name, duty, "none",
         "in force: MEX lifts its answer to duties of USA on its goods"),
    ]  # fmt: skip


def test_retaliation_cuts_the_other_sides_exports_while_it_stands_and_no_others(struck):
    plain, answered = struck
    change = exports(answered, "MEX") / exports(plain, "MEX") - 1
    assert (change.loc[:2] == 0).all()
    assert (change.loc[3:5] < -0.05).all()
    assert change.loc[6] > 0.9 * change.loc[5]  # the answer is gone, few links are back
    to_canada = exports(answered, "CAN") / exports(plain, "CAN") - 1
    assert to_canada.abs().max() < change.abs().max() / 10
    duties = [m.frames()["trade"].query("destination == 'MEX' and origin == 'USA'") for m in struck]
    paid = [d.groupby("quarter")["duty_musd"].sum() for d in duties]
    assert (paid[1].loc[3:5] > paid[0].loc[3:5]).all()


def test_what_retaliation_levies_is_its_rate_on_customs_value(struck):
    # Metals that claim origin pay all the same, as those did that are answered.
    metals, answered = SECTORS.index("metals"), struck[1]
    duty = answered.policy.measures_fixed[metals, USA, MEX]
    assert set(duty) == {0.25, 0.0}  # last quarter's regime, and this one's
    others = [n for n in range(len(GOODS)) if n != metals]
    assert not answered.policy.measures_fixed[others, USA, MEX].any()


def test_whether_a_duty_is_answered_depends_on_luck_that_nothing_else_shifts():
    def quarters_of(*overrides):
        model = run("retaliation.MEX=0.3", *overrides, quarters=8, measures={"metals": lasting})
        return [e["quarter"] for e in model.events if e["actor"] == "MEX"]

    lasting = DUTY | {"ended": None}
    plain = quarters_of()
    assert len(plain) == 1
    assert plain == quarters_of("retaliation.CAN=0.9", "enforcement.audit_rate.USA=0.4")


def test_a_threat_that_is_drawn_and_lifted_is_told():
    often = ("threat.arrival_per_quarter=0.5", "threat.departure_per_quarter=0.5")
    model = run("threat.imposed=drawn", *often, quarters=8, source="threat-35")
    turns = [e for e in model.events if e["reason"] in ("threat carried out", "measure lifted")]
    assert len(turns) >= 2
    assert {e["actor"] for e in turns} == {"USA"}
    tax = "35% border tax on MEX"
    for before, after in pairwise(turns):
        assert before["new"] == after["old"]
    assert [turns[0]["old"], turns[0]["new"]] == ["none", tax]
    assert bool(turns[-1]["new"] == tax) == model.in_force.threat_imposed


AGREED = (
    "negotiation.outcomes.peace.per_quarter=0.1",
    "negotiation.outcomes.peace.agreed=2017-07-01",
    "negotiation.outcomes.peace.set.competition.markup_scale=0.9",
)


def test_an_agreement_sets_its_keys_and_ends_the_threat():
    model = run("threat.imposed=always", *AGREED, quarters=4, source="threat-35")
    assert model.in_force.agreed == "peace"
    assert not model.in_force.threat_imposed
    assert model.policy.regimes[model.in_force.regime] == "start, peace"
    assert model.now.markup_scale[model.regime] == 0.9
    assert model.now.border_tax[model.regime] == 0
    told = [e for e in model.events if e["quarter"] == 3]
    assert [(e["actor"], e["instrument"], e["old"], e["new"]) for e in told] == [
        ("USA+MEX+CAN", "negotiation", "talks", "peace"),
        ("USA+MEX+CAN", "competition.markup_scale", "1", "0.9"),
        ("USA", "threat.border_tax", "35% border tax on MEX", "none"),
    ]
    np.testing.assert_array_equal(model.expected.later[:, model.regime, model.regime], 1)


def first_chances(hazard):
    """Chances to plan a Mexican plant in the first quarter, and who they are of."""
    duty = "negotiation.outcomes.duty"
    overrides = [
        f"{duty}.per_quarter={hazard}",
        f"{duty}.agreed=never",
        f"{duty}.set.tariffs.special.USA.MEX.all=0.25",
        f"{duty}.set.tariffs.special_waived_for_originating=false",
    ]
    model = model_of(load_scenario("status-quo", overrides), 300)
    config, target = model.firms.config.copy(), model.firms.target.copy()
    model.step()
    rows, chances = opening_chances(model, config, target)
    return model.firms.belief[rows], model.firms.weight[rows] * chances


def test_talks_that_may_end_in_a_duty_deter_plants_in_mexico_before_they_end():
    beliefs, never = first_chances(0.0)
    (_, some), (_, often) = first_chances(0.025), first_chances(0.1)
    for name, belief in (("adaptive", 1), ("forward", 2)):
        assert BELIEFS[belief] == name
        who = beliefs == belief
        assert often[who].sum() < some[who].sum() < never[who].sum()
    # Who takes today's policy to last ignores them; prices are in single precision.
    np.testing.assert_allclose(often[beliefs == 0], never[beliefs == 0], rtol=1e-6)


def test_the_border_tax_bites_new_mexican_plants_of_firms_with_us_production_alone():
    taxed, spared = (
        run(f"threat.imposed={imposed}", quarters=1, source="threat-35")
        for imposed in ("always", "never")
    )
    duties = [m.borders.duty[..., m.regime] for m in (taxed, spared)]
    more = (duties[0] - duties[1])[:, MEX, USA]
    table = taxed.firms
    # Those with American plants when the quarter began; others opened theirs in it.
    american = at_rest(FIRMS).firms.moved_from_home
    exposed = american & ~table.grandfathered
    assert 0 < exposed.sum() < len(table)
    claims = [m.borders.claim[:, MEX, USA, m.regime] for m in (taxed, spared)]
    pays = exposed & (claims[0] == claims[1])  # some claim origin only now, to save the rest
    assert pays.sum() > 0.9 * exposed.sum()
    # A mix that complies may be another now, and what cannot qualify then weighs a little more.
    np.testing.assert_allclose(more[pays], 0.35, rtol=1e-3)
    assert not more[~exposed].any()
    elsewhere = duties[0] - duties[1]
    elsewhere[:, MEX, USA] = 0
    assert not elsewhere.any()


def test_levers_that_governments_answer_replay_exactly():
    played = model_of(load_scenario("status-quo"), FIRMS)
    played.run_for(1)
    duty = {
        "tariffs.special.USA.MEX.food": 0.25,
        "tariffs.special_waived_for_originating": False,
        "retaliation.MEX": 0.6,
    }
    played.pull_levers(duty)
    played.run_for(5)
    again = RelocationModel(played.scenario, firms=FIRMS)
    again.run_for(6)
    (answer,) = [e for e in played.events if e["instrument"].startswith("measures.")]
    assert (answer["actor"], answer["new"]) == ("MEX", "25% on food from USA")
    for name, frame in played.frames().items():
        pd.testing.assert_frame_equal(frame, again.frames()[name], check_exact=True)


def test_every_member_has_a_government():
    model = at_rest(FIRMS)
    assert [g.country for g in model.agents_by_type[Government]] == list(HOSTS)
    assert set(HOSTS) < set(REGIONS)
