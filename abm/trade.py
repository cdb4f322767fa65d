"""What is made, shipped and bought in a quarter, given where the plants stand.

Everything a firm sells is proportional to what a unit of appeal earns in each
market (`abm.sales.MarketState`), and so are its inputs, jobs, duties and claims.
One pass over the firms therefore adds up totals per unit of that revenue; the
revenues that clear the markets, with plants buying from each other, then solve a
small linear system exactly.
"""

from dataclasses import dataclass, field

import numpy as np

from abm.axes import N_FOOTLOOSE, N_GOODS, N_HOSTS, N_REGIONS, N_SECTORS
from abm.borders import MEMBER_PAIRS, Borders
from abm.conditions import Calibration, Certificates
from abm.core.claims import Claim
from abm.core.ruled_purchases import ruled_purchases
from abm.core.sourcing import InputTerms, UnitCosts, input_purchases
from abm.economy import Array, Economy
from abm.errors import ModelError
from abm.policy.compiled import Policy
from abm.sales import FINAL, INTERMEDIATE, MarketState, Offer, make_offer, sector_blocks
from agents import FirmTable

TALLIES = (
    "appeal",
    "border",
    "volume",
    "labour",
    "base_cost",
    "production_cost",
    "qualified",
    "compliant",
    "content",
    "wedge",
    "infeasible",
    "claimed",
    "dutiable",
    "claimed_dutiable",
    "false",
    "duty",
    "penalty",
    "paperwork",
    "value_added",
    "subsidy",
    "royalty",
)


def _cells() -> Array:
    return np.zeros((N_FOOTLOOSE, N_HOSTS, 2, N_REGIONS))


@dataclass
class Tally:
    """Sums over plants per unit of revenue, shape (sector, host, use, market) each.

    Attributes
    ----------
    sums : dict
        ``appeal`` to buyers; ``border`` value; ``volume`` of output; ``labour`` in
        workers of average productivity; ``base_cost`` and ``production_cost`` of the
        volume in the calibration year and now; border value that is ``qualified``,
        made to comply (``compliant``), ``claimed``, ``dutiable``,
        ``claimed_dutiable`` or ``false``; ``duty``, ``penalty``, ``paperwork``,
        ``value_added`` (labour and capital), and the ``subsidy`` and ``royalty`` on it.
    purchases : ndarray, shape (sector, input, source, host, use, market)
        Inputs at purchasers' prices.
    filed : dict
        Sums behind next quarter's certificates, shape (sector, host, market, regime).
    """

    sums: dict[str, Array] = field(default_factory=lambda: {name: _cells() for name in TALLIES})
    purchases: Array = field(
        default_factory=lambda: np.zeros((N_FOOTLOOSE, N_SECTORS, N_REGIONS, N_HOSTS, 2, N_REGIONS))
    )
    filed: dict[str, Array] = field(default_factory=dict)
    qualified_by_regime: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS, 0)))


def tally_plants(
    table: FirmTable,
    economy: Economy,
    calibration: Calibration,
    policy: Policy,
    terms: list[InputTerms],
    costs: UnitCosts,
    borders: Borders,
    value_added: np.ndarray,
    outside: Array,
    price: Array,
    regime: int,
) -> Tally:
    """Add up all plants that stand, per unit of revenue, under one regime.

    Parameters
    ----------
    table, economy, calibration, policy, terms, costs, borders
        This quarter's.
    value_added : ndarray, shape (firm, host, regime)
        Labour and capital per unit of output, as the firm bears them.
    outside : ndarray, shape (sector, source, market, regime)
        From `abm.inputs.outside_duty`.
    price : ndarray, shape (input, source, market, regime)
        From `abm.inputs.purchase_prices`.
    regime : int
        The one in force.

    Returns
    -------
    Tally
    """
    tally = Tally()
    regimes = len(policy.regimes)
    shape = (N_FOOTLOOSE, N_HOSTS, N_REGIONS, regimes)
    names = ("weight", "duty", "claimed", "dutiable", "claimed_dutiable", "false")
    tally.filed = {name: np.zeros(shape) for name in names}
    tally.qualified_by_regime = np.zeros((N_FOOTLOOSE, N_HOSTS, regimes))
    for sector, rows in sector_blocks(table):
        offer = make_offer(
            table, economy, calibration, policy, costs, borders, outside, sector, rows, regime
        )
        appeal = offer.appeal(table)
        markup = policy.markup_scale[regime] / (1 - calibration.margin[sector])
        _tally_certificates(tally, table, borders, appeal, sector, rows)
        _tally_qualified(tally, borders, appeal, sector, rows)
        for host in range(N_HOSTS):
            standing = np.flatnonzero(table.plants[rows, host])
            if len(standing):
                _tally_host(
                    tally,
                    table,
                    calibration,
                    policy,
                    terms,
                    costs,
                    borders,
                    value_added,
                    offer,
                    appeal,
                    standing,
                    markup,
                    (sector, host, regime),
                )
    _buy_services(tally, economy, calibration, price[:, :, :N_HOSTS, regime])
    return tally


