"""What a firm expects to miss while the sales of a new plant build up.

Sales that will be ``R`` a quarter and reach them by a part ``speed`` of what is missing each
quarter, the first one included, are short by ``R * (1 - speed)**(t + 1)`` in quarter ``t``: in
present value by ``R * (1 - speed) / (1 - discount * (1 - speed))``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats


def quarters_lost(discount: float, *speeds: float) -> float:
    """Present value of sales missed while they build up, in quarters of what they will be.

    Parameters
    ----------
    discount : float
        Weight of the next quarter, at least 0 and below 1.
    *speeds : float
        Part of the gap that closes in a quarter, above 0 and up to 1. Of several, each follows
        what the one before it has reached: customers, say, follow a price that falls as sales
        are assigned to a new plant.

    Returns
    -------
    float
        ``(1 - speed) / (1 - discount * (1 - speed))`` for one speed; 0 where all are 1.

    Raises
    ------
    ValueError
        If a speed is not above 0 and up to 1, or the discount not between 0 and 1.
    """
    if not 0 <= discount < 1:
        raise ValueError(f"discount: {discount}; must be at least 0 and below 1")
    caught = 1.0
    for speed in speeds:
        if not 0 < speed <= 1:
            raise ValueError(f"speed: {speed}; must be above 0 and at most 1")
        caught *= speed / (1 - discount * (1 - speed))
    return (1 - caught) / (1 - discount)


@dataclass(frozen=True)
class BuildUp:
    """How fast sales build up, as a firm expects it.

    Attributes
    ----------
    win : float
        Part of buyers that chooses its supplier anew in a quarter.
    shift : float
        Part of a firm's sales that is assigned to its plants anew in a quarter.
    discount : float
        Weight of the next quarter.
    """

    win: float
    shift: float
    discount: float

    def quarters(
        self,
        has_plant: NDArray[np.bool_],
        final_part: Floats | float,
        served_from_home: bool = False,
    ) -> Floats:
        """Quarters of a new plant's sales that a firm expects to miss while they build up.

        Parameters
        ----------
        has_plant : ndarray of bool, shape (config, host)
            Plants of every set; there may be an empty one.
        final_part : float or ndarray, shape (sector,)
            Part of sales that is sold to final users; the rest is sold as inputs.
        served_from_home : bool
            Whether the firm has customers without any plant here.

        Returns
        -------
        ndarray, shape (sector, config, config) or (config, config)
            Present value of going from the first set to the second; 0 where nothing is opened.
            Inputs are sold by the plant, so that each new one starts without buyers. Final
            users are the firm's: it has to win them if it had no plant; if it keeps one, its
            customers follow as sales are assigned to the new one; if it exchanges all its
            plants they are served from the new ones at once.
        """
        opens = (~has_plant[:, None] & has_plant[None]).any(axis=2)
        none = (has_plant.sum(axis=1) == 0)[:, None]
        keeps = (has_plant[:, None] & has_plant[None]).any(axis=2)
        win = quarters_lost(self.discount, self.win)
        sister = quarters_lost(self.discount, self.shift, self.win)
        first = sister if served_from_home else win
        final = np.where(none, first, np.where(keeps | served_from_home, sister, 0))
        sold_to_final = np.asarray(final_part, np.float64)[..., None, None]
        lost: Floats = opens * (sold_to_final * final + (1 - sold_to_final) * win)
        return lost
