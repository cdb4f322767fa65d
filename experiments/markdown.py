"""Tables as Markdown writes them, for every page that is made from numbers."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, right: bool = False) -> str:
    """Return a Markdown table; nothing where there are no rows.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequences
        A cell each; a bar within would end it, and is written as a slash.
    right : bool
        Whether all columns but the first stand to the right, as numbers should.
    """
    body = list(rows)
    if not body:
        return ""
    marks = ["---", *["---:" if right else "---"] * (len(heads) - 1)]
    return "\n".join(_line(cells) for cells in (heads, marks, *body))


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"
