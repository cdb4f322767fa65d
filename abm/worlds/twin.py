"""A second model of the same firms: set up once, run under many policies.

Drawing and calibrating the firms of a small model takes longer than running it for
twenty quarters, and does not depend on the scenario's policy. A twin copies both from a
model at quarter 0, and is equal byte for byte to a model that is set up from scratch.
"""

from copy import deepcopy
from dataclasses import replace

from abm.base_year.set_up import CalibratedEconomy, assumed
from abm.economy.tables import Economy
from abm.errors import ScenarioError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario


class Twin(RelocationModel):
    """A model whose firms and base year are those of another."""

    def __init__(self, other: RelocationModel, scenario: Scenario) -> None:
        self._other = other
        super().__init__(
            scenario, firms=other.standing_firms, rng=other.draws.seed, rule=other.rule
        )
        del self._other

    def _start(self, firms: int, observed: Economy) -> CalibratedEconomy:
        return replace(
            self._other.start,
            firms=deepcopy(self._other.firms),
            network=deepcopy(self._other.network),
        )


def twin(model: RelocationModel, scenario: Scenario) -> RelocationModel:
    """A model at quarter 0 with the firms of another one, under another policy.

    Parameters
    ----------
    model : RelocationModel
        At quarter 0; it is left as it is. A rule of its own holds for the twin as well.
    scenario : Scenario
        Whose firms and economy are assumed alike.

    Returns
    -------
    RelocationModel

    Raises
    ------
    ScenarioError
        If the model has run, or the scenario assumes other firms or another economy.
    """
    check_twin(model, scenario)
    return Twin(model, scenario)


def check_twin(model: RelocationModel, scenario: Scenario) -> None:
    """Refuse what no twin can be made of, as `twin` does."""
    if model.quarter != 0:
        raise ScenarioError(f"quarter: {model.quarter}; a twin starts from a model at quarter 0")
    if not alike(model.scenario, scenario):
        raise ScenarioError(
            f"{scenario.name}: assumes other firms or another economy than {model.scenario.name}"
        )


def alike(one: Scenario, other: Scenario) -> bool:
    """Return whether two scenarios are set up with the same firms and base year."""
    return assumed(one) == assumed(other)
