"""A duty of 25% on cars, retaliated, cuts car output in Mexico and more in Canada."""

from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.scenarios.designs import BASE_MOVING, duty_on_cars
from experiments.validation.finding import Finding, Results

PUBLISHED = {"MEX": -40.0, "CAN": -67.0}


def judge(results: Results) -> list[Estimate]:
    """Change of car output in Mexico and Canada."""
    change = {
        host: results.change(duty_on_cars(0.25), BASE_MOVING, f"output/cars/{host}")
        for host in PUBLISHED
    }
    return [
        *(estimate(f"output of cars, {host},", change[host], "%", below(0), figure)
          for host, figure in PUBLISHED.items()),
        estimate("CAN less MEX", change["CAN"] - change["MEX"], " points", below(0)),
    ]  # fmt: skip


FINDING = Finding(
    id="HM-1",
    design="25% on cars between the United States and each partner, both ways, whatever their"
    " origin, against NAFTA; plants free to move, ten years on.",
    rule="95% intervals: output below zero in Mexico and in Canada, and Canada's change below"
    " Mexico's.",
    designs=(BASE_MOVING, duty_on_cars(0.25)),
    judge=judge,
    understanding="Both lose the market of the United States to plants there, and Canada sells more"
    " of its cars to it than Mexico does.",
)
