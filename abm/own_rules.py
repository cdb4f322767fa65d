"""A researcher's own rule for where firms produce, in the place of the model's or beside it.

A rule is asked once a quarter, after firms have valued every set of plants and before they act
on it. It answers for the firms that may decide: with the set of plants that each is to have, or
with nothing, and the firm does as the model says. What it chooses is begun, paid and built as
any decision is.

>>> import numpy as np
>>> from abm import RelocationModel
>>> def nobody_moves(model, deciding):
...     return deciding.now
>>> model = RelocationModel("status-quo", firms=100, rng=1, rule=nobody_moves)
>>> model.run_for(2)
>>> set(model.frames()["moves"].query("quarter == 2")["stage"]) & {"announced"}
set()
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import CONFIG_LABELS, HAS_PLANT, HOSTS, N_CONFIGS
from abm.core.choice.sets import ABSENT
from abm.errors import RuleError
from abm.location.relocation import BITS, CODE
from abm.location.review import ValuedPlans
from abm.state.surface import Surface
from agents import Firm, FirmTable

AS_THE_MODEL = -1
"""What a rule answers for a firm whose decision it leaves to the model."""

WITH_PLANT = CODE[(HAS_PLANT @ BITS)[:, None] | BITS]
"""What each set of plants becomes with one at a host as well, shape (config, host)."""


@dataclass(frozen=True)
class Deciding:
    """The firms that may decide on a set of plants this quarter; arrays are read-only.

    They are those whose clock strikes and those that hold an opportunity to build; who is
    building decides nothing else. Sets are places in `abm.axes.CONFIGS`.

    Attributes
    ----------
    rows : ndarray of int, shape (firm,)
        Their rows in ``model.firms``.
    now : ndarray of int, shape (firm,)
        The set that each has.
    chosen : ndarray of int, shape (firm,)
        The set that the model chooses for it.
    worth : ndarray, shape (firm, config)
        Of going to each set, in quarters of the firm's profit, the cost of moving counted and
        luck left out; minus infinity where it cannot go there.
    """

    rows: NDArray[np.int64]
    now: NDArray[np.int64]
    chosen: NDArray[np.int64]
    worth: NDArray[np.float64]

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which sets each may choose, its own included, shape (firm, config)."""
        possible: NDArray[np.bool_] = np.isfinite(self.worth)
        possible[np.arange(len(self.now)), self.now] = True
        return possible

    def left_to_the_model(self) -> NDArray[np.int64]:
        """Return an answer that decides for nobody, to be filled in."""
        return np.full(len(self.rows), AS_THE_MODEL)


REASON_ENOUGH = 1e6
"""What speaks for a project that a rule began, in quarters of profit.

It counts again when the project comes to its next stage, so a rule's project is not given up
because its worth has fallen.
"""

type Rule = Callable[[Surface, Deciding], NDArray[np.integer]]
"""The model, and who may decide, to a set for each of them, or `AS_THE_MODEL`."""

type DecideOne = Callable[[Firm, Mapping[str, float]], str | Iterable[str] | None]
"""A firm, and what going to each set it may choose gains it over staying, to a set or None."""


def each_firm(decide: DecideOne) -> Rule:
    """Return a rule made of one over a single firm, for those who think in agents.

    Parameters
    ----------
    decide : callable
        Takes a `agents.Firm` and what each set that it may choose would gain it over staying,
        in quarters of its profit, by label such as ``"USA+MEX"`` or ``"none"``. Returns such a
        label, the hosts as ``("USA", "MEX")``, or None, and the firm does as the model says.

    Examples
    --------
    >>> def stays_at_home(firm, gains):
    ...     return firm.home if firm.home in gains else None
    >>> rule = each_firm(stays_at_home)
    """

    def rule(model: Surface, deciding: Deciding) -> NDArray[np.int64]:
        firms = model.agents.to_list()
        answer = deciding.left_to_the_model()
        staying = deciding.worth[np.arange(len(deciding.now)), deciding.now]
        gains = deciding.worth - staying[:, None]
        for place, row in enumerate(deciding.rows.tolist()):
            may = deciding.possible[place]
            told = {
                label: float(gains[place, number])
                for number, label in enumerate(CONFIG_LABELS)
                if may[number]
            }
            chosen = decide(firms[row], told)
            if chosen is not None:
                answer[place] = _set_of(chosen, row)
        return answer

    return rule


