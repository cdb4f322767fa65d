"""What a notebook shows of a thing: a heading and a small table, safe as HTML."""

from collections.abc import Mapping
from html import escape


def html_card(heading: str, facts: Mapping[str, object]) -> str:
    """Return a heading with a table of facts below it.

    Parameters
    ----------
    heading : str
    facts : mapping of str to object
        What stands left and right in each row; rows whose right side is empty are left out.

    Returns
    -------
    str
        HTML in which nothing given is read as HTML.
    """
    rows = "".join(
        f"<tr><th style='text-align: left'>{escape(name)}</th>"
        f"<td style='text-align: left'>{escape(str(fact))}</td></tr>"
        for name, fact in facts.items()
        if str(fact)
    )
    return f"<div><strong>{escape(heading)}</strong><table>{rows}</table></div>"
