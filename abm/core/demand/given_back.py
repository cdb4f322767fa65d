"""Duties that a maker gets back on its own imports, for what it makes in the country itself."""

import numpy as np

from abm.core.inputs.content_rules import Floats


def remitted(duty: Floats, imports: Floats, made: Floats, per_output: Floats) -> Floats:
    """What of the duty on a maker's own imports is remitted.

    Imports are alike: the part of them that is free is free of that part of the duty. So
    remissions rise with output at the rate of the mean duty until all imports are free, and
    then stay.

    Parameters
    ----------
    duty, imports : ndarray
        Owed on what it brings in from its plants elsewhere, and the value of that, at least 0.
    made : ndarray, same shape
        Value of what it makes in the country.
    per_output : ndarray, broadcasting to these
        Value that is free per value made.

    Returns
    -------
    ndarray
        Between 0 and ``duty``.

    Examples
    --------
    >>> three = np.array([0.0, 40.0, 400.0])
    >>> remitted(np.full(3, 20.0), np.full(3, 80.0), three, np.array(1.0)).tolist()
    [0.0, 10.0, 20.0]
    """
    free = np.divide(per_output * made, imports, out=np.zeros_like(imports), where=imports > 0)
    back: Floats = duty * np.minimum(free, 1.0)
    return back
