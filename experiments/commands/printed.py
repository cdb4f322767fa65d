"""What a run prints: its summary, its seconds, and where its files are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.labels import (
    CHANNEL_LABELS,
    HEADLINE_NAMES,
    NOTHING,
    REGION_NAMES,
    format_change,
    format_value,
)
from experiments.narrow import WholeNumbers
from experiments.outcomes.summary import Summary, entries
from experiments.runs.runner import RunResult

WRITTEN_IN = {
    "us_goods_balance": "bn USD a year",
    "us_deficit_index": "2017 = 1",
    "us_services_balance": "bn USD a year",
    "manufacturing_employment": "thousand",
    "jobs": "thousand",
    "utilisation": "2017 = 1",
    "plants_decided": "as expected",
    "plants_moved": "real firms",
    "investment": "bn USD",
    "misclassified_origin": "bn USD a year",
    "consumer_prices": "2017 = 1",
    "real_income": "2017 = 1",
    "welfare": "bn USD",
    "duty_revenue": "bn USD a year",
}

HEADINGS = {
    name: f"{said}, {WRITTEN_IN[name]}" if name in WRITTEN_IN else said
    for name, said in HEADLINE_NAMES.items()
}
"""With the unit in which `experiments.labels.format_value` writes the numbers below."""

SHORT = {"USA": "the US"}
"""Names of regions that are shorter in a row."""

UNSHOWN = {
    ("plants_decided", "drawn"),
    ("new_plants_by_owner", "expected"),
    ("new_plants_by_owner", "drawn"),
    ("plants_moved", "agents", "opened"),
    ("plants_moved", "agents", "closed"),
    ("investment", "plants"),
    ("investment", "billion_usd", "lost"),
}
"""In the file, not in the table."""


def print_result(result: RunResult, console: Console | None = None, *, quiet: bool = False) -> None:
    """Print what a run says and where it lies; only the latter when ``quiet``."""
    console = console or Console()
    if not quiet:
        console.print(summary_table(result))
        if result.channels is not None:
            of_seed = f", seed {result.seed} alone" if result.seeds is not None else ""
            console.print(channels_table(result.summary, of_seed))
        if result.phase_seconds:
            console.print(profile_table(result.phase_seconds))
        if result.reference is not None:
            print_brief(result, console)
    for note in [*_lines_of_a_run_alone(result), *result.notes]:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    if result.out is not None:
        figures = (
            f", {len(result.figures)} pictures in its figures folder" if result.figures else ""
        )
        console.print(
            f"Written: {result.out}{figures}", markup=False, highlight=False, soft_wrap=True
        )


def _lines_of_a_run_alone(result: RunResult) -> list[str]:
    """What a comparison has among its caveats, for a run that has none."""
    from experiments.brief.caveats import lines_told

    return list(lines_told(result)) if result.reference is None else []


def print_brief(result: RunResult, console: Console) -> None:
    """Print the answer in sentences, what limits it, and whom to ask why."""
    from experiments.brief.caveats import caveats
    from experiments.brief.movers import MOVERS_SHOWN, movers
    from experiments.brief.sentences import sentences

    console.print()
    for sentence in [*sentences(result), *caveats(result)]:
        console.print(sentence, markup=False, highlight=False)
    console.print()
    named = movers(result.run, result.reference)[:MOVERS_SHOWN]
    other = result.reference.name if result.reference is not None else ""
    for one in named:
        console.print(
            f"Firm {one.firm}, {one.told(other)}: {one.command(result.out)}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip


def summary_table(result: RunResult) -> Table:
    """Every headline: against the reference first, where there is one, and how sure it is."""
    if result.reference is None:
        title = f"{result.run.name}, quarter 0 to {result.run.quarters}"
        table = WholeNumbers(title=title, box=None, drops=("Start",))
        return _filled(table, result, ("Start", "End", "Change"), _alone)
    name = result.run.name
    other = _in_a_head(result.reference.name, "reference")
    against = "Difference" if other == "reference" else f"Against\n{other}"
    ends = (f"{_in_a_head(name, 'run')},\nend", f"{other},\nend", f"Drift of\n{other}")
    drops = ends[::-1]
    title = f"{name} against {result.reference.name}, quarter {result.run.quarters}"
    if result.seeds is None:
        caption = f"One seed alone cannot tell how much of this is luck. {DRIFT}"
        table = WholeNumbers(title=title, caption=caption, box=None, padding=PADDING, drops=drops)
        return _filled(table, result, (against, *ends), _compared)
    count = len(result.seeds.seeds)
    caption = (
        f"Means of {count} seeds, and \N{PLUS-MINUS SIGN} half of the difference's 95% interval."
        f" Without * it cannot be told from luck, and one in twenty has * by luck. {DRIFT}"
    )
    table = WholeNumbers(
        title=f"{title}, {count} seeds", caption=caption, box=None, padding=PADDING, drops=drops
    )
    return _filled(table, result, (against, "\N{PLUS-MINUS SIGN} 95%", *ends), _compared_over_seeds)


PADDING = (0, 1, 0, 0)

LONGEST_HEAD = 11
"""Letters of a scenario's name that fit above a column of numbers."""


def _in_a_head(name: str, otherwise: str) -> str:
    """A scenario's name above a column, or what it is if that is too long."""
    return name if len(name) <= LONGEST_HEAD else otherwise


