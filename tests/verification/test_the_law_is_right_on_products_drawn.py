"""Duties on products drawn by seed, against answers written down from the sources beforehand.

The draw was by stratum from imports from Mexico and Canada by six digits, with NumPy's default
generator at seed 17.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from abm.law.duty import duty
from abm.law.good import Good
from abm.law.reading import shipped

ANSWERS = Path(__file__).with_name("law_answers.csv")
with ANSWERS.open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file))

TOLERANCE = 1e-4
"""Metal contents have four decimals in the source, and are a mean over both partners here."""

WIDER = {("2026-01-08", "870422")}
"""Where the range told is wider than the sources': a line of the subheading may be on no list."""


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['on']}-{row['origin']}-{row['product']}"
)
def test_a_product_owes_what_the_sources_say(row):
    content = {"us": float(row["us_content"])} if row["us_content"] else {}
    good = Good(row["origin"], row["product"], row["originating"] == "yes", content)
    answer = duty(shipped(), date.fromisoformat(row["on"]), "USA", good)
    assert answer.rate == pytest.approx(float(row["rate"]), abs=TOLERANCE)
    if (row["on"], row["product"]) in WIDER:
        assert answer.low < answer.rate
        return
    assert answer.low == pytest.approx(float(row["low"]), abs=TOLERANCE)
    assert answer.high == pytest.approx(float(row["high"]), abs=TOLERANCE)


def test_at_least_sixty_products_were_drawn_over_all_kinds_of_acts():
    assert len(ROWS) >= 60
    assert len({row["stratum"] for row in ROWS}) >= 25
    assert {row["origin"] for row in ROWS} == {"MEX", "CAN", "CHN"}
