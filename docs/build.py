"""Build the pages as a static site that needs no network: `python docs/build.py FOLDER`.

Pages are laid out as in the repository, so that links that work there work here; the
reference of the Python interface is written from the docstrings.
"""

import json
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[1]

PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE")

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
"""Modules of the public interface, by heading."""

GUIDES = ("tutorial", "write-a-scenario", "add-an-instrument", "continue-and-fork",
          "sweep-on-a-cluster", "sweep-without-a-shared-disk", "read-the-results",
          "table-of-your-own", "use-it-with-mesa", "a-rule-of-your-own", "audit-a-conclusion",
          "containers", "results-changed")  # fmt: skip


LINK = re.compile(r"\]\(([^)#\s]+)")


TABLES = """\
table { display: block; overflow-x: auto; margin-bottom: 1rem; }
th, td { padding: 0.2rem 1rem 0.2rem 0; vertical-align: top; border-bottom: 1px solid #8884; }
"""
"""Style of tables: cells apart, and tables wider than the page move within it."""


def stage(folder: Path) -> None:
    """Copy the pages and whatever they show or link to, and write those of the reference."""
    for name in PAGES:
        shutil.copy(ROOT / name, folder / name)
    for path in ROOT.glob("docs/**/*.md"):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    waiting = list(folder.rglob("*.md"))
    while waiting:  # what is linked may be a page with links of its own
        page = waiting.pop()
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            source = ROOT / target.relative_to(folder) if target.is_relative_to(folder) else ROOT
            if source.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
                if target.suffix == ".md":
                    waiting.append(target)
    (folder / "tables.css").write_text(TABLES, encoding="utf-8")
    for heading, modules in REFERENCE.items():
        page = folder / "docs" / "reference" / f"{heading.lower().replace(' ', '-')}.md"
        page.parent.mkdir(exist_ok=True)
        blocks = "".join(f"\n::: {module}\n" for module in modules)
        page.write_text(f"# {heading}\n{blocks}", encoding="utf-8")


def configuration(docs: Path, site: Path) -> dict[str, object]:
    """What mkdocs is told; nothing in it is fetched from elsewhere, now or by a reader."""
    how_to = [f"docs/how-to/{name}.md" for name in GUIDES[1:]]
    pages = [
        *("plain-words", "for-gtap-and-gravity-users", "command-line"),
        *(
            "odd",
            "instruments",
            "governments",
            "notation",
            "glossary",
            "outputs",
            "sweeps",
            "reliability",
            "laboratory",
            "explaining",
        ),
        *("findings", "validation", "fit", "collected-duties", "performance", "release"),
    ]
    return {
        "site_name": "Nearshore",
        "site_url": "",
        "docs_dir": str(docs),
        "site_dir": str(site),
        "use_directory_urls": False,  # so that pages open from a disk, without a server
        "theme": {"name": "mkdocs", "highlightjs": False, "color_mode": "auto"},
        "plugins": [
            {
                "mkdocstrings": {
                    "handlers": {
                        "python": {
                            "paths": [str(ROOT)],
                            "options": {
                                "docstring_style": "numpy",
                                "show_source": False,
                                "members_order": "source",
                                "heading_level": 2,
                            },
                        }
                    }
                }
            }
        ],
        "extra_css": ["tables.css"],
        "markdown_extensions": ["tables", "fenced_code", "toc"],
        "validation": {"links": {"not_found": "info", "anchors": "info"}},
        "nav": [
            {"Nearshore": "README.md"},
            {"Documentation": "docs/index.md"},
            {"Tutorial": "docs/tutorial.md"},
            {"How to": how_to},
            {"Pages": [f"docs/{page}.md" for page in pages if (docs / f"docs/{page}.md").exists()]},
            {
                "Reference": [
                    f"docs/reference/{heading.lower().replace(' ', '-')}.md"
                    for heading in REFERENCE
                ]
            },
            {"Changelog": "CHANGELOG.md"},
        ],
    }


def main(site: Path) -> None:
    """Build into a folder, which is replaced."""
    with TemporaryDirectory() as place:
        docs = Path(place).resolve() / "pages"
        docs.mkdir()
        stage(docs)
        told = Path(place) / "mkdocs.yml"  # JSON is YAML
        told.write_text(json.dumps(configuration(docs, site.resolve())), encoding="utf-8")
        build(load_config(str(told)))
    print(f"Written: {site}, open {site / 'index.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
