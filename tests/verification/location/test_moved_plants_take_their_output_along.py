"""Plants moved by hand take the production of inputs along, in the long run.

With the input-output table of 2017 and single-plant firms of equal size: a part of Mexico's
plants of every sector is put into the USA. Nothing else changes, prices least of all. Buyers
who have moved buy as US plants do, less often from Mexico, so a little more is lost than was
moved: 1.8 points at 29%, and 2.2 at 50%, the most.
"""

import numpy as np
import pytest

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, N_SECTORS, REGIONS
from abm.core.demand.presence import presence, present_weights, standing_appeal
from abm.economy.tables import load_economy

USA, MEX = REGIONS.index("USA"), REGIONS.index("MEX")
PLANTS = 100
"""Of each sector at each host; a hundredth of a host's plants are moved at a time."""

EXPONENT = 0.5


def purchases() -> tuple[np.ndarray, np.ndarray]:
    """Inputs of modelled sectors, (sector, input, source, host), and of others, without sector."""
    use = load_economy().intermediate_use
    by_firms = np.transpose(use[:, :, :N_HOSTS, :N_FOOTLOOSE], (3, 1, 0, 2))
    others = np.moveaxis(use.sum(axis=3), 0, 1).copy()
    others[:, :, :N_HOSTS] -= by_firms.sum(axis=0)
    return by_firms, others


SHAPE = (np.array([6.0]), EXPONENT)
"""Dispersion, and exponent."""


def whole(plants: np.ndarray) -> np.ndarray:
    """Edges of a single sector, to which all firms belong."""
    return np.array([0, len(plants)])


def presence_with(moved: float) -> np.ndarray:
    """Presence, shape (input, source, market), after a part of Mexico's plants has moved."""
    economy = load_economy()
    sales = np.moveaxis(economy.intermediate_use.sum(axis=3), 0, 1)[:N_FOOTLOOSE, :N_HOSTS]
    mass = economy.output[:N_HOSTS, :N_FOOTLOOSE].T / PLANTS
    home = np.repeat(np.arange(N_HOSTS), PLANTS)
    stands = home[:, None] == np.arange(N_HOSTS)
    after = stands.copy()
    going = home.searchsorted(MEX) + np.arange(round(moved * PLANTS))
    after[going, MEX], after[going, USA] = False, True
    alike = np.ones(stands.shape)
    found = np.ones((N_SECTORS, N_REGIONS, N_REGIONS))
    for sector in range(N_FOOTLOOSE):
        reach = (sales[sector] / (PLANTS * mass[sector])[:, None]) ** (1 / EXPONENT)
        size = np.repeat(mass[sector][home][:, None], N_REGIONS, axis=1)
        now, base = (
            standing_appeal(plants, alike, alike, size, reach[None], *SHAPE, whole(plants))
            for plants in (after, stands)
        )
        np.testing.assert_allclose(base[0], sales[sector], rtol=1e-12)
        found[sector, :N_HOSTS] = presence(now, base)[0]
    return found


def mexicos_loss(moved: float, buyers_move: bool) -> np.ndarray:
    """Part of Mexico's output of inputs that is lost: of each sector, and of all at the end."""
    by_firms, others = purchases()
    here = presence_with(moved)
    spending = by_firms.sum(axis=2, keepdims=True)
    if buyers_move:
        spending = spending.copy()
        spending[..., USA] += moved * spending[..., MEX]
        spending[..., MEX] *= 1 - moved
    shares, of_others = (
        np.divide(each, total, out=np.zeros_like(each), where=total > 0)
        for each in (by_firms, others)
        for total in [each.sum(axis=-2, keepdims=True)]
    )
    bought = (present_weights(shares, here[:, :, :N_HOSTS]) * spending).sum(axis=(0, 3))
    bought += (present_weights(of_others, here) * others.sum(axis=1, keepdims=True)).sum(axis=2)
    made, before = (
        np.append(output, output.sum())
        for output in (
            bought[:N_FOOTLOOSE, MEX],
            (by_firms.sum(axis=(0, 3)) + others.sum(axis=2))[:N_FOOTLOOSE, MEX],
        )
    )
    return 1 - made / before


@pytest.mark.parametrize("moved", [0.10, 0.29])
def test_plants_that_move_with_their_buyers_take_their_output_along(moved: float) -> None:
    loss = mexicos_loss(moved, buyers_move=True)
    assert abs(loss[-1] - moved) < 0.02
    # By sector it depends on where those buy who are moved.
    assert (np.abs(loss - moved) < 0.12).all()


def test_plants_that_leave_their_buyers_behind_take_less_along() -> None:
    assert 0.15 < mexicos_loss(0.29, buyers_move=False)[-1] < 0.27


def test_plants_where_they_always_were_leave_all_weights_as_they_are() -> None:
    here = presence_with(0.0)
    np.testing.assert_allclose(here, 1, rtol=1e-14)
    by_firms, _ = purchases()
    np.testing.assert_array_equal(present_weights(by_firms, np.ones_like(by_firms)), by_firms)


def test_spreading_plants_anew_makes_no_input_cheaper() -> None:
    by_firms, _ = purchases()
    weights = present_weights(by_firms, presence_with(0.6)[:, :, :N_HOSTS])
    np.testing.assert_allclose(weights.sum(axis=2), by_firms.sum(axis=2), rtol=1e-12)


def test_a_region_that_becomes_dearer_as_a_whole_keeps_its_presence() -> None:
    """The appeal at today's costs, dearness taken out, is the appeal at base-year costs."""
    rng = np.random.default_rng(2)
    sigma, dearer = 4.0, 1.2
    plants = np.eye(N_HOSTS, dtype=bool)[rng.integers(0, N_HOSTS, 50)]
    cost, suitability = rng.uniform(0.8, 1.2, (2, 50, N_HOSTS))
    mass, access = rng.pareto(1.06, (50, N_REGIONS)), rng.uniform(0, 1, (1, N_HOSTS, N_REGIONS))
    shape = (np.array([2 * (sigma - 1)]), EXPONENT, whole(plants))
    base = standing_appeal(plants, cost, suitability, mass, access, *shape)
    now = standing_appeal(plants, dearer * cost, suitability, mass, access, *shape)
    np.testing.assert_allclose(now * dearer ** (sigma - 1), base, rtol=1e-12)


def test_a_host_that_loses_its_last_plant_is_no_source_and_sisters_take_over_in_part() -> None:
    both = np.array([[True, True, False]])
    alone = np.array([[True, False, False]])
    alike, mass = np.ones((1, N_HOSTS)), np.ones((1, N_REGIONS))
    access = np.ones((1, N_HOSTS, N_REGIONS))
    base = standing_appeal(both, alike, alike, mass, access, *SHAPE, whole(both))
    now = standing_appeal(alone, alike, alike, mass, access, *SHAPE, whole(alone))
    here = presence(now, base)[0]
    np.testing.assert_allclose(here[0], np.sqrt(2), rtol=1e-12)
    assert (here[1] == 0).all()
    assert (here[2] == 1).all()  # nobody stood there, and nothing was bought from there
    weights = np.full((1, N_HOSTS, N_REGIONS), 1 / 3)
    assert (present_weights(weights, 0 * weights) == 0).all()
