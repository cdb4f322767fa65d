"""A run put away and taken up again: its state as plain arrays and numbers.

A checkpoint holds data only, as `abm.engine.taken_apart` takes a state apart. A run that is
continued gives the same bytes as one that was never stopped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import data
from abm.base_year.set_up import scaled
from abm.economy.constants import Calibration
from abm.economy.folders import base_years, economy_of
from abm.economy.tables import Economy
from abm.engine.taken_apart import TakenApart, packed, unpacked
from abm.errors import CheckpointError, ScenarioError
from abm.model import RelocationModel
from abm.policy.past import Past
from abm.scenario.scenario import Scenario
from abm.state.state import State
from abm.trade.books.accounts import Accounts
from abm.trade.inputs.suppliers import SupplierNetwork
from abm.worlds.held_responses import HeldWorld

PARTS = {"state": State, "calibration": Calibration, "base_accounts": Accounts}
"""What of a model is kept, by the name of its attribute."""


@dataclass(frozen=True)
class Checkpoint:
    """A run as data.

    Attributes
    ----------
    facts : dict
        As JSON takes it: scenario, seed, number of firms, the state's numbers and rows.
    arrays : dict of str to ndarray
    """

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def put_away(model: RelocationModel) -> Checkpoint:
    """The state of a model between two quarters, with everything needed to go on.

    Parameters
    ----------
    model : RelocationModel
        Its economy must be the one that its scenario names, under its elasticities. For a held
        world, the model that it follows is not part of the checkpoint.

    Returns
    -------
    Checkpoint
        Arrays are those of the model, not copies: write or use the checkpoint before the
        model takes another step.

    Raises
    ------
    CheckpointError
        If its firms follow a rule of your own, which is no data.
    """
    if model.rule is not None:
        raise CheckpointError("firms follow a rule of your own, which a checkpoint cannot hold")
    parts = TakenApart()
    for name in PARTS:
        parts.put(name, getattr(model, name))
    arrays, order = packed(parts.arrays)
    facts = {
        "scenario": model.scenario.model_dump(mode="json"),
        "past": _document_of(model.in_force.past),
        "firms": model.standing_firms,
        "rows": len(model.firms),
        "seed": model.draws.seed,
        "quarter": model.quarter,
        "calibration_checksum": model.calibration_checksum,
        "economy": model.economy.fingerprint(),
        "numbers": parts.numbers,
        "axes_in_memory": order,
    }
    if model.in_force.before_fork is not None:
        scenario, past = model.in_force.before_fork
        facts["before_fork"] = {
            "scenario": scenario.model_dump(mode="json"),
            "past": _document_of(past),
        }
    if isinstance(model, HeldWorld):
        facts["held"] = sorted(model.held)
    return Checkpoint(facts, arrays)


def take_up(checkpoint: Checkpoint, followed: RelocationModel | None = None) -> RelocationModel:
    """The model whose state a checkpoint holds, ready for its next quarter.

    Parameters
    ----------
    checkpoint : Checkpoint
    followed : RelocationModel, optional
        The model that a held world follows, in the quarter of the checkpoint.

    Raises
    ------
    CheckpointError
        If its parts do not fit together, or it was made with other figures.
    """
    facts = checkpoint.facts
    try:
        if facts["calibration_checksum"] != data.checksum():
            raise CheckpointError("was made with other figures of the calibration year")
        future = Scenario.from_document(facts["scenario"])
        then = facts.get("before_fork", facts)  # the policy that the state knows
        scenario = Scenario.from_document(then["scenario"])
        past = None if then["past"] is None else Past.of_document(then["past"])
        economy = scaled(economy_of(scenario.economy.table), scenario)
        if facts["economy"] != economy.fingerprint():
            raise CheckpointError(_another_economy(scenario))
        arrays = unpacked(checkpoint.arrays, facts["axes_in_memory"])
        parts = TakenApart(arrays, facts["numbers"])
        state, calibration, base = (parts.take(name, kind) for name, kind in PARTS.items())
        _check(state, facts["rows"])
        carried = (economy, calibration, base, state, past)
        if followed is None:
            if "held" in facts:
                raise CheckpointError("is of a world that follows another one")
            model = _Continued(scenario, facts["firms"], facts["seed"], *carried)
            if then is not facts:
                model.fork(future)
            return model
        if followed.quarter != facts["quarter"]:
            raise CheckpointError("is not of the moment of the world that it follows")
        known = (scenario, facts["firms"], facts["seed"], *carried)
        return _ContinuedHeldWorld(followed, facts["held"], *known)
    except ScenarioError as error:
        raise CheckpointError(f"holds a scenario that cannot be: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"is incomplete ({type(error).__name__}: {error})") from None


def _another_economy(scenario: Scenario) -> str:
    """What to tell where the tables are not those that the run was made with."""
    table = scenario.economy.table
    if table in base_years():
        return "was made with another economy than the package's"
    return f"was made with another economy than there is in {table} now"


def _document_of(past: Past | None) -> dict[str, Any] | None:
    return None if past is None else past.as_document()


class _Continued(RelocationModel):
    """A model that starts from a state instead of the calibration year."""

    # why: what a checkpoint holds, each part by its name
    def __init__(
        self,
        scenario: Scenario,
        firms: int,
        seed: int,
        economy: Economy,
        calibration: Calibration,
        base_accounts: Accounts,
        state: State,
        past: Past | None,
    ) -> None:
        self._carried = (economy, calibration, base_accounts, state, past)
        # Called by name, because `HeldWorld.__init__`, next in line, starts from quarter 0.
        RelocationModel.__init__(self, scenario, firms=firms, rng=seed)
        del self._carried

    def _set_up_economy(self, firms: int, observed: Economy) -> None:
        self.economy, self.calibration, self.base_accounts, *_ = self._carried

    def _set_up_state(self) -> None:
        *_, self.state, past = self._carried
        self.in_force.resume(self.state.policy, past)
        self._look_at(self.in_force.reachable(self.quarter))


class _ContinuedHeldWorld(_Continued, HeldWorld):
    """A held world that starts from a state, beside the one it follows."""

    def __init__(
        self, followed: RelocationModel, held: Iterable[str], scenario: Scenario, *carried: Any
    ) -> None:
        self.followed, self.held = followed, frozenset(held)
        _Continued.__init__(self, scenario, *carried)
        self._know_who_is_in_step()


def _check(state: State, firms: int) -> None:
    """Raise unless every array has the rows, the type and the regimes that it must have."""
    for name, array in _of_every_firm(state):
        if len(array) != firms:
            raise CheckpointError(f"is incomplete ({name} has {len(array)} firms of {firms})")
    for name, column in state.firms.columns().items():
        array = getattr(state.firms, name)
        if array.dtype != column.dtype or array.ndim != len(column.axes):
            raise CheckpointError(f"is incomplete (firms.{name} is {array.dtype}{array.shape})")
    regimes = {
        state.plan_values.shape[-1],
        state.policy.regime_counts.shape[-1],
        state.every_cost.free_cost.shape[-1] - 1,  # the last is that at contracts
        state.conditions.qualified.shape[-1] - 1,
    }
    if len(regimes) != 1 or not 0 <= state.policy.regime < regimes.pop():
        raise CheckpointError("is incomplete (its arrays know different regimes)")


def _of_every_firm(state: State) -> Iterator[tuple[str, NDArray[Any]]]:
    network: SupplierNetwork = state.network
    for part in (state.firms, network, state.every_cost):
        for name, array in vars(part).items():
            if isinstance(array, np.ndarray):
                yield name, array
    yield "plan_values", state.plan_values
    for name in ("log_wedge_held", "capacity", "jobs", "scarcity"):
        yield name, getattr(state, name)
    for name in ("firms", "split", "pool", "log_price"):
        yield f"customers.{name}", getattr(state.customers, name)
