"""What acts add to the ordinary duty of many goods, each act as of a day of its own.

Goods that no act can tell apart are asked about once. Two codes are alike where the same terms
name them, and where no term asks for what differs between them: the metal in them, their
ordinary duty, or content by country. What is found is kept, so that a day on which one act turns
costs no more than the goods that the act names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from abm.law.act import METALS, Term
from abm.law.act_files import Law
from abm.law.case import Case, NamingActs
from abm.law.good import ActStanding, Good
from abm.law.schedule import metal_content

type Floats = NDArray[np.float64]
type Days = Mapping[str, date]
"""The day as of which each act stands; one that is not there is not in force."""


@dataclass(frozen=True)
class Added:
    """What one act adds to the duty on some goods; arrays have shape (code,).

    Attributes
    ----------
    rate : ndarray
        Of the whole value, where there is no ordinary duty to count in.
    cap : ndarray
        Rate in all, where one counts the ordinary duty in.
    share : ndarray
        Part of the value on which that duty is counted in; 0 where none is.
    banned : ndarray of bool
    """

    rate: Floats
    cap: Floats
    share: Floats
    banned: NDArray[np.bool_]

    def of(self, places: NDArray[np.int64]) -> "Added":
        """Return the same for codes at some places."""
        return Added(self.rate[places], self.cap[places], self.share[places], self.banned[places])


class ActsAtBorder:
    """Acts of one importer on what one origin sells.

    Parameters
    ----------
    law : Law
        The acts that may stand, and those with the ordinary duties.
    importer, origin : str
    codes : sequence of str
        Digits of the Harmonized System alone.
    content : sequence of mapping
        Of each code, the shares of the value of originating goods that were made in the
        ``us``, ``can`` and ``mex``, where that is known.
    """

    def __init__(
        self,
        law: Law,
        importer: str,
        origin: str,
        codes: Sequence[str],
        content: Sequence[Mapping[str, float]] = (),
    ) -> None:
        self.origin, self.codes = origin, tuple(codes)
        self.content = content or ({},) * len(codes)
        self.names = NamingActs(law, importer, origin, self.codes)
        ordinary = (name for name, act in self.names.acts.items() if act.sets_ordinary_duties)
        self._ordinary = {name: self.names.acts[name].effective for name in ordinary}
        self._first, self._group = self._alike()
        self._found: dict[tuple[object, ...], list[ActStanding]] = {}

    def added(self, days: Days, claimed: bool) -> dict[str, Added]:
        """Return what each act adds that names some of the goods, by its name.

        Parameters
        ----------
        days : mapping of str to datetime.date
        claimed : bool
            Of goods that are claimed as originating.
        """
        size = len(self._first)
        found: dict[str, Added] = {}
        for group in range(size):
            for one in self._standings(group, days, claimed):
                if one.act not in found:
                    rate, cap, share = np.zeros((3, size))
                    found[one.act] = Added(rate, cap, share, np.zeros(size, dtype=bool))
                act = found[one.act]
                act.rate[group], act.banned[group] = one.beside_nothing, one.banned
                if one.in_all:
                    act.cap[group], act.share[group] = one.said, one.share
        return {name: one.of(self._group) for name, one in found.items()}

    def _standings(self, group: int, days: Days, claimed: bool) -> list[ActStanding]:
        place = int(self._first[group])
        active = {name: days[name] for name in self.names.acts_naming(place) if name in days}
        if not active:
            return []
        key = (group, claimed, *active.items())
        if key not in self._found:
            content = self.content[place] if claimed else {}
            good = Good(self.origin, self.codes[place], claimed, content)
            case = Case(self.names, place, {**self._ordinary, **active}, good)
            found = (case.standing(name) for name in active)
            self._found[key] = [one for one in found if one.covers]
        return self._found[key]

    def _alike(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first code of every group of codes that are alike, and the group of each."""
        groups: dict[tuple[object, ...], int] = {}
        first: list[int] = []
        group = np.empty(len(self.codes), dtype=np.int64)
        for place in range(len(self.codes)):
            key = self._told_apart_by(place)
            if key not in groups:
                groups[key] = len(first)
                first.append(place)
            group[place] = groups[key]
        return np.array(first, dtype=np.int64), group

    def _told_apart_by(self, place: int) -> tuple[object, ...]:
        """Return all on which the duty on a code depends."""
        named: list[object] = []
        terms: list[Term] = []
        for name in self.names.acts_naming(place):
            if name not in self._ordinary:
                own = self.names.naming(name, place)
                named += [(name, id(one.term), one.certain) for one in own]
                terms += [one.term for one in own]
        if any(term.in_all or term.least_in_all for term in terms):
            named.append(self.codes[place])
        if any(term.base in (*METALS, "metal") for term in terms):
            named += self._metals(self.codes[place])
        if any(term.originating in ("non_us_content", "non_member_content") for term in terms):
            named.append(tuple(sorted(self.content[place].items())))
        return tuple(named)

    def _metals(self, code: str) -> list[float | None]:
        known = [
            metal_content(table, metal, code, self.origin)
            for table in self.names.schedules
            for metal in METALS
        ]
        return [None if one is None else one.value for one in known]
