"""Under USMCA one vehicle in twelve from Mexico and Canada pays the duty."""

from abm.axes import FOOTLOOSE, HOSTS, N_HOSTS, USA, VEHICLES
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, estimate
from experiments.outcomes.observing import trade, year
from experiments.scenarios.designs import HISTORY
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

PUBLISHED = {2019: 0.5, 2023: 8.2}
POINTS_OFF = 2.0
"""Points on either side."""


def look(model: RelocationModel) -> Measures:
    """US imports of vehicles from the partners by year, and what of them is not claimed for."""
    rows = [FOOTLOOSE.index(sector) for sector in VEHICLES]
    found = {}
    for number in PUBLISHED:
        quarters = year(model, number)
        value, dutiable, claimed = (
            trade(model, name, quarters)[:, rows, :, USA].sum(axis=(0, 1))
            for name in ("value_musd", "dutiable_musd", "claimed_dutiable_musd")
        )
        for host in range(1, N_HOSTS):
            found[f"vehicles entering/{HOSTS[host]}/{number}"] = float(value[host])
            found[f"vehicles paying/{HOSTS[host]}/{number}"] = float((dutiable - claimed)[host])
    return found


def judge(results: Results) -> list[Estimate]:
    """Share of vehicles that pay, of both partners and of each."""

    def paying(number: int, *hosts: str) -> Array:
        part, whole = (
            results.of(HISTORY, *(f"vehicles {what}/{host}/{number}" for host in hosts))
            for what in ("paying", "entering")
        )
        return 100 * part / whole

    found = []
    for number, figure in PUBLISHED.items():
        bounds = figure - POINTS_OFF, figure + POINTS_OFF
        share = paying(number, "MEX", "CAN")
        found.append(estimate(f"vehicles paying duty, {number},", share, "%", bounds, figure))
    for number in PUBLISHED:
        for host in ("MEX", "CAN"):
            found.append(estimate(f"from {host}, {number},", paying(number, host), "%"))
    return found


FINDING = Finding(
    id="VEH-1",
    design="Policy as it was (history) from 2016 on: of cars and light trucks from Mexico and"
    " Canada, by value, the part that is dutiable and for which origin is not claimed, in 2019"
    " under NAFTA and in 2023 under USMCA's rules in full.",
    rule="Both 95% intervals lie within two points of the published shares, 0.5 and 8.2%.",
    designs=(HISTORY,),
    judge=judge,
    look=look,
    understanding="Who stops claiming under USMCA are makers in Mexico that miss the labour"
    " value content, in 2019 a few that miss NAFTA's rule or to whom 2.5% is not worth the"
    " paperwork. The model has some twenty makers of cars in Mexico and three of trucks in"
    " Canada, so that few decide over the share. What paperwork costs them was fitted to"
    " claims of 2024: the figure of 2023 is near to what was fitted.",
)
