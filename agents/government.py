"""A government: the rules it acts by, and what it has done."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from abm.governments.outlook import Outlook, Rule
    from abm.model import RelocationModel


class Government(mesa.Agent):
    """A member of the agreement, who follows a timeline and acts by rules beside it.

    What it does is in force at once, and firms see it in the same quarter.

    Parameters
    ----------
    model : RelocationModel
    country : str
        ``"USA"``, ``"MEX"`` or ``"CAN"``.
    rules : sequence of callable
        Each takes the country and its outlook and yields what is to be done.
    """

    model: "RelocationModel"

    def __init__(self, model: "RelocationModel", country: str, rules: "Sequence[Rule]") -> None:
        super().__init__(model)
        self.country = country
        self.rules = rules

    def act(self, seen: "Outlook") -> None:
        """Do what its rules say in the light of the last quarter."""
        for rule in self.rules:
            for act in rule(self.country, seen):
                self.model.decide(self.country, act)

    @property
    def acts(self) -> list[dict[str, object]]:
        """What it has announced or enacted so far, oldest first."""
        return [event for event in self.model.events if event["actor"] == self.country]

    def __repr__(self) -> str:
        return f"Government({self.country})"
