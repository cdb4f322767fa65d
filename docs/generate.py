"""Writes the parts of the documentation that follow from the code.

    python docs/generate.py

A block in a page begins with ``<!-- generated: NAME -->`` and ends with
``<!-- end -->``; what stands between is replaced by what the function of that name
here returns. A test holds the pages to be current.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np

from abm import data
from abm.axes import (
    CONFIG_LABELS,
    CONFIGS,
    FOOTLOOSE,
    GOODS,
    HOMES,
    N_FOOTLOOSE,
    PARTNERS,
    REGIONS,
    SECTORS,
)
from abm.base_year.owners import OTHER_MAKERS, VEHICLE_MAKERS
from abm.config.settings import Settings
from abm.economy.tables import load_economy
from abm.law.act_files import shipped as law
from abm.model import RelocationModel
from abm.policy.arrays import PolicyArrays
from abm.policy.regime import Instruments
from abm.policy.timeline import segments
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario, shipped
from agents import FirmTable
from experiments.fit.estimation_page import found_text, split_table, targets_table
from experiments.markdown import table
from experiments.outcomes.tables import EVERY_TABLE
from experiments.scenarios.collected_duties import special_duties
from experiments.scenarios.duties_by_law import OpenRange, open_ranges

ROOT = Path(__file__).parents[1]

GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)

CONSTANTS = (
    "abm.economy.tables.MERCHANDISE_PROCESSING_FEE",
    "abm.economy.tables.PROFIT_SHARE_OF_SURPLUS",
    "abm.base_year.population.SIZE_RANGE",
    "abm.base_year.population.PAPERWORK_SPREAD",
    "abm.base_year.drawn_plants.LEAST_OWNED",
    "abm.base_year.calibration.OWNING_ROUNDS",
    "abm.trade.sales.market_clearing.REACH_EXPONENT",
    "abm.base_year.calibration.ACCESS_TOLERANCE",
    "abm.base_year.calibration.NEGLIGIBLE",
    "abm.trade_phases.SETTLING_ROUNDS",
    "abm.core.inputs.content_rules.MAX_LOG_WEDGE",
    "abm.trade.inputs.origin.HOURS_A_QUARTER",
    "abm.trade.books.accounts.ROUNDING",
)
"""Numbers that no scenario changes."""

PACKAGES = ("agents", "abm", "experiments", "viz")
"""From the ground up: each imports only itself and those before it."""

SHOWN_QUARTERS = ("2018Q3", "2019Q1", "2019Q3", "2020Q1", "2021Q1", "2022Q4")
"""Of the duties collected, enough to see every rise and end."""

THRESHOLDS = "rules_of_origin.regional_value_content"


def code(text: object) -> str:
    """Text as code, or nothing where there is none."""
    return f"`{text}`" if text != "" else ""


def first_line(documented: Any) -> str:
    """What a docstring says first."""
    return (inspect.getdoc(documented) or "").splitlines()[0]


def schedule() -> str:
    """The phases of a step in order, as `RelocationModel.step` calls them."""
    source = inspect.cleandoc("\n" + inspect.getsource(RelocationModel.step))
    calls = [
        statement.value.func.attr
        for statement in ast.parse(source).body[0].body  # type: ignore[attr-defined]
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
    ]
    return table(
        ("", "phase", "what happens"),
        (
            (number, code(name), first_line(getattr(RelocationModel, name)))
            for number, name in enumerate(calls, start=1)
        ),
    )


def state_variables() -> str:
    """Columns of the firm table."""
    return table(
        ("column", "axes", "type", "unit", "meaning"),
        (
            (code(name), ", ".join(column.axes), column.dtype, column.unit, column.meaning)
            for name, column in FirmTable.columns().items()
        ),
    )


def policy_arrays() -> str:
    """Arrays of policy, each with the regime as a last axis."""
    return table(
        ("array", "axes", "unit", "neutral", "meaning"),
        (
            (
                code(f"Policy.{name}"),
                ", ".join((*array.axes, "regime")),
                array.unit,
                plain(array.neutral),
                array.meaning,
            )
            for name, array in PolicyArrays.declared().items()
        ),
    )


def _columns_of(name: str) -> Callable[[], str]:
    """What writes the columns of a table of results, stored types included."""

    def write() -> str:
        return table(
            ("column", "type", "unit", "meaning"),
            (
                (code(column), str(entry.type), entry.unit, entry.meaning)
                for column, entry in EVERY_TABLE[name].items()
            ),
        )

    return write


def standing(source: str, value: object) -> str:
    """How far a value can be trusted, from what its source says of itself."""
    if "assumption" in source or "assumed" in source:
        return "assumption"
    if "memory" in source or "unverified" in source:
        return "unverified"
    if "by definition" in source:
        return "definition"
    return "none set" if value in (None, 0.0, {}) and value is not False else "read"


def plain(value: object) -> str:
    """A default as a scenario file writes it; nothing where none is given."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(part) for part in value) + "]"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def range_of(schema: dict[str, Any]) -> str:
    """Limits of a number, as the schema states them."""
    number = next((part for part in schema.get("anyOf", [schema]) if "maximum" in part), schema)
    if "minimum" not in number and "exclusiveMinimum" not in number:
        return ""
    low = number.get("minimum", number.get("exclusiveMinimum"))
    high = number.get("maximum", number.get("exclusiveMaximum"))
    left = "[" if "minimum" in number else "("
    right = "]" if "maximum" in number else ")"
    return f"{left}{low:g}, {high:g}{right}"


