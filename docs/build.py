"""Build the pages as a static site that needs no network: `python docs/build.py FOLDER`.

Sphinx builds it: its search, its menus and its highlighting work from files on a disk, it reads
the same Markdown that a repository shows, runs notebooks, and takes the reference of the Python
interface from the docstrings. Pages are laid out as in the repository, so that links that work
there work here, and the menu has the sections of ``docs/index.md``. Any warning fails the build.
"""

import os
import re
import shutil
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pygments.lexers import PythonLexer
from sphinx.application import Sphinx

from viz.palette import COLOURS, COLOURS_ON_DARK

ROOT = Path(__file__).parents[1]

HOME, INDEX = "README.md", "docs/index.md"
"""The first page, and the page that lists the others by reader."""

LOOK = ROOT / "viz/assets/page.css"
"""Where the colours of the laboratory are declared."""

REFERENCE = {
    "In one import": ("nearshore", "nearshore.pairs", "nearshore.comparison"),
    "The model": (
        "abm.model",
        "abm.trade_phases",
        "abm.state.state",
        "abm.worlds.checkpoint",
        "abm.scenario.fork",
        "abm.worlds.twin",
        "abm.engine.seeds",
        "abm.own_rules",
    ),
    "Scenarios": (
        "abm.scenario.scenario",
        "abm.policy.timeline",
        "abm.policy.instruments.measures",
    ),
    "Firms and governments": ("agents.firm", "agents.government", "agents.firm_table"),
    "The core": (
        "abm.core.inputs.sourcing",
        "abm.core.inputs.content_rules",
        "abm.core.demand.claims",
        "abm.core.demand.markets",
        "abm.core.choice.location",
        "abm.core.choice.beliefs",
    ),
    "Running": (
        "experiments.runs.runner",
        "experiments.runs.continuing",
        "experiments.crate",
        "experiments",
    ),
}
"""Modules of the public interface, by the title of their page."""

REFERENCE_CAPTION = "Python reference"

UNUSED = (".buildinfo", "objects.inv", "_sources", "*.map")
"""What Sphinx leaves beside the pages and no reader needs."""

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
TO_HOME = re.compile(r"(\]\((?:\.\./)*)README\.md\b")
VARIABLE = re.compile(r"--([\w-]+): (#\w{3,8})")

STYLE = """\
.article-container table { font-size: 0.86rem; }
.sidebar-brand-text { font-weight: 700; letter-spacing: -0.2px; }
h1 { font-size: 2.1em; }
.highlight, div.cell div.cell_input { background: var(--color-code-background); }
div.cell div.cell_input { border: 1px solid var(--color-background-border);
  border-left: 3px solid var(--color-brand-primary); }
.cell_output img, article img { border-radius: 6px; background: #fff; }
code { overflow-wrap: anywhere; }
"""
"""Beside what the theme and its variables do."""


def site_page(link: str) -> str:
    """Where a page of the repository is in the site: the README is the first page."""
    return TO_HOME.sub(r"\1index.md", f"]({link}")[2:]


def stage(folder: Path) -> None:
    """Copy the pages and whatever they show or link to, and write those of the reference."""
    menu = sections()
    waiting = [HOME, INDEX, *(page for pages in menu.values() for page in pages)]
    while waiting:  # what is linked may be a page with links of its own
        name = waiting.pop()
        source, target = ROOT / name, folder / site_page(name)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".md":
            shutil.copy(source, target)
            continue
        text = source.read_text(encoding="utf-8")
        target.write_text(TO_HOME.sub(r"\1index.md", text), encoding="utf-8")
        for link in LINK.findall(text):
            linked = (source.parent / link).resolve()
            if linked.is_file() and linked.is_relative_to(ROOT):
                waiting.append(linked.relative_to(ROOT).as_posix())
    menu[REFERENCE_CAPTION] = list(reference(folder))
    with (folder / site_page(HOME)).open("a", encoding="utf-8") as home:
        home.write(toctree("", [INDEX]))
        home.writelines(toctree(caption, pages) for caption, pages in menu.items())
    styles = folder / "_static"
    styles.mkdir()
    (styles / "site.css").write_text(STYLE, encoding="utf-8")


def sections() -> dict[str, list[str]]:
    """Pages of the menu by caption: what each section of the index links, in its order."""
    index = ROOT / INDEX
    found: dict[str, list[str]] = {}
    for part in index.read_text(encoding="utf-8").split("\n## ")[1:]:
        caption, _, text = part.partition("\n")
        links = ((index.parent / link).resolve() for link in LINK.findall(text))
        pages = [link.relative_to(ROOT).as_posix() for link in links]
        found[caption] = [page for page in pages if page.endswith((".md", ".ipynb"))]
    return found


