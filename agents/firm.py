"""A manufacturer, seen through one row of the firm table."""

from typing import Any

from agents.asked_of_model import AskedByFirm
from agents.refusals import PartOfModel


class Cell:
    """One firm's entry in a column of the table, read and written in place.

    Parameters
    ----------
    labels : str, optional
        Attribute of the model that holds the labels of an index column; reading
        then gives the label.
    """

    def __init__(self, labels: str | None = None) -> None:
        self.labels = labels

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = name

    def __get__(self, firm: "Firm | None", owner: type) -> Any:
        if firm is None:
            return self
        value = getattr(firm.model.firms, self.column)[firm.row]
        if self.labels is None:
            return value
        return getattr(firm.model, self.labels)[value] if value >= 0 else None

    def __set__(self, firm: "Firm", value: Any) -> None:
        if self.labels is not None and isinstance(value, str):
            value = getattr(firm.model, self.labels).index(value)
        getattr(firm.model.firms, self.column)[firm.row] = value


class Firm(PartOfModel):
    """A manufacturer; its state is row ``row`` of ``model.firms``.

    Parameters
    ----------
    model : mesa.Model
        That answers what `AskedByFirm` says.
    row : int
        Its row in the firm table.
    """

    model: AskedByFirm

    instead_of_removal = (
        "the plants and books of its row of model.firms stand for real firms of the base year; to "
        "leave firms out of a figure use model.agents.select(...), and to let plants close change "
        "what firms meet, with model.pull_levers(...) or another scenario"
    )

    sector = Cell("sector_labels")
    home = Cell("host_labels")
    belief = Cell("belief_labels")
    weight = Cell()
    size = Cell()
    productivity = Cell()
    sourcing_draw = Cell()
    affinity = Cell()
    origin_share = Cell()
    base_potential = Cell()
    product_duty = Cell()
    paperwork = Cell()
    reluctance = Cell()
    review_offset = Cell()
    suitability = Cell()
    location_taste = Cell()
    base_revenue = Cell()
    base_config_revenue = Cell()
    config = Cell("config_labels")
    grandfathered = Cell()
    moved_from_home = Cell()
    target = Cell("config_labels")
    stage = Cell()
    quarters_left = Cell()
    project_taste = Cell()
    sunk = Cell()

    def __init__(self, model: AskedByFirm, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def plants(self) -> tuple[str, ...]:
        """Hosts where it produces, such as ``("USA", "MEX")``."""
        standing = self.model.firms.plants[self.row]
        return tuple(
            host for host, stands in zip(self.model.host_labels, standing, strict=True) if stands
        )

    def content(self, host: str) -> float:
        """Regional value content of what it makes, or would make, at a host.

        Parameters
        ----------
        host : str
            ``"USA"``, ``"MEX"`` or ``"CAN"``.

        Returns
        -------
        float
            Share of net cost under today's policy with inputs chosen freely.
        """
        return self.model.content_of(self.row, host)

    def unit_cost(self, host: str) -> float:
        """Unit cost at a host with inputs chosen freely, sector average of 2017 = 1."""
        return self.model.unit_cost_of(self.row, host)

    def claim(self, host: str, market: str) -> str:
        """How its goods from ``host`` enter ``market``: pays, complies or claims falsely."""
        return self.model.claim_of(self.row, host, market)

    def suppliers(self) -> list["Firm"]:
        """The firms it is linked to as a buyer."""
        return self.model.suppliers_of(self.row)

    def __repr__(self) -> str:
        return f"Firm({self.row}: {self.sector}, {'+'.join(self.plants)})"
