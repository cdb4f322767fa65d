"""What a run of the benchmarks leaves, and how it is read again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from abm.errors import NearshoreError

RESULTS_FORMAT = 1
FILE = "results.json"


class BenchmarkError(NearshoreError):
    """A file of results is missing or says something that cannot be."""


@dataclass(frozen=True)
class Timing:
    """One thing measured at one number of firms, round by round.

    Attributes
    ----------
    what : str
    firms : int
    seconds : list of float
        One a round.
    machine_seconds : list of float
        What the machine took, just before each round, for a fixed number of logarithms
        and exponentials.
    against : dict of str to list of float
        Seconds that something else would take for as many firms, round by round.
    bound : list of float
        Seconds for the logarithms and exponentials that the work needs at least; empty
        where no bound is known.
    facts : dict
        What else was stored: ``peak_memory_bytes``, ``phases``, ``binding``, ``regimes``.
    """

    what: str
    firms: int
    seconds: list[float]
    machine_seconds: list[float]
    against: dict[str, list[float]] = field(default_factory=dict)
    bound: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Seconds of a round."""
        return median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Seconds below which a quarter and three quarters of the rounds are."""
        low, high = np.quantile(self.seconds, [0.25, 0.75])
        return float(low), float(high)

    @property
    def spread(self) -> float:
        """Distance between the quartiles of the rounds over their median."""
        low, high = self.quartiles
        return (high - low) / self.median

    @property
    def firms_per_second(self) -> float:
        """How many are worked for in a second."""
        return self.firms / self.median

    def times_faster_than(self, other: str) -> float | None:
        """Median over rounds of the other's seconds over ours; None where not compared."""
        if other not in self.against:
            return None
        return _median_ratio(self.against[other], self.seconds)

    @property
    def times_bound(self) -> float | None:
        """Median over rounds of our seconds over the bound; None without one."""
        return _median_ratio(self.seconds, self.bound) if self.bound else None

    @property
    def on_one_machine(self) -> list[float]:
        """Seconds in units of the machine's own speed at that moment."""
        return [
            seconds / machine
            for seconds, machine in zip(self.seconds, self.machine_seconds, strict=True)
        ]


def _median_ratio(above: Iterable[float], below: Iterable[float]) -> float:
    return median(a / b for a, b in zip(above, below, strict=True))


@dataclass(frozen=True)
class Recording:
    """All rows of a run and the machine it was made on.

    Attributes
    ----------
    rows : list of Timing
    machine : dict
    git_revision : str or None
    when : str
    engine : dict of str to float
        What the engine of sweeps costs, by name; it has no number of firms.
    """

    rows: list[Timing]
    machine: dict[str, Any]
    git_revision: str | None
    when: str
    engine: dict[str, float] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Timing]:
        return iter(self.rows)

    def row(self, what: str, firms: int | None = None) -> Timing | None:
        """The row of that name and size, or of the largest size; None where not measured."""
        found = [row for row in self.rows if row.what == what and firms in (None, row.firms)]
        return max(found, key=lambda row: row.firms, default=None)

    def of(self, what: str) -> list[Timing]:
        """All sizes of one thing, small to large."""
        return sorted((row for row in self.rows if row.what == what), key=lambda row: row.firms)

    def as_document(self) -> dict[str, Any]:
        """For a JSON file."""
        return {"format": RESULTS_FORMAT, **asdict(self)}


def read(paths: Sequence[Path]) -> Recording:
    """Results of one or several runs on one machine.

    Parameters
    ----------
    paths : sequence of Path
        Folders with a `FILE`, such files, or what pytest-benchmark writes. Where two say
        something of the same thing and size, the last one counts.

    Raises
    ------
    BenchmarkError
        If a file is missing or something else.
    """
    parts = [_read_one(path) for path in paths]
    rows = {(row.what, row.firms): row for part in parts for row in part}
    last = parts[-1]
    engine = {name: value for part in parts for name, value in part.engine.items()}
    return Recording(list(rows.values()), last.machine, last.git_revision, last.when, engine)


def _read_one(path: Path) -> Recording:
    file = path / FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise BenchmarkError(f"{file}: no such file; 'make bench' makes one") from None
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{file}: cannot be read as JSON ({error})") from None
    try:
        if "benchmarks" in document:
            return _from_pytest_benchmark(document)
        rows = [Timing(**row) for row in document["rows"]]
        return Recording(
            rows,
            document["machine"],
            document["git_revision"],
            document["when"],
            document.get("engine", {}),
        )
    except (KeyError, TypeError) as error:
        raise BenchmarkError(f"{file}: holds no benchmarks of this project ({error!r})") from None


def _from_pytest_benchmark(document: dict[str, Any]) -> Recording:
    rows = []
    engine: dict[str, float] = {}
    for entry in document["benchmarks"]:
        facts = dict(entry["extra_info"])
        if "engine" in facts:
            engine.update(facts["engine"])
            continue
        rows.append(
            Timing(
                what=facts.pop("what"),
                firms=facts.pop("firms"),
                seconds=entry["stats"]["data"],
                machine_seconds=facts.pop("machine_seconds"),
                against=facts.pop("against"),
                bound=facts.pop("bound", []),
                facts=facts,
            )
        )
    when = document["datetime"].split(".")[0]
    return Recording(rows, document["machine"], document["git_revision"], when, engine)
