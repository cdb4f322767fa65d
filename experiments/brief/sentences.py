"""The answer in plain English: sentences made from the numbers, none that they do not bear."""

from collections.abc import Iterator, Sequence
from math import ceil

import pandas as pd

from abm.axes import HOSTS, PARTNERS
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from experiments.brief.caveats import closure_in_words
from experiments.brief.effects import Effect, differs_nowhere, effect, headline_effects
from experiments.brief.movers import movers, names_firms
from experiments.labels import CHANNEL_LABELS, MAY_BE_LUCK, in_sentence
from experiments.outcomes.intervals import LEVEL
from experiments.outcomes.tables import RunFrames
from experiments.runs.runner import RunResult

MOST_SEEDS = 1_000
"""Seeds above which no run is proposed."""

CHANNELS_TOLD = 3
"""Channels that are named, the largest."""


def sentences(result: RunResult) -> list[str]:
    """What changed, for whom, through which channel, how sure, and what was assumed.

    Parameters
    ----------
    result : RunResult
        With or without a reference, other seeds and channels.

    Returns
    -------
    list of str
        About five; one whose numbers are not there is left out.
    """
    return list(_every(result))


def _every(result: RunResult) -> Iterator[str]:
    if result.reference is None:
        yield _alone(result)
    elif differs_nowhere(result):
        yield (
            f"{result.run.name} does not differ from {result.reference.name} by"
            f" {end_in_words(result.run)}: every headline is the same"
            f"{' in every seed' if result.seeds is not None else ''}."
        )
    else:
        yield what_changed(result)
        yield for_consumers(result)
        yield about_plants(result)
        if result.channels is not None:
            yield from _through(result)
        yield how_sure(result)
    yield assumed(result)


def end_in_words(run: RunFrames) -> str:
    """When a run ends: ``the end of 2026``."""
    day = pd.Timestamp(run.start) + pd.DateOffset(months=3 * run.quarters, days=-1)
    return f"the end of {day:%Y}" if day.month == 12 else f"the end of {day:%B %Y}"


def _alone(result: RunResult) -> str:
    jobs = result.summary["manufacturing_employment"]["USA"]["change"]
    more = f"{abs(jobs) / 1000:,.1f} thousand {'more' if jobs > 0 else 'fewer'}"
    return (
        f"By {end_in_words(result.run)} the United States has {more} manufacturing jobs under"
        f" {result.run.name} than at the start; how much of that its policy does, only a second"
        " scenario can tell: name one with --against."
    )


def what_changed(result: RunResult) -> str:
    """Who has more or fewer jobs, and what that does to the US balance with its partners."""
    assert result.reference is not None
    other = result.reference.name
    jobs = [(host, effect(result, f"manufacturing_employment.{host}")) for host in HOSTS]
    known = [(host, one) for host, one in jobs if one is not None and _counts(one)]
    start = f"By {end_in_words(result.run)}"
    if not known:
        said = (
            f"{start} manufacturing jobs show {MAY_BE_LUCK} between {result.run.name} and {other}"
        )
    else:
        known.sort(key=lambda pair: -abs(pair[1].interval.mean))
        parts = [
            f"{in_sentence(host)} {'has ' if not place else ''}{_amount(one, 'more', 'fewer')}"
            f"{f' manufacturing jobs under {result.run.name} than under {other}' * (not place)}"
            f"{_surely(one, named=not place)}"
            for place, (host, one) in enumerate(known)
        ]
        said = f"{start} {_listed(parts)}"
        silent = [in_sentence(host) for host, one in jobs if one is None or not _counts(one)]
        if silent and result.seeds is not None:
            said += f"; for {_listed(silent)} there is {MAY_BE_LUCK}"
    return f"{said}.{_balances(result)}"


def _balances(result: RunResult) -> str:
    """The US goods balances that change, as a sentence; nothing where none does."""
    found = [(one, effect(result, f"us_goods_balance.{one}")) for one in PARTNERS]
    parts = [
        f"with {in_sentence(partner)} is {one.size} billion USD a year"
        f" {'higher' if one.interval.mean > 0 else 'lower'}{_surely(one)}"
        for partner, one in found
        if one is not None and _counts(one)
    ]
    return f" The US goods balance {_listed(parts)}." if parts else ""


def for_consumers(result: RunResult) -> str:
    """Who pays more and who can buy less."""
    prices = _by_host(result, "consumer_prices")
    income = _by_host(result, "real_income")
    if not prices and not income:
        return f"Consumers: {MAY_BE_LUCK} in prices or real income of any of the three countries."
    parts = []
    if prices:
        told = [
            f"{one.size} {'higher' if one.interval.mean > 0 else 'lower'} in {in_sentence(host)}"
            f"{_surely(one)}"
            for host, one in prices
        ]
        parts.append(f"consumer prices are {_listed(told)}")
    if income:
        told = [
            f"{one.size} {'higher' if one.interval.mean > 0 else 'lower'} in {in_sentence(host)}"
            f"{_surely(one)}"
            for host, one in income
        ]
        parts.append(f"real income of consumers is {_listed(told)}")
    return f"{_upper('; '.join(parts))}."


def _by_host(result: RunResult, headline: str) -> list[tuple[str, Effect]]:
    """What counts of a headline, by country."""
    found = [(host, effect(result, f"{headline}.{host}")) for host in HOSTS]
    return [(host, one) for host, one in found if one is not None and _counts(one)]


