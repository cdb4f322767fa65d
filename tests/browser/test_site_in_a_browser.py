"""The pages opened from a disk, without a server or a network, as a reader does."""

import pytest

from tests.browser.acting import NARROW, expect, expect_not_grave

PAGES = ("index", "docs/tutorial", "docs/odd", "docs/gallery", "docs/reference/the-model")


@pytest.fixture
def read(chromium, site):
    """Open a page of the site; faults of it and what it asks of anywhere else fail the test."""
    contexts, elsewhere = [], []

    def outside(asked):
        if not asked.url.startswith(("file:", "data:")):
            elsewhere.append(asked.url)

    def open_page(name, **options):
        context = chromium.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        page, problems = context.new_page(), []
        page.on("request", outside)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else 0)
        page.on("requestfailed", lambda asked: problems.append(f"failed: {asked.url}"))
        page.goto(f"{site.as_uri()}/{name}", wait_until="networkidle")
        assert problems == []
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert elsewhere == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("size", "scheme"),
    [((1280, 800), "light"), ((1280, 800), "dark"), ((390, 844), "light"), ((390, 844), "dark")],
    ids=["wide light", "wide dark", "phone light", "phone dark"],
)
def test_pages_fit_the_window_and_axe_finds_nothing_serious(read, size, scheme):
    width, height = size
    for name in PAGES:
        page = read(
            f"{name}.html", viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page.wait_for_function(NARROW)
        expect_not_grave(page)


@pytest.mark.thorough
def test_the_search_finds_pages_without_a_server(read):
    page = read("search.html?q=cumulation")
    page.locator("#search-results li a").first.wait_for()
    page.locator("#search-results li a").first.click()
    expect(page.locator("article h1").first).to_be_visible()


@pytest.mark.thorough
def test_a_reader_goes_on_to_the_next_page_and_back(read):
    page = read("docs/tutorial.html")
    page.locator(".next-page").click()
    expect(page.locator("article h1").first).not_to_contain_text("Tutorial")
    page.locator(".prev-page").click()
    expect(page.locator("article h1").first).to_contain_text("Tutorial")
