"""All findings, in the order of the rows of the published tables that are tests."""

from collections.abc import Iterable, Mapping, Sequence

from abm.errors import ScenarioError
from experiments.outcomes.observing import Look
from experiments.scenarios.designs import Design
from experiments.validation.finding import Finding
from experiments.validation.findings import (
    cars_lose_jobs_under_75,
    content_is_a_laffer_curve,
    detroit_shrinks_in_canada,
    duties_on_china_divert_trade,
    duties_pass_into_border_prices,
    duty_on_cars_cuts_output,
    duty_on_one_source_relocates_supply,
    exposed_industries_lose_jobs,
    foreigners_own_mexican_exports,
    leaving_nafta_costs_mexico_most,
    looser_content_raises_use,
    metal_duties_cut_steel_imports,
    nafta_raises_trade_within,
    nafta_welfare,
    origin_costs_one_to_three_percent,
    rules_keep_out_third_countries,
    strict_content_moves_assembly,
    threatened_duties_cut_trade,
    threats_delay_entry,
    threats_deter_exporters_most,
    threats_turn_investment_outward,
    trucks_comply_and_hire,
    use_is_hump_shaped_in_size,
    usmca_imports_shift_outside,
    usmca_parts_up_assembly_down,
    vehicles_begin_to_pay_duty,
    wider_cumulation_joins_spokes,
)

MODULES = (
    cars_lose_jobs_under_75,
    trucks_comply_and_hire,
    strict_content_moves_assembly,
    content_is_a_laffer_curve,
    usmca_parts_up_assembly_down,
    usmca_imports_shift_outside,
    threats_delay_entry,
    nafta_raises_trade_within,
    looser_content_raises_use,
    leaving_nafta_costs_mexico_most,
    nafta_welfare,
    origin_costs_one_to_three_percent,
    duty_on_cars_cuts_output,
    duties_on_china_divert_trade,
    metal_duties_cut_steel_imports,
    duties_pass_into_border_prices,
    duty_on_one_source_relocates_supply,
    exposed_industries_lose_jobs,
    threatened_duties_cut_trade,
    threats_turn_investment_outward,
    threats_deter_exporters_most,
    rules_keep_out_third_countries,
    use_is_hump_shaped_in_size,
    wider_cumulation_joins_spokes,
    foreigners_own_mexican_exports,
    detroit_shrinks_in_canada,
    vehicles_begin_to_pay_duty,
)
FINDINGS: tuple[Finding, ...] = tuple(module.FINDING for module in MODULES)


def chosen(ids: Sequence[str]) -> list[Finding]:
    """The findings of these ids, or all where none is named.

    Raises
    ------
    ScenarioError
        If there is no such finding.
    """
    known = {finding.id: finding for finding in FINDINGS}
    for unknown in (name for name in ids if name not in known):
        raise ScenarioError(f"--only {unknown}: no such finding; there are {', '.join(known)}")
    return [finding for name, finding in known.items() if not ids or name in ids]


def designs_of(findings: list[Finding]) -> list[Design]:
    """Every design that some findings need, each once."""
    return list(dict.fromkeys(design for finding in findings for design in finding.designs))


def looks_of(
    findings: Iterable[Finding], others: Mapping[str, tuple[Look, ...]]
) -> dict[str, tuple[Look, ...]]:
    """What is looked at in the finished run of each design, by its name, each once.

    Parameters
    ----------
    findings : iterable of Finding
    others : mapping of str to tuple of callable
        What else is looked at, by name of the design.
    """
    found: dict[str, dict[Look, None]] = {
        name: dict.fromkeys(looks) for name, looks in others.items()
    }
    for finding in findings:
        if finding.look is not None:
            for design in finding.designs:
                found.setdefault(design.name, {})[finding.look] = None
    return {name: tuple(looks) for name, looks in found.items()}