def about_plants(result: RunResult) -> str:
    """Decisions to build as expected, and the firms that move beside the real ones they are."""
    decided = _by_host(result, "plants_decided.expected.opening")
    if decided:
        parts = [
            f"{one.size} {'more' if one.interval.mean > 0 else 'fewer'} in {in_sentence(host)}"
            f"{_surely(one)}"
            for host, one in decided
        ]
        said = f"New plants that firms are to be expected to decide on: {_listed(parts)}"
    else:
        said = f"New plants that firms are to be expected to decide on show {MAY_BE_LUCK}"
    if not names_firms(result.run):
        return f"{said}."
    others = movers(result.run, result.reference)
    if not others:
        return f"{said}; no modelled firm of seed {result.seed} moves otherwise."
    real = f"{sum(one.real_firms for one in others):,.0f} real ones"
    if len(others) == 1:
        told = f"one modelled firm of {result.firms:,} moves otherwise, and stands for {real}"
    else:
        firms = f"{len(others):,} modelled firms of {result.firms:,}"
        told = f"{firms} move otherwise, and stand for {real}"
    return f"{said}; in seed {result.seed}, {told}."


def _through(result: RunResult) -> Iterator[str]:
    """The channels of the first headline that changes, the largest first."""
    channels = result.channels
    assert channels is not None
    for one in sorted(headline_effects(result), key=lambda one: not _counts(one)):
        split = channels[channels["headline"] == one.indicator]
        parts = split.loc[split["part"].abs().sort_values(ascending=False, kind="stable").index]
        named = [
            f"{one.written(row.part)} by {CHANNEL_LABELS[row.channel].lower()}"
            for row in parts.head(CHANNELS_TOLD).itertuples()
            if any(digit in one.written(row.part) for digit in "123456789")
        ]
        if named:
            total = one.written(float(split["difference"].iloc[0]))
            unit = " thousand" if one.unit == "persons" else ""
            yield (
                f"Through which channels, seed {result.seed} alone can say: of the"
                f" {total}{unit} of {in_the_middle(one.label)}, {_listed(named)}."
            )
            return


def how_sure(result: RunResult) -> str:
    """How many seeds stand behind it, what they tell, and what would take more."""
    if result.seeds is None:
        return (
            "How much of this is luck nobody can tell from one seed: run it with --seeds 8 and"
            " every difference gets its interval."
        )
    shown = headline_effects(result)
    told = [one for one in shown if one.told]
    said = (
        f"Every difference is the mean of {len(result.seeds.seeds)} seeds of {result.firms:,}"
        f" firms, paired, with its {LEVEL:.0%} interval; of the {_number(len(shown))} figures in"
        f" front {_number(len(told)) if told else 'none'} can be told from luck."
    )
    return f"{said}{too_small(result, [one for one in shown if not one.told])}"


def too_small(result: RunResult, silent: Sequence[Effect]) -> str:
    """What size of run would tell the figures that this one leaves open."""
    # An effect of exactly nothing is settled, and one without a written digit is of no size.
    asked = [one for one in silent if one.is_written]
    if not asked:
        return ""
    easiest = min(asked, key=lambda one: one.interval.seeds_to_tell)
    needed = easiest.interval.seeds_to_tell
    what = f"{easiest.label} ({easiest.mean} \N{PLUS-MINUS SIGN} {easiest.half})"
    start = f" The run is too small for the others: {what}"
    if not needed <= MOST_SEEDS:
        return f"{start}, the nearest, would take more than {MOST_SEEDS:,} seeds to tell."
    times = needed / easiest.interval.n
    return (
        f"{start} would be told by about {needed:,.0f} seeds of this size, or by"
        f" {easiest.interval.n} seeds of {_rounded_up(times * result.firms):,} firms, if the effect"
        " is as large as it seems."
    )


def _rounded_up(firms: float) -> int:
    """A number of firms to two digits, upwards."""
    unit = int(10 ** max(len(f"{firms:.0f}") - 2, 0))
    return ceil(firms / unit) * unit


def in_the_middle(label: str) -> str:
    """A label as it stands inside a sentence."""
    return label if label.startswith("US ") else label[:1].lower() + label[1:]


def assumed(result: RunResult) -> str:
    """What the answer rests on: the policy, what closes the economy, what was set otherwise."""
    scenario = result.scenarios[0]
    title = scenario.title or scenario.name
    said = [f"Assumed: {title}", closure_in_words(scenario)]
    if result.reference is not None:
        said[0] += f", against {result.scenarios[1].title or result.reference.name}"
    otherwise = [
        f"{part}.{name} = {value}"
        for part, usual in (("economy", EconomyAssumptions()), ("firms", FirmAssumptions()))
        for name, value in getattr(scenario, part).model_dump(mode="json").items()
        if value != usual.model_dump(mode="json")[name] and not isinstance(value, dict)
    ]
    if otherwise:
        said.append(f"set otherwise than usual: {', '.join(otherwise)}")
    return f"{'; '.join(said)}."


def _counts(one: Effect) -> bool:
    """Whether an effect is told: beyond luck, or of one seed, where that is said elsewhere."""
    return one.told if one.interval.n > 1 else one.is_written


def _surely(one: Effect, *, named: bool = False) -> str:
    """The interval in brackets; nothing of one seed."""
    if one.interval.n < 2:
        return ""
    return f" ({f'{LEVEL:.0%} interval ' if named else ''}{one.span})"


def _amount(one: Effect, more: str, fewer: str) -> str:
    """A number of jobs: ``12.3 thousand fewer``."""
    return f"{one.size} thousand {more if one.interval.mean > 0 else fewer}"


def _listed(parts: Sequence[str]) -> str:
    """Parts of a sentence with commas and an ``and``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six")
    return words[count] if count < len(words) else str(count)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
