"""How fast is the supplier network built, read and rewired?"""

import numpy as np

from abm.axes import N_HOSTS
from abm.trade.inputs.suppliers import SupplierNetwork
from benchmarks.measure import Measurement
from benchmarks.mid_quarter import MidQuarter


def sourcing(stopped: MidQuarter) -> tuple[np.ndarray, np.ndarray]:
    """Shares of sources and of inputs in 2017, as the model hands them to the network."""
    economy = stopped.model.economy
    use = np.transpose(economy.intermediate_use[:, :, :N_HOSTS], (3, 1, 0, 2))
    total = use.sum(axis=2, keepdims=True)
    shares = np.divide(use, total, out=np.zeros_like(use), where=total > 0)
    return shares, total[:, :, 0] / economy.output[:N_HOSTS].T[:, None]


def build(stopped: MidQuarter) -> SupplierNetwork:
    table, draws = stopped.model.firms, stopped.model.draws
    mass = table.size * table.weight
    return SupplierNetwork.build(table.sector, table.plants, mass, *sourcing(stopped), draws)


def test_building(benchmark, stopped):
    Measurement("network, built", stopped.firms, lambda: build(stopped), rounds=5).take(benchmark)


def test_links(benchmark, stopped):
    network, plants = build(stopped), stopped.model.firms.plants
    Measurement("network, links read", stopped.firms, lambda: network.links(plants)).take(benchmark)


def test_rewiring(benchmark, stopped):
    network, model = build(stopped), stopped.model
    shares, _ = sourcing(stopped)
    quarters = iter(range(1, 1000))

    def rewire() -> object:
        share = model.scenario.economy.rewire_per_year / 4
        return network.rewire(next(quarters), model.draws, shares, model.firms.plants, share)

    Measurement("network, a quarter's rewiring", stopped.firms, rewire).take(benchmark)
