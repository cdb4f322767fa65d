"""A world under its own policy in which some responses stay those of another world.

A policy acts through the duties themselves and through nine responses: firms change their
claims of origin, they order parts elsewhere, all else is bought elsewhere, their customers
change seller, what is scarce grows dear, firms enter, exit and move plants, and wages and supply
prices adjust.
In a held world some responses are free, and the others are copied, quarter by quarter, from the
world it follows, which always steps first. If both worlds have the same policy, they are equal
byte for byte, whatever is held.

Held is

* ``claims``: the claims made at every border, where the policy still accepts them, and
  the rules, paperwork, audits and fines under which they are made;
* ``contracts``: which parts firms order where, paid for at the prices of this world;
* ``sources``: the same of services and of users of inputs that are not modelled firms; links
  to suppliers; and where firms would sign, as plans see it, chosen at the prices of the world
  followed and paid for at the prices of this one;
* ``customers``: who buys from whom, and from which of a firm's plants; the customers of plants
  that do not stand here go to the others;
* ``capacity``: what scarcity adds to the prices of plants that stand in both worlds, and what
  is built there; to the prices of others it adds nothing. Prices and customers are found
  together, so that this is held as long as customers are;
* ``entry``, ``exit``, ``moves``: where firms produce and build, as `abm.worlds.held_plants`
  tells them apart;
* ``prices``: wages, supply prices, exchange rates and the treasury's balance, as the next
  quarter starts from them.

When a regime becomes known, its first claims are always chosen freely, because the world
followed may not know that regime.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_GOODS, N_HOSTS, N_SECTORS
from abm.core.demand.capacity import Cleared
from abm.core.demand.claims import Claim, HeldClaims
from abm.core.inputs.repriced import reprice
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.economy.tables import Array
from abm.engine.blocks import sector_rows
from abm.engine.parallel import in_parallel
from abm.errors import ModelError
from abm.model import RelocationModel
from abm.policy.arrays import RULE_ARRAYS
from abm.policy.regimes import Policy
from abm.scenario.scenario import Scenario
from abm.trade.inputs.input_prices import buyers
from abm.trade.inputs.renewal import Supply
from abm.trade.sales.customers import HELD
from abm.trade.sales.scarcity import PlantsDemand
from abm.trade.sales.serving import Prospects, prospects
from abm.worlds.held_plants import (
    PLANT_CHOICES,
    expected_when_held,
    follow,
    grants_paid,
    joined_moves,
    out_of_step,
    what_differs,
    without_plants,
)
from abm.worlds.twin import Twin, check_twin

RESPONSES = ("claims", "contracts", "sources", "customers", "capacity", *PLANT_CHOICES, "prices")
"""What can be held."""

CLAIM_TERMS = (*RULE_ARRAYS, "wage_line", "audit_rate", "penalty", "paperwork_scale")
"""Arrays of the policy that decide whether a claim is allowed and what it costs."""

HANDED_ON = ("wage", "supply_price", "treasury", "exchange")
"""Fields of `Conditions` that are prices or that prices follow from."""


class HeldWorld(Twin):
    """A model of the same firms that takes some responses from another one.

    Parameters
    ----------
    followed : RelocationModel
        At quarter 0; it must take each step before this world does.
    scenario : Scenario
        Policy of this world.
    held : iterable of str
        Of `RESPONSES`.
    """

    def __init__(
        self, followed: RelocationModel, scenario: Scenario, held: Iterable[str] = ()
    ) -> None:
        check_twin(followed, scenario)
        self.followed = followed
        self.held: frozenset[str] = frozenset(held)
        unknown = sorted(set(self.held) - set(RESPONSES))
        if unknown:
            raise ValueError(f"held: {unknown[0]!r} is none of {', '.join(RESPONSES)}")
        if self.held.issuperset(PLANT_CHOICES):
            firms = scenario.firms.model_copy(update={"relocation": False})
            scenario = scenario.model_copy(update={"firms": firms})
        super().__init__(followed, scenario)
        self._know_who_is_in_step()

    def step(self) -> None:
        """One quarter, which the world followed has just finished.

        Raises
        ------
        ModelError
            If it is in another one: what is copied would be of another time.
        """
        if self.followed.quarter != self.quarter + 1:
            raise ModelError(
                f"the world followed is in quarter {self.followed.quarter}, must be in"
                f" {self.quarter + 1}: step it once before each step of a held world"
            )
        super().step()

    def _know_who_is_in_step(self) -> None:
        """Firms go their own way that have other plants than in the world followed."""
        self.own_way = out_of_step(self.firms, self.followed.firms)

    def _settle(self, live: NDArray[np.int64], kept: NDArray[np.int64]) -> None:
        held, self.held = self.held, frozenset()
        super()._settle(live, kept)
        self.held = held

    def _look_at(self, regimes: slice | NDArray[np.int64]) -> None:
        super()._look_at(regimes)
        if "claims" in self.held:
            theirs = self.followed.now.during(self._counterparts())
            terms = {name: getattr(theirs, name) for name in CLAIM_TERMS}
            self.now = replace(self.now, border_rules=theirs.border_rules, **terms)

    def _counterparts(self) -> NDArray[np.int64]:
        """The column of the world followed that stands for each one looked at here.

        For the regime in force it is the one in force there, for any other the same regime
        or, where that is not looked at there, again the one in force. What is at contracts
        here is so there.
        """
        theirs = self.followed
        known = np.arange(len(theirs.policy.regimes))[theirs.live]
        places = self.policy.places_in(theirs.policy)[self.live]
        found = known == places[:, None]
        counterparts = np.where(found.any(axis=1), found.argmax(axis=1), theirs.regime)
        counterparts[self.regime] = theirs.regime
        return np.append(counterparts, theirs.trade)

    def _supplies(self) -> tuple[Supply, Supply]:
        """Contracts, their own or those of the world followed, at the prices of this one."""
        of_sectors, of_others = super()._supplies()
        theirs, others = self.followed.supply, self.followed.other_supply
        held = np.repeat(
            ["contracts" in self.held, "sources" in self.held], [N_GOODS, N_SECTORS - N_GOODS]
        )
        of_sectors = replace(
            of_sectors, contracts=of_sectors.contracts.with_inputs(held, theirs.contracts)
        )
        if "sources" in self.held:
            of_sectors = replace(of_sectors, today=theirs.today)
            of_others = replace(others, price=of_others.price)
        return of_sectors, of_others

    def _terms_under(self, policy: Policy) -> list[InputTerms]:
        """What sectors meet; if sources are held, plans choose them at the followed prices."""
        terms = super()._terms_under(policy)
        if "sources" not in self.held or not self.trade:
            return terms
        theirs, regimes = self.followed, self._counterparts()[:-1]
        before_duty = (self.on_top / (1 + self.now.barrier))[..., :-1]
        before_duty /= (theirs.on_top / (1 + theirs.now.barrier))[..., regimes]
        here, there = self.weights[:, :N_GOODS, ..., :-1], theirs.weights[:, :N_GOODS, ..., regimes]
        factor = np.divide(there, here, out=np.ones_like(here), where=here > 0)
        return [
            _terms_as_weighed(of_sector, one, before_duty[:N_GOODS, :, :N_HOSTS])
            for of_sector, one in zip(terms, factor, strict=True)
        ]

    def solve_costs(self) -> None:
        """Unit costs; those that plans look at of held mixes if sources are."""
        super().solve_costs()
        if "sources" not in self.held or not self.trade:
            return
        adapted, change = slice(0, self.trade), self._price_change()
        self._reprice(self.terms, adapted, self.value_added, change, self.costs)
        for (host, _), own in self.border_costs.items():
            here, some = slice(host, host + 1), own.regimes[own.regimes < self.trade]
            self._reprice(
                own.terms,
                slice(0, len(some)),
                self.value_added[:, here][..., own.regimes],
                change[:, :, here][..., some],
                own.costs,
                host,
            )

    def _reprice(
        self,
        terms: list[InputTerms],
        adapted: slice,
        value_added: NDArray[np.float32],
        change: Array,
        costs: UnitCosts,
        host: int | None = None,
    ) -> None:
        """Add to costs under adapted regimes what held mixes cost more at new prices."""

        def of_sector(sector: tuple[slice, InputTerms]) -> None:
            rows, of = sector
            some = buyers(self.firms, rows)
            reprice(
                some if host is None else some.at(host),
                value_added[rows][..., adapted],
                of.during(adapted),
                change,
                costs.rows(rows).during(adapted),
            )

        in_parallel(of_sector, zip(sector_rows(self.firms), terms, strict=True))

    def _price_change(self) -> Array:
        """Price of goods over that of the world followed less one, once buyers have adapted.

        Returns an array of shape (input, source, host, regime).
        """
        theirs = self.followed.price[..., self._counterparts()[:-1]]
        change: Array = self.price[..., :-1] / theirs - 1
        return change[:N_GOODS, :, :N_HOSTS]

    def _held_claims(self) -> HeldClaims | None:
        """Claims of the world followed, where the policy accepts them, if claims are held."""
        if "claims" not in self.held:
            return super()._held_claims()
        accepted = self.now.preference[:N_HOSTS, :N_HOSTS]

        def where_accepted(claims: NDArray[np.int8]) -> NDArray[np.int8]:
            theirs = claims[..., self._counterparts()]
            return np.where(accepted, theirs, Claim.PAYS).astype(np.int8)

        claim, rest = self.followed.borders.claims
        return where_accepted(claim), where_accepted(rest)

    def _late_elsewhere(self) -> NDArray[np.bool_] | None:
        # Of few plants solved together with others the last bits differ.
        theirs = self.followed.transition
        return theirs.moving if "claims" in self.held and theirs is not None else None

    def relocate(self) -> None:
        """Projects and plants, their own or those of the world followed."""
        before = self.firms.plants.copy()
        super().relocate()
        held = self.held.intersection(PLANT_CHOICES)
        if not held:
            return
        firms, theirs = self.firms, self.followed
        assert self.moves is not None
        assert theirs.moves is not None
        assert self.expected_moves is not None
        assert theirs.expected_moves is not None
        if held.issuperset(PLANT_CHOICES):
            follow(firms, theirs.firms, np.ones(len(firms), np.bool_))
            self.moves, self.expected_moves = theirs.moves, theirs.expected_moves
            return
        for choice, otherwise in what_differs(firms, theirs.firms, before.any(axis=1)).items():
            if choice not in held:
                self.own_way |= otherwise
        follow(firms, theirs.firms, ~self.own_way)
        # Of those that go their own way and those that do not, all may close at once.
        stays = without_plants(firms, before)
        self.own_way &= ~stays
        follow(firms, theirs.firms, stays)
        if self.own_way.any():
            grants = grants_paid(firms, self.moving)
            self.moves = joined_moves(self.moves, theirs.moves, self.own_way, grants)
        else:
            self.moves = theirs.moves
        self.expected_moves = expected_when_held(self.expected_moves, theirs.expected_moves, held)
        self._know_who_is_in_step()

    def _prospects(self) -> Prospects:
        if "customers" not in self.held:
            return super()._prospects()
        quarter, theirs = self.this_quarter(), self.followed.customers
        return prospects(quarter, self.customers, HELD, self.trade, start=theirs)

    def _clear(self, demand: PlantsDemand) -> Cleared:
        """Prices of plants and what they would make, their own or those of the world followed."""
        if self.held.isdisjoint(("capacity", "customers")):
            return super()._clear(demand)
        theirs, both = self.followed, self._stand_in_both()
        u = np.ones_like(theirs.scarcity)
        np.copyto(u, theirs.scarcity, where=both)
        own = demand.cleared_at(u)
        np.copyto(own.wanted, theirs.cleared.wanted, where=both)
        return own

    def _opening(self, demand: PlantsDemand) -> Array:
        opening = super()._opening(demand)
        if not self.held.isdisjoint(("capacity", "customers")):
            theirs = self.followed.opening
            np.copyto(opening, theirs, where=self._stand_in_both() & (theirs > 0))
        return opening

    def _stand_in_both(self) -> NDArray[np.bool_]:
        both: NDArray[np.bool_] = self.firms.plants & self.followed.firms.plants
        return both

    def rewire_suppliers(self) -> None:
        """Links, their own or those of the world followed."""
        if "sources" not in self.held:
            super().rewire_suppliers()
        else:
            self.firms.affinity[:] = self.followed.firms.affinity

    def _pass_on(self) -> None:
        super()._pass_on()
        if "claims" in self.held:
            self.log_wedge_held = self.followed.log_wedge_held
        if "prices" in self.held:
            theirs = self.followed.conditions
            handed = {name: getattr(theirs, name) for name in HANDED_ON}
            self.conditions = replace(self.conditions, **handed)


def _terms_as_weighed(mine: InputTerms, factor: Array, before_duty: Array) -> InputTerms:
    """Terms with the sourcing weights of another world and the rules of this one.

    Parameters
    ----------
    mine : InputTerms
    factor : ndarray, shape (input, source, host, regime)
        Weights of sources there over those here, whatever of them counts as originating. The
        last regime, at contracts, is left out: contracts are held as such.
    before_duty : ndarray, shape (input, source, host, regime)
        One plus the duty here over one plus the duty there. It corrects the value before
        duty of parts that do not originate, from which the other world's duty is taken.
    """
    adapted = slice(0, factor.shape[-1])
    weights = mine.weights.copy()
    on_value = factor * before_duty
    weights[..., adapted] *= np.stack([factor, factor, on_value, on_value], axis=2)
    further = mine.further
    if further is not None:
        high = further.high_wage_weights.copy()
        high[..., adapted] *= factor
        further = replace(further, high_wage_weights=high)
    return replace(mine, weights=weights, further=further)
