"""What a quarter starts from: the outcomes of the last one."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, N_REGIONS, N_SECTORS
from abm.economy.tables import Array


@dataclass(frozen=True)
class Certificates:
    """How deliveries of a sector's goods entered, host to member, under every regime.

    Buyers of inputs pay the average duty of suppliers, as it follows from the claims of
    origin that these made in the quarter before. All arrays have shape (sector, source,
    market, regime) and are shares of value, except ``duty``, a fraction of basic value.
    """

    duty: Array
    claimed: Array
    dutiable: Array
    claimed_dutiable: Array
    false: Array

    @classmethod
    def unclaimed(cls, duty: Array) -> "Certificates":
        """Nothing claimed, every delivery at the given duty."""
        none = np.zeros_like(duty)
        return cls(duty, none, (duty > 0).astype(float), none, none)


@dataclass(frozen=True)
class Conditions:
    """Outcomes of one quarter that the next one takes as given.

    Attributes
    ----------
    wage : ndarray, shape (host,)
        Against the calibration year.
    supply_price : ndarray, shape (sector, source)
        Mean unit cost of a sector's output in a region against the calibration year.
    qualified : ndarray, shape (material, host, regime)
        Share of a sector's output whose content meets its own rule.
    certificates : Certificates
    treasury : ndarray, shape (market,)
        Duty and fines collected in the quarter less subsidies paid, million USD.
    exchange : ndarray, shape (region,)
        Real exchange rate against the calibration year: what a country's labour and all that is
        fixed in place there cost, over goods of China and the rest of the world, which have 1.
    """

    wage: Array
    supply_price: Array
    qualified: Array
    certificates: Certificates
    treasury: Array
    exchange: Array

    @classmethod
    def of_base_year(cls, qualified: Array, certificates: Certificates) -> "Conditions":
        """All indices at one."""
        return cls(
            wage=np.ones(N_HOSTS),
            supply_price=np.ones((N_SECTORS, N_REGIONS)),
            qualified=qualified,
            certificates=certificates,
            treasury=np.zeros(N_REGIONS),
            exchange=np.ones(N_REGIONS),
        )

    def during(self, regimes: slice | NDArray[np.int64]) -> "Conditions":
        """The same quarter for some regimes."""
        return replace(
            self,
            qualified=self.qualified[..., regimes],
            certificates=Certificates(
                **{name: array[..., regimes] for name, array in vars(self.certificates).items()}
            ),
        )

    def revised(
        self, regimes: slice | NDArray[np.int64], qualified: Array, certificates: Certificates
    ) -> "Conditions":
        """The same quarter with some regimes' claims and contents replaced."""
        whole = {name: array.copy() for name, array in vars(self.certificates).items()}
        for name, array in vars(certificates).items():
            whole[name][..., regimes] = array
        every = self.qualified.copy()
        every[..., regimes] = qualified
        return replace(self, qualified=every, certificates=Certificates(**whole))

    def with_regimes(self, qualified: Array, certificates: Certificates) -> "Conditions":
        """The same quarter seen under another set of regimes."""
        return replace(self, qualified=qualified, certificates=certificates)
