"""An estimation on a response surface, for a model whose figures are noisy.

Slopes by differences need figures that hardly vary beside what a small step changes. Where single
firms are large, the luck of who moves differs between neighbouring points and drowns it. Then the
model is run at points spread over all ranges, and every figure is regressed on the parameters,
their squares and nothing else (Box and Wilson 1951): luck is averaged over all points, and the
search, its intervals and its profiles cost no further run. Each replication has a surface of its
own, so that the spread of surfaces is the noise of the fit.

At the best values the model is run once more, and what it gives there is told beside the surface.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.errors import OutputError
from experiments.estimation.search import FittedParameters, Search, shares_of
from experiments.estimation.simulated import Simulated
from experiments.estimation.target_file import TargetFile
from experiments.sweeps.design.points import Point

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ResponseSurface:
    """Figures as second-order functions of the parameters, without products of two.

    Attributes
    ----------
    file : TargetFile
    coefficients : ndarray, shape (replication, term, target)
    """

    file: TargetFile
    coefficients: Array

    @classmethod
    def through(cls, file: TargetFile, points: Sequence[Point], drawn: Array) -> Self:
        """Regress what the model gave at some points, by least squares.

        Parameters
        ----------
        file : TargetFile
        points : sequence of dict
        drawn : ndarray, shape (point, replication, target)
            Points with a figure that is no number are left out.

        Raises
        ------
        OutputError
            If no more points are left than there are terms.
        """
        terms = _terms(file, points)
        usable = np.isfinite(drawn).all(axis=(1, 2))
        if usable.sum() <= terms.shape[1]:
            raise OutputError(
                f"starts: {usable.sum()} points with a value of every target are too few for a "
                f"surface of {terms.shape[1]} terms"
            )
        found = [
            np.linalg.lstsq(terms[usable], drawn[usable, replication], rcond=None)[0]
            for replication in range(drawn.shape[1])
        ]
        return cls(file, np.array(found))

    def moments(self, points: Sequence[Point]) -> Array:
        """Return figures at some points, shape (point, replication, target)."""
        figures: Array = np.einsum("pm,rmt->prt", _terms(self.file, points), self.coefficients)
        return figures


def _terms(file: TargetFile, points: Sequence[Point]) -> Array:
    """One, every parameter and its square, as shares of the ranges about their middle."""
    shares = np.array([shares_of(file.ranges, point) for point in points]) - 0.5
    return np.concatenate([np.ones((len(shares), 1)), shares, shares**2], axis=1)


def fitted_on_surface(file: TargetFile, simulated: Simulated) -> FittedParameters:
    """Return the parameters at which the surface comes closest to the targets used to fit.

    Parameters
    ----------
    file : TargetFile
        Whose ``starts`` say at how many points the model is run.
    simulated : Simulated

    Returns
    -------
    FittedParameters
        Its ``runs`` are what the model gives at the best values.
    """
    points = simulated.starts
    surface = ResponseSurface.through(file, points, simulated.at(points))
    found = Search(file, surface.moments, points).run()
    best = {known.key: known.value for known in found.parameters}
    runs = simulated.at([best])[0].mean(axis=0)
    return replace(found, runs=runs, evaluations=len(points) + 1)
