"""What a phase leaves must be finite; where it is not, the run stops and says where.

One sum a array tells, since a NaN or an infinity in it makes the sum one: cheap
enough to be always on. Only when it strikes is the place looked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isfinite
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE, HOMES
from abm.errors import ModelError, NonFiniteError


@dataclass(frozen=True)
class Guard:
    """An array that a phase writes.

    Attributes
    ----------
    name : str
        What it is, for a person.
    read : callable
        Model to the array.
    rows : callable, optional
        Model to the firms that its first axis stands for; None where that is not firms.
    """

    name: str
    read: Callable[[Any], NDArray[Any]]
    rows: Callable[[Any], NDArray[np.int64]] | None = None


def _column(name: str, model: Any) -> NDArray[Any]:
    column: NDArray[Any] = getattr(model.firms, name)
    return column


def _recorded(array: NDArray[Any], model: Any) -> NDArray[Any]:
    return array


def _every_firm(model: Any) -> NDArray[np.int64]:
    return np.arange(len(model.firms))


GUARDS: dict[str, tuple[Guard, ...]] = {
    "update_beliefs": (
        Guard("believed transitions up to known dates", lambda model: model.expected.near),
        Guard("believed transitions", lambda model: model.expected.later),
    ),
    "price_inputs": (
        Guard("delivered price", lambda model: model.price),
        Guard("presence of plants", lambda model: model.presence),
        Guard("labour and capital cost", lambda model: model.value_added, _every_firm),
    ),
    "renew_contracts": tuple(
        Guard(f"{what} of {whose}", attrgetter(f"{owner}.{path}"))
        for whose, owner in (("sectors", "contracts"), ("other users", "other_contracts"))
        for what, path in (
            ("contracts", "part"),
            ("cost of contracts when signed", "signed"),
            ("quantity of contracts", "ordered"),
        )
    ),
    "solve_costs": (
        Guard("unit cost", lambda model: model.costs.free_cost, _every_firm),
        Guard("content", lambda model: model.costs.free_content, _every_firm),
    ),
    "claim_origin": (
        Guard("duty", lambda model: model.borders.duty, _every_firm),
        Guard("penalty", lambda model: model.borders.penalty, _every_firm),
        Guard("cost at the border", lambda model: model.borders.cost, _every_firm),
    ),
    "value_plans": (
        Guard(
            "worth of sets of plants",
            lambda model: model.plans.weighed.today,
            lambda model: model.plans.rows,
        ),
    ),
    "relocate": (
        Guard("cost sunk", lambda model: model.firms.sunk, _every_firm),
        Guard("favour of a project", lambda model: model.firms.project_luck, _every_firm),
    ),
    "serve_customers": (
        Guard("prices of plants short of capacity", lambda model: model.scarcity, _every_firm),
        Guard("plants that serve customers", lambda model: model.customers.split, _every_firm),
        Guard("customers of firms", lambda model: model.customers.firms, _every_firm),
        Guard("output wanted", lambda model: model.cleared.wanted, _every_firm),
        Guard("users of inputs", lambda model: model.customers.pool, _every_firm),
        Guard("price charged", lambda model: model.customers.log_price, _every_firm),
        Guard("customers of importers", lambda model: model.customers.fringe),
        Guard("cost of a unit of utility", lambda model: model.served.price_index),
        Guard("change of prices", lambda model: model.served.price_change),
    ),
    "trade_and_account": (
        Guard("output", lambda model: model.accounts.sales),
        Guard("jobs", lambda model: model.accounts.employment),
        Guard("consumer price", lambda model: model.accounts.price_index),
        Guard("trade in final goods", lambda model: model.accounts.final.value),
        Guard("trade in inputs", lambda model: model.accounts.intermediate.value),
        Guard("duties", lambda model: model.accounts.duty_revenue),
        Guard("wages", lambda model: model.conditions.wage),
        Guard("supply price", lambda model: model.conditions.supply_price),
        Guard("share that originates", lambda model: model.conditions.qualified),
        Guard("duty of an average delivery", lambda model: model.conditions.certificates.duty),
        Guard("held wedge", lambda model: model.log_wedge_held, _every_firm),
        Guard("treasury", lambda model: model.conditions.treasury),
        Guard("exchange rates", lambda model: model.conditions.exchange),
        Guard("rents", lambda model: model.accounts.rents),
        Guard("purchases over those of the average", lambda model: model.relative_use),
    ),
    "build_capacity": (
        Guard("capacity", lambda model: model.capacity, _every_firm),
        Guard("investment", lambda model: model.accounts.investment.received),
    ),
}
"""By phase, in the order in which they are looked at."""

WEIGHED_LATER = ("sourcing_draw", "affinity", "base_potential")
"""Large columns of firms, left to the guards of what is computed from them."""


def guards_of(model: Any, phase: str) -> Iterator[Guard]:
    """Yield the guards of a phase.

    Beside those of `GUARDS`: of the columns of firms before the quarter's first phase uses
    them, and of whatever is recorded.
    """
    yield from GUARDS.get(phase, ())
    if phase == "enact_policy":
        for name in model.firms.columns():
            if name not in WEIGHED_LATER:
                yield Guard(name, partial(_column, name), _every_firm)
    if phase == "record":
        for table in ("outcomes", "trade", "content", "owners"):
            for name, array in getattr(model.records, table)[-1].items():
                yield Guard(f"{name} of {table}", partial(_recorded, array))


def check_finite(model: Any, phase: str) -> None:
    """Raise if an array that the phase wrote holds a NaN or an infinity.

    Parameters
    ----------
    model : RelocationModel
        After the phase.
    phase : str

    Raises
    ------
    NonFiniteError
        Naming phase, quarter, place, and the firm with what it went in with.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        for guard in guards_of(model, phase):
            _check(model, phase, guard)


