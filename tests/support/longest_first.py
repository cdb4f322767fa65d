"""In which order files of tests are begun, so that no process is left alone with one at the end."""

from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LONGEST = (
    "tests/browser/test_laboratory_page.py",
    "tests/house/test_guides_run.py",
    "tests/browser/test_stories_page.py",
    "tests/browser/test_site_in_a_browser.py",
    "tests/browser/test_story_file.py",
    "tests/sweeps/test_sweeps_survive.py",
    "tests/verification/whole_model/test_twice_the_firms_differ_by_sampling_alone.py",
    "tests/browser/test_map_page.py",
    "tests/regression/test_numbers_are_yesterdays.py",
    "tests/runs/test_a_run_continues_byte_for_byte.py",
    "tests/unit/viz/test_luck.py",
    "tests/unit/viz/test_no_text_touches_another.py",
    "tests/verification/whole_model/test_fit_recovers_parameters.py",
    "tests/commands/test_audit_command.py",
    "tests/commands/test_an_economy_is_an_input.py",
    "tests/sweeps/test_targets_as_published.py",
    "tests/property/test_scenario_fuzz.py",
    "tests/sweeps/replies/test_respond.py",
    "tests/sweeps/test_calibrate.py",
    "tests/runs/test_runner.py",
    "tests/runs/test_split_runs_continue.py",
    "tests/property/test_compiled_code_gives_the_same_numbers.py",
    "tests/commands/test_comparisons_of_seeds.py",
    "tests/sweeps/store/test_a_store_proves_itself.py",
    "tests/verification/whole_model/test_page_and_command_explain_alike.py",
    "tests/unit/experiments/test_brief.py",
    "tests/sweeps/replies/test_nash.py",
    "tests/browser/test_levers_page.py",
    "tests/sweeps/test_sweep_cli.py",
    "tests/verification/known_solutions/test_hysteresis_against_dixit.py",
    "tests/unit/experiments/test_scenario_overrides.py",
    "tests/runs/test_channels_sum_to_the_difference.py",
    "tests/verification/policy/test_best_tariffs_are_the_textbooks.py",
    "tests/sweeps/test_sweeps_are_kept_apart.py",
    "tests/house/test_wheel.py",
    "tests/faults/test_the_campaign.py",
    "tests/property/test_extreme_worlds.py",
    "tests/runs/told/test_explanations_name_instruments.py",
    "tests/browser/test_guard.py",
    "tests/house/measured_pages/test_not_identified.py",
    "tests/browser/test_text_of_charts.py",
    "tests/verification/policy/test_futures_of_2026.py",
    "tests/verification/trade/test_runs_with_rules_by_partner.py",
    "tests/unit/fit/test_estimation_on_published_rows.py",
    "tests/unit/viz/test_figures.py",
    "tests/house/test_arrays_and_columns_are_declared_once.py",
    "tests/verification/policy/test_the_law_against_duties_collected.py",
    "tests/unit/abm/policy/test_runs_read_the_law.py",
    "tests/runs/test_explanations_are_the_models_own.py",
    "tests/commands/test_validate_command.py",
    "tests/verification/trade/test_customers_follow_late.py",
    "tests/verification/whole_model/test_calibration_year.py",
    "tests/unit/viz/test_stories.py",
    "tests/runs/test_single_precision_is_safe.py",
    "tests/house/test_documentation.py",
    "tests/unit/benchmarks/test_two_sets_of_seeds.py",
    "tests/verification/location/test_dates_are_believed.py",
    "tests/sweeps/test_where_python_has_no_resource.py",
    "tests/face/test_what_python_users_meet.py",
    "tests/verification/known_solutions/test_runs_are_verified.py",
    "tests/verification/whole_model/test_the_economy_closes.py",
)
"""Files that take ten seconds or more on two processors, the longest first."""


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Tests in the order of `LONGEST`; those of other files come after them, as they came."""
    places = {ROOT / name: place for place, name in enumerate(LONGEST)}
    return sorted(items, key=lambda item: places.get(item.path, len(places)))
