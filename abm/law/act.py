"""A legal act as its file says it: dates, products, rates, relations to other acts, examples.

An act is a list of *terms*. The first term that names the product, the origin and the day
holds; those after it are for what is left. What acts mean to one another stands in the act that
gives way, so that an act that is added needs no change in those there are.
"""

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from abm.config.settings import AsTuple, Date, Rate, Settings, Share

CODE_LENGTHS = (2, 4, 6, 8, 10)
"""Digits of a chapter, a heading, a subheading, and of lines of a country's own."""


def _read_code(value: object) -> object:
    """Return a code as it is written; complain of what is none in words that help."""
    if not isinstance(value, str):
        raise ValueError('a code is text of digits alone, in quotes, such as "870830"')
    digits = value.replace(".", "")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError('a code has digits alone, such as "870830"')
    if digits != value:
        raise ValueError(f'a code has digits alone: write "{digits}"')
    if len(value) not in CODE_LENGTHS:
        raise ValueError(f"has {len(value)} digits; a code has 2, 4, 6, 8 or 10")
    return value


Code = Annotated[str, BeforeValidator(_read_code)]
"""Digits of the Harmonized System, from a chapter (2) to a statistical line (10)."""

Codes = Annotated[tuple[Code, ...], AsTuple]
Place = Annotated[str, Field(pattern=r"^[A-Z]{2,4}$|^all$")]
"""A country by three letters, a group of them such as ``EU``, or ``all``."""

Places = Annotated[tuple[Place, ...], AsTuple]
Words = Annotated[tuple[str, ...], AsTuple]
Day = Date | None
ALL = "all"
"""The list of every product, and the place of every origin."""

Importer = Literal["USA", "MEX", "CAN", "CHN"]
"""Whose law is kept: the members of the agreement, and China."""

Base = Literal["whole", "steel", "aluminium", "copper", "metal"]
"""What part of the customs value a rate falls on; ``metal`` is the three together."""

METALS = ("steel", "aluminium", "copper")


class Products(Settings):
    """Codes that a list names.

    Attributes
    ----------
    hs : tuple of str
        Prefixes of what is named.
    without : tuple of str
        Prefixes of what is not, although `hs` has it.
    partly : tuple of str
        Prefixes of which some lines are named and it is not known which, or whose lines are
        named for one use and not for another.
    words : str
        What answers call the list, where its name says too little.
    """

    words: str = ""
    hs: Codes = ()
    without: Codes = ()
    partly: Codes = ()

    @model_validator(mode="after")
    def _names_a_code_once(self) -> Self:
        said = Counter((*self.hs, *self.without, *self.partly))
        twice = sorted(code for code, times in said.items() if times > 1)
        if twice:
            raise ValueError(f"names {twice[0]} twice")
        return self


class Term(Settings):
    """What an act asks of some products from some origins on some days.

    Attributes
    ----------
    lists : tuple of str
        Names of the act's lists of products, or ``all``.
    origins, not_origins : tuple of str
    effective, ended : datetime.date or None
        First day, and first day on which it no longer holds; the act's own where not said.
    rate : float or None
        Ad valorem fraction.
    schedule : str
        Name of the table that has the rate by product, where `rate` has none.
    schedule_year : int or None
        The year whose rates the table has.
    exempt, banned : bool
        No duty by this act; no import at all.
    in_all : bool
        `rate` is what the good pays together with the ordinary duty.
    base : str
    goods : str
        ``all``, or only goods that are claimed as ``originating``, or only ``others``.
    originating : str
        What becomes of goods that qualify under the agreement of North America: the ``same``,
        ``free``, or the duty on their ``non_us_content`` or ``non_member_content`` alone, the
        latter what is from neither Canada nor Mexico.
    most_us_content : float
        Of what US content is taken off, the most.
    most_of_value : float
        The part of the value on which it falls at most.
    least_in_all : float
        What a good pays at least together with the ordinary duty, after US content is taken off.
    condition : str
        A fact beyond code and origin on which it depends; such a term counts where
        `counted` says so, and is told as uncertain either way.
    metal_below : float
        Where it is not 0, the condition holds for goods with less steel, aluminium and copper than
        this share. Content that is shown settles it.
    counted : bool
        Whether products named in part, or under a condition, count as named.
    """

    lists: Words = (ALL,)
    origins: Places = (ALL,)
    not_origins: Places = ()
    effective: Day = None
    ended: Day = None
    rate: Rate | None = None
    schedule: str = ""
    schedule_year: int | None = None
    exempt: bool = False
    banned: bool = False
    in_all: bool = False
    base: Base = "whole"
    goods: Literal["all", "originating", "others"] = "all"
    originating: Literal["same", "free", "non_us_content", "non_member_content"] = "same"
    most_us_content: Share = 1.0
    most_of_value: Share = 1.0
    least_in_all: Rate = 0.0
    condition: str = ""
    metal_below: Share = 0.0
    counted: bool = True

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = (self.rate is not None, bool(self.schedule), self.exempt, self.banned)
        if sum(said) != 1:
            raise ValueError("a term has one of rate, schedule, exempt and banned")
        if self.metal_below and not self.condition:
            raise ValueError("a term with metal_below tells it in words too, as its condition")
        return self


