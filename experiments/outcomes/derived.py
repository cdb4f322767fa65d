"""Tables that follow from those of a run: welfare, and results by state.

They are written beside the tables that the model records, and can be had of any run that has
those.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm.axes import FOOTLOOSE, HOSTS, QUARTERS_A_YEAR
from abm.state.places import presence_by_state, states
from experiments.outcomes.quantities import real_income

DISCOUNT = 0.03
"""A year, of welfare: the lower of the two rates of Circular A-4 of the US Office of Management and
Budget (2003), here an assumption; firms discount at a rate of their own."""

BY_STATE = ("output_musd", "employment", "plants")
"""Columns of outcomes that are told by state."""


def derived(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every derived table of a run, by name.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `experiments.outcomes.tables.TABLES` describes them.

    Returns
    -------
    dict of str to pandas.DataFrame
        Columns as in `experiments.outcomes.tables.DERIVED_TABLES`.
    """
    outcomes, trade = tables["outcomes"], tables["trade"]
    return {"welfare": welfare(outcomes, trade), "states": by_state(outcomes)}


def welfare(outcomes: pd.DataFrame, trade: pd.DataFrame) -> pd.DataFrame:
    """What consumers of a country gain or lose, quarter by quarter, and its present value.

    The gain of a quarter is the income of the calibration year that would do as much for consumers
    as the change of prices and income did: what they had then to spend times the change of their
    real income (the equivalent variation, since their shares of spending are constant).

    Returns
    -------
    pandas.DataFrame
        A row a quarter and country; the present value is as of quarter 0, of all quarters from
        1 to this one.
    """
    index = real_income(outcomes, trade)
    gain = (index - 1) * first_spending(outcomes, trade)
    quarters = index.index.to_numpy(float)
    weight = np.where(quarters > 0, (1 + DISCOUNT) ** (-quarters / QUARTERS_A_YEAR), 0.0)
    value = gain.mul(weight, axis=0).cumsum()
    columns = {"real_income": index, "gain_musd": gain, "present_value_musd": value}
    long = [
        table.rename_axis(columns="region").stack().rename(name) for name, table in columns.items()
    ]
    found: pd.DataFrame = pd.concat(long, axis=1).reset_index()
    return found


def first_spending(outcomes: pd.DataFrame, trade: pd.DataFrame) -> pd.Series:
    """What consumers spend in quarter 0 on all goods and services, million USD, by host."""
    first = outcomes[outcomes["quarter"] == 0]
    on_goods = first.groupby("region")["consumption_musd"].sum()
    base = trade[(trade["quarter"] == 0) & (trade["use"] == "final")]
    rest = base[~base["sector"].isin(FOOTLOOSE)]
    on_rest = (rest["value_musd"] + rest["duty_musd"]).groupby(rest["destination"]).sum()
    return on_goods.add(on_rest, fill_value=0.0).reindex(list(HOSTS))


def by_state(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Output, jobs and plants of manufacturing by state.

    What a country has of a sector is split by where the sector's plants stand
    (`abm.state.places`), so a state changes as its sectors do in the whole country: which state a
    single plant leaves is not part of it.
    """
    places = states()
    share = presence_by_state()
    quarters = pd.Index(sorted(outcomes["quarter"].unique()), name="quarter")
    found = {
        "quarter": np.repeat(quarters.to_numpy(), len(places)),
        **{name: np.tile(places[name].to_numpy(), len(quarters)) for name in places},
    }
    order = pd.MultiIndex.from_product([FOOTLOOSE, HOSTS])
    for column in BY_STATE:
        wide = outcomes.pivot(index="quarter", columns=["sector", "region"], values=column)
        amounts = wide.reindex(index=quarters, columns=order).to_numpy()
        amounts = amounts.reshape(len(quarters), len(FOOTLOOSE), len(HOSTS))
        found[column] = np.einsum("qkl,klp->qp", amounts, share).ravel()
    return pd.DataFrame(found)
