"""Laws of blocks of firms: sectors worked on together give what each gives alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.axes import N_FOOTLOOSE
from abm.core.layout import firm_last, first_last, some_firms
from abm.core.segments import products_by_segment
from abm.engine.blocks import ROWS_A_BLOCK, Block, blocks_among, firm_blocks, whole_sectors
from tests.strategies import seeds


class OnlySectors:
    """A firm table of which only the sectors matter."""

    def __init__(self, sizes):
        self.sector = np.repeat(np.arange(N_FOOTLOOSE, dtype=np.int8), sizes)

    def __len__(self):
        return len(self.sector)


sizes = st.lists(
    st.sampled_from([0, 1, 30, 700, 2048, ROWS_A_BLOCK + 1]),
    min_size=N_FOOTLOOSE,
    max_size=N_FOOTLOOSE,
).filter(any)


def check_blocks(found: list[Block], table: OnlySectors):
    """Blocks follow each other, cover all firms, and know where their sectors begin."""
    covered = np.concatenate([np.arange(block.rows.start, block.rows.stop) for block in found])
    np.testing.assert_array_equal(covered, np.arange(len(table)))
    for block in found:
        sectors = np.arange(N_FOOTLOOSE)
        of_firms = np.broadcast_to(block.of_each(sectors), len(block))
        np.testing.assert_array_equal(of_firms, table.sector[block.rows])


@given(sizes)
def test_blocks_cover_every_firm_once_and_know_its_sector(many):
    table = OnlySectors(many)
    check_blocks(firm_blocks(table), table)
    check_blocks([block for block in whole_sectors(table) if len(block)], table)


@given(sizes, seeds)
def test_blocks_of_some_firms_know_whose_sector_is_whose(many, rng):
    table = OnlySectors(many)
    rows = np.flatnonzero(rng.random(len(table)) < rng.choice([0.0, 0.01, 0.5]))
    found = blocks_among(table, rows)
    covered = [rows[places] for places, _ in found]
    np.testing.assert_array_equal(np.concatenate(covered) if covered else rows, rows)
    for _, firms in found:
        own = np.broadcast_to(firms.of_each(np.arange(N_FOOTLOOSE)), len(firms.rows))
        np.testing.assert_array_equal(own, table.sector[firms.rows])
        places = np.flatnonzero(rng.random(len(firms.rows)) < 0.3)
        own = np.broadcast_to(firms.take(places).of_each(np.arange(N_FOOTLOOSE)), len(places))
        np.testing.assert_array_equal(own, table.sector[firms.rows[places]])


@given(seeds, st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_products_of_segments_are_sums_over_their_rows(rng, lengths):
    edges = np.cumsum([0, *lengths])
    left, right = rng.normal(size=(2, 3, edges[-1])), rng.normal(size=(2, edges[-1], 4))
    found = products_by_segment(left, right, edges)
    for segment, (start, stop) in enumerate(pairwise(edges)):
        summed = np.einsum("pfr,prc->pfc", left[..., start:stop], right[:, start:stop])
        np.testing.assert_allclose(found[segment], summed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("regimes", [slice(None), slice(0, 1), 1])
def test_some_firms_are_the_rows_asked_for_whatever_the_layout(regimes):
    rng = np.random.default_rng(1)
    array = firm_last((50, 3, 2), np.float64, 0.0)
    array[:] = rng.normal(size=array.shape)
    rows = np.flatnonzero(rng.random(50) < 0.3)
    part = array[..., regimes]
    np.testing.assert_array_equal(some_firms(part, rows), part[rows])
    assert first_last(some_firms(part, rows)).flags.c_contiguous
    assert len(some_firms(part, rows[:0])) == 0
