"""The table of runs that a sweep amounts to, made and checked before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from abm.config import files
from abm.config.keys import keys_of, shown
from abm.economy.folders import economy_checksum
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.scenarios.describe import described
from experiments.sweeps.design.identity import run_id, scenario_digest, seed_of
from experiments.sweeps.design.keyed_file import TABLE
from experiments.sweeps.design.points import Point, points
from experiments.sweeps.design.run_spec import RunSpec
from experiments.sweeps.design.sweep_file import SweepFile

DESIGN_KINDS = {
    "scenario": pa.string(),
    "point": pa.int32(),
    "replication": pa.int32(),
    "seed": pa.int64(),
    "run": pa.string(),
}
"""Of the columns of a design, factors aside."""


@dataclass(frozen=True)
class SweepPlan:
    """All runs of a sweep in canonical order: by scenario, point, replication.

    Attributes
    ----------
    sweep : SweepFile
    scenarios : dict of str to str
        The text of each scenario in full, by name: what is stored is what is run.
    points : list of dict
        Values by factor.
    quarters : dict of str to int
        Length of a run, by scenario.
    digests : list of list of str
        Of the resolved scenario, by scenario and point.
    """

    sweep: SweepFile
    scenarios: dict[str, str]
    points: list[Point]
    quarters: dict[str, int]
    digests: list[list[str]]

    def __len__(self) -> int:
        return len(self.scenarios) * len(self.points) * self.sweep.replications

    def specs(self) -> Iterator[RunSpec]:
        """Yield every run; two points that amount to the same share an identity."""
        seeds = [seed_of(self.sweep.seed, r + 1) for r in range(self.sweep.replications)]
        fixed = tuple(self.sweep.set.items())
        for k, name in enumerate(self.scenarios):
            size = {"firms": self.sweep.firms, "quarters": self.quarters[name]}
            for p, point in enumerate(self.points):
                values = (*fixed, *point.items())
                for r, seed in enumerate(seeds, start=1):
                    run = run_id(self.digests[k][p], seed=seed, **size)
                    yield RunSpec(run, name, values, r, seed, **size)

    def table(self) -> pa.Table:
        """Return the design: a row a run, with its identity."""
        specs = list(self.specs())
        numbers = range(1, len(self.points) + 1)
        of_point = [p for _ in self.scenarios for p in numbers for _ in range(self.replications)]
        columns: dict[str, pa.Array] = {
            "scenario": pa.array([spec.scenario for spec in specs], DESIGN_KINDS["scenario"]),
            "point": pa.array(of_point, DESIGN_KINDS["point"]),
            "replication": pa.array(
                [spec.replication for spec in specs], DESIGN_KINDS["replication"]
            ),
            "seed": pa.array([spec.seed for spec in specs], DESIGN_KINDS["seed"]),
        }
        for key in self.sweep.factors:
            columns[key] = factor_column([dict(spec.values)[key] for spec in specs])
        columns["run"] = pa.array([spec.run for spec in specs], DESIGN_KINDS["run"])
        return pa.table(columns)

    @property
    def economies(self) -> dict[str, str]:
        """Checksum of every economy that a run starts from, by its name or folder."""
        if TABLE in self.sweep.factors:
            said = [point[TABLE] for point in self.points]
        elif TABLE in self.sweep.set:
            said = [self.sweep.set[TABLE]]
        else:
            said = [read_resolved(text)[1].economy.table for text in self.scenarios.values()]
        return {table: economy_checksum(table) for table in sorted(set(said))}

    @property
    def replications(self) -> int:
        """Runs a point and scenario."""
        return self.sweep.replications

    def with_points(self, more: Sequence[Point]) -> "SweepPlan":
        """Return a plan with further points behind those it has.

        Raises
        ------
        ScenarioError
            If one says something that cannot be.
        """
        digests = [
            [*known, *_digests(text, self.sweep, more, self.quarters[name])]
            for known, (name, text) in zip(self.digests, self.scenarios.items(), strict=True)
        ]
        return replace(self, points=[*self.points, *more], digests=digests)


def make_plan(
    sweep: SweepFile,
    folder: Path,
    texts: Mapping[str, str] | None = None,
    made: list[Point] | None = None,
) -> SweepPlan:
    """Return the runs of a sweep, every scenario and value checked.

    Parameters
    ----------
    sweep : SweepFile
    folder : Path
        Where scenarios that are not shipped lie, and the file of an imported design.
    texts : mapping of str to str, optional
        Scenarios by name as they were stored; read afresh unless given.
    made : list of dict, optional
        Points as they were stored; made afresh unless given.

    Raises
    ------
    ScenarioError
        If a scenario or a point says something that cannot be.
    """
    texts = _resolved(sweep, folder) if texts is None else texts
    made = points(sweep, folder) if made is None else made
    quarters: dict[str, int] = {}
    digests: list[list[str]] = []
    for name, text in texts.items():
        document, scenario = read_resolved(text)
        fixed = scenario.overridden(document, sweep.set) if sweep.set else scenario
        quarters[name] = sweep.quarters or fixed.quarters
        digests.append(_digests(text, sweep, made, quarters[name]))
    return SweepPlan(sweep, dict(texts), made, quarters, digests)


def _digests(text: str, sweep: SweepFile, made: Sequence[Point], quarters: int) -> list[str]:
    document, scenario = read_resolved(text)
    return [
        scenario_digest(_at(document, scenario, {**sweep.set, **point}, quarters)) for point in made
    ]


@lru_cache(maxsize=32)
def read_resolved(text: str) -> tuple[dict[str, Any], Scenario]:
    """Return a stored scenario as nested tables, and read."""
    document = files.read_text(text, keys_of(Scenario))
    return document, Scenario.from_document(document)


def resolved_scenario(text: str, spec: RunSpec) -> Scenario:
    """Return the scenario of one run; the last one is kept, since a worker asks twice."""
    if _last and _last[0][0] == spec and _last[0][1] == text:
        return _last[0][2]
    document, scenario = read_resolved(text)
    found = _at(document, scenario, dict(spec.values), spec.quarters)
    _last[:] = [(spec, text, found)]
    return found


_last: list[tuple[RunSpec, str, Scenario]] = []
"""The run resolved last in this process, at most one."""


def scenario_at(text: str, values: dict[str, Any], quarters: int) -> Scenario:
    """Return a stored scenario with some values in the place of its own."""
    return _at(*read_resolved(text), values, quarters)


def factor_column(values: Sequence[Any]) -> pa.Array:
    """Return values as numbers where all are numbers, as truths, or as text."""
    if all(isinstance(value, bool) for value in values):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return pa.array([float(value) for value in values], pa.float64())
    return pa.array([value if isinstance(value, str) else shown(value) for value in values])


def _at(
    document: dict[str, Any], scenario: Scenario, values: dict[str, Any], quarters: int
) -> Scenario:
    try:
        changed = scenario.overridden(document, values) if values else scenario
    except ScenarioError as error:
        point = ", ".join(f"{key} = {shown(value)}" for key, value in values.items())
        raise ScenarioError(f"{error} (at the point {point})") from None
    return changed.model_copy(update={"quarters": quarters})


def _resolved(sweep: SweepFile, folder: Path) -> dict[str, str]:
    """Return every scenario in full as TOML, by its name."""
    texts: dict[str, str] = {}
    for name in sweep.scenario:
        text = described(files.neighbour(name, folder))
        own_name = read_resolved(text)[1].name
        if own_name in texts:
            raise ScenarioError(f"scenario: two are named {shown(own_name)}")
        texts[own_name] = text
    return texts