def _buy_services(tally: Tally, economy: Economy, calibration: Calibration, price: Array) -> None:
    """Services are bought in proportion to output, from sources as prices say."""
    services = slice(N_GOODS, N_SECTORS)
    weighted = (
        calibration.service_shares[:, services]
        * price[services] ** -(economy.theta[services, None, None])
    )
    index = weighted.sum(axis=2)
    spread = np.divide(weighted, index[:, :, None], out=weighted, where=index[:, :, None] > 0)
    power = -1 / economy.theta[services, None]
    cost = calibration.bill_of_materials[:, services] * np.where(index > 0, index, 1) ** power
    tally.purchases[:, services] = np.einsum(
        "jksh,jkh,jhum->jkshum", spread, cost, tally.sums["volume"]
    )


def _tally_host(
    tally: Tally,
    table: FirmTable,
    calibration: Calibration,
    policy: Policy,
    terms: list[InputTerms],
    costs: UnitCosts,
    borders: Borders,
    value_added: np.ndarray,
    offer: Offer,
    appeal: np.ndarray,
    standing: np.ndarray,
    markup: float,
    place: tuple[int, int, int],
) -> None:
    """Add the plants of one block at one host."""
    sector, host, regime = place
    assert isinstance(offer.rows, slice)
    firms = standing + offer.rows.start
    cell = (sector, host)
    sold = appeal[standing, host]
    border = sold.copy()
    border[:, FINAL] /= offer.mark_on[standing, host]
    volume = border / (offer.border_cost[standing, host, None] * np.float32(markup))
    free_cost = costs.free_cost[firms, host, regime]
    meets = borders.meets_rule[firms, host, regime]
    one = np.ones(len(firms), np.float32)
    parts = split_value_added(
        value_added[firms, host, regime],
        policy.subsidy[sector, host, regime],
        policy.royalty[host, regime] * (table.home[firms] != host),
    )
    _add_rows(tally, cell, {"appeal": one}, sold)
    _add_rows(
        tally,
        cell,
        {
            "border": one,
            "qualified": meets,
            "content": costs.free_content[firms, host, regime],
            "infeasible": ~costs.feasible[firms, host, regime],
        },
        border,
    )
    _add_rows(
        tally,
        cell,
        {
            "volume": one,
            "labour": 1 / table.productivity[firms, host],
            "value_added": parts.pop("value_added"),
            "base_cost": base_unit_cost(table, calibration, firms, host),
            "production_cost": free_cost,
        },
        volume,
    )
    _add_rows(tally, cell, parts, volume)
    compliant_volume = np.zeros_like(volume)
    for partner in range(N_HOSTS):
        if partner == host:
            continue
        claim = borders.claim[firms, host, partner, regime]
        complies = claim == Claim.COMPLIES
        claimed = claim != Claim.PAYS
        constrained = complies & ~meets
        dutiable = table.product_duty[firms, host, partner] > 0
        unit_cost = np.where(constrained, costs.compliant_cost[firms, host, regime], free_cost)
        proof = np.where(complies, offer.border_cost[standing, host, partner] - unit_cost, 0)
        missing = (
            costs.compliant_content[firms, host, regime] - costs.free_content[firms, host, regime]
        )
        _add_rows(
            tally,
            cell,
            {
                "qualified": constrained,
                "content": constrained * missing,
                "compliant": constrained,
                "wedge": constrained * np.exp(costs.log_wedge[firms, host, regime]),
                "claimed": claimed,
                "dutiable": dutiable,
                "claimed_dutiable": claimed & dutiable,
                "false": claim == Claim.CLAIMS_FALSELY,
                "duty": borders.duty[firms, host, partner, regime],
            },
            border[:, :, partner],
            partner,
        )
        _add_rows(
            tally,
            cell,
            {
                "production_cost": unit_cost - free_cost,
                "penalty": unit_cost * borders.penalty[firms, host, partner, regime],
                "paperwork": proof,
            },
            volume[:, :, partner],
            partner,
        )
        compliant_volume[:, :, partner] = volume[:, :, partner] * constrained[:, None]
    used = calibration.materials[sector]
    here = terms[sector].at(host, regime)
    sources = (table.affinity[firms][:, used], table.base_potential[firms][:, used, host, None])
    log_wedge = costs.log_wedge[firms, host, regime]
    volumes = (
        (volume - compliant_volume).reshape(len(firms), -1),
        compliant_volume.reshape(len(firms), -1),
    )
    if here.further is None:
        bought = input_purchases(*sources, here, log_wedge, *volumes)
    else:
        borne = value_added[firms, host, regime]
        bought = ruled_purchases(*sources, here, borne, log_wedge, *volumes)
    tally.purchases[sector, used, :, host] += bought.reshape(*bought.shape[:2], 2, N_REGIONS)


