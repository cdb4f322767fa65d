"""How a quarter closes beyond manufacturing: exchange rates, households' income, jobs elsewhere."""

from dataclasses import dataclass, field

import numpy as np

from abm.axes import N_HOSTS, N_REGIONS
from abm.economy.tables import Array


@dataclass(frozen=True)
class Closing:
    """What households had in a quarter, at which exchange rates, and who works elsewhere.

    Attributes
    ----------
    exchange : ndarray, shape (region,)
        Real exchange rate, calibration year = 1.
    transfer : ndarray, shape (region,)
        What the treasury paid out to households beyond 2017, million USD; below zero where they
        paid for what it spends.
    income : ndarray, shape (region,)
        What households have to spend, in the money of their country, calibration year = 1.
    elsewhere : ndarray, shape (host,)
        Persons engaged outside the modelled sectors, calibration year = 1.
    """

    exchange: Array = field(default_factory=lambda: np.ones(N_REGIONS))
    transfer: Array = field(default_factory=lambda: np.zeros(N_REGIONS))
    income: Array = field(default_factory=lambda: np.ones(N_REGIONS))
    elsewhere: Array = field(default_factory=lambda: np.ones(N_HOSTS))
