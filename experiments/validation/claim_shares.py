"""Claims of origin before March 2025: what was fitted, and apart from it what was not."""

from abm import data
from abm.axes import FOOTLOOSE, MOTOR, PARTNERS
from experiments.fit.claim_curves import claim_curve
from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.outcomes.estimates import Estimate, estimate
from experiments.scenarios.designs import BASE_FIXED, content, fixed
from experiments.validation.finding import Results
from experiments.validation.sections import Section

USMCA_FIXED = fixed(
    "USMCA content", *content(0.75, "cars", "light_trucks"), *content(0.70, "vehicle_parts")
)
DESIGNS = (BASE_FIXED, USMCA_FIXED)


def fitted(results: Results) -> Section:
    """Share of dutiable US imports claimed in 2024, sector by sector and partner."""
    observed = (
        claim_curve().groupby(["partner", "sector"])[["claimed_usd", "dutiable_imports_usd"]].sum()
    )
    share = 100 * observed["claimed_usd"] / observed["dutiable_imports_usd"]
    rows = []
    for sector in FOOTLOOSE:
        cells = [SECTOR_NAMES[sector]]
        for partner in PARTNERS:
            cells += [f"{share[partner, sector]:.1f}%", _claimed(results, sector, partner).text]
        rows.append(tuple(cells))
    heads = [f"{REGION_NAMES[host]}, {what}" for host in PARTNERS for what in ("observed", "model")]
    return Section(
        "Claims of 2024, fitted",
        (
            "Share of dutiable US imports for which origin was claimed in 2024, and in the running"
            " model under USMCA's content rules with plants fixed. What paperwork costs, and what"
            " part of goods can qualify, were fitted to these figures at base-year prices, so this"
            " is no test: it shows how much of the fit survives in a run of other firms.",
        ),
        ("Sector", *heads),
        rows,
    )


def _claimed(results: Results, sector: str, partner: str) -> Estimate:
    part = results.of(USMCA_FIXED, f"us_claimed_dutiable/{sector}/{partner}")
    return estimate(
        "", 100 * part / results.of(USMCA_FIXED, f"us_dutiable/{sector}/{partner}"), "%"
    )


def not_fitted(results: Results) -> Section:
    """Share of all imports that entered under NAFTA, motor goods and all goods."""
    observed = data.read("preference_use_before_2025")
    groups = {"automotive goods": MOTOR, "all goods": ("goods",)}
    latest = observed[observed["year"].isin(("2015-2020H1", "2016"))]
    rows = []
    for row in latest.itertuples():
        names = [f"{goods}/{row.partner}" for goods in groups[row.scope]]
        claimed = results.of(BASE_FIXED, *(f"us_claimed/{name}" for name in names))
        entered = results.of(BASE_FIXED, *(f"us_value/{name}" for name in names))
        published = 100 * row.share_entering_under_nafta
        model = estimate("", 100 * claimed / entered, "%")
        gap = f"{model.mean - published:+.1f} points".replace("-", "\N{MINUS SIGN}")
        rows.append(
            (f"{REGION_NAMES[row.partner]}, {row.scope}, {row.year}", f"{published:.0f}%",
             model.text, gap)
        )  # fmt: skip
    return Section(
        "Claims before 2025, not fitted",
        (
            "Share of US imports that entered under NAFTA, all tariff lines, zero rates included;"
            " no parameter is fitted to these. The model's shares are of basic value under NAFTA's"
            " rules, plants fixed. Definitions of the published shares differ between rows.",
        ),
        ("Moment", "Observed", "Model", "Difference"),
        rows,
    )
