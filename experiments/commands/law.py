"""The commands that ask the law of a date.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.in_help import epilog
from experiments.commands.options import bad_input, day_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--acts", metavar="DIR", help="Folder of acts to read instead of the shipped ones."
    ),
]
Importer = Annotated[str, typer.Option("--to", metavar="COUNTRY", help="Importing country.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(main: typer.Typer) -> None:
    """Add the commands to a command line."""
    main.add_typer(app, name="law")


# why: an argument is an option of the command
@app.callback(invoke_without_command=True)
def law(
    context: typer.Context,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of import, such as 2025-06-04.")
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="COUNTRY", help="Country of origin: MEX, CAN, CHN, ROW or another."
        ),
    ] = None,
    importer: Importer = "USA",
    product: Annotated[
        str | None, typer.Option(metavar="HS", help="HS code of 2 to 10 digits, such as 8708.30.")
    ] = None,
    originating: Annotated[
        bool,
        typer.Option("--originating", help="The product qualifies under the USMCA, and claims it."),
    ] = False,
    content: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT=SHARE",
            help="Share of value, such as steel=0.3; steel, aluminium, copper or us. "
            "Can be repeated.",
        ),
    ] = None,
    json: AsJson = False,
    acts: Folder = None,
) -> None:
    """Look up the duty that a product owes on a day, and by which acts."""
    if context.invoked_subcommand is not None:
        return
    from abm.law.duty import duty
    from abm.law.good import Good
    from abm.law.products import code_of

    day = day_of("--on", _needed("--on", on))
    code = code_of(_needed("--product", product))
    good = Good(_needed("--from", origin), code, originating, _contents(content or []))
    known = _acts(acts)
    answer = duty(known, day, importer, good)
    if json:
        _print_json(answer.as_json(known.acts))
        return
    from experiments.commands.law_printed import answer_lines

    for line in answer_lines(answer, known):
        typer.echo(line)


# why: an argument is an option of the command
@app.command(epilog=epilog(["nearshore law diff 2025-02-01 2025-04-30 --from CAN"]))
def diff(
    first: Annotated[str, typer.Argument(metavar="DATE", help="First day.")],
    last: Annotated[str, typer.Argument(metavar="DATE", help="Last day.")],
    importer: Importer = "USA",
    origin: Annotated[
        str, typer.Option("--from", metavar="COUNTRY", help="Only what affects goods from there.")
    ] = "",
    product: Annotated[
        str, typer.Option(metavar="HS", help="Only what affects this product.")
    ] = "",
    json: AsJson = False,
    acts: Folder = None,
) -> None:
    """List what changed between two days."""
    from abm.law.changes import changes
    from abm.law.duty import beyond_known, check_day, check_places
    from abm.law.products import code_of

    known = _acts(acts)
    check_places(known, importer, origin or None)
    days = day_of("first date", first), day_of("last date", last)
    if days[0] > days[1]:
        raise bad_input(f"{first} comes after {last}: give the earlier day first")
    check_day(known, importer, days[0], "first date")
    for note in beyond_known(known.of(importer).values(), days[1]):
        typer.echo(f"note: {note}", err=True)
    found = changes(known, *days, importer, origin, code_of(product) if product else "")
    if json:
        _print_json([{"on": str(one.on), "act": one.act, "what": one.what} for one in found])
        return
    for one in found:
        typer.echo(f"{one.on}  {one.act}: {one.what}")
    if not found:
        typer.echo("nothing changed")


@app.command(name="list", epilog=epilog(["nearshore law list --to USA --on 2025-06-04"]))
def list_acts(
    importer: Annotated[
        str, typer.Option("--to", metavar="COUNTRY", help="Only acts of this importer.")
    ] = "",
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only acts in force on that day.")
    ] = None,
    json: AsJson = False,
    acts: Folder = None,
) -> None:
    """List the acts, one line each, by the day they took effect."""
    known = _acts(acts)
    day = None if on is None else day_of("--on", on)
    if day is not None:
        _check_listed(known, importer, day)
    if importer and importer not in {act.importer for act in known.acts.values()}:
        raise bad_input(f"--to {importer[:20]}: acts are known of {', '.join(known.importers())}")
    rows = [
        {"act": name, "importer": act.importer, "kind": act.kind, "effective": str(act.effective),
         "ended": str(act.ended or ""), "known_to": str(act.known_to), "title": act.title}
        for name, act in sorted(known.acts.items(), key=lambda item: (item[1].effective, item[0]))
        if importer in ("", act.importer) and (day is None or not act.why_not_held(day))
    ]  # fmt: skip
    if json:
        _print_json(rows)
        return
    width = max((len(row["act"]) for row in rows), default=0)
    for row in rows:
        until = f"{row['ended'] or _state(known.acts[row['act']]):10}"
        said = f"{row['effective']} {until} {row['title']}"
        typer.echo(f"{row['act']:{width}}  {row['importer']}  {said}")


@app.command(epilog=epilog(["nearshore law collected --from MEX --from CAN"]))
def collected(
    partners: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="COUNTRY", help="MEX, CAN, CHN or ROW; can be repeated."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare rates by law with the duties that US customs collected."""
    from experiments.scenarios.duties_by_law import ORIGINS, effective_rates

    asked = partners or ORIGINS
    for partner in asked:
        if partner not in ORIGINS:
            raise bad_input(f"--from {partner[:20]}: is one of {', '.join(ORIGINS)}")
    found = effective_rates(partners=asked)
    if json:
        _print_json([vars(one) | {"difference": one.difference} for one in found])
        return
    typer.echo(f"{'year':4} {'from':4} {'sector':18} {'by law':>7} {'collected':>9} {'apart':>6}")
    for one in found:
        far = "" if one.near or not one.judged else "  more than half a point"
        rates = f"{one.by_law:7.2%} {one.collected:9.2%} {100 * one.difference:+6.2f}"
        typer.echo(f"{one.year:4} {one.partner:4} {one.sector:18} {rates}{far}")


