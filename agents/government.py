"""A government: the rules it acts by, and what it has done."""

from collections.abc import Callable, Iterable, Sequence

from agents.asked_of_model import AskedByGovernment
from agents.refusals import PartOfModel


class Government[Outlook, Act](PartOfModel):
    """A member of the agreement, who follows a timeline and acts by rules beside it.

    It sees an outlook and says what it does; the model puts that into force at once, and
    firms see it in the same quarter.

    Parameters
    ----------
    model : mesa.Model
        That answers what `AskedByGovernment` says.
    country : str
        ``"USA"``, ``"MEX"`` or ``"CAN"``.
    rules : sequence of callable
        Each takes the country and its outlook and yields what is to be done.
    """

    model: AskedByGovernment

    instead_of_removal = (
        "its duties stay in force; set its rules to () and it does nothing beyond the timeline"
    )

    def __init__(
        self,
        model: AskedByGovernment,
        country: str,
        rules: Sequence[Callable[[str, Outlook], Iterable[Act]]],
    ) -> None:
        super().__init__(model)
        self.country = country
        self.rules = rules

    def act(self, seen: Outlook) -> list[Act]:
        """Return what its rules say in the light of the last quarter."""
        return [act for rule in self.rules for act in rule(self.country, seen)]

    @property
    def acts(self) -> list[dict[str, object]]:
        """What it has announced or enacted so far, oldest first."""
        return [event for event in self.model.events if event["actor"] == self.country]

    def __repr__(self) -> str:
        return f"Government({self.country})"
