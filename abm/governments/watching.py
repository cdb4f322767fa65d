"""What governments see when a quarter begins: policy and books as the last one left them."""

from collections.abc import Sequence
from functools import partial

from abm.axes import HOSTS, N_HOSTS
from abm.economy.tables import Array, Economy
from abm.governments.in_force import PolicyInForce
from abm.governments.outlook import Outlook
from abm.trade.books.accounts import Accounts
from abm.trade.books.indicators import by_host, us_goods_deficits
from abm.trade.duties import duty_on, scheduled_duty


def outlook(
    in_force: PolicyInForce,
    quarter: int,
    books: Sequence[Accounts],
    economy: Economy,
    base_jobs: Array,
) -> Outlook:
    """Return what all governments see at the start of a quarter.

    Parameters
    ----------
    in_force : PolicyInForce
        Still as it stood in the last quarter.
    quarter : int
        The one that begins.
    books : sequence of Accounts
        Of a quarter of the calibration year, then of the last four.
    economy : Economy
    base_jobs : ndarray, shape (host,)
        Manufacturing jobs of the calibration year.
    """
    base, *year = books
    jobs = by_host(year[-1].employment) / base_jobs
    duty = duty_on(in_force.policy, (..., in_force.regime), scheduled=scheduled_duty(economy))

    def luck(purpose: str) -> Array:
        return in_force.draws.uniform(purpose, quarter, N_HOSTS)

    return Outlook(
        quarter=quarter,
        instruments=in_force.instruments_at(quarter),
        duty=duty.by_part,
        deficit=partial(us_goods_deficits, economy, year, base),
        jobs={host: float(level) for host, level in zip(HOSTS, jobs, strict=True)},
        luck=luck,
    )
