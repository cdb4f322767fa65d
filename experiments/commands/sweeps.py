"""The commands of the command line that are about sweeps.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

import itertools
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    OfBaseYear,
    OfEconomy,
    OutOfSweep,
    QuietSweep,
    Resume,
    RunMemory,
    RunTimeout,
    SweepFile,
    SweepFolder,
    Workers,
    bad_input,
    chosen_economy,
    say,
    stopping_in_order,
)

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_BYTES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (sweep, status, results, report, merge, slurm, calibrate):
        app.command()(command)


# why: an argument is an option of the command
@stopping_in_order()
def sweep(
    file: SweepFile,
    out: OutOfSweep = None,
    workers: Workers = 1,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Address of a Dask scheduler whose workers carry out the runs."
        ),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Executor that carries out the runs: an entry point, or module:attribute.",
        ),
    ] = None,
    copy_to: Annotated[
        str | None,
        typer.Option(
            "--copy-to", metavar="PLACE", help="Copy the folder to this place at the end."
        ),
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="K/N", help="Carry out only the K-th of N parts.")
    ] = None,
    resume: Resume = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Repeat the runs that failed; implies --resume.")
    ] = False,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS", help="Repeat only failures of these kinds, such as timeout,killed."
        ),
    ] = None,
    extend: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Enlarge the sweep, such as replications=40 or n=512. Can be repeated.",
        ),
    ] = None,
    reuse: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Take equal runs from another sweep. Can be repeated."),
    ] = None,
    run_timeout: RunTimeout = None,
    run_memory: RunMemory = None,
    max_failures: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Stop after more failures than this: a number, or a share such as 5%."
        ),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Continue even if the first runs all fail alike.")
    ] = False,
    portable: Annotated[
        bool, typer.Option("--portable", help="Give the same bits on any processor; slower.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a scheduler on another machine without TLS.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate time, memory and disk; begin nothing.")
    ] = False,
    quiet: QuietSweep = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Run a scenario many times, as a sweep file describes."""
    from experiments.sweeps.design.plan import make_plan
    from experiments.sweeps.design.sweep_file import read_sweep
    from experiments.sweeps.work.supervisor import StopRules
    from experiments.sweeps.work.sweep import KINDS_OF_FAILURE, Options, run_sweep
    from experiments.sweeps.workers.chunk import Limits

    table = chosen_economy(economy, base_year)
    asked, beside = read_sweep(file, table)
    limits = Limits(_seconds(run_timeout), _memory(run_memory))
    if dask is not None:
        _check_address(dask, insecure=insecure)
        if executor is not None:
            raise bad_input("--executor: goes with no --dask; name one of them")
    kinds = _kinds(retry, KINDS_OF_FAILURE)
    part = _shard(shard)
    if dry_run:
        from experiments.sweeps.work.dry_run import dry_run_text

        typer.echo(dry_run_text(make_plan(asked, beside), workers))
        return
    runs = 0 if max_failures is None else len(make_plan(asked, beside))
    options = Options(
        workers=workers,
        dask=dask,
        executor=executor,
        copy_to=copy_to,
        shard=part,
        resume=resume or retry_failed or bool(kinds),
        retry_failed=KINDS_OF_FAILURE if retry_failed else kinds,
        extend=tuple(extend or ()),
        reuse=tuple(reuse or ()),
        limits=limits,
        rules=StopRules(_failures(max_failures, runs), fail_fast, keep_going),
        portable=portable,
        quiet=quiet,
        economy=table,
    )
    result = run_sweep(file, out or Path("results") / asked.name, options)
    for note in result.notes:
        say(note, err=True)
    typer.echo(
        f"{result.folder}: {result.done} of {result.runs} runs done, {result.failed} failed, "
        f"{result.left} left"
    )
    if result.code:
        raise typer.Exit(result.code)


