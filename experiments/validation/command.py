"""``nearshore validate``: run what the findings need, judge, and write it down."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from abm.economy.folders import economy_checksum
from abm.economy.tables import BASE_YEAR
from experiments.runs.on_disk.provenance import git_revision, versions
from experiments.runs.on_disk.run_folders import (
    PROGRAM,
    check_destination,
    replaced_folder,
    write_manifest,
    write_whole,
)
from experiments.validation import claim_shares, fitted_rows, robustness
from experiments.validation.finding import Results
from experiments.validation.pages import ValidationReport
from experiments.validation.registry import chosen, designs_of, looks_of
from experiments.validation.running import Done, Task, collected, run_all
from experiments.validation.second_opinion import exact_hat_comparison
from experiments.validation.sections import Section

VALIDATION_FORMAT = 1
FILES_WRITTEN = ("manifest.json", "validation.json", "validation.html", "validation.md")


# why: an argument is an option of the command
def validate(
    out: Path,
    only: Sequence[str] = (),
    *,
    seeds: int,
    firms: int,
    page: Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
    economy: str | None = None,
) -> ValidationReport:
    """Ask the model about published findings and write what it says.

    Parameters
    ----------
    out : Path
        Folder for ``validation.json``, the report as HTML and Markdown, and a manifest.
    only : sequence of str
        Ids of findings; all of them, claims and robustness included, where none is named.
    seeds, firms : int
    page : Path, optional
        A further copy of the Markdown.
    workers : int, optional
        Processes; the results do not depend on it.
    quiet : bool
        Whether to show no progress.
    economy : str, optional
        The economy of all runs, in place of the shipped one.

    Returns
    -------
    ValidationReport

    Raises
    ------
    ScenarioError
        If an id is unknown; nothing is run then.
    OutputError
        If the folder holds something else.
    """
    findings = chosen(only)
    check_destination(out)
    provenance: dict[str, object] = {"versions": versions(), "git_revision": git_revision()}
    designs = designs_of(findings)
    if not only:
        designs = list(dict.fromkeys([*designs, *claim_shares.DESIGNS, *fitted_rows.DESIGNS]))
    table = BASE_YEAR if economy is None else economy
    shared = () if economy is None else (f"economy.table={json.dumps(economy)}",)
    looks = looks_of(findings, {} if only else fitted_rows.LOOKS)
    tasks = [Task(tuple(designs), firms, seed, shared, looks=looks) for seed in range(1, seeds + 1)]
    others = [] if only else _variants(firms, shared)
    done = run_all([*tasks, *others], workers, _counter(len(tasks) + len(others), quiet))
    results, failures = collected(done[: len(tasks)])
    report = ValidationReport(
        rows=[finding.row(results) for finding in findings],
        sections=[] if only else _sections(results, done[len(tasks) :], shared),
        firms=firms,
        seeds=seeds,
        notes=[
            *([] if economy is None else [f"Economy of all runs: {table}."]),
            *(f"Left out: {failure}." for failure in failures),
        ],
    )
    provenance["economy"] = {"table": table, "sha256": economy_checksum(table)}
    facts = {"seeds": seeds, "firms": firms, "only": list(only), **provenance}
    _write(out, report, facts, page)
    return report


def _variants(firms: int, shared: tuple[str, ...]) -> list[Task]:
    return [
        Task(robustness.DESIGNS, firms, seed, (*assumptions, *shared))
        for assumptions in robustness.VARIANTS.values()
        for seed in range(1, robustness.SEEDS + 1)
    ]


def _sections(results: Results, others: Sequence[Done], shared: tuple[str, ...]) -> list[Section]:
    """Rows and claims that were fitted, claims that were not, the peer, and robustness."""
    if not results.runs:
        return []
    variants = {
        name: collected(others[first : first + robustness.SEEDS])[0]
        for name, first in zip(
            robustness.VARIANTS, range(0, len(others), robustness.SEEDS), strict=True
        )
    }
    return [
        fitted_rows.section(results),
        claim_shares.fitted(results),
        claim_shares.not_fitted(results),
        exact_hat_comparison.section(shared),
        robustness.section(results, variants),
    ]


def _counter(total: int, quiet: bool) -> Callable[[], None]:
    """Say on standard error how many runs are done, each time it is called."""
    console, done = Console(stderr=True, quiet=quiet), iter(range(1, total + 1))

    def finished() -> None:
        console.print(f"validation: {next(done)} of {total} populations done", highlight=False)

    return finished


def _write(
    out: Path, report: ValidationReport, facts: Mapping[str, object], page: Path | None
) -> None:
    manifest = {
        "format": VALIDATION_FORMAT,
        "program": PROGRAM,
        "contents": list(FILES_WRITTEN),
        **facts,
    }
    markdown = report.markdown()
    check_destination(out)  # again: runs leave time to put something there
    with replaced_folder(out) as folder:
        rows = json.dumps(report.data(), indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "validation.json").write_text(rows + "\n", encoding="utf-8")
        (folder / "validation.html").write_text(report.html(), encoding="utf-8")
        (folder / "validation.md").write_text(markdown, encoding="utf-8")
        write_manifest(folder, manifest)
    if page is not None:
        write_whole(page, markdown.encode())
