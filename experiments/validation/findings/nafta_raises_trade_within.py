"""NAFTA's tariff cuts raise trade within it most for Mexico, least for Canada."""

from abm.axes import HOSTS
from experiments.outcomes.estimates import Estimate, above, estimate
from experiments.scenarios.designs import BASE_MOVING, duties_of_1993
from experiments.validation.finding import Finding, Results

PUBLISHED = {"USA": 41.0, "MEX": 118.0, "CAN": 11.0}


def judge(results: Results) -> list[Estimate]:
    """Imports from the two partners, in percent of those under the duties of 1993."""
    gains = {}
    for market in HOSTS:
        names = [f"imports/goods/{market}/{origin}" for origin in HOSTS if origin != market]
        gains[market] = results.change(BASE_MOVING, duties_of_1993(), *names)
    return [
        estimate("imports from partners: MEX less USA", gains["MEX"] - gains["USA"], " points",
                 above(0)),
        estimate("USA less CAN", gains["USA"] - gains["CAN"], " points", above(0)),
        *(estimate(f"imports from partners, {market},", gains[market], "%", None, PUBLISHED[market])
          for market in ("MEX", "USA", "CAN")),
    ]  # fmt: skip


FINDING = Finding(
    id="CP-1",
    design="The economy of 2017 with the duties of 1993 between the members on all their trade,"
    " whatever its origin, against 2017's policy; plants free to move, ten years on. The study"
    " starts from 1993 and is general equilibrium.",
    rule="95% intervals of the differences in growth, paired by seed: Mexico over the United"
    " States, and the United States over Canada, above zero.",
    designs=(BASE_MOVING, duties_of_1993()),
    judge=judge,
    understanding="Duties are the only change; Mexico's were the highest, and its trade is mostly"
    " with its partners.",
)
