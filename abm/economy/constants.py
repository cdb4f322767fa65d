"""Constants of the calibration year, which make it a rest point.

Words such as access, fringe and rest point are defined in ``docs/glossary.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array


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
    access : ndarray, shape (sector, region, use, market)
        How well a host, or a home abroad, reaches a market.
    fringe : ndarray, shape (sector, source, market)
        Consumers' spending on imports that no modelled firm makes, a quarter.
    imports : ndarray, shape (sector, source, market)
        The same with imports from the plants that modelled firms have at home abroad.
    expenditure : ndarray, shape (sector, market)
        Consumers' spending, duty included, a quarter.
    base_competition : ndarray, shape (sector, market)
        Appeal of all sellers at which consumers would pay the calibration year's price had all
        chosen anew.
    home_appeal : ndarray of float32, shape (home, market)
        Appeal of a firm to buyers by its nationality, 1 at home.
    other_use : ndarray, shape (input, source, market)
        Purchases at basic prices by users that are not modelled firms, a quarter.
    trade_margin : ndarray, shape (input, source, market)
        What traders earn on a good, fraction of basic value.
    base_input_duty : ndarray, shape (input, source, market)
        Duty on inputs in the calibration year, fraction of customs value.
    outside_duty : ndarray, shape (sector, source, market)
        Base-year duty on trade in which nothing can be claimed.
    base_cost_ratio : ndarray, shape (sector, host)
        Mean unit cost over that of freely chosen inputs in the calibration year:
        what meeting rules then cost.
    base_jobs : ndarray, shape (host,)
        Persons engaged in modelled sectors.
    base_presence : ndarray, shape (sector, host, market)
        Appeal of the calibration year's plants to buyers of inputs, at its costs.
    arriving : ndarray, shape (sector, home, host)
        Sunk cost of a plant abroad beside building it, quarters of profit on base-year sales.
    founding : ndarray, shape (sector, home)
        The same of founding a firm at home in North America.
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
    imports: Array
    expenditure: Array
    base_competition: Array
    home_appeal: NDArray[np.float32]
    other_use: Array
    trade_margin: Array
    base_input_duty: Array
    outside_duty: Array
    base_cost_ratio: Array
    base_jobs: Array
    base_presence: Array
    arriving: Array
    founding: Array
    conditions: Conditions
    largest_error: float
    iterations: int

    @property
    def source_shares(self) -> Array:
        """Where each input comes from at base-year prices, in the average firm's choice.

        Shape (sector, input, source, host), all inputs; sums to 1 over sources.
        """
        services = self.service_shares[:, self.competitiveness.shape[1] :]
        return np.concatenate([self.competitiveness, services], axis=1)

    @property
    def base_on_top(self) -> Array:
        """What buyers of inputs paid over basic prices, as a factor: margins and duty.

        Shape (input, source, market).
        """
        factor: Array = (1 + self.trade_margin) * (1 + self.base_input_duty)
        return factor

    @property
    def other_shares(self) -> Array:
        """The same for users that are not modelled firms, shape (input, source, market).

        Sums to 1 over sources, or to 0 where nothing is bought.
        """
        spending = self.other_use * self.base_on_top
        total = np.broadcast_to(spending.sum(axis=1, keepdims=True), spending.shape)
        shares: Array = np.divide(spending, total, out=np.zeros_like(spending), where=total > 0)
        return shares

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
