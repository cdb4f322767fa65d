"""The agreement itself: whether its members trade originating goods free of duty."""

from abm.axes import N_HOSTS
from abm.config.settings import Settings, setting
from abm.policy.arrays import RegimeArrays


class Agreement(Settings):
    """What members grant each other."""

    preference: bool = setting(
        True,
        unit="",
        meaning="whether originating goods move between members free of duty",
        source="NAFTA in 2017",
    )


def fill_agreement(agreement: Agreement, regime: RegimeArrays) -> None:
    """Write the preference between different members into ``regime``."""
    members = slice(N_HOSTS)  # regions begin with the hosts, who are the members
    regime.preference[members, members] = agreement.preference
    for member in range(N_HOSTS):
        regime.preference[member, member] = False  # goods at home cross no border
