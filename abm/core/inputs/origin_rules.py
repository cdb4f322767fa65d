"""The cheapest mix of inputs that meets several rules of origin at once.

Parts of category ``k`` come in three groups: originating from plants that pay above
the wage line (`HIGH_WAGE`), other originating (`REGIONAL`), and non-originating
(`FOREIGN`). Where a content of one country is asked for, each of the first two is
split in what comes from elsewhere and what comes from there (`THERE`). With spending
``x[k, g]`` and net cost ``NC = other_cost + sum x``, and ``d = before_duty``, the rules
are linear in spending:

* content       ``sum_k d x[k, F] <= (1 - threshold) NC``
* labour        ``own_high_wage + sum_k x[k, H] >= labour NC``
* category      ``d x[k, F] <= (1 - category) (x[k, H] + x[k, R] + d x[k, F])``, summed over
  the categories it is about (steel and aluminium); and once more for others (core parts)
* tariff shift  ``sum_k shift[k] d x[k, F] <= de_minimis NC``
* country       ``own_country + sum_k x[k, T] >= country NC``, of parts that originate there

Write each as ``rule_c(x) <= 0`` and give it a multiplier ``m_c >= 0``. In the
Lagrangian a dollar spent on group ``g`` of ``k`` weighs

    w[k, H] = base - m_labour - m_category (1 - category) [k in category]
    w[k, R] = base            - m_category (1 - category) [k in category]
    w[k, F] = base + d (m_content + m_category category [k in category] + m_shift shift[k])
    base    = 1 - m_content (1 - threshold) + m_labour labour - m_shift de_minimis
              + m_country country

and ``m_country`` less in a group from there. Parts being Frechet, the firm that minimizes
the Lagrangian sources part by part at prices times these weights, so with free shares ``s``

    phi[k]   = sum_g s[k, g] w[k, g]**-theta
    x[k, g]  = spend[k] phi[k]**(-1/theta - 1) s[k, g] w[k, g]**(-theta - 1)

The least value of the Lagrangian, ``base * other_cost - m_labour own_high_wage -
m_country own_country + sum_k spend phi**(-1/theta)``, is concave in the multipliers; its
slope in ``m_c`` is ``rule_c(x)``. Its maximum over ``m >= 0`` is the solution: one multiplier
a rule, zero where the rule is slack. With the content rule alone the ratio ``w[F] / w[H]`` is
the wedge ``1 + multiplier * d`` of `abm.core.inputs.content_rules`.

Weights stay above zero. A rule that could only be met by paying more than need be for what
counts, a negative weight, counts as one that cannot be met.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats

HIGH_WAGE, REGIONAL, HIGH_WAGE_THERE, REGIONAL_THERE = range(4)
FOREIGN = -1
"""Content groups of a category's parts: foreign ones last, those of a country only if asked for."""

AT_HIGH_WAGES, THERE = slice(HIGH_WAGE, FOREIGN, 2), slice(HIGH_WAGE_THERE, FOREIGN)
"""The groups made at high wages, and those made in the country; the latter may be none."""

CONTENT, LABOUR, CATEGORY, SHIFT, COUNTRY, CORE = range(6)
"""The rules, in the order of the multipliers; that on core parts is a second one on categories."""

N_RULES = 6


