"""Prices of licences under quotas: where imports are what may come in.

The price ``p`` of a licence is an ad valorem equivalent: buyers pay it on customs value beside
the duty. Imports fall in it, so that for each line and pair there is one price at which

    imports(p) <= quota,    0 <= p <= most,    p (quota - imports) = 0 below ``most``

Two ways to find it are here. Where imports can be worked out at any price at the cost of a
whole market, `LicenceSearch` takes Broyden's steps in logarithms: what came in at the prices that
were tried says how imports of each line fall in its own price and change with those of others, as
users of inputs pay the mean over lines. Where only flows at one price are known,
`price_by_hat` takes demand of constant elasticity from there, others' prices given, and halves
the interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GAP_LEFT = 1e-3
"""Relative gap between imports and quota that is left."""

FIRST = -2.0
"""First guess of the elasticity of imports to their price."""

LONGEST = 1.0
"""Of a step in the logarithm of a price."""

HALVINGS = 50
"""Of an interval below 10: to 1e-14."""


@dataclass
class LicenceSearch:
    """The search for prices of licences, all at once.

    Attributes
    ----------
    price : ndarray, shape (licence,)
        At which imports are looked at next.
    quota : ndarray, shape (licence,)
        Above 0.
    most : ndarray, shape (licence,)
    """

    price: Floats
    quota: Floats
    most: Floats

    def __post_init__(self) -> None:
        """Nothing is known yet but that a price lies between nothing and the most."""
        self.price = np.minimum(self.price, self.most)
        self.slope = FIRST * np.eye(len(self.price))
        self.before: tuple[Floats, Floats] | None = None

    def settled(self, imports: Floats) -> NDArray[np.bool_]:
        """Which prices need no other one, given imports at them."""
        excess = imports / self.quota - 1
        free, dearest = self.price <= 0, self.price >= self.most * (1 - 1e-12)
        near: NDArray[np.bool_] = np.abs(excess) <= GAP_LEFT
        return near | (free & (excess < 0)) | (dearest & (excess > 0))

    def learn(self, imports: Floats) -> None:
        """Go to the next price, knowing imports at this one."""
        at = np.log1p(self.price)
        excess = np.log(np.maximum(imports, 1e-12 * self.quota) / self.quota)
        if self.before is not None:
            run, rise = at - self.before[0], excess - self.before[1]
            if run.any():
                self.slope += np.outer(rise - self.slope @ run, run) / (run @ run)
        self.before = at, excess
        following = np.clip(at + self._step(at, excess), 0, np.log1p(self.most))
        self.price = np.minimum(np.expm1(following), self.most)

    def _step(self, at: Floats, excess: Floats) -> Floats:
        """Broyden's step, of prices that are not held at an end."""
        top = np.log1p(self.most)
        held = ((at <= 0) & (excess < 0)) | ((at >= top) & (excess > 0))
        free = np.flatnonzero(~held)
        step = np.zeros_like(at)
        slope = self.slope[np.ix_(free, free)]
        step[free] = np.linalg.lstsq(slope, -excess[free])[0]
        return np.clip(step, -LONGEST, LONGEST)


def imports_by_hat(value: Floats, share: Floats, elasticity: Floats, relative: Floats) -> Floats:
    """Imports once their price has changed, at basic values.

    Parameters
    ----------
    value, share : ndarray
        Before: imports, and their part of what buyers spend.
    elasticity : ndarray
        Of buyers' spending on one source to its price, above 0.
    relative : ndarray
        Price after over before.

    Returns
    -------
    ndarray
    """
    spent = relative**-elasticity
    imports: Floats = value * spent / relative / (1 - share + share * spent)
    return imports


# why: two uses, each with its own value, share and elasticity
def price_by_hat(
    final: tuple[Floats, Floats, Floats],
    inputs: tuple[Floats, Floats, Floats],
    before: Floats,
    duty: Floats,
    quota: Floats,
    most: Floats,
) -> Floats:
    """Prices of licences once all buyers have adapted, from flows at other prices.

    Parameters
    ----------
    final, inputs : tuple of ndarray, shape (licence,)
        Value, share and elasticity, as for `imports_by_hat`.
    before : ndarray, shape (licence,)
        What was paid on customs value beside it, licence included, as a factor.
    duty : ndarray, shape (licence,)
        What is to be paid without the licence, as a factor.
    quota, most : ndarray, shape (licence,)

    Returns
    -------
    ndarray, shape (licence,)
        Between 0 and ``most``.

    Examples
    --------
    Demand of unit elasticity, half of which may come in: the price doubles.

    >>> one, none = np.ones(1), np.zeros(1)
    >>> use, unused = (one, none, none), (none, none, none)
    >>> price_by_hat(use, unused, one, one, 0.5 * one, 5 * one).round(6).tolist()
    [1.0]
    """
    low, high = np.zeros_like(most), most.copy()

    def comes_in(price: Floats) -> Floats:
        relative = (duty + price) / before
        return imports_by_hat(*final, relative) + imports_by_hat(*inputs, relative)

    free = comes_in(low) <= quota
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = comes_in(middle) > quota
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.where(free, 0.0, np.where(comes_in(most) >= quota, most, (low + high) / 2))
