"""What moving costs and how long it takes, and the location choice that follows from both."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS
from abm.core.location import LocationProblem
from abm.economy.tables import Array
from abm.scenario.scenario import FirmAssumptions

RULED_OUT = -1e6
"""Taste for a set of plants that a sector cannot have, share of base-year sales.

A move to such a set also costs this much. The amount exceeds anything that costs,
duties and luck can add up to, so no firm ever chooses the set.
"""


def quarterly_discount(settings: FirmAssumptions) -> float:
    """Weight of the next quarter."""
    return float(settings.discount_per_year**0.25)


def quarterly_review(settings: FirmAssumptions) -> float:
    """Probability per quarter of reconsidering where to produce."""
    return min(1.0, settings.reviews_per_year / 4)


def stage_costs(settings: FirmAssumptions) -> Array:
    """Present value, on entering each stage of a project, of all stages still to pay.

    Stages are paid as they begin. The last entry, after the last stage, is 0.

    Returns
    -------
    ndarray, shape (stage + 1,)
        Share of the undiscounted cost of the project.
    """
    discount = quarterly_discount(settings)
    remaining = [0.0]
    for share, quarters in zip(
        reversed(settings.stage_cost_shares), reversed(settings.stage_quarters), strict=True
    ):
        remaining.append(share + discount**quarters * remaining[-1])
    return np.array(remaining[::-1])


def move_costs(settings: FirmAssumptions) -> Array:
    """Cost of going from one set of plants to another, before discounting.

    A plant costs ``build_cost`` of the yearly sales it takes over, with sales split
    evenly over a set; closing one costs ``closure_cost`` of those it gives up.

    Returns
    -------
    ndarray, shape (config, config)
        Share of a quarter's sales.
    """
    size = HAS_PLANT.sum(axis=1)
    opened = (~HAS_PLANT[:, None] & HAS_PLANT[None]).sum(axis=2)
    closed = (HAS_PLANT[:, None] & ~HAS_PLANT[None]).sum(axis=2)
    cost: Array = 4 * (
        settings.build_cost * opened / size[None] + settings.closure_cost * closed / size[:, None]
    )
    return cost


def build_delays(settings: FirmAssumptions) -> NDArray[np.int64]:
    """Quarters from the decision until a set of plants produces; 0 if no plant is added."""
    opens = (~HAS_PLANT[:, None] & HAS_PLANT[None]).any(axis=2)
    delays: NDArray[np.int64] = np.where(opens, sum(settings.stage_quarters), 0)
    return delays


def location_problem(
    settings: FirmAssumptions, payoff: Array, transitions: Array, belief: NDArray[np.integer]
) -> LocationProblem:
    """The choice some firms face.

    Parameters
    ----------
    settings : FirmAssumptions
    payoff : ndarray, shape (firm, config, regime)
        Share of base-year sales; near `RULED_OUT` for sets that a firm cannot have.
    transitions : ndarray, shape (belief, regime, regime)
    belief : ndarray of int, shape (firm,)

    Returns
    -------
    LocationProblem
    """
    costs, delays = move_costs(settings), build_delays(settings)
    # A project is paid stage by stage; firms weigh its present value.
    costs = np.where(delays > 0, costs * stage_costs(settings)[0], costs)
    move_cost = np.broadcast_to(costs, (len(payoff), N_CONFIGS, N_CONFIGS))
    ruled_out = is_ruled_out(payoff[..., 0])
    if ruled_out.any():
        # The ban is a move cost, not a payoff: a payoff of -1e6 a quarter would leave the
        # linear systems too few digits for the payoffs of all other sets.
        move_cost = move_cost - RULED_OUT * (ruled_out[:, None] & ~np.eye(N_CONFIGS, dtype=bool))
        payoff = np.where(ruled_out[..., None], 0, payoff)
    return LocationProblem(
        profit=payoff,
        move_cost=move_cost,
        build_delay=delays,
        transitions=transitions,
        belief=belief,
        discount=quarterly_discount(settings),
        review=quarterly_review(settings),
        noise=settings.choice_noise,
    )


def is_ruled_out(payoff: Array) -> NDArray[np.bool_]:
    """Which sets of plants a firm cannot have, shape (firm, config)."""
    ruled_out: NDArray[np.bool_] = payoff < RULED_OUT / 2
    return ruled_out
