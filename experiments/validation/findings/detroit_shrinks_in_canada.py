"""Makers from the United States lose their share of what Canada assembles."""

from abm.axes import FOOTLOOSE, HOMES, HOSTS, VEHICLES
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.outcomes.observing import owners
from experiments.scenarios.designs import BASE_MOVING, HISTORY, Design
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

CAN, AMERICAN = HOSTS.index("CAN"), HOMES.index("USA")
YEARS = {2016: range(1, 5), 2023: range(29, 33)}
"""Quarters of the run by year; without news they are its first and its eighth year, too."""


def look(model: RelocationModel) -> Measures:
    """Vehicles made in Canada by year, of all makers and of those from the United States."""
    rows = [FOOTLOOSE.index(sector) for sector in VEHICLES]
    found = {}
    for number, quarters in YEARS.items():
        made = owners(model, "output_musd", quarters)[rows, CAN].sum(axis=0)
        found[f"vehicles/CAN/{number}"] = float(made.sum())
        found[f"vehicles/CAN/{number} of US makers"] = float(made[AMERICAN])
    return found


def judge(results: Results) -> list[Estimate]:
    """Points by which the share of American makers changes."""

    def share(design: Design, number: int) -> Array:
        of_us = results.of(design, f"vehicles/CAN/{number} of US makers")
        return 100 * of_us / results.of(design, f"vehicles/CAN/{number}")

    first, last = share(HISTORY, 2016), share(HISTORY, 2023)
    drift = share(BASE_MOVING, 2023) - share(BASE_MOVING, 2016)
    return [
        estimate("share in 2023 less 2016", last - first, " points", below(0)),
        estimate("US makers' share of vehicles made in Canada, 2016,", first, "%", None, 56),
        estimate("and in 2023,", last, "%"),
        estimate("without news, over as many years,", drift, " points"),
    ]


FINDING = Finding(
    id="OWN-2",
    design="Policy as it was (history) from 2016 to the end of 2023: cars and light trucks made in"
    " Canada, by value, and the part of makers from the United States, who stand for the Detroit"
    " three. The first part of the row, of North America's vehicles, may have been used to fit and"
    " is told apart. The same over as many years of NAFTA without news is shown beside.",
    rule="The 95% interval of the change from 2016 to 2023 lies below zero.",
    designs=(HISTORY, BASE_MOVING),
    judge=judge,
    look=look,
    understanding="Canada has few vehicle plants, a handful of modelled ones, so that one"
    " that closes or opens decides over a population's share. Policy is not all that moves it:"
    " owners' shares drift without news, by as much as is shown. What American makers chose to"
    " make where, model by model, is not in the model.",
)
