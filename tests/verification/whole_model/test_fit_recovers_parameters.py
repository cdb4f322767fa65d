"""The fit finds the parameters of claims and contents that the model itself has made."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from abm.axes import FOOTLOOSE, HOSTS, VEHICLES
from abm.base_year.population import PAPERWORK_SPREAD
from abm.core.demand.claims import BorderTerms, Claim, choose_claim
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE, Array
from abm.engine.draws import Draws
from experiments.fit.claim_curves import claim_curve, claim_share, fit_median, read_can_qualify
from experiments.fit.moments import (
    Border,
    Exports,
    FitSetting,
    Parameters,
    observe,
)
from experiments.fit.search import (
    LONGEST_MOVE,
    ORIGIN_BOUNDS,
    PROBE,
    SPREAD_BOUNDS,
    START,
    content_targets,
    fit,
    next_move,
)

RATES = np.array([0.0075, 0.0175, 0.025, 0.035, 0.06, 0.15])

BORDER = Border(false_claim_cost=0.1, honesty_median=0.1, honesty_spread=1.0)

HONEST = replace(BORDER, honesty_median=10.0)

PLANTS = 40_000
"""Shares then have a sampling error of at most a quarter of a percentage point."""


def some_exports() -> Exports:
    """Plants of which a quarter must change their mix to comply, some at a prohibitive cost."""
    draws = Draws(3)
    extra = 0.15 * draws.uniform("cost of complying", 0, PLANTS)
    meets_rule = draws.uniform("content", 0, PLANTS) < 0.75
    free_cost = 1 + 0.1 * draws.normal("cost", 0, PLANTS)
    return Exports(
        value=np.ones(PLANTS),
        free_cost=free_cost,
        compliant_cost=np.where(meets_rule, free_cost, free_cost * (1 + extra)),
        meets_rule=meets_rule,
        parts_content=np.full(PLANTS, np.nan),
        content=np.full(PLANTS, np.nan),
        can_qualify=np.ones(PLANTS),
    )


def drawn_claims(exports: Exports, median: float, can_qualify: float = 1.0) -> Array:
    """Share that claims at every rate when each plant draws its own paperwork and honesty."""
    draws = Draws(4)
    paperwork = median * np.exp(PAPERWORK_SPREAD * draws.normal("paperwork", 0, PLANTS))
    reluctance = BORDER.honesty_median * np.exp(
        BORDER.honesty_spread * draws.normal("honesty", 0, PLANTS)
    )
    terms = BorderTerms(
        waived=RATES[None] + MERCHANDISE_PROCESSING_FEE,
        unwaived=np.zeros((1, 1)),
        preference=np.array(True),
        audit=np.array(0.05),
        penalty=np.array(1.0),
    )
    choice = choose_claim(
        exports.free_cost[:, None],
        exports.compliant_cost[:, None],
        exports.meets_rule[:, None],
        paperwork[:, None],
        reluctance[:, None],
        terms,
        can_qualify,
    )
    of_part, of_rest = (claim != Claim.PAYS for claim in (choice.claim, choice.rest))
    share: Array = (can_qualify * of_part + (1 - can_qualify) * of_rest).mean(axis=0)
    return share


@pytest.mark.parametrize("can_qualify", [1.0, 0.7, 0.0])
def test_the_claim_share_is_what_firms_choose_on_average(can_qualify: float) -> None:
    exports = some_exports()
    expected = claim_share(exports, BORDER, RATES, 0.01, can_qualify)
    drawn = drawn_claims(exports, 0.01, can_qualify)
    assert drawn == pytest.approx(expected, abs=0.01)  # four errors


@pytest.mark.parametrize("can_qualify", [1.0, 0.8, 0.5])
@pytest.mark.parametrize("median", [0.002, 0.01, 0.05])
def test_paperwork_and_who_can_qualify_are_recovered_from_drawn_claims(
    median: float, can_qualify: float
) -> None:
    exports = some_exports()
    curve = pd.DataFrame(
        {
            "rate": RATES,
            "claim_share": drawn_claims(exports, median, can_qualify),
            "dutiable_imports_usd": np.linspace(1.0, 2.0, len(RATES)),
        }
    )
    # A quarter of a point of claims is at most 2% of the median at these shares; where
    # the plateau is read from the curve too, it is some more.
    assert fit_median(exports, BORDER, curve, can_qualify) == pytest.approx(median, rel=0.05)
    found = fit_median(exports, BORDER, curve)
    assert found == pytest.approx(median, rel=0.15)
    read = read_can_qualify(exports, BORDER, curve, found)
    assert read == pytest.approx(can_qualify, abs=0.03)


def test_who_claims_at_low_rates_can_qualify_whatever_is_claimed_at_high_ones() -> None:
    exports = some_exports()
    exports = replace(exports, meets_rule=np.ones(PLANTS, bool), compliant_cost=exports.free_cost)
    curve = pd.DataFrame(
        {"rate": [0.02, 0.1], "claim_share": [0.8, 0.3], "dutiable_imports_usd": [9.0, 1.0]}
    )
    median = fit_median(exports, HONEST, curve)
    assert read_can_qualify(exports, HONEST, curve, median) == pytest.approx(0.8, abs=0.01)
    rare = curve.assign(dutiable_imports_usd=[999.0, 1.0], claim_share=[0.3, 1.0])
    assert read_can_qualify(exports, HONEST, rare, 1e-4) == pytest.approx(0.3, abs=0.03)


def test_a_parameter_moves_as_far_as_its_moment_must_and_never_too_far() -> None:
    def moment(position: float) -> float:
        return 0.1 * position

    def move(target: float) -> float:
        return next_move(moment(0.5), moment(0.5 + PROBE), target)

    assert move(moment(0.7)) == pytest.approx(0.2)
    assert move(moment(0.4)) == pytest.approx(-0.1)
    assert move(moment(9.0)) == LONGEST_MOVE
    assert next_move(0.3, 0.3, 0.4) == 0.0


def test_a_parameter_stays_within_its_bounds() -> None:
    spread, *_ = (target for target in content_targets() if not target.hosts)
    origin, *_ = (target for target in content_targets() if target.hosts)
    wide, none = spread.moved(START, 5.0), origin.moved(START, -9.0)
    assert wide.content_spread.max() == SPREAD_BOUNDS[1]
    assert none.origin_share.min() == ORIGIN_BOUNDS[0]
    assert (wide.origin_share == START.origin_share).all()
    assert (none.content_spread == START.content_spread).all()


@pytest.mark.thorough
def test_parameters_are_recovered_from_model_made_content_and_claims() -> None:
    world, firms = FitSetting.shipped(), 1_500
    rows = [FOOTLOOSE.index(sector) for sector in VEHICLES]
    spreads = np.full(len(FOOTLOOSE), 1.1)
    spreads[rows] = 1.0, 1.2
    origin = START.origin_share.copy()
    origin[rows] = [(0.7, 0.9, 0.75), (0.8, 0.85, 0.65)]
    medians = np.full((len(FOOTLOOSE), len(HOSTS)), 0.008)
    can = np.where(np.isin(FOOTLOOSE, VEHICLES), 1.0, 0.8)[:, None] * np.ones(len(HOSTS))
    truth = Parameters(spreads, origin, medians, can)
    seen = observe(world, truth, firms, seed=1)
    targets = [
        replace(target, value=target.moment(seen))
        for target in content_targets()
        if target.sector in VEHICLES  # the share of failing parts moves in jumps among so few
    ]
    curve = claim_curve().assign(noise=0.0)  # every product claims alike
    for (sector, host), bands in curve.groupby(["sector", "partner"]):
        curve.loc[bands.index, "claim_share"] = claim_share(
            seen[sector, host],
            world.border,
            bands["rate"].to_numpy(),
            0.008,
            can[FOOTLOOSE.index(sector), 0],
        )
    wrong = origin.copy()
    wrong[rows] = (0.78, 0.82, 0.6)
    start = Parameters(spreads * 1.2, wrong, medians / 2, np.ones_like(can))
    found, _, _ = fit(
        lambda trials: [observe(world, trial, firms, seed=1) for trial in trials],
        world,
        curve,
        targets,
        fixed={},
        start=start,
    )
    # The search ends when nothing moves by more than 0.02.
    assert found.content_spread == pytest.approx(spreads, rel=0.05)
    assert found.origin_share == pytest.approx(origin, abs=0.02)
    # Nearly all light trucks claim at 25%, which tells least of what paperwork costs.
    assert found.paperwork_median == pytest.approx(medians, rel=0.15)
    assert found.can_qualify == pytest.approx(can, abs=0.01)
