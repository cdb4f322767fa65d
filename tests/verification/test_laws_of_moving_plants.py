"""What duties and threats do to where owners build: signs and orders that theory asks for.

Expected decisions are compared, which carry little of the noise that draws of few firms have.
"""

from functools import cache

import numpy as np

from abm.axes import HOMES, HOSTS, N_HOMES, N_HOSTS
from abm.scenario.scenario import Scenario
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 700
USA, MEX = HOSTS.index("USA"), HOSTS.index("MEX")
OVERSEAS = [HOMES.index("CHN"), HOMES.index("ROW")]
FORWARD = ("firms.beliefs.forward=1", "firms.beliefs.myopic=0", "firms.beliefs.adaptive=0")


def a_duty(rate: float, lifted: bool = False) -> Scenario:
    """A US duty on all goods from Mexico from 2018 on, perhaps for a year only."""
    dates = [("2018-01-01", rate)] + [("2019-01-01", 0.0)] * lifted
    entries = "".join(
        f'[[timeline]]\ndate = {date}\ntitle = "a duty of {level}"\nset = {{'
        f'"tariffs.special.USA.MEX.all" = {level},'
        f' "tariffs.special_waived_for_originating" = false}}\n'
        for date, level in dates
    )
    base = 'extends = "status-quo"\neconomy.closure = "partial"\n'
    return Scenario.from_toml(base + entries)


def run(scenario: Scenario, quarters: int) -> dict[str, np.ndarray]:
    """Expected openings and building, and what Mexico makes, quarter by quarter."""
    model = model_of(scenario, FIRMS)
    opening, investing = np.zeros((2, quarters, N_HOMES, N_HOSTS))
    output = np.zeros(quarters)
    for quarter in range(quarters):
        model.step()
        opening[quarter] = model.expected_moves.opening.sum(axis=0)
        investing[quarter] = model.expected_moves.investing.sum(axis=0)
        output[quarter] = model.accounts.sales.sum(axis=0)[MEX]
    return {"opening": opening, "investing": investing, "output": output}


@cache
def under(rate: float, lifted: bool = False) -> dict[str, np.ndarray]:
    """Five years, in the second of which a duty begins."""
    return run(a_duty(rate, lifted), 20)


def by_year(series: np.ndarray) -> np.ndarray:
    return series.reshape(5, 4).sum(axis=1)


def test_a_higher_duty_takes_more_from_mexican_output_in_every_year():
    none, low, high = (by_year(under(rate)["output"]) for rate in (0.0, 0.1, 0.25))
    assert none[0] == low[0] == high[0]
    assert (high[1:] < low[1:]).all()
    assert (low[1:] < none[1:]).all()


def test_a_higher_duty_holds_more_building_in_mexico_back():
    none, low, high = (under(rate)["investing"][4:, :, MEX].sum() for rate in (0.0, 0.1, 0.25))
    assert high < low < none


def test_a_duty_lifted_after_a_year_leaves_less_made_in_mexico_years_later():
    none, lifted, kept = under(0.0), under(0.25, lifted=True), under(0.25)
    on = slice(4, 8)
    assert lifted["investing"][on, :, MEX].sum() < none["investing"][on, :, MEX].sum()
    assert by_year(lifted["output"])[-1] < by_year(none["output"])[-1]
    # It is known for a year only: after it they build more than under one that stays.
    assert lifted["investing"][8:, :, MEX].sum() > kept["investing"][8:, :, MEX].sum()


def test_owners_from_overseas_open_more_plants_here_under_a_duty_on_china():
    duty = load_scenario("status-quo", ["tariffs.special.USA.CHN.all=0.25"])
    before, after = (run(each, 4)["opening"] for each in (Scenario.load("status-quo"), duty))
    # Over a year, since in one quarter few of them have an opportunity to weigh.
    more = (after - before).sum(axis=0)[OVERSEAS]
    assert (more[:, [USA, MEX]] > 0).all()


def test_a_likelier_threat_lowers_expected_foreign_plants_in_mexico_more():
    """A tax on sales to the USA of owners from the USA and from overseas, if they build there."""
    foreign = np.arange(N_HOMES) != MEX
    plants = []
    for hazard in (0.0, 0.025, 0.05, 0.1):
        overrides = (f"threat.arrival_per_quarter={hazard}", *FORWARD)
        plants.append(run(load_scenario("threat-35", overrides), 1)["opening"][0, foreign, MEX])
    fall = np.diff(np.sum(plants, axis=1))
    assert (fall < 0).all()
    usa = np.array([by_home[USA] for by_home in plants])
    assert (np.diff(usa) < 0).all()
    assert usa[-1] < usa[0] * 0.95
