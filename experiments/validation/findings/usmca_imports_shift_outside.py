"""USMCA: vehicles come less from the partners and more from the rest of the world, dearer."""

from abm.axes import PARTNERS, VEHICLES
from abm.economy.tables import Array
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.scenarios.designs import BASE_MOVING, USMCA_MOVING, Design
from experiments.validation.finding import Finding, Results


def judge(results: Results) -> list[Estimate]:
    """US imports of vehicles by origin, their price, and the share claiming."""

    def imports(*origins: str) -> list[str]:
        return [f"imports/{sector}/USA/{origin}" for sector in VEHICLES for origin in origins]

    def claimed(design: Design) -> Array:
        cells = [f"{sector}/{partner}" for sector in VEHICLES for partner in PARTNERS]
        part = results.of(design, *(f"us_claimed_dutiable/{cell}" for cell in cells))
        return 100 * part / results.of(design, *(f"us_dutiable/{cell}" for cell in cells))

    def change(*names: str) -> Array:
        return results.change(USMCA_MOVING, BASE_MOVING, *names)

    quantity = [f"quantity/{sector}/USA" for sector in VEHICLES]
    price = 100 * (results.of(BASE_MOVING, *quantity) / results.of(USMCA_MOVING, *quantity) - 1)
    return [
        estimate("vehicles from MEX", change(*imports("MEX")), "%", below(0)),
        estimate("from CAN", change(*imports("CAN")), "%", below(0)),
        estimate("from the rest", change(*imports("CHN", "ROW")), "%", above(0)),
        estimate("US price of vehicles", price, "%", above(0)),
        estimate("share claiming", claimed(USMCA_MOVING) - claimed(BASE_MOVING), " points",
                 below(0)),
    ]  # fmt: skip


FINDING = Finding(
    id="ITC-2",
    design="As ITC-1; cars and light trucks together, both uses, at basic prices.",
    rule="95% intervals: imports from Mexico and from Canada below zero, from China and the rest"
    " of the world above, price above, share claiming below.",
    designs=(BASE_MOVING, USMCA_MOVING),
    judge=judge,
    understanding="Labour value content binds on Mexican plants far more than content does. Some of"
    " them give the claim up and pay 2.5%, others buy parts at high wages, mostly in the United"
    " States; both make them dearer.",
)
