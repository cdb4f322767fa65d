"""The claim every firm makes at the border of every other member, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType, MappingProxyType

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, USA
from abm.core.demand.claims import BorderChoice, BorderTerms, Claim, HeldClaims, choose_claim
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import UnitCosts
from abm.core.layout import firm_last, some_firms
from abm.economy.tables import Array
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.policy.arrays import Border
from abm.policy.regimes import Policy
from abm.trade.borders.border_costs import BorderCosts
from abm.trade.duties import duty_on_lines, entry_fee
from agents import FirmTable

MEX = HOSTS.index("MEX")
OTHER_MEMBERS = (slice(1, 3), slice(0, 3, 2), slice(0, 2))
"""The members beside each host, as slices, which make views of arrays."""

MEMBER_PAIRS = [(s, m) for s in range(N_HOSTS) for m in range(N_HOSTS) if s != m]

NO_BORDERS: Mapping[Border, BorderCosts] = MappingProxyType({})
"""All borders have the agreement's rules."""

type Rows = slice | NDArray[np.integer]
"""Some rows of the firm table."""

type Shipments = tuple[NDArray[np.integer] | int, Rows, int, int]
"""Those of some firms from a host into another member: their sectors, their rows, the two."""

SECTOR = np.arange(N_FOOTLOOSE)

type Cell = tuple[int | EllipsisType | Rows, ...]
"""Index of an array of shape (firm, host, partner, regime)."""


@dataclass(frozen=True)
class Borders:
    """Every firm at every border between members.

    Attributes
    ----------
    cost : ndarray, shape (firm, host, partner, regime)
        Unit cost at the border, with paperwork and expected penalties.
    duty : ndarray, same shape
        Fraction of customs value paid on arrival; 0 at home.
    claim, rest : ndarray of int8, same shape
        A `Claim` for the part of a firm's goods that can qualify, and one for the rest.
    value_share : ndarray, same shape
        The former part's share of value at the border.
    penalty : ndarray, same shape
        Expected back duty and fines, fraction of the free mix's unit cost.
    meets_rule : ndarray of bool, same shape
        True where the free mix of inputs already meets the rule that holds at the border, or at
        home the agreement's. It is not to be written into.
    """

    cost: Floats
    duty: Floats
    claim: NDArray[np.int8]
    rest: NDArray[np.int8]
    value_share: Floats
    penalty: Floats
    meets_rule: NDArray[np.bool_]

    @property
    def claims(self) -> HeldClaims:
        """Claims for both parts."""
        return self.claim, self.rest

    def filed(self, cell: "Cell") -> "Filed":
        """What part of the value of some shipments is claimed for, and how.

        Parameters
        ----------
        cell : index
            Of the arrays of shape (firm, host, partner, regime).
        """
        return Filed.under(self.claim[cell], self.rest[cell], self.value_share[cell])

    def during(self, regimes: slice) -> "Borders":
        """The same borders for some regimes, as views."""
        return Borders(*(array[..., regimes] for array in vars(self).values()))

    def put(
        self,
        rows: Rows,
        host: int,
        partner: int,
        regimes: slice | NDArray[np.integer],
        choice: BorderChoice,
    ) -> None:
        """Take over what some firms choose at one border under some regimes."""
        place = (rows, host, partner, regimes)
        self.cost[place], self.duty[place] = choice.border_cost, choice.duty
        self.claim[place], self.rest[place] = choice.claim, choice.rest
        self.value_share[place] = choice.value_share
        self.penalty[place] = choice.expected_penalty


@dataclass(frozen=True)
class Filed:
    """Parts of the value of shipments for which origin is claimed.

    Attributes
    ----------
    complies, falsely : ndarray
        Truly, and falsely.
    """

    complies: Floats
    falsely: Floats

    @classmethod
    def under(cls, claim: NDArray[np.int8], rest: NDArray[np.int8], value_share: Floats) -> "Filed":
        """The same, from the claims for both parts and the first one's share of value."""
        lies = value_share * (claim == Claim.CLAIMS_FALSELY)
        of_rest = (1 - value_share) * (rest == Claim.CLAIMS_FALSELY)
        return cls(value_share * (claim == Claim.COMPLIES), lies + of_rest)

    @property
    def claimed(self) -> Floats:
        """Either way."""
        return self.complies + self.falsely


def claim_origin(
    table: FirmTable,
    policy: Policy,
    costs: UnitCosts,
    held: HeldClaims | None = None,
    own: Mapping[Border, BorderCosts] = NO_BORDERS,
) -> Borders:
    """The cheapest claim of every firm for every pair of members and regime.

    Parameters
    ----------
    table : FirmTable
    policy : Policy
    costs : UnitCosts
        This quarter's.
    held : tuple of two ndarrays of int8, shape (firm, host, partner, regime), optional
        Claims for both parts to keep instead of choosing anew.
    own : mapping, optional
        By border what complying costs where its rules are not the agreement's.

    Returns
    -------
    Borders
    """
    firms, _, regimes = costs.free_cost.shape
    shape = (firms, N_HOSTS, N_HOSTS, regimes)
    borders = Borders(
        cost=firm_last(shape, np.float32, np.nan),
        duty=firm_last(shape, np.float32, 0.0),
        claim=firm_last(shape, np.int8, Claim.PAYS),
        rest=firm_last(shape, np.int8, Claim.PAYS),
        value_share=firm_last(shape, np.float32, 0.0),
        penalty=firm_last(shape, np.float32, 0.0),
        meets_rule=_meets_rule_at(costs, own),
    )
    for host in range(N_HOSTS):
        borders.cost[:, host, host] = costs.free_cost[:, host]

    laws = {border: policy.during(there.regimes) for border, there in own.items()}

    def decide(block: Block) -> None:
        for host, partner in MEMBER_PAIRS:
            claims = held_at(held, (block.rows, host, partner))
            place = (block.of_each(SECTOR), block.rows, host, partner)
            here = costs.at(host, slice(None))
            choice = choice_at_border(table, policy, here, place, claims)
            borders.put(block.rows, host, partner, slice(None), choice)
        for (host, partner), there in own.items():
            some = there.regimes
            claims = held_at(held, (block.rows, host, partner, some))
            place = (block.of_each(SECTOR), block.rows, host, partner)
            here = there.costs.at(0, slice(None))
            choice = choice_at_border(table, laws[host, partner], here, place, claims)
            borders.put(block.rows, host, partner, some, choice)

    in_parallel(decide, firm_blocks(table))
    return borders


