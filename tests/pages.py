"""Pages of the documentation as blocks of code, and the commands in them.

A block is fenced, and the word behind its fence says what it is. What is indented is an
equation, or else commands. A comment before a block, which no reader sees, says what a
test cannot:

- ``<!-- sketch: why -->``: the block is not carried out;
- ``<!-- sketch `command`: why -->``: this line of it is not;
- ``<!-- file: name -->``: the block is the content of a file that commands below read.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]

PAGES = {
    str(path.relative_to(ROOT)): path
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
}

NOTE = re.compile(r"^<!-- (?P<kind>sketch|file)(?: `(?P<line>[^`]+)`)?: (?P<said>.+?) -->$")
FENCE = re.compile(r"^```(\w*)$")
INLINE = re.compile(r"`((?:nearshore|make) [^`\n]+)`")
HERE_DOCUMENT = re.compile(r"^cat > (\S+) <<'END'\n(.*?)^END$\n?", re.DOTALL | re.MULTILINE)
EQUATION = re.compile(r"^(?!.* --)(?!.*= ')[^\"]* (?:=|<=|>=) [^\"]*$")
EQUATIONS = "equations"


@dataclass
class Block:
    """Lines of a page that are no prose.

    Attributes
    ----------
    kind : str
        The word behind the fence; `EQUATIONS` or "sh" where the block is indented.
    text : str
    line : int
        Of its first line in the page, from 1.
    file : str or None
        What it is to be saved as.
    sketch : str or None
        Why it is not carried out.
    sketches : dict of str to str
        The same for single lines.
    """

    kind: str
    text: str
    line: int
    file: str | None = None
    sketch: str | None = None
    sketches: dict[str, str] = field(default_factory=dict)

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Lines of a shell outside here documents, as they stand and as words."""
        for line in HERE_DOCUMENT.sub("", self.text).splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield line.split("  #")[0].strip(), words


def blocks(page: Path) -> list[Block]:
    """Every block of a page, from top to bottom."""
    found: list[Block] = []
    notes: list[re.Match[str]] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        start, kind = at, None
        if opened := FENCE.match(lines[at]):
            kind = opened[1]
            at = lines.index("```", at + 1)
            body = lines[start + 1 : at]
        elif lines[at].startswith("    ") and not lines[at - 1].strip():
            while at + 1 < len(lines) and lines[at + 1].startswith("    "):
                at += 1
            body = [line[4:] for line in lines[start : at + 1]]
            kind = EQUATIONS if all(EQUATION.match(line) for line in body) else "sh"
        if kind is not None:
            block = Block(kind, "\n".join(body) + "\n", start + 1)
            _note(block, notes)
            found.append(block)
        if note := NOTE.match(lines[at]):
            notes.append(note)
        elif lines[at].strip():
            assert kind is not None or not notes, f"{page}: {notes[-1][0]} stands before no block"
            notes = []
        at += 1
    return found


def _note(block: Block, notes: list[re.Match[str]]) -> None:
    for note in notes:
        if note["kind"] == "file":
            block.file = note["said"]
        elif note["line"]:
            block.sketches[note["line"]] = note["said"]
        else:
            block.sketch = note["said"]


def commands_in_prose(page: Path) -> list[list[str]]:
    """Commands of ours named within sentences, as words."""
    text = page.read_text(encoding="utf-8")
    return [shlex.split(found) for found in INLINE.findall(text)]
