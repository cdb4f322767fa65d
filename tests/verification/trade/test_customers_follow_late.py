"""Trade in final goods follows prices at the speed of customers, and forgets what has passed.

A model of a few hundred firms whose plants stay where they are put. The law of every function is
in `tests.unit.test_customers`; here the quarter as a whole is held against it.
"""

from collections.abc import Callable

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, HAS_PLANT, N_FOOTLOOSE, N_HOSTS, REGIONS
from abm.core.demand.customers import Speeds
from abm.economy.tables import load_economy
from abm.location.moving_costs import SETS, sales_missed
from abm.model import RelocationModel
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.flows.deliveries import sales_by_appeal, tally_plants
from abm.trade.sales.customers import AT_ONCE
from abm.trade.sales.market_clearing import (
    FINAL,
    INTERMEDIATE,
    clear_markets,
    fringe_prices,
    total_appeal,
)
from abm.trade.sales.serving import serve
from abm.worlds.twin import twin
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import NOBODY_MOVES
from tests.support.thorough import but_for

ECONOMY, FIRMS = load_economy(), FirmAssumptions()
USA, MEX = (REGIONS.index(name) for name in ("USA", "MEX"))
UNWAIVED = "tariffs.special_waived_for_originating=false"
AT_WILL = ("economy.supply_slope=0", "economy.closure=partial")
"""Customers are looked at alone: no plant is short of capacity, and no exchange rate moves."""
AT_ONCE_BY_SETTING = ("economy.win=1.0", "economy.shift=1.0")
SINGLE = 5e-6
"""Stocks of plants are in single precision, and a quarter passes their rounding on."""


def world(*overrides: str, firms: int = 300) -> RelocationModel:
    scenario = load_scenario("status-quo", (*NOBODY_MOVES, UNWAIVED, *AT_WILL, *overrides))
    return RelocationModel(scenario, firms=firms, rng=1)


@pytest.fixture(scope="module")
def donor() -> RelocationModel:
    return world()


def another(donor: RelocationModel) -> RelocationModel:
    return twin(donor, donor.scenario)


def pull(model: RelocationModel, rate: float) -> None:
    """A duty of the United States on all of Mexico's goods from the next quarter on."""
    model.pull_levers({"tariffs.special.USA.MEX.all": rate})


def final(model: RelocationModel) -> np.ndarray:
    """Mexico's sales to American consumers, by sector."""
    return model.accounts.final.value[:N_FOOTLOOSE, MEX, USA]


def check_shares(model: RelocationModel) -> None:
    """Shares of every market and pool sum to one, and a firm's plants make all of its sales."""
    customers, sector = model.customers, model.firms.sector
    of_firms = np.stack([customers.firms[sector == j].sum(axis=0) for j in range(N_FOOTLOOSE)])
    spends = model.calibration.expenditure > 0
    np.testing.assert_allclose((of_firms + customers.fringe.sum(axis=1))[spends], 1, rtol=1e-12)
    pools = np.stack([customers.pool[sector == j].sum(axis=0) for j in range(N_FOOTLOOSE)])
    np.testing.assert_allclose(pools[pools > 0], 1, rtol=SINGLE)
    split = customers.split.sum(axis=1)
    np.testing.assert_allclose(split[customers.firms > 0], 1, rtol=SINGLE)
    assert all((array >= 0).all() for array in (customers.firms, customers.fringe, customers.pool))


