"""Who made a result: the install and the processor on which its last bits depend.

One rule says what may stand beside what in a sweep, whether results are resumed,
reused, from shards or from a Dask cluster: every result comes in through `Makers`.
What would break a promise is refused; what may move the last bits is told.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from abm.config.keys import shown
from abm.engine.kernel_choice import NUMPY
from abm.errors import StoreError
from experiments.runs.processes import PORTABLE

type Facts = Mapping[str, Any]
"""As `experiments.sweeps.store.schemas.Maker` describes them."""

REFUSED = {
    "version": "another version of nearshore",
    "portable": "another setting of --portable",
}
WARNED = {
    "git_revision": "another revision of the program",
    "versions": "other versions of packages",
    "machine": "a machine of another kind",
    "system": "another operating system",
    "cpu_features": "a processor with other instruction sets",
    "kernels": "other kernels of linear algebra",
    "plants_valued_by": "other code that values plants",
}


@cache
def maker() -> dict[str, Any]:
    """Return what results of this process depend on in their last bits."""
    from experiments.runs.on_disk.provenance import git_revision, processor, versions

    return {
        "versions": versions(),
        "git_revision": git_revision(),
        **processor(),
        "kernels": kernels(),
        "portable": os.environ.get(PORTABLE) == "1",
    }


def kernels() -> list[str]:
    """Return the libraries of linear algebra that NumPy uses, each with what it is tuned for.

    They choose by processor when they are loaded, also under ``--portable``.
    """
    import numpy as np  # loads them  # noqa: F401
    from threadpoolctl import threadpool_info

    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    numpys = [library for library in blas if "numpy" in library["filepath"]] or blas
    return sorted(
        {
            " ".join(str(library.get(key) or "") for key in _OF_A_LIBRARY).strip()
            for library in numpys
        }
    )


_OF_A_LIBRARY = ("internal_api", "version", "architecture")


def maker_of_workers(*, portable: bool) -> dict[str, Any]:
    """Return what workers started by this process will say of themselves."""
    import numpy as np

    baseline = list(np.show_config(mode="dicts")["SIMD Extensions"]["baseline"])
    compiled_for_none = {"cpu_features": baseline, "plants_valued_by": NUMPY}
    return {**maker(), "portable": portable} | (compiled_for_none if portable else {})


def maker_of_elsewhere(*, portable: bool) -> dict[str, Any]:
    """Return what workers of other machines must have in common with this process."""
    here = maker()
    return {key: here[key] for key in ("versions", "git_revision")} | {"portable": portable}


class Makers:
    """Makers whose results stand in one sweep, and the rule for a further one.

    Parameters
    ----------
    known : sequence of mapping
        Those that are there.
    """

    def __init__(self, known: Sequence[Facts] = ()) -> None:
        self._known = list(known)
        self.notes: list[str] = []

    def admit(self, new: Facts, who: str) -> None:
        """Let results of a maker in, noting in which way their last bits may differ.

        Parameters
        ----------
        new : mapping
        who : str
            For messages, such as ``"this session"``.

        Raises
        ------
        StoreError
            If they may not stand beside those that are there.
        """
        if new in self._known:
            return
        for old in self._known:
            for key, words in REFUSED.items():
                mine, theirs = _value(new, key), _value(old, key)
                if mine != theirs:
                    raise StoreError(
                        f"{who}: has {words} ({shown(mine)}) than results that are there "
                        f"({shown(theirs)}), and the two are not mixed; name another folder"
                    )
        for key, words in WARNED.items():
            differs = [old for old in self._known if key in old and key in new]
            if any(_value(old, key) != _value(new, key) for old in differs):
                self._note(f"{who}: has {words}; 'nearshore results DIR --makers' tells them apart")
        self._known.append(new)

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)


def _value(facts: Facts, key: str) -> Any:
    """Return what is compared; the version of nearshore apart from those of packages."""
    if key == "version":
        return facts["versions"].get("nearshore")
    if key == "versions":
        return {name: told for name, told in facts["versions"].items() if name != "nearshore"}
    return facts[key]
