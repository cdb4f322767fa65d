"""The columns that a run records: each is declared once, with type, unit, meaning and source.

From the declaration follow what a step records, the tables of a run and how they are stored
(`experiments.outcomes.tables`), the tables in ``docs/outputs.md`` and the made-up tables that
tests of figures and files use.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm.axes import (
    FOOTLOOSE,
    HOMES,
    HOSTS,
    N_FOOTLOOSE,
    N_HOSTS,
    REGIONS,
    SECTORS,
    USES,
)
from abm.economy.tables import Array
from abm.location.relocation import Moves
from abm.state.finished import Finished
from abm.state.owned_columns import INVESTED, JOB_FLOWS, PLANT_CHANGES, Owned
from agents import FirmTable

MONEY = "million USD of 2017 a quarter"


@dataclass(frozen=True)
class Column:
    """Declaration of a column.

    Attributes
    ----------
    type : str
        ``string``, ``date``, or a type of NumPy.
    unit : str
        ``""`` for a label.
    meaning : str
        One line.
    source : callable, optional
        What the column holds of a finished quarter, as an array with the axes of its table;
        none for labels, and for acts of governments, which come as rows.
    """

    type: str
    unit: str
    meaning: str
    source: Callable[[Finished], Array] | None = None


@dataclass(frozen=True)
class Table:
    """Declaration of a table.

    Attributes
    ----------
    axes : dict of str to tuple of str
        Labels of the axes that arrays of its sources have, by the column that holds them.
        Without axes a table has no fixed rows.
    columns : dict of str to Column
        In the order in which they are stored.
    """

    columns: dict[str, Column]
    axes: dict[str, tuple[str, ...]]

    @property
    def sources(self) -> dict[str, Callable[[Finished], Array]]:
        """The columns that are taken from a finished quarter."""
        return {
            name: column.source
            for name, column in self.columns.items()
            if column.source is not None
        }


def _label(meaning: str) -> Column:
    return Column("string", "", meaning)


def _number(unit: str, meaning: str, source: Callable[[Finished], Array]) -> Column:
    return Column("float64", unit, meaning, source)


def _of_region(source: Callable[[Finished], Array]) -> Callable[[Finished], Array]:
    """What a host has one of, the same for all its sectors."""
    return lambda finished: np.broadcast_to(source(finished)[:N_HOSTS], (N_FOOTLOOSE, N_HOSTS))


def _by_owner(columns: Owned) -> dict[str, Column]:
    """Columns of a table by owner's home."""
    return {name: _number(*declared) for name, declared in columns.items()}


def _of_all_owners(columns: Owned) -> dict[str, Column]:
    """The same of all owners together."""

    def over_homes(source: Callable[[Finished], Array]) -> Callable[[Finished], Array]:
        return lambda finished: source(finished).sum(axis=2)

    return {
        name: _number(unit, meaning, over_homes(source))
        for name, (unit, meaning, source) in columns.items()
    }


QUARTER = Column("int32", "quarters", "0 is the calibration year, before any step")

