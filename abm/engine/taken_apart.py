"""Dataclasses of arrays as data: taken apart into arrays and numbers, and put together again.

Arrays go by a dotted name (``conditions.wage``), all else is what JSON takes. Arrays come back
with their axes in the same order in memory, since the order of summation decides the last bits of
a sum: whoever goes on from them gets the same bytes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray


@dataclass
class TakenApart:
    """What values were taken apart into.

    A class that has a method ``take_apart(parts, name)`` and a class method
    ``put_together(parts, name)`` is asked to do it itself.

    Attributes
    ----------
    arrays : dict of str to ndarray
    numbers : dict
        As JSON takes it.
    """

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, value: Any) -> None:
        """Take a value apart under a name."""
        if isinstance(value, np.ndarray):
            self.arrays[name] = value
        elif hasattr(value, "take_apart"):
            value.take_apart(self, name)
        elif is_dataclass(value):
            for item in fields(value):
                self.put(f"{name}.{item.name}", getattr(value, item.name))
        elif isinstance(value, deque):
            self.numbers[f"{name}.length"] = len(value)
            for place, part in enumerate(value):
                self.put(f"{name}.{place}", part)
        elif isinstance(value, dict):
            self.numbers[f"{name}.keys"] = list(value)
            for key, part in value.items():
                self.put(f"{name}.{key}", part)
        elif isinstance(value, tuple):
            self.numbers[name] = [entry.model_dump(mode="json") for entry in value]
        else:
            self.numbers[name] = value

    def take(self, name: str, kind: Any) -> Any:
        """The value that was put under a name, of the kind that its type hint says.

        Raises
        ------
        KeyError, TypeError, ValueError
            If there is none, or it is of another kind.
        """
        if hasattr(kind, "put_together"):
            return kind.put_together(self, name)
        if isinstance(kind, type) and is_dataclass(kind):
            return self._of_class(name, kind)
        origin = get_origin(kind)
        if origin is deque:
            (part,) = get_args(kind)
            length = self.numbers[f"{name}.length"]
            return deque((self.take(f"{name}.{n}", part) for n in range(length)), maxlen=length)
        if origin is dict:
            _, part = get_args(kind)
            return {key: self.take(f"{name}.{key}", part) for key in self.numbers[f"{name}.keys"]}
        if origin is tuple:
            entry, *_ = get_args(kind)
            return tuple(entry.model_validate(one) for one in self.numbers[name])
        return self.arrays[name] if name in self.arrays else self.numbers[name]

    def _of_class(self, name: str, kind: type) -> Any:
        hints = get_type_hints(kind)
        values = {
            item.name: self.take(f"{name}.{item.name}", hints[item.name]) for item in fields(kind)
        }
        made = kind(**{item.name: values.pop(item.name) for item in fields(kind) if item.init})
        for attribute, value in values.items():
            setattr(made, attribute, value)
        return made


def packed(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[dict[str, NDArray[Any]], dict[str, list[int]]]:
    """Arrays with their axes as they lie in memory, as files keep them, and that order."""
    order = {
        name: np.argsort([-abs(stride) for stride in array.strides], kind="stable").tolist()
        for name, array in arrays.items()
    }
    return {
        name: np.ascontiguousarray(array.transpose(order[name])) for name, array in arrays.items()
    }, order


def unpacked(
    arrays: Mapping[str, NDArray[Any]], order: Mapping[str, list[int]]
) -> dict[str, NDArray[Any]]:
    """Copies of packed arrays, with their axes where they belong.

    A run changes its arrays in place, and several may start from the same ones.
    """
    return {
        name: array.transpose(np.argsort(order[name])).copy(order="K")
        for name, array in arrays.items()
    }
