"""Laws of the supplier network, whatever the firms, the table and the moves."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS
from abm.engine.draws import Draws
from abm.trade.inputs.suppliers import IDLE, NOBODY, SupplierNetwork


@dataclass
class NetworkCase:
    """Firms, a table and a seed, as the network is built from them."""

    sector: np.ndarray
    plants: np.ndarray
    mass: np.ndarray
    shares: np.ndarray
    bom: np.ndarray
    draws: Draws
    links_per_category: int
    top_categories: int

    def network(self, rows: np.ndarray | None = None) -> SupplierNetwork:
        """The network, with firms listed in the order of ``rows`` if given."""
        order = slice(None) if rows is None else rows
        return SupplierNetwork.build(
            self.sector[order],
            self.plants[order],
            self.mass[order],
            self.shares,
            self.bom,
            self.draws,
            links_per_category=self.links_per_category,
            top_categories=self.top_categories,
            ids=rows,
        )

    def plants_after(self, moved_share: float) -> np.ndarray:
        """Plants after some firms opened, closed or left altogether."""
        rng = np.random.default_rng(self.draws.seed + 1)
        return self.plants ^ (rng.random(self.plants.shape) < moved_share)


@st.composite
def economies(draw) -> NetworkCase:
    """Few firms in few sectors, so that empty pools and lone makers are common."""
    seed = draw(st.integers(0, 2**32))
    n_firms, n_sectors = draw(st.integers(1, 60)), draw(st.integers(1, N_FOOTLOOSE))
    rng = np.random.default_rng(seed)
    table = (N_FOOTLOOSE, N_SECTORS, N_HOSTS)
    cost = rng.dirichlet(np.ones(N_SECTORS + 1), (N_FOOTLOOSE, N_HOSTS))[..., :N_SECTORS]
    # Shares near 0 and 1 are the rule at 0.2: many inputs come from one place only.
    shares = rng.dirichlet(np.full(N_REGIONS, draw(st.sampled_from([0.2, 1.0, 5.0]))), table)
    return NetworkCase(
        sector=rng.integers(0, n_sectors, n_firms),
        plants=rng.random((n_firms, N_HOSTS)) < draw(st.floats(0, 1)),
        mass=rng.pareto(0.5, n_firms) * (rng.random(n_firms) < draw(st.sampled_from([0.5, 1.0]))),
        shares=np.moveaxis(shares, -1, 2),
        bom=np.moveaxis(cost, 1, 2),
        draws=Draws(seed),
        links_per_category=draw(st.integers(1, 4)),
        top_categories=draw(st.integers(1, N_FOOTLOOSE)),
    )


fractions = st.floats(0, 1)


def assert_sound(network: SupplierNetwork, economy: NetworkCase, plants: np.ndarray) -> None:
    """Every link is possible and every share a share."""
    edges = network.edges()
    assert np.all(economy.sector[edges.supplier] == edges.category)
    assert np.all(plants[edges.supplier, edges.host])
    assert not np.any(edges.supplier == edges.buyer)
    makes = np.broadcast_to(plants.any(axis=1)[:, None, None], network.host.shape)
    np.testing.assert_array_equal(network.host == IDLE, ~makes)  # who makes nothing asks nobody
    np.testing.assert_array_equal(network.supplier == NOBODY, network.host < 0)
    assert network.host.min() >= IDLE
    links = network.links(plants)
    assert links.min() >= 0
    assert links.sum(axis=2).max() <= 1


@given(economies(), fractions, fractions)
def test_links_stay_possible_through_any_moves(economy, moved_share, share_per_quarter):
    network = economy.network()
    assert_sound(network, economy, economy.plants)
    plants = economy.plants_after(moved_share)
    for quarter in (1, 2):
        network.rewire(quarter, economy.draws, economy.shares, plants, share_per_quarter)
        assert_sound(network, economy, plants)


@given(economies(), fractions)
def test_links_never_exceed_what_is_bought_even_before_rewiring(economy, moved_share):
    network = economy.network()
    plants = economy.plants_after(moved_share)
    before, after = network.links(economy.plants), network.links(plants)
    assert np.all(after <= before)
    assert after.min() >= 0


@given(economies(), fractions, fractions, st.randoms(use_true_random=False))
def test_who_supplies_whom_does_not_depend_on_the_order_of_firms(
    economy, moved_share, share_per_quarter, random
):
    n_firms = economy.sector.size
    rows = np.array(random.sample(range(n_firms), n_firms))
    network, shuffled = economy.network(), economy.network(rows)
    plants = economy.plants_after(moved_share)
    for quarter in (1, 2):
        args = quarter, economy.draws, economy.shares
        network.rewire(*args, plants, share_per_quarter)
        shuffled.rewire(*args, plants[rows], share_per_quarter)
    by_id = np.where(shuffled.supplier == NOBODY, NOBODY, rows[shuffled.supplier])
    np.testing.assert_array_equal(by_id, network.supplier[rows])
    np.testing.assert_array_equal(shuffled.host, network.host[rows])
    np.testing.assert_array_equal(shuffled.weight, network.weight[rows])


@given(economies(), fractions, fractions)
def test_rewiring_touches_only_the_rows_it_reports(economy, moved_share, share_per_quarter):
    network = economy.network()
    before = network.supplier.copy(), network.host.copy()
    plants = economy.plants_after(moved_share)
    done = network.rewire(1, economy.draws, economy.shares, plants, share_per_quarter)
    untouched = np.setdiff1d(np.arange(economy.sector.size), done.rows)
    np.testing.assert_array_equal(network.supplier[untouched], before[0][untouched])
    np.testing.assert_array_equal(network.host[untouched], before[1][untouched])
    # Who made something and makes nothing any more drops all links, broken or not.
    ceased = np.count_nonzero(economy.plants.any(axis=1) & ~plants.any(axis=1))
    assert done.rows.size <= done.broken + done.swapped + ceased
    assert np.all(np.diff(done.rows) > 0)


@given(economies(), fractions, fractions)
def test_more_swaps_leave_the_draws_of_the_first_swappers_alone(economy, low, high):
    low, high = sorted((low, high))
    few, many = economy.network(), economy.network()
    done = few.rewire(1, economy.draws, economy.shares, economy.plants, low)
    more = many.rewire(1, economy.draws, economy.shares, economy.plants, high)
    assert set(done.rows.tolist()) <= set(more.rows.tolist())
    np.testing.assert_array_equal(few.supplier[done.rows], many.supplier[done.rows])
