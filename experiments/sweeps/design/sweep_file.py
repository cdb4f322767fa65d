"""What a sweep file may say: scenarios, factors, a design, and how often each point is run.

A file is data from anyone, read with the care of :mod:`abm.config.files`: TOML of
at most a megabyte, no unknown key, and no path but the name of a scenario that is
shipped or lies beside it.
"""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from abm.config import files
from abm.config.keys import keys_of, shown
from abm.config.settings import AsTuple, Settings
from abm.errors import ScenarioError
from abm.scenario.overriding import check_key
from abm.scenario.scenario import Scenario
from experiments.sweeps.design.factors import Factor, read_factor
from experiments.sweeps.design.imported import IMPORTED, with_imported
from experiments.sweeps.design.keyed_file import KeyedFile

MOST_RUNS = 1_000_000
"""Of one sweep; a slip of the pen asks for more sooner than a researcher."""

MOST_FACTORS = 100

SAMPLING = ("latin_hypercube", "sobol_sequence", "sobol", "morris")
"""Designs that draw points from ranges; the others take values as listed."""

DRAWN = (*SAMPLING, IMPORTED)
"""Designs whose points lie anywhere, rather than side by side on a grid."""

DesignKind = Literal[
    "grid", "list", "latin_hypercube", "sobol_sequence", "sobol", "morris", "imported"
]


def _one_or_more(value: object) -> object:
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


Names = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1, max_length=100)
]


class PointDesign(Settings):
    """How points are taken from the factors.

    ``n`` is the number of points of ``latin_hypercube`` and ``sobol_sequence``, of base
    points of ``sobol`` (Saltelli's scheme, ``n (factors + 2)`` points in all) and of
    trajectories of ``morris`` (``n (factors + 1)`` points). A design of kind ``imported`` is
    written ``design = "file.csv"``, and what is said of the file is filled in.
    """

    kind: DesignKind = "grid"
    n: int | None = Field(None, ge=1, le=MOST_RUNS)
    levels: int = Field(4, ge=2, le=100)
    file: str | None = Field(None, max_length=200)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _n_belongs_to_sampling(self) -> Self:
        imported = self.kind == IMPORTED
        if any((told is None) == imported for told in (self.file, self.sha256)):
            raise ValueError('design: points of a file are written design = "file.csv"')
        if (self.kind in DRAWN) != (self.n is not None):
            needs = "needs" if self.kind in DRAWN else "takes no"
            raise ValueError(f"design.n: a design of kind '{self.kind}' {needs} n")
        return self


class SweepFile(KeyedFile):
    """Everything a sweep is told beside where and with how many workers."""

    keyed = ("set", "factors")

    format: Literal[1] = 1
    name: str = Field("sweep", min_length=1, max_length=200)
    title: str = Field("", max_length=200)
    question: str = Field("", max_length=500)
    scenario: Names
    firms: int = Field(10_000, ge=1, le=10_000_000)
    quarters: int | None = Field(None, ge=1, le=400)
    replications: int = Field(10, ge=1, le=100_000)
    seed: int = Field(1, ge=0, le=2**63 - 1)
    outcomes: Annotated[tuple[str, ...], AsTuple, Field(max_length=100)] = ()
    set: dict[str, Any] = Field({}, max_length=MOST_FACTORS)
    factors: dict[str, Any] = Field({}, max_length=MOST_FACTORS)
    design: PointDesign = PointDesign()
    reference: dict[str, Any] = Field({}, max_length=MOST_FACTORS)

    @property
    def varied(self) -> dict[str, Factor]:
        """Factors in the order of the file."""
        return {key: read_factor(key, spec) for key, spec in self.factors.items()}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for key in (*self.set, *self.factors):
            check_key(keys_of(Scenario), key)
            if key == "quarters":
                raise ScenarioError("quarters: is said once for the whole sweep, not varied")
        both = sorted(set(self.set) & set(self.factors))
        if both:
            raise ScenarioError(f"{both[0]}: is both set and a factor")
        if len(set(self.scenario)) < len(self.scenario):
            raise ScenarioError("scenario: one is named twice")
        for key, factor in self.varied.items():
            factor.check_design(key, self.design.kind)
        if self.design.kind in ("sobol", "morris") and len(self.factors) < 2:
            raise ScenarioError(f"design.kind = '{self.design.kind}': needs two factors or more")
        _check_reference(self)
        return self


def read_sweep(source: str | Path, economy: str | None = None) -> tuple[SweepFile, Path]:
    """Return a sweep and the folder in which the scenarios that it names may lie.

    Parameters
    ----------
    source : str or Path
        Name of a shipped sweep, or path of a TOML file.
    economy : str, optional
        The economy of all its runs, in place of those that its scenarios name.

    Raises
    ------
    ScenarioError
        If there is none, or it says something that cannot be.
    """
    path = shipped_sweeps().get(str(source), Path(source))
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name too long, or with a null in it
        exists = False
    if not exists:
        raise ScenarioError(
            f"{shown(str(source))}: no such sweep or file; shipped are "
            f"{', '.join(shipped_sweeps())}"
        )
    document = files.read_alone(path, keys_of(SweepFile), "sweep")
    if isinstance(document.get("design"), str):
        document = with_imported(document, path.parent)
    document = {"name": path.stem} | document
    return SweepFile.on_economy(document, path.parent, economy), path.parent


def shipped_sweeps() -> dict[str, Path]:
    """Return the files of the sweeps that come with the package, by name."""
    folder = Path(str(resources.files("experiments"))) / "sweeps" / "shipped"
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def _check_reference(sweep: SweepFile) -> None:
    """Refuse a reference that names no cell of the sweep."""
    for key, value in sweep.reference.items():
        if key == "scenario":
            if value not in sweep.scenario:
                raise ScenarioError(
                    f"reference.scenario = {shown(value)}: must be one of the sweep's: "
                    f"{', '.join(sweep.scenario)}"
                )
        elif key not in sweep.factors:
            raise ScenarioError(f'reference."{key}": is no factor of this sweep')
        elif sweep.design.kind in DRAWN:
            raise ScenarioError("reference: belongs to designs whose values are listed")
        elif value not in sweep.varied[key].values:
            raise ScenarioError(
                f'reference."{key}" = {shown(value)}: must be one of the factor\'s values'
            )
