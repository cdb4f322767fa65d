"""What a picture shows, in one sentence: the titles of the figures."""

from collections.abc import Mapping, Sequence

import pandas as pd

from abm.axes import PARTNERS
from experiments.labels import (
    ADJECTIVES,
    MAY_BE_LUCK,
    REGION_NAMES,
    in_sentence,
    sector_in_sentence,
)
from experiments.outcomes.intervals import Interval
from experiments.outcomes.tables import RunFrames

LEAST = 0.05
"""Changes below this would be written 0.0 and count as none."""

LONGEST_NAME = 12
"""Letters of a scenario's name that fit at the end of a line."""


def baseline_name(reference: RunFrames | None) -> str:
    """What a run is compared with, in few letters; the note below the title has the name."""
    if reference is None:
        return "start"
    return reference.name if len(reference.name) <= LONGEST_NAME else "reference"


def at_baseline(reference: RunFrames | None) -> str:
    """The same in a sentence, after "than" or "as"."""
    return f"under {reference.name}" if reference else "at the start"


def _the_same(subject: str, reference: RunFrames | None, *, luck: bool) -> str:
    """That something does not change, or that nobody can tell whether it does."""
    if luck:
        return f"{subject} show {MAY_BE_LUCK} from those {at_baseline(reference)}"
    return f"{subject} are the same as {at_baseline(reference)}"


# why: what a cell says, where and when it is, and what it is compared with
def production_finding(
    change: float,
    host: str,
    sector: str,
    year: int,
    reference: RunFrames | None,
    *,
    luck: bool = False,
) -> str:
    """Who makes more or less of what; ``change`` in percentage points."""
    goods = f"North American {sector_in_sentence(sector)}"
    if abs(change) < LEAST:
        return _the_same(f"Shares of {goods}", reference, luck=luck)
    more = "more" if change > 0 else "less"
    return (
        f"In {year} {in_sentence(host)} makes {abs(change):.1f} points {more} of {goods} "
        f"than {at_baseline(reference)}"
    )


def jobs_finding(
    change: pd.Series, year: int, reference: RunFrames | None, *, luck: bool = False
) -> str:
    """The two countries whose jobs change most; ``change`` in thousands by host."""
    first, second = largest(change), largest(change.drop(largest(change)))
    if abs(change[first]) < LEAST:
        return _the_same("Manufacturing jobs", reference, luck=luck)
    finding = (
        f"In {year} {in_sentence(first)} has {_more_or_fewer(change[first])} manufacturing jobs "
        f"than {at_baseline(reference)}"
    )
    if abs(change[second]) < LEAST:
        return finding
    return f"{finding}, {in_sentence(second)} {_more_or_fewer(change[second])}"


def balance_finding(
    end: pd.Series, before: pd.Series, reference: RunFrames | None, *, luck: bool = False
) -> str:
    """The balance that changes most; both in billion USD a year by partner."""
    partner = largest((end - before)[list(PARTNERS)])
    now, then = end[partner], before[partner]
    size = f"{abs(now - then):.1f} billion USD"
    if abs(now - then) < LEAST:
        both = " and ".join(REGION_NAMES[region] for region in PARTNERS)
        return _the_same(f"The US goods balances with {both}", reference, luck=luck)
    if now * then > 0:
        kind = "deficit" if now < 0 else "surplus"
        more = "larger" if abs(now) > abs(then) else "smaller"
    else:
        kind, more = "balance", "higher" if now > then else "lower"
    name = in_sentence(partner)
    return f"The US goods {kind} with {name} is {size} {more} than {at_baseline(reference)}"


