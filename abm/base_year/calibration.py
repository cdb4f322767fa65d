"""Calibration: the constants at which the model reproduces the figures of 2017.

Firms differ, meet rules of origin and claim preferences already in the
calibration year, so its aggregates are not given by formulas: competitiveness, bills of materials
and market access are the fixed point at which the modelled firms buy, sell and employ what the
tables say. Each round solves the cost step and the claims under the base-year policy, compares
flows with their targets and moves every constant by the ratio.
"""

from dataclasses import dataclass, replace

import numpy as np

from abm.axes import (
    FOOTLOOSE,
    HOSTS,
    N_FOOTLOOSE,
    N_GOODS,
    N_HOMES,
    N_HOSTS,
    N_REGIONS,
    N_SECTORS,
    QUARTERS_A_YEAR,
    REGIONS,
    SECTORS,
    USES,
)
from abm.base_year.fixed_point import Mixing
from abm.base_year.market_access import matched_access
from abm.base_year.owners import appeal_by_home, as_owned
from abm.base_year.young_plants import LAGS, young_sales
from abm.core.inputs.buyers import sourcing_potential
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Certificates, Conditions
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_rows
from abm.errors import CalibrationError
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.crossing import Borders, claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.certificates import new_certificates, qualified_share
from abm.trade.flows.deliveries import Tally, sales_by_appeal, tally_plants
from abm.trade.flows.presence import plants_appeal
from abm.trade.inputs.input_prices import (
    outside_duty,
    price_inputs,
    solve_costs,
    value_added_cost,
)
from abm.trade.sales.market_clearing import FINAL, REACH_EXPONENT
from agents import FirmTable

PROMISED = 1e-3
"""Largest relative error of any flow that calibration accepts."""

ACCESS_TOLERANCE = PROMISED / 5
"""Relative error at which the search ends."""

PATIENT_ROUNDS = 60
"""Rounds after which an error of `PROMISED` is enough.

In tiny models rounding in single precision may keep flows from coming closer.
"""

NEGLIGIBLE = 1e-5
"""Cells below this share of their row's total are matched only in absolute terms."""

MAX_ROUNDS = 600

FREE_ROUNDS = 12
"""Rounds after which claims are held.

In small models one firm that is indifferent between two claims can change its claim
in every round, so that flows never settle; after these rounds it keeps its last choice.
"""

OWNING_ROUNDS = 5
"""Rounds in which weights are moved towards owners' shares of output."""

PLAIN_ROUNDS = 2
"""Rounds before mixing starts: earlier ones are too far from the solution to be of use."""


@dataclass(frozen=True)
class BaseYear:
    """The calibrated constants and the solved base year they reproduce.

    ``built``, of shape (firm, host + 1, lag), is how far the sales of plants have built up, as
    `abm.base_year.young_plants` has it.
    """

    calibration: Calibration
    costs: UnitCosts
    borders: Borders
    tally: Tally
    built: Floats


@dataclass(frozen=True)
class _Targets:
    """Observed flows of a quarter at basic prices."""

    final: Array  # (sector, host, market)
    pools: Array  # (sector, host, market), inputs sold
    purchases: Array  # (sector, input, source, host), inputs bought
    fringe: Array  # (sector, source, market)
    from_abroad: Array  # (sector, source, market), the part of it that modelled firms make
    other_use: Array  # (input, source, market)

    @property
    def sales(self) -> Array:
        """Sales of modelled firms from hosts, shape (sector, host, use, market)."""
        return np.stack([self.final, self.pools], axis=2)

    @property
    def everywhere(self) -> Array:
        """Their sales from hosts and from homes abroad, shape (sector, region, use, market)."""
        abroad = np.stack([self.from_abroad, np.zeros_like(self.from_abroad)], axis=2)
        return np.concatenate([self.sales, abroad[:, N_HOSTS:]], axis=1)


