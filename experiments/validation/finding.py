"""A published finding, how the model is asked about it, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from abm import data
from abm.economy.tables import Array
from experiments.outcomes.estimates import Estimate, expectation
from experiments.outcomes.observing import Look
from experiments.scenarios.designs import Design
from experiments.validation.measuring import Measures

Verdict = Literal["holds", "fails", "not testable"]

FEWEST_SEEDS = 2


@dataclass(frozen=True)
class Results:
    """Measures of every run.

    Attributes
    ----------
    runs : dict
        One `Measures` a seed by design name, seeds in order.
    """

    runs: dict[str, list[Measures]]

    def of(self, design: Design, *names: str) -> Array:
        """Sum of some measures, one number a seed."""
        return np.array([sum(run[name] for name in names) for run in self.runs[design.name]])

    def change(self, design: Design, reference: Design, *names: str) -> Array:
        """Percent by which a sum differs from the reference's, seed by seed."""
        return 100 * (self.of(design, *names) / self.of(reference, *names) - 1)


def published() -> pd.DataFrame:
    """Every published row: index id, columns ``claim``, ``expected``, ``source`` and ``status``.

    Those of ``published_results.csv`` come first, and are all tests.
    """
    first = data.read("published_results").rename(
        columns={"statement": "claim", "direction_or_value": "expected"}
    )
    rows = [first.assign(status="test"), data.read("published_results_2")]
    columns = ["id", "claim", "expected", "source", "status"]
    return pd.concat([some[columns] for some in rows]).set_index("id")


@dataclass(frozen=True)
class Finding:
    """One published row and the model's answer to it.

    Attributes
    ----------
    id : str
    design : str
        What is run and compared.
    rule : str
        When it holds, written before the result.
    designs : tuple of Design
        What must have been run; empty for what cannot be tested.
    judge : callable
        `Results` to estimates; it holds if all of them agree.
    understanding : str
        What is known of why the model says what it says, whatever that is.
    look : callable, optional
        What it needs of the finished run of each of its designs, beside the measures that
        all findings share.
    """

    id: str
    design: str
    rule: str
    designs: tuple[Design, ...]
    judge: Callable[[Results], list[Estimate]]
    understanding: str = ""
    look: Look | None = None

    def row(self, results: Results) -> "Row":
        """The verdict on results that hold all of its designs."""
        row = published().loc[self.id]
        seeds = len(results.runs.get(self.designs[0].name, ()))
        enough = seeds >= FEWEST_SEEDS
        estimates = self.judge(results) if enough else []
        verdict: Verdict = "not testable"
        why = f"Only {seeds} of the populations could be run; an interval needs {FEWEST_SEEDS}."
        if enough:
            verdict = "holds" if all(each.agrees for each in estimates) else "fails"
            why = self._why(estimates, seeds)
        return Row(
            id=self.id,
            claim=row["claim"],
            source=row["source"],
            expected=row["expected"],
            design=self.design,
            rule=self.rule,
            estimates=estimates,
            verdict=verdict,
            why=why,
        )

    def _why(self, estimates: list[Estimate], seeds: int) -> str:
        off = [each for each in estimates if not each.agrees]
        if off:
            found = "; ".join(
                f"{each.label.rstrip(',')}: {each.text}, expected {expectation(each.expected)}"
                for each in off
                if each.expected is not None
            )
        else:
            found = f"every interval over {seeds} seeds lies where the rule says"
        return f"{found[0].upper()}{found[1:]}. {self.understanding}".strip()


@dataclass(frozen=True)
class Row:
    """A line of the table of validation."""

    id: str
    claim: str
    source: str
    expected: str
    design: str
    rule: str
    estimates: list[Estimate]
    verdict: Verdict
    why: str

    @property
    def model(self) -> str:
        """Every mean with its interval, in one line."""
        return _in_line(self.estimates)

    @property
    def judged(self) -> str:
        """The same of what the rule looks at."""
        return _in_line([each for each in self.estimates if each.expected is not None])


def _in_line(estimates: list[Estimate]) -> str:
    return "; ".join(f"{each.label.rstrip(',')}: {each.text}" for each in estimates)
