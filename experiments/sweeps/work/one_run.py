"""One run of a sweep, from what it is to its outcomes.

A worker's process loads this module before it knows what it will run, so what is
heavy is imported by the run.
"""

from collections.abc import Mapping

from experiments.sweeps.design.run_spec import Outcomes, RunSpec


def simulate(spec: RunSpec, scenario: str) -> Outcomes:
    """Return the outcomes of a run of the relocation model."""
    from abm.worlds.twin import twin
    from experiments.outcomes.summary import entries, summary
    from experiments.outcomes.tables import check_tables
    from experiments.sweeps.design.plan import resolved_scenario
    from experiments.sweeps.work.base_years import base_year

    resolved = resolved_scenario(scenario, spec)
    model = twin(base_year(resolved.firms, resolved.economy, spec.firms, spec.seed), resolved)
    for _ in range(spec.quarters):
        model.step()
    frames = model.frames()
    check_tables(frames)
    flat: Outcomes = {}
    for path, entry in entries(summary(frames)):
        name = ".".join(path)
        flat[name] = entry["end"]
        flat[f"{name}.change"] = entry["change"]
    return flat


def check_outcomes(outcomes: Mapping[str, float | None]) -> None:
    """Refuse outcomes that are no numbers."""
    for name, value in outcomes.items():
        if value is not None and not isinstance(value, int | float):
            raise TypeError(f"{name} = {value!r}: must be a number or None")
