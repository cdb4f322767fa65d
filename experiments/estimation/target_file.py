"""What a file of targets may say: parameters with their ranges, and targets.

Every target is used either to fit or to test, never both, and the split is part of
the file: it is written down, with its checksum, before anything runs.
"""

import csv
import io
import json
import re
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from abm.config import files
from abm.config.complaints import complaint
from abm.config.keys import keys_of, shown
from abm.config.settings import AsTuple, Date, Settings
from abm.errors import ScenarioError
from experiments.outcomes.cells import OutcomeCell
from experiments.sweeps.design.factors import Factor, read_factor
from experiments.sweeps.design.keyed_file import KeyedFile
from experiments.sweeps.design.sweep_file import SweepFile

RANGES = ("uniform", "loguniform")
"""How a parameter's range is searched: evenly, or evenly in its logarithm."""

MOST_PARAMETERS = 20
MOST_TARGETS = 1_000

LARGEST_SERIES = 1_000_000
"""Characters of a CSV of targets."""

Text = Annotated[str, Field(max_length=500)]


def _read_quarter(value: object) -> object:
    """Return the first day of a quarter written as ``2019-Q3``, and anything else unchanged."""
    found = re.fullmatch(r"(\d{4})-?Q([1-4])", value) if isinstance(value, str) else None
    return value if found is None else date(int(found[1]), 3 * int(found[2]) - 2, 1)


DateOrQuarter = Annotated[Date, BeforeValidator(_read_quarter)]
"""A day; a quarter is its first."""

Label = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\w+$")]


class Target(Settings):
    """A figure that the model should give.

    ``outcome`` is a headline, or a column of a table that may be cut by sector and pair and
    put over another one; ``date`` or ``quarter`` is when, the last quarter without them.
    ``error`` is its standard error, in its own unit; it weighs the target.
    """

    outcome: Annotated[str, Field(min_length=1, max_length=200)]
    over: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    sector: Label | None = None
    origin: Label | None = None
    destination: Label | None = None
    region: Label | None = None
    date: DateOrQuarter | None = None
    quarter: int | None = Field(None, ge=0, le=400)
    value: float
    error: float = Field(gt=0)
    use: Literal["fit", "test"]
    source: Text = ""

    @property
    def name(self) -> str:
        """What results call it."""
        if not any(getattr(self, key) is not None for key in CUTS):
            return self.outcome
        place = "host" if self.outcome.startswith("content.") else "region"
        given = {
            "origin": self.origin,
            "destination": self.destination,
            place: self.region,
            "sector": self.sector,
        }
        cut = tuple((axis, label) for axis, label in given.items() if label is not None)
        when = self.quarter if self.date is None else self.date
        return OutcomeCell(self.outcome, self.over or "", cut, when).name

    def as_written(self) -> dict[str, Any]:
        """Return it as JSON takes it, without what it does not say."""
        said = self.model_dump(mode="json")
        return {key: value for key, value in said.items() if key not in CUTS or value is not None}

    @model_validator(mode="after")
    def _is_of_one_time(self) -> Self:
        if self.date is not None and self.quarter is not None:
            raise ValueError("date and quarter: give one of the two")
        return self


CUTS = ("over", "sector", "origin", "destination", "region", "date", "quarter")
"""What a target may say of which figure it means, beside its outcome."""


class Series(Settings):
    """A CSV of figures: a row is a target, and what a column does not say is said here."""

    file: Annotated[str, Field(min_length=1, max_length=200)]
    outcome: str | None = None
    over: str | None = None
    sector: str | None = None
    origin: str | None = None
    destination: str | None = None
    region: str | None = None
    error: float | None = None
    use: Literal["fit", "test"] | None = None
    source: Text = ""


