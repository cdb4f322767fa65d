"""Who gains, who loses and why, said from the numbers of two worlds.

One run cannot tell what is luck in it, so nothing is said of it. What is said is the mean
over several seeds with half its 95% interval, and only where the interval leaves no doubt
about the sign.
"""

from dataclasses import dataclass

from abm.axes import HOSTS, REGIONS
from experiments.labels import in_sentence
from viz.charts.basics import number, signed
from viz.charts.map import LEAST_FLOW, pairs
from viz.lab.frame import Frame
from viz.lab.luck import Floats, Luck, interval, is_luck

LEAST = 0.05
"""Percent of output below which a difference is not told."""

REASONS = 2
"""Flows that are told, those that differ most."""


@dataclass(frozen=True)
class Gap:
    """By how much two worlds differ: the mean over seeds, and half its 95% interval."""

    mean: float
    half: float

    @property
    def told(self) -> bool:
        """Whether it can be told from luck."""
        return not is_luck(self.mean, self.half)

    def size(self, digits: int) -> str:
        """How large it is, without its sign."""
        return f"{number(abs(self.mean), digits)} \N{PLUS-MINUS SIGN} {number(self.half, digits)}"


def who_gains_and_why(frame: Frame) -> str:
    """The sentences of a quarter, generated from what both worlds show at its end.

    Raises
    ------
    ValueError
        If there is no second world.
    """
    if frame.other is None:
        raise ValueError("a story compares two worlds")
    luck = frame.sure
    if luck is None or not luck.theirs:
        return (
            f"One run, of seed {frame.start.seed}, cannot tell what differs from {_other(frame)}"
            " by more than luck."
        )
    gained = _gains_and_losses(luck, frame)
    return f"{gained} {_why(luck, frame.quarter)} {_plants(luck, frame.quarter)}"


def _values(luck: Luck, name: str, quarter: int) -> tuple[Floats, Floats]:
    """A series of both worlds at the end of a quarter, shape (seed, place)."""
    return luck.mine[name][:, quarter], luck.theirs[name][:, quarter]


def _gap(differences: Floats) -> Gap:
    return Gap(*interval(differences))


def _gains_and_losses(luck: Luck, frame: Frame) -> str:
    mine, theirs = _values(luck, "output", frame.quarter)
    jobs_mine, jobs_theirs = _values(luck, "jobs", frame.quarter)
    output = [_gap(one) for one in 100 * (mine / theirs - 1).T]
    jobs = [_gap(one) for one in (jobs_mine - jobs_theirs).T]
    told = [n for n, gap in enumerate(output) if gap.told and abs(gap.mean) >= LEAST]
    if not told:
        return (
            f"No country's output differs from {_other(frame, of=True)} by {LEAST}% or more that"
            " can be told from luck."
        )
    order = sorted(told, key=lambda n: output[n].mean)
    lose = [_country(n, output[n], jobs[n]) for n in order if output[n].mean < 0]
    gain = [_country(n, output[n], jobs[n]) for n in order[::-1] if output[n].mean > 0]
    parts = lose or ["nobody's loss can be told from luck"]
    parts += gain or ["nobody's gain can be told from luck"]
    return (
        f"Against {_other(frame)}, {'; '.join(parts)} (means of {len(luck.seeds)} seeds with 95%"
        " intervals)."
    )


def _other(frame: Frame, *, of: bool = False) -> str:
    name = frame.other.name if frame.other else ""
    world = "a world in which nothing was done" if name == "no levers" else f"the world of {name}"
    return f"that of {world}" if of else world


def _country(n: int, output: Gap, jobs: Gap) -> str:
    """What a country gains or loses; jobs that go the other way are told as such."""
    said = f"{in_sentence(HOSTS[n])} {'gains' if output.mean > 0 else 'loses'}"
    said += f" {output.size(2)}% of output"
    if not jobs.told:
        return said
    thousand = f"{jobs.size(0)} thousand jobs"
    if output.mean * jobs.mean > 0:
        return f"{said} and {thousand}"
    return f"{said}, with {thousand} {'more' if jobs.mean > 0 else 'fewer'}"


def _why(luck: Luck, quarter: int) -> str:
    """The flows that differ most, and what it costs at home."""
    mine, theirs = _values(luck, "trade", quarter)
    flows = [(s, m, _gap((mine - theirs)[:, s * len(REGIONS) + m])) for s, m in pairs()]
    flows = [flow for flow in flows if flow[2].told and abs(flow[2].mean) >= LEAST_FLOW]
    said, last = [], -1
    for s, m, gap in sorted(flows, key=lambda flow: -abs(flow[2].mean))[:REASONS]:
        much = f"{gap.size(1)} billion USD a year {'more' if gap.mean > 0 else 'less'}"
        buys = "" if m == last else f"{in_sentence(REGIONS[m])} buys "
        said.append(f"{buys}{much} from {in_sentence(REGIONS[s])}")
        last = m
    prices_mine, prices_theirs = _values(luck, "prices", quarter)
    dearer = _gap(100 * (prices_mine - prices_theirs)[:, 0])
    cost = "US consumer prices do not differ by more than luck"
    if dearer.told:
        cost = (
            f"US consumer prices differ by {signed(dearer.mean, 2)} \N{PLUS-MINUS SIGN}"
            f" {number(dearer.half, 2)}% of those of 2017"
        )
    why = " and ".join(said)
    return f"{why[:1].upper()}{why[1:]}; {cost}." if why else f"{cost}."


def _plants(luck: Luck, quarter: int) -> str:
    """Whether plants opened or closed because of it, since the start."""
    until = slice(quarter + 1)
    net = [
        (world["opened"] - world["closed"])[:, until].sum(axis=1)
        for world in (luck.mine, luck.theirs)
    ]
    differences = net[0] - net[1]
    if not differences.any():
        return "Not one plant stands elsewhere because of it."
    gaps = {n: _gap(one) for n, one in enumerate(differences.T)}
    told = [
        f"{gap.size(0)} {'more' if gap.mean > 0 else 'fewer'} in {in_sentence(HOSTS[n])}"
        for n, gap in sorted(gaps.items(), key=lambda pair: -abs(pair[1].mean))
        if gap.told and abs(gap.mean) >= 1
    ]
    if not told:
        return "Whether a plant stands elsewhere because of it cannot be told from luck."
    return f"Plants that stand: {', '.join(told)}."
