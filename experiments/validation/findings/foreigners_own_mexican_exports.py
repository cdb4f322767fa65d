"""Most of what Mexican manufacturing exports is made by owners from abroad."""

from abm.axes import FOOTLOOSE, HOMES, HOSTS, MOTOR
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, estimate
from experiments.outcomes.observing import shipped
from experiments.scenarios.designs import FIRST_QUARTER
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

MEX = HOSTS.index("MEX")


def look(model: RelocationModel) -> Measures:
    """Exports of plants in Mexico, of all owners and of those from abroad."""
    found = dict.fromkeys(("exports/motor", "exports/other"), 0.0)
    found |= {f"{name} of foreign owners": 0.0 for name in found}
    for plants in shipped(model, range(len(FOOTLOOSE))):
        if plants.host != MEX:
            continue
        name = "exports/motor" if FOOTLOOSE[plants.sector] in MOTOR else "exports/other"
        abroad = plants.value.sum(axis=1) - plants.value[:, MEX]
        foreign = model.firms.home[plants.rows] != HOMES.index("MEX")
        found[name] += float(abroad.sum())
        found[f"{name} of foreign owners"] += float(abroad[foreign].sum())
    return found


def judge(results: Results) -> list[Estimate]:
    """Share of exports that owners from abroad make."""

    def share(label: str, *names: str, expected: tuple[float, float] | None = None) -> Estimate:
        part = results.of(FIRST_QUARTER, *(f"exports/{name} of foreign owners" for name in names))
        whole = results.of(FIRST_QUARTER, *(f"exports/{name}" for name in names))
        return estimate(label, 100 * part / whole, "%", expected)

    return [
        share("foreign owners' share of Mexican exports", "motor", "other", expected=(60, 90)),
        share("of motor goods", "motor"),
        share("of other manufactures", "other"),
    ]


FINDING = Finding(
    id="OWN-1",
    design="Exports of all plants in Mexico in the first quarter of NAFTA, which is as the base"
    " year, by owner's home. The second part of the row, of Canadian output, may have been used to"
    " fit and is told apart.",
    rule="The 95% interval of the share of owners from abroad lies within 60 to 90%.",
    designs=(FIRST_QUARTER,),
    judge=judge,
    look=look,
    understanding="Owners' shares of output are those of the base year, by sector. Within a"
    " sector Mexican owners sell mostly at home, where buyers prefer them and where they are"
    " many and small; so foreign owners have more of exports than of output, and more than the"
    " row allows.",
)