class TargetFile(KeyedFile):
    """Everything an estimation is told beside where and with how many workers.

    ``runs`` is what a population is asked: one run of the scenario, or the runs behind the
    published rows (`experiments.fit.published_runs`), which have figures of their own.
    ``search`` is how parameters are looked for: by slopes of the model itself, or on a response
    surface through ``starts`` points (`experiments.estimation.response_surface`).
    """

    keyed = ("set", "parameters")

    format: Literal[1] = 1
    name: str = Field("calibration", min_length=1, max_length=200)
    title: str = Field("", max_length=200)
    question: Text = ""
    scenario: Annotated[str, Field(min_length=1, max_length=200)]
    firms: int = Field(10_000, ge=1, le=10_000_000)
    quarters: int | None = Field(None, ge=1, le=400)
    replications: int = Field(10, ge=2, le=100_000)
    seed: int = Field(1, ge=0, le=2**63 - 1)
    starts: int = Field(16, ge=1, le=4096)
    steps: int = Field(20, ge=1, le=1000)
    runs: Literal["scenario", "published"] = "scenario"
    search: Literal["slopes", "surface"] = "slopes"
    set: dict[str, Any] = Field({}, max_length=100)
    series: Annotated[tuple[Series, ...], AsTuple, Field(max_length=100)] = ()
    parameters: dict[str, Any] = Field(min_length=1, max_length=MOST_PARAMETERS)
    targets: Annotated[tuple[Target, ...], AsTuple, Field(min_length=1, max_length=MOST_TARGETS)]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for key, factor in self.ranges.items():
            if factor.distribution not in RANGES or factor.values:
                raise ScenarioError(
                    f'parameters."{key}": must be {{ uniform = [low, high] }} or '
                    "{ loguniform = [low, high] }"
                )
        named = [target.name for target in self.targets]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise ScenarioError(
                f"targets: {shown(twice)} is there twice; a figure is used to fit or to test, once"
            )
        used = len(self.used_to("fit"))
        if used < len(self.parameters):
            raise ScenarioError(
                f'targets: {used} with use = "fit" for {len(self.parameters)} parameters; '
                "there must be as many or more"
            )
        _ = self.sweep  # says what is wrong with keys of parameters and of set
        return self

    @property
    def ranges(self) -> dict[str, Factor]:
        """Parameters by their dotted key, as ranges."""
        return {key: read_factor(key, spec) for key, spec in self.parameters.items()}

    def used_to(self, use: str) -> list[Target]:
        """Return targets used to ``"fit"`` or to ``"test"``, in the order of the file."""
        return [target for target in self.targets if target.use == use]

    @property
    def sweep(self) -> SweepFile:
        """The sweep whose runs the fit looks at; its design is where the search starts."""
        return SweepFile.from_document(
            {
                "name": self.name,
                "title": self.title,
                "question": self.question,
                "scenario": self.scenario,
                "firms": self.firms,
                "quarters": self.quarters,
                "replications": self.replications,
                "seed": self.seed,
                "outcomes": [target.name for target in self.targets][:100],
                "set": self.set,
                "factors": self.parameters,
                "design": {"kind": "sobol_sequence", "n": self.starts},
            }
        )

    @property
    def split(self) -> dict[str, Any]:
        """Which target is used for what, and the checksum of that."""
        targets = [target.as_written() for target in self.targets]
        text = json.dumps(targets, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return {"format": 1, "targets": targets, "sha256": sha256(text.encode()).hexdigest()}


def read_target_file(source: str | Path, economy: str | None = None) -> tuple[TargetFile, Path]:
    """Return an estimation and the folder in which its scenario may lie.

    Parameters
    ----------
    source : str or Path
        A TOML file.
    economy : str, optional
        The economy of all runs, in place of the one that the scenario names.

    Raises
    ------
    ScenarioError
        If there is no such file, or it says something that cannot be.
    """
    path = Path(source)
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name too long, or with a null in it
        exists = False
    if not exists:
        raise ScenarioError(f"{shown(str(source))}: no such file")
    document = files.read_alone(path, keys_of(TargetFile), "file of targets")
    document = {"name": path.stem} | document
    document["targets"] = [*document.get("targets", []), *_from_series(document, path.parent)]
    document.pop("series", None)
    if not document["targets"]:
        raise ScenarioError(f"{path}: has no target; write [[targets]], or [[series]] with a file")
    return TargetFile.on_economy(document, path.parent, economy), path.parent


def _from_series(document: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the targets of the series that a file names, as it could have written them."""
    asked = document.get("series", [])
    if not isinstance(asked, list):
        raise ScenarioError("series: must be a list, written [[series]]")
    targets: list[dict[str, Any]] = []
    for number, entry in enumerate(asked):
        try:
            series = Series.model_validate(entry)
        except ValidationError as error:
            shape = {"series": [*asked[:number], entry]}
            raise ScenarioError(f"series[{number}]: {complaint(error, Series, shape)}") from None
        targets += [_target(row, series) for row in _rows(folder, series.file)]
    return targets


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV beside the file, each with the line that it is in."""
    place = folder / name
    if place.resolve().parent != folder.resolve() or not place.is_file():
        raise ScenarioError(f"series.file = {shown(name)}: no such file beside the file of targets")
    try:
        with place.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read(LARGEST_SERIES + 1)
        if len(text) > LARGEST_SERIES:
            raise ScenarioError(f"{name}: is larger than a series may be (1 MB)")
        reader = csv.DictReader(io.StringIO(text), strict=True)
        known = {"value", "error", "use", "source", "outcome", *CUTS}
        odd = next((head for head in reader.fieldnames or [] if head not in known), None)
        if odd is not None or "value" not in (reader.fieldnames or []):
            said = "has no column value" if odd is None else f"has the column {shown(odd)}"
            raise ScenarioError(f"{name}: {said}; columns are {', '.join(sorted(known))}")
        heads = len(reader.fieldnames or [])
        rows = []
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if None in row:
                raise ScenarioError(f"{where}: has more fields than the {heads} columns")
            rows.append({"line": where, **row})
        if not rows:
            raise ScenarioError(f"{name}: has no row below its names of columns")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError(f"{name}: cannot be read ({' '.join(str(error).split())})") from None
    return rows


def _target(row: dict[str, Any], series: Series) -> dict[str, Any]:
    """Return the target of a row, numbers read; what the row leaves empty is the series's."""
    said = {key: value.strip() for key, value in row.items() if isinstance(value, str)}
    where = said.pop("line")
    target = series.model_dump(exclude={"file"}, exclude_none=True)
    target |= {key: value for key, value in said.items() if value}
    for key, kind in (("value", float), ("error", float), ("quarter", int)):
        if isinstance(target.get(key), str):
            try:
                target[key] = kind(target[key])
            except ValueError:
                raise ScenarioError(f"{where}: {key} = {shown(target[key])} is no number") from None
    lacking = next((key for key in ("outcome", "value", "error", "use") if key not in target), None)
    if lacking is not None:
        raise ScenarioError(f"{where}: has no {lacking}")
    return target
