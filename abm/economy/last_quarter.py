"""What a quarter inherits: calibrated constants and last quarter's outcomes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, N_REGIONS, N_SECTORS
from abm.economy.tables import Array


@dataclass(frozen=True)
class Certificates:
    """How deliveries of a sector's goods entered, host to member, under every regime.

    Buyers of inputs meet the average supplier, whose certificate of origin was
    filed a quarter before. All arrays have shape (sector, source, market, regime)
    and are shares of value, except ``duty``, a fraction of basic value.
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
    output : ndarray, shape (sector, source)
        Volume against the calibration year.
    qualified : ndarray, shape (material, host, regime)
        Share of a sector's output whose content meets its own rule.
    certificates : Certificates
    treasury : ndarray, shape (market,)
        Duty and fines collected in the quarter less subsidies paid, million USD.
    """

    wage: Array
    supply_price: Array
    output: Array
    qualified: Array
    certificates: Certificates
    treasury: Array

    @classmethod
    def of_base_year(cls, qualified: Array, certificates: Certificates) -> "Conditions":
        """All indices at one."""
        return cls(
            wage=np.ones(N_HOSTS),
            supply_price=np.ones((N_SECTORS, N_REGIONS)),
            output=np.ones((N_SECTORS, N_REGIONS)),
            qualified=qualified,
            certificates=certificates,
            treasury=np.zeros(N_REGIONS),
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


@dataclass(frozen=True)
class Calibration:
    """Constants that make the calibration year a rest point.

    Attributes
    ----------
    competitiveness : ndarray, shape (sector, material, source, host)
        Sourcing weight of a source at base-year prices; sums to 1 over sources.
    bill_of_materials : ndarray, shape (sector, input, host)
        Purchasers' cost of an input per unit of output, unit cost being about 1.
    service_shares : ndarray, shape (sector, input, source, host)
        Where each input came from in the calibration year.
    value_added_cost, labour_part, jobs_per_volume : ndarray, shape (sector, host)
        Labour and capital per unit of output, labour's part of it, and persons
        engaged per unit of quarterly output at average productivity.
    hourly_pay : ndarray, shape (sector, host)
        Compensation of labour, USD an hour; all sectors.
    margin : ndarray, shape (sector,)
        Profit share of sales.
    access : ndarray, shape (sector, host, use, market)
        How well a host reaches a market.
    fringe : ndarray, shape (sector, source, market)
        Consumers' spending on imports from regions without modelled firms, a quarter.
    expenditure : ndarray, shape (sector, market)
        Consumers' spending, duty included, a quarter.
    home_appeal : ndarray of float32, shape (home, market)
        Appeal of a firm to buyers by its nationality, 1 at home.
    other_use : ndarray, shape (input, source, market)
        Purchases at basic prices by users that are not modelled firms, a quarter.
    base_input_duty : ndarray, shape (input, source, market)
        Duty on inputs in the calibration year, fraction of basic value.
    outside_duty : ndarray, shape (sector, source, market)
        Base-year duty on trade in which nothing can be claimed.
    base_volume : ndarray, shape (sector, host)
        Output volume of a quarter of the calibration year.
    base_cost_ratio : ndarray, shape (sector, host)
        Mean unit cost over that of freely chosen inputs in the calibration year:
        what meeting rules then cost.
    base_jobs : ndarray, shape (host,)
        Persons engaged in modelled sectors.
    conditions : Conditions
        The calibration year, one regime.
    largest_error : float
        Worst relative miss of a targeted cell.
    iterations : int
        Rounds the fixed point took.
    """

    competitiveness: Array
    bill_of_materials: Array
    service_shares: Array
    value_added_cost: Array
    labour_part: Array
    jobs_per_volume: Array
    hourly_pay: Array
    margin: Array
    access: Array
    fringe: Array
    expenditure: Array
    home_appeal: NDArray[np.float32]
    other_use: Array
    base_input_duty: Array
    outside_duty: Array
    base_volume: Array
    base_cost_ratio: Array
    base_jobs: Array
    conditions: Conditions
    largest_error: float
    iterations: int

    def price_ratio(self, markup_scale: Array | float) -> Array:
        """Price over that of the calibration year at the same cost, shape (sector, ...).

        The part of the price above cost is scaled: 0 gives prices at cost.

        Parameters
        ----------
        markup_scale : float or ndarray, shape (regime,)
            Markup against the calibration year's.
        """
        ratio: Array = 1 + np.multiply.outer(self.margin, np.asarray(markup_scale) - 1)
        return ratio
