"""What is asked about, and what is answered: a good at a border, and the duty on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from abm.law.act import Base, LegalAct, Term
from abm.law.schedule import DECIMALS

CONTENTS = ("steel", "aluminium", "copper", "us", "can", "mex")
"""What shares of a good's value an act may ask for."""


@dataclass(frozen=True)
class Good:
    """A product that arrives from somewhere.

    Attributes
    ----------
    origin : str
    code : str
        Digits of the Harmonized System.
    originating : bool
        Whether it qualifies under the agreement of North America, and this is claimed.
    content : mapping of str to float
        Shares of its value by ``steel``, ``aluminium``, ``copper``, and by ``us``, ``can`` and
        ``mex``, where it was made. A metal that is not said is taken from the table of metal
        contents; of a country's content none is taken off that is not shown.
    """

    origin: str
    code: str
    originating: bool = False
    content: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ActStanding:
    """How an act stands to a good.

    Attributes
    ----------
    act : str
    covers, pays, banned : bool
        Whether it names the good and is not left to another act; whether a duty or ban is owed.
    rate : float
        Of the whole customs value.
    said : float
        As the act has it.
    base : str
    share : float
        Of the customs value on which it falls.
    why : str
        Why nothing is owed, or a remark on what is.
    touches : bool
        Whether it names the product from this origin on any day.
    in_all : bool
        Whether `said` counts the ordinary duty in, and `rate` is what is left of it.
    """

    act: str
    covers: bool = False
    pays: bool = False
    banned: bool = False
    rate: float = 0.0
    said: float = 0.0
    base: Base = "whole"
    share: float = 0.0
    why: str = ""
    touches: bool = True
    in_all: bool = False

    @property
    def beside_nothing(self) -> float:
        """What it asks of the whole value where there is no ordinary duty to count in."""
        return max(self.rate, self.said * self.share) if self.in_all else self.rate


@dataclass(frozen=True)
class DutyAnswer:
    """What a good owes on a day, and why.

    Attributes
    ----------
    on : datetime.date
    importer : str
    good : Good
    rate : float or None
        Ad valorem fraction; None where the import is banned.
    low, high : float or None
        The range over what code, table and conditions leave open; `high` is None where the
        ordinary duty is not known.
    banned_in_part : bool
        Whether some of what the code holds may be banned, and some not.
    ordinary_unknown : bool
        Whether the ordinary duty is not here, as its table lacks the product or the importer has
        no table, so that `rate` is without one.
    acts : tuple of ActStanding
        Those behind the rate, in the order of their dates.
    others : tuple of ActStanding
        Those that name the product from this origin and ask nothing, each with its reason.
    notes : tuple of str
    """

    on: date
    importer: str
    good: Good
    rate: float | None
    low: float | None
    high: float | None
    acts: tuple[ActStanding, ...]
    others: tuple[ActStanding, ...]
    notes: tuple[str, ...]
    banned_in_part: bool = False
    ordinary_unknown: bool = False

    @property
    def banned(self) -> bool:
        """Return whether it may not be imported at all."""
        return self.rate is None

    @property
    def certain(self) -> bool:
        """Return whether nothing is left open."""
        if self.banned_in_part:
            return False
        return self.banned or (not self.ordinary_unknown and self.low == self.high)

    def as_json(self, acts: Mapping[str, LegalAct]) -> dict[str, Any]:
        """Return the answer as plain values.

        Parameters
        ----------
        acts : mapping of str to LegalAct
            Where titles and authorities are.
        """
        return {
            "on": self.on.isoformat(),
            "importer": self.importer,
            "origin": self.good.origin,
            "product": self.good.code,
            "originating": self.good.originating,
            "rate": self.rate,
            "banned": self.banned,
            "banned_in_part": self.banned_in_part,
            "range": [self.low, self.high],
            "partial": not self.certain,
            "acts": [_told(standing, acts) for standing in self.acts],
            "others": [{"act": other.act, "why": other.why} for other in self.others],
            "notes": list(self.notes),
        }


def _told(standing: ActStanding, acts: Mapping[str, LegalAct]) -> dict[str, Any]:
    act = acts[standing.act]
    return {
        "act": standing.act,
        "title": act.title,
        "authority": act.authority,
        "rate": None if standing.banned else round(standing.rate, DECIMALS),
        "statutory_rate": None if standing.banned else standing.said,
        "base": standing.base,
        "share_of_value": round(standing.share, DECIMALS),
        "why": standing.why,
    }


@dataclass(frozen=True)
class Named:
    """A term that names a good, for certain or perhaps.

    Attributes
    ----------
    term : Term
    listed : bool
        Whether its lists name all that the code holds.
    """

    term: Term
    listed: bool

    @property
    def certain(self) -> bool:
        """Whether nothing about code or good could keep the term from holding."""
        return self.listed and not self.term.condition

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that a fact left open is about; none where it is one of all the act's goods."""
        return () if self.term.metal_below else self.term.lists
