"""Bans and quotas in whole runs: what comes in, who pays for it, and who earns it.

The directions are derived in docs/instruments.md.
"""

from datetime import date
from functools import cache

import numpy as np
import pytest

from abm.axes import HAS_PLANT, HOSTS, REGIONS, SECTORS
from abm.core.demand.licences import GAP_LEFT
from abm.economy.tables import load_economy
from abm.errors import VerificationError
from abm.explain.decision import explained
from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good
from abm.location.payoffs import config_revenues
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from abm.state.records import Records
from abm.verify.mode import verifying
from abm.worlds.checkpoint import put_away, take_up
from experiments.explain.in_words import why_claim
from experiments.explain.watched import WatchedModel
from tests.same_firms import model_of

FIRMS = 300
USA, CAN, ROW = (REGIONS.index(region) for region in ("USA", "CAN", "ROW"))
LINES = load_economy().lines
BEGINS = 4
"""Quarter in which the measures below take effect, known two quarters before."""

HEAD = """
[measures.{name}]
authority = "law"
destination = "USA"
origins = ["CAN"]
announced = 2017-04-01
effective = 2017-10-01
"""


def scenario(*terms, before=""):
    text = before
    for number, some in enumerate(terms):
        head = HEAD.format(name=f"m{number}")
        if "origins" in some:
            head = head.replace('origins = ["CAN"]\n', "")
        text += head + some + "\n"
    return Scenario.from_toml(text)


def start(*terms, **options):
    return model_of(scenario(*terms, **options), FIRMS)


@cache
def run(*terms, quarters=BEGINS, before=""):
    model = start(*terms, before=before)
    model.run_for(quarters)
    return model


def imports(model, good, source=CAN):
    books = model.accounts
    return (books.final.value + books.intermediate.value)[SECTORS.index(good), source, USA]


def price_of(model, good):
    return model.accounts.price_index[SECTORS.index(good), USA]


def worth(model, good, source=CAN):
    return model.licences[LINES.of(SECTORS.index(good)), source, USA, -1]


NO_CARS = 'banned = ["cars"]'
NO_METALS = 'banned = ["metals"]'
FEW_CARS = 'banned = ["cars"]\nquota = 0.7'
LOWER = "rates = { metals = 0.25 }\nquota = 0.8"
STILL = "[firms]\nrelocation = false\n"


# --- bans ------------------------------------------------------------------------------


@pytest.mark.parametrize(("terms", "good"), [(NO_CARS, "cars"), (NO_METALS, "metals")])
def test_what_is_banned_is_gone_at_once_and_its_customers_are_with_others(terms, good):
    plain, banned = run(), run(terms)
    assert imports(plain, good) > 100
    assert imports(banned, good) == 0
    assert imports(banned, good, ROW) > imports(plain, good, ROW)
    assert price_of(banned, good) > price_of(plain, good)
    sector = SECTORS.index(good)
    assert banned.accounts.volume[sector, USA] > plain.accounts.volume[sector, USA]
    assert banned.accounts.volume[sector, CAN] < plain.accounts.volume[sector, CAN]
    for books in (banned.accounts.final, banned.accounts.intermediate):
        assert books.duty[sector, CAN, USA] == 0


def test_a_ban_on_imports_that_no_firm_makes_is_one_too():
    banned = run('origins = ["CHN", "ROW"]\nbanned = ["electronics"]')
    for source in (REGIONS.index("CHN"), ROW):
        assert imports(banned, "electronics", source) == 0
        assert imports(run(), "electronics", source) > 100
    assert price_of(banned, "electronics") > price_of(run(), "electronics")


def test_a_ban_ends_and_customers_come_back():
    while_banned, after = (
        run(NO_CARS + "\nended = 2018-07-01", quarters=quarters) for quarters in (6, 12)
    )
    assert imports(while_banned, "cars") == 0
    assert imports(after, "cars") > 0.5 * imports(run(quarters=12), "cars")


def test_beer_of_canada_may_not_enter_from_the_day_of_its_act_and_other_food_may():
    law = shipped()
    for on, banned in ((date(2026, 9, 28), False), (date(2026, 9, 29), True)):
        assert duty(law, on, "USA", Good("CAN", "220300", True)).banned == banned
    terms = """
[measures.drinks]
authority = "Section 338"
destination = "USA"
origins = ["CAN"]
banned = ["2203", "8711.50"]
announced = 2026-09-08
effective = 2026-09-29
"""
    policy = compile_policy(Scenario.from_toml("start = 2026-01-01\nquarters = 8\n" + terms))
    closed = policy.banned[:, CAN, USA]
    beer, motorcycles = (LINES.name.index(name) for name in ("beer", "motorcycles"))
    regimes = [policy.regime_index(quarter, imposed=False) for quarter in (2, 3, 4)]
    # Of the third quarter it closes the last two days.
    np.testing.assert_allclose(closed[beer, regimes], [0, 2 / 92, 1])
    assert 0 < closed[motorcycles, regimes[2]] < 1
    assert np.count_nonzero(closed[:, regimes[2]]) == 2
    assert np.count_nonzero(policy.banned[..., regimes[2]]) == 2