def _targets(economy: Economy, table: FirmTable, settings: FirmAssumptions) -> _Targets:
    use = economy.intermediate_use / QUARTERS_A_YEAR
    by_firms = use[:, :, :N_HOSTS, :N_FOOTLOOSE]
    other_use = use.sum(axis=3)
    other_use[:, :, :N_HOSTS] -= by_firms.sum(axis=3)
    final = np.moveaxis(economy.final_demand[:, :N_FOOTLOOSE], 0, 1) / QUARTERS_A_YEAR
    fringe = final.copy()
    fringe[:, :N_HOSTS] = 0
    from_abroad = np.zeros_like(fringe)
    makers = [
        (table.sector == j)[:, None] & (table.home[:, None] == range(N_REGIONS))
        for j in range(N_FOOTLOOSE)
    ]
    there = np.array([some.any(axis=0) for some in makers])
    from_abroad[..., :N_HOSTS] = settings.foreign_share_of_imports * np.where(
        there[..., None], fringe[..., :N_HOSTS], 0
    )
    pools = np.moveaxis(use.sum(axis=3), 0, 1)[:N_FOOTLOOSE, :N_HOSTS]
    return _Targets(
        final=final[:, :N_HOSTS],
        pools=pools,
        purchases=np.transpose(by_firms, (3, 1, 0, 2)),
        fringe=fringe,
        from_abroad=from_abroad,
        other_use=np.moveaxis(np.maximum(other_use, 0), 0, 1),
    )


# why: a round reads from top to bottom; it is told what is known, and how near to come
def calibrate(
    table: FirmTable,
    economy: Economy,
    policy: Policy,
    settings: FirmAssumptions,
    start: BaseYear | None = None,
    built: Floats | None = None,
    tolerance: float = ACCESS_TOLERANCE,
) -> BaseYear:
    """Constants at which the firms of ``table`` reproduce the calibration year.

    Parameters
    ----------
    table : FirmTable
        Firms with their plants; ``base_potential`` is filled in, and weights are moved until
        owners from each home make their shares of every host's output.
    economy : Economy
        Observed figures.
    policy : Policy
        Base-year policy, a single regime.
    settings : FirmAssumptions
    start : BaseYear, optional
        Found for the same firms with other plants.
    built : ndarray, shape (firm, host + 1, lag), optional
        How far the sales of plants have built up; all of it if not given.
    tolerance : float
        Largest relative error of what is reproduced.

    Raises
    ------
    CalibrationError
        If the fixed point is not reached.
    """
    targets = _targets(economy, table, settings)
    if built is None:
        built = np.ones((len(table), N_HOSTS + 1, LAGS), np.float32)
    outside = outside_duty(economy, policy)
    if start is None:
        calibration = _first_guess(economy, targets, outside, settings.home_appeal)
        costs = UnitCosts.empty(len(table), N_HOSTS, 1)
    else:
        calibration, costs = start.calibration, start.costs
    worst, flow, held, mixing = np.inf, "", None, Mixing()
    for rounds in range(1, MAX_ROUNDS + 1):
        conditions = calibration.conditions
        terms = price_inputs(economy, calibration, conditions, policy)
        _set_base_potential(table, calibration)
        value_added = value_added_cost(table, calibration, conditions, policy)
        solve_costs(table, terms, value_added, costs)
        borders = claim_origin(table, policy, costs, held)
        if rounds == FREE_ROUNDS:
            held = borders.claims
        quarter = Quarter(table, economy, calibration, policy, costs, borders, outside)
        young = young_sales(quarter, built)
        access = matched_access(quarter, targets.everywhere, young, patient=rounds > FREE_ROUNDS)
        calibration = replace(calibration, access=access)
        quarter = replace(quarter, calibration=calibration)
        sales = sales_by_appeal(quarter, 0, young)
        tally = tally_plants(quarter, terms, value_added, regime=0, sales=sales)
        if settings.foreign_firms and rounds <= OWNING_ROUNDS:
            as_owned(table, economy.owners, tally.owned["border"].sum(axis=(3, 4)))
        miss, flow = _worst_miss(calibration, tally, targets)
        if not np.isfinite(miss):
            raise CalibrationError(
                f"calibration: in round {rounds} {flow} are not finite; firms differ too widely"
            )
        near_enough = tolerance if rounds < PATIENT_ROUNDS else max(tolerance, PROMISED)
        settled = rounds > OWNING_ROUNDS or not settings.foreign_firms
        if settled and miss < near_enough and worst < 10 * near_enough:
            calibration = _finish(economy, calibration, tally, table, miss, rounds)
            return BaseYear(calibration, costs, borders, tally, built)
        worst = miss
        moved = _move_constants(economy, calibration, tally, targets, outside)
        calibration = moved if rounds < PLAIN_ROUNDS else _mixed(mixing, calibration, moved)
    raise CalibrationError(
        f"calibration: after {MAX_ROUNDS} rounds {flow} are still {worst:.2%} off the tables; "
        "where one firm makes most of a sector, take more firms or another seed"
    )


