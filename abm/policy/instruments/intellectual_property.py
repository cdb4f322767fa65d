"""Intellectual property: what protection and licences cost those who produce away from home."""

from abm.axes import HOSTS
from abm.config.settings import MostlyShare, Settings, setting
from abm.policy.arrays import RegimeArrays


def _royalty(host: str) -> MostlyShare:
    royalty: MostlyShare = setting(
        0.0,
        unit="share of labour and capital cost",
        meaning=f"royalties and losses of know-how borne in {host} by firms from elsewhere,"
        " beyond those of the calibration year",
        source="none beyond the calibrated ones",
    )
    return royalty


class IntellectualProperty(Settings):
    """Royalty burden by host, for firms that are not at home there."""

    USA: MostlyShare = _royalty("the USA")
    MEX: MostlyShare = _royalty("Mexico")
    CAN: MostlyShare = _royalty("Canada")


def fill_intellectual_property(burden: IntellectualProperty, regime: RegimeArrays) -> None:
    """Write the royalty share by host into ``regime``."""
    regime.royalty[:] = [getattr(burden, host) for host in HOSTS]
