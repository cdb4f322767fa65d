"""All findings, in the order of ``published_results.csv``."""

from collections.abc import Sequence

from abm.errors import ScenarioError
from experiments.scenarios.designs import Design
from experiments.validation.finding import Finding
from experiments.validation.findings import (
    cars_lose_jobs_under_75,
    content_is_a_laffer_curve,
    duty_on_cars_cuts_output,
    leaving_nafta_costs_mexico_most,
    looser_content_raises_use,
    nafta_raises_trade_within,
    nafta_welfare,
    origin_costs_one_to_three_percent,
    strict_content_moves_assembly,
    threats_delay_entry,
    trucks_comply_and_hire,
    usmca_imports_shift_outside,
    usmca_parts_up_assembly_down,
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
