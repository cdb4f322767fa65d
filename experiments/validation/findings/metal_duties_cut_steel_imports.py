"""The metal duties of 2018: fewer imports, dearer steel, a little more of it made at home."""

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, USA
from abm.economy.tables import load_economy
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, estimate
from experiments.outcomes.observing import outcomes, shipped, trade
from experiments.scenarios.designs import METAL_DUTIES, NO_METAL_DUTIES
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

METALS = FOOTLOOSE.index("metals")
DOWNSTREAM = ("cars", "light_trucks", "vehicle_parts", "machinery")
"""Sectors that use much metal; makers of metal goods are in metals themselves."""

STEEL = ("steel_semifinished", "steel_flat", "steel_long", "steel_tubes")
"""Product lines of the duty of 25%."""

PUBLISHED = {"imports": -24.0, "price": 2.4, "output": 1.9, "downstream": -0.6}


def look(model: RelocationModel) -> Measures:
    """Metals and their users in the last quarter, and steel by product line."""
    now = [model.quarter]
    bought = trade(model, "customs_value_musd", now)[:, METALS, :, USA]
    made = outcomes(model, "output_musd", now)[:, USA]
    found = {
        "metals/imports": float(bought.sum()),
        "metals/price": float(outcomes(model, "price_index", now)[METALS, USA]),
        "metals/output": float(made[METALS]),
        "metals/downstream": float(made[[FOOTLOOSE.index(name) for name in DOWNSTREAM]].sum()),
    }
    lines = [load_economy().lines.name.index(name) for name in STEEL]
    for plants in shipped(model, [METALS]):
        steel = plants.value[np.isin(model.firms.line[plants.rows], lines)]
        sold = steel.sum() if plants.host == USA else steel[:, USA].sum()
        found[f"steel/{HOSTS[plants.host]}"] = float(sold)
    return found


def judge(results: Results) -> list[Estimate]:
    """Changes a year on, each within a factor of two of the published."""
    told = {
        "imports": "US imports of metals",
        "price": "US price of metals",
        "output": "US output of metals",
        "downstream": "output of vehicles, parts and machinery",
    }
    found = []
    for name, label in told.items():
        change = results.change(METAL_DUTIES, NO_METAL_DUTIES, f"metals/{name}")
        figure = PUBLISHED[name]
        low, high = sorted((figure / 2, figure * 2))
        found.append(estimate(f"{label},", change, "%", (low, high), figure))
    for host in HOSTS:
        change = results.change(METAL_DUTIES, NO_METAL_DUTIES, f"steel/{host}")
        label = "made in the USA" if host == "USA" else f"from {host} to the USA"
        found.append(estimate(f"steel by product line, {label},", change, "%"))
    return found


FINDING = Finding(
    id="ITC-232",
    design="The duties of 2018 on metals and what they met (metals-2018), alone, against NAFTA;"
    " plants free to move; the first quarter of 2019, a year on. Imports, price and output are"
    " of metals as a whole, since of goods from China and the rest of the world no lines are known"
    " and there the duty is what was collected on all metals; steel of Mexico, Canada and the"
    " United States is shown by product line.",
    rule="95% intervals within a factor of two of the published changes: imports -12 to -48%,"
    " price 1.2 to 4.8%, output 0.95 to 3.8%, downstream output -0.3 to -1.2%.",
    designs=(METAL_DUTIES, NO_METAL_DUTIES),
    judge=judge,
    look=look,
    understanding="The sector is wider than steel: 6.5% and 3.6% was collected on all metals"
    " of Canada and Mexico, 3% on those of the rest of the world, where exclusions and quotas"
    " are counted. So the sector answers less than steel does; steel of Mexico and Canada, on"
    " which the whole rate falls, answers more. American steel as a line loses a"
    " little where all metals gain; why has not been looked into. Users of metal lose little, as"
    " metal is a small part of their cost and can be bought elsewhere.",
)