class GivesWay(Settings):
    """Where this act leaves a good to another act.

    Attributes
    ----------
    to : tuple of str
        Acts, or groups of acts.
    when : str
        Where the other ``pays`` (a duty or ban is owed under it), or where it ``covers`` the
        good although nothing may be owed.
    part : str
        ``whole``: the good is not under this act at all. ``levied``: this act falls only on
        the part of the value on which the other does not.
    effective, ended : datetime.date or None
    """

    to: Words
    when: Literal["pays", "covers"] = "pays"
    part: Literal["whole", "levied"] = "whole"
    effective: Day = None
    ended: Day = None


class Pause(Settings):
    """Days on which an act did not hold: the first, and the first on which it did again."""

    begins: Date
    ends: Date


class Citation(Settings):
    """Where something about the act is from; ``verified`` where it was read there."""

    text: Annotated[str, Field(min_length=3)]
    verified: bool


class Example(Settings):
    """A product, from there, on that day, owes this much.

    Attributes
    ----------
    on : datetime.date
    origin, product : str
    originating : bool
    content : dict
        Shares of the value by ``steel``, ``aluminium``, ``copper``, ``us``, ``can`` and ``mex``.
    rate : float or None
        By all acts together.
    part : float or None
        By this act.
    banned : bool
    least, most : float or None
        By all acts together, where that hangs on a fact that is left open, such as whether a
        quota is used up.
    source : str
        What says so.
    """

    on: Date
    origin: Place
    product: str
    originating: bool = False
    content: dict[Literal["steel", "aluminium", "copper", "us", "can", "mex"], Share] = Field({})
    rate: Rate | None = None
    part: Rate | None = None
    banned: bool = False
    least: Rate | None = None
    most: Rate | None = None
    source: Annotated[str, Field(min_length=3)]


class Credit(Settings):
    """What is given back to a firm that assembles or invests; nothing at the border of one good.

    Attributes
    ----------
    share : float
    of : str
        Whether `share` is of the ``value`` of what it makes, at most, or of the ``duty`` it owes.
    against : tuple of str
        Acts whose duties are given back.
    lists : tuple of str
        Names of the act's lists of goods on which they are, or ``all`` that those acts levy.
    """

    share: Share
    of: Literal["value", "duty"]
    against: Words
    lists: Words = (ALL,)


class LegalAct(Settings):
    """A legal act.

    Attributes
    ----------
    title, authority : str
    importer : str
    kind : str
        ``duty``; ``agreement``, ``notice`` or ``credit`` that charges nothing at the border.
    origins : tuple of str
        Whose goods an act without terms is about.
    groups : tuple of str
        Words by which other acts may name it together with its like.
    announced, effective, ended : datetime.date or None
        `ended` is the first day on which it no longer holds. An act that was called off before
        it took effect ended on or before that day.
    suspended : tuple of Pause
    known_to : datetime.date
        The day to which its lists and dates are known.
    note : str
        Gaps and conflicts of sources.
    """

    title: Annotated[str, Field(min_length=3)]
    authority: Annotated[str, Field(min_length=3)]
    importer: Importer
    kind: Literal["duty", "agreement", "notice", "credit"] = "duty"
    groups: Words = ()
    origins: Places = (ALL,)
    announced: Day = None
    effective: Date
    ended: Day = None
    suspended: Annotated[tuple[Pause, ...], AsTuple] = ()
    known_to: Date
    note: str = ""
    lists: dict[str, Products] = Field({})
    term: Annotated[tuple[Term, ...], AsTuple] = ()
    credit: Credit | None = None
    gives_way: Annotated[tuple[GivesWay, ...], AsTuple] = ()
    citation: Annotated[tuple[Citation, ...], AsTuple, Field(min_length=1)]
    example: Annotated[tuple[Example, ...], AsTuple] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind == "duty") != bool(self.term):
            raise ValueError("an act that is a duty has terms, and no other has")
        if (self.kind == "credit") != (self.credit is not None):
            raise ValueError("an act that is a credit says of what, and no other does")
        if self.kind == "duty" and self.origins != (ALL,):
            raise ValueError("the origins of an act that is a duty stand with its terms")
        if self.kind == "duty" and not self.example:
            raise ValueError("an act that is a duty has at least one example")
        asking = (*self.term, *((self.credit,) if self.credit is not None else ()))
        named = {name for one in asking for name in one.lists}
        if missing := sorted(named - {ALL} - set(self.lists)):
            raise ValueError(f"no list is called {missing[0]}")
        if idle := sorted(set(self.lists) - named):
            raise ValueError(f"no term has the list {idle[0]}")
        return self

    @property
    def sets_ordinary_duties(self) -> bool:
        """Whether it has the ordinary duties, to which others add."""
        return any(term.schedule for term in self.term)

    def called(self, lists: tuple[str, ...]) -> str:
        """Return what lists are called in answers; nothing for all goods."""
        named = (self.lists[one].words or one.replace("_", " ") for one in lists if one != ALL)
        return ", ".join(named)

    @property
    def was_called_off(self) -> bool:
        """Whether it ended before it took effect."""
        return self.ended is not None and self.ended <= self.effective

    def why_not_held(self, on: date) -> str:
        """Return why it is not in force on a day, or nothing where it is."""
        if self.ended is not None and on >= self.ended:
            what = "called off" if self.was_called_off else "ended"
            return f"{what} on {self.ended}"
        if on < self.effective:
            return f"in force only from {self.effective}"
        for pause in self.suspended:
            if pause.begins <= on < pause.ends:
                return f"suspended from {pause.begins} to {pause.ends}"
        return ""


def within(on: date, first: date | None, end: date | None) -> bool:
    """Return whether a day lies between a first day and the first day after."""
    return (first is None or on >= first) and (end is None or on < end)
