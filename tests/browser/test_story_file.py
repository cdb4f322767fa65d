"""A published story: one file, opened from the disk in a browser without a network."""

import re
import shutil
import subprocess
from importlib.metadata import EntryPoint

import pytest

from abm.errors import NearshoreError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.runs.continuing import fork
from experiments.runs.runner import run_scenario
from tests.browser.acting import (
    NARROW,
    drawn,
    expect,
    expect_not_grave,
    series_of,
    until,
)
from tests.browser.conftest import FIRMS, ROOT
from tests.in_this_process import seeds_in_this_process
from viz.figures.film import film
from viz.story.publish import LARGEST, publish

pytestmark = pytest.mark.thorough

QUARTERS = 40
QUIET = {"quiet": True, "draw": lambda *_: []}
SLIDER = "Quarter looked at"
SEEDS = 2
"""That a story is published with: every one takes seconds, and two make a wide interval."""


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Ten years under a duty, against none."""
    folder = tmp_path_factory.mktemp("story") / "run"
    scenarios = [
        Scenario.load(name).model_copy(update={"quarters": QUARTERS})
        for name in ("blanket-25", "status-quo")
    ]
    run_scenario(scenarios[0], firms=FIRMS, quarters=QUARTERS, seed=3, out=folder,
                 against=scenarios[1], **QUIET)  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def story(run):
    out = run.parent / "story.html"
    with seeds_in_this_process():
        quarters, size = publish(run, out, seeds=SEEDS)
    assert (quarters, size) == (QUARTERS, out.stat().st_size)
    return out


@pytest.fixture
def read(chromium, story):
    """Open the story from the disk; whatever it asks for or complains of fails the test."""
    contexts, problems = [], []

    def open_story(width=1280, height=720, address="", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, offline=True,
            reduced_motion="reduce", **options,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else 0)
        page.on("request", lambda asked: problems.append(asked.url)
                if not asked.url.startswith(("file:", "data:")) else 0)  # fmt: skip
        page.goto(address or story.as_uri())
        return page

    yield open_story
    for context in contexts:
        context.close()
    assert problems == []


def production(page):
    """The line of Mexico in the first chart, and the quarters of its axis."""
    axis = drawn(page, ".ns-charts")["xAxis"][0]["data"]
    return series_of(page, ".ns-charts")["Mexico"]["data"], axis


def scrub(page, quarter):
    slider = page.get_by_role("slider", name=SLIDER)
    slider.focus()
    slider.fill(str(quarter))


def expect_drawn_up_to(page, quarter):
    def there():
        line, axis = production(page)
        assert (len(line), len(axis)) == (quarter + 1, QUARTERS + 1)
        return line

    return until(page, there)


SIZES = {"laptop": (1280, 720), "phone": (390, 844)}


def test_a_story_of_ten_years_is_small(story):
    assert story.stat().st_size < LARGEST == 5_000_000
    assert list(story.parent.glob("*story*")) == [story], "no half of a file is left"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_story_opens_from_the_disk_and_is_scrubbed(read, size, scheme):
    width, height = SIZES[size]
    page = read(width, height, color_scheme=scheme)
    expect(page.locator("h1")).to_have_text(Scenario.load("blanket-25").title)
    expect(page.locator(f".ns-{scheme}")).to_have_count(1)
    expect(page.locator(".ns-map canvas")).not_to_have_count(0)
    expect(page.locator(".ns-charts figure")).to_have_count(11)
    end = expect_drawn_up_to(page, QUARTERS)
    shown = page.locator(".ns-front").inner_text()
    told = re.compile("Against the world of status-quo.*means of 2 seeds|No country's output")
    expect(page.locator(".ns-answer")).to_have_text(told)
    front, plot = page.locator(".ns-front"), page.locator(".ns-map .ns-plot")
    if width > 1000:
        assert max(one.bounding_box()["y"] for one in (front, plot)) < height / 2
    scrub(page, 3)
    expect(page.locator(".ns-scrub-date")).to_have_text("Q3 2017")
    assert expect_drawn_up_to(page, 3) == end[:4]
    expect(page.locator(".ns-front")).not_to_have_text(shown, use_inner_text=True)
    expect(page.locator(".ns-log")).to_have_text("Nothing yet.")
    page.get_by_role("slider", name=SLIDER).press("End")
    assert expect_drawn_up_to(page, QUARTERS) == end
    expect(page.locator(".ns-front")).to_have_text(shown, use_inner_text=True)
    expect(page.locator(".ns-log")).to_contain_text("25% on goods from Mexico and Canada")
    page.wait_for_function(NARROW)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    expect_not_grave(page)


def test_both_worlds_are_drawn_and_the_map_is_coloured_as_asked(read):
    page = read()
    until(page, lambda: expect_drawn_up_to(page, QUARTERS))
    lines = series_of(page, ".ns-charts")
    drawn_lines = {"Mexico", "Mexico, other world", "Mexico, band"}
    assert drawn_lines <= {one["name"] for one in lines.values()}
    legend = page.locator(".ns-map .ns-legend")
    expect(legend).to_contain_text("output against status-quo")
    page.get_by_role("button", name="By sector").click()
    expect(page.locator(".ns-map .ns-legend li")).to_have_count(10)
    page.get_by_role("button", name="By country").click()
    expect(page.locator(".ns-map .ns-legend li")).to_have_count(3)
    page.get_by_label("Sector of the distribution").select_option("light_trucks")
    expect(page.locator(".ns-spread .ns-chart-title")).to_contain_text("light trucks")


def test_a_story_plays_by_itself_to_its_end(read):
    page = read()
    scrub(page, QUARTERS - 2)
    expect_drawn_up_to(page, QUARTERS - 2)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_have_count(1)
    expect_drawn_up_to(page, QUARTERS)
    expect(page.get_by_role("button", name="Play")).to_have_count(1)
    # From the end it begins anew, and stops where it is told to.
    page.get_by_role("button", name="Play").click()
    date = page.locator(".ns-scrub-date")
    expect(date).not_to_have_text("Q4 2026")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_have_count(1)
    stands = date.inner_text()
    page.wait_for_timeout(2_000)
    expect(date).to_have_text(stands)


def test_a_story_stands_in_a_frame_of_another_page_in_the_theme_it_asks_for(read, story, tmp_path):
    around = tmp_path / "around.html"
    around.write_text(f'<iframe src="{story.as_uri()}#dark" width="900" height="600"></iframe>')
    page = read(address=around.as_uri(), color_scheme="light")
    inside = page.frame_locator("iframe")
    expect(inside.locator(".ns-dark")).to_have_count(1)
    expect(inside.locator(".ns-map canvas")).not_to_have_count(0)
    inside.get_by_role("slider", name=SLIDER).fill("5")
    expect(inside.locator(".ns-scrub-date")).to_have_text("Q1 2018")


def test_a_chart_saved_from_a_story_says_all_that_one_of_the_page_says(read):
    page = read()
    expect_drawn_up_to(page, QUARTERS)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save Production as SVG").click()
    said = " ".join(re.findall(r">([^<>]+)<", download.value.path().read_text()))
    for words in ("Production", "2017 = 100", "Scenario blanket-25 and status-quo", "Q4 2026",
                  "mean of seeds 3 to 4", f"{FIRMS} firms", "Source: Nearshore"):  # fmt: skip
        assert words in said, words


def test_a_run_alone_is_told_against_its_start_and_in_the_same_bytes_twice(chromium, tmp_path):
    alone = Scenario.load("status-quo")
    run_scenario(alone, firms=FIRMS, quarters=2, seed=1, out=tmp_path / "run", **QUIET)
    for name in ("alone.html", "again.html"):
        assert publish(tmp_path / "run", tmp_path / name, seeds=1)[0] == 2
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "alone.html").read_bytes()
    page = chromium.new_page()
    page.goto((tmp_path / "alone.html").as_uri())
    expect(page.locator(".ns-map .ns-legend")).to_contain_text("output against 2017")
    expect(page.locator(".ns-answer")).to_have_count(0)
    page.close()


def refused(run, out, said, seeds=1):
    with pytest.raises(NearshoreError, match=re.escape(said)) as error:
        publish(run, out, seeds=seeds)
    assert "\n" not in str(error.value)
    assert not out.exists()


def test_what_cannot_be_published_is_refused_in_one_line(run, tmp_path, monkeypatch):
    out = tmp_path / "story.html"
    refused(run, tmp_path / "story.pdf", "a story is a web page; end its name in .html")
    refused(run, tmp_path / "none" / "story.html", "there is no folder")
    refused(tmp_path, out, "is no folder of a run")
    refused(run, out, "--seeds 0: 1 to 64 are played", seeds=0)
    short = tmp_path / "short"
    run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=2, seed=1, out=short, **QUIET)
    fork(short, Scenario.load("threat-35"), at=1, out=tmp_path / "forked", quiet=True)
    refused(tmp_path / "forked", out, "was forked")
    monkeypatch.setattr("viz.story.publish.LARGEST", 1000)
    refused(short, out, "0 at most; publish a run of fewer quarters")


def test_tables_that_were_not_made_by_this_run_are_refused(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder, seed in ((run, 1), (other, 2)):
        run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=1, seed=seed, out=folder,
                     **QUIET)  # fmt: skip
    shutil.copy(other / "outcomes.parquet", run / "outcomes.parquet")
    refused(run, tmp_path / "story.html", "comes out otherwise now")


def offered(monkeypatch, name, where):
    """Offer a command as the installed package does."""
    entry = EntryPoint(name, where, "nearshore.commands")
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group, name: [entry] if name == entry.name else []
    )
    declared = f'{name} = "{where}"'
    assert declared in (ROOT / "pyproject.toml").read_text()


def test_the_command_says_what_it_wrote_or_what_is_wrong(tmp_path, monkeypatch, capsys):
    offered(monkeypatch, "publish", "viz.story.publish:publish")
    run, out = tmp_path / "run", tmp_path / "story.html"
    run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=1, seed=1, out=run, **QUIET)
    capsys.readouterr()
    assert main(["publish", str(run), "-o", str(out), "--seeds", "1", "--quiet"]) == 0
    assert re.fullmatch(rf"{re.escape(str(out))}: 1 quarters, 0\.\d MB\n", capsys.readouterr().out)
    assert main(["publish", str(tmp_path), "-o", str(out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_film_is_an_mp4_where_ffmpeg_is_found_and_says_so_where_it_is_not(tmp_path, monkeypatch):
    run, out = tmp_path / "run", tmp_path / "film.mp4"
    run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=2, seed=1, out=run, **QUIET)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(NearshoreError, match="needs ffmpeg, which is not found"):
        film(run, out)
    # One that takes the pictures and writes down what it was told; the last word is the file.
    stands_in = tmp_path / "ffmpeg"
    stands_in.write_text('#!/bin/sh\ncat > "$(dirname "$0")/pictures"\nfor last; do :; done\n'
                         'echo "$@" > "$last"\n')  # fmt: skip
    stands_in.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(stands_in))
    assert film(run, out) == 2
    assert "-c:v libx264 -pix_fmt yuv420p" in out.read_text()
    # Three pictures, the last for as long as seven.
    assert (tmp_path / "pictures").read_bytes().count(b"\x89PNG") == 2 + 7
    stands_in.write_text('#!/bin/sh\ncat > /dev/null\necho "no such codec" >&2\nexit 1\n')
    out.unlink()
    with pytest.raises(NearshoreError, match="ffmpeg cannot write the film \\(no such codec\\)"):
        film(run, out)
    assert not out.exists()


def test_a_film_is_played_by_ffmpeg_itself(tmp_path):
    if (ffmpeg := shutil.which("ffmpeg")) is None:
        pytest.skip("no ffmpeg on this machine: apt-get install ffmpeg")
    run, out = tmp_path / "run", tmp_path / "film.mp4"
    run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=2, seed=1, out=run, **QUIET)
    assert film(run, out) == 2
    decode = [ffmpeg, "-i", str(out), "-f", "null", "-"]
    said = subprocess.run(decode, capture_output=True, text=True, check=True).stderr
    assert "h264" in said
    # Two pictures for 0.35 s each, and the last for 2.45 s.
    assert "Duration: 00:00:03.1" in said
