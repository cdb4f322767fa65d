"""The supplier network: how it is drawn, read, rewired and followed downstream."""

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS, REGIONS, SECTORS
from abm.engine.draws import Draws
from abm.trade.inputs.suppliers import NOBODY, SupplierNetwork, SupplierPools

CARS, PARTS, METALS = (FOOTLOOSE.index(name) for name in ("cars", "vehicle_parts", "metals"))
USA, MEX, CAN, CHN = (REGIONS.index(name) for name in ("USA", "MEX", "CAN", "CHN"))
N_FIRMS = 3_000


def shares_from(**by_source: float) -> np.ndarray:
    """The same sourcing shares for every sector, input and host."""
    shares = np.zeros((N_FOOTLOOSE, N_SECTORS, N_REGIONS, N_HOSTS))
    for name, share in by_source.items():
        shares[:, :, REGIONS.index(name)] = share
    return shares


def a_bom() -> np.ndarray:
    """Parts, then metals, then cars are the largest inputs of every sector."""
    bom = np.full((N_FOOTLOOSE, N_SECTORS, N_HOSTS), 0.01)
    bom[:, PARTS], bom[:, METALS], bom[:, CARS] = 0.3, 0.2, 0.1
    return bom


def some_firms(n_firms: int = N_FIRMS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sector, plants (often several) and mass of firms."""
    rng = np.random.default_rng(5)
    plants = rng.random((n_firms, N_HOSTS)) < 0.5
    plants[~plants.any(axis=1), 0] = True
    return rng.integers(0, N_FOOTLOOSE, n_firms), plants, rng.pareto(1.1, n_firms) + 1


def a_network(shares: np.ndarray, seed: int = 1, **options: int) -> SupplierNetwork:
    sector, plants, mass = some_firms()
    return SupplierNetwork.build(sector, plants, mass, shares, a_bom(), Draws(seed), **options)


def by_hand(n_firms: int, links: list[tuple[int, int, int, float]]) -> SupplierNetwork:
    """Links (supplier, buyer, host, weight) in parts, which are 40% of everybody's cost."""
    slots = (n_firms, 1, 2)
    network = SupplierNetwork(
        sector=np.full(n_firms, PARTS, dtype=np.int8),
        mass=np.arange(n_firms, 0, -1, dtype=float),
        category=np.full(slots[:2], PARTS, dtype=np.int8),
        cost_share=np.full(slots[:2], 0.4, dtype=np.float32),
        weight=np.zeros(slots, dtype=np.float32),
    )
    for supplier, buyer, host, weight in links:
        link = int(network.supplier[buyer, 0, 0] != NOBODY)
        network.supplier[buyer, 0, link] = supplier
        network.host[buyer, 0, link] = host
        network.weight[buyer, 0, link] = weight
    return network


NORTH_AMERICA = shares_from(USA=0.5, MEX=0.2, CAN=0.1, CHN=0.15, ROW=0.05)


def test_links_are_in_the_largest_footloose_inputs():
    bom = a_bom()
    bom[:, SECTORS.index("finance")] = 0.9
    sector, plants, mass = some_firms()
    network = SupplierNetwork.build(sector, plants, mass, NORTH_AMERICA, bom, Draws(1))
    assert np.all(network.category == [PARTS, METALS, CARS])
    np.testing.assert_allclose(network.cost_share, np.tile([0.3, 0.2, 0.1], (N_FIRMS, 1)))


def test_every_supplier_makes_the_input_where_the_link_says():
    sector, plants, _ = some_firms()
    edges = a_network(NORTH_AMERICA).edges()
    assert edges.buyer.size > N_FIRMS
    assert np.all(sector[edges.supplier] == edges.category)
    assert np.all(plants[edges.supplier, edges.host])
    assert not np.any(edges.supplier == edges.buyer)


def test_arrays_are_as_small_as_they_can_be():
    edges = a_network(NORTH_AMERICA).edges()
    kinds = [
        array.dtype.name
        for array in (edges.buyer, edges.category, edges.supplier, edges.host, edges.weight)
    ]
    assert kinds == ["int32", "int8", "int32", "int8", "float32"]


@pytest.mark.parametrize("links_per_category", [1, 2, 5])
def test_weights_of_one_input_sum_to_exactly_one(links_per_category):
    network = a_network(NORTH_AMERICA, links_per_category=links_per_category)
    assert network.weight.shape == (N_FIRMS, 3, links_per_category)
    assert np.all(network.weight.sum(axis=2) == 1)
    assert network.weight.min() >= 0


def test_what_comes_from_overseas_has_no_link():
    network = a_network(shares_from(CHN=0.6, ROW=0.4))
    assert network.edges().buyer.size == 0
    assert np.all(network.links(some_firms()[1]) == 0)


def test_regions_are_drawn_by_their_shares():
    network = a_network(NORTH_AMERICA)
    n_slots = network.host.size
    for place, share in enumerate((0.5, 0.2, 0.1)):
        found = np.count_nonzero(network.host == place) / n_slots
        # Five standard errors of a binomial share.
        assert abs(found - share) < 5 * np.sqrt(share * (1 - share) / n_slots)


def test_a_firm_with_two_plants_buys_as_their_average():
    shares = shares_from(CHN=1.0)
    shares[:, :, :, USA], shares[:, :, CHN, USA], shares[:, :, USA, USA] = 0.0, 0.0, 1.0
    sector, _, mass = some_firms()
    plants = np.tile([True, True, False], (N_FIRMS, 1))
    network = SupplierNetwork.build(sector, plants, mass, shares, a_bom(), Draws(1))
    served = np.count_nonzero(network.host == USA) / network.host.size
    assert abs(served - 0.5) < 5 * 0.5 / np.sqrt(network.host.size)


def test_suppliers_are_drawn_in_proportion_to_mass_and_never_oneself():
    mass = np.array([4.0, 1.0, 3.0, 2.0, 50.0])
    plants = np.tile([True, False, False], (5, 1))
    plants[2, MEX] = True  # its mass of 3 is shared by two plants
    plants[4] = [False, True, False]
    pools = SupplierPools(np.zeros(5, dtype=np.int8), mass, plants, np.arange(5))
    n_draws = 13_000
    luck = (np.arange(n_draws) + 0.5) / n_draws  # an even grid leaves no sampling error
    nobody_of_this_sector = np.zeros(n_draws, dtype=np.int8)

    def drawn(buyer):
        everyone = np.full(n_draws, buyer)
        found = pools.draw(everyone, nobody_of_this_sector, np.zeros(n_draws, np.int8), luck)
        return np.bincount(found, minlength=5) / n_draws

    np.testing.assert_allclose(drawn(4), np.array([4, 1, 1.5, 2, 0]) / 8.5, atol=2 / n_draws)
    np.testing.assert_allclose(drawn(0), np.array([0, 1, 1.5, 2, 0]) / 4.5, atol=2 / n_draws)
    np.testing.assert_allclose(drawn(2), np.array([4, 1, 0, 2, 0]) / 7.0, atol=2 / n_draws)
    np.testing.assert_allclose(drawn(3), np.array([4, 1, 1.5, 0, 0]) / 6.5, atol=2 / n_draws)


def test_the_only_maker_of_its_own_input_finds_nobody():
    network = SupplierNetwork.build(
        np.array([PARTS]),
        np.array([[True, True, True]]),
        np.ones(1),
        shares_from(USA=0.4, MEX=0.3, CAN=0.3),
        a_bom(),
        Draws(0),
    )
    assert network.edges().buyer.size == 0


def test_links_equal_a_plain_count_over_the_links_in_use():
    sector, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA, links_per_category=3)
    moved = plants ^ (np.random.default_rng(1).random(plants.shape) < 0.1)
    expected = np.zeros((sector.size, N_FOOTLOOSE, N_HOSTS))
    edges = network.edges()
    alive = moved[edges.supplier, edges.host]
    np.add.at(expected, (edges.buyer, edges.category, edges.host), edges.weight * alive)
    assert 0 < alive.mean() < 1
    np.testing.assert_array_equal(network.links(moved), expected.astype(np.float32))


