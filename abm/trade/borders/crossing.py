"""The claim every firm makes at the border of every other member, and what it costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, N_HOSTS, N_REGIONS, USA
from abm.core.demand.claims import BorderTerms, Claim, choose_claim
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import UnitCosts, firm_last
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_rows
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.duties import duty_on, entry_fee
from agents import FirmTable

MEX = HOSTS.index("MEX")
MEMBER_PAIRS = [(s, m) for s in range(N_HOSTS) for m in range(N_HOSTS) if s != m]


@dataclass(frozen=True)
class Borders:
    """Every firm at every border between members.

    Attributes
    ----------
    cost : ndarray, shape (firm, host, partner, regime)
        Unit cost at the border, with paperwork and expected penalties.
    duty : ndarray, same shape
        Fraction of customs value paid on arrival; 0 at home.
    claim : ndarray of int8, same shape
        A `Claim`.
    penalty : ndarray, same shape
        Expected back duty and fines, fraction of unit cost.
    meets_rule : ndarray of bool, shape (firm, host, regime)
        True where the free mix of inputs already meets the rule.
    """

    cost: Floats
    duty: Floats
    claim: NDArray[np.int8]
    penalty: Floats
    meets_rule: NDArray[np.bool_]

    def during(self, regimes: slice) -> "Borders":
        """The same borders for some regimes, as views."""
        return Borders(*(array[..., regimes] for array in vars(self).values()))

    def put(self, rows: NDArray[np.integer], regime: int, borders: "Borders") -> None:
        """Take over those of some firms under one regime, which is all that they have."""
        for name, array in vars(borders).items():
            getattr(self, name)[rows, ..., regime] = array[..., 0]


def claim_origin(
    table: FirmTable,
    economy: Economy,
    policy: Policy,
    costs: UnitCosts,
    held: NDArray[np.int8] | None = None,
) -> Borders:
    """The cheapest claim of every firm for every pair of members and regime.

    Parameters
    ----------
    table : FirmTable
    economy : Economy
    policy : Policy
    costs : UnitCosts
        This quarter's.
    held : ndarray of int8, shape (firm, host, partner, regime), optional
        Claims to keep instead of choosing anew.

    Returns
    -------
    Borders
    """
    firms, _, regimes = costs.free_cost.shape
    shape = (firms, N_HOSTS, N_HOSTS, regimes)
    cost = firm_last(shape, np.float32, np.nan)
    cost[:] = costs.free_cost[:, :, None, :]
    duty, penalty = firm_last(shape, np.float32, 0.0), firm_last(shape, np.float32, 0.0)
    claim = firm_last(shape, np.int8, Claim.PAYS)
    meets_rule = costs.meets_rule
    every = [
        (sector, rows, host, partner)
        for sector, rows in enumerate(sector_rows(table))
        for host, partner in MEMBER_PAIRS
    ]

    def decide(place: tuple[int, slice, int, int]) -> None:
        sector, rows, host, partner = place
        terms = border_terms(table, economy, policy, sector, rows, host, partner)
        choice = choose_claim(
            costs.free_cost[rows, host],
            costs.compliant_cost[rows, host],
            meets_rule[rows, host],
            paperwork_cost(table, policy, rows, host),
            table.reluctance[rows, None],
            terms,
            None if held is None else held[rows, host, partner],
        )
        cost[rows, host, partner] = choice.border_cost
        duty[rows, host, partner] = choice.duty
        claim[rows, host, partner] = choice.claim
        penalty[rows, host, partner] = choice.expected_penalty

    in_parallel(decide, every)
    return Borders(cost, duty, claim, penalty, meets_rule)


def paperwork_cost(table: FirmTable, policy: Policy, rows: slice, host: int) -> Floats:
    """Cost of proving origin, share of unit cost, shape (firm, regime)."""
    cost: Floats = table.paperwork[rows, host, None] * policy.paperwork_scale.astype(np.float32)
    return cost


def border_terms(
    table: FirmTable,
    economy: Economy,
    policy: Policy,
    sector: int,
    rows: slice,
    host: int,
    partner: int,
) -> BorderTerms:
    """Duties that some firms of a sector meet from a host into another member.

    Parameters
    ----------
    table : FirmTable
    economy : Economy
    policy : Policy
    sector : int
    rows : slice
        All of that sector.
    host, partner : int

    Returns
    -------
    BorderTerms
    """
    ordinary = table.product_duty[rows, host, partner, None] + entry_fee(partner)
    duty = duty_on(policy, (sector, host, partner), ordinary)
    unwaived = np.broadcast_to(duty.fixed, duty.waived.shape)
    if (host, partner) == (MEX, USA):
        exposed = table.moved_from_home[rows] & ~table.grandfathered[rows]
        unwaived = unwaived + exposed[:, None] * policy.border_tax
    return BorderTerms(
        waived=duty.waived.astype(np.float32),
        unwaived=unwaived.astype(np.float32),
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
    host: int | NDArray[np.integer],
    regime: int,
) -> tuple[Floats, Floats]:
    """Cost at the border of every market, and what buyers pay on top.

    Parameters
    ----------
    borders : Borders
    free_cost : ndarray, shape (firm, host, regime)
    outside : ndarray, shape (market,) or (host, market)
        Duty in markets where no origin can be claimed, for the firms' sector.
    dearer : ndarray, same shape
        Factor on price of non-tariff barriers and of what traders earn.
    rows : ndarray of int
        Firms, all of one sector.
    host : int or ndarray of int
        Where they produce; broadcasts against ``rows``.
    regime : int

    Returns
    -------
    border_cost, mark_on : ndarray, shape of rows and host broadcast, then market
        Unit cost at the border; buyers' price over border price.
    """
    free = free_cost[rows, host, regime]
    border_cost = np.empty((*free.shape, N_REGIONS), free.dtype)
    border_cost[..., N_HOSTS:] = free[..., None]
    border_cost[..., :N_HOSTS] = borders.cost[rows, host, :, regime]
    mark_on = np.empty_like(border_cost)
    mark_on[:] = 1 + outside
    mark_on[..., :N_HOSTS] = 1 + borders.duty[rows, host, :, regime]
    mark_on *= dearer.astype(np.float32)
    return border_cost, mark_on
