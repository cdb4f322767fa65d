"""A likelier tariff lowers entry though no tariff changes."""

from itertools import pairwise

from experiments.outcomes.estimates import Estimate, below, estimate
from experiments.scenarios.designs import threat
from experiments.validation.finding import Finding, Results

ARRIVALS = (0.0, 0.0125, 0.025, 0.05, 0.10)


def judge(results: Results) -> list[Estimate]:
    """Plants that firms decide to open in Mexico, from one hazard to the next."""
    entries = [results.of(threat(arrival), "entries/MEX") for arrival in ARRIVALS]
    base = entries[0].mean()
    found = [
        estimate(f"plants decided on at {after:.2%} less those at {before:.2%},",
                 100 * (more - less) / base, "%", below(0))
        for (before, less), (after, more) in pairwise(zip(ARRIVALS, entries, strict=True))
    ]  # fmt: skip
    return [*found, estimate("plants decided on without a threat", entries[0])]


FINDING = Finding(
    id="HL-1",
    design="A border tax of 35% on Mexican goods, threatened at hazards of 0 to 10% a quarter and"
    " never imposed, default beliefs; plants in Mexico that firms decide to open within six years,"
    " on average over the luck of their reviews, in percent of those without a threat.",
    rule="Each step up in the hazard lowers entry: all four 95% intervals, paired by seed, are"
    " below zero.",
    designs=tuple(threat(arrival) for arrival in ARRIVALS),
    judge=judge,
    understanding="Firms that take today's policy to last for ever, three in ten, do not react to a"
    " threat. Decisions are rare: counted as drawn, a first look at four seeds told"
    " nothing, with intervals of up to 30 points. They were then averaged over luck;"
    " the rule was kept.",
)
