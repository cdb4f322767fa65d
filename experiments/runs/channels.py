"""Which responses make the difference between two scenarios.

Between the reference and the run lies a chain of worlds under the run's policy with the
same firms and luck. In the first, duties fall on what the reference buys, makes and
claims; each further world lets one more response go its way, and the last is the run.
What a headline changes from one world to the next is the channel's part of the
difference, so the parts sum to the whole, whatever the order.
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
    "relocation": "plants",
    "price_feedback": "prices",
}
"""The other channels in their order, and the response that each lets go.

Responses are those of `abm.worlds.held_responses`."""

CHANNEL_NAMES = (DIRECT, *CHANNELS)


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
    scenario: Scenario, reference: RelocationModel, order: Sequence[str] = tuple(CHANNELS)
) -> dict[str, HeldWorld]:
    """The worlds between a reference and a run, each by the channel that it adds.

    Parameters
    ----------
    scenario : Scenario
        Of the run.
    reference : RelocationModel
        At quarter 0; its steps must come before those of the worlds.
    order : sequence of str
        All of `CHANNELS`, in the order in which they are let go. The last one's world
        is the run itself and is not made.

    Returns
    -------
    dict of str to HeldWorld

    Raises
    ------
    ScenarioError
        If the scenario assumes other firms or another economy than the reference.
    """
    if sorted(order) != sorted(CHANNELS):
        raise ValueError(f"order: {', '.join(order)}; must hold each of {', '.join(CHANNELS)} once")
    free = [CHANNELS[channel] for channel in order]
    return {
        channel: HeldWorld(reference, scenario, free[after:])
        for after, channel in enumerate([DIRECT, *order[:-1]])
    }


def add_channels(
    result: Summary,
    reference: Summary,
    worlds: Mapping[str, Summary],
    last: str = CHANNEL_NAMES[-1],
) -> None:
    """Write into every entry of a summary how its difference splits.

    Parameters
    ----------
    result : dict
        Of the run, as `experiments.outcomes.summary.summary` gives it; each entry gains
        ``channels``, the part of each by name, or None for a share of nothing.
    reference : dict
        Of the reference.
    worlds : mapping of str to dict
        Summaries of the worlds between, in their order.
    last : str
        The channel whose world is the run.
    """
    chain = [dict(entries(one)) for one in (reference, *worlds.values(), result)]
    for path, entry in entries(result):
        ends = [world[path]["end"] for world in chain]
        entry["channels"] = None
        if all(end is not None for end in ends):
            steps = [after - before for before, after in pairwise(ends)]
            entry["channels"] = dict(zip([*worlds, last], steps, strict=True))


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
            "difference": entry["difference"],
        }
        for path, entry in entries(result)
        for order, (channel, part) in enumerate((entry["channels"] or {}).items(), start=1)
    ]
    columns = ("headline", "unit", "order", "channel", "part", "difference")
    return pd.DataFrame(rows, columns=list(columns))
