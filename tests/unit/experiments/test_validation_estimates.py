"""Intervals, the verdicts that follow from them, and the report."""

import json
from collections import defaultdict
from xml.etree import ElementTree

import numpy as np
import pytest

from abm import data
from experiments.outcomes.estimates import (
    above,
    below,
    estimate,
    expectation,
    order_of_magnitude,
)
from experiments.scenarios.designs import BASE_FIXED
from experiments.validation.finding import Finding, Results, published
from experiments.validation.fitted_rows import DESIGNS, ELSEWHERE, figures, section
from experiments.validation.pages import ValidationReport
from experiments.validation.registry import FINDINGS, chosen, designs_of
from experiments.validation.sections import Section

PARTLY_FITTED = ("OWN-1", "OWN-2")
"""Rows of which one part is a test and the other may have been used to fit."""

HOSTILE = '<script>alert("&")</script>'


def test_the_interval_is_students():
    draws = np.array([1.0, 2.0, 3.0, 4.0])
    found = estimate("x", draws)
    # Standard error 0.6455, t of three degrees of freedom 3.1824.
    assert found.mean == 2.5
    assert found.high - found.mean == pytest.approx(0.645497 * 3.182446, rel=1e-5)


@pytest.mark.parametrize(
    ("draws", "expected", "agrees"),
    [
        ((1.0, 1.1, 1.2), above(0), True),
        ((-1.0, 0.0, 2.0), above(0), False),
        ((-1.0, -1.1, -1.2), below(0), True),
        ((0.0, 0.0, 0.0), below(0), False),
        ((-0.4, -0.5, -0.6), order_of_magnitude(-0.5), True),
        ((-5.0, -5.1, -5.2), order_of_magnitude(-0.5), False),
    ],
)
def test_an_estimate_agrees_if_its_whole_interval_lies_where_expected(draws, expected, agrees):
    assert estimate("x", np.array(draws), expected=expected).agrees is agrees


def test_an_expectation_reads_as_words():
    assert expectation(above(0)) == "above 0"
    assert expectation((2.5, 8.2)) == "2.50 to 8.20"


def test_every_published_row_that_is_a_test_has_its_finding_and_no_other():
    status = published()["status"]
    tests = [row for row in status.index if "test" in status[row] or row in PARTLY_FITTED]
    assert len(tests) == len(data.read("published_results")) + 14
    assert [finding.id for finding in FINDINGS] == tests


def test_every_other_row_is_told_as_fitted_and_no_row_that_is_a_test_in_whole():
    status = published()["status"]
    fitted = {row for row in status.index if "may be used to fit" in status[row]}
    runs = {"lead opening": 3.0, "lead closing": 3.0}
    results = Results({design.name: [defaultdict(lambda: 1.0, runs)] * 3 for design in DESIGNS})
    told = {row.split(",")[0] for row, _ in figures(results)}
    assert told | set(ELSEWHERE) == fitted
    assert told & {finding.id for finding in FINDINGS} == set(PARTLY_FITTED)


def test_what_was_fitted_stands_under_its_own_head_without_a_verdict():
    results = Results({design.name: [defaultdict(lambda: 1.0)] * 3 for design in DESIGNS})
    told = section(results)
    assert "no test" in told.title
    assert not any(cell in ("holds", "fails") for row in told.rows for cell in row)


def test_a_rule_is_written_for_every_finding_and_every_design_loads():
    for finding in FINDINGS:
        assert finding.rule
        assert finding.design
        assert finding.understanding
    for design in designs_of(chosen([])):
        assert design.load().name


def made_up(draws):
    """A finding on a single measure with these values."""
    finding = Finding(
        id="HMM-1",
        design="made up",
        rule="above zero",
        designs=(BASE_FIXED,),
        judge=lambda results: [
            estimate(HOSTILE, results.of(BASE_FIXED, "x"), "%", above(0), published=1.0)
        ],
    )
    runs = [{"x": value} for value in draws]
    return finding.row(Results({BASE_FIXED.name: runs} if runs else {}))


def test_the_verdict_follows_from_the_interval_and_says_why():
    assert made_up([1.0, 2.0]).verdict == "fails"  # two seeds: t is 12.7
    assert made_up([1.0, 1.1, 0.9, 1.0]).verdict == "holds"
    failed = made_up([-1.0, 1.0, 0.5])
    assert failed.verdict == "fails"
    assert "expected above 0" in failed.why


def test_what_too_few_populations_ran_is_not_testable():
    row = made_up([1.0])
    assert row.verdict == "not testable"
    assert "interval needs 2" in row.why
    assert made_up([]).verdict == "not testable"


@pytest.fixture(scope="module")
def report():
    part = Section("A table", ("Text.",), ("a", "b"), [("x|y", HOSTILE)])
    rows = [made_up([1.0, 1.1, 0.9]), made_up([-1.0, 1.0])]
    return ValidationReport(rows, [part], firms=10, seeds=3, notes=["Left out: seed 9."])


def test_the_page_escapes_what_it_quotes_and_needs_no_network(report):
    page = report.html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not any(mark in page for mark in ("src=", "@import", "<link", "url("))
    assert "Left out: seed 9." in page


def test_a_picture_is_well_formed_and_shows_every_estimate(report):
    page = report.html()
    pictures = page.split("<svg ")[1:]
    assert len(pictures) == 2
    for text in pictures:
        picture = ElementTree.fromstring("<svg " + text.split("</svg>")[0] + "</svg>")
        assert len([part for part in picture.iter() if part.tag.endswith("circle")]) == 1


def test_rows_are_plain_json_with_the_promised_keys(report):
    rows = json.loads(json.dumps(report.data(), allow_nan=False))
    for row in rows:
        assert {"id", "claim", "source", "expected", "model", "interval", "verdict", "why"} <= set(
            row
        )
    assert rows[0]["interval"][0]["expected"] == "above 0"


def test_a_table_of_the_page_has_one_width(report):
    for block in report.markdown().split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