def _state(act: Any) -> str:
    """Return what an act without an end is, as far as its file knows."""
    if act.effective > act.known_to:
        return "not yet"
    return "in force" if act.kind in ("duty", "credit") else str(act.kind)


def _check_listed(known: Any, importer: str, day: Any) -> None:
    """Complain of a day before any act of an importer, and tell of one beyond what is known."""
    from abm.law.duty import beyond_known, check_day

    for one in [importer] if importer in known.importers() else []:
        check_day(known, one, day)
    for note in beyond_known(known.acts.values(), day):
        typer.echo(f"note: {note}", err=True)


def _acts(folder: Path | None) -> Any:
    from abm.law.act_files import read_law, shipped

    if folder is None:
        return shipped()
    if not folder.is_dir():
        raise bad_input(f"--acts {folder}: is no folder")
    return read_law(folder)


def _needed(name: str, value: str | None) -> str:
    if value is None:
        raise bad_input(f"nearshore law needs {name}; see 'nearshore law --help'")
    return value


ROUNDING = 1e-9
"""By which shares that are one value's may exceed it."""


def _contents(said: list[str]) -> dict[str, float]:
    from abm.law.act import METALS
    from abm.law.good import CONTENTS

    found: dict[str, float] = {}
    for one in said:
        name, _, share = one.partition("=")
        if name not in CONTENTS:
            raise bad_input(f"--content {one[:40]}: is one of {', '.join(CONTENTS)}, as steel=0.3")
        try:
            found[name] = float(share)
        except ValueError:
            found[name] = -1.0
        if not 0 <= found[name] <= 1:
            raise bad_input(f"--content {one[:40]}: must be a share from 0 to 1, as {name}=0.3")
    for parts in (METALS, tuple(name for name in CONTENTS if name not in METALS)):
        whole = sum(found.get(name, 0.0) for name in parts)
        if whole > 1 + ROUNDING:
            given = " + ".join(f"{name}={found[name]:g}" for name in parts if name in found)
            raise bad_input(f"--content {given}: are shares of one value, {whole:g} in all")
    return found


def _print_json(value: object) -> None:
    from json import dumps

    typer.echo(dumps(value, indent=2))
