"""The free cost in agentpy: one Python object a firm, called one after the other.

agentpy, like Mesa, asks a list of agents to act; what an agent does is plain Python
and here the very function of the naive model. So the two differ by their frameworks.
"""

import agentpy

from benchmarks.mid_quarter import MidQuarter, evenly_spread
from benchmarks.rivals.naive_model import Numbers, SectorTerms, firm_states, free_mix, sector_terms


class AgentpyFirm(agentpy.Agent):
    """A manufacturer with its numbers in lists."""

    def setup(self, states: dict, terms: list[SectorTerms]) -> None:
        row = self.id - 1
        sector = states["sector"][row]
        self.terms = terms[sector]
        self.affinity: list[Numbers] = states["affinity"][row]
        self.origin_share: Numbers = states["origin_share"][row]
        self.base_potential: list[Numbers] = states["base_potential"][row]
        self.value_added: Numbers = states["value_added"][row]
        self.free_costs: list[Numbers] = []

    def solve_free_costs(self) -> None:
        """Cost at every host under every regime, inputs chosen freely."""
        terms = self.terms
        self.free_costs = [
            [
                free_mix(
                    self.affinity,
                    self.origin_share[host],
                    self.base_potential[host],
                    weights,
                    terms.signed[host] if regime == len(terms.weights[host]) - 1 else None,
                    terms.theta,
                    terms.bill[host],
                    self.value_added[host] + terms.services[host][regime],
                ).cost
                for regime, weights in enumerate(terms.weights[host])
            ]
            for host in range(len(terms.bill))
        ]


class AgentpyModel(agentpy.Model):
    """Some firms of a vectorized model."""

    def setup(self) -> None:
        stopped: MidQuarter = self.p.stopped
        rows = evenly_spread(stopped.firms, self.p.firms)
        self.agents = agentpy.AgentList(
            self,
            len(rows),
            AgentpyFirm,
            states=firm_states(stopped.model, rows),
            terms=sector_terms(stopped.model),
        )

    def step(self) -> None:
        self.agents.solve_free_costs()


def agentpy_model(stopped: MidQuarter, firms: int) -> AgentpyModel:
    """A model ready to step, with some firms evenly spread over sectors and countries."""
    model = AgentpyModel({"stopped": stopped, "firms": firms})
    model.sim_setup(steps=1)
    return model