def toctree(caption: str, pages: list[str]) -> str:
    """A part of the menu."""
    names = "\n".join(page.rpartition(".")[0] for page in pages)
    title = f":caption: {caption}\n" if caption else ""
    return f"\n```{{toctree}}\n:hidden:\n:titlesonly:\n{title}\n{names}\n```\n"


def reference(folder: Path) -> list[str]:
    """Write a page a heading of `REFERENCE`; their names."""
    pages = []
    for heading, modules in REFERENCE.items():
        pages.append(f"docs/reference/{heading.lower().replace(' ', '-')}.rst")
        page = folder / pages[-1]
        page.parent.mkdir(exist_ok=True)
        blocks = "".join(
            f"\n{module}\n{'-' * len(module)}\n\n.. automodule:: {module}\n   :members:\n"
            for module in modules
        )
        page.write_text(f"{heading}\n{'=' * len(heading)}\n{blocks}", encoding="utf-8")
    return pages


def look(*, dark: bool) -> dict[str, str]:
    """Colours and type of the theme, which are those of the laboratory."""
    rule = ".ns-page.ns-dark {" if dark else ".ns-page {"
    block = LOOK.read_text(encoding="utf-8").split(rule, 1)[1].split("}", 1)[0]
    page = dict(VARIABLE.findall(block))
    accent = (COLOURS_ON_DARK if dark else COLOURS)["USA"]
    return {
        "font-stack": 'system-ui, "Segoe UI", Roboto, sans-serif',
        "color-brand-primary": accent,
        "color-brand-content": accent,
        "color-brand-visited": accent,
        "color-foreground-primary": page["ink"],
        "color-foreground-secondary": page["faint"],
        "color-foreground-muted": page["faint"],
        "color-background-primary": page["card"],
        "color-background-secondary": page["ground"],
        "color-background-hover": page["line"],
        "color-background-border": page["line"],
        "color-code-background": page["ground"],
        "color-inline-code-background": page["ground"],
        "color-api-name": accent,
        "color-api-pre-name": accent,
    }


def configuration() -> dict[str, object]:
    """What Sphinx is told; nothing in it is fetched from elsewhere, now or by a reader."""
    return {
        "project": "Nearshore",
        "root_doc": "index",
        "extensions": ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"],
        "myst_heading_anchors": 4,
        "nb_execution_mode": "force",
        "nb_execution_in_temp": True,
        "nb_execution_raise_on_error": True,
        "nb_execution_timeout": 600,
        "highlight_language": "text",
        "default_role": "py:obj",
        # A class that is imported into `nearshore` is described there and where it is from.
        "suppress_warnings": ["ref.python"],
        "autodoc_member_order": "bysource",
        "autodoc_typehints": "none",
        "napoleon_google_docstring": False,
        "python_use_unqualified_type_names": True,
        "toc_object_entries_show_parents": "hide",
        "html_theme": "furo",
        "html_title": "Nearshore",
        "html_favicon": str(ROOT / "viz/assets/favicon.svg"),
        "html_static_path": ["_static"],
        "html_css_files": ["site.css"],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        # Excerpts would be read from other pages, which browsers refuse to files on a disk.
        "html_show_search_summary": False,
        "html_theme_options": {
            "light_css_variables": look(dark=False),
            "dark_css_variables": look(dark=True),
            "navigation_with_keys": True,
        },
    }


def accessible(page: str) -> str:
    """A page with what the theme leaves out for readers who use no mouse, or no screen.

    Code and tables that are wider than their box can be reached by the keyboard, to be moved, and
    captions of the menu say which level of heading they are.
    """
    page = page.replace('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">')
    page = page.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    return page.replace('role="heading"', 'role="heading" aria-level="2"')


def main(site: Path) -> None:
    """Build into a folder, which is replaced.

    Parameters
    ----------
    site : Path

    Raises
    ------
    SystemExit
        If anything is amiss with a page; `site` is then as it was.
    """
    said = StringIO()
    # The kernels of notebooks are processes of their own, which must find the model too, and draw
    # into the page, whatever this process draws with.
    os.environ.pop("MPLBACKEND", None)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    with TemporaryDirectory() as place:
        source, built = Path(place).resolve() / "pages", Path(place) / "site"
        source.mkdir()
        stage(source)
        app = Sphinx(
            source, None, built, Path(place) / "doctrees", "html",
            confoverrides=configuration(), status=None, warning=said, freshenv=True,
        )  # fmt: skip
        app.add_lexer("snakemake", PythonLexer)
        app.build()
        if said.getvalue():
            sys.exit(said.getvalue().replace(f"{source}{os.sep}", ""))
        for page in built.rglob("*.html"):
            page.write_text(accessible(page.read_text(encoding="utf-8")), encoding="utf-8")
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(built, site, ignore=shutil.ignore_patterns(*UNUSED))
    print(f"Written: {site}, open {site / 'index.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
