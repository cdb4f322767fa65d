"""What a file of targets may say: parameters with their ranges, and targets.

Every target is used either to fit or to test, never both, and the split is part of
the file: it is written down, with its checksum, before anything runs.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from abm.config import files
from abm.config.keys import keys_of, shown
from abm.config.settings import AsTuple, Settings
from abm.errors import ScenarioError
from experiments.sweeps.design.factors import Factor, read_factor
from experiments.sweeps.design.keyed_file import KeyedFile
from experiments.sweeps.design.sweep_file import SweepFile

RANGES = ("uniform", "loguniform")
"""How a parameter's range is searched: evenly, or evenly in its logarithm."""

MOST_PARAMETERS = 20
MOST_TARGETS = 1_000

Text = Annotated[str, Field(max_length=500)]


class Target(Settings):
    """A figure that the model should give.

    ``error`` is its standard error, in its own unit; it weighs the target.
    """

    outcome: Annotated[str, Field(min_length=1, max_length=200)]
    value: float
    error: float = Field(gt=0)
    use: Literal["fit", "test"]
    source: Text = ""


class TargetFile(KeyedFile):
    """Everything an estimation is told beside where and with how many workers."""

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
    set: dict[str, Any] = Field({}, max_length=100)
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
        named = [target.outcome for target in self.targets]
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
                "outcomes": [target.outcome for target in self.targets][:100],
                "set": self.set,
                "factors": self.parameters,
                "design": {"kind": "sobol_sequence", "n": self.starts},
            }
        )

    @property
    def split(self) -> dict[str, Any]:
        """Which target is used for what, and the checksum of that."""
        targets = [target.model_dump(mode="json") for target in self.targets]
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
    document = files.read_alone(path, keys_of(TargetFile))
    document = {"name": path.stem} | document
    return TargetFile.on_economy(document, path.parent, economy), path.parent
