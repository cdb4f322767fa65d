"""The yardstick: the same firms as Mesa agents that each do their own sums.

What a researcher would write first, and with care: every firm is an agent with its
numbers in lists, and works out its costs, its content rule and its claims in plain
Python, one host and one regime after the other. No array is touched while agents
act. It gives the numbers of the vectorized model, which a test holds it to, and so
says what vectorizing gains.
"""

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

from abm.axes import HOSTS, USA
from abm.core.demand.claims import Claim
from abm.core.inputs.buyers import (
    ORIGINATING,
    ORIGINATING_BEFORE_DUTY,
    OTHER,
    OTHER_BEFORE_DUTY,
)
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE
from abm.model import RelocationModel
from abm.trade.borders.crossing import MEMBER_PAIRS
from abm.verify.costs import Cost, Mix, Numbers, cheapest_compliant, free_mix
from benchmarks.rivals.inputs_in_use import inputs_in_use

MEX = HOSTS.index("MEX")


@dataclass(frozen=True)
class SectorTerms:
    """What the firms of one sector face, as nested lists.

    Attributes
    ----------
    weights : list
        By host, regime and input: three lists over sources, for originating parts,
        others, and others before duty.
    signed : list
        Weights under which running contracts were signed, by host and input; they hold in
        the last regime, which is that in force at contracts.
    theta : list
        By input.
    bill : list
        Cost per unit of output in the calibration year, by host and input.
    services : list
        By host and regime.
    threshold : list
        Content asked for, by product line and regime; 0 where there is no rule.
    """

    weights: list[list[list[list[Numbers]]]]
    signed: list[list[Numbers]]
    theta: Numbers
    bill: list[Numbers]
    services: list[Numbers]
    threshold: list[Numbers]


@dataclass(frozen=True)
class BorderRules:
    """Duties and rules at one border for one sector, every list by regime."""

    fee: float
    special: Numbers
    waivable: list[bool]
    preference: list[bool]
    audit: Numbers
    penalty: Numbers
    border_tax: Numbers


class NaiveFirm(mesa.Agent):
    """A manufacturer that works everything out for itself."""

    def __init__(self, model: "NaiveModel", **state: Any) -> None:
        super().__init__(model)
        self.sector: int = state["sector"]
        self.line: int = state["line"]
        self.affinity: list[Numbers] = state["affinity"]
        self.origin_share: Numbers = state["origin_share"]
        self.base_potential: list[Numbers] = state["base_potential"]
        self.value_added: Numbers = state["value_added"]
        self.product_duty: list[Numbers] = state["product_duty"]
        self.paperwork: Numbers = state["paperwork"]
        self.can_qualify: Numbers = state["can_qualify"]
        self.reluctance: float = state["reluctance"]
        self.exposed: bool = state["exposed"]
        self.costs = [
            [Cost(log_wedge=wedge) for wedge in at_host] for at_host in state["log_wedge"]
        ]
        self.claims: dict[tuple[int, int], list[Claim]] = {}
        self.rest_claims: dict[tuple[int, int], list[Claim]] = {}
        self.border_costs: dict[tuple[int, int], Numbers] = {}

    def solve_free_costs(self) -> None:
        """Cost and content at every host under every regime, inputs chosen freely."""
        terms = self.model.terms[self.sector]
        for host, at_host in enumerate(self.costs):
            for regime, result in enumerate(at_host):
                mix = self._free_mix(terms, host, regime)
                result.free_cost, result.free_content = mix.cost, mix.content

    def solve_costs(self) -> None:
        """The same, and what it costs to meet the content rule where it binds."""
        terms = self.model.terms[self.sector]
        for host, at_host in enumerate(self.costs):
            for regime, before in enumerate(at_host):
                mix = self._free_mix(terms, host, regime)
                result = Cost(compliant_cost=mix.cost)
                asked = terms.threshold[self.line][regime]
                if mix.content < asked:
                    result = cheapest_compliant(mix, terms.theta, asked, before.log_wedge)
                result.free_cost, result.free_content = mix.cost, mix.content
                at_host[regime] = result

    def _free_mix(self, terms: SectorTerms, host: int, regime: int) -> Mix:
        return free_mix(
            self.affinity,
            self.origin_share[host],
            self.base_potential[host],
            terms.weights[host][regime],
            terms.signed[host] if regime == len(self.costs[host]) - 1 else None,
            terms.theta,
            terms.bill[host],
            self.value_added[host] + terms.services[host][regime],
        )

    def claim_origin(self) -> None:
        """The cheapest way over every border under every regime."""
        for pair in MEMBER_PAIRS:
            rules = self.model.borders[self.sector][pair]
            regimes = range(len(self.costs[pair[0]]))
            of_part = [self._claim(rules, pair, regime, can=True) for regime in regimes]
            of_rest = [self._claim(rules, pair, regime, can=False) for regime in regimes]
            can = self.can_qualify[pair[0]]
            self.claims[pair] = [claim for claim, _ in of_part]
            self.rest_claims[pair] = [claim for claim, _ in of_rest]
            self.border_costs[pair] = [
                can * own + (1 - can) * rest
                for (_, own), (_, rest) in zip(of_part, of_rest, strict=True)
            ]

    def _claim(
        self, rules: BorderRules, pair: tuple[int, int], regime: int, *, can: bool
    ) -> tuple[Claim, float]:
        """Claim and cost of the part of its goods that can qualify, or of the rest."""
        host, partner = pair
        cost = self.costs[host][regime]
        special, waivable = rules.special[regime], rules.waivable[regime]
        waived = self.product_duty[host][partner] + rules.fee + (special if waivable else 0.0)
        unwaived = 0.0 if waivable else special
        if self.exposed:
            unwaived += rules.border_tax[regime]
        best, claim = cost.free_cost * (1 + waived + unwaived), Claim.PAYS
        border_cost = cost.free_cost
        if not rules.preference[regime]:
            return claim, border_cost
        honest = cost.compliant_cost * (
            1 + self.model.paperwork_scale[regime] * self.paperwork[host]
        )
        if can and honest * (1 + unwaived) < best:
            best, claim, border_cost = honest * (1 + unwaived), Claim.COMPLIES, honest
        asked = self.model.terms[self.sector].threshold[self.line][regime]
        meets_rule = can and cost.free_content >= asked
        if waived > 0 and not meets_rule:
            expected = rules.audit[regime] * (1 + rules.penalty[regime]) * waived
            false = cost.free_cost * (1 + expected) * (1 + unwaived) * (1 + self.reluctance)
            if false < best:
                claim, border_cost = Claim.CLAIMS_FALSELY, cost.free_cost * (1 + expected)
        return claim, border_cost


