"""Uncertain trade policy keeps foreign owners out of what Mexico makes for export."""

import numpy as np

from abm.axes import FOOTLOOSE, HOMES, HOSTS, N_FOOTLOOSE
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.outcomes.observing import owners, trade
from experiments.scenarios.designs import Design, threat
from experiments.validation.finding import Finding, Results
from experiments.validation.findings.exposed_industries_lose_jobs import slope
from experiments.validation.measuring import Measures

THREATENED, QUIET = threat(0.025), threat(0.0)
MEX = HOSTS.index("MEX")
FROM_ABROAD = [home for home, name in enumerate(HOMES) if name != "MEX"]


def look(model: RelocationModel) -> Measures:
    """What foreign owners' new plants in Mexico cost over the run, and what a sector exports."""
    announced = owners(model, "expected_announced_musd", range(1, model.quarter + 1))
    of_foreign = announced[:, MEX][:, FROM_ABROAD].sum(axis=1)
    sold = trade(model, "value_musd", [0]).sum(axis=0)[:N_FOOTLOOSE, MEX]
    exported = 1 - sold[:, MEX] / sold.sum(axis=1)
    found = {}
    for place, sector in enumerate(FOOTLOOSE):
        found[f"foreign plants/{sector}"] = float(of_foreign[place])
        found[f"exported/{sector}"] = float(exported[place])
    return found


def judge(results: Results) -> list[Estimate]:
    """Slope of the change in new foreign plants on the export share, sectors weighted by them."""

    def values(name: str, design: Design) -> Array:
        return np.stack([results.of(design, f"{name}/{sector}") for sector in FOOTLOOSE])

    before, after = values("foreign plants", QUIET), values("foreign plants", THREATENED)
    exported = 100 * values("exported", QUIET)
    change = 100 * (np.divide(after, before, out=np.ones_like(after), where=before > 0) - 1)
    total = 100 * (after.sum(axis=0) / before.sum(axis=0) - 1)
    found = [
        estimate("change on export share, percent a point,", slope(exported, change, before), "",
                 below(0)),
        estimate("new foreign plants in Mexico, all sectors,", total, "%"),
    ]  # fmt: skip
    for sector, share, row in zip(FOOTLOOSE, exported, change, strict=True):
        label = f"{sector.replace('_', ' ')} (exports {share.mean():.0f}%),"
        found.append(estimate(label, row, "%"))
    return found


FINDING = Finding(
    id="TPU-1",
    design="A border tax of 35% on Mexican goods threatened at 2.5% a quarter and never imposed,"
    " against the same at 0%; what plants in Mexico cost that owners from abroad decide on"
    " within six years, on average over the luck of their reviews. The model has no places within a"
    " country (cities are drawn on the map alone), so that sectors stand for states, told apart by"
    " the share of output that they export in the calibration year.",
    rule="Over sectors weighted by what is decided on without a threat, the slope of the change"
    " in percent on the export share is below zero with its whole 95% interval.",
    designs=(THREATENED, QUIET),
    judge=judge,
    look=look,
    understanding="The threatened tax is on goods bound for the United States, so that"
    " sectors which sell most there have most to lose. But each sector has few foreign owners"
    " in a model of a thousand firms, and what they decide differs from one population to the"
    " next by as much as the threat changes. Plants were counted in a first look at two seeds"
    " and weighed by what they cost since, as investment is in money; the rule was kept.",
)
