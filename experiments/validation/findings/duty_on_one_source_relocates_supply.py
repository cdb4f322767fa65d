"""A duty on one source moves supply elsewhere; on all sources, it makes goods dearer."""

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, REGIONS, USA
from abm.economy.tables import load_economy
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.outcomes.observing import shipped
from experiments.scenarios.designs import BASE_FIXED, washing_machines
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

ON_CHINA, ON_ALL = washing_machines("CHN"), washing_machines("all")
NOT_CHINA = tuple(region for region in REGIONS if region not in ("USA", "CHN"))


def look(model: RelocationModel) -> Measures:
    """What plants of the line deliver to the United States, million USD a quarter."""
    line = load_economy().lines.name.index("washing_machines")
    return {
        f"washers/{HOSTS[plants.host]}": float(
            plants.value[np.equal(model.firms.line[plants.rows], line), USA].sum()
        )
        for plants in shipped(model, [FOOTLOOSE.index("machinery")])
    }


def judge(results: Results) -> list[Estimate]:
    """Sources and price of US machinery under a duty on the line from China, and from all."""
    china = results.change(ON_CHINA, BASE_FIXED, "imports/machinery/USA/CHN")
    moved, cut = (
        results.change(design, BASE_FIXED, *(f"imports/machinery/USA/{one}" for one in NOT_CHINA))
        for design in (ON_CHINA, ON_ALL)
    )
    alone, every = (
        results.change(design, BASE_FIXED, "price/machinery/USA") for design in (ON_CHINA, ON_ALL)
    )
    found = [
        estimate("duty on China: machinery from China,", china, "%", below(0)),
        estimate("and from the others,", moved, "%", above(0)),
        estimate("from the others, duty on China less on all,", moved - cut, " points", above(0)),
        estimate("US price of machinery, duty on all less on China,", every - alone, " points",
                 above(0)),
        estimate("US price, duty on China,", alone, "%"),
        estimate("US price, duty on all,", every, "%"),
    ]  # fmt: skip
    for host in HOSTS:
        before = results.of(BASE_FIXED, f"washers/{host}")
        for design, of in ((ON_CHINA, "China"), (ON_ALL, "all")):
            change = results.of(design, f"washers/{host}") - before
            label = f"washing machines from {host}, duty on {of}, a quarter,"
            found.append(estimate(label, change, " million USD"))
    return found


FINDING = Finding(
    id="WASH-1",
    design="A US duty of 20% on one product line, washing machines, driers and dishwashers, of"
    " China alone and of all sources, members too, whatever their origin, against NAFTA; plants"
    " fixed, three years on. Of China's goods no lines are known, so that its duty falls on its"
    " machinery as a whole at the line's part of it (0.3% on average), and prices and imports are"
    " of machinery; what plants of the line in the three countries deliver is shown by line.",
    rule="95% intervals: under a duty on China, imports from China below zero and from the others"
    " above; imports from the others higher, and the US price lower, than under a duty on all.",
    designs=(BASE_FIXED, ON_CHINA, ON_ALL),
    judge=judge,
    look=look,
    understanding="Buyers share their spending between sources by price, so that a duty on"
    " one source always moves supply to the others and costs buyers less than a duty on all."
    " Who moves plants for it is not asked, as plants are fixed. A few modelled firms at most"
    " make the line in each country, many populations none.",
)
