"""The command that tells the answer of a finished run on one page.

As in `experiments.commands.main`, nothing heavy is imported before the command needs it.
"""

from pathlib import Path
from typing import Annotated

import typer

BRIEF = "brief.html"
"""Beside the folder of the run rather than in it, where no run has written it."""


def register(app: typer.Typer) -> None:
    """Add the command to a command line."""
    app.command()(brief)


def brief(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="FILE",
            help="File to write: .html, or .pdf where a browser is found; "
            "DIR-brief.html by default.",
        ),
    ] = None,
) -> None:
    """Put the answer of a finished run on one page, and how sure it is."""
    from experiments.brief.brief_page import write_brief
    from experiments.brief.sentences import sentences
    from experiments.runs.finished_run import read_result

    result = read_result(folder)
    path = out or folder.resolve().with_name(f"{folder.resolve().name}-{BRIEF}")
    write_brief(result, path)
    for sentence in sentences(result):
        typer.echo(sentence)
    typer.echo(f"Written: {path}")
