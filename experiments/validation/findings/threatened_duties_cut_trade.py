"""The threat of ordinary duties between members cuts their trade before any is paid."""

import numpy as np

from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, estimate
from experiments.outcomes.observing import trade
from experiments.scenarios.designs import BASE_MOVING, END_THREATENED
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

SECOND_YEAR = range(5, 9)
RANGE = (-20.0, -11.0)
"""Published change of exports, percent, for a threat of 4.5% on average."""

FACTOR = 2.5


def look(model: RelocationModel) -> Measures:
    """Goods that members sell each other in the second year."""
    between = ~np.eye(N_HOSTS, dtype=bool)
    sold = trade(model, "value_musd", SECOND_YEAR)[:, :N_FOOTLOOSE, :N_HOSTS, :N_HOSTS]
    pairs = sold.sum(axis=(0, 1))
    found = {"threatened/all": float(pairs[between].sum())}
    for source, market in np.argwhere(between):
        found[f"threatened/{HOSTS[source]} to {HOSTS[market]}"] = float(pairs[source, market])
    return found


def judge(results: Results) -> list[Estimate]:
    """Change of trade between members, in all and by direction."""
    expected = (RANGE[0] * FACTOR, RANGE[1] / FACTOR)
    every = results.change(END_THREATENED, BASE_MOVING, "threatened/all")
    found = [estimate("trade between members", every, "%", expected, sum(RANGE) / 2)]
    for pair in ("USA to MEX", "MEX to USA", "USA to CAN", "CAN to USA"):
        change = results.change(END_THREATENED, BASE_MOVING, f"threatened/{pair}")
        found.append(estimate(f"from {pair},", change, "%"))
    return found


FINDING = Finding(
    id="BREXIT-1",
    design="The end of the agreement's preference between the three members, so that each would"
    " charge the others its ordinary duties, threatened from the first quarter on at 2.5% a quarter"
    " and not carried out, against NAFTA; plants free to move; trade between members in the second"
    " year, ten manufacturing sectors.",
    rule="The 95% interval lies within -50 to -4.4%: a factor of two and a half around the"
    " published range of -20 to -11%.",
    designs=(END_THREATENED, BASE_MOVING),
    judge=judge,
    look=look,
    understanding="Nothing is sunk in exporting here: only plants are, and a plant takes"
    " longer to build than the two years in which the study saw trade fall. A threat alone"
    " leaves prices, contracts and claims as they are. What is missing is the exporter who"
    " pays to enter a market.",
)