def _meets_rule_at(costs: UnitCosts, own: Mapping[Border, BorderCosts]) -> NDArray[np.bool_]:
    """Whether the free mix meets the rule of each border, shape (firm, host, partner, regime)."""
    firms, _, regimes = costs.meets_rule.shape
    shape = (firms, N_HOSTS, N_HOSTS, regimes)
    everywhere = np.broadcast_to(costs.meets_rule[:, :, None], shape)
    if not own:
        return everywhere
    meets = firm_last(shape, np.bool_, False)
    meets[:] = everywhere
    for (host, partner), there in own.items():
        meets[:, host, partner, there.regimes] = there.costs.meets_rule[:, 0]
    return meets


def held_at(held: HeldClaims | None, cell: Cell) -> HeldClaims | None:
    """Return those of some shipments."""
    return None if held is None else (held[0][cell], held[1][cell])


def choice_at_border(
    table: FirmTable,
    policy: Policy,
    costs: UnitCosts,
    place: Shipments,
    held: HeldClaims | None = None,
) -> BorderChoice:
    """The cheapest claim of some firms at one border.

    Parameters
    ----------
    table, policy
        As for `claim_origin`.
    costs : UnitCosts
        Of the host that they ship from, arrays of shape (firm, regime), towards the member that
        they ship to.
    place : tuple
        Sectors of firms, as an array of one or of each firm's; the firms; the host that they ship
        from; and the member that they ship to.
    held : tuple of two ndarrays of int8, shape (firm, regime), optional
        Claims for both parts to keep instead of choosing anew.

    Returns
    -------
    BorderChoice
    """
    _, rows, host, _ = place
    return choose_claim(
        costs.free_cost[rows],
        costs.compliant_cost[rows],
        costs.meets_rule[rows],
        paperwork_cost(table, policy, rows, host),
        table.reluctance[rows, None],
        border_terms(table, policy, place),
        table.can_qualify[rows, host, None],
        held,
    )


def paperwork_cost(table: FirmTable, policy: Policy, rows: Rows, host: int) -> Floats:
    """Cost of proving origin, share of unit cost, shape (firm, regime)."""
    scale = policy.paperwork_scale.astype(np.float32)
    cost: Floats = scale[:, None] * table.paperwork[rows, host]
    return cost.T


def border_terms(table: FirmTable, policy: Policy, place: Shipments) -> BorderTerms:
    """Duties that some firms meet from a host into another member.

    Parameters
    ----------
    table : FirmTable
    policy : Policy
    place : tuple
        As for `choice_at_border`.

    Returns
    -------
    BorderTerms
    """
    sector, rows, host, partner = place
    scheduled = table.product_duty[rows, host, partner]
    ordinary = scheduled + entry_fee(partner)
    duty = duty_on_lines(policy, (sector, host, partner), table.line[rows], ordinary, scheduled)
    unwaived = np.broadcast_to(duty.fixed, duty.waived.shape)
    if (host, partner) == (MEX, USA):
        exposed = table.moved_from_home[rows] & ~table.grandfathered[rows]
        unwaived = unwaived + policy.border_tax[:, None] * exposed
    return BorderTerms(
        waived=duty.waived.astype(np.float32).T,
        unwaived=unwaived.astype(np.float32).T,
        preference=policy.preference[host, partner],
        audit=policy.audit_rate[partner].astype(np.float32),
        penalty=policy.penalty[partner].astype(np.float32),
    )


def delivery(
    borders: Borders,
    free_cost: Floats,
    outside: Array,
    dearer: Array,
    rows: NDArray[np.integer],
    host: int | slice,
    regime: int,
) -> tuple[Floats, Floats]:
    """Cost at the border of every market, and what buyers pay on top.

    Parameters
    ----------
    borders : Borders
    free_cost : ndarray, shape (firm, host, regime)
    outside : ndarray, shape (firm, market) or (firm, host, market)
        Duty in markets where no origin can be claimed; of firms of one sector that of the first.
    dearer : ndarray, same shape
        Factor on price of non-tariff barriers and of what traders earn.
    rows : ndarray of int
        Firms.
    host : int or slice
        Where they produce.
    regime : int

    Returns
    -------
    border_cost, mark_on : ndarray, shape (firm, market) or (firm, host, market)
        Unit cost at the border; buyers' price over border price.
    """
    free = some_firms(free_cost[..., regime][:, host], rows)
    border_cost = firm_last((*free.shape, N_REGIONS), free.dtype.type, np.nan)
    border_cost[..., N_HOSTS:] = free[..., None]
    border_cost[..., :N_HOSTS] = some_firms(borders.cost[..., regime][:, host], rows)
    mark_on = np.empty_like(border_cost)
    mark_on[:] = 1 + outside
    mark_on[..., :N_HOSTS] = 1 + some_firms(borders.duty[..., regime][:, host], rows)
    mark_on *= dearer.astype(np.float32)
    return border_cost, mark_on
