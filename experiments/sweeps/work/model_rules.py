"""The model's own rules asked about every run of a sweep, before any is carried out.

What would fail every run alike, such as too few firms, is refused at once. The rules
are those of the model: the same functions raise as would in a run.
"""

from collections.abc import Collection
from difflib import get_close_matches

from abm.base_year.owners import standing_makers
from abm.base_year.population import SMALLEST_FIRMS, draw_population, firms_per_cell
from abm.base_year.set_up import scaled
from abm.config.keys import shown
from abm.economy.folders import economy_of
from abm.engine.draws import Draws
from abm.errors import CalibrationError, ScenarioError
from abm.model import RelocationModel
from abm.policy.regimes import compile_policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario
from experiments.outcomes.cells import CHANGE, headlines_of
from experiments.sweeps.design.plan import SweepPlan, scenario_at
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.workers.one_run import simulate


def check_plan(plan: SweepPlan, run_one: RunFunction) -> None:
    """Refuse runs that would fail, by the rules of the model that carries them out.

    Raises
    ------
    ScenarioError
        As `check_by_the_model` does, and for outcomes that no run has.
    """
    if run_one is simulate:
        check_by_the_model(plan)
        _check_outcomes(plan.sweep.outcomes)


def check_by_the_model(plan: SweepPlan) -> None:
    """Refuse a sweep with runs that the model would refuse.

    Firms are drawn, as few as there may be, and policy is put into arrays, once for
    each set of assumptions; what depends on luck is left to the runs.

    Raises
    ------
    ScenarioError
        In the model's words, naming the point.
    """
    try:
        firms_per_cell(standing_makers(economy_of(), FirmAssumptions()), plan.sweep.firms)
    except CalibrationError as error:
        raise ScenarioError(str(error)) from None
    seen: set[str] = set()
    for name, text in plan.scenarios.items():
        for point in plan.points:
            values = {**plan.sweep.set, **point}
            scenario = scenario_at(text, values, plan.quarters[name])
            try:
                _check_assumptions(scenario, seen)
                _check_policy(scenario, seen)
            except (CalibrationError, ScenarioError) as error:
                said = ", ".join(f"{key} = {shown(value)}" for key, value in values.items())
                at = f" (at the point {said})" if said else ""
                raise ScenarioError(f"{error}{at}") from None


def _check_outcomes(named: Collection[str]) -> None:
    """Refuse outcomes that no run has."""
    if not named:
        return
    every = headline_names()
    wrong = next((name for name in named if name not in every), None)
    if wrong is not None:
        known = [name for name in every if not name.endswith(CHANGE)]
        near = get_close_matches(wrong, known, n=1)
        meant = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
        raise ScenarioError(f"outcomes: no run has {shown(wrong)}; {meant}")


def headline_names() -> list[str]:
    """Return the headlines that every run has, and their changes.

    A summary has the same names under every policy, so the fewest firms there may be are
    asked, at rest and before their first quarter.
    """
    return list(headlines_of(RelocationModel(Scenario(), firms=SMALLEST_FIRMS, rng=1).frames()))


def _check_assumptions(scenario: Scenario, seen: set[str]) -> None:
    """Draw the fewest firms there may be under a scenario's assumptions, once for each."""
    key = f"{scenario.firms!r}{scenario.economy!r}"
    if key not in seen:
        seen.add(key)
        economy = scaled(economy_of(scenario.economy.table), scenario)
        draw_population(economy, scenario.firms, SMALLEST_FIRMS, Draws(1))


def _check_policy(scenario: Scenario, seen: set[str]) -> None:
    """Put a scenario's policy into arrays, once for each."""
    key = scenario.model_dump_json(exclude={"firms", "economy", "name", "title", "question"})
    if key not in seen:
        seen.add(key)
        compile_policy(scenario)
