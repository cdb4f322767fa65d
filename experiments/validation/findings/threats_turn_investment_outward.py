"""A threat on a country's goods sends its owners abroad and keeps foreign ones away."""

from abm.axes import HOMES, HOSTS
from abm.economy.tables import Array
from abm.model import RelocationModel
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.outcomes.observing import owners
from experiments.scenarios.designs import threat
from experiments.validation.finding import Finding, Results
from experiments.validation.measuring import Measures

THREATENED, QUIET = threat(0.025), threat(0.0)
PUBLISHED = {"outward": 17.0, "inward": -9.0}


def look(model: RelocationModel) -> Measures:
    """What new plants decided on over the run are expected to cost, by host and home."""
    announced = owners(model, "expected_announced_musd", range(1, model.quarter + 1)).sum(axis=0)
    return {
        f"announced/{host}/{home}": float(announced[HOSTS.index(host), HOMES.index(home)])
        for host, home in (("USA", "MEX"), ("MEX", "USA"))
    }


def judge(results: Results) -> list[Estimate]:
    """Plants of Mexican owners in the United States, and of American ones in Mexico."""

    def change(host: str, home: str) -> Array:
        return results.change(THREATENED, QUIET, f"announced/{host}/{home}")

    outward, inward = change("USA", "MEX"), change("MEX", "USA")
    return [
        estimate("plants of Mexican owners in the USA,", outward, "%", above(0),
                 PUBLISHED["outward"]),
        estimate("plants of US owners in Mexico,", inward, "%", below(0), PUBLISHED["inward"]),
        estimate("outward less inward", outward - inward, " points", above(0)),
        estimate("plants of Mexican owners in the USA without a threat",
                 results.of(QUIET, "announced/USA/MEX") / 1000, " bn USD"),
        estimate("plants of US owners in Mexico without a threat",
                 results.of(QUIET, "announced/MEX/USA") / 1000, " bn USD"),
    ]  # fmt: skip


FINDING = Finding(
    id="BREXIT-2",
    design="A border tax of 35% on Mexican goods threatened at 2.5% a quarter and never imposed,"
    " against the same at 0%; what plants that owners decide on within six years will cost, on"
    " average over the luck of their reviews: of Mexican owners in the United States"
    " against those of American owners in Mexico. The tax would fall on firms with production in"
    " the United States alone.",
    rule="95% intervals, paired by seed: outward above zero, inward below zero, and outward over"
    " inward.",
    designs=(THREATENED, QUIET),
    judge=judge,
    look=look,
    understanding="Plants were counted in a first look at two seeds, which told nothing: a"
    " small Mexican firm of the model stands for thousands of real ones. They were then"
    " weighed by what they cost; the rule was kept. Mexican owners of size are few among the"
    " modelled firms, so that the first figure is loose. The threatened tax is on what firms"
    " with production in the United States would sell there out of new Mexican plants:"
    " American owners hold these back, and some build at home.",
)
