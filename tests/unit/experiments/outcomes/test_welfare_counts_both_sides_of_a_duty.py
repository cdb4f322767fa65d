"""What a treasury collects on goods that nobody makes elsewhere, somebody pays."""

from abm import RelocationModel
from abm.axes import USA
from abm.scenario.scenario import Scenario
from experiments.outcomes.welfare import welfare


def test_a_duty_on_what_the_world_sells_at_a_given_price_makes_nobody_richer():
    # Prices abroad are given, so that a duty takes from buyers what it brings and a little more.
    economy = {"economy.closure": "partial"}
    duty = {"tariffs.special.USA.ROW.primary_energy": 0.1}
    real_income, revenue = [], []
    for changes in (economy, economy | duty):
        model = RelocationModel(Scenario.load("status-quo", overrides=changes), firms=200, rng=1)
        model.run_for(2)
        real_income.append(welfare(model)[USA])
        revenue.append(model.accounts.treasury[USA])
    assert revenue[1] > revenue[0]
    assert real_income[1] < real_income[0]
