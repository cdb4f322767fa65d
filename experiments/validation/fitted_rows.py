"""Published rows that were fitted, or may have been: told beside the tests, and no tests.

Rows of ``published_results_2.csv`` whose status says that they may be used to fit, and the parts of
others of which it says so. How fast trade follows duties (BLP-1, CHINA-1, METALS-1) is told in
docs/fit.md.
"""

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, N_HOSTS, VEHICLES
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.fit.plant_moments import (
    invested_in_mexico,
    lead_times,
    tax_on_profit,
    turnover,
)
from experiments.outcomes.estimates import Estimate, estimate, expectation
from experiments.outcomes.observing import Look, owners
from experiments.scenarios.designs import BASE_MOVING, FIRST_QUARTER, Design
from experiments.validation.finding import Results
from experiments.validation.measuring import Measures
from experiments.validation.sections import Section

HEAD_OF_FITTED = "Fitted, or may have been used to fit: no test"
ELSEWHERE = ("BLP-1", "CHINA-1", "METALS-1")
"""Fitted rows that docs/fit.md tells of."""

CAN = HOSTS.index("CAN")


def look_over_years(model: RelocationModel) -> Measures:
    """Plants that open and close, money that comes to Mexico, and how long projects take."""
    return turnover(model) | invested_in_mexico(model) | lead_times(model.records.moves)


def look_at_base_year(model: RelocationModel) -> Measures:
    """Who owns what is made, and what a point of tax on profit in Mexico would do."""
    made = owners(model, "output_musd", [model.quarter])
    vehicles = made[[FOOTLOOSE.index(sector) for sector in VEHICLES]].sum(axis=(0, 1))
    canadian = made[:, CAN].sum(axis=0)
    return {
        "vehicles from outside": float(vehicles[N_HOSTS:].sum() / vehicles.sum()),
        "Canadian output of foreigners": float(1 - canadian[CAN] / canadian.sum()),
        "tax on profit": tax_on_profit(model),
    }


DESIGNS: tuple[Design, ...] = (BASE_MOVING, FIRST_QUARTER)
LOOKS: dict[str, tuple[Look, ...]] = {
    BASE_MOVING.name: (look_over_years,),
    FIRST_QUARTER.name: (look_at_base_year,),
}


def figures(results: Results) -> list[tuple[str, Estimate]]:
    """Every figure with the row it is of; what is expected is what the row allows."""

    def over_years(name: str) -> Array:
        return results.of(BASE_MOVING, name)

    def base_year(name: str, scale: float = 100.0) -> Array:
        return scale * results.of(FIRST_QUARTER, name)

    return [
        ("ENTRY-1", estimate("US plants that open, a year", over_years("entry/plants"), "%",
                             (6.4 * 2 / 3, 6.4 * 4 / 3), 6.4)),
        ("ENTRY-1", estimate("US plants that close, a year", over_years("exit/plants"), "%",
                             (6.8 * 2 / 3, 6.8 * 4 / 3), 6.8)),
        ("FDI-1", estimate("foreign owners' new plants in Mexico, a year",
                           over_years("fdi/new"), " bn USD", (3, 8), 5)),
        ("FDI-1", estimate("all that they invest there, a year",
                           over_years("fdi/all"), " bn USD", (8, 20), 13.4)),
        ("OWN-1, second part", estimate("Canadian output of foreign owners",
                                        base_year("Canadian output of foreigners"), "%",
                                        (34.6, 54.6), 44.6)),
        ("OWN-2, first part", estimate("vehicles of makers from outside North America",
                                       base_year("vehicles from outside"), "%",
                                       (42.3, 56.3), 49.3)),
        ("LEAD-1", estimate("decision to opening, median", over_years("lead/opening"), " months",
                            (21, 59), 42)),
        ("LEAD-1", estimate("decision until sisters have taken over the work of a plant, median",
                            over_years("lead/transfer"), " months", (9, 30))),
        ("LEAD-1", estimate("decision to closing a firm's last plant, median",
                            over_years("lead/closing"), " months", (3, 13))),
        ("TAX-1", estimate("foreign plants in Mexico on a point of tax on profit",
                           base_year("tax on profit", 1.0), "%", (-5, -1), -3.3)),
    ]  # fmt: skip


def section(results: Results) -> Section:
    """The figures as a part of the report, away from the findings and without verdicts."""
    rows = [
        (row, each.label, _published(each), "" if each.expected is None
         else expectation(each.expected), each.text, _where(each))
        for row, each in figures(results)
    ]  # fmt: skip
    return Section(
        HEAD_OF_FITTED,
        (
            "Rows of which the table says that they may be used to fit: parameters were chosen to"
            " meet them, or may have been, so that agreement proves little. They have no verdict"
            " and are in no count above. How fast trade follows duties (BLP-1, CHINA-1, METALS-1)"
            " was fitted and is told in docs/fit.md.",
            "Runs under NAFTA, plants free to move, ten years; owners in the first quarter."
            " Vehicles are counted by value. ENTRY-1 by employment is told in docs/fit.md; by"
            " sector and by size it is not measured. Investment counts new plants,"
            " expansion and replacement, and not what arriving, founding and closing cost, which"
            " stands for more than money spent.",
            "TAX-1: no instrument taxes profit, so it is worked out from owners' choice of plants:"
            " the stock of foreign-owned plants in Mexico in the long run, weighted by what they"
            " sell, with payoffs lowered by one hundredth of the profit that a set of plants makes"
            " there, over the stock without; prices and wages are held.",
        ),
        ("Row", "Figure", "Published", "Row allows", "Model", "Where it lies"),
        rows,
    )


def _published(each: Estimate) -> str:
    return "" if each.published is None else f"{each.published:g}".replace("-", "\N{MINUS SIGN}")


def _where(each: Estimate) -> str:
    """Where an estimate lies, seen from what its row allows."""
    if each.agrees:
        return "inside"
    low, high = each.expected or (-np.inf, np.inf)
    return "mean inside, interval not" if low < each.mean < high else "outside"
