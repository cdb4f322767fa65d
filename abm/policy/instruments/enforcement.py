"""Enforcement: how claims of origin are checked, and what they cost to make."""

from typing import Any

from abm.axes import HOSTS, REGIONS
from abm.config.settings import Number, Settings, Share, setting
from abm.policy.arrays import RegimeArrays


def _audit_rate(market: str) -> Any:
    return setting(
        0.05,
        unit="probability",
        meaning=f"chance that a claim of origin is audited on entry to {market}",
        source="assumption",
    )


def _penalty(market: str) -> Any:
    return setting(
        1.0,
        ge=0,
        le=100,
        unit="multiple of the duty",
        meaning=f"fine on a false claim found out on entry to {market}, beside the duty itself",
        source="assumption",
    )


class AuditRate(Settings):
    """Probability of an audit, by market."""

    USA: Share = _audit_rate("the USA")
    MEX: Share = _audit_rate("Mexico")
    CAN: Share = _audit_rate("Canada")


class Penalty(Settings):
    """Fine on a false claim, by market."""

    USA: Number = _penalty("the USA")
    MEX: Number = _penalty("Mexico")
    CAN: Number = _penalty("Canada")


class Enforcement(Settings):
    """What customs does about claims of origin."""

    audit_rate: AuditRate = AuditRate()
    penalty: Penalty = Penalty()
    paperwork_scale: Number = setting(
        1.0,
        ge=0,
        le=100,
        unit="1",
        meaning="cost of claiming origin against the calibrated one",
        source="1 by definition",
    )


def fill_enforcement(enforcement: Enforcement, regime: RegimeArrays) -> None:
    """Write audits, fines and paperwork into ``regime``; only members grant a preference."""
    for member in HOSTS:
        market = REGIONS.index(member)
        regime.audit_rate[market] = getattr(enforcement.audit_rate, member)
        regime.penalty[market] = getattr(enforcement.penalty, member)
    regime.paperwork_scale[...] = enforcement.paperwork_scale
