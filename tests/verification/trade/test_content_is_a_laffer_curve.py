"""Content against the threshold: flat until it binds, then rising, then falling back."""

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HOSTS
from abm.core.demand.claims import Claim
from abm.core.inputs.buyers import Buyers
from abm.core.inputs.content_rules import restricted_spending
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

CARS = FOOTLOOSE.index("cars")
CONTENT_ROUNDING = 1e-5
"""What the cost step leaves: 2e-6 of net cost at either end, and single precision."""

THRESHOLDS = (0.3, 0.5, 0.625, 0.75, 0.85, 0.95, 0.98, 1.0)


def car_model(threshold, *overrides):
    """A model, not yet run, in which cars need this content."""
    scenario = load_scenario(
        "status-quo",
        [f"rules_of_origin.regional_value_content.cars={threshold}", *overrides],
    )
    return model_of(scenario, 1500)


def content_of_cars(threshold):
    """Mean content of cars made in Mexico and Canada for the USA."""
    model = car_model(threshold)
    cars = model.firms.sector == CARS
    content = []
    for host in ("MEX", "CAN"):
        h = HOSTS.index(host)
        free = model.costs.free_content[cars, h, 0]
        complies = model.borders.claim[cars, h, HOSTS.index("USA"), 0] == Claim.COMPLIES
        content.append(np.where(complies, np.maximum(free, threshold), free).mean())
    return float(np.mean(content))


@pytest.fixture(scope="module")
def curve():
    return np.array([content_of_cars(threshold) for threshold in THRESHOLDS])


def test_a_rule_that_binds_nobody_changes_no_content(curve):
    assert curve[1] == pytest.approx(curve[0], abs=0.01)


def test_content_rises_and_then_falls_back_as_compliance_is_abandoned(curve):
    peak = int(np.argmax(curve))
    assert 0 < peak < len(curve) - 1
    assert curve[peak] > curve[0] + 0.005
    assert curve[-1] < curve[peak] - 0.003


PROHIBITIVE = (
    "tariffs.special.USA.all.cars=3.0",
    # Nobody lies where every claim is checked and the fine is a hundred times the duty.
    "enforcement.audit_rate.USA=1.0",
    "enforcement.penalty.USA=100.0",
)
STRICT = (0.90, 0.92, 0.94)
"""Content asked for: many makers do not reach the first freely, and can still reach the last."""


def bought_content(model, host):
    """Content of the mix that complies, from the parts bought, and whether it must comply.

    Both have shape (car maker,); the mix is rebuilt from prices and the wedge alone.
    """
    table, terms = model.firms, model.terms[CARS].at(host, 0)
    cars = table.sector == CARS
    columns = (table.affinity, table.origin_share, table.base_potential)
    wide = (column[cars].astype(np.float64) for column in columns)
    buyers = Buyers(*wide, table.line[cars]).at(host)
    groups = buyers.appeal([terms.weights], np.array([0, len(buyers)]))[:, :, 0, 0]
    originating, other, other_before_duty = np.moveaxis(groups, 1, 0)
    potential = originating + other
    relative = potential / buyers.base_potential[..., 0].T
    spend = terms.bill_of_materials * relative ** (-1 / terms.theta[:, None])
    before_duty = other_before_duty / np.maximum(other, np.finfo(np.float64).tiny)
    log_wedge = model.costs.log_wedge[cars, host, 0]
    bought = restricted_spending(log_wedge, spend, other / potential, before_duty, terms.theta)
    net_cost = model.value_added[cars, host, 0] + terms.services[0, 0] + sum(bought).sum(axis=0)
    return 1 - (before_duty * bought[1]).sum(axis=0) / net_cost, log_wedge > 0


@pytest.fixture(scope="module")
def strict_models():
    return [car_model(threshold, *PROHIBITIVE) for threshold in STRICT]


@pytest.mark.parametrize("host", ["MEX", "CAN"])
def test_under_a_prohibitive_duty_content_rises_one_for_one(strict_models, host):
    """Whoever must change its mix, and can, buys exactly the content asked for."""
    h, usa = HOSTS.index(host), HOSTS.index("USA")
    cars = strict_models[0].firms.sector == CARS
    bound = np.ones(cars.sum(), bool)
    contents = []
    for model in strict_models:
        content, must = bought_content(model, h)
        bound &= must & model.costs.feasible[cars, h, 0]
        contents.append(content)
    # Others meet the rule freely, or cannot meet it; this is not about a few.
    assert bound.sum() >= 20
    for model in strict_models:
        assert np.all(model.borders.claim[cars, h, usa, 0][bound] == Claim.COMPLIES)
    slope = np.diff([content[bound] for content in contents], axis=0) / np.diff(STRICT)[:, None]
    np.testing.assert_allclose(slope, 1, atol=CONTENT_ROUNDING / np.diff(STRICT).min())
