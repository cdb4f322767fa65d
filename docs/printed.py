"""Brings up to date what `docs/explaining.md` and `README.md` show of the program's answers.

    python docs/printed.py

Carries out the commands that stand before ``<!-- printed -->``, and those named in
``<!-- printed from "TEXT" -->``, whose answer is shown from TEXT on, up to another text where
``to "TEXT"`` follows, and replaces the blocks that follow. A table of channels in two orders,
between ``<!-- measured: orders -->`` and ``<!-- end -->``, is measured anew, and so is the
answer in the README, between ``<!-- measured: answer -->`` and ``<!-- end -->``, with its
figure. It takes some minutes; results may move whenever the model does.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.twin import twin
from experiments.brief.sentences import sentences
from experiments.labels import with_minus
from experiments.markdown import table
from experiments.outcomes.summary import summary
from experiments.runs.channels import channel_worlds, split_differences
from experiments.runs.finished_run import read_result

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/explaining.md"
FIGURE = "channels.png"

COMMAND = re.compile(r"^    (nearshore .+)$", re.MULTILINE)
SHOWN = re.compile(
    r'(<!-- printed(?: from "(?P<start>[^"]+)")?(?: to "(?P<end>[^"]+)")? -->\n```text\n)'
    r".*?(^```$)",
    re.DOTALL | re.MULTILINE,
)

README = ROOT / "README.md"
QUESTION = re.compile(r"^    (nearshore run .+) --out \S+$", re.MULTILINE)
ANSWER = re.compile(r"(<!-- measured: answer -->\n).*?(<!-- end -->)", re.DOTALL)
TOLD = 2
"""Sentences of the answer that the README shows: what changed, and for whom."""

WIDTH = "120"
"""Characters in a line, enough for a name in front of every channel."""

MEASURED = re.compile(r"(<!-- measured: orders -->\n).*?(<!-- end -->)", re.DOTALL)

FIRMS, QUARTERS = 300, 8
"""Of the runs whose channels are taken in two orders."""


def orders() -> str:
    """Parts of a difference by channel, in the order of the page and the other way round.

    Of the US goods balance with Mexico, billion USD a year.
    """
    reference = RelocationModel("status-quo", firms=FIRMS, rng=1)
    scenario = Scenario.load("blanket-25")
    run, worlds = twin(reference, scenario), channel_worlds(scenario, reference)
    for _ in range(QUARTERS):
        for world in (reference, run, *worlds.values()):
            world.step()
    result = summary(run.frames(), reference.frames())
    between = {name: world.frames() for name, world in worlds.items()}
    split_differences(result, reference.frames(), between)
    entry = result["us_goods_balance"]["MEX"]
    usual, turned = entry["channels_by_order"]
    parts = [(name, usual[name], turned[name], entry["channels"][name]) for name in usual]
    rows = [
        (name.replace("_", " "), *(with_minus(f"{number:+.1f}") for number in numbers))
        for name, *numbers in [*parts, ("all", *[entry["difference"]] * 3)]
    ]
    return table(("channel", "order as above", "the other way round", "mean"), rows) + "\n"


def answer(command: str, folder: Path) -> str:
    """What a command prints, without blanks at the ends of lines."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.commands.main", *shlex.split(command)[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": WIDTH},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def shown(answers: list[str], start: str | None, end: str | None) -> str:
    """The last answer that holds a text, from its line up to that of another text.

    Where results are is left out.
    """
    (*_, said) = (said for said in answers if start is None or start in said)
    lines = [line for line in said.splitlines() if not line.startswith("Written: ")]
    first = next(i for i, line in enumerate(lines) if start is None or start in line)
    last = next((i for i, line in enumerate(lines) if end and end in line and i > first), None)
    return "\n".join(lines[first:last]).rstrip() + "\n"


def answer_of_the_readme() -> None:
    """Run the first command of the README, and show its answer and its figure of jobs."""
    text = README.read_text(encoding="utf-8")
    command = QUESTION.findall(text)[0]
    with TemporaryDirectory() as place:
        answer(f"{command} --out duty", Path(place))
        folder = Path(place, "duty")
        said = sentences(read_result(folder))[:TOLD]
        (ROOT / "docs/figures/duty.png").write_bytes((folder / "figures/jobs.png").read_bytes())
    quoted = "\n>\n".join(f"> {sentence}" for sentence in said) + "\n"
    README.write_text(ANSWER.sub(lambda block: f"{block[1]}{quoted}{block[2]}", text), "utf-8")


def main() -> None:
    """Rewrite the pages and copy the figures of their runs."""
    answer_of_the_readme()
    text = PAGE.read_text(encoding="utf-8")
    with TemporaryDirectory() as place:
        answers = [answer(command, Path(place)) for command in COMMAND.findall(text)]
        (figure,) = Path(place).rglob(FIGURE)
        (ROOT / "docs/figures" / FIGURE).write_bytes(figure.read_bytes())
    text = SHOWN.sub(
        lambda block: f"{block[1]}{shown(answers, block['start'], block['end'])}{block[4]}", text
    )
    measured = orders()
    text = MEASURED.sub(lambda block: f"{block[1]}{measured}{block[2]}", text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
