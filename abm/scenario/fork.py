"""One past, many futures: a run that goes on under the policy of another scenario.

What was announced, enacted and believed up to the fork stays as it was. From the next
quarter on policy is that of the other scenario, on the same calendar, and the change
is news of that quarter: what the past had announced and the future does not hold is
no longer expected. Random numbers are keyed by seed and quarter, so all futures of a
past share their luck.
"""

from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario


def future_of(scenario: Scenario, past: Scenario) -> Scenario:
    """Return a scenario on the calendar of another one, to go on from it.

    Raises
    ------
    ScenarioError
        If it assumes other firms or another economy.
    """
    if scenario.firms != past.firms or scenario.economy != past.economy:
        raise ScenarioError(
            f"{scenario.name}: assumes other firms or another economy than {past.name}, "
            "the past that it is to go on from"
        )
    document = scenario.model_dump(exclude_none=True)
    return type(scenario).from_document({**document, "start": past.start})
