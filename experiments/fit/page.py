"""The part of ``docs/fit.md`` on what one year tells: what was fitted, and how well."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, PARTNERS, VEHICLES
from abm.economy.tables import Array
from experiments.fit.claim_curves import (
    BANDS,
    HIGH_RATE,
    LEAST_READ,
    MEDIAN_BOUNDS,
    Pool,
    claim_share,
    curve_error,
    curve_of,
    own_readings,
    source_of_reading,
)
from experiments.fit.moments import (
    FIRMS_OBSERVED,
    SEEDS_POOLED,
    Exports,
    FitSetting,
    carline_content,
)
from experiments.fit.search import (
    IDENTIFYING_GAIN,
    ORIGIN_BOUNDS,
    SPREAD_BOUNDS,
    Fit,
    MomentTarget,
    failing_share,
)
from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.markdown import table

INDISTINCT = 0.01
"""Medians whose error exceeds the least one by no more than this are called indistinct."""

INTRODUCTION = f"""Written by `python -m experiments.fit.command`, which also writes
`abm/data/fitted_parameters.csv`. Every moment is of {FIRMS_OBSERVED:,} firms, plants of
{len(SEEDS_POOLED)} seeds pooled, at the prices of the calibration year. Content is judged by the
last rules of the `usmca-content` scenario, parts made in the region that do not qualify counting as
non-originating; the calibration itself is under the baseline's. Nothing observed after February
2025 is used, except that the base of the share of failing parts is US imports of the year 2025. A
moment below *Fitted* is never reported as a test.
"""

METHOD = f"""### How

- **Origin of deliveries, cars and light trucks**: so that mean parts content over the plants of a
  host is that of the carlines of model year 2020 assembled there. Parts content is the originating
  share of purchased materials in what is sold to the United States, hence of the compliant
  mix where a plant complies under NAFTA. Where a label lists no Mexican parts, which it must from
  15%, half of that is added. All 130 carlines stand for both sectors: seven are trucks.
- **Spread, cars and light trucks**: so that the standard deviation of parts content over plants,
  from the host's mean and with hosts weighted by their carlines, is that of the carlines. It is
  the spread of a firm's log taste for sources and of its log odds of origin, one number for both
  (assumption).
- **Origin of deliveries, vehicle parts**: so that the free mix misses the rule, or the goods
  cannot qualify, in the share of Mexican exports to the United States by value that could not
  meet it in 2024, as Goldman Sachs estimated; the same share at all hosts. In other sectors what
  qualifies originates in full.
- **Part that can qualify**: what explains the share of dutiable imports claimed at rates of
  {HIGH_RATE:.0%} and more in 2024, given what paperwork keeps from claiming even there. Such a
  reading rests on few products (`us_claims_at_high_rates_2024.csv`): it is moved to the mean of
  all readings by its share of noise, how far it would differ had others of the sector's products
  paid these rates. Where less than {LEAST_READ:.0%} of dutiable imports pays so much, the other
  partner's reading is taken; cars, which pay 2.5%, are given that of light trucks, which pay 25%.
  Never less than the share claimed at lower rates, as whoever claims there can.
- **Median cost of paperwork**: least squares on the share of dutiable imports claimed by band of
  the most-favoured-nation rate in 2024, partner by partner, bands weighted by
  dutiable value, given the part that can qualify. A band stands for its middle; for vehicles and
  parts, where a band holds one rate of the schedule, for that. The log spread is given
  (`PAPERWORK_SPREAD`); of others, those from 1.2 to 2.2 fit about as well and none better, and
  below it fewer goods would seem to qualify.
- **Spread, other sectors**: jointly with the medians, where the claim curve can tell
  spreads apart; elsewhere the mean of cars and light trucks.
- Competitiveness is calibrated anew at every trial, for all sectors at once, until no log spread
  and no log odds move by more than 0.02.
- Suppliers already linked, which pull purchases a little, are left out; with them the standard
  deviations for vehicles change by less than 0.001.
"""

LIMITS = """### What to keep in mind

- **Why the tables' content is not used as it is.** They give the region that delivers an input,
  whatever is inside it, split bilateral flows over users in proportion, and include materials
  beside parts. By them parts content of vehicles would be 0.7 to 0.85. Labels under the American
  Automobile Labeling Act give parts by where they were made: an outside supplier's part counts
  in full from 70% of US and Canadian value, else by its share (from memory, unverified). The
  share of origin closes that gap; it is a property of deliveries, and no policy moves it. Parts
  whose own maker fails its rule do not count either, which policy does move.
- **Few labels.** Seven carlines are Canadian, and 76 of 130 list no Mexican parts, so that their
  content is known to 15 points. With the listed parts alone the means of the United States and
  Canada would be 0.57 and 0.50.
