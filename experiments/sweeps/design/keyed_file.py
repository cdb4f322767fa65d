"""Files with tables of values by dotted key, which may be written in quotes or as tables."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from abm.config.complaints import complaint
from abm.config.settings import Settings
from abm.errors import ScenarioError
from experiments.sweeps.design.factors import Factor


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
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise ScenarioError(complaint(error, cls, document)) from None


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
