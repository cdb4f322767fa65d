"""Quantities of interest, quarter by quarter, from the tables of a run.

Every function takes tables as `experiments.outcomes.tables` describes them and returns a
frame with one row a quarter. What is an indicator of a single quarter too is defined in
`abm.trade.books.indicators`, for the page, validation and governments alike; here it is
applied to all quarters of a run. NaN stands for a share of nothing.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from abm.axes import (
    FOOTLOOSE,
    GOODS,
    HOMES,
    HOSTS,
    PARTNERS,
    QUARTERS_A_YEAR,
    REGIONS,
    SECTORS,
    USES,
)
from abm.economy.tables import Array
from abm.errors import OutputError
from abm.trade.books import indicators

FROM_PARTNERS = ("all", *PARTNERS)
AT_HOSTS = ("all", *HOSTS)

FLOWS = {"use": USES, "sector": SECTORS, "origin": REGIONS, "destination": REGIONS}
PLANTS = {"sector": FOOTLOOSE, "region": HOSTS}
CONTENT = {"sector": FOOTLOOSE, "host": HOSTS}
"""Axes of the tables after the quarter, in the order of `abm.trade.books.indicators`."""


def us_goods_balance(trade: pd.DataFrame, sectors: Collection[str] = GOODS) -> pd.DataFrame:
    """What the United States sells less what it buys, at customs values.

    Parameters
    ----------
    trade : pandas.DataFrame
    sectors : collection of str
        The eleven whose products cross a customs border, or some of them.

    Returns
    -------
    pandas.DataFrame
        Million USD a quarter; a column for every other region.
    """
    return _us_balance(trade, sectors, "customs_value_musd")


def us_goods_balance_by_sector(trade: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The same of every sector whose products cross a customs border, by its name."""
    flows = _array(trade, "customs_value_musd", FLOWS)
    return {sector: _balance_of(trade, flows[:, :, [at]]) for at, sector in enumerate(GOODS)}


def us_services_balance(trade: pd.DataFrame) -> pd.DataFrame:
    """What the United States sells of services less what it buys, at basic prices.

    Customs do not see services, so there is no customs value.

    Returns
    -------
    pandas.DataFrame
        Million USD a quarter; a column for every other region.
    """
    return _us_balance(trade, SECTORS[len(GOODS) :], "value_musd")


def _us_balance(trade: pd.DataFrame, sectors: Collection[str], value: str) -> pd.DataFrame:
    return _balance_of(trade, _array(trade, value, FLOWS)[:, :, _places(sectors, SECTORS)])


def _balance_of(trade: pd.DataFrame, flows: Array) -> pd.DataFrame:
    return _frame(trade, indicators.us_balance(flows), REGIONS).drop(columns="USA")


def yearly(flow: pd.DataFrame) -> pd.DataFrame:
    """A flow a quarter as a flow a year: the sum of the last four quarters.

    Until the run has made four, the mean of those it has made times four; quarter 0
    belongs to the calibration year and stands alone.
    """
    made = flow.iloc[1:].rolling(QUARTERS_A_YEAR, min_periods=1).mean()
    return QUARTERS_A_YEAR * pd.concat([flow.iloc[:1], made])


