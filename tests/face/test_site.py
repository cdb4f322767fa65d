"""The pages as a site: whole, linked, searchable, and asking nothing of the network."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs.build import HOME, INDEX, REFERENCE, sections
from tests.pages import PAGES
from viz.palette import COLOURS, COLOURS_ON_DARK

FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source|object|embed|video|audio)\b[^>]*?"
    r"\b(?:src|href|srcset|data)=[\"'](?P<place>(?:https?:)?//[^\"']*)"
)
"""What a browser asks for when it opens a page."""

FETCHED_BY_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?(?P<place>(?:https?:)?//[^\"')\s]+)")

FETCHED_BY_SCRIPT = re.compile(
    r"(?:fetch\(|import\(|importScripts\(|\.open\([^,)]*,|\.src\s*=|\.href\s*=)\s*"
    r"[\"'`](?P<place>(?:https?:)?//[^\"'`]+)"
)

BY_KIND = {".html": (FETCHED, FETCHED_BY_STYLE), ".css": (FETCHED_BY_STYLE,),
           ".js": (FETCHED_BY_SCRIPT,)}  # fmt: skip


def built(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def text_of(site: Path, page: str) -> str:
    return (site / page).read_text(encoding="utf-8")


def asked_elsewhere(name: str, text: str) -> list[str]:
    """Places outside the site that a file makes a browser ask."""
    return [found["place"] for kind in BY_KIND[Path(name).suffix] for found in kind.finditer(text)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", '<script async src="https://cdn.example.org/x.js"></script>'),
        ("a.html", '<link rel="stylesheet" href="//fonts.example.org/css?family=Inter">'),
        ("a.html", "<style>@import 'https://example.org/a.css';</style>"),
        ("a.css", "@font-face { src: url(https://example.org/a.woff2) }"),
        ("a.js", 'fetch("https://example.org/versions.json")'),
        ("a.js", "image.src='https://example.org/counter.gif'"),
    ],
)
def test_what_asks_the_network_is_found(name, text):
    assert len(asked_elsewhere(name, text)) == 1


def test_a_link_that_a_reader_may_follow_asks_nothing():
    assert asked_elsewhere("a.html", '<a href="https://mesa.readthedocs.io">Mesa</a>') == []


@pytest.mark.thorough
def test_no_file_of_the_site_asks_the_network(site):
    files = [path for path in site.rglob("*") if path.suffix in BY_KIND and "stories" not in
             path.parts]  # fmt: skip
    asked = {
        path.relative_to(site).as_posix(): asked_elsewhere(path.name, path.read_text("utf-8"))
        for path in files
    }
    assert {path.suffix for path in files} == set(BY_KIND)
    assert {name: places for name, places in asked.items() if places} == {}


def dead_links(page: Path) -> list[str]:
    """Links of a page as built, and places in pages, that are not there."""
    dead = []
    text = page.read_text(encoding="utf-8")
    for link in map(unescape, re.findall(r"(?:href|src)=\"([^\"]+)\"", text)):
        if re.match(r"[a-z]+:|//", link):
            continue
        path, _, place = link.partition("#")
        path = path.partition("?")[0]
        target = page.parent / unquote(path) if path else page
        if not target.is_file() or (
            place and f'id="{unquote(place)}"' not in target.read_text("utf-8")
        ):
            dead.append(f"{page.name}: {link}")
    return dead


@pytest.mark.thorough
def test_no_link_is_dead(site):
    assert [link for page in built(site) for link in dead_links(page)] == []


@pytest.mark.thorough
def test_every_page_is_built_and_in_the_menu(site):
    menu = {page for pages in sections().values() for page in pages} | {INDEX, HOME}
    documented = {name for name in PAGES if "/" in name}
    assert documented <= menu
    for name in documented - {INDEX}:
        assert (site / name).with_suffix(".html").is_file(), name
    home = text_of(site, "index.html")
    for page in menu - {HOME}:
        assert f'href="{page.rpartition(".")[0]}.html"' in home, page


@pytest.mark.thorough
def test_the_reference_is_taken_from_the_docstrings(site):
    reference = text_of(site, "docs/reference/the-model.html")
    assert "RelocationModel" in reference
    assert "What a run carries from one quarter to the next" in reference
    assert len(list((site / "docs/reference").glob("*.html"))) == len(REFERENCE)


@pytest.mark.thorough
def test_pages_have_neighbours_highlighting_and_a_search(site):
    tutorial = text_of(site, "docs/tutorial.html")
    assert 'rel="next"' in tutorial
    assert 'rel="prev"' in tutorial
    assert '<span class="kn">import</span>' in tutorial
    assert (site / "search.html").is_file()
    assert "wedg" in text_of(site, "searchindex.js")


@pytest.mark.thorough
def test_the_notebook_is_shown_with_what_it_prints_and_draws(site):
    notebook = text_of(site, "docs/notebook.html")
    assert re.search(r'class="cell_output [^>]*>\s*<img alt="What owners', notebook)
    assert "Firm(" in notebook


@pytest.mark.thorough
def test_the_site_has_the_colours_of_the_laboratory(site):
    home = text_of(site, "index.html")
    assert f"--color-brand-primary: {COLOURS['USA']}" in home
    assert f"--color-brand-primary: {COLOURS_ON_DARK['USA']}" in home