def test_links_of_some_rows_are_those_rows_of_all():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    rows = np.array([5, 17, 2_000])
    np.testing.assert_array_equal(network.links(plants, rows), network.links(plants)[rows])


def test_nothing_is_rewired_when_no_plant_closed_and_nobody_swaps():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    before = network.supplier.copy()
    done = network.rewire(1, Draws(1), NORTH_AMERICA, plants, 0.0)
    assert (done.broken, done.swapped, done.rows.size) == (0, 0, 0)
    np.testing.assert_array_equal(network.supplier, before)


def test_links_to_closed_plants_break_and_find_a_maker_with_a_plant():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    moved = plants.copy()
    moved[:300] = [False, True, False]
    edges = network.edges()
    lost = ~moved[edges.supplier, edges.host]
    done = network.rewire(1, Draws(1), NORTH_AMERICA, moved, 0.0)
    assert done.broken == np.count_nonzero(lost) > 0
    assert done.swapped == 0
    np.testing.assert_array_equal(done.rows, np.unique(edges.buyer[lost]))
    after = network.edges()
    assert np.all(moved[after.supplier, after.host])


def test_the_asked_share_of_buyers_draws_one_link_again():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    before = network.supplier.copy()
    done = network.rewire(3, Draws(1), NORTH_AMERICA, plants, 0.2)
    assert done.broken == 0
    assert done.swapped == done.rows.size
    assert abs(done.swapped / N_FIRMS - 0.2) < 5 * np.sqrt(0.2 * 0.8 / N_FIRMS)
    changed = (network.supplier != before).reshape(N_FIRMS, -1).sum(axis=1)
    assert changed.max() == 1
    assert set(np.flatnonzero(changed)) <= set(done.rows.tolist())


