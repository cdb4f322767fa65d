"""A tariff schedule by product line as measures of a scenario, and claims as targets.

Lines are averaged to the goods of the model by their weights. What goes into an average,
and what is left out, is written beside it.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from abm.axes import GOODS, REGIONS
from abm.config.keys import shown
from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from experiments.own_data.product_lines import ProductLine, read_lines
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
    """

    by_flow: dict[Flow, dict[str, Average]]
    weighted: bool
    unmapped: int

    def lines(self) -> Iterable[str]:
        """Yield what to tell: a line a flow and good, and what was left out."""
        for (destination, origin), goods in self.by_flow.items():
            for good, one in goods.items():
                yield (
                    f"{origin} to {destination}, {good}: {one.mean:.4f} from {one.lines} lines, "
                    f"{one.covered:.0%} of {'weights' if self.weighted else 'lines'}"
                )
        if not self.weighted:
            yield "no weights: every line counts once"
        if self.unmapped:
            yield f"{self.unmapped} lines belong to no good, such as those of chapters 98 and 99"


def averages(
    lines: list[ProductLine], destination: str | None, origin: str | None, what: str
) -> Averages:
    """Return averages of a figure of lines by flow and good.

    Parameters
    ----------
    lines : list of ProductLine
    destination, origin : str, optional
        Of lines that do not say theirs.
    what : str
        ``"rate"``, or ``"claimed"`` as a share.

    Raises
    ------
    ScenarioError
        If a flow is not said, or no good has an average.
    """
    weighted = any(line.weight is not None for line in lines)
    sums: dict[tuple[Flow, str], list[tuple[float, float | None]]] = defaultdict(list)
    for line in lines:
        flow = (line.destination or destination or "", line.origin or origin or "")
        for name, place in zip(("destination", "origin"), flow, strict=True):
            allowed = REGIONS if name == "destination" else ("all", *REGIONS)
            if place not in allowed:
                said = f"--{name}: is not in the file" if not place else f"{name} = {shown(place)}"
                raise ScenarioError(f"{said}; must be one of {', '.join(allowed)}")
        if line.good is not None and flow[0] != flow[1]:
            weight = (line.weight or 0.0) if weighted else 1.0
            sums[flow, line.good].append((weight, getattr(line, what)))
    by_flow: dict[Flow, dict[str, Average]] = defaultdict(dict)
    for flow, good in sorted(sums, key=lambda key: (key[0], GOODS.index(key[1]))):
        pairs = sums[flow, good]
        known = [(weight, value) for weight, value in pairs if value is not None]
        total, whole = sum(w for w, _ in known), sum(w for w, _ in pairs)
        if total > 0:
            mean = sum(weight * value for weight, value in known) / total
            by_flow[flow][good] = Average(mean, len(known), total / whole)
    if not by_flow:
        raise ScenarioError("no good of the model has a line with a figure and a weight above 0")
    return Averages(dict(by_flow), weighted, sum(line.good is None for line in lines))


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
    Scenario.from_toml(text)  # the rules of scenarios hold for what is written, too
    write_whole(out, text.encode())
    return found


def _scenario(source: Path, found: Averages, day: date, exempt: bool) -> str:
    question = f"What do the rates of {source.name} do?"
    lines = [f"# {question}", "format = 1", f"title = {toml('Rates of ' + source.name)}",
             f"question = {toml(question)}", 'extends = "status-quo"']  # fmt: skip
    stem = re.sub(r"[^a-z0-9]+", "-", source.stem.lower()).strip("-")[:40] or "schedule"
    how = "weights of the file" if found.weighted else "every line once"
    for (destination, origin), goods in found.by_flow.items():
        told = ", ".join(f"{g} {a.lines} lines {a.covered:.0%}" for g, a in goods.items())
        rates = ", ".join(f"{good} = {average.mean:.6g}" for good, average in goods.items())
        lines += [
            "",
            f"[measures.{stem}-{destination.lower()}-{origin.lower()}]",
            f"authority = {toml(source.name[:100])}",
            f"destination = {toml(destination)}",
            f"origins = [{toml(origin)}]",
            f"originating = {toml('exempt' if exempt else 'pays')}",
            f"effective = {day.isoformat()}",
            f"rates = {{ {rates} }}",
            f"source = {toml(f'{source.name}; average over lines by {how}; covered: {told}')}",
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
