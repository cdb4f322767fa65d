"""Light trucks, with 25% at stake, comply more under a 75% rule and hire in Canada and Mexico."""

from abm.axes import PARTNERS
from experiments.outcomes.estimates import Estimate, above, estimate
from experiments.scenarios.designs import BASE_FIXED, trucks_fixed
from experiments.validation.finding import Finding, Results


def judge(results: Results) -> list[Estimate]:
    """Jobs in trucks and parts, and what of the trucks' content complying moves."""
    found = []
    for host in PARTNERS:
        jobs = [f"jobs/{sector}/{host}" for sector in ("light_trucks", "vehicle_parts")]
        change = results.change(trucks_fixed(0.75), BASE_FIXED, *jobs)
        found.append(estimate(f"jobs in trucks and parts, {host},", change, "%", above(0)))
        name = f"content/light_trucks/{host}"
        points = 100 * (results.of(trucks_fixed(0.75), name) - results.of(BASE_FIXED, name))
        found.append(estimate(f"content of trucks, {host},", points, " points", above(0)))
    for host in PARTNERS:
        name = f"comply/light_trucks/{host}"
        points = 100 * (results.of(trucks_fixed(0.75), name) - results.of(BASE_FIXED, name))
        found.append(estimate(f"trucks sold under a true claim, {host},", points, " points"))
    for host in PARTNERS:
        jobs = [f"jobs/{sector}/{host}" for sector in ("light_trucks", "vehicle_parts")]
        change = results.change(trucks_fixed(0.85), BASE_FIXED, *jobs)
        found.append(estimate(f"trucks and parts at 85%, {host},", change, "%"))
    return found


FINDING = Finding(
    id="HMM-2",
    design="The threshold of light trucks alone from 62.5% to 75%, plants fixed, three years on;"
    " the US duty on them is 25%. Parts are counted with trucks. To comply more means here that"
    " the product's content rises, since nearly all claim before and after.",
    rule="The 95% intervals of the change in jobs and in content are above zero in Mexico and in"
    " Canada.",
    designs=(BASE_FIXED, trucks_fixed(0.75), trucks_fixed(0.85)),
    judge=judge,
    understanding="With 25% at stake nearly nobody stops claiming, so who misses the rule buys more"
    " inside the region. Parts are bought across borders, so a country's jobs in parts follow the"
    " needs of its neighbours' makers too.",
)
