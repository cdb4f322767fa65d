"""What is bought, booked and delivered where only a part of a firm's goods can qualify."""

from functools import cache

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, GOODS, HOSTS, N_HOSTS, PARTNERS, SECTORS, USA
from abm.base_year.population import fitted_can_qualify
from abm.core.demand.claims import Claim
from abm.engine.blocks import sector_rows
from abm.verify.mode import verifying
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

MEX = HOSTS.index("MEX")
FIRMS = 150
MANY_FIRMS = 1_000
"""So that every sector and partner has makers of several products."""
DUTY = "tariffs.special.USA.MEX.all=0.25"
MANY = ("machinery", "metals", "chemicals_plastics", "textiles_apparel")
STRICT = (
    DUTY,
    "economy.adjustment=long run",
    *(f"rules_of_origin.regional_value_content.{sector}=0.9" for sector in MANY),
)


def after_two_quarters(*overrides):
    model = model_of(load_scenario("status-quo", list(overrides)), FIRMS)
    model.run_for(2)
    return model


@cache
def at_rest_with(scale):
    return model_of(load_scenario("status-quo", [f"firms.cannot_qualify_scale={scale}"]), FIRMS)


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_the_scale_acts_on_what_cannot_and_none_means_that_everything_can(scale):
    table, cannot = at_rest_with(scale).firms, 1 - fitted_can_qualify()
    expected = np.maximum(1 - scale * cannot, 0)[table.sector]
    np.testing.assert_allclose(table.can_qualify, expected, rtol=1e-6)
    if scale == 0:
        assert (table.can_qualify == 1).all()
        abroad = ~np.eye(N_HOSTS, dtype=bool)
        assert (at_rest_with(scale).borders.value_share[:, abroad] == 1).all()


@pytest.mark.thorough
def test_money_adds_up_where_a_part_is_bought_for_to_comply():
    """Purchases, paperwork, fines and profit of both parts make up what is sold, cell by cell."""
    some = ("firms.cannot_qualify_scale=2", "firms.honesty_median=0.1", *STRICT)
    model = model_of(load_scenario("status-quo", list(some)), FIRMS)
    with verifying():
        model.run_for(1)
    at = (slice(None), MEX, USA, model.trade)
    part = model.firms.plants[:, MEX] & (model.firms.can_qualify[:, MEX] < 1)
    misses = ~model.costs.meets_rule[:, MEX, model.trade]
    constrained = (model.borders.claim[at] == Claim.COMPLIES) & misses
    assert (part & constrained).any()
    assert (part & (model.borders.rest[at] == Claim.CLAIMS_FALSELY)).any()
    assert (part & (model.borders.rest[at] == Claim.PAYS)).any()


def test_only_the_part_that_can_originates_as_an_input_of_others():
    some, whole = (at_rest_with(scale) for scale in (1, 0))
    for sector, rows in enumerate(sector_rows(some.firms)):
        if not (whole.costs.meets_rule[rows] & some.costs.meets_rule[rows]).all():
            continue
        good = GOODS.index(FOOTLOOSE[sector])
        shares = [model.conditions.qualified[good, :, model.regime] for model in (some, whole)]
        np.testing.assert_allclose(shares[1], 1, rtol=1e-6)
        np.testing.assert_allclose(shares[0], fitted_can_qualify()[sector], rtol=1e-5)


def test_what_cannot_qualify_pays_the_duty_that_the_rest_is_spared():
    """Revenue from a duty on Mexican goods is due on what cannot, of firms that do not lie."""
    honest = ("firms.honesty_median=10", DUTY)
    some, whole = (
        after_two_quarters(*honest, f"firms.cannot_qualify_scale={scale}") for scale in (1, 0)
    )
    machinery = FOOTLOOSE.index("machinery")
    cannot = 1 - fitted_can_qualify()[machinery, MEX]
    rates = []
    for model in (some, whole):
        trade = model.frames()["trade"]
        flows = trade[
            (trade["origin"] == "MEX") & (trade["destination"] == "USA")
            & (trade["sector"] == "machinery") & (trade["quarter"] == 2)
        ]  # fmt: skip
        rates.append(float(flows["duty_musd"].sum() / flows["value_musd"].sum()))
    economy = model.economy
    customs = economy.customs_over_basic[machinery, MEX, USA]
    assert rates[0] - rates[1] == pytest.approx(0.25 * cannot * customs, rel=0.1)


@cache
def claimed_shares(duty):
    """Share of imports of the United States claimed, shape (sector, partner)."""
    duties = load_scenario("status-quo", [f"tariffs.special.USA.all.all={duty}"])
    model = model_of(duties, MANY_FIRMS)
    model.run_for(2)
    uses = (model.accounts.final, model.accounts.intermediate)
    rows = [SECTORS.index(sector) for sector in FOOTLOOSE]
    cells = np.ix_(rows, [HOSTS.index(name) for name in PARTNERS], [USA])
    claimed, value = (
        sum(getattr(use, name)[cells][..., 0] for use in uses) for name in ("claimed", "value")
    )
    return claimed / value


@pytest.mark.parametrize("duty", [0.25, 1.0])
def test_a_high_duty_raises_claims_of_every_sector_and_partner_and_never_to_all_goods(duty):
    now, then = claimed_shares(0.0), claimed_shares(duty)
    assert (then > now).all()
    assert then.max() < 1
    assert then.mean() > now.mean() + 0.1