class NaiveModel(mesa.Model):
    """Some firms of a vectorized model in the middle of a quarter, as plain agents.

    Parameters
    ----------
    original : RelocationModel
        With its inputs priced; nothing of it is changed or kept.
    rows : ndarray of int, shape (firm,)
        The firms to copy.
    """

    def __init__(self, original: RelocationModel, rows: np.ndarray) -> None:
        super().__init__(rng=0)
        self.terms = sector_terms(original)
        self.borders = border_rules(original)
        self.paperwork_scale: Numbers = original.now.paperwork_scale.tolist()
        NaiveFirm.create_agents(self, len(rows), **firm_states(original, rows))

    def step(self) -> None:
        """The two phases in which every firm works out its own position."""
        self.agents.do("solve_costs")
        self.agents.do("claim_origin")


def sector_terms(original: RelocationModel) -> list[SectorTerms]:
    """Prices and rules of every sector, out of arrays."""
    groups = [ORIGINATING, OTHER, OTHER_BEFORE_DUTY, ORIGINATING_BEFORE_DUTY]
    return [
        SectorTerms(
            weights=terms.weights[:, :, groups].transpose(3, 4, 0, 2, 1).tolist(),
            signed=np.transpose(terms.signed, (2, 0, 1)).tolist(),
            theta=terms.theta.tolist(),
            bill=terms.bill_of_materials.T.tolist(),
            services=terms.services.tolist(),
            threshold=terms.threshold[:, 0].tolist(),
        )
        for _, terms in inputs_in_use(original)
    ]


def border_rules(original: RelocationModel) -> list[dict[tuple[int, int], BorderRules]]:
    """Duties and rules of every sector at every border, out of arrays."""
    policy = original.now
    nothing = [0.0] * len(policy.regimes)
    return [
        {
            (host, partner): BorderRules(
                fee=MERCHANDISE_PROCESSING_FEE if partner == USA else 0.0,
                special=policy.special_duty[sector, host, partner].tolist(),
                waivable=policy.special_waived[sector, host, partner].tolist(),
                preference=policy.preference[host, partner].tolist(),
                audit=policy.audit_rate[partner].tolist(),
                penalty=policy.penalty[partner].tolist(),
                border_tax=policy.border_tax.tolist() if (host, partner) == (MEX, USA) else nothing,
            )
            for host, partner in MEMBER_PAIRS
        }
        for sector in range(len(original.terms))
    ]


def firm_states(original: RelocationModel, rows: np.ndarray) -> dict[str, list[Any]]:
    """Everything a naive firm starts from, one list entry a firm."""
    table, used = original.firms, [inputs for inputs, _ in inputs_in_use(original)]
    materials = [used[sector] for sector in table.sector[rows]]
    potentials = zip(rows, materials, strict=True)
    return {
        "sector": table.sector[rows].tolist(),
        "line": table.line[rows].tolist(),
        "affinity": [
            table.affinity[row, inputs].tolist()
            for row, inputs in zip(rows, materials, strict=True)
        ],
        "origin_share": table.origin_share[rows].tolist(),
        "base_potential": [
            table.base_potential[row, inputs].T.tolist() for row, inputs in potentials
        ],
        # Without subsidies or rules on pay it is the same under every regime.
        "value_added": original.value_added[rows, :, 0].tolist(),
        "product_duty": table.product_duty[rows].tolist(),
        "paperwork": table.paperwork[rows].tolist(),
        "can_qualify": table.can_qualify[rows].tolist(),
        "reluctance": table.reluctance[rows].tolist(),
        "exposed": (table.moved_from_home & ~table.grandfathered)[rows].tolist(),
        "log_wedge": np.nan_to_num(original.costs.log_wedge[rows]).tolist(),
    }