def test_a_quarter_in_which_all_choose_anew_is_sold_by_appeal(donor: RelocationModel) -> None:
    model = another(donor)
    pull(model, 0.25)
    model.step()
    quarter, regime = model.this_quarter(), model.trade
    served = serve(quarter, model.customers, AT_ONCE, regime)
    given = (quarter, model.terms, model.value_added, regime)
    by_share = tally_plants(*given, sales=served.sales)
    by_appeal = tally_plants(*given, sales=sales_by_appeal(quarter, regime))
    market = clear_markets(
        model.economy,
        model.calibration,
        total_appeal(quarter)[..., [regime]],
        fringe_prices(model.now, model.calibration, model.outside)[..., [regime]],
        model.calibration.expenditure,
        model.spending[:, :, INTERMEDIATE, :, None],
    )
    per_appeal = market.unit_revenue(0)
    for name, sums in by_share.sums.items():
        former = by_appeal.sums[name] * per_appeal
        scale = former.max(axis=(1, 3), keepdims=True)
        found = sums * model.spending
        assert (np.abs(found - former) <= SINGLE * np.maximum(scale, 1e-12)).all(), name
    np.testing.assert_allclose(served.price_index, market.price_index[..., 0], rtol=SINGLE)
    np.testing.assert_allclose(served.to_move, 0, atol=SINGLE)


def test_the_long_run_is_a_setting_and_equals_both_speeds_at_one() -> None:
    by_setting, by_speeds = (
        load_scenario("status-quo", overrides).economy.speeds
        for overrides in (["economy.adjustment=long run"], AT_ONCE_BY_SETTING)
    )
    assert by_setting == by_speeds == Speeds(1.0, 1.0)
    assert load_scenario("status-quo", ()).economy.speeds != by_setting


def test_without_news_customers_stay(donor: RelocationModel) -> None:
    model = another(donor)
    before = model.customers
    model.run_for(4)
    # Suppliers are rewired, so that single firms become a little cheaper or dearer; in a year
    # nearly all customers see it.
    gone = np.maximum(before.firms - model.customers.firms, 0)
    lost = np.stack([gone[model.firms.sector == j].sum(axis=0) for j in range(N_FOOTLOOSE)])
    assert lost.max() < 5e-3
    np.testing.assert_allclose(model.accounts.price_index, 1, rtol=4e-3)
    assert (model.accounts.sales_to_move < 3e-3).all()


def test_what_has_still_to_move_to_other_plants_runs_out_at_the_speed_of_plants() -> None:
    model = world("economy.win=1.0", "economy.shift=0.3", "economy.renewal=1.0")
    pull(model, 0.25)
    waits = []
    for _ in range(6):
        model.step()
        amount = model.accounts.consumption[:, USA]
        waits.append(float(model.accounts.sales_to_move[:, USA] @ amount / amount.sum()))
    assert waits[0] > 1e-3
    np.testing.assert_allclose(np.divide(waits[1:], waits[:-1]), 0.7, atol=0.03)


def test_young_plants_of_the_calibration_year_have_sales_still_to_come() -> None:
    model = RelocationModel("status-quo", firms=300, rng=1)
    model.run_for(1)
    waits = model.outcomes.groupby("quarter")["sales_to_move"].mean()
    assert waits[0] > 0.01
    assert waits[1] == pytest.approx(waits[0], rel=0.1)


def test_the_first_quarter_answers_with_the_speed_of_customers(donor: RelocationModel) -> None:
    """A small duty takes ``win (sigma - 1)`` of customers, less what Mexico has of the market."""
    model, still, rate = another(donor), another(donor), 1e-3
    pull(model, rate)
    model.step()
    still.step()
    win, sector = model.scenario.economy.win, model.firms.sector
    sold, before = (each.customers.firms[:, USA] for each in (model, still))
    found = -np.log(np.divide(sold, before, out=np.ones_like(sold), where=before > 0))
    found /= np.log1p(rate)
    weight = (still.customers.firms * still.customers.split[:, MEX])[:, USA]
    weight = np.bincount(sector, weight, N_FOOTLOOSE)
    expected = win * (model.economy.sigma[:N_FOOTLOOSE] - 1) * (1 - weight)
    local = model.firms.home < N_HOSTS  # others have a sister at home abroad
    alone = local & (model.firms.config == CONFIG_LABELS.index("MEX"))
    seen = np.unique(sector[alone])
    assert len(seen) > 5
    middle = [np.median(found[alone & (sector == j)]) for j in seen]
    np.testing.assert_allclose(middle, expected[seen], rtol=0.08)


