"""What one regime says, as arrays: the blank form that instruments fill in."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, N_REGIONS, N_SECTORS

CELLS = (N_SECTORS, N_REGIONS, N_REGIONS)
"""Shape of what differs by sector, source and market."""


@dataclass
class RegimeArrays:
    """Every instrument of one regime; as made, free trade at no cost.

    Attributes
    ----------
    special_duty : ndarray, shape (sector, source, market)
        Duty on top of the most-favoured-nation rate, ad valorem.
    special_waived : ndarray of bool, shape (sector, source, market)
        Whether that duty is waived for goods claimed as originating.
    measures_waived, measures_fixed : ndarray, shape (sector, source, market)
        Duty of dated measures that a claim of origin avoids, and that is due in any case.
    preference : ndarray of bool, shape (source, market)
        Whether originating goods enter free of duty.
    content_threshold : ndarray, shape (sector,)
        Regional value content required, share of net cost; 0 where no rule holds.
    labour_value_content : ndarray, shape (sector,)
        Cost that must arise at plants above the wage line, share of net cost.
    wage_line : float
        USD an hour.
    metals_content : ndarray, shape (sector,)
        Originating share of metals that a product must be made of.
    tariff_shift : ndarray, shape (sector,)
        Share of inputs from the product's own sector that must originate.
    de_minimis : float
        Value of such inputs that is overlooked, share of net cost.
    cumulation : ndarray, shape (source,)
        Part of a region's goods that may count as originating.
    audit_rate : ndarray, shape (market,)
        Probability that a claim is audited.
    penalty : ndarray, shape (market,)
        Fine on a false claim found out, multiples of the duty.
    barrier : ndarray, shape (sector, source, market)
        Non-tariff barriers beyond those of the calibration year, ad valorem equivalent.
    paperwork_scale : float
        Cost of claiming against the calibration year's.
    markup_scale : float
        Markup against the calibration year's.
    subsidy : ndarray, shape (sector, host)
        Part of labour and capital cost that the host's treasury pays.
    foreign_advantage : ndarray, shape (sector, source)
        Part taken off the price of foreign goods by their states; 0 for members.
    royalty : ndarray, shape (host,)
        Royalties of firms that are not at home there, share of labour and capital cost.
    wage_floor : ndarray, shape (host,)
        Least hourly labour cost, USD of the calibration year.
    union_premium : ndarray, shape (host,)
        What bargaining adds to pay, share.
    border_tax : float
        Firm-specific tax on goods from new plants abroad, ad valorem.
    """

    special_duty: NDArray[np.float64] = field(default_factory=lambda: np.zeros(CELLS))
    special_waived: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(CELLS, dtype=bool))
    measures_waived: NDArray[np.float64] = field(default_factory=lambda: np.zeros(CELLS))
    measures_fixed: NDArray[np.float64] = field(default_factory=lambda: np.zeros(CELLS))
    preference: NDArray[np.bool_] = field(
        default_factory=lambda: np.zeros((N_REGIONS, N_REGIONS), dtype=bool)
    )
    content_threshold: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_SECTORS))
    labour_value_content: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_SECTORS))
    wage_line: float = 0.0
    metals_content: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_SECTORS))
    tariff_shift: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_SECTORS))
    de_minimis: float = 0.0
    cumulation: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_REGIONS))
    audit_rate: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_REGIONS))
    penalty: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_REGIONS))
    barrier: NDArray[np.float64] = field(default_factory=lambda: np.zeros(CELLS))
    subsidy: NDArray[np.float64] = field(default_factory=lambda: np.zeros((N_SECTORS, N_HOSTS)))
    foreign_advantage: NDArray[np.float64] = field(
        default_factory=lambda: np.zeros((N_SECTORS, N_REGIONS))
    )
    royalty: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_HOSTS))
    wage_floor: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_HOSTS))
    union_premium: NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_HOSTS))
    paperwork_scale: float = 1.0
    markup_scale: float = 1.0
    border_tax: float = 0.0
