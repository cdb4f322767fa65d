"""Proving the origin of motor goods costs 1.4 to 2.5%."""

from experiments.outcomes.estimates import Estimate, estimate
from experiments.scenarios.designs import USMCA_MOVING
from experiments.validation.finding import Finding, Results


def judge(results: Results) -> list[Estimate]:
    """Median cost over dutiable shipments, claimed or not."""
    cost = 100 * results.of(USMCA_MOVING, "compliance_cost/motor")
    parts = 100 * results.of(USMCA_MOVING, "compliance_cost/vehicle_parts")
    return [
        estimate("median cost of origin of motor goods", cost, "%", (1.4, 2.5)),
        estimate("of vehicle parts alone", parts, "%"),
    ]


FINDING = Finding(
    id="FED-1",
    design="Dearer inputs where the rule binds and paperwork, ad valorem, under USMCA's content"
    " rules: the median over dutiable shipments of cars, light trucks and parts from Mexico and"
    " Canada to the United States, claimed or not, weighted by value. Paperwork is fitted to claims"
    " of 2024, which are filing behaviour too, though not to this figure.",
    rule="The 95% interval lies within 1.4 to 2.5%.",
    designs=(USMCA_MOVING,),
    judge=judge,
    understanding="Paperwork of cars and trucks is fitted near zero because nearly all of them"
    " claim; that of parts is dearer. Only a summary of the note was read, so its"
    " population may be another.",
)
