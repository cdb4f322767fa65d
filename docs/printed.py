"""Brings up to date what `docs/explaining.md` shows of the program's answers.

    python docs/printed.py

Carries out the commands that stand before ``<!-- printed -->``, and those named in
``<!-- printed from "TEXT" -->``, whose answer is shown from TEXT on, and replaces the
blocks that follow. It takes some minutes; results may move whenever the model does.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/explaining.md"
FIGURE = "channels.png"

COMMAND = re.compile(r"^    (nearshore .+)$", re.MULTILINE)
SHOWN = re.compile(
    r'(<!-- printed(?: from "(?P<start>[^"]+)")? -->\n```text\n).*?(^```$)',
    re.DOTALL | re.MULTILINE,
)


def answer(command: str, folder: Path) -> str:
    """What a command prints, 80 characters wide, without blanks at the ends of lines."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.commands.main", *shlex.split(command)[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def shown(answers: list[str], start: str | None) -> str:
    """The last answer that holds a text, from its line on; where results are is left out."""
    (*_, said) = (said for said in answers if start is None or start in said)
    lines = [line for line in said.splitlines() if not line.startswith("Written: ")]
    first = next(i for i, line in enumerate(lines) if start is None or start in line)
    return "\n".join(lines[first:]).rstrip() + "\n"


def main() -> None:
    """Rewrite the page and copy the figure of its run."""
    text = PAGE.read_text(encoding="utf-8")
    with TemporaryDirectory() as place:
        answers = [answer(command, Path(place)) for command in COMMAND.findall(text)]
        (figure,) = Path(place).rglob(FIGURE)
        (ROOT / "docs/figures" / FIGURE).write_bytes(figure.read_bytes())
    PAGE.write_text(
        SHOWN.sub(
            lambda block: f"{block[1]}{shown(answers, block['start'])}{block[3]}",
            text,
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