def status(
    folder: SweepFolder,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Repeat every 5 seconds until the sweep is done.")
    ] = False,
) -> None:
    """Show a sweep's progress."""
    import time
    from json import dumps

    from experiments.sweeps.store import reading
    from experiments.sweeps.store.store import SweepStore
    from experiments.sweeps.work.sweep_progress import disk_left

    while True:
        found = reading.status(SweepStore.open(folder))
        if json:
            typer.echo(dumps(found.as_dict()))
        else:
            kinds = ", ".join(f"{n} {kind}" for kind, n in found.failures.items())
            each = "" if found.median_seconds is None else f", {found.median_seconds:.2f} s a run"
            say(
                f"{found.name}: {found.done} of {found.runs} done, {found.failed} failed"
                + (f" ({kinds})" if kinds else "")
                + f", {found.pending} left{each}; {found.bytes / 1e6:.1f} MB, disk "
                f"{disk_left(folder)} free; last written {found.last or 'never'}"
            )
        if not watch or found.pending == 0:
            return
        time.sleep(5)


@stopping_in_order()
def results(
    folder: SweepFolder,
    sql: Annotated[
        str | None,
        typer.Option(metavar="QUERY", help="Ask in SQL; the tables are results, design and runs."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all results to a file: .csv, .arrow or .nc."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that every file is as it was written.")
    ] = False,
    compact: Annotated[
        bool,
        typer.Option("--compact", help="Merge what shards, or a sweep that was killed, have left."),
    ] = False,
    makers: Annotated[
        bool,
        typer.Option("--makers", help="Show which installation and processor made the results."),
    ] = False,
) -> None:
    """Show what a sweep found: means by cell, or the answer to a query."""
    from experiments.sweeps.answers.export import (
        export_frame,
        makers_text,
        print_means,
        text_of,
        verify_parts,
    )
    from experiments.sweeps.store.reading import frame, query
    from experiments.sweeps.store.store import SweepStore

    store = SweepStore.open(folder)
    if compact:
        from experiments.sweeps.work.repairing import compact as mended

        with store.locked():
            for line in itertools.chain(*mended(store)):
                say(line, err=True)
    if verify:
        typer.echo(verify_parts(store))
    if makers:
        typer.echo(makers_text(store))
    if sql is not None:
        say(text_of(query(store, sql)))
    elif export is not None:
        export_frame(frame(folder), export, store.sweep)
    elif not (compact or verify or makers):
        print_means(folder)


@stopping_in_order()
def report(folder: SweepFolder) -> None:
    """Write an HTML report of a sweep into its folder; it needs no network."""
    from experiments.sweeps.answers.report import write_report
    from experiments.sweeps.store.store import SweepStore

    typer.echo(f"Written: {write_report(SweepStore.open(folder))}")


