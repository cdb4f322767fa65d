"""Twenty faults planted in the model, one at a time, and what notices them.

``python -m tests.faults.zoo`` prints the table of ``docs/reliability.md``. Who looks, in turn:
the identities and guards of every run; verification mode; laws that the tests hold; an audit
of claims that follow from theory; and the frozen numbers of the tests, which notice that
something moved, not that it is wrong.
"""

import json
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from abm.axes import FOOTLOOSE
from abm.core.demand.claims import Claim
from abm.engine.draws import Draws
from abm.errors import ModelError, VerificationError
from abm.verify.mode import verifying
from experiments.scenarios.overrides import load_scenario
from experiments.validation.audit import auditing
from experiments.validation.audit.claim_file import ClaimFile, StatedEffect
from tests.in_this_process import in_this_process
from tests.regression.freeze import FOLDER, moved, numbers_of
from tests.same_firms import NOBODY_MOVES, model_of

FIRMS, SEED, QUARTERS = 100, 2, 3

type Fault = Callable[..., object]
"""The real function, and what it is given, to what the faulty one returns."""


@dataclass(frozen=True)
class Planted:
    """A fault.

    Attributes
    ----------
    name : str
    where : str
        ``module:function`` as it is looked up by its caller.
    does : callable
    """

    name: str
    where: str
    does: Fault


def _costs(change):
    def does(real, *given):
        real(*given)
        change(given[-1])

    return does


def _dearer_in_mexico(costs):
    costs.free_cost[:, 1] *= 1 + 1e-4


def _compliance_dearer(costs):
    costs.compliant_cost[costs.compliant_cost > costs.free_cost] *= 1.01


def _more_content(costs):
    costs.free_content[:] += 0.01


def _nobody_lies(real, *given):
    borders = real(*given)
    borders.claim[borders.claim == Claim.CLAIMS_FALSELY] = Claim.PAYS
    return borders


def _all_comply(real, *given):
    borders = real(*given)
    borders.claim[:, 2, 0] = Claim.COMPLIES
    return borders


def _nothing_waived(real, *given):
    duty = real(*given)
    return replace(duty, waived=0 * duty.waived, fixed=duty.fixed + duty.waived)


def _changed(**changes):
    def does(real, *given):
        found = real(*given)
        return replace(found, **{name: how(getattr(found, name)) for name, how in changes.items()})

    return does


def _times(factor):
    return lambda real, *given: factor * real(*given)


def _lost_source(real, *given):
    shipments = real(*given)
    shipments.value[:, 2] = 0
    return shipments


def _labour_twice(real, *given):
    tally = real(*given)
    tally.sums["value_added"] = 2 * tally.sums["value_added"]
    return tally


def _swapped(real, *given):
    return np.array(real(*given)[:, [0, 2, 1]])


def _same_luck(real, draws, purpose, quarter, size, **more):
    return real(draws, purpose, 0, size, **more)


def _nobody_reviews(real, *given):
    return real(*given)[:0]


def _costs_of_moving_lost(real, *given):
    moving = real(*given)
    return replace(moving, delays=np.zeros_like(moving.delays))


def _backwards(real, *given):
    return -real(*given)


def _lost_jobs(real, records, *given):
    real(records, *given)
    records.outcomes[-1]["employment"] = 0.9 * records.outcomes[-1]["employment"]


def _lost_output(real, records, *given):
    real(records, *given)
    records.outcomes[-1]["output_musd"] = 0.999 * records.outcomes[-1]["output_musd"]


ZOO = (
    Planted("goods made in Mexico 0.01% dearer", "abm.trade_phases:solve_costs",
            _costs(_dearer_in_mexico)),
    Planted("to meet the content rule costs 1% more", "abm.trade_phases:solve_costs",
            _costs(_compliance_dearer)),
    Planted("content a point too high", "abm.trade_phases:solve_costs", _costs(_more_content)),
    Planted("nobody claims falsely", "abm.trade_phases:claim_origin", _nobody_lies),
    Planted("all Canadian goods comply", "abm.trade_phases:claim_origin", _all_comply),
    Planted("a claim of origin waives nothing", "abm.trade.borders.crossing:duty_on_lines",
            _nothing_waived),
    Planted("the fee on entry paid ten times", "abm.trade.borders.crossing:entry_fee", _times(10)),
    Planted("inputs 1% dearer from everywhere", "abm.trade_phases:purchase_prices", _times(1.01)),
    Planted("wages of Mexico and Canada swapped", "abm.trade_phases:value_added_cost", _swapped),
    Planted("profits booked twice", "abm.trade_phases:settle",
            _changed(profit=lambda profit: 2 * profit)),
    Planted("sales of 1% not booked", "abm.trade_phases:settle",
            _changed(sales=lambda sales: 0.99 * sales)),
    Planted("duties on inputs booked twice", "abm.trade.books.settlement:_input_trade",
            _changed(duty=lambda duty: 2 * duty)),
    Planted("what Canada sells to consumers lost", "abm.trade.books.settlement:_final_trade",
            _lost_source),
    Planted("labour and capital counted twice", "abm.trade_phases:tally_plants", _labour_twice),
    Planted("wages fall when jobs rise", "abm.trade_phases:conditions_after",
            _changed(wage=lambda wage: 1 / wage)),
    Planted("nobody reviews where to produce", "abm.model:reviewing", _nobody_reviews),
    Planted("payoffs of plants have the wrong sign", "abm.model:payoffs", _backwards),
    Planted("the same luck in every quarter", "abm.engine.draws:Draws.gumbel", _same_luck),
    Planted("a tenth of jobs missing from the tables", "abm.state.records:Records.add_quarter",
            _lost_jobs),
    Planted("a thousandth of output missing from the tables",
            "abm.state.records:Records.add_quarter", _lost_output),
)  # fmt: skip