def check_array(model: Any, phase: str, guard: Guard) -> None:
    """Raise if the array of one guard holds a NaN or an infinity, as `check_finite` does."""
    with np.errstate(invalid="ignore", over="ignore"):
        _check(model, phase, guard)


def _check(model: Any, phase: str, guard: Guard) -> None:
    array = guard.read(model)
    if array.dtype.kind != "f":
        return  # whole numbers are always finite
    if not isfinite(np.add.reduce(array, axis=None, dtype=np.float64)):
        _complain(model, phase, guard, array)


def blame_firm(model: Any, phase: str, error: ModelError) -> None:
    """Raise if a phase failed and a firm's own figures are not finite; return otherwise.

    A search that does not settle is then no riddle. Whole numbers are always finite.

    Raises
    ------
    NonFiniteError
        Naming the first such firm beside what failed.
    """
    if not hasattr(model, "state"):
        return  # in set-up, before there are firms to blame
    for name in model.firms.columns():
        column = getattr(model.firms, name)
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            row = int(np.argwhere(~np.isfinite(column))[0, 0])
            inputs = {"firm": row} | _columns(model, row)
            raise NonFiniteError(
                f"{phase}, quarter {model.quarter}: {error}; firm {row} ({inputs['sector']}, "
                f"{inputs['home']}) went in with {name} not finite",
                phase,
                model.quarter,
                inputs,
            ) from error


def _complain(model: Any, phase: str, guard: Guard, array: NDArray[Any]) -> None:
    places = np.argwhere(~np.isfinite(array))
    if not len(places):
        return  # finite numbers whose sum is beyond double precision
    place = tuple(int(index) for index in places[0])
    value = float(array[place])
    where = f"at {place}"
    inputs: dict[str, Any] = {}
    if guard.rows is not None:
        row = int(guard.rows(model)[place[0]])
        inputs = {"firm": row} | _columns(model, row)
        where = f"of firm {row} ({inputs['sector']}, {inputs['home']}) {where}"
    odd = [name for name, cell in inputs.items() if _is_odd(cell)]
    went_in = f"; it went in with {', '.join(odd)} not finite" if odd else ""
    raise NonFiniteError(
        f"{phase}, quarter {model.quarter}: {guard.name} {where} is {value}{went_in}",
        phase,
        model.quarter,
        inputs,
    )


def _columns(model: Any, row: int) -> dict[str, Any]:
    """A firm's row as plain values, sector and home by name."""
    table = model.firms
    cells = {name: getattr(table, name)[row].tolist() for name in table.columns()}
    return cells | {"sector": FOOTLOOSE[cells["sector"]], "home": HOMES[cells["home"]]}


def _is_odd(cell: Any) -> bool:
    """Whether any number of a cell is not finite; text is."""
    return not isinstance(cell, str) and not np.isfinite(np.asarray(cell, np.float64)).all()
