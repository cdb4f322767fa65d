"""What is told of a firm's decision: numbers of one quarter, each with its unit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Who:
    """The firm: shares of its own sales, costs and duties as `agents.firm_table` has them."""

    row: int
    sector: str
    line: str
    home: str
    belief: str
    real_firms: float
    size: float
    sales_musd_a_quarter: float
    plants: str
    status: str
    product_duty: dict[str, float]


@dataclass(frozen=True)
class HostCost:
    """Making its product at one host; costs are against the sector's average of 2017.

    They are those of this quarter, with inputs under the contracts that still run.

    ``compliant_cost`` and ``compliant_content`` are None where the rule cannot be met,
    ``wedge`` is 1 where it does not bind. ``offset`` is what a unit made is credited with against
    duties on inputs, by which ``unit_cost`` is lower already.
    """

    host: str
    stands: bool
    unit_cost: float
    content: float
    threshold: float
    meets_rule: bool
    compliant_cost: float | None
    compliant_content: float | None
    wedge: float
    offset: float


@dataclass(frozen=True)
class Crossing:
    """One way over one border this quarter; costs are unit costs with what is due there.

    ``claim`` is for the part of its goods that can qualify, ``can_qualify``, and ``rest`` for
    the others, for which it can pay or lie. ``duty_saved`` is what a claim avoids,
    ``duty_kept`` what is due in any case, ``compliance`` what a true claim adds to unit cost,
    with paperwork, as a share of it: each None or infinite where it cannot be.
    ``claim_falsely`` counts the firm's reluctance. ``own_rules`` says whether rules hold there that
    are not the agreement's, and ``content_asked`` which content of the region they ask for.
    ``licence`` is the part of ``duty_kept`` that a licence under a quota costs, ``banned`` the
    part of its line that may not enter at all.
    """

    host: str
    market: str
    claim: str
    can_qualify: float
    rest: str
    duty_saved: float
    duty_kept: float
    compliance: float | None
    pays: float
    complies: float | None
    claims_falsely: float | None
    own_rules: bool
    content_asked: float
    licence: float
    banned: float


@dataclass(frozen=True)
class Plan:
    """One set of plants, weighed now; all in shares of the firm's quarterly sales of 2017.

    Attributes
    ----------
    plants : str
    profit : float
        What it earns a quarter over having no plant, at today's policy and prices.
    remission : float
        The part of ``profit`` that is duty on its own imports given back for what it makes.
    move_cost : float
        Present value of building, arriving and closing, less ``grant`` and ``relief``, and of
        ``build_up``.
    arriving : float
        The part of ``move_cost`` that is neither building nor closing: the sunk cost of
        arriving in a country or of founding a firm.
    grant : float
        Present value of what treasuries would pay towards it.
    relief : float
        Present value of duties on its own goods that it is let off while it builds.
    build_up : float
        Present value of the profit it expects to miss while sales of new plants build up.
    worth : float
        Present value of choosing it now, move cost taken off.
    against_staying : float
        The same less that of staying.
    if_policy_stayed : float
        ``against_staying``, were today's regime certain to last for ever.
    probability : float
        That it is decided on when the firm comes upon an opportunity and holds none.
    asked : float or None
        Luck from which on it is built at once; None where nothing is built.
    luck : float or None
        What chance speaks for it this quarter; None where the firm comes upon nothing.
    """

    plants: str
    profit: float
    remission: float
    move_cost: float
    arriving: float
    grant: float
    relief: float
    build_up: float
    worth: float
    against_staying: float
    if_policy_stayed: float
    probability: float
    asked: float | None
    luck: float | None


@dataclass(frozen=True)
class Opportunity:
    """An opportunity to build that it holds on to, in shares of quarterly sales.

    Attributes
    ----------
    plants : str
        The set that it could build.
    worth : float
        What holding it is worth.
    luck : float
        What speaks for it beside its expected value.
    asked : float
        Luck from which on it would be used at once.
    """

    plants: str
    worth: float
    luck: float
    asked: float


@dataclass(frozen=True)
class WorthOfWaiting:
    """What the future is worth to it where it stands, in shares of quarterly sales.

    Attributes
    ----------
    option_value : float
        Of standing where it is, under its belief, less the same if today's regime held
        for ever.
    right_to_move : float
        Of standing where it is less the same without the right to close plants.
    best_other : str
        The other set of plants that is worth most.
    doubt : float
        By how much its belief lowers what ``best_other`` gains over staying: above
        nothing it pays to wait and see.
    """

    option_value: float
    right_to_move: float
    best_other: str
    doubt: float


@dataclass(frozen=True)
class Gate:
    """A project at the end of a stage, in shares of quarterly sales.

    ``favour`` is what spoke for it when it was chosen, beside expected value.
    """

    target: str
    going_on: float
    cancelling: float
    favour: float
    still_to_pay: float
    sunk: float


@dataclass(frozen=True)
class NearestSwitch:
    """The nearest value of a lever at which it decides otherwise; None where there is none."""

    lever: str
    unit: str
    now: float
    value: float | None
    decision: str | None


@dataclass(frozen=True)
class Explanation:
    """Why a firm stayed or moved in one quarter.

    Attributes
    ----------
    quarter : int
    regime : str
    possible : tuple of str
        Regimes that may follow.
    reviewed : bool
        Whether it decided in that quarter: whether its clock struck, it held an opportunity or a
        stage of its project ended. If not, plans are what it would have weighed.
    who : Who
    hosts : tuple of HostCost
    borders : tuple of Crossing
    plans : tuple of Plan
        Those open to it, that to stay included, the best first.
    waiting : WorthOfWaiting
    opportunity : Opportunity or None
        What it could build and keeps for better days.
    building : str or None
        What it is building for.
    gate : Gate or None
        Where it decides on a project, not on plans.
    decision : str
        A set of plants, ``goes on`` or ``cancels``; without luck where it did not review.
    changes : tuple of NearestSwitch
        The nearest first.
    """

    quarter: int
    regime: str
    possible: tuple[str, ...]
    reviewed: bool
    who: Who
    hosts: tuple[HostCost, ...]
    borders: tuple[Crossing, ...]
    plans: tuple[Plan, ...]
    waiting: WorthOfWaiting
    opportunity: Opportunity | None
    building: str | None
    gate: Gate | None
    decision: str
    changes: tuple[NearestSwitch, ...]
