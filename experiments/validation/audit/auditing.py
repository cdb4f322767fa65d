"""Puts claims to other seeds, more firms and other assumptions, and says which survive.

Every effect is the difference of twins: two runs of the same firms with the same luck that
differ by policy alone. What is run and how, and the assumptions that are changed, are those of
`experiments.validation.robustness`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from abm.economy.tables import Array
from abm.errors import ScenarioError
from abm.model import RelocationModel
from experiments.outcomes.cells import value_of
from experiments.outcomes.estimates import Estimate, above, below, estimate
from experiments.validation.audit.claim_file import ClaimFile, StatedEffect
from experiments.validation.finding import FEWEST_SEEDS, Results
from experiments.validation.measuring import Measures
from experiments.validation.robustness import AT_BOUNDS
from experiments.validation.running import Task, collected, run_all

SHIPPED = "as shipped"

MORE_FIRMS = 2
"""Times as many firms, in one of the variants."""

SEEDS_OF_VARIANTS = 4
"""At most: effects are paired, so that few seeds show whether one is turned around."""

NOT_VARIED = {
    "order": "no effect by construction: draws go by firm, and a test runs firms in another order",
    "time step": "a quarter: tables, speeds and stages of building are quarterly, so that half a "
    "quarter would be another model; speeds are varied instead",
}
"""What else an answer could hang on, and why it is not tried."""


@dataclass(frozen=True)
class Variant:
    """One way to run the claims' designs.

    Attributes
    ----------
    name : str
    assumptions : tuple of str
        Overrides.
    firms, seeds, first_seed : int
    portable : bool
        Whether instruction sets that not every machine has are switched off.
    """

    name: str
    assumptions: tuple[str, ...]
    firms: int
    seeds: int
    first_seed: int = 1
    portable: bool = False

    def tasks(self, claims: Sequence[StatedEffect]) -> list[Task]:
        """Return what is run, one task a seed."""
        designs = tuple(dict.fromkeys(design for claim in claims for design in claim.designs))
        measure = partial(measured, tuple(claims))
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        return [Task(designs, self.firms, seed, self.assumptions, measure) for seed in seeds]


def measured(claims: tuple[StatedEffect, ...], model: RelocationModel, quarters: int) -> Measures:
    """Run a model and return every figure that claims name, by the claim's place."""
    model.run_for(quarters)
    tables, start = model.frames(), model.scenario.start
    found = {}
    for number, claim in enumerate(claims):
        if claim.last == quarters:
            values = [value_of(cell, tables, start) for cell in claim.cells()]
            numbers = [np.nan if value is None else value for value in values]
            found[f"{number}"] = float(np.mean(numbers))
    return found


def variants_of(asked: ClaimFile, only: Sequence[str] = ()) -> list[Variant]:
    """Return the variants that claims are put to, that as shipped first.

    Raises
    ------
    ScenarioError
        If one is asked for that there is not.
    """
    few = min(asked.seeds, SEEDS_OF_VARIANTS)
    others = [
        Variant("other seeds", (), asked.firms, asked.seeds, 1 + asked.seeds),
        Variant(f"{MORE_FIRMS} times the firms", (), MORE_FIRMS * asked.firms, few),
        Variant("portable arithmetic", (), asked.firms, FEWEST_SEEDS, portable=True),
        *(Variant(name, given, asked.firms, few) for name, given in AT_BOUNDS.items()),
    ]
    known = {variant.name for variant in others}
    unknown = next((name for name in only if name not in known), None)
    if unknown is not None:
        raise ScenarioError(f"--only {unknown[:60]}: is none of {', '.join(sorted(known))}")
    chosen = [variant for variant in others if not only or variant.name in only]
    return [Variant(SHIPPED, (), asked.firms, asked.seeds), *chosen]


