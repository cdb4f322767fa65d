"""What a reader must know before using the answer, named where the scenario gives cause."""

from collections.abc import Iterator, Mapping
from typing import Any

from abm.law.act_files import shipped
from abm.policy.instruments.legal_acts import acts_standing, beyond_known_law, is_on_all_goods
from abm.policy.regime import Instruments
from abm.policy.timeline import segments
from abm.scenario.scenario import Scenario
from experiments.runs.on_disk.run_folders import MANIFEST
from experiments.runs.runner import RunResult

LATE = 12
"""Quarters after its last act that a run needs for plants to follow."""

LINES_TOLD = 3
"""Measures of which it is told that the model has too little or too much of what they name."""

CLOSURES = {
    "partial": "nothing beyond manufacturing answers: workers come from nowhere, treasuries keep "
    "what they collect, and no exchange rate brings a balance of trade back",
    "labour": "services take in and let go workers, but treasuries keep what they collect, and no "
    "exchange rate brings a balance of trade back",
    "full": "services take in and let go workers, households pay for what treasuries spend, and "
    "exchange rates bring balances of trade back within some years",
}
"""What closes the economy, by the name of the closure."""


def closure_in_words(scenario: Scenario) -> str:
    """What closes the economy of a scenario, as a sentence without its full stop."""
    name = scenario.economy.closure
    return f"under the closure in force ({name}), {CLOSURES[name]}"


def caveats(result: RunResult) -> list[str]:
    """Sentences about what limits the answer of a run, most weighty first."""
    return list(_every(result))


def _every(result: RunResult) -> Iterator[str]:
    scenario = result.scenarios[0]
    policies = _policies(scenario, result.run.quarters)
    if result.interrupted:
        yield "The run was stopped before its end, and what is told is what was finished."
    yield from lines_told(result)
    if any(has_blanket_duty(policy) for policy in policies):
        closure = closure_in_words(scenario)
        yield (
            "A duty falls on all goods of a partner, which moves whole economies: "
            f"{closure}. Balances and jobs would come out otherwise under another closure."
        )
        answers = policies[0].retaliation
        asked = any((answers.USA, answers.MEX, answers.CAN))
        if not asked and not any(_is_answered(policy) for policy in policies):
            yield "No partner answers the duty with one of its own: retaliation is not part of it."
    threat = next((one.threat for one in policies if one.threat is not None), None)
    if threat is not None and threat.imposed == "never":
        yield (
            f"The threat of {threat.rate:.0%} is never carried out: what is told is what firms do "
            "because they think that it may be."
        )
    late = next(filter(None, (beyond_known_law(policy.acts) for policy in policies)), "")
    if late:
        yield f"{late[0].upper()}{late[1:]}: what was decided in between is not in it."
    doubtful = [entry.title for entry in scenario.timeline if entry.unverified]
    if doubtful:
        more = f" and {len(doubtful) - 1} more" if len(doubtful) > 1 else ""
        yield f"Remembered and not checked against its text: {doubtful[0]}{more}."
    last = _quarters_since_last_act(result)
    if last is not None and last < LATE:
        yield (
            f"The last act comes {last} quarters before the end, and plants take years to follow: "
            "a longer run (--quarters) may say more."
        )


def lines_told(result: RunResult) -> Iterator[str]:
    """Yield what is said of lines that the model makes too little or too much of."""
    for share in result.lines_far_off[:LINES_TOLD]:
        yield share.told(result.firms, result.seed)
    more = len(result.lines_far_off) - LINES_TOLD
    if more > 0:
        yield f"The same holds of {more} more, which {MANIFEST} of the run has."


def has_blanket_duty(policy: Instruments) -> bool:
    """Whether a duty falls on all goods of some origin, or is threatened to."""
    special: Mapping[Any, Any] = policy.tariffs.special
    if any(goods.get("all") for origins in special.values() for goods in origins.values()):
        return True
    if any(one.in_force and one.rates.get("all") for one in policy.measures.values()):
        return True
    if any(is_on_all_goods(name, day) for name, day in acts_standing(policy.acts).items()):
        return True
    return policy.threat is not None and policy.threat.instrument == "blanket"


def _is_answered(policy: Instruments) -> bool:
    """Whether a partner of the United States levies a special duty of its own."""
    levied = any(destination != "USA" for destination in policy.tariffs.special)
    acts = (shipped().acts[name] for name in acts_standing(policy.acts))
    levied = levied or any(act.importer != "USA" for act in acts)
    return levied or any(
        one.in_force and one.destination != "USA" for one in policy.measures.values()
    )


def _policies(scenario: Scenario, quarters: int) -> list[Instruments]:
    """Policy at the start and after every act within the run."""
    found = segments(scenario.start, scenario.instruments, scenario.dated)
    return [one.instruments for one in found if one.start <= quarters]


def _quarters_since_last_act(result: RunResult) -> int | None:
    """Quarters from the last change of policy to the end; None where there is none."""
    scenario, last = result.scenarios[0], result.run.quarters
    found = segments(scenario.start, scenario.instruments, scenario.dated)
    acts = [one.start for one in found if one.changes and one.start <= last]
    return last - max(acts) if acts else None
