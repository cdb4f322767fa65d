"""Blocks of figures that the model reads: duties, acts of law, product lines."""

from datetime import date

from abm import data
from abm.axes import (
    GOODS,
    N_FOOTLOOSE,
    PARTNERS,
    REGIONS,
    SECTORS,
)
from abm.economy.tables import load_economy
from abm.law.act_files import shipped as law
from docs.blocks.as_text import code
from experiments.markdown import table
from experiments.scenarios.collected_duties import special_duties
from experiments.scenarios.duties_by_law import OpenRange, open_ranges

SHOWN_QUARTERS = ("2018Q3", "2019Q1", "2019Q3", "2020Q1", "2021Q1", "2022Q4")
"""Of the duties collected, enough to see every rise and end."""


def collected_rates() -> str:
    """Duties of the scenario ``collected-2018`` by partner and sector, percent."""
    rates = 100 * special_duties()
    rates = rates.loc[:, (rates > 0).any()]
    cells = sorted(rates.columns, key=lambda cell: (REGIONS.index(cell[0]), GOODS.index(cell[1])))
    return table(
        ("from", "goods", *(f"{quarter[:4]} {quarter[4:]}" for quarter in SHOWN_QUARTERS)),
        (
            (
                partner,
                code(good),
                *(f"{rates.loc[when, (partner, good)]:.1f}" for when in SHOWN_QUARTERS),
            )
            for partner, good in cells
        ),
    )


def transport_split() -> str:
    """What transport equipment from China consisted of, and the list of each kind."""
    rows = data.read("transport_split_2017").itertuples(index=False)
    return table(
        ("goods", "share of imports, %", "list of goods"),
        ((row.goods.replace("_", " "), f"{100 * row.share:.0f}", row.list) for row in rows),
    )


def law_acts() -> str:
    """Every act, when it held, and how far it is known."""
    acts = sorted(law().acts.items(), key=lambda item: (item[1].effective, item[0]))
    return table(
        ("act", "what", "importer", "from", "to", "known to", "sources", "unverified"),
        (
            (
                code(name),
                act.title,
                act.importer,
                act.effective,
                act.ended or "",
                act.known_to,
                len(act.citation),
                sum(not citation.verified for citation in act.citation) or "",
            )
            for name, act in acts
        ),
    )


def law_ranges() -> str:
    """Duties on originating goods at the end of what is known, and what is left open of them."""
    return table(
        ("sector", *(f"{one} {what}" for one in PARTNERS for what in ("in runs", "from", "to"))),
        (
            (good, *(f"{value:.1%}" for one in found for value in (one.rate, one.low, one.high)))
            for good, found in _ranges_by_sector().items()
        ),
    )


def _ranges_by_sector() -> dict[str, list[OpenRange]]:
    """Ranges of a sector, by partner, on the day that runs under the last law take."""
    by_sector: dict[str, list[OpenRange]] = {}
    for one in open_ranges(date(2026, 10, 1), originating=True):
        by_sector.setdefault(one.sector, []).append(one)
    return by_sector


def lines() -> str:
    """Every product line that firms make, with its share, rates and metals."""
    lines = load_economy().lines
    usa, mex, can = (REGIONS.index(region) for region in ("USA", "MEX", "CAN"))
    return table(
        (
            "line",
            "sector",
            "what",
            "codes",
            "MEX",
            "CAN",
            "USA rate",
            "MEX rate",
            "CAN rate",
            "metal",
        ),
        (
            (
                code(lines.name[n]),
                SECTORS[lines.sector[n]],
                lines.title[n],
                " ".join(lines.codes[n]),
                *(f"{lines.share[n, source]:.1%}" for source in (mex, can)),
                f"{lines.rate[n, mex, usa]:.1%}",
                *(f"{lines.rate[n, usa, market]:.1%}" for market in (mex, can)),
                f"{lines.metal[n].sum():.0%}",
            )
            for n in range(lines.of(N_FOOTLOOSE).start)
        ),
    )
