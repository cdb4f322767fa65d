"""Columns that are recorded by sector, host and owner's home, and in sum over all owners."""

from collections.abc import Callable

from abm.economy.tables import Array
from abm.state.finished import Finished

INVESTED = "million USD of 2017"

Owned = dict[str, tuple[str, str, Callable[[Finished], Array]]]
"""Columns of sector, host and owner's home: unit, meaning, and what they hold of a quarter."""

PLANT_CHANGES: Owned = {
    "opened": ("real plants", "that began to produce in the quarter", lambda q: q.completed.new),
    "entered": (
        "real plants",
        "part of opened: of firms that had none in North America",
        lambda q: q.completed.entering,
    ),
    "expanded": (
        "real plants",
        "part of opened: added to others that their firm keeps",
        lambda q: q.completed.expanding,
    ),
    "moved": (
        "real plants",
        "part of opened: in place of another that their firm closed",
        lambda q: q.completed.moving,
    ),
    "closed": ("real plants", "that ceased to produce in the quarter", lambda q: q.closed),
    "exited": (
        "real plants",
        "part of closed: that left their firm with none in North America",
        lambda q: q.exited,
    ),
    "died": (
        "real plants",
        "part of closed: whatever their owners would have liked",
        lambda q: q.completed.dying,
    ),
    "announced": ("real plants", "new plants decided on", lambda q: q.announced.new),
    "entering": (
        "real plants",
        "part of announced: by firms that have none in North America",
        lambda q: q.announced.entering,
    ),
    "expanding": (
        "real plants",
        "part of announced: to be added to others that their firm keeps",
        lambda q: q.announced.expanding,
    ),
    "moving": (
        "real plants",
        "part of announced: in place of another that their firm will close",
        lambda q: q.announced.moving,
    ),
    "closing": ("real plants", "that it was decided to close", lambda q: q.announced.closing),
    "exiting": (
        "real plants",
        "part of closing: of firms that will have none in North America",
        lambda q: q.announced.exiting,
    ),
    "expected_announced": (
        "expected real plants",
        "announced, the luck of the quarter averaged over",
        lambda q: q.expected.new,
    ),
    "expected_entering": (
        "expected real plants",
        "entering, the luck of the quarter averaged over",
        lambda q: q.expected.entering,
    ),
    "expected_expanding": (
        "expected real plants",
        "expanding, the luck of the quarter averaged over",
        lambda q: q.expected.expanding,
    ),
    "expected_moving": (
        "expected real plants",
        "moving, the luck of the quarter averaged over",
        lambda q: q.expected.moving,
    ),
    "expected_closing": (
        "expected real plants",
        "closing, the luck of the quarter averaged over",
        lambda q: q.expected.closing,
    ),
    "expected_exiting": (
        "expected real plants",
        "exiting, the luck of the quarter averaged over",
        lambda q: q.expected.exiting,
    ),
    "expected_died": (
        "expected real plants",
        "died, the luck of the quarter averaged over",
        lambda q: q.expected.dying,
    ),
    "cancelled": (
        "real plants",
        "new plants given up in the quarter before they opened",
        lambda q: q.cancelled.new,
    ),
    "announced_musd": (
        INVESTED,
        "what the plants announced would cost to build",
        lambda q: q.announced.cost,
    ),
    "expected_announced_musd": (
        INVESTED,
        "announced_musd, the luck of the quarter averaged over",
        lambda q: q.expected.cost,
    ),
    "completed_musd": (
        INVESTED,
        "what the plants opened cost to build",
        lambda q: q.completed.cost,
    ),
    "cancelled_musd": (
        INVESTED,
        "what the plants given up would have cost to build",
        lambda q: q.cancelled.cost,
    ),
}

JOB_FLOWS: Owned = {
    "jobs_created": (
        "persons",
        "by plants that employ more than a quarter before",
        lambda q: q.accounts.job_flows.created,
    ),
    "jobs_destroyed": (
        "persons",
        "by plants that employ fewer than a quarter before, or closed",
        lambda q: q.accounts.job_flows.destroyed,
    ),
}
