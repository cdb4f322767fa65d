"""Limited quantities: quotas, and lower rates for a limited quantity (tariff-rate quotas).

Up to a quantity, a part of what came in 2017, goods owe ``quota_rate``, those in ``banned`` as
well as those in ``rates``; beyond it what the measure has in ``rates``, or what it has in
``banned`` may not enter. Licences are scarce where
more would come in at the lower rate than may. Then they have a price ``p``, which buyers pay on
every unit as if it was a duty, and which is found for each line and pair
(`abm.core.demand.licences`):

    imports(p) <= quantity,  0 <= p <= most,  and p is 0, or imports are the quantity, or p is most

with ``most`` what the rate is higher beyond the quantity: nobody pays more for a licence. Of
what is banned beyond it, the end of the scale of rates. Holders of licences earn ``p`` on the
quantity that comes in within it. What China and the rest of the world sell is not told apart by
line, so a quota on them is on all of a sector.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from abm.axes import N_FOOTLOOSE, N_HOSTS, REGIONS, SECTORS
from abm.config.settings import Rate, Settings, read_percent, setting
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.line_rates import met_twice

MOST_FOR_A_LICENCE = 5.0
"""End of the scale of rates, as of `abm.config.settings.Rate`: what a licence costs at most."""


Quantity = Annotated[float, Field(gt=0, le=10), BeforeValidator(read_percent)]


class LimitedQuantity(Settings):
    """What may enter at a lower rate, or at all, and who holds the licences."""

    quota: Quantity | None = setting(
        None,
        unit="share of 2017 imports",
        meaning="quantity of each line from each origin that enters at quota_rate, a year; all of"
        " it at the rate of the measure without it",
        source="tariff-rate quotas of 2018 to 2026",
    )
    quota_rate: Rate = setting(
        0.0, unit="ad valorem", meaning="rate within that quantity", source="-"
    )
    quota_holder: Literal["importer", "exporter"] = setting(
        "importer",
        unit="",
        meaning="who earns what licences are worth: importer, whose treasury sells them;"
        " or exporter, the treasury of the country of origin",
        source="assumption",
    )


class Limiting(Protocol):
    """A measure in force that may limit a quantity."""

    @property
    def quota(self) -> float | None:
        """The quantity, a share of 2017 imports."""

    @property
    def quota_holder(self) -> str:
        """Whose licences are."""

    def most_by_line(self) -> NDArray[np.float64]:
        """What a licence is worth at most, shape (line, source, market); 0 where none is needed."""


def fill_quotas(
    active: Mapping[str, Limiting],
    left: Mapping[str, NDArray[np.float64]],
    regime: RegimeArrays,
) -> None:
    """Write quantities and what licences are worth at most into ``regime``.

    Parameters
    ----------
    active : mapping
        Measures in force by name.
    left : mapping of ndarray, shape (line, source, market)
        Part of each line that other measures leave to one.
    regime : RegimeArrays

    Raises
    ------
    ScenarioError
        If two of them limit the same goods, or one a part of what a sector abroad sells.
    """
    of: dict[str, NDArray[np.float64]] = {}
    for name, measure in active.items():
        if measure.quota is None:
            continue
        most = measure.most_by_line() * left[name]
        _check_whole_sectors(name, most > 0)
        for other, theirs in of.items():
            if (both := (most > 0) & (theirs > 0)).any():
                raise met_twice(f"measures.{name}.quota", both, f"has a quota by {other} already")
        of[name], limited = most, most > 0
        regime.quota[limited] = measure.quota
        regime.licence_most[limited] = most[limited]
        regime.licence_abroad[limited] = float(measure.quota_holder == "exporter")


def _check_whole_sectors(name: str, limited: NDArray[np.bool_]) -> None:
    lines = load_economy().lines
    abroad = limited[:, N_HOSTS:].any(axis=2)
    for sector in range(N_FOOTLOOSE):
        own = abroad[lines.of(sector)]
        part = own.any(axis=0) & ~own.all(axis=0)
        if part.any():
            region = REGIONS[N_HOSTS + int(np.argmax(part))]
            raise ScenarioError(
                f"measures.{name}.quota: of what {region} sells lines are not told apart; "
                f"name {SECTORS[sector]} as a whole, or leave {region} out of origins"
            )


def at_odds(measure: Any) -> Iterator[str]:
    """Yield what goes against a quota among the other terms of a measure."""
    if measure.quota is None:
        if measure.quota_rate or measure.quota_holder != "importer":
            yield "quota_rate and quota_holder are of a quota, and none is set"
        return
    if measure.in_all or measure.relation == "floor" or measure.least_in_all > 0:
        yield "a quota stands by itself: no in_all, least_in_all or floor goes with it"
    if measure.originating != "pays":
        yield (
            "a quota counts all goods, so originating must be 'pays'; it is "
            f"{measure.originating!r}"
        )
    if measure.banned and measure.rates:
        yield "a quota is on rates or on what is banned beyond it; give each a measure of its own"
    lowest = min((rate for rate in measure.rates.values() if rate > 0), default=MOST_FOR_A_LICENCE)
    if measure.quota_rate > lowest:
        yield f"quota_rate {measure.quota_rate:g} is above the rate {lowest:g} beyond the quantity"
