"""Content against the threshold: flat until it binds, then rising, then falling back."""

import numpy as np
import pytest

from abm import RelocationModel
from abm.axes import HOSTS
from abm.core.claims import Claim
from experiments.overrides import load_scenario

THRESHOLDS = (0.3, 0.5, 0.625, 0.75, 0.85, 0.95, 0.98, 1.0)


def content_of_cars(threshold, *overrides):
    """Mean content of cars made in Mexico and Canada for the USA."""
    scenario = load_scenario(
        "status-quo",
        [f"rules_of_origin.regional_value_content.cars={threshold}", *overrides],
    )
    model = RelocationModel(scenario, firms=1500)
    cars = model.firms.sector == 0
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


def test_under_a_prohibitive_duty_content_follows_the_threshold():
    duty = "tariffs.special.USA.all.cars=3.0"
    low, high = (content_of_cars(threshold, duty) for threshold in (0.9, 0.95))
    assert high - low > 0.03