def split_value_added(
    borne: np.ndarray, subsidy: float, royalty: np.ndarray
) -> dict[str, np.ndarray]:
    """What labour and capital get, the treasury gives and owners of know-how take.

    Parameters
    ----------
    borne : ndarray, shape (firm,)
        What firms bear: the first less the second and with the third.
    subsidy : float
        Share of labour and capital cost.
    royalty : ndarray, shape (firm,)
        The same.

    Returns
    -------
    dict of ndarray, shape (firm,)
        By tally.
    """
    gross = borne / (1 - subsidy + royalty).astype(np.float32)
    return {"value_added": gross, "subsidy": subsidy * gross, "royalty": royalty * gross}


def _add_rows(
    tally: Tally,
    cell: tuple[int, int],
    factors: dict[str, np.ndarray],
    amount: np.ndarray,
    market: int | None = None,
) -> None:
    """Add ``sum over plants of factor * amount`` for several factors at once.

    Parameters
    ----------
    tally : Tally
    cell : tuple of int
        Sector and host.
    factors : dict of ndarray, shape (firm,)
        By the tally they belong to.
    amount : ndarray, shape (firm, use, market) or (firm, use) for one market
    market : int, optional
        The one market ``amount`` is for.
    """
    matrix = np.stack([factor.astype(np.float32) for factor in factors.values()])
    # One matrix product per block; blocks are then added in double precision.
    totals = (matrix @ amount.reshape(len(amount), -1)).astype(np.float64)
    place = cell if market is None else (*cell, slice(None), market)
    for name, total in zip(factors, totals, strict=True):
        tally.sums[name][place] += total.reshape(amount.shape[1:])


def base_unit_cost(
    table: FirmTable, calibration: Calibration, firms: np.ndarray, host: int
) -> np.ndarray:
    """Unit cost of firms at a host in the calibration year, inputs chosen freely.

    Materials and services cost what the bill says and labour and capital the rest,
    so that it is 1 for a firm of average productivity.

    Returns
    -------
    ndarray, shape (firm,)
    """
    value_added = calibration.value_added_cost[table.sector[firms], host]
    cost: np.ndarray = 1 - value_added + value_added / table.productivity[firms, host]
    return cost


def _tally_certificates(
    tally: Tally,
    table: FirmTable,
    borders: Borders,
    appeal: np.ndarray,
    sector: int,
    rows: slice,
) -> None:
    """Add what next quarter's buyers of inputs need to know, for every regime."""
    for host, partner in MEMBER_PAIRS:
        cell = (sector, host, partner)
        weight = appeal[:, host, INTERMEDIATE, partner].astype(np.float64)
        claim = borders.claim[rows, host, partner]
        claimed = claim != Claim.PAYS
        at_stake = weight * (table.product_duty[rows, host, partner] > 0)
        filed = tally.filed
        filed["weight"][cell] += weight.sum()
        filed["duty"][cell] += weight @ borders.duty[rows, host, partner]
        filed["claimed"][cell] += weight @ claimed
        filed["dutiable"][cell] += at_stake.sum()
        filed["claimed_dutiable"][cell] += at_stake @ claimed
        filed["false"][cell] += weight @ (claim == Claim.CLAIMS_FALSELY)