@pytest.mark.thorough
@pytest.mark.parametrize("win", but_for([0.15], [0.15, 1.0]))
def test_a_duty_that_has_gone_leaves_no_trace(win: float) -> None:
    """Customers come back at once to sellers that they remember; what their firms made elsewhere
    meanwhile comes back as fast as firms assign sales to plants anew."""
    shift = 0.15
    model = world(f"economy.win={win}", f"economy.shift={shift}")
    still = another(model)
    pull(model, 0.25)
    gap = []
    for quarter in range(1, 131):  # single plants come back to complying after a hundred
        if quarter == 5:
            pull(model, 0.0)
        model.step()
        still.step()
        gap.append(1 - final(model).sum() / final(still).sum())
        check_shares(model)
    assert (np.diff(gap[:4]) > 0).all()
    assert (np.diff(gap[4:40]) < 0).all()
    np.testing.assert_allclose(gap[12] / gap[8], (1 - shift) ** 4, rtol=0.05)
    assert abs(gap[-1]) < 1e-6
    np.testing.assert_allclose(model.accounts.price_index, still.accounts.price_index, rtol=1e-5)


def test_a_duty_of_500_percent_gives_no_odd_signs(donor: RelocationModel) -> None:
    model, still = another(donor), another(donor)
    pull(model, 5.0)
    for _ in range(6):
        model.step()
        still.step()
        check_shares(model)
        accounts = model.accounts
        for trade in (accounts.final, accounts.intermediate):
            assert all((array >= 0).all() for array in vars(trade).values())
        assert (final(model) < final(still)).all()
        # Never cheaper to hold on to old sellers than to choose anew.
        anew = serve(model.this_quarter(), model.customers, AT_ONCE, model.regime).price_index
        assert (accounts.price_index >= anew * (1 - SINGLE)).all()
        assert (accounts.price_index[:, USA] > still.accounts.price_index[:, USA]).all()


def moved_by_hand(model: RelocationModel, part: float) -> np.ndarray:
    """Put firms that make a part of Mexico's final goods into the USA; the part by sector."""
    table, customers = model.firms, model.customers
    made = customers.firms * customers.split[:, MEX] * model.spending[table.sector, MEX, FINAL]
    made = made.sum(axis=1)
    goes = np.zeros(len(table), bool)
    alone = (table.home < N_HOSTS) & (table.config == CONFIG_LABELS.index("MEX"))
    for sector in range(N_FOOTLOOSE):
        rows = np.flatnonzero(alone & (table.sector == sector))
        rows = np.random.default_rng(3).permutation(rows)
        made_by_then = np.append(0, np.cumsum(made[rows]))
        wanted = part * made[table.sector == sector].sum()
        goes[rows[: np.abs(made_by_then - wanted).argmin()]] = True
    config = CONFIG_LABELS.index("USA")
    table.config[goes], table.plants[goes] = config, HAS_PLANT[config]
    total = np.bincount(table.sector, made, N_FOOTLOOSE)
    return np.bincount(table.sector, made * goes, N_FOOTLOOSE) / total


@pytest.fixture(scope="module")
def many_firms() -> RelocationModel:
    return world(firms=1000)


@pytest.fixture(scope="module")
def many_at_once() -> RelocationModel:
    return world("economy.adjustment=long run", firms=1000)


def spending_that_moves(model: RelocationModel, part: np.ndarray) -> Callable[[], np.ndarray]:
    """Consumers' spending, that part of Mexico's being spent in the United States."""

    def spending() -> np.ndarray:
        moved = model.calibration.expenditure.copy()
        moved[:, USA] += part * moved[:, MEX]
        moved[:, MEX] *= 1 - part
        return moved

    return spending


