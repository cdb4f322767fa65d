"""What is read from few products is discounted by its noise, and what is read is never doubted."""

import numpy as np
import pandas as pd
import pytest

from abm.axes import FOOTLOOSE, HOSTS, PARTNERS
from abm.base_year.population import fitted_can_qualify
from experiments.fit.claim_curves import (
    PlateauReading,
    Pool,
    claim_curve,
    claimed_at_low_rates,
    curve_of,
    has_reading,
    noise_by_cell,
    products_that_count,
)


def test_products_count_by_how_evenly_they_are_traded():
    assert products_that_count(np.full(8, 3.0)) == pytest.approx(8)
    assert products_that_count(np.array([1e9, 1.0, 1.0])) == pytest.approx(1, abs=1e-6)


def test_one_product_tells_less_than_many():
    noise = noise_by_cell()
    assert noise["vehicle_parts", "MEX"] > 10 * noise["textiles_apparel", "MEX"]
    assert min(noise.values()) > 0


def test_every_curve_that_is_read_says_how_noisily():
    curve = claim_curve()
    for (sector, partner), bands in curve.groupby(["sector", "partner"]):
        assert bands["noise"].nunique() <= 1
        assert not has_reading(bands) or bands["noise"].notna().all(), (sector, partner)


def drawn(cells: int, mean: float, spread: float) -> tuple[np.ndarray, list[PlateauReading]]:
    """Parts that can qualify, and what is read of them with noise of all sizes."""
    rng = np.random.default_rng(5)
    parts = mean + spread * rng.standard_normal(cells)
    noise = rng.uniform(0.0, 4 * spread**2, cells)
    seen = parts + np.sqrt(noise) * rng.standard_normal(cells)
    return parts, [PlateauReading(*pair) for pair in zip(seen, noise, strict=True)]


def test_readings_moved_to_their_mean_come_closer_than_readings_or_mean_alone():
    parts, readings = drawn(4_000, 0.7, 0.06)
    pool = Pool.of(readings)
    assert pool.mean == pytest.approx(0.7, abs=0.005)
    assert np.sqrt(pool.variance) == pytest.approx(0.06, rel=0.1)

    def error(guess):
        return float(np.mean((np.asarray(guess) - parts) ** 2))

    moved = error([pool.moved(reading) for reading in readings])
    assert moved < 0.75 * error([reading.part for reading in readings])
    assert moved < 0.75 * error(pool.mean)


def test_what_is_read_without_noise_is_kept_and_a_noisy_all_is_not():
    pool = Pool.of([PlateauReading(0.7, 0.0), PlateauReading(0.9, 0.0), PlateauReading(1.0, 0.04)])
    assert pool.moved(PlateauReading(0.7, 0.0)) == 0.7
    assert pool.mean < pool.moved(PlateauReading(1.0, 0.04)) < 1
    same = Pool.of([PlateauReading(0.8, 0.0), PlateauReading(0.8, 0.0)])
    assert same.variance == 0
    assert same.moved(PlateauReading(0.8, 0.0)) == pytest.approx(0.8)


def test_no_sector_and_partner_can_qualify_with_all_its_goods_or_with_less_than_it_claims():
    curve, parts = claim_curve(), pd.DataFrame(fitted_can_qualify(), FOOTLOOSE, HOSTS)
    assert (parts < 1).all(axis=None)
    for sector in FOOTLOOSE:
        for host in PARTNERS:
            least = claimed_at_low_rates(curve_of(curve, sector, host))
            assert parts.loc[sector, host] >= least - 1e-4  # stored to four digits
