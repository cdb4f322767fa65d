"""Where the browser puts the texts of the page's charts: none cut off, none over another."""

from itertools import combinations

import pytest

from tests.browser.acting import (
    calm,
    compare,
    expect,
    lever_row,
    press,
    set_number,
    step,
    wait_for_quarter,
)

SIZES = ((1280, 720), (390, 844), (1920, 1080))

TOUCH = 1.5
"""Pixels by which boxes may touch: those of letters are rounded outwards."""

BOXES = """
(chart) => {
  // Whatever is drawn, as ECharts' own renderer keeps it.
  const texts = [], rings = [], owners = [];
  const owner = (one) => (owners.includes(one) || owners.push(one), owners.indexOf(one));
  for (const one of chart.getZr().storage.getDisplayList(true)) {
    const box = one.getBoundingRect().clone(), to = one.getComputedTransform();
    if (to) box.applyTransform(to);
    const place = [box.x, box.y, box.x + box.width, box.y + box.height];
    if (one.type === 'tspan' && one.style.text.trim() && one.style.opacity !== 0)
      texts.push([one.style.text, owner(one.parent || one), place]);
    else if (one.style && one.style.fill === 'transparent' && one.style.lineWidth === 2)
      rings.push(place);
  }
  return { texts, rings, size: [chart.getWidth(), chart.getHeight()] };
}
"""
"""Texts with what they are lines of, rings, and the size of the picture, in pixels."""

ON_THE_PAGE = f"figure => ({BOXES})(figure.__vue__.chart)"

AS_SAVED = f"""
(figure, kind) => {{
  const [copy, box] = figure.__vue__.copied(kind);
  copy.getZr().flush();
  const found = ({BOXES})(copy);
  copy.dispose();
  box.remove();
  return found;
}}
"""

ALL = "(kind) => [...document.querySelectorAll('figure')].map(one => ({})(one, kind))"
"""The same of every figure, in their order."""


def over(one, other):
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > TOUCH and down > TOUCH


def faults(found):
    """Texts outside the picture, over another text, or over a ring of the map."""
    width, height = found["size"]
    wrong = [
        f"outside: {said!r}"
        for said, _, (left, top, right, bottom) in found["texts"]
        if min(left, top) < -TOUCH or right > width + TOUCH or bottom > height + TOUCH
    ]
    wrong += [
        f"over another: {one!r} and {other!r}"
        for (one, mine, box), (other, its, another) in combinations(found["texts"], 2)
        if mine != its and over(box, another)
    ]
    # The disc, not the square around it: half of its side, from its middle.
    wrong += [
        f"inside a ring: {said!r}"
        for said, _, box in found["texts"]
        for ring in found["rings"]
        if over(box, disc(ring))
    ]
    return wrong


def disc(ring):
    """The square in a ring: no text reaches into it."""
    left, top, right, bottom = ring
    cut = (right - left) * (1 - 0.5**0.5) / 2
    return left + cut, top + cut, right - cut, bottom - cut


def checked(page, look, kind=""):
    """Every chart has texts, and none of them is where it should not be; returns all of them."""
    titles = page.locator(".ns-chart-title").all_inner_texts()
    found = dict(zip(titles, page.evaluate(ALL.format(look), kind), strict=True))
    assert len(found) == 13
    assert {title: faults(one) for title, one in found.items() if faults(one)} == {}
    assert all(one["texts"] for title, one in found.items() if not title.startswith("Supplier"))
    return found


def opened_or_closed(page):
    """Step until plants opened or closed somewhere, so that the map has rings."""

    for _ in range(12):
        step(page)
        if page.locator(".ns-map figure").evaluate(ON_THE_PAGE)["rings"]:
            return
    raise AssertionError("no plant opened or closed")


def test_no_text_of_any_chart_is_cut_or_lies_over_another_on_the_page_or_saved(visit):
    page = visit(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    set_number(page, "Special duty", 40)
    lever_row(page, "Exempt goods that claim origin").locator("input").click()
    compare(page)
    press(page, "Year")
    press(page, "Year")
    wait_for_quarter(page, 8)
    opened_or_closed(page)
    for scheme, (width, height) in zip(("light", "dark", "light"), SIZES, strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.locator(f".ns-{scheme}").wait_for()
        expect(page.locator("figure")).to_have_count(13)
        calm(page, lambda: page.evaluate(ALL.format(ON_THE_PAGE)))
        said = checked(page, ON_THE_PAGE)
        of_map = next(found for title, found in said.items() if title.startswith("Where North"))
        labels = [text for text, *_ in of_map["texts"]]
        numbers = [text for text in labels if any(letter.isdigit() for letter in text)]
        assert numbers
        assert all(text.endswith(("plant", "plants", "bn USD")) for text in numbers)
    for kind in ("svg", "canvas"):
        saved = checked(page, AS_SAVED, kind)
        graph = [text for text, *_ in saved["Supplier links of the largest firms"]["texts"]]
        assert "Other manufacturing" in graph, "the last of the legend, whole"


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        ([["cut", 1, [-5, 0, 20, 10]]], "outside"),
        ([["one", 1, [0, 0, 20, 10]], ["two", 2, [10, 2, 30, 12]]], "over another"),
        ([["ringed", 1, [40, 40, 60, 50]]], "inside a ring"),
    ],
)
def test_what_is_looked_for_is_found(texts, wrong):
    found = {"texts": texts, "rings": [[35, 35, 60, 60]], "size": [100, 100]}
    (fault,) = faults(found)
    assert fault.startswith(wrong)
    whole = [["a", 1, [0, 0, 20, 10]], ["b", 1, [0, 8, 20, 18]], ["c", 2, [70, 0, 90, 10]]]
    assert faults(found | {"texts": whole}) == [], "lines of one text may touch"
