"""Models at quarter 0 that the runs of one replication share, as many as a process keeps."""

from abm.economy.folders import economy_checksum
from abm.model import RelocationModel
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario

MOST_FIRMS_KEPT = 10_000
"""Of all base years that a process keeps; small models are set up once for each replication."""

_base_years: dict[tuple[str, int, int], RelocationModel] = {}
"""Those a process used last, as many as `MOST_FIRMS_KEPT` allows; never less than one."""


def base_year(
    assumed: FirmAssumptions, economy: EconomyAssumptions, firms: int, seed: int
) -> RelocationModel:
    """A model at quarter 0 whose firms and base year the runs of one replication share."""
    # As text: the assumptions are frozen, but their tables are no keys.
    key = (f"{assumed!r}{economy!r}{economy_checksum(economy.table)}", firms, seed)
    model = _base_years.pop(key, None)
    if model is None:
        while _base_years and firms + sum(kept for _, kept, _ in _base_years) > MOST_FIRMS_KEPT:
            del _base_years[next(iter(_base_years))]
        assumptions = {"firms": assumed, "economy": economy}
        scenario = Scenario.load("status-quo").model_copy(update=assumptions)
        model = RelocationModel(scenario, firms=firms, rng=seed)
    _base_years[key] = model
    return model
