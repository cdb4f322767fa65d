"""Draws the diagrams of `docs/plain-words.md`.

    python docs/diagrams.py

writes ``docs/figures/goods.svg`` and ``docs/figures/quarter.svg``. The same code gives the same
bytes, and a test holds the files to be current.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

FIGURES = Path(__file__).parent / "figures"

INK, PAPER, QUIET = "#1b2a41", "#ffffff", "#5c6b7a"
FIRM, PEOPLE, BORDER, STATE = "#d8e6f3", "#e6efe0", "#f8e7cf", "#eee3f0"
"""Of boxes: firms, buyers, borders, governments; all pale, so that they print in grey."""

LINE = 19
"""Height of a line of text, pixels."""


@dataclass(frozen=True)
class Box:
    """A box with lines of text in it, the first of them in bold; places in pixels."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]
    colour: str = FIRM

    def svg(self) -> str:
        """The box as SVG."""
        middle = self.x + self.width / 2
        first = self.y + self.height / 2 - (len(self.lines) - 1) * LINE / 2 + 5
        text = "".join(
            f'<text x="{middle:g}" y="{first + LINE * n:g}" text-anchor="middle"'
            f' font-weight="{"normal" if n else "bold"}">{escape(line)}</text>'
            for n, line in enumerate(self.lines)
        )
        return (
            f'<rect x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="8"'
            f' fill="{self.colour}" stroke="{INK}"/>{text}'
        )


def arrow(path: str, dashed: bool = False) -> str:
    """A line with a head at its end."""
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" marker-end="url(#head)"{dash}/>'


def note(x: int, y: int, text: str, anchor: str = "middle") -> str:
    """A small line of text beside an arrow."""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{QUIET}" font-size="13">'
        f"{escape(text)}</text>"
    )


def whole_file(width: int, height: int, told: str, parts: list[str]) -> str:
    """A whole SVG file; ``told`` is what a screen reader says of it."""
    head = (
        '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
        f' orient="auto"><path d="M0 0L10 5L0 10z" fill="{INK}"/></marker>'
    )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape(told)}" font-family="DejaVu Sans, Arial, sans-serif"'
        f' font-size="15" fill="{INK}">\n<defs>{head}</defs>\n'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def goods() -> str:
    """How goods and rules meet: suppliers, a plant, a border, and who buys."""
    plant = ("A plant", "wages, productivity,", "capacity; its parts", "make its content")
    pays = ("Pays the duty", "or claims falsely,", "and may be caught")
    boxes = [
        Box(20, 40, 190, 84, ("Suppliers here", "in the United States,", "Mexico and Canada")),
        Box(20, 196, 190, 84, ("Suppliers overseas", "China and the rest", "of the world")),
        Box(300, 112, 190, 96, plant),
        Box(570, 40, 190, 84, ("Claims origin", "enough content:", "paperwork, no duty"), BORDER),
        Box(570, 196, 190, 84, pays, BORDER),
        Box(840, 112, 170, 96, ("Buyers", "households and firms", "in the other country"), PEOPLE),
    ]
    arrows = [
        arrow("M210 82C255 82 255 140 300 148"),
        arrow("M210 238C255 238 255 182 300 174"),
        arrow("M490 148C530 140 530 82 570 82"),
        arrow("M490 174C530 182 530 238 570 238"),
        arrow("M760 82C800 82 800 140 840 148"),
        arrow("M760 238C800 238 800 182 840 174"),
        note(395, 236, "the firm chooses where it stands,"),
        note(395, 254, "whom it buys from, and how it crosses"),
        note(665, 158, "at the border"),
    ]
    told = (
        "Suppliers here and overseas deliver parts to a plant; its goods cross a border by "
        "claiming origin or by paying the duty, and reach buyers in the other country."
    )
    return whole_file(1030, 300, told, [box.svg() for box in boxes] + arrows)


def quarter() -> str:
    """What happens in a quarter, in order, and round again."""
    steps = [
        (("Governments act", "what was announced", "comes into force"), STATE),
        (("Firms look ahead", "what may policy be", "in the years to come?"), FIRM),
        (("Parts are bought", "some contracts end", "and are signed anew"), FIRM),
        (("Origin is claimed", "comply, pay or cheat,", "whatever costs least"), BORDER),
        (("Plants are decided", "open, close, go on", "building, or wait"), FIRM),
        (("Goods are sold", "customers choose;", "prices and jobs follow"), PEOPLE),
    ]
    places = [(20, 30), (300, 30), (580, 30), (580, 190), (300, 190), (20, 190)]
    boxes = [
        Box(x, y, 220, 96, lines, colour)
        for (x, y), (lines, colour) in zip(places, steps, strict=True)
    ]
    arrows = [
        arrow("M240 78H300"),
        arrow("M520 78H580"),
        arrow("M690 126V190"),
        arrow("M580 238H520"),
        arrow("M300 238H240"),
        arrow("M130 190V126", dashed=True),
        note(142, 162, "the next quarter", "start"),
    ]
    told = (
        "A quarter: governments act, firms look ahead, parts are bought, origin is claimed, plants "
        "are decided, goods are sold; then the next quarter begins."
    )
    return whole_file(820, 316, told, [box.svg() for box in boxes] + arrows)


DIAGRAMS = {"goods": goods, "quarter": quarter}


def main() -> None:
    """Write every diagram."""
    for name, draw in DIAGRAMS.items():
        (FIGURES / f"{name}.svg").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