def _first_guess(
    economy: Economy, targets: _Targets, outside: Array, home_appeal: float
) -> Calibration:
    members = np.ix_(range(N_SECTORS), range(N_HOSTS), range(N_HOSTS))
    duty = outside.copy()
    duty[members] = 0  # most shipments claim the preference; the rounds find how many
    certificates = Certificates.unclaimed(duty)
    qualified = np.ones((N_GOODS, N_HOSTS, 1))
    margin = economy.margin
    on_top = (1 + economy.trade_margin) * (1 + duty[..., 0])
    paid = targets.purchases * on_top[:, :, :N_HOSTS]
    sales = targets.final.sum(axis=2) + targets.pools.sum(axis=2)
    cost = sales * (1 - margin[:, None])
    bill = _per_unit(paid.sum(axis=2), cost)
    total = paid.sum(axis=2, keepdims=True)
    shares = np.divide(paid, total, out=np.zeros_like(paid), where=total > 0)
    for host in range(N_HOSTS):
        shares[:, :, host, host] += total[:, :, 0, host] == 0  # unused inputs come from home
    blank = np.zeros((N_FOOTLOOSE, N_HOSTS))
    everywhere = targets.everywhere
    sold = everywhere.sum(axis=(2, 3), keepdims=True)
    on_top = (1 + economy.trade_margin) * (1 + outside[..., 0])
    imports = targets.fringe * on_top[:N_FOOTLOOSE]
    return Calibration(
        competitiveness=shares[:, :N_GOODS],
        bill_of_materials=bill,
        service_shares=shares,
        value_added_cost=1 - bill.sum(axis=1),
        labour_part=blank,
        jobs_per_volume=blank,
        hourly_pay=economy.hourly_pay.T,
        margin=margin,
        access=(everywhere / np.maximum(sold, 1e-12)) ** (1 / REACH_EXPONENT),
        fringe=imports - targets.from_abroad * on_top[:N_FOOTLOOSE],
        imports=imports,
        expenditure=np.zeros((N_FOOTLOOSE, N_REGIONS)),
        base_competition=np.zeros((N_FOOTLOOSE, N_REGIONS)),
        home_appeal=appeal_by_home(home_appeal),
        other_use=targets.other_use,
        trade_margin=economy.trade_margin,
        base_input_duty=duty[..., 0],
        outside_duty=outside[..., 0],
        base_cost_ratio=blank,
        base_jobs=np.zeros(N_HOSTS),
        base_presence=np.zeros((N_FOOTLOOSE, N_HOSTS, N_REGIONS)),
        arriving=np.zeros((N_FOOTLOOSE, N_HOMES, N_HOSTS)),
        founding=np.zeros((N_FOOTLOOSE, N_HOMES)),
        conditions=Conditions.of_base_year(qualified, certificates),
        largest_error=np.inf,
        iterations=0,
    )


