"""Jobs that plants create and destroy: gross flows, plant by plant.

A country may keep its number of jobs while half of its plants hire whom the others let go. What
a plant gains in a quarter is created, what it loses destroyed; a plant that opens creates all
its jobs, one that closes destroys them.
"""

from dataclasses import dataclass, field

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOMES, N_HOSTS
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.errors import IdentityError
from abm.trade.books.by_owner import by_owner
from agents import FirmTable

ROUNDING = 1e-9
"""Largest gap, as a part of a sector's jobs at a host; all sums are in double precision."""


def _nothing() -> Array:
    return np.zeros((N_FOOTLOOSE, N_HOSTS, N_HOMES))


@dataclass(frozen=True)
class JobFlows:
    """Jobs created and destroyed in a quarter, persons.

    Attributes
    ----------
    created, destroyed : ndarray, shape (sector, host, home)
        By plants that employ more, or fewer, than a quarter before; both at least 0.
    """

    created: Array = field(default_factory=_nothing)
    destroyed: Array = field(default_factory=_nothing)

    @property
    def net(self) -> Array:
        """What is created less what is destroyed, shape (sector, host)."""
        net: Array = (self.created - self.destroyed).sum(axis=2)
        return net


def plants_jobs(table: FirmTable, employment: Array, output: Floats) -> Array:
    """Persons engaged in every plant: those in the books, shared out by what plants make.

    Parameters
    ----------
    table : FirmTable
    employment : ndarray, shape (sector, host)
    output : ndarray, shape (firm, host)
        Units of output, as they were when prices cleared. What users of inputs then bought
        differs a little, in total by sector and host, from what they were expected to order;
        so plants have shares of the jobs in the books.

    Returns
    -------
    ndarray, shape (firm, host)
    """
    work = output / table.productivity
    whole = by_owner(table, work).sum(axis=2)
    a_unit = np.divide(employment, whole, out=np.zeros_like(whole), where=whole > 0)
    jobs: Array = (work * a_unit[table.sector]).astype(np.float64, copy=False)
    return jobs


def job_flows(table: FirmTable, before: Array, now: Array) -> JobFlows:
    """Gross flows between two quarters.

    Parameters
    ----------
    table : FirmTable
    before, now : ndarray, shape (firm, host)
        From `plants_jobs`.

    Returns
    -------
    JobFlows
    """
    change = now - before
    return JobFlows(
        created=by_owner(table, np.maximum(change, 0.0)),
        destroyed=by_owner(table, np.maximum(-change, 0.0)),
    )


def check_job_flows(flows: JobFlows, before: Array, now: Array) -> None:
    """Raise `IdentityError` unless jobs of the books change by what plants create and destroy.

    Parameters
    ----------
    flows : JobFlows
    before, now : ndarray, shape (sector, host)
        Jobs in the books of two quarters that follow each other.
    """
    gap = np.abs(now - before - flows.net) / np.maximum(np.maximum(before, now), 1.0)
    if (gap <= ROUNDING).all():
        return
    sector, host = np.unravel_index(np.argmax(np.where(np.isnan(gap), np.inf, gap)), gap.shape)
    raise IdentityError(
        f"trade_and_account: jobs of {FOOTLOOSE[sector]} in {HOSTS[host]} change by "
        f"{now[sector, host] - before[sector, host]:.6g}, plants create and destroy "
        f"{flows.net[sector, host]:.6g}"
    )