OUTCOMES = Table(
    axes={"sector": FOOTLOOSE, "region": HOSTS},
    columns={
        "quarter": QUARTER,
        "region": _label("where it is made: USA, MEX or CAN"),
        "sector": _label("one of the ten sectors that choose where to produce"),
        "output_musd": _number(MONEY, "gross output at basic prices", lambda q: q.accounts.sales),
        "utilisation": _number(
            "calibration year = 1",
            "output over the capacity of plants that stand",
            lambda q: q.accounts.utilisation,
        ),
        "rents_musd": _number(
            MONEY,
            "what scarcity adds to output at the prices charged, or slack takes from it",
            lambda q: q.accounts.rents,
        ),
        "investment_new_musd": _number(
            MONEY,
            "what the capacity costs with which plants opened",
            lambda q: q.accounts.investment.new.sum(axis=2),
        ),
        "investment_expansion_musd": _number(
            MONEY,
            "what the capacity costs that standing plants added",
            lambda q: q.accounts.investment.expansion.sum(axis=2),
        ),
        "investment_replacement_musd": _number(
            MONEY,
            "what the capacity costs that took the place of what wore out",
            lambda q: q.accounts.investment.replacement.sum(axis=2),
        ),
        "value_added_musd": _number(
            MONEY, "output less inputs bought", lambda q: q.accounts.value_added
        ),
        "overhead_musd": _number(
            MONEY,
            "part of value added: fixed costs of plants, paid as wages",
            lambda q: q.accounts.overhead.sum(axis=2),
        ),
        "surplus_musd": _number(
            MONEY,
            "part of value added that owners keep: profit and rents, overhead paid",
            lambda q: q.accounts.operating_surplus,
        ),
        "moves_musd": _number(
            MONEY,
            "what owners pay for arriving, founding and closing, beside what is built",
            lambda q: q.accounts.investment.services,
        ),
        "subsidies_musd": _number(
            MONEY,
            "production subsidies that the region's treasury pays",
            lambda q: q.accounts.subsidies,
        ),
        "grants_musd": _number(
            MONEY,
            "investment grants that the region's treasury pays towards plants being built",
            lambda q: q.accounts.grants,
        ),
        "remissions_musd": _number(
            MONEY,
            "duties on own imports that the treasury gives back for what is made or built there",
            lambda q: q.accounts.remissions,
        ),
        "royalties_musd": _number(
            MONEY,
            "royalties of firms that are not at home in the region",
            lambda q: q.accounts.royalties,
        ),
        "employment": _number("persons", "persons engaged", lambda q: q.accounts.employment),
        **_of_all_owners(JOB_FLOWS),
        "wage_index": _number(
            "calibration year = 1",
            "wage in the region, in the money of its country",
            lambda q: np.broadcast_to(q.wage, (N_FOOTLOOSE, N_HOSTS)),
        ),
        "real_exchange_rate": _number(
            "calibration year = 1",
            "what labour, and all that is fixed in place in the region, cost against goods of China"
            " and the rest of the world",
            _of_region(lambda q: q.accounts.closing.exchange),
        ),
        "household_income": _number(
            "calibration year = 1",
            "what households in the region have to spend, in the money of their country: more by"
            " what the treasury pays out to them, less by what it takes",
            _of_region(lambda q: q.accounts.closing.income),
        ),
        "employment_elsewhere": _number(
            "calibration year = 1",
            "persons engaged in the region outside these sectors",
            _of_region(lambda q: q.accounts.closing.elsewhere),
        ),
        "price_index": _number(
            "calibration year = 1",
            "what a unit of utility from the sector's goods costs consumers in the region, in the"
            " money of their country",
            lambda q: q.accounts.own_prices[:, :N_HOSTS],
        ),
        "price_tornqvist": _number(
            "calibration year = 1",
            "chained Tornqvist index of what consumers in the region are charged, for comparison",
            lambda q: (
                q.accounts.price_tornqvist[:, :N_HOSTS] / q.accounts.closing.exchange[:N_HOSTS]
            ),
        ),
        "sales_to_move": _number(
            "share of spending",
            "what consumers in the region spend that other plants and sellers would have, if firms"
            " assigned all sales to their plants anew and all customers chose anew",
            lambda q: q.accounts.sales_to_move[:, :N_HOSTS],
        ),
        "contracts_to_move": _number(
            "share of purchases",
            "what plants in the region buy that would be with other sources if all was signed anew",
            lambda q: q.accounts.contracts_to_move,
        ),
        "consumption_musd": _number(
            MONEY,
            "what consumers in the region spend on the sector's goods, whatever their origin",
            lambda q: q.accounts.consumption[:, :N_HOSTS],
        ),
        "plants": _number(
            "real plants", "plants that stand at the end of the quarter", lambda q: q.plants
        ),
        **_of_all_owners(PLANT_CHANGES),
        "lost_musd": _number(
            INVESTED, "what had been spent on the plants given up", lambda q: q.lost
        ),
    },
)
"""By sector and region."""

TRADE = Table(
    axes={"use": USES, "sector": SECTORS, "origin": REGIONS, "destination": REGIONS},
    columns={
        "quarter": QUARTER,
        "origin": _label("region shipped from"),
        "destination": _label("region shipped to; equal to origin for domestic sales"),
        "sector": _label("one of the fourteen sectors"),
        "use": _label("final (consumed or invested) or intermediate (an input)"),
        "value_musd": _number(
            MONEY,
            "value at basic prices, before freight, barriers and duty",
            lambda q: q.both_uses("value"),
        ),
        "customs_value_musd": _number(
            MONEY,
            "value at the border, on which duty is due; 0 for domestic sales",
            lambda q: q.both_uses("value") * q.economy.customs_over_basic,
        ),
        "trade_margin_musd": _number(
            MONEY,
            "what traders of the origin earn, which lies between the two",
            lambda q: q.both_uses("trade_margin"),
        ),
        "dutiable_musd": _number(
            MONEY,
            "basic value of goods on lines whose MFN or applied rate is above zero",
            lambda q: q.both_uses("dutiable"),
        ),
        "claimed_musd": _number(
            MONEY,
            "basic value for which origin was claimed, truly or not",
            lambda q: q.both_uses("claimed"),
        ),
        "claimed_dutiable_musd": _number(
            MONEY,
            "part of claimed_musd that is dutiable",
            lambda q: q.both_uses("claimed_dutiable"),
        ),
        "false_claim_musd": _number(
            MONEY,
            "part of claimed_musd that does not meet the rule",
            lambda q: q.both_uses("false"),
        ),
        "duty_musd": _number(MONEY, "duties and fees paid on entry", lambda q: q.both_uses("duty")),
        "licence_abroad_musd": _number(
            MONEY,
            "part of duty_musd that the treasury of the origin gets for licences under quotas",
            lambda q: q.accounts.licences_abroad,
        ),
        "penalty_musd": _number(
            MONEY,
            "back duty and fines on false claims, as expected",
            lambda q: q.both_uses("penalty"),
        ),
    },
)
"""By use, sector, origin and destination."""