def test_a_firm_knows_what_a_ban_that_is_announced_would_cost_its_plants():
    model = run(NO_CARS, quarters=2)
    makers = np.flatnonzero((model.firms.sector == 0) & model.firms.plants[:, CAN])
    revenue = config_revenues(model.adapted_quarter(), model._expected_market(), makers)
    only_there = HAS_PLANT[:, CAN] & ~HAS_PLANT[:, USA]
    kept = revenue[:, only_there, 1] / revenue[:, only_there, 0]
    from_canada_alone = HAS_PLANT[only_there].sum(axis=1) == 1
    assert (kept < 1).all()  # one in Mexico serves the United States
    assert (kept[:, from_canada_alone] < 0.9).all()


# --- quotas ----------------------------------------------------------------------------


def test_a_quota_that_does_not_bind_changes_nothing_to_the_bit():
    """Of a line that hardly came in ten times as much may, where a plant opens: of a large one."""
    plain, metals = run(quarters=6), LINES.of(SECTORS.index("metals"))
    still_made = np.bincount(plain.firms.line[plain.firms.plants[:, CAN]], minlength=metals.stop)
    came = plain.base_imports[metals, CAN, USA] * (still_made[metals] > 0)
    line = metals.start + int(came.argmax())
    loose = run(f"banned = ['{LINES.name[line]}']\nquota = 10", quarters=6)
    none = run(f"rates = {{ {LINES.name[line]} = 0 }}", quarters=6)
    assert loose.line_flows[:, line, CAN, USA].sum() > 0
    assert not loose.licences.any()
    for use in ("final", "intermediate"):
        for name, flows in vars(getattr(loose.accounts, use)).items():
            np.testing.assert_array_equal(flows, getattr(getattr(none.accounts, use), name))
    np.testing.assert_array_equal(loose.firms.plants, none.firms.plants)