# why: as `production_finding`, and what claims do beside
def content_finding(
    change: float,
    host: str,
    sector: str,
    claims: pd.Series,
    reference: RunFrames | None,
    *,
    luck: bool = False,
) -> str:
    """Content and claims where they change most; in percentage points, claims by partner."""
    partner = largest(claims)
    goods = f"{ADJECTIVES[host]} {sector_in_sentence(sector)}"
    parts = []
    if abs(change) >= LEAST:
        parts.append(f"regional content of {goods} is {_points(change)}")
    if abs(claims[partner]) >= LEAST:
        place = in_sentence(partner)
        parts.append(f"claims on dutiable imports from {place} are {_points(claims[partner])}")
    if not parts:
        return _the_same("Regional content and claims of origin", reference, luck=luck)
    parts[0] += f" than {at_baseline(reference)}"
    return "; ".join(parts)


def still_to_move_finding(late: pd.DataFrame, years: Sequence[int]) -> str:
    """Where and when most inputs were bound elsewhere; percent by host, and the years of rows."""
    host = str(late.max().idxmax())
    most, end = late[host].max(), late[host].iloc[-1]
    if most < LEAST:
        return "Inputs come from where they would, were all contracts signed anew"
    year, last = years[late[host].argmax()], years[-1]
    bound = f"In {year} {most:.1f}% of inputs bought in {in_sentence(host)} would have come from"
    return f"{bound} elsewhere, were they not under contract; in {last} {end:.1f}%"


def moves_over_seeds(net: Mapping[str, Interval], reference: RunFrames | None) -> str:
    """Whose plants opened less closed differ most beyond luck, given their differences by host."""
    told = {host: one for host, one in net.items() if not one.crosses_zero and abs(one.mean) >= 1}
    if not told:
        return _the_same("Plants that moves bring or take", reference, luck=True)
    host = max(told, key=lambda one: abs(told[one].mean))
    one = told[host]
    more = "more" if one.mean > 0 else "fewer"
    return (
        f"Deaths apart, moves leave {in_sentence(host)} with {abs(one.mean):,.0f} {more} plants"
        f" than {at_baseline(reference)} (95% interval {one.low:,.0f} to {one.high:,.0f})"
    ).replace("-", "\N{MINUS SIGN}")


def moves_finding(
    changed: pd.DataFrame, compared: pd.DataFrame | None, reference: RunFrames | None
) -> str:
    """The country whose plants opened less closed differ most; tables by host and kind."""
    net = (changed["opened"] - changed["closed"]).round()
    if compared is None or reference is None:
        host = largest(net)
        return _net_moves(net[host], host)
    usual = (compared["opened"] - compared["closed"]).round()
    host, under = largest(net - usual), at_baseline(reference)
    now, then = net[host], usual[host]
    if now == then:
        host = largest(net)
        return f"{_net_moves(net[host], host)}, as {under}"
    if now * then <= 0:
        kind = "gain" if then > 0 else "loss" if then < 0 else "change"
        return f"{_net_moves(now, host)}, against a {kind} of {abs(then):,.0f} {under}"
    more = "more" if abs(now) > abs(then) else "fewer"
    return f"{_net_moves(now, host)}, {abs(now - then):,.0f} {more} than {under}"


def largest(change: pd.Series) -> str:
    """Name of the largest change either way; the first one where there is nothing to compare."""
    return str(change.abs().fillna(0.0).idxmax())


def largest_cell(change: pd.DataFrame, weight: pd.Series) -> tuple[str, str]:
    """Row and column of the change that matters most.

    Parameters
    ----------
    change : DataFrame
    weight : Series
        What a change counts, by row.
    """
    row, column = change.abs().mul(weight, axis=0).fillna(0.0).stack().idxmax()
    return str(row), str(column)


def _net_moves(net: float, host: str) -> str:
    if net == 0:
        return f"Deaths apart, moves leave {in_sentence(host)} with as many plants as before"
    way = ("bring", "to") if net > 0 else ("take", "from")
    return f"Deaths apart, moves {way[0]} {abs(net):,.0f} plants {way[1]} {in_sentence(host)}"


def _more_or_fewer(change: float) -> str:
    return f"{abs(change):,.1f} thousand {'more' if change > 0 else 'fewer'}"


def _points(change: float) -> str:
    return f"{abs(change):.1f} points {'higher' if change > 0 else 'lower'}"
