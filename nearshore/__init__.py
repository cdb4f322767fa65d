"""Nearshore: where production goes when tariffs and rules of origin change.

>>> import nearshore
>>> found = nearshore.compare("usmca", "status-quo", firms=200, quarters=1)
>>> sorted(found.tables)
['content', 'events', 'headlines', 'moves', 'outcomes', 'owners', 'states', 'trade', 'welfare']

======================  ================================================================
`RelocationModel`       the model, step by step
`Scenario`              what a scenario says; ``Scenario.load(name, overrides={...})``
`load_scenario`         the same with overrides as text, as the command line takes them
`run`                   run a scenario, alone or against a reference
`compare`               two scenarios under the same luck, seed by seed: a `PolicyComparison` with
                        ``summary``, ``tables``, ``figures`` and ``brief()``
`resume`, `fork`        go on with a run where it stopped, or under another policy
`explain_firm`          why a firm of a run stayed or moved
`run_sweep`, `results`  run a scenario many times over, and what that gave
`NearshoreError`        anything raised on purpose; `ScenarioError`, `ModelError` are two
======================  ================================================================

The model is loaded when one of them is first asked for. Words of the model and of the code
are explained in ``docs/glossary.md``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nearshore.clash import at_command_line, first_problem

if TYPE_CHECKING:
    from abm.errors import ModelError, NearshoreError, ScenarioError
    from abm.model import RelocationModel
    from abm.scenario.scenario import Scenario
    from experiments.explain.run_again import explain_firm
    from experiments.runs.continuing import fork, resume
    from experiments.runs.runner import RunResult
    from experiments.scenarios.overrides import load_scenario
    from experiments.sweeps.answers.results import results
    from experiments.sweeps.work.sweep import run_sweep
    from nearshore.comparison import PolicyComparison
    from nearshore.pairs import compare, run

__all__ = [
    "ModelError",
    "NearshoreError",
    "PolicyComparison",
    "RelocationModel",
    "RunResult",
    "Scenario",
    "ScenarioError",
    "compare",
    "explain_firm",
    "fork",
    "load_scenario",
    "results",
    "resume",
    "run",
    "run_sweep",
]

_HOMES = {
    "PolicyComparison": "nearshore.comparison",
    "ModelError": "abm.errors",
    "NearshoreError": "abm.errors",
    "RelocationModel": "abm.model",
    "RunResult": "experiments.runs.runner",
    "Scenario": "abm.scenario.scenario",
    "ScenarioError": "abm.errors",
    "compare": "nearshore.pairs",
    "explain_firm": "experiments.explain.run_again",
    "fork": "experiments.runs.continuing",
    "load_scenario": "experiments.scenarios.overrides",
    "results": "experiments.sweeps.answers.results",
    "resume": "experiments.runs.continuing",
    "run": "nearshore.pairs",
    "run_sweep": "experiments.sweeps.work.sweep",
}

_problem = first_problem()
if _problem is not None and not at_command_line():
    raise ImportError(_problem)


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `nearshore --help` need not wait for Mesa, SciPy and pandas.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
