"""The parts of the page, ready for a page that has no server."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

from viz import page, story

PARTS = Path(page.__file__).parent / "parts"
"""Where the page's parts lie, and the module that declares their arguments."""

EVENT = "event_"
"""Begins the name of an argument that is called by the part."""


@dataclass(frozen=True)
class StoryPart:
    """A part as the browser reads it.

    Attributes
    ----------
    file : Path
    properties, events : tuple of str
        What it is given, and what it calls.
    """

    file: Path
    properties: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def script(self) -> str:
        """JavaScript whose value describes the part to Vue."""
        text = self.file.read_text(encoding="utf-8")
        template, script = (
            re.search(rf"<{tag}>\n(.*)</{tag}>", text, re.DOTALL) for tag in ("template", "script")
        )
        assert template is not None
        assert script is not None
        more = {"template": template[1].strip(), "props": list(self.properties)}
        # What the server is called for in the page, whoever holds the part is told here.
        events = "".join(
            f"{name}(...given) {{ this.$emit({json.dumps(name)}, ...given); }}, "
            for name in self.events
        )
        return (
            f"(() => {{ const module = {{}};\n{script[1]}\nconst part = module.exports;\n"
            f"part.methods = {{ ...part.methods, {events}}};\n"
            f"return Object.assign(part, {json.dumps(more)}); }})()"
        )


def page_part(name: str) -> StoryPart:
    """A part of the page, with the properties and events that the page declares for it."""
    declared = ast.parse((PARTS / "__init__.py").read_text(encoding="utf-8"))
    for function in declared.body:
        if isinstance(function, ast.FunctionDef) and f"'{name}.vue'" in map(
            ast.unparse, _arguments_of_decorators(function)
        ):
            names = [one.arg for one in function.args.args]
            return StoryPart(
                PARTS / f"{name}.vue",
                tuple(one for one in names if not one.startswith(EVENT)),
                tuple(one.removeprefix(EVENT) for one in names if one.startswith(EVENT)),
            )
    raise LookupError(f"the page has no part {name}.vue")


def _arguments_of_decorators(function: ast.FunctionDef) -> list[ast.expr]:
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call)]
    return [argument for call in calls for argument in call.args]


def scripts() -> dict[str, str]:
    """Every part of a story, by its name in it; the story itself holds the others."""
    return {
        "chart-part": page_part("chart").script(),
        "scrubber-part": page_part("scrubber").script(),
        "story": StoryPart(Path(story.__file__).parent / "story.vue").script(),
    }
