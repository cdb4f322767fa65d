"""Rules of origin keep inputs of third countries out of Mexico."""

from abm.axes import FOOTLOOSE, HOSTS, N_HOSTS, USA, USES
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, above, estimate
from experiments.outcomes.observing import trade
from experiments.scenarios.designs import BASE_FIXED, scaled_content
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import QUARTERS_AVERAGED, Measures

RULES_OFF = scaled_content(0)
BOUND = "vehicle_parts"
"""Inputs of the goods whose rule binds: cars and light trucks."""


def look(model: RelocationModel) -> Measures:
    """Inputs that Mexico and Canada buy from outside the region and from the United States."""
    last = range(model.quarter - QUARTERS_AVERAGED + 1, model.quarter + 1)
    bought = trade(model, "value_musd", last)[USES.index("intermediate")]
    found = {}
    for name, rows in {BOUND: [FOOTLOOSE.index(BOUND)], "all": range(len(FOOTLOOSE))}.items():
        of_inputs = bought[list(rows)].sum(axis=0)
        for host in range(1, N_HOSTS):
            found[f"inputs/{name}/{HOSTS[host]}/outside"] = float(of_inputs[N_HOSTS:, host].sum())
            found[f"inputs/{name}/{HOSTS[host]}/ROW"] = float(of_inputs[-1, host])
            found[f"inputs/{name}/{HOSTS[host]}/USA"] = float(of_inputs[USA, host])
    return found


def judge(results: Results) -> list[Estimate]:
    """What Mexico buys from China and the rest of the world once there is no rule."""
    bound, every = (
        results.change(RULES_OFF, BASE_FIXED, f"inputs/{name}/MEX/outside")
        for name in (BOUND, "all")
    )
    return [
        estimate("vehicle parts from third countries to Mexico,", bound, "%", above(5), 30),
        estimate("all manufactured inputs from them,", every, "%"),
    ]


FINDING = Finding(
    id="CONCONI-1",
    design="Every content threshold ended, the preference kept, against NAFTA's; plants fixed,"
    " three years on: inputs that Mexico buys from China and the rest of the world. The rule binds"
    " on cars and light trucks; what they are made of is vehicle parts.",
    rule="The 95% interval of the rise in vehicle parts from third countries lies above 5%.",
    designs=(BASE_FIXED, RULES_OFF),
    judge=judge,
    look=look,
    understanding="By the tables nearly every plant meets its content rule with its free mix,"
    " as in CDM-1, and those that do not lack little: ending the rule changes what few of them"
    " buy. The study is about changes of heading, product by product, which shut out an input"
    " whatever its share in cost.",
)