@dataclass(frozen=True)
class Audited:
    """What became of one claim.

    Attributes
    ----------
    claim : StatedEffect
    found : dict of str to Estimate or str
        By variant: the effect with its interval over seeds, or why there is none.
    """

    claim: StatedEffect
    found: dict[str, Estimate | str]

    @property
    def turned(self) -> list[str]:
        """Variants whose interval does not lie where the claim says."""
        return [
            name for name, one in self.found.items() if isinstance(one, Estimate) and not one.agrees
        ]

    @property
    def verdict(self) -> str:
        """``survives``, ``fails as shipped``, or on what it hangs."""
        shipped = self.found[SHIPPED]
        if isinstance(shipped, str):
            return f"not testable: {shipped}"
        if SHIPPED in self.turned:
            return "fails as shipped"
        return f"hangs on {', '.join(self.turned)}" if self.turned else "survives"

    @property
    def survives(self) -> bool:
        """Whether it holds under every variant that could be run."""
        return self.verdict == "survives"

    def data(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "claim": self.claim.model_dump(mode="json"),
            "verdict": self.verdict,
            "variants": {
                name: {"not_run": one}
                if isinstance(one, str)
                else {"mean": one.mean, "low": one.low, "high": one.high, "agrees": one.agrees}
                for name, one in self.found.items()
            },
        }


def audit(
    asked: ClaimFile,
    only: Sequence[str] = (),
    workers: int | None = None,
    finished: Callable[[str], None] = lambda name: None,
) -> list[Audited]:
    """Put every claim of a file to every variant.

    Parameters
    ----------
    asked : ClaimFile
    only : sequence of str
        Names of variants, if not all; that as shipped is always run.
    workers : int, optional
        Processes; the answers do not depend on it.
    finished : callable
        Is told the name of each variant that is done.

    Returns
    -------
    list of Audited
        One a claim, in their order.
    """
    found: list[dict[str, Estimate | str]] = [{} for _ in asked.claims]
    for variant in variants_of(asked, only):
        done = run_all(variant.tasks(asked.claims), workers, portable=variant.portable)
        results, failures = collected(done)
        for number, claim in enumerate(asked.claims):
            found[number][variant.name] = _judged(claim, number, results, failures)
        finished(variant.name)
    return [Audited(claim, one) for claim, one in zip(asked.claims, found, strict=True)]


def _judged(
    claim: StatedEffect, number: int, results: Results, failures: Sequence[str]
) -> Estimate | str:
    """Return a claim's effect under a variant; why there is none where it could not be run."""
    design, reference = claim.designs
    runs = len(results.runs.get(design.name, ()))
    if runs < FEWEST_SEEDS:
        return failures[0] if failures else "too few seeds ran"
    effect = _effect(claim, results.of(design, f"{number}"), results.of(reference, f"{number}"))
    if not np.isfinite(effect).all():
        return "the outcome is a share of nothing, or its reference is 0"
    size = claim.more_than * (100 if claim.measure == "share" else 1)
    expected = above(size) if claim.direction == "rises" else below(-size)
    return estimate(claim.text, effect, "%" if claim.measure == "share" else "", expected)


def _effect(claim: StatedEffect, run: Array, reference: Array) -> Array:
    """Return the effect seed by seed: percent of the reference, or in the outcome's unit."""
    if claim.measure == "difference":
        return run - reference
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = 100 * (run - reference) / np.abs(reference)
    return share


def table_of(answers: Sequence[Audited]) -> list[str]:
    """Return the answers as lines of text: a table a claim, and its verdict."""
    lines = []
    for answer in answers:
        lines.append(answer.claim.text)
        width = max(map(len, answer.found))
        for name, one in answer.found.items():
            said = one if isinstance(one, str) else one.text
            mark = " " if isinstance(one, str) else ("+" if one.agrees else "-")
            lines.append(f"  {mark} {name:{width}}  {said}")
        lines += [f"  {answer.verdict}", ""]
    lines += [f"Not varied: {name} ({why})." for name, why in NOT_VARIED.items()]
    return lines
