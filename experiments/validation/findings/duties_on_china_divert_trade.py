"""Duties on China cut what is bought there, and Mexico gains, more so with time."""

from abm.axes import FOOTLOOSE, REGIONS, USA
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.outcomes.observing import trade, year
from experiments.scenarios.designs import BASE_MOVING, COLLECTED_ANSWERED
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

TARGETED = ("cars", "light_trucks", "vehicle_parts", "machinery", "metals", "food")
"""Sectors of which China's goods paid ten points or more beyond 2017's by the third quarter of
2019 (docs/collected-duties.md): most of what is in them was on a list. In others most was not."""

YEARS = (2018, 2019)


def look(model: RelocationModel) -> Measures:
    """US imports of targeted sectors by year and origin, at customs values."""
    rows = [FOOTLOOSE.index(sector) for sector in TARGETED]
    found = {}
    for number in YEARS:
        bought = trade(model, "customs_value_musd", year(model, number))[..., USA].sum(axis=0)
        metals = bought[FOOTLOOSE.index("metals")]
        for place, origin in enumerate(REGIONS):
            value = bought[rows, place].sum()
            found[f"targeted/{origin}/{number}"] = float(value)
            found[f"targeted but metals/{origin}/{number}"] = float(value - metals[place])
    return found


def judge(results: Results) -> list[Estimate]:
    """Imports from China, Mexico and all others against those without the duties."""

    def change(number: int, *origins: str, goods: str = "targeted") -> Array:
        names = [f"{goods}/{origin}/{number}" for origin in origins]
        return results.change(COLLECTED_ANSWERED, BASE_MOVING, *names)

    others = [origin for origin in REGIONS if origin not in ("USA", "CHN")]
    diverted = {number: change(number, *others) for number in YEARS}
    return [
        estimate("targeted imports from China, 2019,", change(2019, "CHN"), "%", below(0), -25),
        estimate("from Mexico, 2019,", change(2019, "MEX"), "%", above(0)),
        estimate("from all others, 2019 less 2018,", diverted[2019] - diverted[2018], " points",
                 above(0)),
        estimate("from China, 2018,", change(2018, "CHN"), "%"),
        estimate("from Mexico, 2018,", change(2018, "MEX"), "%"),
        estimate("from all others, 2018,", diverted[2018], "%"),
        estimate("from all others, 2019,", diverted[2019], "%"),
        estimate("without metals: from Mexico, 2019,",
                 change(2019, "MEX", goods="targeted but metals"), "%"),
        estimate("without metals: from all others, 2019,",
                 change(2019, *others, goods="targeted but metals"), "%"),
    ]  # fmt: skip


FINDING = Finding(
    id="NICITA-1",
    design="US duties of 2018-19 as they were collected (collected-2018) with what Canada, Mexico"
    " and China levied in return, against NAFTA without them; plants free to move; calendar years."
    " Goods are targeted or not by tariff line, and the model knows China's by sector only: those"
    f" sectors count in which the duty reached ten points ({', '.join(TARGETED)}).",
    rule="95% intervals in 2019: targeted imports from China below zero, from Mexico above; and"
    " what all others gain in percent is more in 2019 than in 2018.",
    designs=(COLLECTED_ANSWERED, BASE_MOVING),
    judge=judge,
    look=look,
    understanding="On metals the duties fell on all sources, on Mexico and Canada until May"
    " 2019 too, so that what others sell falls with them; without metals Mexico and all others"
    " gain. They gain little, since spending that leaves China is shared by all sellers in"
    " proportion to what they have, and most of it goes to plants in the United States.",
)