def _tally_qualified(
    tally: Tally, borders: Borders, appeal: np.ndarray, sector: int, rows: slice
) -> None:
    """Add the deliveries that count as originating, by host and regime."""
    sold = appeal[:, :, INTERMEDIATE].sum(axis=2)[..., None]
    complies = (borders.claim[rows] == Claim.COMPLIES).any(axis=2)
    qualifies = borders.meets_rule[rows] | complies
    total = sold.sum(axis=(0, 2), dtype=np.float64)
    qualified = (sold * qualifies).sum(axis=0, dtype=np.float64)
    tally.qualified_by_regime[sector] += qualified
    tally.filed.setdefault("sold", np.zeros((N_FOOTLOOSE, N_HOSTS)))[sector] += total


def new_certificates(tally: Tally, outside: Array, last: Certificates) -> Certificates:
    """Certificates of the quarter, for the next one.

    Parameters
    ----------
    tally : Tally
    outside : ndarray, shape (sector, source, market, regime)
        Duty on trade in which nothing can be claimed.
    last : Certificates
        Kept where nothing was delivered.

    Returns
    -------
    Certificates
    """
    fresh = Certificates.unclaimed(outside)
    arrays = {}
    delivered = tally.filed["weight"] > 0
    members = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
    across = ~np.eye(N_HOSTS, N_REGIONS, dtype=bool)
    across[:, N_HOSTS:] = False
    for name in ("duty", "claimed", "dutiable", "claimed_dutiable", "false"):
        array = getattr(fresh, name).copy()
        share = tally.filed[name] / np.where(delivered, tally.filed["weight"], 1)
        kept = np.where(delivered, share, getattr(last, name)[members])
        array[members] = np.where(across[None, :, :, None], kept, array[members])
        arrays[name] = array
    return Certificates(**arrays)


def qualified_share(tally: Tally, last: Array) -> Array:
    """Share of deliveries that originate, shape (material, host, regime).

    Goods of sectors fixed in place always do.
    """
    share = last.copy()
    sold = tally.filed["sold"][..., None]
    share[:N_FOOTLOOSE] = np.where(
        sold > 0, tally.qualified_by_regime / np.where(sold > 0, sold, 1), last[:N_FOOTLOOSE]
    )
    return np.clip(share, 0, 1)


def clear_with_purchases(
    tally: Tally,
    market: MarketState,
    other_purchases: Array,
    on_top: Array,
    regime: int,
    tolerance: float = 1e-13,
) -> Array:
    """Unit revenues at which what plants sell as inputs is what others buy from them.

    Parameters
    ----------
    tally : Tally
    market : MarketState
        Its final revenues are kept, its intermediate ones are the first guess.
    other_purchases : ndarray, shape (input, source, market)
        Inputs bought by all other users at basic prices.
    on_top : ndarray, shape (input, source, market)
        What buyers pay over the basic price, as a factor.
    regime : int
    tolerance : float
        Relative change at which the iteration stops.

    Returns
    -------
    ndarray, shape (sector, host, use, market)
    """
    revenue = np.stack([market.unit_revenue(sector, regime) for sector in range(N_FOOTLOOSE)])
    offered = tally.sums["appeal"][:, :, INTERMEDIATE]
    sells = offered > 0
    for _ in range(500):
        pools = input_flows(tally, revenue, other_purchases, on_top)[:N_FOOTLOOSE, :N_HOSTS]
        unit = np.divide(pools, offered, out=np.zeros_like(pools), where=sells)
        change = np.abs(unit - revenue[:, :, INTERMEDIATE]).max(initial=0)
        revenue[:, :, INTERMEDIATE] = unit
        if change <= tolerance * np.abs(unit).max(initial=1e-300):
            return revenue
    raise ModelError("trade_and_account: sales of inputs did not settle in 500 rounds")


def input_flows(tally: Tally, revenue: Array, other_purchases: Array, on_top: Array) -> Array:
    """Purchases of inputs at basic prices by all users.

    Parameters
    ----------
    tally : Tally
    revenue : ndarray, shape (sector, host, use, market)
        Per unit of appeal.
    other_purchases, on_top : ndarray, shape (input, source, market)

    Returns
    -------
    ndarray, shape (input, source, market)
    """
    flows = other_purchases.copy()
    bought = np.einsum("jkshum,jhum->ksh", tally.purchases, revenue)
    flows[:, :, :N_HOSTS] += bought / on_top[:, :, :N_HOSTS]
    return flows