@dataclass(frozen=True)
class OriginRules:
    """The rules that a product must meet; a rule whose parameter is 0 is always met.

    Attributes
    ----------
    threshold : ndarray, shape (entry,)
        Regional value content, share of net cost.
    labour : ndarray, shape (entry,)
        Cost at plants above the wage line, share of net cost, credits taken off.
    category : ndarray, shape (entry,)
        Originating share of purchases of the categories below.
    in_category : ndarray of bool, shape (input,)
        True for inputs that the category rule covers.
    shift : ndarray, shape (input, entry)
        Share of a category's parts that must originate, beyond the de minimis allowance.
    de_minimis : ndarray, shape (entry,)
        Value of foreign parts that the tariff shift rule allows, share of net cost.
    country : ndarray, shape (entry,)
        Cost that must arise in one country, share of net cost.
    core : ndarray, shape (entry,)
        As ``category``, of the categories below.
    in_core : ndarray of bool, shape (input,)
    """

    threshold: Floats
    labour: Floats
    category: Floats
    in_category: NDArray[np.bool_]
    shift: Floats
    de_minimis: Floats
    country: Floats
    core: Floats
    in_core: NDArray[np.bool_]

    def take(self, entries: NDArray[np.integer]) -> "OriginRules":
        """The rules of some entries."""
        return OriginRules(
            self.threshold[entries],
            self.labour[entries],
            self.category[entries],
            self.in_category,
            self.shift[:, entries],
            self.de_minimis[entries],
            self.country[entries],
            self.core[entries],
            self.in_core,
        )

    @property
    def on_categories(self) -> tuple[tuple[int, Floats, NDArray[np.bool_]], ...]:
        """The rules on categories: number, share asked for and the categories of each."""
        return (
            (CATEGORY, self.category, self.in_category[:, None]),
            (CORE, self.core, self.in_core[:, None]),
        )


@dataclass(frozen=True)
class Sourcing:
    """What firms would buy when free to choose.

    Attributes
    ----------
    spend : ndarray, shape (input, entry)
        Purchasers' value by category.
    shares : ndarray, shape (group, input, entry)
        Parts of it by content group, summing to 1: three groups, or five.
    before_duty : ndarray, shape (input, entry)
        Value before duty of a dollar of foreign parts.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.
    other_cost, own_high_wage : ndarray, shape (entry,)
        Value added and services; the firm's own cost that counts as high-wage.
    own_country : ndarray, shape (entry,)
        Its own cost that arises in the country of which a content is asked for.
    """

    spend: Floats
    shares: Floats
    before_duty: Floats
    theta: Floats
    other_cost: Floats
    own_high_wage: Floats
    own_country: Floats

    def take(self, entries: NDArray[np.integer]) -> "Sourcing":
        """The same for some entries, in double precision."""
        return Sourcing(
            self.spend[:, entries].astype(np.float64),
            self.shares[:, :, entries].astype(np.float64),
            self.before_duty[:, entries].astype(np.float64),
            self.theta.astype(np.float64),
            self.other_cost[entries].astype(np.float64),
            self.own_high_wage[entries].astype(np.float64),
            self.own_country[entries].astype(np.float64),
        )

    @property
    def free_spending(self) -> Floats:
        """Spending by group when no rule applies, shape (group, input, entry)."""
        spending: Floats = self.shares * self.spend
        return spending


def rule_excess(firms: Sourcing, rules: OriginRules, spending: Floats) -> Floats:
    """How far spending misses each rule, shape (rule, entry); at most 0 where it is met."""
    net_cost = firms.other_cost + spending.sum(axis=(0, 1))
    foreign = firms.before_duty * spending[FOREIGN]
    regional = spending[:FOREIGN].sum(axis=0)
    high_wage, there = (spending[groups].sum(axis=(0, 1)) for groups in (AT_HIGH_WAGES, THERE))
    excess = np.empty((N_RULES, net_cost.size))
    excess[CONTENT] = foreign.sum(axis=0) - (1 - rules.threshold) * net_cost
    excess[LABOUR] = rules.labour * net_cost - firms.own_high_wage - high_wage
    excess[SHIFT] = (rules.shift * foreign).sum(axis=0) - rules.de_minimis * net_cost
    excess[COUNTRY] = rules.country * net_cost - firms.own_country - there
    for rule, share, inside in rules.on_categories:
        excess[rule] = (inside * (share * foreign - (1 - share) * regional)).sum(axis=0)
    return excess


