"""Duties of 2018-19 end up in the prices that buyers pay at the border."""

import numpy as np

from abm.axes import N_FOOTLOOSE, USA, USES
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, estimate
from experiments.outcomes.observing import outcomes, trade
from experiments.scenarios.designs import BASE_MOVING, COLLECTED_ANSWERED
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

ONE_ROUNDED = 1.005
"""What is told as 1.0 or 100% at the precision of the claim."""

CHANGED = 0.01
"""Least rise of the duty factor, in logarithms, of goods that are looked at."""


def look(model: RelocationModel) -> Measures:
    """What inputs cost at the US border, duty paid, the duty alone, and the dollar, in logs.

    Against the calibration year. Price, in world money, and duty are weighted by its imports,
    over goods whose duty rose; where none did there is the dollar alone.
    """
    rate = outcomes(model, "real_exchange_rate", [COLLECTED_ANSWERED.quarters])[0, USA]
    found = {"border/dollar": float(np.log(rate))}
    goods = slice(0, N_FOOTLOOSE)
    here = (goods, slice(None), USA, model.trade)
    calibration = model.calibration
    on_top = model.on_top[here] / (1 + calibration.trade_margin[goods, :, USA])
    duty = on_top / (1 + model.now.barrier[here])
    rise = np.log(duty / (1 + calibration.base_input_duty[goods, :, USA]))
    price = np.log(model.price[here])
    bought = trade(model, "customs_value_musd", [0])[USES.index("intermediate"), goods, :, USA]
    weight = np.where(rise > CHANGED, bought, 0.0)
    if weight.any():
        found["border/price"] = float((weight * price).sum() / weight.sum())
        found["border/duty"] = float((weight * rise).sum() / weight.sum())
    return found


def judge(results: Results) -> list[Estimate]:
    """Part of the rise of duties that is in the rise of prices."""
    price, duty = (results.of(COLLECTED_ANSWERED, f"border/{what}") for what in ("price", "duty"))
    dollar, usual = (
        results.of(design, "border/dollar") for design in (COLLECTED_ANSWERED, BASE_MOVING)
    )
    passed = (price - (dollar - usual)) / duty
    return [
        estimate("price at the border over the duty,", passed, "", (0.8, ONE_ROUNDED)),
        estimate("rise of the duty", 100 * duty, "%"),
        estimate("rise of the dollar", 100 * (dollar - usual), "%"),
    ]


FINDING = Finding(
    id="PASS-1",
    design="The duties of 2018-19 as collected with what was levied in return, the last quarter of"
    " 2019, when half of the rise is less than three quarters old: log price of inputs at the US"
    " border, duty paid, over the log of the rise in duty, both against the calibration year, of"
    " all goods whose duty rose, weighted by the imports of that year; in US money, the dollar"
    " against what it is without the duties.",
    rule="The 95% interval lies within 0.8 to 1.0, where 1.0 is what rounds to it.",
    designs=(COLLECTED_ANSWERED, BASE_MOVING),
    judge=judge,
    look=look,
    understanding="Close to built in: what China and the rest of the world charge before duty"
    " is given in world money, so that a duty is passed on but for the exchange rate and for"
    " the costs of members. It tells that nothing else gets between, not that pricing is"
    " right. In a first look the dollar was taken against the calibration year, so that its"
    " drift without news counted; it is paired by seed since, as in all designs, and the rule"
    " was kept.",
)
