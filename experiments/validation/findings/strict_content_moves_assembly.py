"""With plants that move, stricter content takes vehicle jobs from Canada and Mexico to the USA."""

from abm.axes import HOSTS, MOTOR
from experiments.outcomes.estimates import Estimate, above, below, estimate, order_of_magnitude
from experiments.scenarios.designs import BASE_MOVING, vehicles_moving
from experiments.validation.finding import Finding, Results

EXPECTED = {"USA": above(0), "MEX": below(0), "CAN": below(0)}


def judge(results: Results) -> list[Estimate]:
    """Change of jobs in the motor industry by host and in all."""
    found = []
    for threshold in (0.75, 0.85):
        judged = threshold == 0.75
        design = vehicles_moving(threshold)
        for host in HOSTS:
            jobs = [f"jobs/{sector}/{host}" for sector in MOTOR]
            change = results.change(design, BASE_MOVING, *jobs)
            expected = EXPECTED[host] if judged else None
            found.append(estimate(f"motor jobs at {threshold:.0%}, {host},", change, "%", expected))
        every = [f"jobs/{sector}/{host}" for sector in MOTOR for host in HOSTS]
        change = results.change(design, BASE_MOVING, *every)
        expected = order_of_magnitude(-0.5) if judged else None
        published = -0.5 if judged else None
        label = f"motor jobs at {threshold:.0%}, all three,"
        found.append(estimate(label, change, "%", expected, published))
    return found


FINDING = Finding(
    id="HMM-3",
    design="The threshold of cars and light trucks from 62.5% to 75%, plants free to move,"
    " ten years on; jobs in cars, light trucks and parts.",
    rule="95% intervals: above zero in the USA, below in Mexico and in Canada, and the total"
    " within a factor of the root of ten of -0.5%.",
    designs=(BASE_MOVING, vehicles_moving(0.75), vehicles_moving(0.85)),
    judge=judge,
    understanding="Complying costs most makers a few tenths of a percent of cost, so little"
    " assembly moves, and what does move is outweighed by work in parts, which the model's"
    " makers buy more of in all three countries. An earlier version of the study (October 2022)"
    " had employment rise by 1.2% at 75% and fall at 85%.",
)
