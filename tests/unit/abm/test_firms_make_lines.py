"""Every firm makes a product of a line of its sector, and lines have their shares of sales."""

import numpy as np
import pytest

from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS, SECTORS, USA
from abm.base_year.population import draw_population
from abm.economy.tables import load_economy
from abm.engine.draws import Draws
from abm.scenario.firm_assumptions import FirmAssumptions

ECONOMY = load_economy()
LINES = ECONOMY.lines
MEX = HOSTS.index("MEX")


def population(firms, seed):
    return draw_population(ECONOMY, FirmAssumptions(), firms, Draws(seed))


def test_a_line_is_of_the_firms_sector_and_its_rates_are_the_firms():
    table = population(400, 3)
    assert np.array_equal(LINES.sector[table.line], table.sector)
    np.testing.assert_allclose(table.product_duty, LINES.rate[table.line], rtol=1e-6)
    assert (table.product_duty[:, range(N_HOSTS), range(N_HOSTS)] == 0).all()


def test_the_same_seed_gives_the_same_lines_and_another_seed_others():
    first, again, other = population(300, 1), population(300, 1), population(300, 2)
    assert np.array_equal(first.line, again.line)
    assert not np.array_equal(first.line, other.line)


def makers(table, home):
    """Rows and sales of the firms of each sector that stand and are at home there."""
    for sector in range(N_FOOTLOOSE):
        rows = np.flatnonzero((table.sector == sector) & (table.home == home) & table.founded)
        if len(rows):  # all car makers of Mexico are from abroad
            yield sector, rows, table.weight[rows] * table.size[rows]


@pytest.mark.parametrize("home", range(N_HOSTS))
def test_lines_have_their_shares_of_what_firms_of_a_home_sell(home):
    table, seen = population(20_000, 5), 0
    for sector, rows, sales in makers(table, home):
        found = np.bincount(table.line[rows], sales, len(LINES)) / sales.sum()
        wanted = np.where(LINES.sector == sector, LINES.share[:, home], 0)
        # A line begins and ends within a firm, so it is wrong by one firm at most.
        assert np.abs(found - wanted).max() <= sales.max() / sales.sum() + 1e-9
        seen += 1
    assert seen >= 8


@pytest.mark.thorough
def test_over_seeds_even_a_few_firms_have_every_line_at_its_share():
    metals = LINES.of(SECTORS.index("metals"))
    found = np.zeros(len(LINES))
    seeds = 200
    for seed in range(seeds):
        table = population(100, seed)
        rows = (table.sector == SECTORS.index("metals")) & (table.home == MEX) & table.founded
        sales = table.weight * table.size
        found += np.bincount(table.line[rows], sales[rows], len(LINES)) / sales[rows].sum()
    share = LINES.share[metals, MEX]
    # At worst one firm is all there is: a share of `p` then varies as a draw of yes or no.
    error = np.sqrt(share * (1 - share) / seeds)
    assert (np.abs(found[metals] / seeds - share) <= 4 * error + 1e-3).all()


@pytest.mark.parametrize("host", [MEX, HOSTS.index("CAN")])
def test_rates_of_firms_have_the_mean_that_their_sector_was_fitted_to(host):
    table = population(20_000, 7)
    for sector, rows, sales in makers(table, host):
        mean = np.average(table.product_duty[rows, host, USA], weights=sales)
        wanted = ECONOMY.rates[host, USA, sector].mean
        # The ruler is cut at both ends of every line, by a part of one firm.
        off = 2 * sales.max() / sales.sum() * LINES.rate[LINES.of(sector), host, USA].sum()
        assert abs(mean - wanted) <= min(off, 0.2 * wanted) + 1e-9
