"""A rule of one's own decides where firms produce, in the model's own steps, or is refused."""

from functools import cache

import numpy as np
import pytest

import nearshore
from abm import RelocationModel
from abm.axes import CONFIG_LABELS, CONFIGS, HAS_PLANT, HOSTS, NO_PLANT
from abm.errors import CheckpointError, RuleError
from abm.own_rules import (
    AS_THE_MODEL,
    REASON_ENOUGH,
    WITH_PLANT,
    Deciding,
    checked_answer,
    each_firm,
)
from abm.scenario.scenario import Scenario
from abm.worlds.checkpoint import put_away
from abm.worlds.twin import twin
from agents import Firm
from tests.pages import ROOT, blocks

FIRMS, QUARTERS = 150, 6
PAGE = ROOT / "docs/how-to/a-rule-of-your-own.md"


@cache
def of_the_page():
    """What the worked example of the page defines."""
    names = {}
    first = next(block for block in blocks(PAGE) if block.kind == "python")
    exec(first.text, names)
    return names


@cache
def after(rule, scenario="usmca", quarters=QUARTERS):
    model = RelocationModel(scenario, firms=FIRMS, rng=1, rule=rule)
    model.run_for(quarters)
    return model


def as_the_model(model, deciding):
    return deciding.left_to_the_model()


def stay(model, deciding):
    return deciding.now


def to_canada(model, deciding):
    return np.full(len(deciding.rows), CONFIGS.index(("CAN",)))


def same(one, other):
    return all(
        one.frames()[name].equals(other.frames()[name]) for name in ("outcomes", "moves", "trade")
    )


def announced(model):
    return model.frames()["moves"].query("stage == 'announced'")


def test_a_rule_that_leaves_all_to_the_model_changes_no_byte():
    assert same(after(None), after(as_the_model))


def test_whoever_is_told_to_stay_begins_nothing():
    assert len(announced(after(None)).query("quarter > 0"))
    assert announced(after(stay)).query("quarter > 0").empty
    expected = after(stay).outcomes.query("quarter > 0")
    assert expected["expected_announced"].sum() == 0
    assert after(None).outcomes.query("quarter > 0")["expected_announced"].sum() > 0


@pytest.mark.thorough
def test_what_a_rule_decides_is_begun_paid_and_built():
    model = after(to_canada, quarters=20)
    moves = announced(model).query("quarter > 0")
    assert set(moves["plants_after"] if "plants_after" in moves else moves.iloc[:, 3]) == {"CAN"}
    done = model.frames()["moves"].query("stage == 'completed' and quarter > 10")
    assert len(done)
    plants = model.outcomes.groupby(["quarter", "region"])["plants"].sum().unstack()
    assert plants["CAN"].iloc[-1] > 1.5 * plants["CAN"].iloc[0]
    assert model.outcomes["announced_musd"].sum() > 0


def test_a_project_that_a_rule_began_is_not_given_up_for_its_worth():
    model = RelocationModel("usmca", firms=FIRMS, rng=1, rule=to_canada)
    given_up = set()
    for _ in range(10):
        ruled = set(np.flatnonzero(model.firms.project_luck >= REASON_ENOUGH))
        model.step()
        given_up |= ruled & set(model.moves.rows[model.moves.stage == "cancelled"])
        assert ruled or model.quarter == 1
    assert given_up == set()


def test_an_answer_for_some_firms_leaves_the_others_to_the_model():
    def cars_stay(model, deciding):
        answer = deciding.left_to_the_model()
        cars = model.firms.sector[deciding.rows] == 0
        answer[cars] = deciding.now[cars]
        return answer

    model = RelocationModel("usmca", firms=FIRMS, rng=1, rule=cars_stay)
    model.step()
    free = RelocationModel("usmca", firms=FIRMS, rng=1)
    free.step()
    others = model.firms.sector != 0
    for name in ("config", "target", "opportunity"):
        ours, theirs = getattr(model.firms, name), getattr(free.firms, name)
        np.testing.assert_array_equal(ours[others], theirs[others])
    assert (model.firms.opportunity[~others & (model.firms.target < 0)] >= 0).sum() <= (
        free.firms.opportunity[~others] >= 0
    ).sum()


# --- following the largest customer -------------------------------------------------------


def test_the_largest_customer_is_whoever_buys_most():
    model = RelocationModel("usmca", firms=FIRMS, rng=1)
    found = of_the_page()["largest_customers"](model)
    links, firms = model.network.edges(), model.firms
    for row in np.unique(links.supplier)[:20]:
        mine = links.supplier == row
        orders = (firms.base_revenue * firms.weight)[links.buyer[mine]] * links.weight[mine]
        assert found[row] in links.buyer[mine][np.isclose(orders, orders.max())]
    strangers = np.setdiff1d(np.arange(len(firms)), links.supplier)
    assert (found[strangers] == -1).all()


def test_suppliers_build_where_their_largest_customer_stands():
    names = of_the_page()
    model = RelocationModel("usmca", firms=FIRMS, rng=1, rule=names["follow_the_largest_customer"])
    firms, followed = model.firms, 0
    for _ in range(8):
        before, free = firms.config.copy(), firms.target < 0
        customer = names["largest_customers"](model)
        model.step()
        for row in np.flatnonzero((firms.target >= 0) & free & (customer >= 0)):
            theirs = firms.base_plant_sales[customer[row], before[customer[row]]]
            if theirs.any():
                new = HAS_PLANT[firms.target[row]] & ~HAS_PLANT[before[row]]
                assert list(np.flatnonzero(new)) == [theirs.argmax()]
                followed += 1
    assert followed > 5


