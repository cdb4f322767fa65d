"""Opportunities to build: drawn, held for some quarters, used when that beats waiting.

With probability ``hazard`` a quarter a firm comes upon an opportunity. It has luck ``e(c')`` with
each set ``c'`` that it could build and ``e(0)`` with going on as it is, all Gumbel of scale
``noise``. The opportunity is for the set of which the gain in the regime in force is largest, luck
included, and its luck is ``e(c') - e(0)``. The firm holds that one set and that one number
until it builds, comes upon something worth more to it, its plants change, or the opportunity
passes, which it does with probability ``1 - stay`` a quarter.

The largest of Gumbel draws says nothing about which of them it is. So with ``a(c')`` the gain
without luck and ``S = noise * log sum exp(a / noise)``, the set is ``c'`` with probability
``exp((a(c') - S) / noise)`` and its gain ``S`` plus a logistic draw of scale ``noise``, whichever
set it is. It is used at once where luck is at least ``x(c')``
(`abm.core.opportunities.waiting`), with probability

    exp((a(c') - S) / noise) / (1 + exp((a(c') + x(c') - S) / noise)).

Without anything to wait for ``x = -a``, and this is ``exp(a(c')) / (1 + sum exp(a))`` at
``noise = 1``: nested logit, going on being worth what the firm is worth without an
opportunity. A firm that holds one already, worth ``W`` to it, exchanges it for a new one
that is worth more, so that the gain of one used at once must in addition exceed ``W``.

In one regime for ever nothing is held: what is not used at once is worth nothing.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import expit

from abm.core.choice.location import best_of_choices
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.sets import ABSENT, Booleans
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.waiting import Waiting


@dataclass(frozen=True)
class Held:
    """The opportunities that firms have.

    Attributes
    ----------
    target : ndarray of int, shape (firm,)
        The set that can be built, `ABSENT` where there is no opportunity.
    luck : ndarray, shape (firm,)
        In the units of ``gain``; 0 where there is none.
    """

    target: Indices
    luck: Floats

    @classmethod
    def none(cls, firms: int) -> Self:
        """Nobody has one."""
        return cls(np.full(firms, ABSENT), np.zeros(firms))

    @property
    def any(self) -> Booleans:
        """Who has one, shape (firm,)."""
        any_: Booleans = self.target != ABSENT
        return any_

    def only(self, where: Booleans) -> Self:
        """What some of the firms hold; the others hold nothing any more.

        Such as those whose opportunity did not pass and whose plants are the same.
        """
        return type(self)(np.where(where, self.target, ABSENT), np.where(where, self.luck, 0.0))

    def or_other(self, other: Self, where: Booleans) -> Self:
        """Some firms hold what is given instead."""
        return type(self)(
            np.where(where, other.target, self.target), np.where(where, other.luck, self.luck)
        )

    def take(self, firms: Indices | slice) -> Self:
        """That of some firms."""
        return type(self)(self.target[firms], self.luck[firms])


@dataclass(frozen=True)
class Building:
    """What some firms could build, and from which luck on they do so today.

    Attributes
    ----------
    gain : ndarray, shape (firm, config to, regime) or (quarter ahead, firm, config to, regime)
        As for `abm.core.opportunities.waiting.cutoffs`.
    cutoff : ndarray, shape (firm, config to)
        Luck from which on each set is built at once.
    waiting : Waiting
    regime : int
        The one in force.
    noise : float
        Scale of luck.
    """

    gain: Floats
    cutoff: Floats
    waiting: Waiting
    regime: int
    noise: float

    @classmethod
    def weighed(cls, gain: Floats, waiting: Waiting, regime: int, noise: float) -> Self:
        """With the cutoffs that are best for the firms."""
        return cls(gain, waiting.cutoffs(gain, regime), waiting, regime, noise)

    @property
    def today(self) -> Floats:
        """Gains in the regime in force, shape (firm, config to)."""
        by_quarter = self.gain.reshape(-1, *self.gain.shape[-3:])
        today: Floats = by_quarter[0, ..., self.regime]
        return today

    def take(self, firms: Indices | slice) -> Self:
        """The same for some firms."""
        return replace(
            self,
            gain=self.gain[..., firms, :, :],
            cutoff=self.cutoff[firms],
            waiting=self.waiting.take(firms),
        )

    def draw(self, gumbel: Floats) -> Held:
        """Opportunities that firms come upon.

        Parameters
        ----------
        gumbel : ndarray, shape (firm, config to + 1)
            Standard draws of luck with each set, and of luck with going on in the last place.

        Returns
        -------
        Held
            None for firms that can build nothing.
        """
        luck = self.noise * gumbel
        with_luck = self.today + luck[:, :-1]
        target = with_luck.argmax(axis=1)
        each = np.arange(len(target))
        drawn = Held(target, luck[each, target] - luck[:, -1])
        return drawn.only(with_luck[each, target] > -np.inf)

    def ready(self, held: Held) -> Booleans:
        """Which firms use what they hold today, shape (firm,)."""
        each = np.arange(len(held.target))
        ready: Booleans = held.any & (held.luck >= self.cutoff[each, held.target])
        return ready

    def worth(self, held: Held) -> Floats:
        """What opportunities are worth to firms over having none, shape (firm,)."""
        worth = np.zeros(len(held.target))
        who = np.flatnonzero(held.any)
        gain = self.gain[..., who, held.target[who], :]
        waiting = self.waiting.take(who)
        worth[who] = waiting.option_values(gain, held.luck[who], self.regime)
        return worth

    def after_draws(self, held: Held, drawn: Held) -> Held:
        """What firms hold once some have come upon an opportunity.

        Parameters
        ----------
        held : Held
            From before, as far as it did not pass.
        drawn : Held
            From `draw`, of those who came upon something.

        Returns
        -------
        Held
            Firms that are ready look no further; the others keep what is worth more to them, and
            nothing that is worth nothing. `ready` says who uses it at once.
        """
        owned, ready = self.worth(held), self.ready(held)
        who = np.flatnonzero(drawn.any & ~ready)
        better = np.zeros(len(owned), np.bool_)
        better[who] = self.take(who).worth(drawn.take(who)) > owned[who]
        return held.only(ready | (owned > 0)).or_other(drawn, better)

    def expected(self, held: Held, hazard: Floats | float) -> Floats:
        """Probability that each set is decided on this quarter.

        Parameters
        ----------
        held : Held
            Before the quarter's draws.
        hazard : float or ndarray, shape (firm,)
            Probability of coming upon an opportunity this quarter.

        Returns
        -------
        ndarray, shape (firm, config to)
            What `draw`, `after_draws` and `ready` give on average.
        """
        drawn = self.expected_of_a_draw(self.worth(held))
        expected: Floats = np.broadcast_to(hazard, len(drawn))[:, None] * drawn
        ready = np.flatnonzero(self.ready(held))
        expected[ready] = 0.0
        expected[ready, held.target[ready]] = 1.0
        return expected

    def expected_of_a_draw(self, worth: Floats | float = 0.0) -> Floats:
        """Probability that a firm which comes upon an opportunity builds each set at once.

        Parameters
        ----------
        worth : float or ndarray, shape (firm,)
            What the firm holds already is worth to it; 0 without an opportunity.

        Returns
        -------
        ndarray, shape (firm, config to)
        """
        today = self.today
        odds = np.zeros_like(today)
        who = np.flatnonzero((today > -np.inf).any(axis=1))
        best, shares = best_of_choices(today[who].T, self.noise)
        owned = np.broadcast_to(worth, len(today))[who]
        # Where a set cannot be built no luck is enough.
        possible = today[who] > -np.inf
        asked = np.full(possible.shape, np.inf)
        np.add(today[who], self.cutoff[who], out=asked, where=possible)
        asked = np.maximum(asked.T, owned)
        if self.noise == 0:
            enough = (best >= asked) & (best > owned)
        else:
            enough = expit((best - asked) / self.noise)
        odds[who] = (shares * enough).T
        return odds


def expected_moves(
    building: Floats, keeping: Floats, review: Floats | float, config: Indices
) -> Floats:
    """Probability of ending a quarter's decisions in favour of each set.

    Parameters
    ----------
    building : ndarray, shape (firm, config to)
        From `Building.expected`.
    keeping : ndarray, shape (firm, config to)
        Odds among parts of the present set at a review, in the regime in force, of
        `abm.core.choice.plant_values.MoveValues`.
    review : float or ndarray, shape (firm,)
        Probability of a review of plants that stand, by firms that build nothing.
    config : ndarray of int, shape (firm,)
        Where firms stand.

    Returns
    -------
    ndarray, shape (firm, config to)
        Sums to one.
    """
    rest = 1 - building.sum(axis=1)
    reviews = rest * review
    moves: Floats = building + reviews[:, None] * keeping
    moves[np.arange(len(config)), config] += rest - reviews
    return moves
