"""Duties on products drawn by seed, against answers written down from the sources beforehand.

The draws were by stratum from imports from Mexico and Canada by six digits, with NumPy's default
generator at seeds 17 and 18.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good

ROWS = [
    row
    for name in ("law_answers.csv", "law_answers_again.csv")
    for row in csv.DictReader(
        Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    )
]

TOLERANCE = 5e-5
"""Rates and metal contents have four decimals in the source."""

QUANTITIES = {("2026-08-14", "760421"), ("2026-07-31", "721061")}
"""Where the range told reaches down to the lower rate of quantities that Commerce allots."""

ENOUGH_METAL = {"steel": 0.15}
"""Shown of goods of these codes, whose ranges were written down for goods that are of metal."""

OF_METAL = {"860791", "850423", "870310"}


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['on']}-{row['origin']}-{row['product']}"
)
def test_a_product_owes_what_the_sources_say(row):
    content = {"us": float(row["us_content"])} if row["us_content"] else {}
    if row["product"] in OF_METAL and row["on"] >= "2026-04-06":
        content |= ENOUGH_METAL
    good = Good(row["origin"], row["product"], row["originating"] == "yes", content)
    answer = duty(shipped(), date.fromisoformat(row["on"]), "USA", good)
    assert answer.rate == pytest.approx(float(row["rate"]), abs=TOLERANCE)
    if (row["on"], row["product"]) in QUANTITIES:
        assert answer.low == 0.25
        return
    assert answer.low == pytest.approx(float(row["low"]), abs=TOLERANCE)
    assert answer.high == pytest.approx(float(row["high"]), abs=TOLERANCE)


def test_at_least_sixty_products_were_drawn_over_all_kinds_of_acts():
    assert len(ROWS) >= 120
    assert len({row["stratum"] for row in ROWS}) >= 25
    assert {row["origin"] for row in ROWS} == {"MEX", "CAN", "CHN"}