def test_a_lower_rate_for_next_to_nothing_is_the_full_rate():
    """With plants where they are: a line of which nothing came in in 2017 has no quota."""
    duty = "rates = { metals = 0.25 }"
    little, full = (
        run(terms, quarters=6, before=STILL) for terms in (f"{duty}\nquota = 0.0001", duty)
    )
    asked = worth(little, "metals")
    assert asked.max() == 0.25
    assert set(asked.round(12)) <= {0.0, 0.25}
    for use in ("final", "intermediate"):
        found, expected = (getattr(model.accounts, use) for model in (little, full))
        np.testing.assert_allclose(found.value, expected.value, rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(found.duty, expected.duty, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("terms", [FEW_CARS, LOWER, 'banned = ["metals"]\nquota = 0.6'])
def test_no_more_comes_in_than_the_quota_and_a_licence_costs_something_only_where_it_binds(terms):
    model = start(terms, before=STILL)
    for quarter in range(1, 9):
        model.step()
        if quarter < BEGINS:
            assert not model.licences[..., -1].any()
            continue
        regime = model.in_force.regime
        quota = model.policy.quota[..., regime] * model.base_imports
        most = model.policy.licence_most[..., regime]
        asked, come = model.licences[..., -1], model.line_flows.sum(axis=0)
        limited = quota > 0
        slack = 1.001 + GAP_LEFT
        free, dearest = limited & (asked == 0), limited & (asked >= most * (1 - 1e-9))
        assert (come[free] <= slack * quota[free]).all()
        inside = limited & ~free & ~dearest
        np.testing.assert_allclose(come[inside], quota[inside], rtol=slack - 1)
        assert (come[dearest] >= quota[dearest] / slack).all()
        assert not asked[~limited].any()


@pytest.mark.thorough
def test_the_tighter_a_quota_the_dearer_its_licences_the_goods_and_the_rivals_sales():
    runs = [run(f'banned = ["cars"]\nquota = {quota}') for quota in (0.9, 0.7, 0.5)]
    prices = [worth(model, "cars").max() for model in runs]
    assert 0 < prices[0] < prices[1] < prices[2]
    assert np.all(np.diff([price_of(model, "cars") for model in (run(), *runs)]) > 0)
    assert np.all(np.diff([imports(model, "cars") for model in (run(), *runs)]) < 0)
    assert np.all(np.diff([imports(model, "cars", ROW) for model in (run(), *runs)]) > 0)


def test_a_lower_rate_for_a_quantity_lies_between_no_duty_and_the_duty():
    """With plants where they are: in a small world one more moves imports by as much."""
    duty = "rates = { metals = 0.25 }"
    models = [run(*terms, before=STILL) for terms in ((), (f"{duty}\nquota = 0.9",), (duty,))]
    levels = [[imports(model, "metals") for model in models]]
    levels.append([-price_of(model, "metals") for model in models])
    for level in levels:
        assert level[0] > level[1] > level[2]


@pytest.mark.thorough
def test_who_holds_licences_decides_who_earns_them_and_nothing_else():
    part = '[economy]\nclosure = "partial"\n'
    ours, theirs = (
        run(FEW_CARS + f'\nquota_holder = "{holder}"', before=part)
        for holder in ("importer", "exporter")
    )
    for use in ("final", "intermediate"):
        mine, other = (getattr(model.accounts, use) for model in (ours, theirs))
        np.testing.assert_array_equal(mine.value, other.value)
        np.testing.assert_array_equal(mine.duty, other.duty)
    rents = theirs.accounts.licences_abroad.sum()
    assert rents > 0
    assert not ours.accounts.licences_abroad.any()
    moved = theirs.accounts.treasury - ours.accounts.treasury
    np.testing.assert_allclose(moved[[USA, CAN]], [-rents, rents], rtol=1e-9)
    assert np.abs(np.delete(moved, [USA, CAN])).max() < 1e-9 * rents
    # They are on customs value, which has the trade margin. What lines weigh in deliveries of
    # inputs is known from the quarter before.
    sector = SECTORS.index("cars")
    came = ours.line_flows.sum(axis=0)[LINES.of(sector), CAN, USA]
    value = came @ worth(ours, "cars") * (1 + ours.calibration.trade_margin[sector, CAN, USA])
    assert rents == pytest.approx(value, rel=0.1)


def test_firms_see_what_licences_are_worth_at_the_border_and_in_plans():
    watched = WatchedModel(scenario(FEW_CARS), firms=FIRMS)
    watched.run_for(BEGINS)
    makers = np.flatnonzero((watched.firms.sector == 0) & watched.firms.plants[:, CAN])
    line = int(watched.firms.line[makers[0]])
    asked = float(watched.licences[line, CAN, USA, -1])
    told = explained(watched.moment, int(makers[0]), levers=())
    border = next(one for one in told.borders if (one.host, one.market) == (HOSTS[CAN], HOSTS[USA]))
    # Plans and the explanation look at the regime as if buyers had adapted to it.
    assert border.duty_kept == pytest.approx(border.licence, rel=1e-5)
    assert border.licence == pytest.approx(asked, rel=0.02)
    assert f"cost {border.licence:.2%} of value" in why_claim(border)
    before = run(FEW_CARS, quarters=2)
    expected = before.licences[line, CAN, USA, :-1]
    assert expected[0] == 0
    assert expected[1] > 0


def test_a_firm_is_told_that_its_goods_are_banned():
    watched = WatchedModel(scenario(NO_CARS), firms=FIRMS)
    watched.run_for(BEGINS)
    makers = np.flatnonzero((watched.firms.sector == 0) & watched.firms.plants[:, CAN])
    told = explained(watched.moment, int(makers[0]), levers=())
    words = [why_claim(border) for border in told.borders]
    assert "From Canada none enters the United States: banned." in words


@pytest.mark.thorough
def test_a_run_under_quotas_goes_on_byte_for_byte_once_put_away():
    kept, again = (start(FEW_CARS, LOWER.replace("0.8", "0.6")) for _ in range(2))
    kept.run_for(5)
    again.run_for(5)
    resumed = take_up(put_away(again))
    for _ in range(3):
        kept.step()
        resumed.step()
    np.testing.assert_array_equal(kept.licences, resumed.licences)
    np.testing.assert_array_equal(kept.accounts.final.value, resumed.accounts.final.value)
    np.testing.assert_array_equal(kept.firms.plants, resumed.firms.plants)


EXPORTERS = FEW_CARS + '\nquota_holder = "exporter"'


def test_a_verified_run_knows_bans_and_licences():
    with verifying():
        start(EXPORTERS, NO_METALS, "rates = { food = 0.2 }\nquota = 0.5").run_for(6)


def test_rents_that_are_booked_wrongly_stop_a_verified_run(monkeypatch):
    model, real = start(EXPORTERS), Records.add_quarter

    def add_quarter(records, *given):
        model.accounts.licences_abroad[0] *= 1.01
        real(records, *given)

    monkeypatch.setattr(Records, "add_quarter", add_quarter)
    with verifying(), pytest.raises(VerificationError, match=r"duties and fines paid in|licences"):
        model.run_for(BEGINS)


def test_a_licence_that_costs_more_than_it_saves_stops_a_verified_run():
    model = start(LOWER)
    model.run_for(BEGINS)
    model.licences[LINES.of(SECTORS.index("metals")), CAN, USA, -1] = 0.3
    with verifying(), pytest.raises(VerificationError, match="what may be asked"):
        model.record()
