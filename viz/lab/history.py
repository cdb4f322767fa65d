"""What the page draws of a run: a few figures a quarter, and the last quarter's picture."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abm import RelocationModel
from abm.axes import FOOTLOOSE, HAS_PLANT, MOTOR, N_GOODS, N_HOSTS, QUARTERS_A_YEAR, USA
from abm.state.places import cities
from abm.trade.books import indicators
from abm.trade.books.accounts import Accounts
from viz.lab.sites import sites

type Floats = NDArray[np.float64]

BINS = 20
"""Of the distribution of content, from 0 to 1."""

BILLION_A_YEAR = QUARTERS_A_YEAR / 1000
"""Billion a year in a million a quarter."""


@dataclass
class PastQuarters:
    """Figures of every quarter so far.

    Attributes
    ----------
    series : dict of str to list of ndarray
        One array a quarter: ``output`` (billion USD a year) and ``jobs`` (thousand) by
        host, ``balance`` (US goods, billion USD a year) with Mexico, Canada and the
        rest, ``content`` (vehicles and parts) and ``prices`` by host, ``claimed`` and
        ``false`` (shares of US imports) from Mexico and Canada, ``opened``,
        ``closed`` (real plants) by host, ``moves`` (real firms) announced, completed
        and cancelled, ``contracts`` and ``sales`` still to move (shares of what plants and
        consumers buy) by host, ``trade`` (goods, billion USD a year) by source and market, row
        by row. NaN is a share of nothing.
    """

    series: dict[str, list[Floats]] = field(default_factory=dict)

    @property
    def quarters(self) -> int:
        """The last quarter."""
        return len(self.series.get("output", ())) - 1

    def add(self, model: RelocationModel) -> None:
        """Take down the quarter a model has just finished."""
        for name, values in _figures(model).items():
            self.series.setdefault(name, []).append(np.asarray(values, dtype=float))

    def copy(self) -> "PastQuarters":
        """The quarters so far, which no later step adds to."""
        return PastQuarters({name: list(values) for name, values in self.series.items()})

    def until(self, quarter: int) -> "PastQuarters":
        """The quarters up to one of them."""
        return PastQuarters({name: values[: quarter + 1] for name, values in self.series.items()})

    def column(self, name: str, place: int) -> Floats:
        """One line of a series, one number a quarter."""
        return np.array([values[place] for values in self.series[name]])


def _figures(model: RelocationModel) -> dict[str, object]:
    accounts, last = model.accounts, model.records.outcomes[-1]
    balance = BILLION_A_YEAR * indicators.us_goods_balance(accounts, model.economy)
    base = model.base_accounts.final
    basket = indicators.consumers_basket(base.value, base.trade_margin, base.duty)
    motor = slice(len(MOTOR))
    _, *content = indicators.mean_content(accounts.content[motor], accounts.sales[motor])
    return {
        "output": BILLION_A_YEAR * indicators.by_host(accounts.sales),
        "jobs": 1e-3 * indicators.by_host(accounts.employment),
        "balance": [*balance[indicators.PARTNER_ROWS], balance[N_HOSTS:].sum()],
        "content": content,
        "prices": indicators.consumer_prices(accounts.own_prices[:, :N_HOSTS], basket),
        "claimed": _share(accounts, "claimed_dutiable", "dutiable"),
        "false": _share(accounts, "false", "claimed"),
        "opened": last["opened"].sum(axis=0),
        "closed": last["closed"].sum(axis=0),
        "moves": _moves(model),
        "contracts": indicators.still_to_move(accounts.contracts_to_move, accounts.purchases),
        "sales": indicators.still_to_move(
            accounts.sales_to_move[:, :N_HOSTS], accounts.consumption[:, :N_HOSTS]
        ),
        "trade": _trade(accounts).ravel(),
    }


def _trade(accounts: Accounts) -> Floats:
    """Goods by source and market, billion USD a year at basic prices."""
    value = accounts.final.value + accounts.intermediate.value
    flows: Floats = BILLION_A_YEAR * value[:N_GOODS].sum(axis=0)
    return flows


def _share(accounts: Accounts, part: str, whole: str) -> Floats:
    """Share of what enters the USA from Mexico and from Canada."""
    flows = (indicators.both_uses(accounts, name) for name in (part, whole))
    return indicators.us_claim_shares(*flows)[1:]


def _moves(model: RelocationModel) -> list[float]:
    if model.moves is None:
        return [0.0, 0.0, 0.0]
    weight = model.firms.weight[model.moves.rows]
    stages = ("announced", "completed", "cancelled")
    return [float(weight[model.moves.stage == stage].sum()) for stage in stages]


@dataclass(frozen=True)
class Picture:
    """The last quarter on the map.

    Attributes
    ----------
    output : ndarray, shape (city,)
        Billion USD a year of the plants there.
    sector : ndarray of int, shape (city,)
        The one that makes most there.
    plants, opened, closed : ndarray, shape (city,)
        Real plants that stand, and those that opened or closed in the quarter.
    moved : ndarray, shape (way, 3)
        City left, city reached and real plants of the firms that closed here to open
        there in the quarter, most plants first.
    trade : ndarray, shape (source, market)
        Goods, billion USD a year at basic prices.
    content : ndarray, shape (sector, bin)
        Output by content when inputs are chosen freely, share of the sector's.
    threshold : ndarray, shape (sector,)
        Content asked for, mean over what US makers sell; 0 where there is no rule.
    """

    output: Floats
    sector: NDArray[np.int64]
    plants: Floats
    opened: Floats
    closed: Floats
    moved: Floats
    trade: Floats
    content: Floats
    threshold: Floats


def _content_asked(model: RelocationModel) -> Floats:
    """Content asked for of each sector, shape (sector,)."""
    by_line = model.now.content_threshold[:, 0, model.regime]
    by_source = np.broadcast_to(by_line[:, None], model.economy.lines.share.shape)
    asked: Floats = model.economy.lines.by_sector(by_source)[: len(FOOTLOOSE), USA]
    return asked


class Atlas:
    """Places every plant of a model on the map.

    Parameters
    ----------
    model : RelocationModel
    seed : int
    """

    def __init__(self, model: RelocationModel, seed: int) -> None:
        self.site = sites(model.firms.sector, seed)

    def picture(self, model: RelocationModel) -> Picture:
        """Where things stand at the end of the quarter."""
        table, count = model.firms, len(cities())
        sold = self.sales(model)
        by_sector = np.stack(
            [
                np.bincount(self.site[rows].ravel(), sold[rows].ravel(), minlength=count)
                for rows in (table.sector == j for j in range(len(FOOTLOOSE)))
            ]
        )
        standing = table.plants * table.weight[:, None]
        plants = np.bincount(self.site.ravel(), standing.ravel(), minlength=count)
        opened, closed, moved = self._changes(model, count)
        return Picture(
            output=by_sector.sum(axis=0),
            sector=by_sector.argmax(axis=0),
            plants=plants,
            opened=opened,
            closed=closed,
            moved=moved,
            trade=_trade(model.accounts),
            content=self._content(model, sold),
            threshold=_content_asked(model),
        )

    def sales(self, model: RelocationModel) -> Floats:
        """Sales of every firm by host, billion USD a year, shape (firm, host).

        A sector's sales in a country are spread over its plants there by size.
        """
        table = model.firms
        mass = table.plants * (table.size * table.weight)[:, None]
        sold = np.zeros(mass.shape)
        for host in range(N_HOSTS):
            total = np.bincount(table.sector, mass[:, host], minlength=len(FOOTLOOSE))
            rate = BILLION_A_YEAR * model.accounts.sales[:, host] / np.where(total > 0, total, 1)
            sold[:, host] = mass[:, host] * rate[table.sector]
        return sold

    def _changes(self, model: RelocationModel, count: int) -> tuple[Floats, Floats, Floats]:
        """Real plants that opened and closed in each city, and those that moved."""
        if model.moves is None:
            return np.zeros(count), np.zeros(count), np.zeros((0, 3))
        done = model.moves.stage == "completed"
        rows = model.moves.rows[done]
        before, after = (
            HAS_PLANT[configs[done]] for configs in (model.moves.from_config, model.moves.to_config)
        )
        weight, where = model.firms.weight[rows], self.site[rows]
        new, gone = after & ~before, before & ~after
        opened, closed = (
            np.bincount(where.ravel(), (weight[:, None] * changed).ravel(), minlength=count)
            for changed in (new, gone)
        )
        ways = np.zeros(count * count)
        for left in range(N_HOSTS):
            for reached in range(N_HOSTS):
                both = gone[:, left] & new[:, reached]
                way = where[both, left].astype(int) * count + where[both, reached]
                np.add.at(ways, way, weight[both])
        taken = np.flatnonzero(ways)
        taken = taken[np.argsort(-ways[taken], kind="stable")]
        return opened, closed, np.column_stack([taken // count, taken % count, ways[taken]])

    def _content(self, model: RelocationModel, sold: Floats) -> Floats:
        content = model.costs.free_content[:, :, model.trade]
        bins = np.clip((content * BINS).astype(int), 0, BINS - 1)
        cell = (model.firms.sector[:, None].astype(int) * BINS + bins).ravel()
        sums = np.bincount(cell, sold.ravel(), minlength=len(FOOTLOOSE) * BINS)
        sums = sums.reshape(len(FOOTLOOSE), BINS)
        return sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-12)
