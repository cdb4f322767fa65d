"""US industries more exposed to the duties of 2018-19 lose jobs against the others."""

from collections.abc import Iterable

import numpy as np

from abm.axes import FOOTLOOSE, N_FOOTLOOSE, N_GOODS, USA
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.outcomes.observing import outcomes, trade, year
from experiments.scenarios.designs import BASE_MOVING, COLLECTED_ANSWERED, Design
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

CHANNELS = ("protection", "inputs", "retaliation")


def look(model: RelocationModel) -> Measures:
    """US jobs of 2019 by sector, and how exposed each is to the duties collected then."""
    jobs = outcomes(model, "employment", year(model, 2019))[:, USA] / 4
    before = outcomes(model, "employment", [0])[:, USA]
    found = {}
    for name, values in {"jobs": jobs, "jobs before": before, **_exposure(model)}.items():
        for sector, value in zip(FOOTLOOSE, values, strict=True):
            found[f"exposed/{name}/{sector}"] = float(value)
    return found


def _exposure(model: RelocationModel) -> dict[str, Array]:
    """By channel, what duties add as a share, shape (sector,).

    Of what is sold in the United States at home (protection), and of output: what inputs
    cost more (inputs), and what exports pay more (retaliation).
    """
    flows = trade(model, "value_musd", [0]).sum(axis=0)
    rise = _rates(model, year(model, 2019)) - _rates(model, [0])
    made = flows[:N_FOOTLOOSE, USA].sum(axis=1)
    bought = flows[:N_FOOTLOOSE, :, USA]
    use = model.economy.intermediate_use[:, :N_GOODS, USA, :N_FOOTLOOSE] / 4
    dearer = np.einsum("skj,ks->j", use, rise[:N_GOODS, :, USA])
    return {
        "protection": (rise[:N_FOOTLOOSE, :, USA] * bought).sum(axis=1) / bought.sum(axis=1),
        "inputs": dearer / made,
        "retaliation": (rise[:N_FOOTLOOSE, USA] * flows[:N_FOOTLOOSE, USA]).sum(axis=1) / made,
    }


def _rates(model: RelocationModel, quarters: Iterable[int]) -> Array:
    """Duty collected over customs value, shape (sector, source, market); 0 without a border."""
    duty, customs = (
        trade(model, name, quarters).sum(axis=0) for name in ("duty_musd", "customs_value_musd")
    )
    found: Array = np.divide(duty, customs, out=np.zeros_like(duty), where=customs > 0)
    return found


def judge(results: Results) -> list[Estimate]:
    """Slope of a sector's change in jobs on its exposure, sectors weighted by jobs."""

    def values(name: str, design: Design = COLLECTED_ANSWERED) -> Array:
        return np.stack([results.of(design, f"exposed/{name}/{sector}") for sector in FOOTLOOSE])

    change = 100 * (values("jobs") / values("jobs", BASE_MOVING) - 1)
    weight = values("jobs before")
    exposure = {name: 100 * values(name) for name in CHANNELS}
    total = sum(exposure.values(), np.zeros_like(change))
    found = [
        estimate("jobs on exposure, percent a point,", slope(total, change, weight), "", below(0))
    ]
    for name in CHANNELS:
        label = f"on {name} alone, percent a point,"
        found.append(estimate(label, slope(exposure[name], change, weight)))
    for sector, row in zip(FOOTLOOSE, change, strict=True):
        found.append(estimate(f"US jobs in {sector.replace('_', ' ')},", row, "%"))
    return found


def slope(on: Array, of: Array, weight: Array) -> Array:
    """Weighted least squares over the first axis, one slope a seed."""
    share = weight / weight.sum(axis=0)
    centred = on - (share * on).sum(axis=0)
    found: Array = (share * centred * of).sum(axis=0) / (share * centred**2).sum(axis=0)
    return found


FINDING = Finding(
    id="FP-1",
    design="The duties of 2018-19 as collected with what Canada, Mexico and China levied in return"
    " (China's from memory), against NAFTA without them; plants free to move; US jobs of 2019 in"
    " the ten sectors. A sector is exposed by what duties add to the price of goods sold in the"
    " United States, to its inputs and to its exports, as shares of sales and output; the three"
    " are added up.",
    rule="Over sectors weighted by jobs, the slope of the change in jobs on exposure is below zero"
    " with its whole 95% interval.",
    designs=(COLLECTED_ANSWERED, BASE_MOVING),
    judge=judge,
    look=look,
    understanding="Protection outweighs the other two: in the model sectors with high duties"
    " on their goods keep customers, and metals and textiles gain jobs. Dearer inputs and"
    " retaliation work as published in sign (vehicles, machinery and chemicals, which buy and"
    " export much, lose jobs), but cost less, as inputs are bought elsewhere at once when"
    " contracts end and spending on each sector's goods is fixed. China's answer is remembered"
    " and the same for nearly all goods, so that exposure to it differs less between sectors"
    " than it did.",
)
