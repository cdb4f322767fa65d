"""Published findings against the model, and a user's claims: the commands for both."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import MOST_FIRMS, OfBaseYear, OfEconomy, chosen_economy


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (validate, audit):
        app.command()(command)


# why: an argument is an option of the command
def validate(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for validation.json and the report.")
    ] = Path("results/validation"),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Check this finding instead of all. Can be repeated."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=2, max=1000, help="Number of seeds, each with firms of its own, per finding."
        ),
    ] = 20,
    firms: Annotated[
        int, typer.Option(min=1, max=MOST_FIRMS, help="Firms to simulate with each seed.")
    ] = 1_000,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the report as Markdown to this file."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only where the report is.")] = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Check the model against published findings, and show which ones hold."""
    from experiments.validation import command

    report = command.validate(
        out,
        only or (),
        seeds=seeds,
        firms=firms,
        page=page,
        quiet=quiet,
        economy=chosen_economy(economy, base_year),
    )
    for row in () if quiet else report.rows:
        typer.echo(f"{row.id:6}  {row.verdict:12}  {row.claim}")
    typer.echo(f"Written: {out / 'validation.html'}")


# why: an argument is an option of the command
def audit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file of claims.")],
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="VARIANT", help="Try this variant instead of all. Can be repeated."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=2, max=1000, help="Number of seeds instead of the file's.")
    ] = None,
    firms: Annotated[
        int | None,
        typer.Option(min=1, max=10_000_000, help="Number of firms instead of the file's."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Number of worker processes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show progress.")] = False,
) -> int:
    """Test whether claims survive other seeds, more firms and other assumptions."""
    import json

    from experiments.exit_codes import ALL_DONE, SOME_FAILED
    from experiments.validation.audit import auditing
    from experiments.validation.audit.claim_file import ClaimFile

    asked = ClaimFile.read(file)
    asked = asked.model_copy(
        update={name: given for name, given in (("seeds", seeds), ("firms", firms)) if given}
    )
    tried = iter(range(1, 1 + len(auditing.variants_of(asked, only or ()))))

    def tell(name: str) -> None:
        if not quiet:
            typer.echo(f"audit: variant {next(tried)}, {name}, is done", err=True)

    answers = auditing.audit(asked, only or (), workers, tell)
    if as_json:
        told = {
            "format": 1,
            "firms": asked.firms,
            "seeds": asked.seeds,
            "claims": [answer.data() for answer in answers],
            "not_varied": auditing.NOT_VARIED,
        }
        typer.echo(json.dumps(told, indent=2, allow_nan=False))
    else:
        for line in auditing.table_of(answers):
            typer.echo(line)
    return ALL_DONE if all(answer.survives for answer in answers) else SOME_FAILED
