"""How fast does every firm choose its way over every border?"""

from benchmarks.measure import YARDSTICK_FIRMS, Measurement, scaled


def test_claims(benchmark, stopped):
    naive = stopped.naive(YARDSTICK_FIRMS)
    naive.agents.do("solve_costs")
    stopped.as_last_quarter_left_it()
    stopped.model.solve_costs()
    Measurement(
        "claims",
        stopped.firms,
        stopped.model.claim_origin,
        against={
            "yardstick": scaled(
                lambda: naive.agents.do("claim_origin"), stopped.firms, len(naive.agents)
            )
        },
    ).take(benchmark)
