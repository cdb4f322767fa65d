"""What a run of a sweep is, how it ends, and what carries it out."""

from dataclasses import dataclass
from typing import Any, Protocol

type Outcomes = dict[str, float | None]
"""Numbers by dotted name; None for a share of nothing."""


RUN = "run"
"""Column of a run's identity; no outcome has that name."""

KEYS = ("scenario", "point", "replication", "seed")
"""Columns that say which run a row is, beside its factors."""


@dataclass(frozen=True)
class RunSpec:
    """One run, as it is handed to whoever runs it.

    Attributes
    ----------
    run : str
        Its identity.
    scenario : str
        Name of one of the plan's scenarios.
    values : tuple of (str, object)
        Keys of the scenario that differ, and their values.
    replication, seed, firms, quarters : int
    """

    run: str
    scenario: str
    values: tuple[tuple[str, Any], ...]
    replication: int
    seed: int
    firms: int
    quarters: int


@dataclass(frozen=True)
class Report:
    """How a run ended.

    Attributes
    ----------
    run : str
    outcomes : dict or None
        None for a run that failed.
    kind : str
        ``"done"``, or why it failed: ``"error"``, ``"timeout"``, ``"memory"``, ``"killed"``;
        ``"refused"`` for one that was not carried out, since it is not what its identity says.
    message, trace : str
        One line, and the traceback where there is one.
    seconds : float
    host : str
    maker : dict or None
        Of the results, as `experiments.sweeps.store.maker.maker` tells it where they were made.
    """

    run: str
    outcomes: Outcomes | None
    kind: str = "done"
    message: str = ""
    trace: str = ""
    seconds: float = 0.0
    host: str = ""
    maker: dict[str, Any] | None = None


class RunFunction(Protocol):
    """What carries out a run; it must be importable by its name in another process."""

    def __call__(self, spec: RunSpec, scenario: str) -> Outcomes:
        """Return the outcomes of ``spec``, whose scenario's text is ``scenario``."""
