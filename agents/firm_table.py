"""Every firm's state, one array a column."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Column:
    """How a column is stored and what it means.

    Attributes
    ----------
    dtype : str
        NumPy name of the element type.
    axes : tuple of str
        Names of the axes, ``firm`` first.
    unit : str
        ``1`` for pure numbers, ``index`` for positions along an axis.
    meaning : str
        One phrase.
    """

    dtype: str
    axes: tuple[str, ...]
    unit: str
    meaning: str


Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass
class FirmTable:
    """Every firm's state, one array a column; row i is firm i everywhere.

    Assign into columns (``table.plants[:] = ...``) and never rebind them: agents
    read through them.
    """

    sector: Annotated[Int8, Column("int8", ("firm",), "index", "what it makes")]
    home: Annotated[Int8, Column("int8", ("firm",), "index", "region it comes from")]
    line: Annotated[
        Int16, Column("int16", ("firm",), "index", "product line of its sector that it makes")
    ]
    belief: Annotated[
        Int8, Column("int8", ("firm",), "index", "how it forms beliefs: myopic, adaptive, forward")
    ]
    weight: Annotated[Float64, Column("float64", ("firm",), "firms", "real firms it stands for")]
    size: Annotated[
        Float64, Column("float64", ("firm",), "1", "appeal to buyers, smallest American firm = 1")
    ]
    relative_size: Annotated[
        Float64,
        Column("float64", ("firm",), "1", "its size against the smallest firm of its home"),
    ]
    productivity: Annotated[
        Float32,
        Column("float32", ("firm", "host"), "1", "output per worker against its sector's average"),
    ]
    sourcing_draw: Annotated[
        Float32,
        Column("float32", ("firm", "material", "source"), "1", "its own taste for a source"),
    ]
    affinity: Annotated[
        Float32,
        Column("float32", ("firm", "material", "source"), "1", "the draw times supplier links"),
    ]
    origin_share: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "host"),
            "1",
            "originating part of what qualifying suppliers deliver",
        ),
    ]
    base_potential: Annotated[
        Float32,
        Column("float32", ("firm", "material", "host"), "1", "sourcing potential of the base year"),
    ]
    product_duty: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "host", "partner"),
            "fraction",
            "most-favoured-nation rate on its line between two hosts",
        ),
    ]
    paperwork: Annotated[
        Float32,
        Column(
            "float32", ("firm", "host"), "share of unit cost", "cost of proving origin, by exporter"
        ),
    ]
    can_qualify: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "host"),
            "1",
            "part of its goods, by exporter, that originates where its mix meets the rule",
        ),
    ]
    reluctance: Annotated[
        Float32,
        Column("float32", ("firm",), "share of unit cost", "cost of lying, in its own eyes"),
    ]
    review_offset: Annotated[
        Float64, Column("float64", ("firm",), "1", "phase of its review clock, in [0, 1)")
    ]
    suitability: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "host"),
            "1",
            "how well a host suits its varieties: productivity there to the power of dispersion",
        ),
    ]
    base_revenue: Annotated[
        Float64,
        Column(
            "float64",
            ("firm",),
            "million USD a quarter",
            "base-year sales: of its plants here or, without one, of a first plant",
        ),
    ]
    base_plant_sales: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "config", "host"),
            "share of base-year sales",
            "sales of each plant of each set at base-year policy and prices",
        ),
    ]
    config: Annotated[Int8, Column("int8", ("firm",), "index", "its current set of plants")]
    plants: Annotated[Bool, Column("bool", ("firm", "host"), "1", "where it produces")]
    founded: Annotated[
        Bool, Column("bool", ("firm",), "1", "has, or had, a plant in North America")
    ]
    grandfathered: Annotated[
        Bool, Column("bool", ("firm",), "1", "its Mexican plant predates the border tax")
    ]
    moved_from_home: Annotated[
        Bool, Column("bool", ("firm",), "1", "has, or closed, production in the USA")
    ]
    target: Annotated[
        Int8, Column("int8", ("firm",), "index", "set of plants being built, -1 if none")
    ]
    project: Annotated[
        Int8,
        Column("int8", ("firm",), "index", "what the project is: an `abm.core.choice.clocks.Kind`"),
    ]
    stage: Annotated[Int8, Column("int8", ("firm",), "index", "stage of the project under way")]
    quarters_left: Annotated[
        Int16, Column("int16", ("firm",), "quarters", "until the stage under way ends")
    ]
    project_luck: Annotated[
        Float32,
        Column(
            "float32",
            ("firm",),
            "quarters of profit",
            "what spoke for the project under way beside its expected value",
        ),
    ]
    opportunity: Annotated[
        Int8, Column("int8", ("firm",), "index", "set of plants it could build, -1 if none")
    ]
    opportunity_luck: Annotated[
        Float32,
        Column(
            "float32",
            ("firm",),
            "quarters of profit",
            "what speaks for that opportunity beside its expected value",
        ),
    ]
    sunk: Annotated[
        Float32,
        Column("float32", ("firm",), "share of base-year sales", "spent on the project under way"),
    ]
    grant: Annotated[
        Float32,
        Column(
            "float32",
            ("firm", "host"),
            "share of build cost",
            "part of the project under way that each host's treasury pays",
        ),
    ]

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Declaration of every column, in order."""
        hints = get_type_hints(cls, include_extras=True)
        return {field.name: hints[field.name].__metadata__[0] for field in fields(cls)}

    @classmethod
    def allocate(cls, lengths: dict[str, int]) -> "FirmTable":
        """A table of zeros.

        Parameters
        ----------
        lengths : dict
            Length of every axis named by a column, ``firm`` included.

        Returns
        -------
        FirmTable
        """
        arrays: dict[str, Any] = {
            name: np.zeros([lengths[axis] for axis in column.axes], column.dtype)
            for name, column in cls.columns().items()
        }
        return cls(**arrays)

    def __len__(self) -> int:
        return len(self.sector)
