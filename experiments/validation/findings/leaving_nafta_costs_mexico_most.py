"""Without NAFTA Mexico loses most, then Canada, then the USA."""

from experiments.outcomes.estimates import Estimate, below, estimate, order_of_magnitude
from experiments.scenarios.designs import BASE_MOVING, WITHDRAWAL
from experiments.validation.finding import Finding, Results

PUBLISHED = {"MEX": -0.220, "CAN": -0.124, "USA": -0.043}


def judge(results: Results) -> list[Estimate]:
    """Real income without the agreement less with it, percent of GDP."""
    loss = {
        host: results.of(WITHDRAWAL, f"welfare/{host}") - results.of(BASE_MOVING, f"welfare/{host}")
        for host in PUBLISHED
    }
    return [
        estimate("welfare: MEX less CAN", loss["MEX"] - loss["CAN"], " points", below(0)),
        estimate("CAN less USA", loss["CAN"] - loss["USA"], " points", below(0)),
        *(estimate(f"welfare, {host},", loss[host], "%", order_of_magnitude(figure), figure)
          for host, figure in PUBLISHED.items()),
    ]  # fmt: skip


FINDING = Finding(
    id="ST-1",
    design="The agreement's preference ended, members charging their usual duties, against NAFTA;"
    " plants free to move, ten years on. Welfare as in CP-2.",
    rule="95% intervals: Mexico below Canada and Canada below the United States, and each within"
    " a factor of the root of ten of the published figure.",
    designs=(BASE_MOVING, WITHDRAWAL),
    judge=judge,
    understanding="Mexico and Canada lose and in the order of the study, but from one population to"
    " the next what Mexico loses differs by more than the two are apart; and the loss of the"
    " United States is too small, which has not been taken apart. The study has general"
    " equilibrium, capital, and trade costs that rise beside the duty, which the model lacks.",
)
