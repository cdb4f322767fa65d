"""Twenty faults planted in the model, one at a time, and what notices them.

``python -m tests.faults.zoo`` prints the table of ``docs/reliability.md``. Who looks, in turn:
the identities and guards of every run; verification mode; laws that the tests hold; an audit
of claims that follow from theory; and the frozen numbers of the tests, which notice that
something moved, not that it is wrong.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
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
from abm.errors import ModelError, VerificationError
from abm.verify.mode import verifying
from experiments.scenarios.overrides import load_scenario
from experiments.validation.audit import auditing
from experiments.validation.audit.claim_file import ClaimFile, StatedEffect
from tests.faults.laws import FIRMS, SEED, broken_law
from tests.in_this_process import in_this_process
from tests.regression.freeze import Numbers, moved, numbers_of
from tests.same_firms import model_of

QUARTERS = 3

FROZEN = "threat-35"
"""The scenario whose numbers are looked at when nothing else notices."""

type Fault = Callable[..., object]
"""The real function, and what it is given, to what the faulty one returns."""


VERIFICATION, GUARDS = "verification", "identities and guards"
REST = "law: no shock, no change"
DUTIES = "law: origin is free of duty, and nothing else is"


@dataclass(frozen=True)
class Planted:
    """A fault.

    Attributes
    ----------
    name : str
    where : str
        ``module:function`` as it is looked up by its caller.
    does : callable
    by : str
        Who should notice it first.
    """

    name: str
    where: str
    does: Fault
    by: str = VERIFICATION


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
            _nothing_waived, DUTIES),
    Planted("the fee on entry paid ten times", "abm.trade.borders.crossing:entry_fee",
            _times(10), DUTIES),
    Planted("inputs 1% dearer from everywhere", "abm.trade_phases:purchase_prices",
            _times(1.01), REST),
    Planted("wages of Mexico and Canada swapped", "abm.trade_phases:value_added_cost",
            _swapped, REST),
    Planted("profits booked twice", "abm.trade_phases:settle",
            _changed(profit=lambda profit: 2 * profit)),
    Planted("sales of 1% not booked", "abm.trade_phases:settle",
            _changed(sales=lambda sales: 0.99 * sales)),
    Planted("duties on inputs booked twice", "abm.trade.books.settlement:_input_trade",
            _changed(duty=lambda duty: 2 * duty), GUARDS),
    Planted("what Canada sells to consumers lost", "abm.trade.books.settlement:_final_trade",
            _lost_source, GUARDS),
    Planted("labour and capital counted twice", "abm.trade_phases:tally_plants",
            _labour_twice, GUARDS),
    Planted("wages fall when jobs rise", "abm.trade_phases:conditions_after",
            _changed(wage=lambda wage: 1 / wage), "audit"),
    Planted("nobody reviews where to produce", "abm.model:reviewing", _nobody_reviews,
            "law: a firm reviews once a year"),
    Planted("payoffs of plants have the wrong sign", "abm.model:earnings", _backwards),
    Planted("the same luck in every quarter", "abm.engine.draws:Draws.gumbel", _same_luck,
            "law: luck is new in every quarter"),
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


def stopped_by() -> str:
    """Who stops a run whose every quarter is verified; ``""`` if nothing does."""
    try:
        with verifying():
            for name, overrides in WORLDS:
                model_of(load_scenario(name, overrides), FIRMS, SEED).run_for(QUARTERS)
    except VerificationError:
        return VERIFICATION
    except ModelError:
        return GUARDS
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


@contextmanager
def planted(fault: Planted) -> Iterator[None]:
    """Put a fault in its place for a while; no process is started meanwhile."""
    with in_this_process(), pytest.MonkeyPatch.context() as patch:
        plant(patch, fault)
        yield


@dataclass(frozen=True)
class Sound:
    """What is found where nothing is planted: verdicts on claims, and the numbers of a run."""

    verdicts: list[str]
    numbers: Numbers

    @classmethod
    def found(cls) -> "Sound":
        """Return it, and make the firms that every look at a fault starts from.

        Raises
        ------
        AssertionError
            If somebody complains of the sound model.
        """
        with in_this_process():
            complaint = stopped_by() or broken_law()
            found = cls(verdicts(), numbers_of(FROZEN))
        assert not complaint, complaint
        assert set(found.verdicts) == {"survives"}, found.verdicts
        return found


def noticed_by(fault: Planted, sound: Sound) -> str:
    """Return who notices a fault first; ``"nobody"`` if no one does."""
    with planted(fault):
        if found := stopped_by() or broken_law():
            return found
        if verdicts() != sound.verdicts:
            return "audit"
        return "frozen numbers" if list(moved(sound.numbers, numbers_of(FROZEN))) else "nobody"


def main() -> None:
    """Print who notices each fault; the status is 1 if that is not who should."""
    sound = Sound.found()
    print("| fault | noticed by |", "| --- | --- |", sep="\n")
    other = 0
    for fault in ZOO:
        found = noticed_by(fault, sound)
        other += found != fault.by
        print(f"| {fault.name} | {found} |", flush=True)
    sys.exit(bool(other))


if __name__ == "__main__":
    main()