def weight_slopes(firms: Sourcing, rules: OriginRules) -> Floats:
    """Change of every weight with every multiplier, shape (rule, group, input, entry)."""
    slopes = np.zeros((N_RULES, *firms.shares.shape))
    foreign = firms.before_duty
    slopes[CONTENT] = -(1 - rules.threshold)
    slopes[CONTENT, FOREIGN] += foreign
    slopes[LABOUR] = rules.labour
    slopes[LABOUR, AT_HIGH_WAGES] -= 1
    for rule, share, inside in rules.on_categories:
        slopes[rule, :FOREIGN] = -(1 - share) * inside
        slopes[rule, FOREIGN] = share * foreign * inside
    slopes[SHIFT] = -rules.de_minimis
    slopes[SHIFT, FOREIGN] += rules.shift * foreign
    slopes[COUNTRY] = rules.country
    slopes[COUNTRY, THERE] -= 1
    return slopes


@dataclass
class Dual:
    """Value, slope and curvature of the dual at some multipliers, entry by entry."""

    firms: Sourcing
    rules: OriginRules
    slopes: Floats

    def weights(self, multipliers: Floats) -> Floats:
        """Weight of every group and category, shape (group, input, entry)."""
        weights: Floats = 1 + np.einsum("ce,cgke->gke", multipliers, self.slopes)
        return weights

    def spending(self, weights: Floats) -> tuple[Floats, Floats]:
        """Spending by group, and what a category costs at weighted prices."""
        shape = self.firms.theta[:, None]
        tilted = self.firms.shares * weights**-shape
        phi = tilted.sum(axis=0)
        perceived = self.firms.spend * phi ** (-1 / shape)
        return perceived / phi * tilted / weights, perceived

    def value(self, multipliers: Floats) -> tuple[Floats, Floats]:
        """Value, and the smallest weight; the value is undefined unless that weight is positive."""
        weights = self.weights(multipliers)
        smallest = weights.min(axis=(0, 1))
        _, perceived = self.spending(np.where(smallest > 0, weights, 1.0))
        return self.value_at(multipliers, perceived), smallest

    def value_at(self, multipliers: Floats, perceived: Floats) -> Floats:
        """Value, given what categories cost at weighted prices."""
        rules = self.rules
        base = (
            1
            - multipliers[CONTENT] * (1 - rules.threshold)
            + multipliers[LABOUR] * rules.labour
            - multipliers[SHIFT] * rules.de_minimis
            + multipliers[COUNTRY] * rules.country
        )
        own = multipliers[LABOUR] * self.firms.own_high_wage
        own += multipliers[COUNTRY] * self.firms.own_country
        value: Floats = base * self.firms.other_cost - own + perceived.sum(axis=0)
        return value

    def curvature(
        self, weights: Floats, spending: Floats, perceived: Floats, rules: list[int]
    ) -> Floats:
        """Second derivatives in the multipliers of some rules, shape (entry, rule, rule)."""
        bent = 1 + self.firms.theta[:, None]
        slopes = self.slopes[rules]
        along = np.einsum("cgke,gke->cke", slopes, spending)
        # A category on which nothing is spent has no curvature.
        per_dollar = np.divide(bent, perceived, out=np.zeros_like(perceived), where=perceived > 0)
        whole = np.einsum("cke,dke->ecd", along, along * per_dollar)
        each = np.einsum("cgke,dgke->ecd", slopes, slopes * (bent * spending / weights))
        curvature: Floats = whole - each
        return curvature

    def take(self, entries: NDArray[np.integer]) -> "Dual":
        """The same for some entries."""
        return Dual(self.firms.take(entries), self.rules.take(entries), self.slopes[..., entries])


def spending_at(firms: Sourcing, rules: OriginRules, multipliers: Floats) -> Floats:
    """Spending by content group at given multipliers, shape (group, input, entry)."""
    dual = Dual(firms, rules, weight_slopes(firms, rules))
    return dual.spending(dual.weights(multipliers))[0]
