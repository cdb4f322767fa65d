"""Who gains, who loses and why, said from the numbers of two worlds."""

import numpy as np

from abm.axes import HOSTS, REGIONS
from experiments.labels import in_sentence
from viz.charts.basics import LIGHT, number, signed
from viz.charts.map import changed_flows, shown
from viz.lab.frame import Frame

LEAST = 0.05
"""Percent of output below which a difference is not told."""

REASONS = 2
"""Flows that are told, those that differ most."""


def differences(frame: Frame) -> np.ndarray:
    """Percent by which each host's output differs from the second world's, shape (host,)."""
    if frame.other is None:
        raise ValueError("a story compares two worlds")
    mine, theirs = (one.history.series["output"][-1] for one in (frame.world, frame.other))
    return 100 * (mine / theirs - 1)


def who_gains_and_why(frame: Frame) -> str:
    """The sentences of a quarter, generated from what both worlds show at its end."""
    gap = differences(frame)
    if np.abs(gap).max() < LEAST:
        return f"Nobody's output differs by {LEAST}% or more from {_other(frame)}. {_plants(frame)}"
    jobs = _difference(frame, "jobs")
    order = np.argsort(gap)
    lose = [_country(n, gap, jobs) for n in order if gap[n] <= -LEAST]
    gain = [_country(n, gap, jobs) for n in order[::-1] if gap[n] >= LEAST]
    parts = lose or [f"nobody loses {LEAST}% or more"]
    parts += gain or [f"nobody gains {LEAST}% or more"]
    return f"Against {_other(frame)}, {'; '.join(parts)}. {_why(frame)} {_plants(frame)}"


def _difference(frame: Frame, name: str) -> np.ndarray:
    """By how much a series differs at the end of the quarter."""
    assert frame.other is not None
    return frame.world.history.series[name][-1] - frame.other.history.series[name][-1]


def _other(frame: Frame) -> str:
    name = frame.other.name if frame.other else ""
    return "a world in which nothing was done" if name == "no levers" else f"the world of {name}"


def _country(n: int, gap: np.ndarray, jobs: np.ndarray) -> str:
    """What a country gains or loses; jobs that go the other way are told as such."""
    said = f"{number(abs(gap[n]), 2)}% of output"
    thousand = f"{number(abs(jobs[n]), 0)} thousand jobs"
    alike = gap[n] * jobs[n] > 0
    also = f" and {thousand}" if alike else f", with {thousand} {'more' if jobs[n] > 0 else 'less'}"
    return f"{in_sentence(HOSTS[n])} {'gains' if gap[n] > 0 else 'loses'} {said}{also}"


def _why(frame: Frame) -> str:
    """The flows that differ most, and what it costs at home."""
    said, last = [], -1
    for s, m, _, change in changed_flows(shown(frame, LIGHT))[:REASONS]:
        much = f"{number(abs(change), 1)} billion USD a year {'more' if change > 0 else 'less'}"
        buys = "" if m == last else f"{in_sentence(REGIONS[m])} buys "
        said.append(f"{buys}{much} from {in_sentence(REGIONS[s])}")
        last = m
    dearer = 100 * _difference(frame, "prices")[0]
    cost = f"US consumer prices differ by {signed(dearer, 2)}% of those of 2017"
    why = " and ".join(said)
    return f"{why[:1].upper()}{why[1:]}; {cost}." if why else f"{cost}."


def _plants(frame: Frame) -> str:
    """Whether plants opened or closed because of it, since the start."""
    assert frame.other is not None
    net = [
        sum(one.history.series["opened"]) - sum(one.history.series["closed"])
        for one in (frame.world, frame.other)
    ]
    gap = net[0] - net[1]
    told = [
        f"{number(abs(gap[n]), 0)} {'more' if gap[n] > 0 else 'fewer'} in {in_sentence(HOSTS[n])}"
        for n in np.argsort(-np.abs(gap))
        if abs(gap[n]) >= 1
    ]
    if not told:
        return "Not one plant stands elsewhere because of it."
    return f"Plants that stand: {', '.join(told)}."
