"""How every act stands to one good on one day.

Every act is asked in turn: is it in force, does a term of it name the product and the origin, does
it give way to another act, and what is left of the value for it to fall on. What acts mean to one
another is read from the acts that give way; nothing here knows any of them by name.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np

from abm.axes import HOSTS
from abm.errors import ScenarioError
from abm.law.act import METALS, LegalAct, Term, within
from abm.law.act_files import Law
from abm.law.good import ActStanding, Good, Named
from abm.law.products import covers
from abm.law.schedule import (
    DECIMALS,
    SUBHEADING_DIGITS,
    ScheduledProduct,
    metal_content,
    ordinary_duty,
)

type Open = tuple[str, tuple[str, ...], str, bool]
"""A fact left open: an act, its lists, the condition, and whether it counts where nothing is said.

Terms that ask for the same fact share it.
"""


class NamingActs:
    """What the terms about goods of one origin name of some codes, all codes at once."""

    def __init__(self, law: Law, importer: str, origin: str, codes: tuple[str, ...]) -> None:
        self.acts = law.of(importer)
        self.importer = importer
        self.schedules = tuple(
            sorted({t.schedule for a in self.acts.values() for t in a.term} - {""})
        )
        self.law = law
        self._called: dict[tuple[str, ...], list[str]] = {}
        self._found = {
            name: [
                (term, *covers(act, term, codes)) for term in act.term if law.is_of(origin, term)
            ]
            for name, act in self.acts.items()
        }
        self._naming: list[list[str]] = [[] for _ in codes]
        for name, terms in self._found.items():
            for code in np.flatnonzero(np.any([some for _, some, _ in terms], axis=0)):
                self._naming[code].append(name)

    def acts_naming(self, code: int) -> list[str]:
        """Return the acts with a term that names a code, at least perhaps."""
        return self._naming[code]

    def called(self, words: tuple[str, ...]) -> list[str]:
        """Return the acts of the importer that are called one of these words."""
        if words not in self._called:
            self._called[words] = [name for name in self.law.named(words) if name in self.acts]
        return self._called[words]

    def naming(self, name: str, code: int) -> list[Named]:
        """Return the terms of an act that name a code, at least perhaps, in their order."""
        return [
            Named(term, bool(certain[code]))
            for term, some, certain in self._found[name]
            if some[code]
        ]


class Case:
    """One good on one day, with facts left open taken one way.

    Where acts stand as of days of their own, `on` has the day of each, and those that it leaves
    out are not there.
    """

    def __init__(
        self,
        names: NamingActs,
        place: int,
        on: date | Mapping[str, date],
        good: Good,
        taken: Mapping[Open, bool] | None = None,
    ) -> None:
        self.names, self.place, self.good = names, place, good
        self.days = on if isinstance(on, Mapping) else dict.fromkeys(names.acts, on)
        self.taken = taken or {}
        self.opened: list[Open] = []
        self.notes: list[str] = []
        self._standings: dict[str, ActStanding] = {}
        self.ordinary_unknown = not names.schedules and not self._is_free_by_agreement()
        self._asked: list[str] = []
        self._tables: list[ScheduledProduct] = []

    def standings(self) -> list[ActStanding]:
        """Return how every act of the importer stands to the good."""
        return [self.standing(name) for name in self.names.acts]

    def _is_free_by_agreement(self) -> bool:
        """Return whether the good owes no ordinary duty, as one that qualifies between members.

        NAFTA, and USMCA after it, have been in force on every day whose special duties are known.
        """
        return self.good.originating and {self.good.origin, self.names.importer} <= set(HOSTS)

    def rate(self) -> float | None:
        """Return what all acts together ask; None where the import is banned."""
        # Most acts do not name a product at all, and ask nothing of it.
        found = [self.standing(name) for name in self.names.acts_naming(self.place)]
        if any(one.banned for one in found):
            return None
        return round(sum((one.rate for one in found), 0.0), DECIMALS)

    def table_spread(self) -> tuple[float, float]:
        """Return how far ordinary duties inside the code lie below and above their mean."""
        below = sum(known.low - known.value for known in self._tables)
        return below, sum(known.high - known.value for known in self._tables)

    def standing(self, name: str) -> ActStanding:
        """Return how one act stands to the good."""
        if name not in self._standings:
            if name in self._asked:
                circle = " and ".join((*self._asked[self._asked.index(name) :], name))
                raise ScenarioError(f"{circle} give way to one another on {self.days[name]}")
            self._asked.append(name)
            self._standings[name] = self._ask(name, self.names.acts[name])
            self._asked.pop()
        return self._standings[name]

    def _ask(self, name: str, act: LegalAct) -> ActStanding:
        naming = self.names.naming(name, self.place)
        if not naming:
            return ActStanding(
                name, why="names neither this product nor this origin", touches=False
            )
        if name not in self.days:
            return ActStanding(name, why="is not among the acts")
        if why := act.why_not_held(self.days[name]):
            return ActStanding(name, why=why)
        term = self._first(name, naming)
        if term is None:
            return ActStanding(name, why=self._why_unnamed(name))
        if term.exempt:
            return ActStanding(name, why=_exempts(act, term))
        left, why = self._left(name, act)
        if not left:
            return ActStanding(name, why=why)
        return self._levied(name, term, left, why)

    def _why_unnamed(self, name: str) -> str:
        if any(one[0] == name for one in self.opened):
            return "names it only if a fact holds that is not known, and is taken not to hold"
        return "does not name this product on this day"

    def _first(self, name: str, naming: list[Named]) -> Term | None:
        claimed = self.good.originating
        for one in naming:
            if not within(self.days[name], one.term.effective, one.term.ended):
                continue
            if one.term.goods != "all" and (one.term.goods == "originating") != claimed:
                continue
            settled = self._settled(one)
            if settled is not None:
                if settled:
                    return one.term
                continue
            key = (name, one.lists, one.term.condition, one.term.counted)
            if key not in self.opened:
                self.opened.append(key)
            if self.taken.get(key, one.term.counted):
                return one.term
        return None

    def _settled(self, one: Named) -> bool | None:
        """Return whether a term holds for the good; None where that is left open."""
        limit, content = one.term.metal_below, self.good.content
        if not limit:
            return one.certain or None
        shown = [content[metal] for metal in METALS if metal in content]
        if sum(shown) >= limit:
            return False
        return True if one.listed and len(shown) == len(METALS) else None

    def _left(self, name: str, act: LegalAct) -> tuple[float, str]:
        """Return the part of the value that other acts leave to this one, and why not all."""
        left, why = 1.0, ""
        for giving in act.gives_way:
            if not within(self.days[name], giving.effective, giving.ended):
                continue
            for other in self.names.called(giving.to):
                if other == name:
                    continue
                found = self.standing(other)
                if not (found.pays if giving.when == "pays" else found.covers):
                    continue
                why = f"gives way to {other}"
                if giving.part == "whole":
                    return 0.0, why
                left -= found.share
        return max(0.0, round(left, DECIMALS)), why

    def _levied(self, name: str, term: Term, left: float, why: str) -> ActStanding:
        if term.banned:
            return ActStanding(name, True, True, True, base=term.base, share=left, why=why)
        if term.originating == "free" and self.good.originating:
            return ActStanding(name, covers=True, why="originating goods are free of it")
        said = self._said(name, term)
        if said is None:
            return ActStanding(
                name, covers=True, why="the ordinary duty of this product is not known"
            )
        share = left * min(term.most_of_value, self._share(term))
        rate = said
        if term.in_all:
            rate = max(0.0, said - self._ordinary(name))
        rate *= share
        if term.least_in_all and self.good.originating:
            rate = max(rate, term.least_in_all - self._ordinary(name))
        pays = rate > 0
        remark = why or ("" if pays else "its rate here is nothing")
        return ActStanding(
            name, True, pays, False, rate, said, term.base, share, remark, in_all=term.in_all
        )

    def _said(self, name: str, term: Term) -> float | None:
        if not term.schedule:
            return term.rate
        known = ordinary_duty(term.schedule, self.good.code, self.good.origin)
        if known is None:
            self.ordinary_unknown = True
            self.notes.append(
                f"{name}: the ordinary duty is not known, as the table {term.schedule} has no such "
                "product"
            )
            return None
        if not known.exact:
            self.notes.append(
                f"{name}: the mean over the lines of {self.good.code[:SUBHEADING_DIGITS]}"
            )
        self._tables.append(known)
        return known.value

    def _ordinary(self, name: str) -> float:
        """Return what acts with a schedule ask."""
        return sum(
            self.standing(other).rate
            for other, act in self.names.acts.items()
            if other != name and act.sets_ordinary_duties
        )

    def _share(self, term: Term) -> float:
        """Return the part of the value on which a term falls."""
        if term.originating == "non_us_content" and self.good.originating:
            us = min(self.good.content.get("us", 0.0), term.most_us_content)
            if "us" not in self.good.content:
                self.notes.append("US content that is not shown is not taken off")
            return 1.0 - us
        if term.originating == "non_member_content" and self.good.originating:
            shown = [
                self.good.content[place] for place in ("can", "mex") if place in self.good.content
            ]
            if not shown:
                self.notes.append("content of Canada and Mexico that is not shown is not taken off")
            return max(0.0, 1.0 - sum(shown))
        if term.base == "metal":
            return min(1.0, sum(self._content(metal) for metal in METALS))
        return self._content(term.base) if term.base in METALS else 1.0

    def _content(self, metal: str) -> float:
        if metal in self.good.content:
            return self.good.content[metal]
        for table in self.names.schedules:
            known = metal_content(table, metal, self.good.code, self.good.origin)
            if known is not None:
                self.notes.append(f"{metal} content {known.value:g}, the industry's mean")
                return known.value
        self.notes.append(f"{metal} content not known: the whole value")
        return 1.0


def _exempts(act: LegalAct, term: Term) -> str:
    """Return in words that a term exempts a good, and as what."""
    called = act.called(term.lists)
    return "exempts it" + (
        f", as {term.condition}" if term.condition else f" ({called})" * bool(called)
    )