- **Outside vehicles content does not explain who does not claim.** By the tables nearly every
  plant meets a rule of 50% of net cost with its free mix, whatever the spread. Real rules there are
  mostly changes of tariff heading and origin of fibres, product by product. The part that can
  qualify stands for them, the same for all firms of a sector and host: what is left to
  paperwork is how claims come up to it.
- **Filing is late.** Claims may be made up to a year after import, so shares of the newest months
  are low, of vehicle parts most. That is why those of 2024 are fitted; they are known by six
  digits only, so the curve of January and February 2025, known by eight, is moved to their
  level. Both are shown.
- **Curves that do not rise.** In machinery claims do not grow with the rate, and in several
  sectors single bands lie far off; one plateau and one median cannot follow them.
- **Readings of 100%.** Where claims still rise at 5% paperwork alone can explain who does not
  claim, and the reading ends at its bound, as for parts and electronics. How few products tell it
  says how far to believe it. Light trucks and food claim nearly in full on much trade.
- **Light trucks** nearly all claim, so their median is only known to be small.
- The Canadian medians stand for exporters of the United States (assumption).
- Reluctance to lie and the audit rate are assumptions; false claims add to the modelled share.
  Claims *at 25%* have them as a mean over very many firms: a fifth of what cannot be claimed
  truly. One firm claims falsely on all of that or on none, since audit and fine are in
  proportion to what is claimed ([why](odd.md#claims)). So where one firm carries a sector of a
  small run, the share claimed can jump to 100% under a high duty and back, on either side of
  the figure here.
"""


def report(fitted: Fit, world: FitSetting, curve: pd.DataFrame, targets: list[MomentTarget]) -> str:
    """The whole page.

    Parameters
    ----------
    fitted : Fit
    world : FitSetting
    curve : DataFrame
        From `experiments.fit.claim_curves.claim_curve`.
    targets : list of MomentTarget
        Moments that give a spread or a share of origin directly.

    Returns
    -------
    str
        Markdown.
    """
    parts = [
        INTRODUCTION,
        METHOD,
        "### Parameters\n",
        _parameters(fitted, world, curve),
        f"In brackets: medians whose error is within {INDISTINCT:.0%} of claims of the least. "
        "A dagger marks what is read from another sector or partner, an asterisk a bound "
        f"({_span(*SPREAD_BOUNDS)} for spreads, {_span(*ORIGIN_BOUNDS)} for shares of origin, "
        f"{_span(*MEDIAN_BOUNDS)} for medians). "
        f"The search took {fitted.passes} passes.\n",
        "What claims at high rates tell of the part that can qualify, curve by curve, with its "
        "standard error, and what is taken once noise is discounted. "
        f"{_pool(fitted, world, curve)}\n",
        _readings(fitted, world, curve),
        "### Fitted\n",
        _content_moments(fitted, targets),
        "Share of dutiable imports claimed in 2024, and the root mean squared error over bands:\n",
        _claims(fitted, world, curve),
        "### Not fitted\n",
        "Share of dutiable imports claimed in January and February 2025, before claims were "
        "complete, beside that of 2024; and what would be claimed if every product paid 25%:\n",
        _later_claims(fitted, world, curve),
        _content(fitted),
        "Hosts are weighted by their carlines of model year 2020.\n",
        _failing(fitted, world),
        "Of Mexican exports to the United States, free mix that fails the USMCA rule against "
        "estimates for 2024: passenger vehicles 16% (USD 7 bn by Goldman Sachs, of imports of "
        "cars of USD 44.7 bn in 2025); before adjustment 9% of output (AMIA, 2025). The share of "
        "Mexican vehicle parts is fitted.\n",
        "### Can the claim curve tell spreads apart?\n",
        "Error of a sector's claim curves, both partners, when its spread is held and the medians "
        f"are fitted. A range of less than {IDENTIFYING_GAIN:.1%} is called no answer.\n",
        _profile(fitted),
        "### Do claims tell how honest firms are?\n",
        "Error of all claim curves together, when the median reluctance to lie is held and all "
        "else about claims is fitted. Claims that rise with the rate beyond what paperwork "
        "explains would speak for lies; they do not, so a large reluctance is assumed.\n",
        _honesty(fitted),
        LIMITS,
        "### The curves, band by band\n",
        "Observed / modelled share claimed, in per cent; blank where there is no trade.\n",
        *(f"### {REGION_NAMES[host]}\n\n{_bands(fitted, world, curve, host)}" for host in PARTNERS),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return table(heads, rows, right=True) + "\n"


def _span(low: float, high: float) -> str:
    return f"{low:.2g} to {high:.2g}"


def _mark(value: float, bounds: tuple[float, float]) -> str:
    """An asterisk where a value has come within a hundredth of a bound."""
    return "*" if value < bounds[0] * 1.01 or value > bounds[1] * 0.99 else ""


def _parameters(fitted: Fit, world: FitSetting, curve: pd.DataFrame) -> str:
    rows = []
    for row, sector in enumerate(FOOTLOOSE):
        spread = fitted.parameters.content_spread[row]
        cells = [SECTOR_NAMES[sector], f"{spread:.2f}{_mark(spread, SPREAD_BOUNDS)}"]
        cells.append(fitted.spread_from[sector])
        for share in fitted.parameters.origin_share[row]:
            mark = _mark(share, ORIGIN_BOUNDS) if share < 1 else ""
            cells.append(f"{share:.2f}{mark}")
        for host in PARTNERS:
            can = float(fitted.parameters.can_qualify[row, HOSTS.index(host)])
            read = source_of_reading(curve, sector, host)
            cells.append(f"{can:.1%}{'' if read == (sector, host) else '†'}")
        for host in PARTNERS:
            median = float(fitted.parameters.paperwork_median[row, HOSTS.index(host)])
            low, high = _indistinct(fitted, world, curve, sector, host, median)
            cells.append(f"{median:.2%}{_mark(median, MEDIAN_BOUNDS)} ({low:.2%} to {high:.2%})")
        rows.append(cells)
    origin = [f"Origin of deliveries, {REGION_NAMES[host]}" for host in HOSTS]
    paperwork = [f"Median paperwork, {REGION_NAMES[host]}" for host in PARTNERS]
    can_qualify = [f"Can qualify, {REGION_NAMES[host]}" for host in PARTNERS]
    return _table(["Sector", "Spread", "from", *origin, *can_qualify, *paperwork], rows)


def _pool(fitted: Fit, world: FitSetting, curve: pd.DataFrame) -> str:
    pool = Pool.of(list(own_readings(fitted.view, world.border, curve).values()))
    return (
        f"All curves together tell {pool.mean:.1%}, from which those of sectors and partners "
        f"differ by {np.sqrt(pool.variance):.1%} (standard deviation) beside noise."
    )


def _readings(fitted: Fit, world: FitSetting, curve: pd.DataFrame) -> str:
    own = own_readings(fitted.view, world.border, curve)
    rows = []
    for row, sector in enumerate(FOOTLOOSE):
        cells = [SECTOR_NAMES[sector]]
        for host in PARTNERS:
            reading = own.get((sector, host))
            alone = f"{reading.part:.1%} ±{np.sqrt(reading.noise):.1%}" if reading else ""
            can = float(fitted.parameters.can_qualify[row, HOSTS.index(host)])
            cells += [alone, f"{can:.1%}"]
        rows.append(cells)
    heads = [f"{REGION_NAMES[host]}: {what}" for host in PARTNERS for what in ("alone", "taken")]
    return _table(["Sector", *heads], rows)


def _indistinct(
    fitted: Fit, world: FitSetting, curve: pd.DataFrame, sector: str, host: str, median: float
) -> tuple[float, float]:
    """Least and greatest median that fit about as well as the best."""
    bands = curve_of(curve, sector, host)
    can = float(fitted.parameters.can_qualify[FOOTLOOSE.index(sector), HOSTS.index(host)])

    def error(trial: float) -> float:
        return curve_error(fitted.view[sector, host], world.border, bands, trial, can)

    trials = np.geomspace(*MEDIAN_BOUNDS, 61)
    near = trials[np.array([error(float(trial)) for trial in trials]) <= error(median) + INDISTINCT]
    return min(median, *near), max(median, *near)


def _content_moments(fitted: Fit, targets: list[MomentTarget]) -> str:
    rows = (
        [
            SECTOR_NAMES[target.sector],
            target.name,
            f"{target.value:.3f}",
            f"{target.moment(fitted.view):.3f}",
        ]
        for target in targets
    )
    return _table(["Sector", "Moment", "Observed", "Model"], rows)


def _modelled(fitted: Fit, world: FitSetting, rates: Array, sector: str, host: str) -> Array:
    """Share claimed at some rates, or at one for everything."""
    cell = FOOTLOOSE.index(sector), HOSTS.index(host)
    median, can = fitted.parameters.paperwork_median[cell], fitted.parameters.can_qualify[cell]
    return claim_share(fitted.view[sector, host], world.border, rates, float(median), float(can))


HIGH_DUTY = 0.25


def _later_claims(fitted: Fit, world: FitSetting, curve: pd.DataFrame) -> str:
    columns = ["dutiable_imports_usd", "claimed_usd"]
    later = data.read("us_claims_by_mfn_rate_2025").groupby(["sector", "partner"])[columns].sum()
    rows = []
    for sector in FOOTLOOSE:
        cells = [SECTOR_NAMES[sector]]
        for host in PARTNERS:
            bands = curve_of(curve, sector, host)
            weight = bands["dutiable_imports_usd"].to_numpy()
            imports, claimed = later.loc[(sector, host)]
            high = _modelled(fitted, world, np.array([HIGH_DUTY]), sector, host)[0]
            before = np.average(bands["claim_share"], weights=weight)
            cells += [f"{claimed / imports:.1%}", f"{before:.1%}", f"{high:.1%}"]
        rows.append(cells)
    heads = [
        f"{REGION_NAMES[host]}: {what}"
        for host in PARTNERS
        for what in ("early 2025", "2024", "model at 25%")
    ]
    return _table(["Sector", *heads], rows)


def _honesty(fitted: Fit) -> str:
    heads = ["Median reluctance", *(f"{median:g}" for median in fitted.honesty)]
    return _table(heads, [["Error", *(f"{error:.2%}" for error in fitted.honesty.values())]])


def _claims(fitted: Fit, world: FitSetting, curve: pd.DataFrame) -> str:
    rows = []
    for sector in FOOTLOOSE:
        cells = [SECTOR_NAMES[sector]]
        for host in PARTNERS:
            bands = curve_of(curve, sector, host)
            weight = bands["dutiable_imports_usd"].to_numpy()
            model = _modelled(fitted, world, bands["rate"].to_numpy(), sector, host)
            observed = bands["claim_share"].to_numpy()
            error = np.sqrt(np.average((model - observed) ** 2, weights=weight))
            cells += [
                f"{np.average(observed, weights=weight):.1%}",
                f"{np.average(model, weights=weight):.1%}",
                f"{error:.1%}",
                str(len(bands)),
            ]
        rows.append(cells)
    columns = [
        f"{REGION_NAMES[host]}: {what}"
        for host in PARTNERS
        for what in ("observed", "model", "error", "bands")
    ]
    return _table(["Sector", *columns], rows)


def _content(fitted: Fit) -> str:
    carlines = carline_content()
    counts = carlines["host"].value_counts()
    observed = {host: group.to_numpy() for host, group in carlines.groupby("host")["content"]}
    columns = {"Observed": observed} | {
        SECTOR_NAMES[sector]: {host: fitted.view[sector, host].parts_content for host in observed}
        for sector in VEHICLES
    }

    def pooled(content: dict[str, Array], moment: Callable[[Array], float]) -> float:
        values = [moment(content[host]) for host in counts.index]
        return float(np.average(values, weights=counts.to_numpy()))

    def beyond(limit: float, above: bool) -> Callable[[Array], float]:
        return lambda content: float(((content > limit) if above else (content < limit)).mean())

    moments = {
        f"share {'above' if above else 'below'} {limit}": beyond(limit, above)
        for limit, above in ((0.2, False), (0.4, False), (0.75, True), (0.85, True))
    }
    rows = (
        [name, *(f"{pooled(content, moment):.2f}" for content in columns.values())]
        for name, moment in moments.items()
    )
    return _table(["Parts content", *columns], rows)


def _failing(fitted: Fit, world: FitSetting) -> str:
    rows = []
    for row, sector in enumerate(FOOTLOOSE):
        asked = world.usmca.content_threshold[world.economy.lines.of(row), 0]
        cells = [SECTOR_NAMES[sector], f"{asked.mean():.2f}"]
        for host in PARTNERS:
            exports: Exports = fitted.view[sector, host]
            cells += [
                f"{np.average(exports.content, weights=exports.value):.2f}",
                f"{failing_share(exports):.1%}",
            ]
        rows.append(cells)
    columns = [
        f"{REGION_NAMES[host]}: {what}" for host in PARTNERS for what in ("content", "fails")
    ]
    return _table(["Sector", "Rule", *columns], rows)


def _profile(fitted: Fit) -> str:
    spreads = list(fitted.profile.columns)
    rows = (
        [SECTOR_NAMES[sector], *(f"{error:.2%}" for error in errors)]
        for sector, errors in zip(fitted.profile.index, fitted.profile.to_numpy(), strict=True)
    )
    return _table(["Sector", *(f"spread {spread:g}" for spread in spreads)], rows)


def _bands(fitted: Fit, world: FitSetting, curve: pd.DataFrame, host: str) -> str:
    rows = []
    for sector in FOOTLOOSE:
        bands = curve_of(curve, sector, host)
        model = _modelled(fitted, world, bands["rate"].to_numpy(), sector, host)
        pairs = {
            band: f"{100 * observed:.0f} / {100 * modelled:.0f}"
            for band, observed, modelled in zip(
                bands["mfn_bin"], bands["claim_share"], model, strict=True
            )
        }
        rows.append([SECTOR_NAMES[sector], *(pairs.get(band, "") for band in BANDS)])
    return _table(["Sector", *BANDS], rows)
