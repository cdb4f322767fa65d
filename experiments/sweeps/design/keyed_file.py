"""Files with tables of values by dotted key, which may be written in quotes or as tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from abm.config.complaints import validated
from abm.config.settings import Settings
from abm.economy.folders import located
from abm.errors import ScenarioError
from experiments.sweeps.design.factors import Factor

TABLE = "economy.table"
"""The key whose value may be a path."""


class KeyedFile(Settings):
    """A file of settings some of whose tables hold values by dotted key."""

    keyed: ClassVar[tuple[str, ...]]
    """Names of those tables."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return what nested tables describe.

        Raises
        ------
        ScenarioError
            If a value cannot be.
        """
        document = {**document}
        for table in cls.keyed:
            if isinstance(document.get(table), Mapping):
                document[table] = by_dotted_key(document[table])
        return validated(cls, document)

    @classmethod
    def on_economy(
        cls, document: Mapping[str, Any], folder: Path, economy: str | None = None
    ) -> Self:
        """Return what a file in a folder says, its economies where every process finds them.

        Parameters
        ----------
        document : mapping
            Of a file that sets values of scenarios in ``set``.
        folder : Path
            Of the file; paths in it start there.
        economy : str, optional
            The economy of all runs, a path from the current folder.

        Raises
        ------
        ScenarioError
            If a value cannot be, or the file names an economy, too.
        """
        document = {**document}
        for table in cls.keyed:
            if isinstance(document.get(table), Mapping):
                document[table] = _placed(by_dotted_key(document[table]), folder)
        if isinstance(document.get("reference"), Mapping):
            document["reference"] = _placed(document["reference"], folder)
        if economy is not None:
            said = document.get("set", {})
            if any(TABLE in document.get(table, {}) for table in cls.keyed):
                raise ScenarioError(f"--economy: the file says {TABLE} itself")
            if isinstance(said, Mapping):
                document["set"] = {**said, TABLE: located(economy, Path())}
        return cls.from_document(document)


def _placed(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return values by dotted key, a path of an economy in them made absolute."""

    def place(value: Any) -> Any:
        if isinstance(value, list):
            return [place(part) for part in value]
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return located(value, folder) if isinstance(value, str) else value

    return {key: place(value) if key == TABLE else value for key, value in values.items()}


def by_dotted_key(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return values by dotted key, whether the file writes keys in quotes or as tables."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping) and not set(value) & Factor.words():
            flat.update(by_dotted_key(value, f"{key}."))
        else:
            flat[key] = value
    return flat
