"""Makers from the United States lose their share of what Canada assembles."""

from abm.axes import FOOTLOOSE, HOMES, HOSTS, VEHICLES
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.scenarios.designs import HISTORY
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures
from experiments.validation.observing import owners, year

CAN, AMERICAN = HOSTS.index("CAN"), HOMES.index("USA")
FIRST, LAST = 2016, 2023


def look(model: RelocationModel) -> Measures:
    """Vehicles made in Canada by year, of all makers and of those from the United States."""
    rows = [FOOTLOOSE.index(sector) for sector in VEHICLES]
    found = {}
    for number in (FIRST, LAST):
        made = owners(model, "output_musd", year(model, number))[rows, CAN].sum(axis=0)
        found[f"vehicles/CAN/{number}"] = float(made.sum())
        found[f"vehicles/CAN/{number} of US makers"] = float(made[AMERICAN])
    return found


def judge(results: Results) -> list[Estimate]:
    """Points by which the share of American makers changes."""
    first, last = (
        100
        * results.of(HISTORY, f"vehicles/CAN/{number} of US makers")
        / results.of(HISTORY, f"vehicles/CAN/{number}")
        for number in (FIRST, LAST)
    )
    return [
        estimate(f"share in {LAST} less {FIRST}", last - first, " points", below(0)),
        estimate(f"US makers' share of vehicles made in Canada, {FIRST},", first, "%", None, 56),
        estimate(f"and in {LAST},", last, "%"),
    ]


FINDING = Finding(
    id="OWN-2",
    design="Policy as it was (history) from 2016 to the end of 2023: cars and light trucks made in"
    " Canada, by value, and the part of makers from the United States, who stand for the Detroit"
    " three. The first part of the row, of North America's vehicles, may have been used to fit and"
    " is told apart.",
    rule="The 95% interval of the change from 2016 to 2023 lies below zero.",
    designs=(HISTORY,),
    judge=judge,
    look=look,
    understanding="Canada has few vehicle plants, a handful of modelled ones, so that one"
    " that closes or opens decides over a population's share, and seeds differ by more than"
    " what policy does. Nothing in the model draws American makers in particular out of"
    " Canada: that came from what they chose to make where.",
)
