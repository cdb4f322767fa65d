"""The search for the policy that does best, over a grid of levers, by Optuna and by neighbours.

Where a grid has no more points than may be judged, all are. Otherwise Optuna proposes (a tree of
Parzen estimators, started at random), and once it has had its share, the neighbours of the
best policy are judged, a step of one lever away, until none is better. The search is a function
of its seed and of what the policies came to: it keeps nothing itself, so that after a stop it
takes the same way through the runs that are kept.
"""

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from abm.economy.tables import Array
from experiments.replies.policy_levers import PolicyLever
from experiments.replies.told_apart import Choice, Judgement, joined

if TYPE_CHECKING:
    import optuna

type Judge = Callable[[Sequence[Choice]], Array]
"""From policies to what they came to, shape (choice, seed)."""

TOGETHER = 4
"""Policies that are proposed before any of them is judged, however many workers there are."""

FRUITLESS = 8
"""Proposals in a row, none of them new, at which Optuna is asked no more."""


class ReplySearch:
    """Looks for the best values of some levers.

    Parameters
    ----------
    levers : sequence of PolicyLever
    judge : callable
    candidates : int
        Policies that Optuna may propose; neighbours may take as many again.
    seed : int
        Of the proposals.
    """

    def __init__(
        self, levers: Sequence[PolicyLever], judge: Judge, candidates: int, seed: int
    ) -> None:
        self._levers, self._judge = list(levers), judge
        self._candidates, self._seed = candidates, seed
        self._found: dict[Choice, Array] = {}
        self.complete = True

    def run(self, present: Choice) -> Judgement:
        """Judge policies and return what they came to.

        ``complete`` then says whether no neighbour of the best is left that was not judged.

        Parameters
        ----------
        present : tuple of float
            The policy in force; it need not be on the grid, and is judged first.
        """
        self._look_at([present])
        if prod(len(lever.values) for lever in self._levers) <= self._candidates:
            self._look_at([tuple(row) for row in product(*(one.values for one in self._levers))])
        else:
            self._propose()
            self._go_uphill()
        return self._judgement()

    def _judgement(self) -> Judgement:
        return joined(list(self._found), np.array(list(self._found.values())))

    def _look_at(self, choices: Sequence[Choice]) -> None:
        new = [choice for choice in dict.fromkeys(choices) if choice not in self._found]
        if new:
            self._found.update(zip(new, self._judge(new), strict=True))

    def _propose(self) -> None:
        """Judge what Optuna proposes, a few policies at a time."""
        from optuna import create_study, logging
        from optuna.samplers import TPESampler

        logging.set_verbosity(logging.WARNING)
        sampler = TPESampler(seed=self._seed, n_startup_trials=max(self._candidates // 3, 4))
        study = create_study(direction="maximize", sampler=sampler)
        fruitless = 0
        while len(self._found) <= self._candidates and fruitless < FRUITLESS:
            trials = [study.ask() for _ in range(TOGETHER)]
            choices = [self._choice(trial) for trial in trials]
            fruitless = 0 if set(choices) - set(self._found) else fruitless + 1
            self._look_at(choices)
            for trial, choice in zip(trials, choices, strict=True):
                self._tell(study, trial, self._found[choice])

    def _choice(self, trial: "optuna.Trial") -> Choice:
        """Return the policy of a trial, which draws the place of every lever's value."""
        places = [trial.suggest_int(one.key, 0, len(one.values) - 1) for one in self._levers]
        return tuple(one.values[place] for one, place in zip(self._levers, places, strict=True))

    @staticmethod
    def _tell(study: "optuna.Study", trial: "optuna.Trial", values: Array) -> None:
        from optuna.trial import TrialState

        if np.isfinite(values).all():
            study.tell(trial, float(values.mean()))
        else:
            study.tell(trial, state=TrialState.FAIL)

    def _go_uphill(self) -> None:
        """Judge neighbours of the best until none is better, or as many as Optuna had."""
        most = len(self._found) + self._candidates
        while True:
            judgement = self._judgement()
            near = self._near(judgement.choices[judgement.best])
            new = [choice for choice in near if choice not in self._found]
            if not new:
                return
            if len(self._found) >= most:
                self.complete = False
                return
            self._look_at(new)

    def _near(self, choice: Choice) -> list[Choice]:
        """Return the policies a step of one lever away; from beside the grid, the nearest on it."""
        near = []
        for at, lever in enumerate(self._levers):
            below = [value for value in lever.values if value < choice[at]][-1:]
            above = [value for value in lever.values if value > choice[at]][:1]
            near += [(*choice[:at], value, *choice[at + 1 :]) for value in below + above]
        return near