@pytest.mark.parametrize("consumers_move", [True, False])
def test_plants_that_move_with_their_buyers_take_final_output_along(
    many_at_once: RelocationModel, consumers_move: bool
) -> None:
    """Within a point at a tenth; firms left behind sell more to consumers who stay."""
    model, still = another(many_at_once), another(many_at_once)
    for each in (model, still):
        each.step()
    made = still.accounts.final.value[:N_FOOTLOOSE, MEX].sum(axis=1)
    part = moved_by_hand(model, 0.1)
    if consumers_move:
        model._expenditure = spending_that_moves(model, part)
    model.run_for(4)
    still.run_for(4)
    gone, before = (
        each.accounts.final.value[:N_FOOTLOOSE, MEX].sum(axis=1) for each in (model, still)
    )
    lost, moved = 1 - gone.sum() / before.sum(), (part * made).sum() / made.sum()
    if consumers_move:
        assert abs(lost - moved) < 0.01
        assert (np.abs(1 - gone / before - part) < 0.03).all()
    else:
        assert 0.4 * moved < lost < 0.6 * moved


def test_a_plant_that_closes_keeps_its_firms_customers_and_loses_its_own(
    many_firms: RelocationModel,
) -> None:
    model, still = another(many_firms), another(many_firms)
    model.step()
    still.step()
    table = model.firms
    local = (table.home < N_HOSTS) & ~table.plants[:, 2]
    both = np.flatnonzero(table.plants[:, USA] & table.plants[:, MEX] & local)
    firm = both[np.argmax(model.customers.firms[both, USA])]
    before = model.customers
    table.plants[firm, MEX], table.config[firm] = False, CONFIG_LABELS.index("USA")
    model.step()
    after = model.customers
    assert after.split[firm, :, USA].tolist() == [1, 0, 0, 0]
    assert (after.pool[firm, MEX] == 0).all()
    others = (table.sector == table.sector[firm]) & (np.arange(len(table)) != firm)
    others &= before.pool[:, MEX, MEX] > 0
    grown = after.pool[others, MEX, MEX] / before.pool[others, MEX, MEX]
    np.testing.assert_allclose(grown, 1 / (1 - before.pool[firm, MEX, MEX]), rtol=1e-3)
    # Served from one plant alone it is dearer, so that it loses some, yet no faster than at win.
    win = model.scenario.economy.win
    kept = after.firms[firm, USA] / before.firms[firm, USA]
    assert 1 - win < kept <= 1 + 1e-3


def test_a_new_sister_starts_with_little_and_takes_over_at_the_speed_of_shifts(
    many_firms: RelocationModel,
) -> None:
    model = another(many_firms)
    model.step()
    table = model.firms
    local = table.home < N_HOSTS
    alone = np.flatnonzero(local & (table.config == CONFIG_LABELS.index("USA")))
    firm = alone[np.argmax(model.customers.firms[alone, MEX])]
    table.plants[firm, MEX], table.config[firm] = True, CONFIG_LABELS.index("USA+MEX")
    shift, grown = model.scenario.economy.shift, []
    for _ in range(3):
        model.step()
        grown.append(model.customers.split[firm, MEX, MEX])
    end = serve(model.this_quarter(), model.customers, AT_ONCE, model.regime).customers.split
    reached = 1 - (1 - shift) ** np.arange(1, 4)
    np.testing.assert_allclose(grown, end[firm, MEX, MEX] * reached, rtol=1e-2)


def test_firms_build_more_the_sooner_a_new_plant_finds_its_buyers() -> None:
    slow, fast, at_once = (
        sales_missed(ECONOMY, FIRMS, speeds)
        for speeds in (Speeds(0.1, 0.1), Speeds(0.3, 0.3), AT_ONCE)
    )
    builds = np.broadcast_to(SETS.opens, slow.shape)
    missed = slow[builds] > 0  # a brand that exchanges its plants loses no customers of its own
    assert missed.mean() > 0.9
    assert (slow[builds] > fast[builds])[missed].all()
    assert (fast[builds] > 0)[missed].all()
    assert not slow[~builds].any()
    assert not at_once.any()