SINCE_START = ("jobs", "plants_decided", "plants_moved", "investment", "welfare")
"""Headlines that are sums over the run."""

DRIFT = "Drift: what the reference changes by on its own since the start."


def _filled(
    table: Table,
    result: RunResult,
    heads: Sequence[str],
    cells: Callable[[dict[str, Any]], Sequence[str]],
) -> Table:
    """A table with a row for every headline shown, in groups."""
    table.title_justify = table.caption_justify = "left"
    table.add_column("")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    topic = ""
    for path, entry in entries(result.summary):
        if any(path[: len(some)] == some for some in UNSHOWN):
            continue
        if len(path) > 1 and path[0] != topic:
            table.add_section()
            table.add_row(f"[bold]{HEADINGS[path[0]]}[/]")
        topic = path[0]
        values = cells(entry)
        if path[0] in SINCE_START and result.reference is not None:
            values = (*values[:-1], "")  # of a sum since the start there is no drift
        table.add_row(_row_label(path), *values)
    return table


def _alone(entry: dict[str, Any]) -> Sequence[str]:
    """Start, end and change of one run."""
    values = (format_value(entry[key], entry["unit"]) for key in ("start", "end"))
    return (*values, format_change(entry["change"], entry["unit"]))


def _compared(entry: dict[str, Any]) -> Sequence[str]:
    """A difference of one seed, where both ended, and the reference's own drift."""
    unit, theirs, drift = entry["unit"], None, None
    if entry["difference"] is not None:
        theirs = entry["end"] - entry["difference"]
        drift = None if entry["start"] is None else theirs - entry["start"]
    return (
        format_change(entry["difference"], unit),
        format_value(entry["end"], unit),
        format_value(theirs, unit),
        format_change(drift, unit),
    )


def _compared_over_seeds(entry: dict[str, Any]) -> Sequence[str]:
    """The same as means over seeds, with half of the interval."""
    unit, found = entry["unit"], entry["over_seeds"]
    if found is None:
        return (NOTHING,) * 5
    difference = format_change(found["difference"], unit)
    told = found["told"] and any(digit in difference for digit in "123456789")
    half = format_change((found["high"] - found["low"]) / 2, unit)
    return (
        f"{difference}{'*' if told else ' '}",
        half.removeprefix("+").removesuffix(" pts"),
        format_value(found["run"], unit),
        format_value(found["reference"], unit),
        format_change(found["drift"], unit),
    )


def _in_two_lines(heading: str) -> str:
    """A heading that leaves room for the others, broken where it may be."""
    parts = {
        "Compliance": "Compli-\nance",
        "Contracts": "Con-\ntracts",
        "Other re-sourcing": "Other re-\nsourcing",
        "Customers": "Custom-\ners",
    }
    return parts.get(heading, heading.replace(" ", "\n").replace("-", "-\n"))


def channels_table(result: Summary, of_seed: str = "") -> Table:
    """How each difference splits into channels; rows that would show zeros alone are left out."""
    title = f"Where the difference comes from{of_seed}; shares in points"
    heads = [_in_two_lines(heading) for heading in CHANNEL_LABELS.values()]
    table = WholeNumbers(title=title, box=None, collapse_padding=True, drops=heads[::-1])
    table.add_column("")
    for heading in (*heads, "All"):
        table.add_column(heading, justify="right", no_wrap=True)
    topic = ""
    for path, entry in entries(result):
        parts = entry["channels"]
        if any(path[: len(some)] == some for some in UNSHOWN) or not parts:
            continue
        numbers = [*(parts[name] for name in CHANNEL_LABELS), entry["difference"]]
        cells = [format_change(number, entry["unit"]).removesuffix(" pts") for number in numbers]
        if not any(digit in cell for cell in cells for digit in "123456789"):
            continue
        if len(path) > 1 and path[0] != topic:
            table.add_section()
            table.add_row(f"[bold]{HEADINGS[path[0]]}[/]")
        topic = path[0]
        table.add_row(_row_label(path), *cells)
    return table


def _row_label(path: tuple[str, ...]) -> str:
    match path:
        case (topic,):
            return f"[bold]{HEADINGS[topic]}[/]"
        case (_, "agents", "moved", _):
            return "  All moves, agents"
        case (_, _, "moved", _):
            return "  All moves"
        case (_, _, kind, host):
            return f"  {kind.capitalize()} in {SHORT.get(host, REGION_NAMES[host])}"
        case ("jobs", flow, host):
            return f"  {flow.capitalize()} in {SHORT.get(host, REGION_NAMES[host])}"
        case (_, sectors, host):
            name = REGION_NAMES.get(host, "All")
            return f"  {name}, cars" if sectors == "cars" else f"  {name}"
        case (_, place):
            return f"  {REGION_NAMES.get(place, 'All')}"
    raise ValueError(f"{path}: no such headline")


def profile_table(phase_seconds: Mapping[str, float]) -> Table:
    """Seconds and share of each phase, in the order of the step."""
    table = Table(title="Time by phase", box=None)
    table.add_column("Phase")
    table.add_column("Seconds", justify="right")
    table.add_column("Share", justify="right")
    total = sum(phase_seconds.values())
    for phase, seconds in phase_seconds.items():
        share = seconds / total if total else 0.0
        table.add_row(phase.strip("_").replace("_", " "), f"{seconds:.2f}", f"{share:.0%}")
    table.add_section()
    table.add_row("all", f"{total:.2f}", "")
    return table
