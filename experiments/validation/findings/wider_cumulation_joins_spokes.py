"""Goods of more countries count as originating, and trade between the spokes grows."""

from experiments.outcomes.estimates import Estimate, estimate
from experiments.scenarios.designs import BASE_FIXED, WIDER_CUMULATION
from experiments.validation.finding import Finding, Results
from experiments.validation.findings.rules_keep_out_third_countries import look

SPOKES = ("MEX", "CAN")


def judge(results: Results) -> list[Estimate]:
    """Inputs of Mexico and Canada from the rest of the world, once these count."""

    def change(goods: str, *hosts: str) -> Estimate:
        names = [f"inputs/{goods}/{host}/ROW" for host in hosts]
        found = results.change(WIDER_CUMULATION, BASE_FIXED, *names)
        judged = (10.0, 70.0) if goods == "all" and hosts == SPOKES else None
        told = {"all": "manufactured inputs", "vehicle_parts": "vehicle parts"}[goods]
        return estimate(f"{told} from the rest to {' and '.join(hosts)},", found, "%", judged)

    return [
        change("all", *SPOKES),
        *(change("all", host) for host in SPOKES),
        change("vehicle_parts", *SPOKES),
    ]


FINDING = Finding(
    id="AUGIER-1",
    design="Goods of the rest of the world count as originating in full, against NAFTA; plants"
    " fixed, three years on. The United States is the hub, Mexico, Canada and the rest of the"
    " world are spokes: manufactured inputs from the rest to Mexico and Canada.",
    rule="The 95% interval of the rise lies within 10 to 70%.",
    designs=(BASE_FIXED, WIDER_CUMULATION),
    judge=judge,
    look=look,
    understanding="A wider set helps only those who would miss the rule otherwise, and nearly"
    " nobody does (CONCONI-1). The study's spokes had rules product by product that bound.",
)
