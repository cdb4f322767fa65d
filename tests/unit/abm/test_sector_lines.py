"""Product lines: what they hold, how much of a sector each is, and at what rate it is dutiable."""

from collections import Counter

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE, GOODS, HOSTS, N_FOOTLOOSE, N_REGIONS, SECTORS, USA
from abm.economy.line_shares import product_lines
from abm.economy.rate_distribution import RateDistribution
from abm.economy.sector_lines import DUTIABLE, FREE, WHOLE_GROUP
from abm.economy.tables import load_economy
from experiments.own_data.product_lines import good_of

ECONOMY = load_economy()
LINES = ECONOMY.lines
PAIRS = [(HOSTS.index(s), HOSTS.index(m)) for s in HOSTS for m in HOSTS if s != m]
INTO_USA = [pair for pair in PAIRS if pair[1] == USA]


def of(sector):
    return LINES.of(SECTORS.index(sector))


def test_there_are_as_many_lines_as_one_can_read_and_every_sector_has_some():
    made = [name for name, sector in zip(LINES.name, LINES.sector, strict=True) if sector < 10]
    assert 100 <= len(made) <= 150
    assert len(set(LINES.name)) == len(LINES)
    per_sector = Counter(LINES.sector.tolist())
    assert min(per_sector[k] for k in range(N_FOOTLOOSE)) >= 4
    assert [per_sector[k] for k in range(N_FOOTLOOSE, len(SECTORS))] == [1] * 4
    assert not set(LINES.name[: len(made)]) & {"all", *SECTORS}


def test_shares_of_lines_and_of_their_products_add_up():
    for k in range(len(SECTORS)):
        np.testing.assert_allclose(LINES.share[LINES.of(k)].sum(axis=0), 1, rtol=1e-12)
    products = LINES.products
    sums = np.zeros((len(LINES), N_REGIONS))
    np.add.at(sums, products.line, products.share)
    traded = np.unique(products.line)
    np.testing.assert_allclose(sums[traded], 1, rtol=1e-12)
    assert len(traded) == (LINES.sector < len(GOODS)).sum()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{HOSTS[pair[0]]}-{HOSTS[pair[1]]}")
@pytest.mark.parametrize("sector", FOOTLOOSE)
def test_the_mean_rate_of_a_sector_is_that_of_its_distribution(sector, pair):
    source, market = pair
    lines = of(sector)
    mean = LINES.share[lines, source] @ LINES.rate[lines, source, market]
    wanted = ECONOMY.rates[source, market, SECTORS.index(sector)].mean
    assert mean == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("pair", INTO_USA, ids=lambda pair: HOSTS[pair[0]])
@pytest.mark.parametrize("sector", FOOTLOOSE)
def test_as_much_enters_the_united_states_free_as_in_its_distribution(sector, pair):
    source, market = pair
    lines = of(sector)
    free = LINES.share[lines, source] @ (LINES.rate[lines, source, market] == 0)
    shares = ECONOMY.rates[source, market, SECTORS.index(sector)].shares
    assert free == pytest.approx(shares[0] / shares.sum(), abs=1e-9)


def test_elsewhere_the_free_share_is_missed_by_less_than_half_a_line():
    for source, market in set(PAIRS) - set(INTO_USA):
        for sector in FOOTLOOSE:
            lines = of(sector)
            share = LINES.share[lines, source]
            free = share @ (LINES.rate[lines, source, market] == 0)
            shares = ECONOMY.rates[source, market, SECTORS.index(sector)].shares
            assert abs(free - shares[0] / shares.sum()) <= share.max() / 2 + 1e-9


def test_rates_of_the_united_states_are_those_of_its_schedule():
    rate = {name: LINES.rate[n, 1, USA] for n, name in enumerate(LINES.name)}
    assert rate["cars_petrol"] == pytest.approx(0.025)
    assert rate["pickups_petrol"] == pytest.approx(0.25)
    assert rate["road_tractors"] == pytest.approx(0.04)
    assert rate["wiring_harnesses"] == pytest.approx(0.05)
    assert rate["steel_flat"] == rate["computers"] == rate["beer"] == 0
    assert rate["apparel_knit"] > 0.15


def test_a_free_line_stands_behind_its_dutiable_one_and_pays_nothing_in_the_united_states():
    free = np.flatnonzero(LINES.part == FREE)
    assert (LINES.part[free - 1] == DUTIABLE).all()
    assert [LINES.name[n] for n in free] == [f"{LINES.name[n - 1]}_free" for n in free]
    assert (LINES.rate[free][:, 1:, USA] == 0).all()
    assert (LINES.rate[LINES.part == DUTIABLE][:, 1:, USA] > 0).all()
    assert (LINES.part == WHOLE_GROUP).any()


def test_codes_belong_to_the_line_with_the_longest_prefix_of_their_good():
    listed = data.read("product_lines")
    prefixes = {
        (row.sector, prefix): row.line
        for row in listed.itertuples()
        if row.part != "free"
        for prefix in str(row.hs).split()
    }
    traded = data.read("us_imports_by_product_2025", text=("hs6",))
    for row in traded.drop_duplicates("hs6").itertuples():
        good = good_of(row.hs6)
        near = (prefixes.get((good, row.hs6[:n])) for n in (6, 4, 2))
        assert row.line == next((name for name in near if name), good), row.hs6
    assert {good_of(code) for code in traded["hs6"]} == set(GOODS)


def test_a_figure_that_is_the_same_for_all_lines_of_a_sector_comes_back_to_the_bit():
    figure = np.random.default_rng(0).uniform(0, 1, (len(SECTORS), N_REGIONS, N_REGIONS))
    assert np.array_equal(LINES.by_sector(figure[LINES.sector]), figure)


def test_a_mean_over_lines_is_weighted_by_what_the_source_sells():
    only = np.zeros((len(LINES), N_REGIONS))
    line = LINES.name.index("aluminium_unwrought")
    only[line] = 1.0
    mean = LINES.by_sector(only)
    np.testing.assert_allclose(mean[SECTORS.index("metals")], LINES.share[line], rtol=1e-12)
    assert mean[:5].sum() == 0


def test_parts_of_a_distribution_have_its_mean_and_the_free_ones_come_first():
    rates = RateDistribution(np.array([0.4, 0.3, 0.0, 0.2, 0.1, 0.0]), 0.5)
    share = np.array([0.3, 0.15, 0.25, 0.3])
    found = rates.over(share)
    assert found @ share == pytest.approx(rates.mean)
    assert found[0] == found[1] == 0
    assert (np.diff(found) >= 0).all()


def test_other_rates_give_other_shares_of_the_same_lines():
    flat = dict.fromkeys(ECONOMY.rates, RateDistribution(np.array([0.5, 0.2, 0.2, 0.1, 0, 0]), 0.5))
    other = product_lines(flat)
    lines = other.of(SECTORS.index("machinery"))
    assert other.name == LINES.name
    free = other.share[lines, 1] @ (other.rate[lines, 1, USA] == 0)
    assert free == pytest.approx(0.5)
