"""Laws that a sound model keeps whatever its numbers, each a function that says whether it holds.

They look at models of few firms, and at what those hold after a quarter; nothing of them is
worked out by the functions that they are about.
"""

from collections.abc import Callable

import numpy as np

from abm.axes import HOSTS, USA
from abm.core.demand.claims import Claim
from abm.engine.draws import Draws
from abm.trade.duties import MERCHANDISE_PROCESSING_FEE
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import NOBODY_MOVES, model_of

FIRMS, SEED = 100, 2


def _no_shock_no_change() -> bool:
    """Jobs stay where plants are kept, nothing is decided and policy is that of the base year."""
    rest = model_of(load_scenario("status-quo", NOBODY_MOVES), FIRMS, SEED)
    rest.run_for(2)
    first, last = (rest.records.outcomes[place]["employment"] for place in (0, -1))
    return np.allclose(last, first, rtol=1e-3)


def _origin_is_free_of_duty() -> bool:
    """Under NAFTA a claim of origin is free of all duty; without one, duty and fee are paid.

    Of a firm's goods a part can qualify, and for the rest it pays or lies. The duty is that of
    the firm's product, and the fee the one of the United States alone. Whose
    product meets the rule as it is claims where that saves more than proof of origin costs.
    """
    model = model_of("status-quo", FIRMS, SEED)
    model.step()
    fee = np.zeros(len(HOSTS))
    fee[USA] = MERCHANDISE_PROCESSING_FEE
    ordinary = model.firms.product_duty[:, :, : len(HOSTS)] + fee
    pays = model.borders.claim == Claim.PAYS
    claimed = model.borders.filed((slice(None), slice(None), slice(None), slice(None))).claimed
    due = ordinary[..., None] * (1 - claimed)
    abroad = ~np.eye(len(HOSTS), dtype=bool)
    saves = model.firms.paperwork[:, :, None] < 0.999 * ordinary
    worthwhile = model.borders.meets_rule & (saves & abroad)[..., None]
    as_due = np.allclose(model.borders.duty[:, abroad], due[:, abroad], rtol=0, atol=1e-6)
    return as_due and worthwhile.any() and not pays[worthwhile].any()


def _luck_is_new() -> bool:
    draws = Draws(SEED)
    return not np.array_equal(draws.gumbel("review", 1, 5), draws.gumbel("review", 2, 5))


def _a_firm_reviews_once_a_year() -> bool:
    """Between half and twice as many reviews as firms, which luck alone would not leave."""
    model = model_of("status-quo", FIRMS, SEED)
    reviews = 0
    for _ in range(4):
        model.step()
        reviews += int(model.plans.luck.strikes.sum())
    return FIRMS / 2 < reviews < 2 * FIRMS


LAWS: dict[str, Callable[[], bool]] = {
    "law: no shock, no change": _no_shock_no_change,
    "law: origin is free of duty, and nothing else is": _origin_is_free_of_duty,
    "law: luck is new in every quarter": _luck_is_new,
    "law: a firm reviews once a year": _a_firm_reviews_once_a_year,
}


def broken_law() -> str:
    """Which law does not hold, the first of them; ``""`` if all do."""
    return next((name for name, holds in LAWS.items() if not holds()), "")