def _set_base_potential(table: FirmTable, calibration: Calibration) -> None:
    """Set the sourcing potential at base-year prices, to which all later costs are relative."""
    for sector, rows in enumerate(sector_rows(table)):
        weights = calibration.competitiveness[sector].astype(np.float32)
        potential = sourcing_potential(table.affinity[rows], weights)
        table.base_potential[rows] = potential.transpose(2, 0, 1)


def _purchases_at_basic_prices(calibration: Calibration, tally: Tally) -> Array:
    basic: Array = tally.purchases.sum(axis=(4, 5)) / calibration.base_on_top[:, :, :N_HOSTS]
    return basic


def _per_unit(amount: Array, output: Array) -> Array:
    """Amounts of shape (sector, input, host) over output; 0 where nothing is made."""
    whole = np.broadcast_to(output[:, None], amount.shape)
    unit: Array = np.divide(amount, whole, out=np.zeros_like(amount), where=whole > 0)
    return unit


def _worst_miss(calibration: Calibration, tally: Tally, targets: _Targets) -> tuple[float, str]:
    """Largest relative error over all cells that are not negligible, and its flow in words."""
    bought = _purchases_at_basic_prices(calibration, tally)[:, :N_GOODS]
    wanted = targets.purchases[:, :N_GOODS]
    sold = tally.sums["border"]
    target = targets.sales
    purchases = _relative_miss(bought, wanted, wanted.sum(axis=(1, 2), keepdims=True))
    sales = _relative_miss(sold, target, target.sum(axis=(2, 3), keepdims=True))
    if purchases.max() > sales.max():
        buyer, good, source, host = np.unravel_index(purchases.argmax(), purchases.shape)
        return float(purchases.max()), (
            f"purchases of {SECTORS[good]} from {REGIONS[source]} by {FOOTLOOSE[buyer]} "
            f"in {HOSTS[host]}"
        )
    sector, host, use, market = np.unravel_index(sales.argmax(), sales.shape)
    return float(sales.max()), (
        f"{USES[use]} sales of {FOOTLOOSE[sector]} from {HOSTS[host]} to {REGIONS[market]}"
    )


def _relative_miss(actual: Array, aim: Array, row: Array) -> Array:
    """Error relative to the target, or to a negligible share of the row if that is larger."""
    scale = np.maximum(aim, NEGLIGIBLE * row)
    miss: Array = np.abs(actual - aim) / np.where(scale > 0, scale, 1)
    return np.where(np.isnan(miss), np.inf, miss)


def _move_constants(
    economy: Economy, calibration: Calibration, tally: Tally, targets: _Targets, outside: Array
) -> Calibration:
    """Move shares and bills by the ratio of target to outcome, and update certificates."""
    conditions = calibration.conditions
    certificates = new_certificates(tally.filings, outside, conditions.certificates)
    qualified = qualified_share(tally.filings, None, conditions.qualified)
    duty = certificates.duty[..., 0]
    on_top = (1 + calibration.trade_margin) * (1 + duty)
    paid = targets.purchases * on_top[:, :, :N_HOSTS]
    bought = tally.purchases.sum(axis=(4, 5))
    ratio = np.divide(paid, bought, out=np.zeros_like(paid), where=bought > 0)[:, :N_GOODS]
    wanted, found = paid.sum(axis=2), bought.sum(axis=2)
    volume = tally.sums["volume"].sum(axis=(2, 3))
    bill = calibration.bill_of_materials.copy()
    bill[:, N_GOODS:] = _per_unit(wanted[:, N_GOODS:], volume)
    bill[:, :N_GOODS] *= np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)[
        :, :N_GOODS
    ]
    used = (wanted > 0)[:, :N_GOODS, None]
    competitiveness = np.where(
        used, calibration.competitiveness * ratio, calibration.competitiveness
    )
    competitiveness /= competitiveness.sum(axis=2, keepdims=True)
    services = calibration.service_shares.copy()  # kept where nothing is bought
    np.divide(paid, wanted[:, :, None], out=services, where=(wanted > 0)[:, :, None])
    value_added = 1 - bill.sum(axis=1)
    if (value_added <= 0).any():
        sector, host = np.argwhere(value_added <= 0)[0]
        raise CalibrationError(
            f"calibration: inputs of {FOOTLOOSE[sector]} in {HOSTS[host]} cost "
            f"{bill.sum(axis=1)[sector, host]:.4g} times its sales less profit"
        )
    return replace(
        calibration,
        competitiveness=competitiveness,
        bill_of_materials=bill,
        service_shares=services,
        value_added_cost=value_added,
        base_input_duty=duty,
        conditions=replace(conditions, certificates=certificates, qualified=qualified),
    )


