"""What Mesa's data collector gathers of a run, one row a quarter."""

from functools import partial
from typing import TYPE_CHECKING, Any

from mesa.datacollection import DataCollector

from abm.axes import HOSTS

if TYPE_CHECKING:
    from abm.state.surface import Surface


def collector() -> DataCollector:
    """A data collector of the seed and, for each host, of plants, jobs and output.

    Returns
    -------
    DataCollector
        Columns ``seed``; ``plants_USA``, real plants that stand; ``employment_USA``, persons
        engaged; ``output_musd_USA``, million USD a quarter; and so on for the other hosts. They
        are sums over sectors of the table ``outcomes``.
    """
    reporters: dict[str, Any] = {"seed": "seed"}
    for host, country in enumerate(HOSTS):
        reporters |= {
            f"plants_{country}": partial(_plants, host=host),
            f"employment_{country}": partial(_booked, name="employment", host=host),
            f"output_musd_{country}": partial(_booked, name="sales", host=host),
        }
    return DataCollector(model_reporters=reporters)


def _plants(model: "Surface", host: int) -> float:
    """Real plants that stand at a host."""
    return float(model.firms.weight @ model.firms.plants[:, host])


def _booked(model: "Surface", name: str, host: int) -> float:
    """An entry of the accounts at a host, over all sectors."""
    return float(getattr(model.accounts, name)[:, host].sum())
