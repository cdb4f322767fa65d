"""Small things that the page is made of: buttons, choices, text, tables."""

from html import escape
from typing import Any

import solara

from viz.page.parts import ChoicePart


@solara.component
def Choice(label: str, options: dict[str, str], value: str, on_value: Any) -> None:
    """One of several, as the browser shows it."""

    def chosen(name: object) -> None:
        if name in options:
            on_value(name)

    ChoicePart(
        label=label,
        options=[{"value": name, "label": text} for name, text in options.items()],
        value=value,
        event_choose=chosen,
    )


@solara.component
def Press(
    label: str, on_press: Any, pressed: bool | None = None, classes: list[str] | None = None
) -> None:
    """A plain button."""
    attributes = {"type": "button"}
    if pressed is not None:
        attributes["aria-pressed"] = "true" if pressed else "false"
    element = solara.v.Html(
        tag="button", class_=" ".join(["ns-button", *(classes or [])]), attributes=attributes,
        children=[label],
    )  # fmt: skip
    solara.v.use_event(element, "click", lambda *_: on_press())


def Section(class_: str, label: str) -> Any:
    """A part of the page with a name of its own, to be filled."""
    return solara.v.Html(tag="section", class_=class_, attributes={"aria-label": label})


def Text(tag: str, text: str, class_: str, role: str | None = None) -> None:
    """Plain text in an element; nothing in it is read as HTML."""
    solara.v.Html(
        tag=tag, class_=class_, children=[text], attributes={"role": role} if role else {}
    )


def table_html(table: dict[str, Any]) -> str:
    """A table with ``head`` and ``rows`` of text; nothing in it is read as HTML."""
    head = "".join(f"<th scope='col'>{escape(word)}</th>" for word in table["head"])
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table["rows"]
    )
    return f"<table class='ns-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