def _moved(amount: Callable[[Moves, FirmTable], Array]) -> Callable[[Finished], Array]:
    """Something of every move, shape (move,); none in the calibration year."""

    def source(finished: Finished) -> Array:
        if finished.moves is None:
            return np.zeros(0)
        return amount(finished.moves, finished.firms)

    return source


MOVES = Table(
    axes={},
    columns={
        "quarter": QUARTER,
        "sector": _label("sector of the firms"),
        "from_config": _label("hosts with a plant before, such as USA+MEX"),
        "to_config": _label("hosts with a plant after"),
        "stage": _label("announced, completed or cancelled in the quarter; died, if plants did"),
        "firms": Column(
            "int64",
            "agents",
            "modelled firms",
            _moved(lambda moves, firms: np.ones(len(moves.rows), np.int64)),
        ),
        "weight": _number(
            "real firms",
            "real firms that they stand for",
            _moved(lambda moves, firms: firms.weight[moves.rows]),
        ),
        "granted_musd": _number(
            INVESTED,
            "what treasuries promised towards the new plants' build cost",
            _moved(lambda moves, firms: moves.granted.sum(axis=1)),
        ),
        "firm_ids": _label("numbers of these modelled firms, from 0, with spaces between"),
    },
)
"""One row a pair of sets of plants, sector and stage, sums over the firms that moved so."""

CONTENT = Table(
    axes={"sector": FOOTLOOSE, "host": HOSTS},
    columns={
        "quarter": QUARTER,
        "host": _label("where it is made: USA, MEX or CAN"),
        "sector": _label("one of the ten sectors that choose where to produce"),
        "regional_value_content": _number(
            "share of net cost", "mean regional value content", lambda q: q.accounts.content
        ),
        "comply_share": _number(
            "share of deliveries to other members",
            "for which origin is claimed and true",
            lambda q: q.accounts.true_claims,
        ),
        "wedge": _number(
            "ratio",
            "markup on inputs that do not originate at which the rule is just met, "
            "mean over output made to comply; 1 where there is none",
            lambda q: q.accounts.wedge,
        ),
        "infeasible_share": _number(
            "share of output",
            "that no mix of inputs could qualify",
            lambda q: q.accounts.infeasible,
        ),
        "eligible_share": _number(
            "share of output", "that meets the rule as it is made", lambda q: q.accounts.eligible
        ),
    },
)
"""By sector and host."""

OWNERS = Table(
    axes={"sector": FOOTLOOSE, "region": HOSTS, "home": HOMES},
    columns={
        "quarter": QUARTER,
        "region": _label("where it is made: USA, MEX or CAN"),
        "sector": _label("one of the ten sectors that choose where to produce"),
        "home": _label("where the owner is from"),
        "plants": _number(
            "real plants",
            "the owners' plants that stand at the end of the quarter",
            lambda q: q.owned_plants,
        ),
        "output_musd": _number(
            MONEY, "what they make, at basic prices", lambda q: q.accounts.owned_output
        ),
        "employment": _number("persons", "whom they engage", lambda q: q.accounts.owned_jobs),
        **_by_owner(JOB_FLOWS),
        "rents_musd": _number(
            MONEY, "what scarcity adds to what they make", lambda q: q.accounts.owned_rents
        ),
        "investment_new_musd": _number(
            MONEY,
            "what they pay for the capacity with which plants opened",
            lambda q: q.accounts.investment.new,
        ),
        "investment_expansion_musd": _number(
            MONEY,
            "what they pay for the capacity that standing plants added",
            lambda q: q.accounts.investment.expansion,
        ),
        "investment_replacement_musd": _number(
            MONEY,
            "what they pay for the capacity that took the place of what wore out",
            lambda q: q.accounts.investment.replacement,
        ),
        "moves_musd": _number(
            MONEY,
            "what they pay for arriving, founding and closing, beside what is built",
            lambda q: q.accounts.investment.sunk,
        ),
        "overhead_musd": _number(
            MONEY,
            "fixed costs of their plants, paid as wages",
            lambda q: q.accounts.overhead,
        ),
        **_by_owner(PLANT_CHANGES),
    },
)
"""By sector, host and owner's home."""

EVENTS = Table(
    axes={},
    columns={
        "quarter": QUARTER,
        "date": Column("date", "", "day of the announcement or of the change"),
        "actor": _label("who acted"),
        "instrument": _label("what changed, as the scenario file names it"),
        "old": _label("its value before"),
        "new": _label("its value after"),
        "reason": _label("why, in words"),
    },
)
"""One row an act of a government."""

TABLES = {
    "outcomes": OUTCOMES,
    "trade": TRADE,
    "moves": MOVES,
    "content": CONTENT,
    "owners": OWNERS,
    "events": EVENTS,
}
"""Tables in the order in which they are written."""
