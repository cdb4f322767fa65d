"""A government: what it holds and what it has announced."""

from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from abm.model import RelocationModel


class Government(mesa.Agent):
    """A member of the agreement; it acts by the dated timeline of the scenario.

    The United States may also make its threat depend on its goods deficit
    (`abm.policy.reaction`).

    Parameters
    ----------
    model : RelocationModel
    country : str
        ``"USA"``, ``"MEX"`` or ``"CAN"``.
    """

    model: "RelocationModel"

    def __init__(self, model: "RelocationModel", country: str) -> None:
        super().__init__(model)
        self.country = country

    @property
    def acts(self) -> list[dict[str, object]]:
        """What it has announced or enacted so far, oldest first."""
        return [event for event in self.model.events if event["actor"] == self.country]

    def __repr__(self) -> str:
        return f"Government({self.country})"
