"""Firms of middling size use NAFTA most; strict rules cut what the USA sells to Mexico."""

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, USA
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.outcomes.observing import shipped
from experiments.scenarios.designs import BASE_FIXED, scaled_content
from experiments.validation.finding import Finding, Results
from experiments.validation.findings import rules_keep_out_third_countries as inputs
from experiments.validation.measuring import Measures

STRICTER, RULES_OFF = scaled_content(1.25), scaled_content(0)
MEX = HOSTS.index("MEX")
THIRDS = ("small", "middle", "large")


def look(model: RelocationModel) -> Measures:
    """Inputs bought across borders, and NAFTA's use by thirds of exporters in Mexico."""
    return inputs.look(model) | use_by_size(model)


def use_by_size(model: RelocationModel) -> Measures:
    """Mean share of dutiable shipments to the USA that claims, by third of real exporters.

    Exporters are Mexican plants on lines with a duty, ordered by size.
    """
    table = model.firms
    size, weight, use = [], [], []
    for plants in shipped(model, range(len(FOOTLOOSE))):
        if plants.host != MEX:
            continue
        sells = (table.product_duty[plants.rows, MEX, USA] > 0) & (plants.value[:, USA] > 0)
        rows = plants.rows[sells]
        filed = model.borders.filed((rows, MEX, USA, model.trade))
        size.append(table.relative_size[rows])
        weight.append(table.weight[rows])
        use.append(np.asarray(filed.claimed, np.float64))
    means = by_thirds(*(np.concatenate(some) for some in (size, weight, use)))
    return {f"use/{third}": mean for third, mean in zip(THIRDS, means, strict=True)}


def by_thirds(size: Array, weight: Array, use: Array) -> list[float]:
    """Weighted mean of each third of real firms, the smallest first."""
    order = np.argsort(size, kind="stable")
    middle = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    third = np.minimum((3 * middle).astype(int), 2)
    sums = np.bincount(third, (weight * use)[order], 3)
    return list((sums / np.bincount(third, weight[order], 3)).tolist())


def judge(results: Results) -> list[Estimate]:
    """US inputs to Mexico under stricter and no rules, and use by size under NAFTA's."""
    use = {third: 100 * results.of(BASE_FIXED, f"use/{third}") for third in THIRDS}
    stricter, off = (
        results.change(design, BASE_FIXED, "inputs/all/MEX/USA") for design in (STRICTER, RULES_OFF)
    )
    return [
        estimate("US inputs to Mexico, rules 1.25 times as strict,", stricter, "%", below(0),
                 -0.72),
        estimate("US inputs to Mexico, no rules,", off, "%", above(0), 2.98),
        estimate("use, middle third less small,", use["middle"] - use["small"], " points",
                 above(0)),
        estimate("use, middle third less large,", use["middle"] - use["large"], " points",
                 above(0)),
        *(estimate(f"use of NAFTA, {third} exporters,", use[third], "%") for third in THIRDS),
    ]  # fmt: skip


FINDING = Finding(
    id="MORAN-1",
    design="Every content threshold times 1.25, and none at all, against NAFTA's; plants fixed,"
    " three years on: manufactured inputs that Mexico buys from the United States. Use of NAFTA"
    " is the mean share of dutiable shipments to the United States for which a Mexican plant"
    " claims, by thirds of real exporters ordered by size, under NAFTA's rules.",
    rule="95% intervals: inputs below zero under stricter rules and above zero without; use of the"
    " middle third over that of small and over that of large exporters.",
    designs=(BASE_FIXED, STRICTER, RULES_OFF),
    judge=judge,
    look=look,
    understanding="Without rules nothing changes, as they hardly bind (CONCONI-1). Stricter"
    " ones raise what Mexico buys from its neighbours, since makers buy inside the region and"
    " few give the claim up. Size plays no part in what a claim costs: paperwork is a share of"
    " cost, drawn alike for small and large, so that there is nothing from which a hump could"
    " come.",
)
