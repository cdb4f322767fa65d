"""Which responses make the difference between two scenarios.

Between the reference and the run lies a chain of worlds under the run's policy with the
same firms and luck. In the first, duties fall on what the reference buys, makes and
claims; each further world lets one more response go its way, and the last is the run.
What a headline changes from one world to the next is the channel's part of the
difference, so the parts sum to the whole, whatever the order.

Two responses may stand in for each other, and then it matters which is let go first. So there are
two chains, one in the stated order and one the other way round. A channel's part is the mean of
what it adds in the two, which sums to the whole as well, and both are told beside it.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from abm.errors import ScenarioError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.held_responses import HeldWorld
from abm.worlds.twin import alike
from experiments.outcomes.summary import Summary, entries, summary

DIRECT = "duty_paid"
"""The first channel: what needs no response."""

CHANNELS = {
    "compliance": "claims",
    "contracts_renewed": "contracts",
    "resourcing": "sources",
    "customers": "customers",
    "capacity": "capacity",
    "entry": "entry",
    "exit": "exit",
    "moves": "moves",
    "price_feedback": "prices",
}
"""The other channels in their order, and the response that each lets go.

Responses are those of `abm.worlds.held_responses`."""

CHANNEL_NAMES = (DIRECT, *CHANNELS)

STATED = tuple(CHANNELS)
TURNED = STATED[::-1]
"""The other channels from the last to the first."""

ORDERS = (STATED, TURNED)
"""In which channels are let go."""


def world_names(orders: Sequence[Sequence[str]] = ORDERS) -> list[list[str]]:
    """Names of the worlds of every order: its channels, a number added from the second order on.

    The last channel of an order is let go in the run itself, and the first world is the same
    in all orders.
    """
    return [
        [DIRECT, *(f"{channel}-{place}" if place > 1 else channel for channel in order[:-1])]
        for place, order in enumerate(orders, start=1)
    ]


def check_comparable(scenario: Scenario, reference: Scenario | None) -> None:
    """Refuse channels of what does not differ by policy alone.

    Raises
    ------
    ScenarioError
        Without a reference, or if it assumes other firms or another economy.
    """
    if reference is None:
        raise ScenarioError("--channels: splits a difference; name a scenario with --against")
    if not alike(scenario, reference) or scenario.start != reference.start:
        raise ScenarioError(
            f"--channels: {scenario.name} assumes other firms, another economy or another start "
            f"than {reference.name}; channels split what policy does"
        )


def channel_worlds(
    scenario: Scenario,
    reference: RelocationModel,
    orders: Sequence[Sequence[str]] = ORDERS,
) -> dict[str, HeldWorld]:
    """The worlds between a reference and a run, by the names that `world_names` gives them.

    Parameters
    ----------
    scenario : Scenario
        Of the run.
    reference : RelocationModel
        At quarter 0; its steps must come before those of the worlds.
    orders : sequence of sequence of str
        Each has all of `CHANNELS`, in the order in which they are let go. The last one's world
        is the run itself and is not made.

    Returns
    -------
    dict of str to HeldWorld

    Raises
    ------
    ScenarioError
        If the scenario assumes other firms or another economy than the reference.
    """
    for order in orders:
        if sorted(order) != sorted(CHANNELS):
            raise ValueError(
                f"order: {', '.join(order)}; must hold each of {', '.join(CHANNELS)} once"
            )
    held = {
        name: [CHANNELS[channel] for channel in order[after:]]
        for names, order in zip(world_names(orders), orders, strict=True)
        for after, name in enumerate(names)
    }
    return {name: HeldWorld(reference, scenario, some) for name, some in held.items()}


def add_channels(
    result: Summary,
    reference: Summary,
    worlds: Mapping[str, Summary],
    orders: Sequence[Sequence[str]] = ORDERS,
) -> None:
    """Write into every entry of a summary how its difference splits.

    Parameters
    ----------
    result : dict
        Of the run, as `experiments.outcomes.summary.summary` gives it; each entry gains
        ``channels``, the part of each by name, the mean over the orders, and
        ``channels_by_order``, a list of the same of each order; None for a share of nothing.
    reference : dict
        Of the reference.
    worlds : mapping of str to dict
        Summaries of the worlds between, by their names.
    orders : sequence of sequence of str
        In which channels were let go.
    """
    known = {name: dict(entries(one)) for name, one in worlds.items()}
    first, last = dict(entries(reference)), dict(entries(result))
    chains = [
        ([DIRECT, *order], [first, *(known[name] for name in names), last])
        for names, order in zip(world_names(orders), orders, strict=True)
    ]
    for path, entry in last.items():
        entry["channels"] = entry["channels_by_order"] = None
        found = []
        for names, chain in chains:
            ends = [world[path]["end"] for world in chain]
            if any(end is None for end in ends):
                break
            steps = [after - before for before, after in pairwise(ends)]
            parts = dict(zip(names, steps, strict=True))
            found.append({name: parts[name] for name in CHANNEL_NAMES})
        if len(found) == len(chains):
            entry["channels_by_order"] = found
            entry["channels"] = {
                name: sum(parts[name] for parts in found) / len(found) for name in CHANNEL_NAMES
            }


def split_differences(
    result: Summary,
    reference: Mapping[str, pd.DataFrame],
    worlds: Mapping[str, Mapping[str, pd.DataFrame]],
) -> pd.DataFrame | None:
    """Split every difference of a summary, given the tables of all other worlds.

    Parameters
    ----------
    result : dict
        Changed as by `add_channels`.
    reference : mapping of str to pandas.DataFrame
        Its tables.
    worlds : mapping of str to mapping
        Tables of the worlds between; empty to split nothing.

    Returns
    -------
    pandas.DataFrame or None
        As `channels_table`; None without worlds.
    """
    if not worlds:
        return None
    summaries = {name: summary(tables) for name, tables in worlds.items()}
    add_channels(result, summary(reference), summaries)
    return channels_table(result)


def channels_table(result: Summary) -> pd.DataFrame:
    """The split of every headline, one row a headline and channel.

    Parameters
    ----------
    result : dict
        After `add_channels`.

    Returns
    -------
    pandas.DataFrame
        Columns as in `experiments.outcomes.tables.COMPARISON_TABLES`.
    """
    rows: list[dict[str, Any]] = [
        {
            "headline": ".".join(path),
            "unit": entry["unit"],
            "order": order,
            "channel": channel,
            "part": part,
            "stated": entry["channels_by_order"][0][channel],
            "turned": entry["channels_by_order"][-1][channel],
            "difference": entry["difference"],
        }
        for path, entry in entries(result)
        for order, (channel, part) in enumerate((entry["channels"] or {}).items(), start=1)
    ]
    columns = (
        "headline", "unit", "order", "channel", "part", "stated", "turned", "difference",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))