def test_swaps_lead_to_the_regions_that_became_cheaper():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    cheaper_mexico = shares_from(USA=0.2, MEX=0.6, CAN=0.05, CHN=0.1, ROW=0.05)
    in_mexico = [np.count_nonzero(network.host == MEX)]
    for quarter in range(1, 9):
        network.rewire(quarter, Draws(1), cheaper_mexico, plants, 0.5)
        in_mexico.append(np.count_nonzero(network.host == MEX))
    assert np.all(np.diff(in_mexico) > 0)
    assert np.count_nonzero(network.host == NOBODY) < 0.2 * network.host.size


def test_the_mix_of_regions_stays_when_shares_stay():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    before = [np.count_nonzero(network.host == place) for place in range(N_HOSTS)]
    for quarter in range(1, 41):
        network.rewire(quarter, Draws(1), NORTH_AMERICA, plants, 0.5)
    after = [np.count_nonzero(network.host == place) for place in range(N_HOSTS)]
    # Both are binomial counts with the same mean: five standard errors of a difference.
    shares = np.array([0.5, 0.2, 0.1])
    allowed = 5 * np.sqrt(2 * shares * (1 - shares) * network.host.size)
    assert np.all(np.abs(np.subtract(after, before)) < allowed)


def test_only_rewired_rows_need_their_links_read_again():
    _, plants, _ = some_firms()
    network = a_network(NORTH_AMERICA)
    links = network.links(plants)
    moved = plants.copy()
    moved[::7] = ~moved[::7]
    done = network.rewire(1, Draws(1), NORTH_AMERICA, moved, 0.1)
    links[done.rows] = network.links(moved, done.rows)
    np.testing.assert_array_equal(links, network.links(moved))


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    first, again, other = (a_network(NORTH_AMERICA, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.supplier, again.supplier)
    np.testing.assert_array_equal(first.weight, again.weight)
    assert np.any(first.supplier != other.supplier)


def test_the_graph_joins_two_links_to_one_supplier():
    network = by_hand(4, [(0, 1, MEX, 0.25), (0, 1, USA, 0.5), (3, 2, CAN, 1.0)])
    graph = network.to_networkx()
    assert dict(graph.edges[0, 1]) == {
        "category": "vehicle_parts",
        "weight": 0.75,
        "hosts": "USA+MEX",
    }
    assert graph.edges[3, 2]["hosts"] == "CAN"
    assert graph.nodes[0] == {"sector": "vehicle_parts", "mass": 4.0}


def test_the_graph_shows_the_largest_firms_or_those_asked_for():
    network = by_hand(4, [(0, 1, USA, 1.0), (1, 3, USA, 1.0)])
    assert list(network.to_networkx(largest=2)) == [0, 1]
    chosen = network.to_networkx(np.array([3, 1]))
    assert list(chosen) == [3, 1]
    assert list(chosen.edges) == [(1, 3)]


def test_hosts_are_the_first_regions_as_the_network_assumes():
    assert REGIONS[:N_HOSTS] == HOSTS
    assert SECTORS[:N_FOOTLOOSE] == FOOTLOOSE