def employment(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Persons engaged in the ten footloose sectors; a column for every host."""
    return _frame(outcomes, indicators.by_host(_array(outcomes, "employment", PLANTS)), HOSTS)


def output_shares(outcomes: pd.DataFrame, sectors: Collection[str] = FOOTLOOSE) -> pd.DataFrame:
    """Each host's share of what the three make; a column for every host."""
    output = _array(outcomes, "output_musd", PLANTS)[:, _places(sectors, FOOTLOOSE)]
    made = _frame(outcomes, indicators.by_host(output), HOSTS)
    return made.div(made.sum(axis=1), axis=0)


def preference_utilisation(trade: pd.DataFrame) -> pd.DataFrame:
    """Share of dutiable US imports from the partners for which origin is claimed.

    Returns
    -------
    pandas.DataFrame
        Shares of basic value; columns ``all``, ``MEX`` and ``CAN``.
    """
    return _share_of_us_imports(trade, "claimed_dutiable_musd", "dutiable_musd")


def false_claim_share(trade: pd.DataFrame) -> pd.DataFrame:
    """Share of claims on US imports from the partners that do not meet the rule.

    Returns
    -------
    pandas.DataFrame
        Shares of basic value; columns ``all``, ``MEX`` and ``CAN``.
    """
    return _share_of_us_imports(trade, "false_claim_musd", "claimed_musd")


def mean_content(
    content: pd.DataFrame, outcomes: pd.DataFrame, sectors: Collection[str] = FOOTLOOSE
) -> pd.DataFrame:
    """Regional value content, weighted by output.

    Returns
    -------
    pandas.DataFrame
        Shares of net cost; a column ``all`` and one for every host.
    """
    some = _places(sectors, FOOTLOOSE)
    known = _array(content, "regional_value_content", CONTENT)[:, some]
    output = _array(outcomes, "output_musd", PLANTS)[:, some]
    return _frame(content, indicators.mean_content(known, output), AT_HOSTS)


def contracts_to_move(outcomes: pd.DataFrame) -> pd.DataFrame:
    """What plants buy that would be with other sources if all contracts were signed anew.

    Returns
    -------
    pandas.DataFrame
        Shares of inputs bought; a column for every host.
    """
    output, value_added = (
        _array(outcomes, name, PLANTS) for name in ("output_musd", "value_added_musd")
    )
    return _still_to_move(outcomes, "contracts_to_move", output - value_added)


def sales_to_move(outcomes: pd.DataFrame) -> pd.DataFrame:
    """What consumers spend that other plants and sellers would have if all chose anew.

    Returns
    -------
    pandas.DataFrame
        Shares of spending on footloose goods; a column for every host.
    """
    return _still_to_move(outcomes, "sales_to_move", _array(outcomes, "consumption_musd", PLANTS))


def _still_to_move(outcomes: pd.DataFrame, column: str, amount: Array) -> pd.DataFrame:
    part = _array(outcomes, column, PLANTS)
    return _frame(outcomes, indicators.still_to_move(part, amount), HOSTS)


def consumer_prices(outcomes: pd.DataFrame, trade: pd.DataFrame) -> pd.DataFrame:
    """Price of the calibration year's basket of footloose goods, calibration year = 1.

    The weights are what consumers of the host spent on each sector in quarter 0,
    duty included, whatever the origin.

    Returns
    -------
    pandas.DataFrame
        A column for every host.
    """
    first = trade[trade["quarter"] == 0]
    value, margin, duty = (
        _array(first, f"{name}_musd", FLOWS)[0, USES.index("final")]
        for name in ("value", "trade_margin", "duty")
    )
    basket = indicators.consumers_basket(value, margin, duty)
    index = _array(outcomes, "price_index", PLANTS)
    return _frame(outcomes, indicators.consumer_prices(index, basket), HOSTS)


def us_deficit_index(trade: pd.DataFrame) -> pd.DataFrame:
    """US goods deficit of a year against the calibration year's, which is what a target names.

    Returns
    -------
    pandas.DataFrame
        Calibration year = 1; columns ``MEX``, ``CAN`` and ``all`` other regions. NaN
        where there was a surplus then.
    """
    balance = yearly(us_goods_balance(trade))
    balance = balance[list(PARTNERS)].assign(all=balance.sum(axis=1))
    return balance / balance.iloc[0].where(balance.iloc[0] < 0)


def misclassified_origin(trade: pd.DataFrame) -> pd.DataFrame:
    """Value of US imports from the partners that is declared as originating and is not.

    Returns
    -------
    pandas.DataFrame
        Million USD a quarter at basic prices; columns ``all``, ``MEX`` and ``CAN``.
    """
    value = indicators.us_imports_from_partners(_array(trade, "false_claim_musd", FLOWS))
    return _frame(trade, value, FROM_PARTNERS)


def duty_revenue(trade: pd.DataFrame) -> pd.DataFrame:
    """Duties and penalties collected; a column for every host, million USD a quarter."""
    kept = trade["duty_musd"] - trade["licence_abroad_musd"]
    paid = trade.assign(paid=kept + trade["penalty_musd"])
    sums = paid.groupby(["quarter", "destination"])["paid"].sum().unstack()
    return sums.reindex(index=_quarters(trade), columns=list(HOSTS)).fillna(0.0)


def real_income(outcomes: pd.DataFrame, trade: pd.DataFrame) -> pd.DataFrame:
    """What consumers' income buys, calibration year = 1.

    Spending shares are constant (Cobb-Douglas), so this is their welfare: income over
    the geometric mean of prices, weighted by what was spent in quarter 0. Services and
    primary goods have the prices of the calibration year in the money of their country. What
    treasuries pay out, or have households pay for, is part of income.

    Returns
    -------
    pandas.DataFrame
        A column for every host.
    """
    base = trade[(trade["quarter"] == 0) & (trade["use"] == "final")]
    fixed = base[~base["sector"].isin(FOOTLOOSE)]
    unchanged = (fixed["value_musd"] + fixed["duty_musd"]).groupby(fixed["destination"]).sum()
    incomes = {}
    for host in HOSTS:
        here = outcomes[outcomes["region"] == host]
        spent, price = (
            here.pivot(index="quarter", columns="sector", values=name)
            for name in ("consumption_musd", "price_index")
        )
        total = spent.sum(axis=1)
        weights = spent.iloc[0] / (total.iloc[0] + unchanged.get(host, 0.0))
        income = here.groupby("quarter")["household_income"].first()
        incomes[host] = income / np.exp((np.log(price) * weights).sum(axis=1))
    return pd.DataFrame(incomes)


INVESTMENT = {
    "plants": {"announced": "announced", "completed": "opened", "cancelled": "cancelled"},
    "billion_usd": {
        "expected": "expected_announced_musd",
        "announced": "announced_musd",
        "completed": "completed_musd",
        "cancelled": "cancelled_musd",
        "lost": "lost_musd",
        "new": "investment_new_musd",
        "expansion": "investment_expansion_musd",
        "replacement": "investment_replacement_musd",
    },
}
"""Columns of outcomes that count new plants by stage, and what is invested.

The last three are paid as capacity is built, whatever was decided when."""

DECISIONS = {
    "opening": ("expected_announced", "announced"),
    "entering": ("expected_entering", "entering"),
    "expanding": ("expected_expanding", "expanding"),
    "moving": ("expected_moving", "moving"),
    "closing": ("expected_closing", "closing"),
    "exiting": ("expected_exiting", "exiting"),
    "dying": ("expected_died", "died"),
}
"""Columns of what firms decide and what strikes their plants: as expected, and as drawn."""


def until_each_quarter(outcomes: pd.DataFrame, columns: Collection[str]) -> dict[str, pd.DataFrame]:
    """Sums of columns over the run up to each quarter; in each table a column for every host.

    Quarter 0 belongs to the calibration year and does not count.
    """
    last = _last_sums(outcomes, columns, ["region"])
    return {
        column: last[column].unstack().reindex(columns=list(HOSTS)).fillna(0.0)
        for column in columns
    }


def _last_sums(table: pd.DataFrame, columns: Collection[str], places: list[str]) -> pd.DataFrame:
    """Sums of columns up to each quarter but 0, by quarter and these places."""
    counts = (table["quarter"] > 0).to_numpy()[:, None]
    made = table[list(columns)]
    made = made.where(np.broadcast_to(counts, made.shape), 0.0)
    by = [table[place] for place in places]
    return made.groupby(by).cumsum().groupby([table["quarter"], *by]).last()


def new_plants_until(
    owners: pd.DataFrame, columns: Collection[str]
) -> dict[str, dict[str, pd.DataFrame]]:
    """New plants decided on up to each quarter, by column and owner's home; a column a host."""
    last = _last_sums(owners, columns, ["home", "region"])
    quarters, places = _quarters(owners), pd.MultiIndex.from_product([HOMES, HOSTS])
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for column in columns:
        wide = last[column].unstack(["home", "region"])
        every = wide.reindex(index=quarters, columns=places).fillna(0.0)
        found[column] = {home: every[home] for home in HOMES}
    return found


def utilisation(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Output over capacity, weighted by output; a column for every host."""
    output, used = (_array(outcomes, name, PLANTS) for name in ("output_musd", "utilisation"))
    capacity = np.divide(output, used, out=np.zeros_like(output), where=used > 0).sum(axis=1)
    made = output.sum(axis=1)
    share = np.divide(made, capacity, out=np.full_like(made, np.nan), where=capacity > 0)
    return _frame(outcomes, share, HOSTS)


def plants_changed(moves: pd.DataFrame, unit: str = "weight") -> pd.DataFrame:
    """Plants opened and closed by completed moves.

    Parameters
    ----------
    moves : pandas.DataFrame
    unit : {"weight", "firms"}
        Real firms or modelled ones.

    Returns
    -------
    pandas.DataFrame
        Only quarters with a completed move; columns ``("moved", "all")`` for the moves
        themselves, then ``("opened", "USA")`` to ``("closed", "CAN")``.
    """
    done = moves[moves["stage"] == "completed"]
    before = [set(config.split("+")) for config in done["from_config"]]
    after = [set(config.split("+")) for config in done["to_config"]]
    columns: dict[tuple[str, str], list[float]] = {("moved", "all"): done[unit].tolist()}
    for kind, gained, lost in (("opened", after, before), ("closed", before, after)):
        for host in HOSTS:
            columns[kind, host] = [
                amount * (host in there and host not in here)
                for amount, there, here in zip(done[unit], gained, lost, strict=True)
            ]
    return pd.DataFrame(columns, index=done["quarter"]).groupby(level=0).sum()


def flows_between(moves: pd.DataFrame) -> pd.Series:
    """Real firms that completed a move, by from_config and to_config, over the whole run."""
    done = moves[moves["stage"] == "completed"]
    return done.groupby(["from_config", "to_config"])["weight"].sum()


def _share_of_us_imports(trade: pd.DataFrame, part: str, whole: str) -> pd.DataFrame:
    flows = (_array(trade, column, FLOWS) for column in (part, whole))
    return _frame(trade, indicators.us_claim_shares(*flows), FROM_PARTNERS)


def _array(table: pd.DataFrame, column: str, axes: Mapping[str, Sequence[str]]) -> Array:
    """A column of a table as an array, the quarter first; cells without a row are 0."""
    quarters = _quarters(table)
    places = [quarters.get_indexer(table["quarter"])]
    for name, labels in axes.items():
        places.append(pd.Index(labels).get_indexer(table[name]))
        if (places[-1] < 0).any():
            unknown = table[name][places[-1] < 0].iloc[0]
            raise OutputError(f"{name}: {unknown!r} is none of {', '.join(labels)}")
    array = np.zeros((len(quarters), *map(len, axes.values())))
    array[tuple(places)] = table[column]
    return array


def _frame(table: pd.DataFrame, values: Array, columns: Sequence[str]) -> pd.DataFrame:
    """Indicators of the quarters of a table."""
    return pd.DataFrame(values, _quarters(table), list(columns))


def _places(some: Collection[str], labels: Sequence[str]) -> list[int]:
    """Where labels stand, in the order of the axis."""
    return [place for place, label in enumerate(labels) if label in some]


def _quarters(table: pd.DataFrame) -> pd.Index:
    return pd.Index(sorted(table["quarter"].unique()), name="quarter")
