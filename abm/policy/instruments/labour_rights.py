"""Labour rights: a floor under hourly pay, and what union bargaining adds to it."""

from abm.axes import HOSTS
from abm.config.settings import Number, Settings, setting
from abm.policy.arrays import RegimeArrays


def _floor(host: str) -> Number:
    floor: Number = setting(
        0.0,
        ge=0,
        le=200,
        unit="USD an hour",
        meaning=f"least hourly labour cost in {host}; lifts sectors that pay less",
        source="none binds on the average plant of a sector in 2017",
    )
    return floor


def _premium(host: str) -> Number:
    premium: Number = setting(
        0.0,
        ge=0,
        le=3,
        unit="share of the wage",
        meaning=f"what collective bargaining adds to pay in {host}, beyond the calibration year's",
        source="none beyond the calibrated one",
    )
    return premium


class WageFloor(Settings):
    """Least hourly labour cost, by host."""

    USA: Number = _floor("the USA")
    MEX: Number = _floor("Mexico")
    CAN: Number = _floor("Canada")


class UnionPremium(Settings):
    """Rise of pay through bargaining, by host."""

    USA: Number = _premium("the USA")
    MEX: Number = _premium("Mexico")
    CAN: Number = _premium("Canada")


class LabourRights(Settings):
    """What the law gives workers."""

    wage_floor: WageFloor = WageFloor()
    union_premium: UnionPremium = UnionPremium()


def fill_labour_rights(rights: LabourRights, regime: RegimeArrays) -> None:
    """Write floors and premiums by host into ``regime``."""
    regime.wage_floor[:] = [getattr(rights.wage_floor, host) for host in HOSTS]
    regime.union_premium[:] = [getattr(rights.union_premium, host) for host in HOSTS]
