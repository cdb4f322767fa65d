"""Blocks that list what may be set: parameters, thresholds, scenarios."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from abm import data
from abm.axes import (
    CONFIG_LABELS,
    CONFIGS,
    FOOTLOOSE,
    HOMES,
)
from abm.base_year.owners import OTHER_MAKERS, VEHICLE_MAKERS
from abm.config.settings import Settings
from abm.economy.tables import load_economy
from abm.policy.regime import Instruments
from abm.policy.timeline import segments
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario, shipped
from docs.blocks.as_text import code, plain, range_of, standing
from experiments.markdown import table

THRESHOLDS = "rules_of_origin.regional_value_content"


PARAMETER_HEADS = ("key", "value", "range", "unit", "meaning", "source", "standing")


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


def scenarios() -> str:
    """The shipped scenarios and the question each asks."""
    names = sorted(shipped(), key=lambda name: (name != "status-quo", name))
    return table(
        ("scenario", "question"), ((code(name), Scenario.load(name).question) for name in names)
    )