def _mixed(mixing: Mixing, before: Calibration, moved: Calibration) -> Calibration:
    """The constants to try next, by mixing this round with earlier ones."""
    parts = np.sqrt(before.competitiveness), np.ones_like(_goods_bill(before))
    weight = np.concatenate([part.ravel() for part in parts])
    point = mixing.next_point(_log_constants(before), _log_constants(moved), weight)
    sources, bills = np.split(np.exp(point), [before.competitiveness.size])
    competitiveness = np.where(
        moved.competitiveness > 0, sources.reshape(moved.competitiveness.shape), 0
    )
    competitiveness /= competitiveness.sum(axis=2, keepdims=True)
    bill = moved.bill_of_materials.copy()
    bill[:, :N_GOODS] = np.where(_goods_bill(moved) > 0, bills.reshape(_goods_bill(moved).shape), 0)
    return replace(
        moved,
        competitiveness=competitiveness,
        bill_of_materials=bill,
        value_added_cost=1 - bill.sum(axis=1),
    )


def _goods_bill(calibration: Calibration) -> Array:
    return calibration.bill_of_materials[:, :N_GOODS]


def _log_constants(calibration: Calibration) -> Array:
    """Logarithms of competitiveness and of bills of goods; 0 for what is not used."""
    parts = calibration.competitiveness, _goods_bill(calibration)
    constants = np.concatenate([part.ravel() for part in parts])
    return np.log(constants, out=np.zeros_like(constants), where=constants > 0)


def _finish(
    economy: Economy,
    calibration: Calibration,
    tally: Tally,
    table: FirmTable,
    miss: float,
    rounds: int,
) -> Calibration:
    """Add the constants that follow from the solved base year: jobs, spending, indices.

    Where nothing is made, jobs are 0 and indices are 1.
    """
    sums = tally.sums
    labour = sums["labour"].sum(axis=(2, 3))
    value_added = sums["value_added"].sum(axis=(2, 3))
    wages = (economy.labour_share * economy.value_added[:N_HOSTS]).T[:N_FOOTLOOSE] / QUARTERS_A_YEAR
    made = economy.makes
    nothing = np.zeros(made.shape)
    labour_part = np.divide(wages, value_added, out=nothing.copy(), where=made)
    if (labour_part >= 1).any():
        sector, host = np.argwhere(labour_part >= 1)[0]
        raise CalibrationError(
            f"calibration: labour of {FOOTLOOSE[sector]} in {HOSTS[host]} costs "
            f"{labour_part[sector, host]:.4g} times its value added"
        )
    jobs = np.where(made, economy.employment.T[:N_FOOTLOOSE], 0)
    now, freely = (sums[name].sum(axis=(2, 3)) for name in ("production_cost", "base_cost"))
    consumers = sums["share"][:, :, FINAL].sum(axis=1) + calibration.imports.sum(axis=1)
    finished = replace(
        calibration,
        labour_part=labour_part,
        jobs_per_volume=np.divide(jobs, labour, out=nothing.copy(), where=made),
        expenditure=consumers,
        base_competition=consumers,
        base_cost_ratio=np.divide(now, freely, out=np.ones(made.shape), where=made),
        base_jobs=jobs.sum(axis=0),
        largest_error=miss,
        iterations=rounds,
    )
    return replace(finished, base_presence=plants_appeal(table, economy, finished))
