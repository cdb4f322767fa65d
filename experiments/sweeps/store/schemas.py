"""What lines of a run log and the manifest of a sweep may say: known keys, known types.

Both are data from anyone. A line or manifest that says anything else is refused in
one line, whatever it is.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from abm.config.keys import shown
from abm.errors import StoreError

LOG_FORMAT = 2
"""2 has a checksum in every line."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Run = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
PartName = Annotated[
    str,
    Field(
        pattern=r"^parts/(merged-[0-9a-f]{16}(-[0-9]{1,6})?|"
        r"[A-Za-z0-9-]{1,60}-[0-9]{4,9}-[0-9a-f]{12})\.parquet$"
    ),
]
"""No part lies elsewhere, and each is named by its content."""

PART_OF_WRITER = r"(?P<writer>[A-Za-z0-9-]{1,60})-[0-9]{4,9}-(?P<mark>[0-9a-f]{12})\.parquet"
MERGED_PART = r"merged-(?P<mark>[0-9a-f]{16})(-[0-9]{1,6})?\.parquet"

LOG_NAME_PATTERN = r"^[A-Za-z0-9-]{1,60}\.jsonl$"
LogName = Annotated[str, Field(pattern=LOG_NAME_PATTERN)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Strict(BaseModel):
    """No other key, and no type but the one asked for."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Maker(Strict):
    """What a result depends on in its last bits beside what was run; see `maker`."""

    versions: dict[str, str | None]
    git_revision: str | None
    system: str
    machine: str
    cpu_features: list[str]
    kernels: list[str]
    portable: bool
    plants_valued_by: str = "numpy"


class LogLine(Strict):
    """What every line has; ``logs`` are those that were there before its program opened its own."""

    n: int = Field(ge=1)
    format: Literal[2]
    time: str = Field(max_length=40)
    logs: list[LogName] = Field(default_factory=list)


class SessionLine(LogLine):
    """A program began to work."""

    event: Literal["session"]
    writer: str
    host: str
    process: int
    maker: Maker


class PartLine(LogLine):
    """Results were stored, all of one maker."""

    event: Literal["part"]
    part: PartName
    sha256: Digest
    runs: list[Run]
    seconds: list[Seconds]
    hosts: list[str]
    maker: Maker


class MergedPart(Strict):
    """One file that results were merged into; ``made_by`` has a place of ``makers`` a run."""

    part: PartName
    sha256: Digest
    runs: list[Run]
    makers: list[Maker]
    made_by: list[Annotated[int, Field(ge=0)]]


class MergedLine(LogLine):
    """Parts were merged into others."""

    event: Literal["merged"]
    parts: list[MergedPart]
    replaces: list[PartName]


class FailedLine(LogLine):
    """A run failed."""

    event: Literal["failed"]
    run: Run
    kind: str
    message: str
    trace: str
    seconds: Seconds
    host: str


class SetAsideLine(LogLine):
    """A part was not as it was written and counts no more."""

    event: Literal["set-aside"]
    part: PartName
    sha256: Digest


class RepairedLine(LogLine):
    """A line of a log was not as it was written and counts for nothing.

    ``sha256`` is that of the line as it was found; ``""`` where lines before it are missing,
    the last of which had the number ``missing``. Line 0 is all of a log that is gone.
    """

    event: Literal["repaired"]
    log: LogName
    line: int = Field(ge=0)
    sha256: Digest | Literal[""]
    missing: int = Field(0, ge=0)


class ReusedLine(LogLine):
    """Results were taken from another sweep."""

    event: Literal["reused"]
    folder: str
    runs: int = Field(ge=0)


LINES: dict[str, type[LogLine]] = {
    "session": SessionLine,
    "part": PartLine,
    "merged": MergedLine,
    "failed": FailedLine,
    "set-aside": SetAsideLine,
    "repaired": RepairedLine,
    "reused": ReusedLine,
}
"""By event."""


class StoredScenario(Strict):
    """Where the text of a scenario lies."""

    file: str = Field(pattern=r"^scenarios/[0-9]{1,6}-[A-Za-z0-9_-]{1,60}\.toml$")
    sha256: Digest


class SweepManifest(Maker):
    """The manifest of a sweep; what is begun with, as `Maker`, is told beside."""

    format: int
    program: str
    kind: str
    sweep: dict[str, Any]
    asked: dict[str, Any]
    quarters: dict[str, Annotated[int, Field(ge=1, le=400)]]
    runs: int = Field(ge=0)
    files: dict[
        Literal["design.parquet", "points.json"],
        Annotated[str, Field(pattern=r"^[0-9a-f]{12}-(design\.parquet|points\.json)$")],
    ] = Field(min_length=2)
    sha256: dict[Literal["design.parquet", "points.json"], Digest] = Field(min_length=2)
    scenarios: dict[str, StoredScenario] = Field(min_length=1)
    economies: dict[str, Digest] = Field(default_factory=dict)
    targets_sha256: str | None = None
    seal: str


def checked_line(record: dict[str, Any], where: str) -> LogLine:
    """Return a line of a log whose every key and type is known.

    Raises
    ------
    StoreError
        If it is of a newer format, or says what no line says.
    """
    form, event = record.get("format"), record.get("event")
    if isinstance(form, int) and form > LOG_FORMAT:
        raise StoreError(
            f"{where}: is of format {shown(form)}, newer than this version reads ({LOG_FORMAT}); "
            "nothing was touched"
        )
    kind = LINES.get(event) if isinstance(event, str) else None
    if kind is None:
        raise StoreError(f"{where}: is of no known kind, {shown(event)}")
    return _checked(kind, record, where)


def checked_manifest(manifest: dict[str, Any], where: str) -> SweepManifest:
    """Return the manifest of a sweep whose every key and type is known.

    Raises
    ------
    StoreError
        Naming the first that is not.
    """
    found = _checked(SweepManifest, manifest, where)
    if set(found.quarters) != set(found.scenarios):
        raise StoreError(f"{where}: is wrong: 'quarters' and 'scenarios' name different scenarios")
    return found


def _checked[Kind: BaseModel](kind: type[Kind], content: dict[str, Any], where: str) -> Kind:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        said = " ".join(str(first["msg"]).split())[:200]
        raise StoreError(f"{where}: is wrong at {shown(place)}: {said}") from None
