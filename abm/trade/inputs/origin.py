"""What counts for rules of origin: whose goods originate, and which plants pay high wages."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import GOODS, N_FOOTLOOSE, N_GOODS, N_HOSTS, REGIONS, USA
from abm.core.inputs.further_rules import FurtherRules
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, load_economy
from abm.policy.regimes import Policy
from abm.trade.inputs.labour import exchange_rates, labour_cost_index, value_added_index

METALS, PARTS = (GOODS.index(name) for name in ("metals", "vehicle_parts"))

HOURS_A_QUARTER = 500
"""Hours of work; in motor vehicles 1,985 a year in the USA and 1,945 in Canada (WIOD 2014)."""

MILLION = 1e6


def originating_share(conditions: Conditions, policy: Policy) -> Array:
    """Share of a source's goods that counts as originating.

    For a member it is the share that met its own rule last quarter, times the member's
    share in the cumulation set; for another region it is its share in that set.

    Returns
    -------
    ndarray, shape (material, source, regime)
    """
    shares = np.ones((N_GOODS, len(REGIONS), len(policy.regimes)))
    shares[:, :N_HOSTS] = conditions.qualified
    return shares * policy.cumulation


def pays_above_line(
    calibration: Calibration, conditions: Conditions, policy: Policy
) -> NDArray[np.bool_]:
    """Whether plants of a sector at a host count as high-wage, shape (sector, host, regime).

    Pay is hourly labour cost, one figure by sector and host, so either all plants of a
    sector at a host count or none does.
    """
    rates = exchange_rates(conditions, policy)
    line = policy.wage_line * rates[USA]
    above: NDArray[np.bool_] = _hourly_pay(calibration, conditions, policy) >= line * (1 - 1e-9)
    return above


def _hourly_pay(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Labour cost, USD an hour at exchange rates of today, shape (sector, host, regime)."""
    pay = calibration.hourly_pay[..., None] * labour_cost_index(calibration, conditions, policy)
    pay *= exchange_rates(conditions, policy)[:N_HOSTS]
    return pay


def own_high_wage(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Part of a plant's value added that is pay above the wage line.

    Computed as persons times hours times pay. Labour's share of value added would not do:
    the tables have one such share for the whole motor industry, which would mean pay of
    USD 218,000 a year for each worker of a US assembly plant.

    Returns
    -------
    ndarray, shape (footloose sector, host, regime)
    """
    pay = _hourly_pay(calibration, conditions, policy)
    persons = calibration.jobs_per_volume[..., None]
    payroll = persons * HOURS_A_QUARTER * pay[:N_FOOTLOOSE] / MILLION
    borne = value_added_index(calibration, conditions, policy) * (1 - policy.subsidy[:N_FOOTLOOSE])
    above = pays_above_line(calibration, conditions, policy)[:N_FOOTLOOSE]
    part: Array = np.minimum(payroll / borne, 1.0) * above
    return part


def asks_further(policy: Policy, sector: int) -> bool:
    """Whether a sector has any rule beside content in any regime."""
    asked = (
        policy.labour_value_content,
        policy.metals_content,
        policy.tariff_shift,
        policy.core_parts_content,
    )
    lines = load_economy().lines.of(sector)
    of_lines = any(bool(rule[lines].any()) for rule in asked)
    return of_lines or bool(policy.country_content[sector].any())


def further_rules(
    calibration: Calibration,
    conditions: Conditions,
    policy: Policy,
    sector: int,
    originating_weight: Array,
) -> FurtherRules | None:
    """Rules of a sector beside content; None where no regime has any.

    Parameters
    ----------
    calibration : Calibration
    conditions : Conditions
    policy : Policy
    sector : int
    originating_weight : ndarray, shape (input, source, host, regime)
        Sourcing weight of originating goods.

    Returns
    -------
    FurtherRules or None
    """
    if not asks_further(policy, sector):
        return None
    high = np.zeros(originating_weight.shape)
    above = pays_above_line(calibration, conditions, policy)[:N_GOODS]
    high[:, :N_HOSTS] = originating_weight[:, :N_HOSTS] * above[:, :, None]
    shift = np.zeros((N_GOODS, *policy.tariff_shift.shape))
    shift[sector] = policy.tariff_shift
    country = policy.country_content[sector]
    in_country = np.zeros((len(REGIONS), len(policy.regimes)), np.bool_)
    in_country[:N_HOSTS] = country > 0
    return FurtherRules(
        high_wage_weights=high.astype(np.float32),
        own_high_wage=own_high_wage(calibration, conditions, policy)[sector].astype(np.float32),
        labour=policy.labour_value_content,
        category=policy.metals_content,
        # Without a tariff shift rule the allowance is set to 1, so that the rule is slack.
        de_minimis=np.where(policy.tariff_shift > 0, policy.de_minimis, 1.0),
        in_category=np.arange(N_GOODS) == METALS,
        core=policy.core_parts_content,
        in_core=np.arange(N_GOODS) == PARTS,
        shift=shift,
        country=country.max(axis=0),
        in_country=in_country,
        own_country=(country > 0).astype(np.float32),
    )
