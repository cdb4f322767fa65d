"""Rules of origin by product line: what a scenario says, and what the agreement does.

A rule is a set of conditions that a product of the line must meet, all of them. A rule
is silent about a condition where it leaves it out; then the one of its sector holds.
"""

import difflib
from dataclasses import dataclass
from functools import cache
from math import isnan
from typing import Annotated

from pydantic import AfterValidator

from abm import data
from abm.config.keys import shown
from abm.config.settings import Settings, Share, setting

CONDITIONS = {
    "regional_value_content": "content_threshold",
    "labour_value_content": "labour_value_content",
    "metals_content": "metals_content",
    "core_parts_content": "core_parts_content",
    "tariff_shift": "tariff_shift",
    "de_minimis": "de_minimis",
}
"""Conditions that a rule of a line may set, and the arrays of policy that hold them."""


@cache
def _made(name: str) -> str:
    """Return the name of a line that firms make."""
    products = data.read("product_lines")
    known = tuple(products["line"])
    if name not in known:
        if name in set(products["sector"]):
            some = ", ".join(products["line"][products["sector"] == name].head(3))
            raise ValueError(f"{shown(name)} is a sector, not a line of it such as {some}")
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "docs/lines.md lists all"
        raise ValueError(f"{shown(name)} is no product line; {hint}")
    return name


Line = Annotated[str, AfterValidator(_made)]
"""Name of a product line of a footloose sector."""


def _condition(unit: str, meaning: str) -> float | None:
    silent: float | None = setting(
        None, unit=unit, meaning=meaning, source="that of the sector unless a scenario sets one"
    )
    return silent


class LineRule(Settings):
    """What products of a line must have to originate; what is left out is as in its sector."""

    regional_value_content: Share | None = _condition(
        "share of net cost", "content of the region, net cost method; 0 for no such condition"
    )
    labour_value_content: Share | None = _condition(
        "share of net cost", "cost that must arise at plants above wage_line"
    )
    metals_content: Share | None = _condition(
        "share of metals bought", "originating part of its steel, aluminium and other metals"
    )
    core_parts_content: Share | None = _condition(
        "share of vehicle parts bought", "originating part of the vehicle parts in it"
    )
    tariff_shift: Share | None = _condition(
        "share of parts", "part of inputs from its own sector that must originate"
    )
    de_minimis: Share | None = _condition(
        "share of net cost", "value of parts in breach of tariff_shift that is overlooked"
    )

    @property
    def conditions(self) -> dict[str, float]:
        """The conditions that it does not leave out."""
        return self.model_dump(exclude_none=True)


ByLine = dict[Line, LineRule]


@dataclass(frozen=True)
class Schedule:
    """The rules of an agreement by product line, of ``rules_of_origin.csv``.

    Attributes
    ----------
    rules : dict
        Conditions by line and way.
    """

    rules: dict[tuple[str, int], dict[str, float]]

    @staticmethod
    @cache
    def of(agreement: str) -> "Schedule":
        """Return that of an agreement; nothing is scheduled without one."""
        table = data.read("rules_of_origin")
        rows = table[table["agreement"] == agreement].to_dict("records")
        return Schedule(
            {
                (row["line"], row["way"] - 1): {
                    name: float(row[name]) for name in CONDITIONS if not isnan(row[name])
                }
                for row in rows
            }
        )

    def conditions(self, line: str, way: int) -> dict[str, float]:
        """Return the conditions that are set for a line and a way."""
        return self.rules.get((line, way), {})