def checked(rule: object) -> Rule | None:
    """Return a rule, or None where there is none.

    Raises
    ------
    RuleError
        If it cannot be called.
    """
    if rule is None or callable(rule):
        return rule
    raise RuleError(f"rule: {rule!r} is no function of the model and of those that decide")


def as_ruled(rule: Rule, model: Surface, plans: ValuedPlans) -> ValuedPlans:
    """Return what firms decide once a rule has been asked.

    Parameters
    ----------
    rule : callable
    model : Surface
        Between valuing plans and acting on them.
    plans : ValuedPlans
        Left as they are.

    Raises
    ------
    RuleError
        If the answer is not a set for each firm, or one that the firm cannot choose.
    """
    table, weighed = model.firms, plans.weighed
    free = np.flatnonzero(table.target[plans.rows] < 0)
    if not len(free):
        return plans
    deciding = _deciding(table, plans, free)
    answer = checked_answer(rule(model, deciding), deciding)
    ruled = answer != AS_THE_MODEL
    places, chosen = free[ruled], answer[ruled]
    new = {
        name: getattr(weighed, name).copy()
        for name in ("choice", "luck", "held", "held_luck", "option", "expected")
    }
    new["choice"][places] = chosen
    new["luck"][places] = np.where(chosen == deciding.now[ruled], 0.0, REASON_ENOUGH)
    new["held"][places] = ABSENT
    new["held_luck"][places] = new["option"][places] = 0.0
    new["expected"][places] = np.eye(N_CONFIGS)[chosen]
    return replace(plans, weighed=replace(weighed, **new))


def _deciding(table: FirmTable, plans: ValuedPlans, free: NDArray[np.int64]) -> Deciding:
    rows = plans.rows[free]
    found = Deciding(
        rows,
        table.config[rows].astype(np.int64),
        plans.weighed.choice[free].astype(np.int64),
        plans.weighed.worth[free].astype(np.float64),
    )
    for array in vars(found).values():
        array.flags.writeable = False
    return found


def checked_answer(given: object, deciding: Deciding) -> NDArray[np.int64]:
    """Return what a rule answered, once it is known to be a possible set for each firm.

    Parameters
    ----------
    given : object
        What the rule returned.
    deciding : Deciding

    Raises
    ------
    RuleError
        Naming the first firm whose set there is not, or that it cannot choose.
    """
    try:
        answer = np.asarray(given)
    except ValueError:
        raise RuleError("rule: answered with something that is no array") from None
    wanted = deciding.rows.shape
    if answer.shape != wanted or not np.issubdtype(answer.dtype, np.integer):
        raise RuleError(
            f"rule: answered with {answer.dtype} of shape {answer.shape}; it must be whole numbers"
            f" of shape {wanted}, one a firm in deciding.rows"
        )
    known = (answer >= AS_THE_MODEL) & (answer < N_CONFIGS)
    if not known.all():
        place = int(np.argmin(known))
        raise RuleError(
            f"rule: chose {answer[place]} for firm {deciding.rows[place]}; sets are 0"
            f" ({CONFIG_LABELS[0]}) to {N_CONFIGS - 1} ({CONFIG_LABELS[-1]}), and {AS_THE_MODEL}"
            " leaves it to the model"
        )
    each = np.arange(len(answer))
    may = (answer == AS_THE_MODEL) | deciding.possible[each, answer]
    if not may.all():
        place = int(np.argmin(may))
        allowed = [CONFIG_LABELS[n] for n in np.flatnonzero(deciding.possible[place])]
        raise RuleError(
            f"rule: chose {CONFIG_LABELS[answer[place]]} for firm {deciding.rows[place]}, which"
            f" may choose {', '.join(allowed)}"
        )
    return answer.astype(np.int64)


def _set_of(chosen: str | Iterable[str], row: int) -> int:
    """Return the place of a set that is named by its label or by its hosts."""
    label = chosen
    if not isinstance(chosen, str):
        hosts = set(chosen)
        label = "+".join(host for host in HOSTS if host in hosts) or CONFIG_LABELS[0]
        if hosts - set(HOSTS):
            label = "+".join(map(str, chosen))
    if label not in CONFIG_LABELS:
        raise RuleError(
            f"rule: chose {str(label)[:60]!r} for firm {row}; sets are {', '.join(CONFIG_LABELS)}"
        )
    return CONFIG_LABELS.index(str(label))
