"""Verification mode: off unless asked for, and then part of every phase."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from abm.engine import phase
from abm.errors import VerificationError
from abm.verify.checks import CHECKS

ASKED = "NEARSHORE_VERIFY"
"""Environment variable: ``1`` for verification."""


def verify_phase(model: Any, name: str) -> None:
    """Work out again, in another way, a part of what a phase left.

    Parameters
    ----------
    model : RelocationModel
        After the phase; nothing of it is changed. In quarter 0, while it is set up, nothing
        is checked.
    name : str

    Raises
    ------
    VerificationError
        On the first difference.
    """
    check = CHECKS.get(name)
    if check is None or model.quarter < 1:
        return
    for found in check(model):
        raise VerificationError(
            f"{name}, quarter {model.quarter}: {found.what} is {found.model:.9g}, and "
            f"{found.again:.9g} where it is worked out by plain means",
            name,
            model.quarter,
            {} if found.row is None else {"firm": found.row},
        )


@contextmanager
def verifying() -> Iterator[None]:
    """Verify every model for a while."""
    phase.ALSO_CHECKED.append(verify_phase)
    try:
        yield
    finally:
        phase.ALSO_CHECKED.remove(verify_phase)


def start_if_asked() -> None:
    """Verify every model of this process from now on if the environment asks for it."""
    if os.environ.get(ASKED) == "1" and verify_phase not in phase.ALSO_CHECKED:
        phase.ALSO_CHECKED.append(verify_phase)
