"""USMCA: more jobs in US parts, fewer in US assembly, fewer vehicles sold."""

from abm.economy.tables import Array
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.scenarios.designs import BASE_MOVING, USMCA_MOVING
from experiments.validation.finding import Finding, Results

ASSEMBLY = ("jobs/cars/USA", "jobs/light_trucks/USA")
SALES = ("quantity/cars/USA", "quantity/light_trucks/USA")


def judge(results: Results) -> list[Estimate]:
    """Jobs in thousands, and what Americans buy at unchanged spending."""

    def gain(*names: str, scale: float = 1e-3) -> Array:
        return scale * (results.of(USMCA_MOVING, *names) - results.of(BASE_MOVING, *names))

    return [
        estimate("US jobs in parts", gain("jobs/vehicle_parts/USA"), " thousand", above(0), 30),
        estimate("in assembly", gain(*ASSEMBLY), " thousand", below(0), -1.5),
        estimate("US vehicle purchases", results.change(USMCA_MOVING, BASE_MOVING, *SALES), "%",
                 below(0), -1.25),
    ]  # fmt: skip


FINDING = Finding(
    id="ITC-1",
    design="The rules of origin with which the usmca scenario ends (content, labour value content,"
    " metals, de minimis) at once, against NAFTA's, plants free to move, ten years on. The study's"
    " list of core parts is not in the model. Purchases are consumers' spending, which is fixed,"
    " over the price.",
    rule="95% intervals: parts above zero, assembly below, purchases below.",
    designs=(BASE_MOVING, USMCA_MOVING),
    judge=judge,
    understanding="Mexican assemblers buy parts at high wages in the United States, hence the jobs"
    " in parts. American assemblers pay wages above the line and meet the rule at little cost, so"
    " they win what dearer Mexican rivals lose; in the study their own costs rise with the list of"
    " core parts, which is not in the model.",
)
