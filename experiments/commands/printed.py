"""What a run prints: its summary, its seconds, and where its files are."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from experiments.labels import (
    CHANNEL_LABELS,
    REGION_NAMES,
    format_change,
    format_value,
    in_sentence,
)
from experiments.outcomes.summary import Summary, entries
from experiments.runs.runner import RunResult

HEADINGS = {
    "us_goods_balance": "US goods balance, bn USD a year",
    "us_deficit_index": "US goods deficit, 2017 = 1",
    "us_services_balance": "US services balance, bn USD a year",
    "manufacturing_employment": "Manufacturing jobs, thousand",
    "jobs": "Jobs created and destroyed, thousand",
    "utilisation": "Output over capacity, 2017 = 1",
    "plants_decided": "Plants decided on, as expected",
    "plants_moved": "Plants moved, real firms",
    "investment": "Investment in new plants, bn USD",
    "preference_utilisation": "Dutiable US imports claiming origin",
    "false_claim_share": "False ones among claims",
    "misclassified_origin": "Misclassified origin, bn USD a year",
    "mean_content": "Regional content of net cost",
    "consumer_prices": "Consumer prices, 2017 = 1",
    "real_income": "Real income of consumers, 2017 = 1",
    "duty_revenue": "Duties and penalties, bn USD a year",
    "gross_move_rate_per_year": "Plants moving a year",
}
"""With the unit in which `experiments.labels.format_value` writes the numbers below."""

UNSHOWN = {
    ("plants_decided", "drawn"),
    ("new_plants_by_owner", "expected"),
    ("new_plants_by_owner", "drawn"),
    ("plants_moved", "agents"),
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
            console.print(channels_table(result.summary))
        if result.phase_seconds:
            console.print(profile_table(result.phase_seconds))
        if result.reference is not None and differs_nowhere(result.summary):
            console.print(f"{result.run.name} does not differ from {result.reference.name}.")
    for note in result.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    if result.out is not None:
        figures = (
            f", {len(result.figures)} pictures in its figures folder" if result.figures else ""
        )
        console.print(
            f"Written: {result.out}{figures}", markup=False, highlight=False, soft_wrap=True
        )


def differs_nowhere(result: Summary) -> bool:
    """Whether a run ended exactly where its reference did."""
    return not any(entry["difference"] for _, entry in entries(result))


def summary_table(result: RunResult) -> Table:
    """Start, end and change of every headline, and the difference from the reference."""
    table = Table(title=f"{result.run.name}, quarter 0 to {result.run.quarters}", box=None)
    table.add_column("", no_wrap=True)
    for heading in ("Start", "End", "Change"):
        table.add_column(heading, justify="right")
    if result.reference is not None:
        table.add_column(f"Against {result.reference.name}", justify="right")
    topic = ""
    for path, entry in entries(result.summary):
        if path[:2] in UNSHOWN or path[:3] in UNSHOWN:
            continue
        if len(path) > 1 and path[0] != topic:
            table.add_section()
            table.add_row(f"[bold]{HEADINGS[path[0]]}[/]")
        topic = path[0]
        cells = [
            format_value(entry["start"], entry["unit"]),
            format_value(entry["end"], entry["unit"]),
            format_change(entry["change"], entry["unit"]),
        ]
        if result.reference is not None:
            cells.append(format_change(entry["difference"], entry["unit"]))
        table.add_row(_row_label(path), *cells)
    return table


def _in_two_lines(heading: str) -> str:
    """A heading that leaves room for the others, broken where it may be."""
    parts = {
        "Compliance": "Compli-\nance",
        "Contracts": "Con-\ntracts",
        "Other re-sourcing": "Other re-\nsourcing",
        "Customers": "Custom-\ners",
    }
    return parts.get(heading, heading.replace(" ", "\n").replace("-", "-\n"))


def channels_table(result: Summary) -> Table:
    """How each difference splits into channels; rows that would show zeros alone are left out."""
    title = "Where the difference comes from; shares in points"
    table = Table(title=title, box=None, collapse_padding=True)
    table.add_column("")
    for heading in (*CHANNEL_LABELS.values(), "All"):
        table.add_column(_in_two_lines(heading), justify="right", no_wrap=True)
    topic = ""
    for path, entry in entries(result):
        parts = entry["channels"]
        if path[:2] in UNSHOWN or not parts:
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
        case (_, _, "moved", _):
            return "  All moves"
        case (_, _, kind, host):
            return f"  {kind.capitalize()} in {in_sentence(host)}"
        case ("jobs", flow, host):
            return f"  {flow.capitalize()} in {in_sentence(host)}"
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