def _settings_rows(model: type[Settings], prefix: str) -> Iterator[Sequence[object]]:
    """A row for every key with a value, tables within tables included."""
    bounds = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        key, inner = f"{prefix}{name}", _settings_in(field.annotation)
        if key == THRESHOLDS:
            continue  # they have a table of their own
        if inner is not None:
            yield from _settings_rows(inner, f"{key}.")
            continue
        told: Any = field.json_schema_extra
        source = "" if told["source"] == "-" else told["source"]
        yield (
            code(key),
            "" if field.is_required() else plain(field.default),
            range_of(bounds[name]),
            told["unit"],
            field.description,
            source,
            standing(source, field.default) if source else "",
        )


def _settings_in(annotation: Any) -> type[Settings] | None:
    """The settings that a field holds, if any, be they optional."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Settings):
            return part
    return None


PARAMETER_HEADS = ("key", "value", "range", "unit", "meaning", "source", "standing")


def firm_parameters() -> str:
    """Defaults of the section ``firms`` of a scenario."""
    return table(PARAMETER_HEADS, _settings_rows(FirmAssumptions, "firms."))


def economy_parameters() -> str:
    """Defaults of the section ``economy`` of a scenario."""
    return table(PARAMETER_HEADS, _settings_rows(EconomyAssumptions, "economy."))


def policy_parameters() -> str:
    """Defaults of the instruments, content thresholds left out."""
    return table(PARAMETER_HEADS, _settings_rows(Instruments, ""))


def thresholds() -> str:
    """Regional value content asked for, by sector and date, in the shipped scenarios."""
    base, reform = Scenario.load("status-quo"), Scenario.load("usmca")
    found = segments(reform.start, reform.instruments, reform.timeline)

    def row(sector: str) -> Iterator[object]:
        yield code(sector)
        for segment in found:
            rule = segment.instruments.rules_of_origin.regional_value_content
            yield f"{getattr(rule, sector):g}"
        source = base.sources.get(f"{THRESHOLDS}.{sector}", base.sources[THRESHOLDS])
        yield source
        yield standing(source, 1)

    dates = [segment.label for segment in found[1:]]
    heads = ("sector", "NAFTA", *dates, "source of NAFTA's", "standing")
    return table(heads, (tuple(row(sector)) for sector in FOOTLOOSE))


def sector_parameters() -> str:
    """Elasticities and profit margins by sector."""
    elasticities = data.read("elasticities").set_index("sector")
    margins = dict(zip(FOOTLOOSE, load_economy().margin, strict=True))

    def cells(sector: str) -> Iterator[object]:
        line = elasticities.loc[sector]
        source_of_theta, source_of_sigma = line["source"].removeprefix("theta ").split("; sigma ")
        yield code(sector)
        yield f"{line['theta']:g}"
        yield source_of_theta
        yield standing(source_of_theta, 1)
        yield f"{line['sigma']:g}"
        yield standing(source_of_sigma, 1)
        yield f"{margins[sector]:.3f}" if sector in margins else ""

    heads = ("sector", "`theta`", "source", "standing", "`sigma`", "standing", "`margin`")
    return table(heads, (tuple(cells(sector)) for sector in elasticities.index))


def plant_sets() -> str:
    """Shares of plant sets in the calibration year that the constants aim at."""
    rows = (
        (makers, home, *(f"{share:g}" for share in shares))
        for makers, by_home in (("vehicles", VEHICLE_MAKERS), ("all other", OTHER_MAKERS))
        for home, shares in zip(HOMES, by_home, strict=True)
    )
    some = (label for label, hosts in zip(CONFIG_LABELS, CONFIGS, strict=True) if hosts)
    return table(("makers of", "home", *some), rows)


def _attribute_docstrings(module: str) -> dict[str, str]:
    """Texts that stand below the assignments of a module, by name."""
    body = ast.parse(inspect.getsource(import_module(module))).body
    found = {}
    for statement, below in pairwise(body):
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[statement.targets[0].id] = " ".join(str(below.value.value).split())
    return found


def constants() -> str:
    """Fixed numbers with what the code says of them."""
    rows = []
    for name in CONSTANTS:
        module, _, constant = name.rpartition(".")
        value = np.asarray(getattr(import_module(module), constant)).item()
        meaning = _attribute_docstrings(module)[constant]
        rows.append((code(name.removeprefix("abm.")), f"{value:.6g}", meaning))
    return table(("constant", "value", "meaning and source"), rows)


def scenarios() -> str:
    """The shipped scenarios and the question each asks."""
    names = sorted(shipped(), key=lambda name: (name != "status-quo", name))
    return table(
        ("scenario", "question"), ((code(name), Scenario.load(name).question) for name in names)
    )


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


def estimation_targets() -> str:
    """Targets of the estimation."""
    return targets_table()


def estimation_split() -> str:
    """What every published row is used for."""
    return split_table()


def estimation_found() -> str:
    """What the estimation found."""
    return found_text()


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


def house() -> str:
    """Every folder of code and what it is for, as its ``__init__.py`` says first."""
    rows = (
        (code(name), first_line(import_module(name.replace("/", "."))).removesuffix("."))
        for name in folders()
    )
    return table(("folder", "what is in it"), rows)


def folders() -> list[str]:
    """Folders of the packages, each before those within it."""
    found = (
        path.parent.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).glob("**/__init__.py")
    )
    return sorted(found, key=lambda name: (PACKAGES.index(name.split("/")[0]), name))


BLOCKS: dict[str, Callable[[], str]] = {
    block.__name__: block
    for block in (
        schedule,
        state_variables,
        policy_arrays,
        firm_parameters,
        economy_parameters,
        policy_parameters,
        thresholds,
        sector_parameters,
        plant_sets,
        constants,
        scenarios,
        collected_rates,
        transport_split,
        estimation_targets,
        estimation_split,
        estimation_found,
        house,
        law_acts,
        law_ranges,
        lines,
    )
} | {f"{name}_columns": _columns_of(name) for name in EVERY_TABLE}


def pages() -> list[Path]:
    """Every page of the documentation, at the root or in ``docs``."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])


def rewritten(page: str) -> str:
    """A page with every generated block as the code has it now."""
    return GENERATED.sub(lambda found: f"{found[1]}{BLOCKS[found['name']]()}\n{found[3]}", page)


def main() -> None:
    """Rewrite all pages, and print those that changed."""
    for path in pages():
        before = path.read_text(encoding="utf-8")
        after = rewritten(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