@stopping_in_order()
def merge(
    places: Annotated[
        list[str],
        typer.Argument(metavar="DIR...", help="Folders of one sweep; s3://BUCKET/DIR works too."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to join them in.")],
) -> None:
    """Join the folders of one sweep, such as shards that ran on separate disks."""
    from experiments.sweeps.work.joining import join

    joined = join(places, out)
    for note in joined.notes:
        typer.echo(note, err=True)
    left = joined.runs - joined.done - joined.failed
    typer.echo(
        f"{out}: {joined.done} of {joined.runs} runs done, {joined.failed} failed, {left} left"
    )
    if joined.code:
        raise typer.Exit(joined.code)


# why: an argument is an option of the command
def slurm(
    file: SweepFile,
    array: Annotated[int, typer.Option(min=1, max=100_000, help="Number of jobs in the array.")],
    out: OutOfSweep = None,
    workers: Annotated[int, typer.Option(min=1, max=1024, help="Worker processes per job.")] = 1,
    time: Annotated[str, typer.Option(metavar="TIME", help="Time limit of a job.")] = "04:00:00",
    mem: Annotated[str, typer.Option(metavar="SIZE", help="Memory of a job.")] = "8G",
    partition: Annotated[str | None, typer.Option(metavar="NAME", help="SLURM partition.")] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Submit it with sbatch.")] = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Print the script of a SLURM array job that runs a sweep in shards."""
    from experiments.sweeps.design.sweep_file import read_sweep
    from experiments.sweeps.work.slurm import script, submit_script

    named = chosen_economy(economy, base_year)
    asked, _ = read_sweep(file, named)
    folder = out or Path("results") / asked.name
    text = script(
        file,
        folder,
        array,
        workers=workers,
        time=time,
        mem=mem,
        partition=partition,
        economy=named,
    )
    typer.echo(submit_script(text) if submit else text, nl=submit)


# why: an argument is an option of the command
@stopping_in_order()
def calibrate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A TOML file of parameters and targets.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the fit; results/NAME by default."),
    ] = None,
    workers: Workers = 1,
    resume: Resume = False,
    run_timeout: RunTimeout = None,
    run_memory: RunMemory = None,
    quiet: QuietSweep = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Fit parameters to targets, and show how well the targets identify them."""
    from experiments.fit.calibrate import calibrate as estimated
    from experiments.sweeps.work.sweep import Options
    from experiments.sweeps.workers.chunk import Limits

    limits = Limits(_seconds(run_timeout), _memory(run_memory))
    table = chosen_economy(economy, base_year)
    options = Options(workers=workers, resume=resume, limits=limits, quiet=quiet, economy=table)
    result = estimated(file, out or Path("results") / file.stem, options)
    for line in result.lines:
        typer.echo(line)
    typer.echo(f"Written: {result.folder}" if not result.code else f"{result.folder}: stopped")
    if result.code:
        raise typer.Exit(result.code)


def _quantity(text: str | None, units: dict[str, int], option: str) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([a-zA-Z]?)B?", text.strip())
    unit = found and found[2].lower()
    if not found or (unit and unit not in units) or float(found[1]) <= 0:
        raise bad_input(f"{option} {text[:40]}: is a number and one of {', '.join(units)}")
    return float(found[1]) * (units[unit] if unit else 1)


def _seconds(text: str | None) -> float | None:
    return _quantity(text, _SECONDS, "--run-timeout")


def _memory(text: str | None) -> int | None:
    size = _quantity(text, _BYTES, "--run-memory")
    if size is not None and size < 2e8:
        raise bad_input(f"--run-memory {text}: is too little to start a run; give 1G or more")
    if size is not None and find_spec("resource") is None:
        raise bad_input(
            f"--run-memory {text}: this system has no limit for it; leave the option out"
        )
    return None if size is None else int(size)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise bad_input(f"--shard {text[:40]}: is written K/N, K from 1 to N")
    return int(found[1]), int(found[2])


def _failures(text: str | None, runs: int) -> int | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)(%?)", text)
    if not found or (not found[2] and "." in found[1]):
        raise bad_input(f"--max-failures {text[:40]}: is a number of runs, or 5%")
    return int(float(found[1]) * runs / 100) if found[2] else int(found[1])


def _kinds(text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    unknown = [kind for kind in kinds if kind not in known]
    if unknown:
        raise bad_input(f"--retry {unknown[0][:40]}: kinds are {', '.join(known)}")
    return kinds


def _check_address(address: str, *, insecure: bool) -> None:
    """Refuse a scheduler whose traffic others can read and forge."""
    host = r"(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})"
    found = re.fullmatch(rf"(tcp|tls|wss?)://{host}|(gateway)://{host}/[\w.-]{{1,100}}", address)
    if not found:
        raise bad_input(
            f"--dask {address[:60]}: is written tcp://HOST:PORT, or with tls, ws or wss; "
            "or gateway://HOST:PORT/CLUSTER"
        )
    here = found[2] in ("localhost", "127.0.0.1", "[::1]")
    if found[1] in ("tcp", "ws") and not here and not insecure:
        raise bad_input(
            f"--dask {address}: is on another machine and not encrypted, and whoever reaches it "
            "can run code there; use tls://, or say --insecure"
        )
