"""Whether a comparison says the same with one set of seeds as with another that shares none.

``python -m benchmarks.two_sets_of_seeds --firms 1000 --seeds 8`` runs the comparison of `make run`
with seeds 1 to 8 and with seeds 9 to 16, one after the other in this process, and prints each of
the six figures in front from both: whether sign and verdict are the same, and whether each
estimate lies inside the other's interval. It ends with 1 if anything is not so;
docs/reliability.md has what it printed.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.brief.effects import SIX_FIGURES, Effect
from experiments.outcomes.intervals import LEVEL
from experiments.outcomes.over_seeds import OverSeeds, of_seeds
from experiments.runs.paired_seeds import OneSeed, PairedRuns, run_seed
from experiments.scenarios.overrides import load_scenario

ASKED_OF = ("usmca", "status-quo")
"""The comparison of `make run`, unless another is named."""

FIRMS, SEEDS = 1_000, 8


@dataclass(frozen=True)
class Agreement:
    """One figure from two sets of seeds.

    Attributes
    ----------
    first, second : Effect
    """

    first: Effect
    second: Effect

    @property
    def same_sign(self) -> bool:
        """Of the two estimates; what is written without a digit has none."""
        if not (self.first.is_written and self.second.is_written):
            return self.first.is_written == self.second.is_written
        return bool(self.first.interval.mean * self.second.interval.mean > 0)

    @property
    def same_verdict(self) -> bool:
        """Whether both are told, and the same way, or neither is."""
        return self.first.verdict == self.second.verdict

    @property
    def inside(self) -> tuple[bool, bool]:
        """Whether the first estimate is in the second's interval, and the other way round."""
        one, other = self.first.interval, self.second.interval
        return other.low <= one.mean <= other.high, one.low <= other.mean <= one.high

    @property
    def whole(self) -> bool:
        """Whether the two say the same in every respect."""
        return self.same_sign and self.same_verdict and all(self.inside)


def usual_share(seeds: int) -> float:
    """How often an estimate is in the other's interval where all that differs is luck.

    Two means of ``n`` seeds differ with twice the variance of one, so it is as often as Student's
    variable with ``n - 1`` degrees of freedom is within its own bounds over the root of 2.
    """
    bound = stats.t.ppf((1 + LEVEL) / 2, seeds - 1) / np.sqrt(2)
    return float(1 - 2 * stats.t.sf(bound, seeds - 1))


def effects(found: OverSeeds) -> dict[str, Effect]:
    """The six figures in front, by indicator."""
    told = {}
    for indicator, (label, _) in SIX_FIGURES.items():
        level = float(found.of_reference(indicator)[:, -1].mean())
        difference = found.difference(indicator)
        told[indicator] = Effect(indicator, label, found.units[indicator], difference, level)
    return told


def compared(first: OverSeeds, second: OverSeeds) -> list[Agreement]:
    """The six figures from two sets of seeds."""
    one, other = effects(first), effects(second)
    return [Agreement(one[indicator], other[indicator]) for indicator in one]


def measured(pair: PairedRuns, seeds: Sequence[int]) -> OverSeeds:
    """A comparison over some seeds.

    Raises
    ------
    SystemExit
        If one of them breaks down.
    """
    parts = []
    for seed in seeds:
        answer = run_seed(OneSeed(pair, seed))
        if answer.table is None:
            sys.exit(answer.failure)
        parts.append(answer.table)
    found = of_seeds(parts, *pair.names, pair.firms)
    assert found is not None
    return found


def rows(agreements: Sequence[Agreement]) -> list[str]:
    """A table in Markdown."""
    heads = (
        "figure", "first set", "interval", "second set", "interval", "sign", "verdict",
        "each in the other's interval",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --- |" * (len(heads) - 1)]
    for one in agreements:
        sign = "same" if one.same_sign else "**differs**"
        verdict = one.first.verdict
        if not one.same_verdict:
            verdict = f"**{one.first.verdict}; {one.second.verdict}**"
        inside = "yes" if all(one.inside) else f"**{sum(one.inside)} of 2**"
        cells = (
            one.first.label, one.first.mean, one.first.span, one.second.mean, one.second.span,
            sign, verdict, inside,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both sets and print what they say; 0 if that is the same."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenario", default=ASKED_OF[0])
    parser.add_argument("--against", default=ASKED_OF[1])
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--quarters", type=int, help="as long as the scenario is unless given")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="in each set, at least 2")
    asked = parser.parse_args(arguments)
    if asked.seeds < 2:
        parser.error(f"--seeds {asked.seeds}: an interval needs 2 at least")
    scenario, reference = load_scenario(asked.scenario), load_scenario(asked.against)
    names = (scenario.name, reference.name)
    quarters = asked.quarters or scenario.quarters
    pair = PairedRuns(scenario, reference, names, asked.firms, quarters)
    sets = [range(1 + k * asked.seeds, 1 + (k + 1) * asked.seeds) for k in (0, 1)]
    found = compared(*(measured(pair, seeds) for seeds in sets))
    print(
        f"{names[0]} against {names[1]}, {quarters} quarters, {asked.firms:,} firms, seeds"
        f" {sets[0][0]} to {sets[0][-1]} and {sets[1][0]} to {sets[1][-1]}\n"
    )
    print("\n".join(rows(found)))
    held = sum(sum(one.inside) for one in found)
    print(
        f"\n{held} of {2 * len(found)} estimates lie inside the other's interval; if luck is all"
        f" that differs, {usual_share(asked.seeds):.0%} do."
    )
    return 0 if all(one.whole for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
