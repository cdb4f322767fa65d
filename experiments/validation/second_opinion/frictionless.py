"""The model with everything switched off that an equilibrium model does not have.

One firm a sector and country, all alike, each with one plant at home; no content
rule, no paperwork, no supplier links, no pull of a sector's size, no relocation, and trade
that follows prices at once; and spending and exchange rates that stay as they are.
"""

import numpy as np

from abm.axes import CONFIG_LABELS, HOSTS
from abm.base_year.base_sales import base_quarter, set_base_sales
from abm.base_year.calibration import calibrate
from abm.base_year.population import SMALLEST_FIRMS, draw_population
from abm.base_year.set_up import CalibratedEconomy
from abm.economy.tables import Economy
from abm.model import RelocationModel
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.inputs.links import link_suppliers
from experiments.scenarios.designs import FIXED_PLANTS, content
from experiments.scenarios.overrides import load_scenario

NO_FRICTIONS = (
    FIXED_PLANTS,
    "firms.foreign_firms=false",
    "firms.empty_slots=0.0",
    "economy.relation=0.0",
    "economy.agglomeration=0.0",
    "economy.adjustment=long run",
    "economy.closure=partial",
)


def free_of_rules(*overrides: str) -> Scenario:
    """The baseline without content rules, links and pull of size; an override goes before these."""
    rules = load_scenario("status-quo").rules_of_origin.regional_value_content
    none = [setting for sector, _ in rules for setting in content(0.0, sector)]
    said = {override.partition("=")[0] for override in overrides}
    off = [setting for setting in (*NO_FRICTIONS, *none) if setting.partition("=")[0] not in said]
    return load_scenario("status-quo", (*off, *overrides))


TASTES = ("productivity", "sourcing_draw", "affinity", "origin_share", "suitability", "size")
"""Columns in which firms differ, 1 for a typical one."""


class FrictionlessModel(RelocationModel):
    """A `RelocationModel` whose firms are all alike.

    Parameters
    ----------
    overrides : str
        ``KEY=VALUE`` on the baseline without rules.
    """

    def __init__(self, *overrides: str) -> None:
        super().__init__(free_of_rules(*overrides), firms=SMALLEST_FIRMS, rng=1)

    def _start(self, firms: int, observed: Economy) -> CalibratedEconomy:
        settings = self.scenario.firms
        table = draw_population(observed, settings, firms, self.draws)
        for column in TASTES:
            getattr(table, column)[:] = 1
        table.paperwork[:] = 0
        table.target[:] = -1
        table.opportunity[:] = -1
        table.config[:] = [CONFIG_LABELS.index(HOSTS[home]) for home in table.home]
        table.plants[:] = table.home[:, None] == np.arange(len(HOSTS))
        network = link_suppliers(table, observed, self.scenario.economy.relation, self.draws)
        policy = compile_policy(free_of_rules(), quarters=0)
        base_year = calibrate(table, observed, policy, settings)
        quarter = base_quarter(table, observed, policy, base_year)
        set_base_sales(quarter, base_year)
        values = np.zeros((firms, len(CONFIG_LABELS)))
        return CalibratedEconomy(observed, table, network, policy, base_year, values)
