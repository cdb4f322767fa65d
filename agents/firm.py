"""A manufacturer, seen through one row of the firm table."""

from typing import Any

from agents.asked_of_model import AskedByFirm
from agents.in_notebooks import html_card
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


PROJECTS = (
    "stays",
    "closing its last plants",
    "leaving models to sister plants",
    "founding",
    "building",
)
"""What a project is, by `abm.core.choice.clocks.Kind`."""


def status_of(stands: bool, local: bool, founded: bool) -> str:
    """What has become of a firm.

    Parameters
    ----------
    stands : bool
        Whether it has a plant in North America.
    local : bool
        Whether it is from there.
    founded : bool
        Whether it ever had one.
    """
    if stands:
        return "stands"
    if not local:
        return "serves from home"
    return "closed" if founded else "not founded"


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
    home = Cell("home_labels")
    line = Cell("line_labels")
    belief = Cell("belief_labels")
    weight = Cell()
    size = Cell()
    relative_size = Cell()
    productivity = Cell()
    sourcing_draw = Cell()
    affinity = Cell()
    origin_share = Cell()
    base_potential = Cell()
    product_duty = Cell()
    paperwork = Cell()
    can_qualify = Cell()
    reluctance = Cell()
    review_offset = Cell()
    suitability = Cell()
    base_revenue = Cell()
    base_plant_sales = Cell()
    config = Cell("config_labels")
    founded = Cell()
    grandfathered = Cell()
    moved_from_home = Cell()
    target = Cell("config_labels")
    project = Cell()
    stage = Cell()
    quarters_left = Cell()
    project_luck = Cell()
    opportunity = Cell("config_labels")
    opportunity_luck = Cell()
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

    @property
    def capacity(self) -> dict[str, float]:
        """Units of output a quarter that its plants can make, by host; empty without a plant.

        A plant that opened in the quarter under way has none until the quarter's end.
        """
        return {host: self.model.capacity_of(self.row, host) for host in self.plants}

    @property
    def status(self) -> str:
        """``stands``, ``serves from home``, ``not founded`` or ``closed``.

        A firm from outside North America without a plant here serves it from home.
        """
        local = self.home in self.model.host_labels
        return status_of(bool(self.plants), local, bool(self.founded))

    @property
    def doing(self) -> str:
        """Its ``status``, unless it builds, closes or holds an opportunity to build."""
        if self.target is not None:
            kind = PROJECTS[int(self.project)]
            return f"{kind} for {self.target} ({self.quarters_left} quarters of the stage left)"
        if self.opportunity is not None:
            return f"holds an opportunity to build for {self.opportunity}"
        return self.status

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

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what it is, where it stands and what it does."""
        facts = {
            "makes": f"{self.sector}, {self.line}",
            "is from": self.home,
            "plants": " and ".join(self.plants) or "none",
            "does": self.doing,
            "stands for": f"{self.weight:,.0f} real firms",
            "sold in 2017": f"USD {self.base_revenue:,.1f} million a quarter, each",
            "believes": self.belief,
            "regional content": ", ".join(f"{x} {self.content(x):.1%}" for x in self.plants),
            "buys from": f"{len(self.suppliers())} modelled firms",
        }
        return html_card(repr(self), facts)

    def __repr__(self) -> str:
        return f"Firm({self.row}: {self.sector}, {'+'.join(self.plants) or self.status})"
