"""The arrays of policy: each is declared once, with its axes, unit, meaning and neutral value.

From the declaration follow the blank form of one regime that instruments fill in
(`RegimeArrays`), the arrays over all regimes of a scenario (`abm.policy.regimes.Policy`)
and the table in ``docs/notation.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Self, get_type_hints

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, N_REGIONS, N_SECTORS
from abm.economy.sector_lines import line_names

N_WAYS = 2
"""Ways in which a product may originate: a rule, and one that will do instead of it."""

LENGTHS = {
    "sector": N_SECTORS,
    "line": len(line_names()),
    "way": N_WAYS,
    "source": N_REGIONS,
    "host": N_HOSTS,
    "market": N_REGIONS,
}
"""Length of every axis that an array of policy may have."""

CELL = ("sector", "source", "market")
"""Axes of what differs from lane to lane of trade."""

CELLS = tuple(LENGTHS[axis] for axis in CELL)
"""The shape that goes with them."""

LINE_CELL = ("line", "source", "market")
"""The same where product lines of a sector differ."""

LINE_CELLS = tuple(LENGTHS[axis] for axis in LINE_CELL)

RULE = ("line", "way")
"""Axes of what a product must have to originate."""

RULE_ARRAYS = (
    "content_threshold",
    "either_way",
    "labour_value_content",
    "metals_content",
    "core_parts_content",
    "tariff_shift",
    "country_content",
    "de_minimis",
    "cumulation",
)
"""Arrays of which a border may have its own: what goods must have there to originate."""

type Border = tuple[int, int]
"""The host that goods come from and the member that they enter."""

Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class PolicyArray:
    """Declaration of an array of policy.

    Attributes
    ----------
    axes : tuple of str
        In the order of `abm.axes`; ``regime`` is added as the last one where arrays of
        several regimes are stacked.
    unit : str
        ``"1"`` for a claim that holds or does not.
    meaning : str
        One line.
    neutral : float or bool
        The value in free trade at no cost, where no instrument says otherwise.
    """

    axes: tuple[str, ...]
    unit: str
    meaning: str
    neutral: float | bool = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(LENGTHS[axis] for axis in self.axes)


@dataclass(frozen=True, eq=False, kw_only=True)
class PolicyArrays:
    """Every array that an instrument may write, in the order of the documentation."""

    special_duty: Annotated[
        Float64, PolicyArray(CELL, "ad valorem", "duty on top of the most-favoured-nation rate")
    ]
    special_waived: Annotated[
        Bool,
        PolicyArray(
            CELL, "1", "whether that duty is waived for goods claimed as originating", neutral=False
        ),
    ]
    line_waived: Annotated[
        Float64,
        PolicyArray(
            LINE_CELL, "ad valorem", "duty of dated measures that a claim of origin avoids"
        ),
    ]
    line_fixed: Annotated[
        Float64,
        PolicyArray(LINE_CELL, "ad valorem", "duty of dated measures that is due in any case"),
    ]
    measures_waived: Annotated[
        Float64,
        PolicyArray(CELL, "ad valorem", "mean of `line_waived` over what a source sells"),
    ]
    measures_fixed: Annotated[
        Float64,
        PolicyArray(CELL, "ad valorem", "mean of `line_fixed` over what a source sells"),
    ]
    cap_rate: Annotated[
        Float64,
        PolicyArray(LINE_CELL, "ad valorem", "rate of measures that count the ordinary duty in"),
    ]
    cap_share: Annotated[
        Float64,
        PolicyArray(LINE_CELL, "share of value", "what such measures fall on; 0 without one"),
    ]
    quota: Annotated[
        Float64,
        PolicyArray(
            LINE_CELL, "share of 2017 imports", "quantity that needs a licence; 0 without a quota"
        ),
    ]
    licence_most: Annotated[
        Float64, PolicyArray(LINE_CELL, "ad valorem", "what a licence is worth at most")
    ]
    licence_price: Annotated[
        Float64,
        PolicyArray(
            LINE_CELL,
            "ad valorem",
            "what a licence is worth, which is found in every quarter",
        ),
    ]
    licence_abroad: Annotated[
        Float64,
        PolicyArray(LINE_CELL, "share of rents", "part that the country of origin earns"),
    ]
    banned: Annotated[
        Float64, PolicyArray(LINE_CELL, "share of value", "part of a line that may not enter")
    ]
    preference: Annotated[
        Bool,
        PolicyArray(
            ("source", "market"),
            "1",
            "whether originating goods enter free of duty; never at home",
            neutral=False,
        ),
    ]
    content_threshold: Annotated[
        Float64,
        PolicyArray(
            RULE, "share of net cost", "regional value content required; 0 where no rule holds"
        ),
    ]
    either_way: Annotated[
        Bool,
        PolicyArray(
            ("line",), "1", "whether a product may originate in the second way too", neutral=False
        ),
    ]
    labour_value_content: Annotated[
        Float64,
        PolicyArray(
            RULE, "share of net cost", "cost that must arise at plants above the wage line"
        ),
    ]
    wage_line: Annotated[
        Float64, PolicyArray((), "USD an hour", "pay above which a plant counts as high-wage")
    ]
    metals_content: Annotated[
        Float64,
        PolicyArray(RULE, "share of metals", "originating share of the metals in a product"),
    ]
    core_parts_content: Annotated[
        Float64,
        PolicyArray(RULE, "share of vehicle parts", "originating share of the vehicle parts in it"),
    ]
    tariff_shift: Annotated[
        Float64,
        PolicyArray(
            RULE,
            "share of inputs from the product's own sector",
            "inputs that must originate",
        ),
    ]
    country_content: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "share of net cost",
            "cost that must arise at one host; 0 where no such rule holds",
        ),
    ]
    de_minimis: Annotated[
        Float64,
        PolicyArray(RULE, "share of net cost", "value of such inputs that is overlooked"),
    ]
    cumulation: Annotated[
        Float64,
        PolicyArray(
            ("source",), "share of goods", "part of a region's goods that may count as originating"
        ),
    ]
    audit_rate: Annotated[
        Float64, PolicyArray(("market",), "probability", "that a claim is audited")
    ]
    penalty: Annotated[
        Float64,
        PolicyArray(("market",), "multiples of the duty", "fine on a false claim found out"),
    ]
    paperwork_scale: Annotated[
        Float64, PolicyArray((), "calibration year = 1", "cost of claiming origin", neutral=1.0)
    ]
    barrier: Annotated[
        Float64,
        PolicyArray(
            CELL,
            "ad valorem equivalent",
            "non-tariff barriers beyond those of the calibration year",
        ),
    ]
    markup_scale: Annotated[
        Float64, PolicyArray((), "calibration year = 1", "markup of modelled firms", neutral=1.0)
    ]
    subsidy: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "share of labour and capital cost",
            "part that the host's treasury pays",
        ),
    ]
    offset_share: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "share of value made",
            "duties on inputs that are credited at most",
        ),
    ]
    offset_against: Annotated[
        Bool,
        PolicyArray(("sector",), "1", "whether duties on an input are credited", neutral=False),
    ]
    output_remission: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "value per value made",
            "own imports of a maker that are free of measures for what it makes at the host",
        ),
    ]
    plan_relief: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "share of measures",
            "part not owed on own imports into the host by makers that build there",
        ),
    ]
    investment_grant: Annotated[
        Float64,
        PolicyArray(
            ("sector", "host"),
            "share of build cost",
            "part that the host's treasury pays of plants decided on under the regime",
        ),
    ]
    foreign_advantage: Annotated[
        Float64,
        PolicyArray(
            ("sector", "source"),
            "share of price",
            "part taken off the price of foreign goods by their states; 0 for members",
        ),
    ]
    royalty: Annotated[
        Float64,
        PolicyArray(
            ("host",),
            "share of labour and capital cost",
            "royalties of firms that are not at home there",
        ),
    ]
    wage_floor: Annotated[
        Float64,
        PolicyArray(("host",), "USD an hour", "least hourly labour cost, of the calibration year"),
    ]
    union_premium: Annotated[
        Float64, PolicyArray(("host",), "share of pay", "what bargaining adds to pay")
    ]
    border_tax: Annotated[
        Float64,
        PolicyArray((), "ad valorem", "firm-specific tax on goods from new plants abroad"),
    ]
    exchange_shock: Annotated[
        Float64,
        PolicyArray(
            ("market",),
            "calibration year = 1",
            "what a shock makes of a region's currency; no policy, and expected by nobody",
            neutral=1.0,
        ),
    ]
    wage_shock: Annotated[
        Float64,
        PolicyArray(("host",), "calibration year = 1", "what a shock makes of wages", neutral=1.0),
    ]
    demand_shock: Annotated[
        Float64,
        PolicyArray(
            ("sector", "market"),
            "calibration year = 1",
            "what a shock makes of consumers' spending",
            neutral=1.0,
        ),
    ]

    @staticmethod
    @cache
    def declared() -> dict[str, PolicyArray]:
        """Declaration of every array by name, in order."""
        hints = get_type_hints(PolicyArrays, include_extras=True)
        return {name: hint.__metadata__[0] for name, hint in hints.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class RegimeArrays(PolicyArrays):
    """Every array of one regime, which instruments write into and never replace.

    A number without an axis is an array of shape ``()``: ``regime.wage_line[...] = 16``.

    Attributes
    ----------
    border_rules : dict
        Those of `RULE_ARRAYS` at borders whose rules are not the agreement's.
    """

    border_rules: dict[Border, dict[str, NDArray[Any]]] = field(default_factory=dict)

    @classmethod
    def neutral(cls) -> Self:
        """Return free trade at no cost."""
        arrays: dict[str, Any] = {
            name: np.full(array.shape, array.neutral)
            for name, array in PolicyArrays.declared().items()
        }
        return cls(**arrays)


@dataclass(frozen=True, eq=False)
class RulesAtBorder:
    """Rules of origin at one border, where some regime has other ones than the agreement's.

    Attributes
    ----------
    arrays : dict of ndarray
        Those of `RULE_ARRAYS`, with ``regime`` as their last axis; the agreement's where the
        border has none of its own.
    differs : ndarray of bool, shape (regime,)
        Where it has its own.
    """

    arrays: Mapping[str, NDArray[Any]]
    differs: Bool

    @classmethod
    def of(cls, border: Border, regimes: Sequence[RegimeArrays]) -> Self:
        """Return those of one border under all regimes."""
        each = [one.border_rules.get(border) for one in regimes]
        arrays = {
            name: np.stack(
                [
                    getattr(regime, name) if own is None else own[name]
                    for own, regime in zip(each, regimes, strict=True)
                ],
                axis=-1,
            )
            for name in RULE_ARRAYS
        }
        return cls(arrays, np.array([own is not None for own in each]))

    def during(self, regimes: slice | NDArray[np.integer]) -> "RulesAtBorder":
        """Return the same for some regimes."""
        arrays = {name: array[..., regimes] for name, array in self.arrays.items()}
        return RulesAtBorder(arrays, self.differs[regimes])

    def same_as(self, other: "RulesAtBorder") -> bool:
        """Return whether the same is asked under every regime."""
        return np.array_equal(self.differs, other.differs) and all(
            np.array_equal(array, other.arrays[name]) for name, array in self.arrays.items()
        )


def border_rules(regimes: Sequence[RegimeArrays]) -> dict[Border, RulesAtBorder]:
    """Return the rules of every border that has its own under some regime, in order."""
    borders = sorted({border for one in regimes for border in one.border_rules})
    return {border: RulesAtBorder.of(border, regimes) for border in borders}
