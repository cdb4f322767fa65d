"""How commands that take long end when asked to stop, and how they print what folders say."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """End with the exit code of a stop, whenever a request comes or a disk refuses.

    Nothing heavy is loaded before it listens.
    """
    from experiments.exit_codes import RESUME_ME
    from experiments.sweeps.work.stop_requests import StopRequested, stoppable

    try:
        with stoppable():
            yield
    except StopRequested as stop:
        typer.echo(f"Stopped: {stop.note}; the same command goes on.", err=True)
        raise typer.Exit(stop.code) from None
    except BrokenPipeError:
        raise  # nobody reads what is printed
    except OSError as error:
        from experiments.runs.on_disk.run_folders import disk_refusal

        say(f"Stopped: {disk_refusal(error)}; the same command goes on.", err=True)
        raise typer.Exit(RESUME_ME) from None


def say(text: str, *, err: bool = False) -> None:
    """Print lines in which something from a folder stands, none of it an order to a terminal."""
    from experiments.sweeps.store.reading import printable

    typer.echo("\n".join(printable(line) for line in text.split("\n")), err=err)
