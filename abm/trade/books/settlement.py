"""Closes the books of a quarter: who delivered what to whom, at which duty, and who earned what."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.trade.books.accounts import (
    Accounts,
    Consumers,
    Shipments,
    check_duties,
    check_identities,
    ratio,
)
from abm.trade.flows.deliveries import OWNED, Tally
from abm.trade.flows.input_flows import input_flows
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE


def settle(
    economy: Economy,
    calibration: Calibration,
    policy: Policy,
    tally: Tally,
    consumers: Consumers,
    spending: Array,
    certificates: Certificates,
    outside: Array,
    on_top: Array,
    other_purchases: Array,
    regime: int,
    grants: Array | None = None,
    overhead: Array | None = None,
) -> Accounts:
    """Close the books of a quarter.

    Parameters
    ----------
    economy, calibration, policy
    tally : Tally
        Totals per unit of spending.
    consumers : Consumers
    spending : ndarray, shape (sector, host, use, market)
        At which what is sold as inputs is what is bought.
    certificates : Certificates
        Last quarter's, which decide the duty on inputs delivered in this one.
    outside : ndarray, shape (sector, source, market, regime)
    on_top, other_purchases : ndarray, shape (input, source, market)
        Buyers' price over basic price; inputs bought by users other than firms.
    regime : int
    grants : ndarray, shape (sector, host), optional
        What treasuries paid towards new plants; none without it.
    overhead : ndarray, shape (sector, host, home), optional
        Fixed costs of plants; none without it.

    Returns
    -------
    Accounts

    Raises
    ------
    IdentityError
        If an account does not balance to rounding.
    """
    earned = {name: sums * spending for name, sums in tally.sums.items()}
    by_plant = {name: values.sum(axis=(2, 3)) for name, values in earned.items()}
    flows = input_flows(tally, spending, other_purchases, on_top)
    bought = np.einsum("jkshum,jhum->jh", tally.purchases, spending)
    dearer = _dearer(earned)
    by_source = np.einsum("jkshum,jhum->jksh", tally.purchases, spending)
    rents_paid = np.einsum("jksh,ksh->jh", by_source, dearer[..., :N_HOSTS] - 1)
    sales, rents = by_plant["border"], by_plant["rent"]
    margin = 1 - (1 - calibration.margin) / calibration.price_ratio(policy.markup_scale[regime])
    profit = (sales - rents) * margin[:, None] - rents_paid
    jobs = by_plant["labour"] * calibration.jobs_per_volume
    away = 1 - np.eye(N_HOSTS, N_REGIONS)[:, None]
    exported = (earned["border"] * away)[..., :N_HOSTS].sum(axis=(2, 3))
    claims = (earned["claimed"] - earned["false"])[..., :N_HOSTS].sum(axis=(2, 3))
    owned = {name: np.einsum("jhoum,jhum->jho", tally.owned[name], spending) for name in OWNED}
    compliant = by_plant["compliant"]
    accounts = Accounts(
        final=_final_trade(economy, policy, earned, consumers, outside, regime),
        intermediate=_input_trade(economy, flows * dearer, certificates, earned["penalty"], regime),
        sales=sales,
        purchases=bought + rents_paid,
        labour_and_capital=by_plant["value_added"],
        paperwork=by_plant["paperwork"],
        penalties=by_plant["penalty"],
        profit=profit,
        subsidies=by_plant["subsidy"],
        royalties=by_plant["royalty"],
        employment=jobs,
        volume=by_plant["volume"],
        mean_cost=_mean_cost(by_plant, calibration),
        content=ratio(by_plant["content"], sales),
        true_claims=ratio(claims, exported),
        wedge=np.where(compliant > 0, ratio(by_plant["wedge"], compliant), 1.0),
        infeasible=ratio(by_plant["infeasible"], sales),
        eligible=ratio(by_plant["qualified"], sales),
        price_index=consumers.price_index,
        price_tornqvist=consumers.price_tornqvist,
        consumption=consumers.spending,
        sales_to_move=consumers.to_move,
        input_spending=flows * dearer * on_top,
        owned_output=owned["border"],
        owned_jobs=owned["labour"] * calibration.jobs_per_volume[..., None],
        grants=np.zeros_like(sales) if grants is None else grants,
        rents=rents,
        rents_paid=rents_paid,
        owned_rents=owned["rent"],
    )
    if overhead is not None:
        accounts = accounts.with_overhead(overhead)
    received = np.stack(
        [earned["share"][:, :, FINAL], earned["border"][:, :, INTERMEDIATE]], axis=2
    )
    check_identities(accounts, received, consumers)
    paid = other_purchases * on_top
    paid[:, :, :N_HOSTS] += by_source.sum(axis=0)
    paid *= dearer
    check_duties(accounts, paid, policy.barrier[..., regime])
    return accounts


def _dearer(earned: dict[str, Array]) -> Array:
    """What scarcity adds to inputs from each source, as a factor, shape (input, source, market)."""
    dearer = np.ones((N_SECTORS, N_REGIONS, N_REGIONS))
    value, rent = (earned[name][:, :, INTERMEDIATE] for name in ("border", "rent"))
    dearer[:N_FOOTLOOSE, :N_HOSTS] += ratio(rent, value - rent)
    return dearer


def _mean_cost(by_plant: dict[str, Array], calibration: Calibration) -> Array:
    """Unit cost against the calibration year, 1 where nothing is made."""
    now, base = by_plant["production_cost"], by_plant["base_cost"]
    cost: Array = np.where(base > 0, ratio(now, base) / calibration.base_cost_ratio, 1.0)
    return cost


def _final_trade(
    economy: Economy,
    policy: Policy,
    earned: dict[str, Array],
    consumers: Consumers,
    outside: Array,
    regime: int,
) -> Shipments:
    """Deliveries to consumers; of immobile sectors, what consumers spend there."""
    shape = (N_SECTORS, N_REGIONS, N_REGIONS)
    arrays = {name: np.zeros(shape) for name in Shipments.__annotations__}
    modelled = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
    for name in ("duty", "claimed", "dutiable", "claimed_dutiable", "false", "penalty"):
        arrays[name][modelled] = earned[name][:, :, FINAL]
    arrays["value"][modelled] = earned["border"][:, :, FINAL]
    abroad = slice(N_HOSTS, N_REGIONS)
    duty = outside[..., regime]
    barrier = policy.barrier[..., regime]
    margin = economy.trade_margin
    on_top = ((1 + margin) * (1 + barrier) * (1 + duty))[:N_FOOTLOOSE, abroad]
    arrays["value"][:N_FOOTLOOSE, abroad] = consumers.on_imports[:, abroad] / on_top
    fixed = slice(N_FOOTLOOSE, N_SECTORS)
    arrays["value"][fixed] = consumers.elsewhere
    arrays["trade_margin"] = arrays["value"] * margin
    customs = arrays["value"] + arrays["trade_margin"]
    arrays["duty"][modelled] *= (1 + margin)[modelled]  # earned as a share of basic value
    for sources in ((slice(0, N_FOOTLOOSE), abroad), (fixed, slice(None))):
        arrays["duty"][sources] = customs[sources] * duty[sources]
        arrays["dutiable"][sources] = arrays["value"][sources] * (duty[sources] > 0)
    # Sales of modelled firms to markets outside the agreement pay that market's duty.
    outward = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS), abroad)
    arrays["duty"][outward] = customs[outward] * duty[outward]
    arrays["dutiable"][outward] = arrays["value"][outward] * (duty[outward] > 0)
    return Shipments(**arrays)


def _input_trade(
    economy: Economy, flows: Array, certificates: Certificates, penalty: Array, regime: int
) -> Shipments:
    """Deliveries to users of inputs, on last quarter's certificates of origin."""
    fines = np.zeros_like(flows)
    fines[:N_FOOTLOOSE, :N_HOSTS] = penalty[:, :, 1]
    return Shipments(
        value=flows,
        trade_margin=flows * economy.trade_margin,
        duty=flows * (1 + economy.trade_margin) * certificates.duty[..., regime],
        claimed=flows * certificates.claimed[..., regime],
        dutiable=flows * certificates.dutiable[..., regime],
        claimed_dutiable=flows * certificates.claimed_dutiable[..., regime],
        false=flows * certificates.false[..., regime],
        penalty=fines,
    )
