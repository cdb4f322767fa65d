"""What a government sees when a quarter begins, and what it may do about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS
from abm.policy.regime import Instruments


@dataclass(frozen=True)
class Outlook:
    """Policy and outcomes as they stood when the last quarter ended.

    Attributes
    ----------
    quarter : int
        The quarter that begins.
    instruments : Instruments
        What the timeline says for this quarter.
    duty : ndarray, shape (part, sector, source, market)
        Duties beyond the most-favoured-nation rate that were levied last quarter;
        parts are `WAIVED` and `FIXED`.
    deficit : callable
        Regions to the US goods deficit with them over the last four quarters, and to
        that of the calibration year, million USD.
    jobs : dict of str to float
        Manufacturing jobs by member against the calibration year.
    luck : callable
        What is drawn, in a word, to a uniform number for each member: the same in
        every run with the seed, whatever else is drawn.
    """

    quarter: int
    instruments: Instruments
    duty: NDArray[np.float64]
    deficit: Callable[[Sequence[str]], tuple[float, float]]
    jobs: Mapping[str, float]
    luck: Callable[[str], NDArray[np.float64]]

    def chance(self, purpose: str, country: str) -> float:
        """Return a member's uniform number of this quarter for a purpose."""
        return float(self.luck(purpose)[HOSTS.index(country)])


@dataclass(frozen=True)
class Act:
    """What a government does in the quarter that begins, and why.

    Attributes
    ----------
    reason : str
        In words, for the table of events.
    changes : mapping of str to object
        New value of each dotted key, as an entry of a timeline would set it.
    hazard : float, optional
        Factor on the arrival of its threat from now on.
    """

    reason: str
    changes: Mapping[str, object] = field(default_factory=dict)
    hazard: float | None = None


type Rule = Callable[[str, Outlook], Iterable[Act]]
"""Member and outlook to what that member does."""