def plant(patch: pytest.MonkeyPatch, fault: Planted) -> None:
    """Put a fault in its place."""
    module, _, path = fault.where.partition(":")
    owner = import_module(module)
    *classes, name = path.split(".")
    for one in classes:
        owner = getattr(owner, one)
    real = getattr(owner, name)
    patch.setattr(owner, name, lambda *given, **more: fault.does(real, *given, **more))


STRICT = [f"rules_of_origin.regional_value_content.{sector}=0.9" for sector in FOOTLOOSE]

WORLDS = (
    ("usmca", ()),
    ("threat-35", ()),
    ("status-quo", (*STRICT, "enforcement.audit_rate.USA=0.01", "firms.honesty_median=0.001")),
)
"""What is run and verified; in the last many firms would rather lie."""


def _runs() -> str:
    """What stops a run whose every quarter is verified; ``""`` if nothing does."""
    try:
        with verifying():
            for name, overrides in WORLDS:
                model_of(load_scenario(name, overrides), FIRMS, SEED).run_for(QUARTERS)
    except VerificationError:
        return "verification"
    except ModelError:
        return "identities and guards"
    except (ValueError, ArithmeticError):
        return "the run breaks down"
    return ""


DUTY = """
format = 1
title = "a duty of 25% on all Mexican goods"
extends = "status-quo"
[tariffs]
special_waived_for_originating = false
[tariffs.special.USA.MEX]
all = 0.25
"""


@cache
def _duty() -> str:
    path = Path(mkdtemp(prefix="nearshore-zoo-")) / "duty.toml"
    path.write_text(DUTY)
    return str(path)


def _claim(outcome: str, direction: str, **of: str) -> StatedEffect:
    """Return what a duty on all Mexican goods does, by theory."""
    return StatedEffect(
        text=f"{outcome} {direction}", scenario=_duty(), outcome=outcome, quarter=4,
        direction=direction, **of,
    )  # fmt: skip


def claims() -> ClaimFile:
    """Return claims that the sound model bears out."""
    return ClaimFile(
        firms=FIRMS,
        seeds=3,
        claims=(
            _claim("trade.customs_value_musd", "falls", origin="MEX", destination="USA"),
            _claim(
                "trade.duty_musd", "rises", origin="MEX", destination="USA", measure="difference"
            ),
            _claim("outcomes.employment", "falls", region="MEX"),
            _claim("outcomes.wage_index", "falls", region="MEX", sector="cars"),
        ),
    )


def verdicts() -> list[str]:
    """Return what an audit says of each claim."""
    with redirect_stderr(StringIO()):
        return [answer.verdict for answer in auditing.audit(claims(), ("other seeds",), 1)]


def noticed_by(fault: Planted, sound: list[str]) -> str:
    """Return who notices a fault first; ``"nobody"`` if no one does."""
    with in_this_process(), pytest.MonkeyPatch.context() as patch:
        plant(patch, fault)
        if found := _runs():
            return found
        if law := broken_law():
            return law
        if verdicts() != sound:
            return "audit"
        return "frozen numbers" if _moved() else "nobody"


def broken_law() -> str:
    """Which law of the tests does not hold; ``""`` if all do."""
    rest = model_of(load_scenario("status-quo", NOBODY_MOVES), FIRMS, SEED)
    rest.run_for(2)
    jobs = [table["employment"] for table in rest.records.outcomes]
    if not np.allclose(jobs[-1], jobs[0], rtol=1e-3):
        return "law: no shock, no change"
    draws = Draws(SEED)
    if np.array_equal(draws.gumbel("review", 1, 5), draws.gumbel("review", 2, 5)):
        return "law: luck is new in every quarter"
    reviewing = model_of("status-quo", FIRMS, SEED)
    reviews = 0
    for _ in range(4):
        reviewing.step()
        reviews += int(reviewing.plans.luck.strikes.sum())
    if not FIRMS / 2 < reviews < 2 * FIRMS:
        return "law: a firm reviews once a year"
    return ""


def _moved() -> bool:
    frozen = json.loads((FOLDER / "threat-35.json").read_text(encoding="utf-8"))
    return bool(list(moved(frozen, numbers_of("threat-35"))))


def main() -> None:
    """Print who notices each fault."""
    with in_this_process():
        sound = verdicts()
    print(f"of the sound model: {', '.join(sound)}")
    print("| fault | noticed by |", "| --- | --- |", sep="\n")
    for fault in ZOO:
        print(f"| {fault.name} | {noticed_by(fault, sound)} |", flush=True)


if __name__ == "__main__":
    main()
