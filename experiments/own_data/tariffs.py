"""A tariff schedule by product line as measures of a scenario, and claims as targets.

Lines are averaged to the goods of the model by their weights. What goes into an average,
and what is left out, is written beside it.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from abm.axes import GOODS, REGIONS
from abm.config.keys import shown
from abm.errors import OutputError, ScenarioError
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from experiments.estimation.target_file import DateOrQuarter
from experiments.own_data.product_lines import ProductLine, ProductLines, read_lines
from experiments.runs.on_disk.run_folders import write_whole
from experiments.scenarios.describe import toml

LEAST_ERROR = 0.01
"""Standard error of a share claimed, where nothing says more; it only weighs targets."""


@dataclass(frozen=True)
class Average:
    """A good's average over lines.

    Attributes
    ----------
    mean : float
    lines : int
        That went into it.
    covered : float
        Share of the weight, or of lines without weights, that did.
    """

    mean: float
    lines: int
    covered: float


Flow = tuple[str, str]
"""Destination and origin."""

ByFlow = dict[Flow, dict[str, Average]]


@dataclass(frozen=True)
class Averages:
    """Averages by flow and good.

    Attributes
    ----------
    by_flow : dict
    weighted : bool
        Whether by weights of the file; otherwise every line counts once.
    unmapped : int
        Lines that belong to no good.
    told : tuple of str
        How the file was read, and what was left out.
    """

    by_flow: ByFlow
    weighted: bool
    unmapped: int
    told: tuple[str, ...] = ()

    def lines(self) -> Iterable[str]:
        """Yield what to tell: a line a flow and good, and what was left out."""
        for (destination, origin), goods in self.by_flow.items():
            for good, one in goods.items():
                yield (
                    f"{origin} to {destination}, {good}: {one.mean:.4f} from {one.lines} lines, "
                    f"{one.covered:.0%} of {'weights' if self.weighted else 'lines'}"
                )
        yield from self.told
        if not self.weighted:
            yield "no weights: every line counts once"
        if self.unmapped:
            yield f"{self.unmapped} lines belong to no good, such as those of chapters 98 and 99"


def averages(
    file: ProductLines, destination: str | None, origin: str | None, what: str
) -> Averages:
    """Return averages of a figure of lines by flow and good.

    Parameters
    ----------
    file : ProductLines
    destination, origin : str, optional
        Of lines that do not say theirs; lines that say another are left out.
    what : str
        ``"rate"``, or ``"claimed"`` as a share.

    Raises
    ------
    ScenarioError
        If a flow is not said, or no good has an average.
    """
    lines, told = _of_flow(file.lines, destination, origin)
    weighted = any(line.weight is not None for line in lines)
    sums: dict[tuple[Flow, str], list[tuple[float, float | None]]] = defaultdict(list)
    for line in lines:
        flow = (line.destination or destination or "", line.origin or origin or "")
        _check_flow(flow, what)
        if line.good is not None and flow[0] != flow[1]:
            weight = (line.weight or 0.0) if weighted else 1.0
            sums[flow, line.good].append((weight, getattr(line, what)))
    by_flow: ByFlow = defaultdict(dict)
    for flow, good in sorted(sums, key=lambda key: (key[0], GOODS.index(key[1]))):
        pairs = sums[flow, good]
        known = [(weight, value) for weight, value in pairs if value is not None and weight > 0]
        total, whole = sum(w for w, _ in known), sum(w for w, _ in pairs)
        if total > 0:
            mean = sum(weight * value for weight, value in known) / total
            by_flow[flow][good] = Average(mean, len(known), total / whole)
    unmapped = sum(line.good is None for line in lines)
    if not by_flow:
        empty = sum(getattr(line, what) is None for line in lines)
        said = [f"{len(lines)} lines", f"{unmapped} of no good", f"{empty} without a figure"]
        raise ScenarioError(
            "no good of the model has a line with a figure and a weight above 0, from another "
            f"region than its own ({', '.join(said)})"
        )
    spread, more = _spread(by_flow)
    return Averages(spread, weighted, unmapped, (*file.told, *told, *more))


def _of_flow(
    lines: list[ProductLine], destination: str | None, origin: str | None
) -> tuple[list[ProductLine], list[str]]:
    """Return lines without those of another flow than the one asked for, and what to tell."""
    kept = [
        line
        for line in lines
        if line.destination in ("", destination or line.destination)
        and line.origin in ("", origin or line.origin)
    ]
    if not kept:
        there = sorted({(line.destination or "-", line.origin or "-") for line in lines})
        flows = ", ".join(f"{by} to {to}" for to, by in there[:6])
        raise ScenarioError(
            f"no line is of {origin or 'any origin'} to {destination or 'any destination'}; "
            f"the file has {flows}"
        )
    left = len(lines) - len(kept)
    return kept, [f"{left} lines are of other pairs and left out"] if left else []


def _check_flow(flow: Flow, what: str) -> None:
    for name, place in zip(("destination", "origin"), flow, strict=True):
        allowed = ("all", *REGIONS) if (name, what) == ("origin", "rate") else REGIONS
        if place not in allowed:
            said = f"--{name}: is not in the file" if not place else f"{name} = {shown(place)}"
            raise ScenarioError(f"{said}; must be one of {', '.join(allowed)}")


def _spread(
    by_flow: dict[Flow, dict[str, Average]],
) -> tuple[dict[Flow, dict[str, Average]], list[str]]:
    """Give the rates on the world to origins without their own, where some have their own.

    Measures add up, so one on all origins would fall on top of those on one origin.
    """
    mixed = [
        to for to, by in by_flow if by == "all" and any(t == to and b != "all" for t, b in by_flow)
    ]
    found = {flow: goods for flow, goods in by_flow.items() if flow[0] not in mixed}
    for to in mixed:
        for by in REGIONS:
            if by != to:
                goods = {**by_flow[to, "all"], **by_flow.get((to, by), {})}
                found[to, by] = {good: goods[good] for good in GOODS if good in goods}
    told = [f"{to}: rates on the world stand where an origin has none of its own" for to in mixed]
    return dict(sorted(found.items())), told


def write_tariffs(
    source: Path,
    out: Path,
    *,
    destination: str | None = None,
    origin: str | None = None,
    effective: date | None = None,
    exempt: bool = False,
) -> Averages:
    """Write a scenario whose measures are the rates of a schedule.

    Parameters
    ----------
    source : Path
        The schedule.
    out : Path
        A TOML file, which must not exist.
    destination, origin : str, optional
        Who levies it, and on whom, where the file does not say.
    effective : date, optional
        First day; the scenario's first without it.
    exempt : bool
        Whether goods claimed as originating are spared.

    Raises
    ------
    ScenarioError, OutputError
        In one line; nothing is written then.
    """
    _check_new(out)
    found = averages(read_lines(source, "rate"), destination, origin, "rate")
    day = Scenario.load("status-quo").start if effective is None else effective
    text = _scenario(source, found, day, exempt)
    written = Scenario.from_toml(text)  # the rules of scenarios hold for what is written, too
    write_whole(out, text.encode())
    return replace(found, told=(*found.told, *_added(written, day)))


def _added(scenario: Scenario, day: date) -> Iterable[str]:
    """Yield what the rates are added to, and whether a run of usual length sees them."""
    yield f"rates come on top of the duties of the base year, from {day} on"
    quarter = quarter_of(day, scenario.start)
    if quarter > 1:
        own = f", and it has {scenario.quarters}" if quarter > scenario.quarters else ""
        yield f"{day} is in quarter {quarter}: a shorter run does not see them{own}"


def _scenario(source: Path, found: Averages, day: date, exempt: bool) -> str:
    name = " ".join(source.name.split())[:100]
    question = f"What do the rates of {name} do?"
    lines = [f"# {question}", "format = 1",
             f"title = {toml('Rates of ' + name)}",
             f"question = {toml(question)}", 'extends = "status-quo"']  # fmt: skip
    stem = re.sub(r"[^a-z0-9]+", "-", source.stem.lower()).strip("-")[:40] or "schedule"
    how = "weights of the file" if found.weighted else "every line once"
    for (destination, origin), goods in found.by_flow.items():
        told = ", ".join(f"{g} {a.lines} lines {a.covered:.0%}" for g, a in goods.items())
        rates = ", ".join(f"{good} = {average.mean:.6g}" for good, average in goods.items())
        lines += [
            "",
            f"[measures.{stem}-{destination.lower()}-{origin.lower()}]",
            f"authority = {toml(name)}",
            f"destination = {toml(destination)}",
            f"origins = [{toml(origin)}]",
            f"originating = {toml('exempt' if exempt else 'pays')}",
            f"effective = {day.isoformat()}",
            f"rates = {{ {rates} }}",
            f"source = {toml(f'{name}; average over lines by {how}; covered: {told}')}",
        ]
    return "\n".join(lines) + "\n"


def write_claims(
    source: Path,
    out: Path,
    *,
    destination: str | None = None,
    origin: str | None = None,
    when: str | None = None,
    error: float = LEAST_ERROR,
) -> Averages:
    """Write a series of targets: shares of imports claimed, by good and pair.

    Parameters
    ----------
    source : Path
        Lines with values claimed and imported, or shares with weights.
    out : Path
        A CSV, which must not exist; ``nearshore calibrate`` takes it as a series.
    destination, origin : str, optional
        Where the file does not say them.
    when : str, optional
        Day or quarter, such as ``2024-Q1``.
    error : float
        Standard error of every share.

    Raises
    ------
    ScenarioError, OutputError
        In one line; nothing is written then.
    """
    _check_new(out)
    _check_when(when)
    found = averages(read_lines(source, "claimed"), destination, origin, "claimed")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    heads = ["outcome", "over", "origin", "destination", "sector", "value", "error", "source"]
    writer.writerow(heads if when is None else ["date", *heads])
    for (to, by), goods in found.by_flow.items():
        for good, one in goods.items():
            told = f"{source.name}; {one.lines} lines, {one.covered:.0%} covered"
            cells = ["trade.claimed_dutiable_musd", "trade.dutiable_musd", by, to, good,
                     f"{one.mean:.6g}", f"{error:g}", told]  # fmt: skip
            writer.writerow(cells if when is None else [when, *cells])
    write_whole(out, table.getvalue().encode())
    return found


def _check_new(out: Path) -> None:
    if out.exists():
        raise OutputError(f"{out}: is there already; name a new file")
    if not out.parent.is_dir():
        raise OutputError(f"{out}: its folder does not exist")


def _check_when(when: str | None) -> None:
    """Refuse a date that no file of targets could say."""
    try:
        if when is not None:
            TypeAdapter(DateOrQuarter).validate_python(when)
    except ValidationError:
        raise ScenarioError(
            f"--date {shown(when or '')}: must be a day or a quarter, such as 2024-Q1"
        ) from None
