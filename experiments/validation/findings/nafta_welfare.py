"""NAFTA's tariff cuts: Mexico gains most, then the USA, Canada loses a little."""

from experiments.outcomes.estimates import Estimate, above, estimate
from experiments.scenarios.designs import BASE_MOVING, duties_of_1993
from experiments.validation.finding import Finding, Results

PUBLISHED = {"MEX": 1.31, "USA": 0.08, "CAN": -0.06}


def judge(results: Results) -> list[Estimate]:
    """Real income under 2017's policy less that under the duties of 1993, percent of GDP."""
    gains = {
        host: results.of(BASE_MOVING, f"welfare/{host}")
        - results.of(duties_of_1993(), f"welfare/{host}")
        for host in PUBLISHED
    }
    return [
        estimate("welfare: MEX less USA", gains["MEX"] - gains["USA"], " points", above(0)),
        estimate("USA less CAN", gains["USA"] - gains["CAN"], " points", above(0)),
        *(estimate(f"welfare, {host},", gains[host], "%", None, PUBLISHED[host])
          for host in PUBLISHED),
    ]  # fmt: skip


FINDING = Finding(
    id="CP-2",
    design="As CP-1. Welfare is of the model's partial equilibrium: consumers' and fixed sectors'"
    " gain from prices, profits where they are earned, pay above the calibration year's for the"
    " labour it employed, duties collected; percent of GDP.",
    rule="95% intervals of the differences, paired by seed: Mexico over the United States, and the"
    " United States over Canada, above zero.",
    designs=(BASE_MOVING, duties_of_1993()),
    judge=judge,
    understanding="The order is that of the duties removed and of openness. Mexico's gain is"
    " smaller than the study's, whose general equilibrium multiplies cheaper inputs"
    " through services and primary goods; foreign prices are fixed here, so that terms"
    " of trade move little.",
)