def test_one_firm_at_a_time_gives_what_all_at_once_give():
    names = of_the_page()
    follow = names["follow_the_largest_customer"]

    def one(model):
        customers = names["largest_customers"]

        def decide(firm, gains):
            largest = customers(model())[firm.row]
            if largest < 0:
                return None
            table = model().firms
            sales = table.base_plant_sales[largest, table.config[largest]]
            return {*firm.plants, HOSTS[sales.argmax()]} if sales.any() else None

        return decide

    holder = []
    model = RelocationModel("usmca", firms=FIRMS, rng=1, rule=each_firm(one(lambda: holder[0])))
    holder.append(model)
    model.run_for(2)
    assert same(model, after(follow, quarters=2))


# --- one firm at a time ---------------------------------------------------------------------


def test_a_single_firm_is_told_what_each_set_would_gain_it():
    seen = []

    def look(firm, gains):
        seen.append((firm, gains))

    assert same(after(None), after(each_firm(look)))
    firm, gains = seen[0]
    assert isinstance(firm, Firm)
    assert set(gains) <= set(CONFIG_LABELS)
    assert any(gain == 0 for gain in gains.values())
    assert len({firm.row for firm, _ in seen}) > FIRMS / 2


@pytest.mark.parametrize("said", ["USA+MEX", ("MEX", "USA"), ["USA", "MEX"]])
def test_a_set_is_named_by_its_label_or_its_hosts(said):
    model = RelocationModel("usmca", firms=FIRMS, rng=1, rule=each_firm(lambda firm, gains: said))
    model.step()
    started = (model.firms.target >= 0) & (model.firms.stage == 0)
    assert CONFIG_LABELS.index("USA+MEX") in model.firms.target[started]


def test_a_plant_more_makes_the_set_with_that_host():
    for config, row in zip(CONFIGS, WITH_PLANT, strict=True):
        for host, found in zip(HOSTS, row, strict=True):
            assert set(CONFIGS[found]) == {*config, host}


# --- reproducible, paired, refused ------------------------------------------------------------


def test_twins_and_comparisons_follow_the_rule():
    base = RelocationModel("status-quo", firms=FIRMS, rng=1, rule=stay)
    other = twin(base, Scenario.load("blanket-25"))
    other.run_for(3)
    assert announced(other).query("quarter > 0").empty
    found = nearshore.compare("blanket-25", firms=FIRMS, quarters=2, rule=stay)
    assert found.tables["moves"].query("stage == 'announced' and quarter > 0").empty


def test_luck_taken_from_the_model_is_the_same_again():
    def some_close(model, deciding):
        luck = model.draws.uniform("closing", model.quarter, len(deciding.rows), ids=deciding.rows)
        return np.where(luck < 0.2, NO_PLANT, deciding.chosen)

    runs = [RelocationModel("usmca", firms=FIRMS, rng=1, rule=some_close) for _ in "ab"]
    for model in runs:
        model.run_for(3)
    assert same(*runs)
    assert not same(runs[0], after(None, quarters=3))


NONSENSE = {
    "no function": (3, "is no function"),
    "too few": (lambda model, deciding: deciding.now[1:], "of shape"),
    "fractions": (lambda model, deciding: deciding.now + 0.5, "must be whole numbers"),
    "truths": (lambda model, deciding: deciding.now > 0, "must be whole numbers"),
    "nothing": (lambda model, deciding: None, "must be whole numbers"),
    "ragged": (lambda model, deciding: [[1], [1, 2]], "no array"),
    "no such set": (lambda model, deciding: deciding.now * 0 + 8, r"chose 8 for firm \d+; sets"),
    "below": (lambda model, deciding: deciding.now * 0 - 2, r"chose -2 for firm \d+; sets"),
    "no such host": (each_firm(lambda firm, gains: ("USA", "CHN")), r"'USA\+CHN' for firm \d+"),
    "no such label": (each_firm(lambda firm, gains: "MEX+USA"), "sets are none, USA"),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_one_line(what):
    rule, said = NONSENSE[what]
    with pytest.raises(RuleError, match=said) as raised:
        RelocationModel("usmca", firms=FIRMS, rng=1, rule=rule).step()
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("rule: ")


def test_a_set_that_a_firm_cannot_choose_is_refused():
    worth = np.zeros((2, len(CONFIGS)))
    worth[1, CONFIGS.index(("MEX",))] = worth[0, NO_PLANT] = -np.inf
    deciding = Deciding(np.array([4, 9]), np.array([NO_PLANT, 1]), np.array([0, 1]), worth)
    kept = checked_answer(np.array([NO_PLANT, AS_THE_MODEL]), deciding)
    np.testing.assert_array_equal(kept, [NO_PLANT, AS_THE_MODEL])
    with pytest.raises(RuleError, match="rule: chose MEX for firm 9, which may choose none, USA"):
        checked_answer(np.array([1, CONFIGS.index(("MEX",))]), deciding)


def test_what_a_rule_is_told_cannot_be_changed():
    def meddles(model, deciding):
        with pytest.raises(ValueError, match="read-only"):
            deciding.worth[0] = 0
        return deciding.left_to_the_model()

    after(meddles, quarters=1)


def test_a_checkpoint_of_a_ruled_model_is_refused():
    with pytest.raises(CheckpointError, match="rule of your own"):
        put_away(after(stay))
    assert AS_THE_MODEL == -1
