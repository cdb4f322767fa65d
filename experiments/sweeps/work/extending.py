"""A sweep made larger: the same runs and more."""

import tomllib
from collections.abc import Sequence

from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.sweeps.design.plan import SweepPlan, make_plan
from experiments.sweeps.design.points import EXTENDABLE
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.store import SweepStore


def extended_plan(store: SweepStore, changes: Sequence[str]) -> SweepPlan:
    """Return a larger design for a sweep, which is not written yet.

    Parameters
    ----------
    store : SweepStore
    changes : sequence of str
        ``KEY=VALUE``.

    Raises
    ------
    ScenarioError
        If a change cannot be, or would leave out runs of the present design.
    """
    document = store.sweep.model_dump(mode="json")
    for change in changes:
        key, _, written = (part.strip() for part in change.partition("="))
        try:
            value = tomllib.loads(f"value = {written}")["value"]
        except (ValueError, KeyError, RecursionError):
            raise ScenarioError(f"--extend {shown(change)}: is written KEY=VALUE") from None
        if key == "replications":
            document["replications"] = value
        elif key == "n":
            document["design"]["n"] = value
        elif key in document["factors"]:
            document["factors"][key] = value
        else:
            known = ", ".join(["replications", "n", *document["factors"]])
            raise ScenarioError(f"--extend {shown(key)}: what can be extended is {known}")
    sweep = SweepFile.from_document(document)
    plan = make_plan(sweep, store.folder, store.scenarios())
    lost = {spec.run for spec in store.specs()} - {spec.run for spec in plan.specs()}
    if lost:
        raise ScenarioError(
            f"--extend: would leave out {len(lost)} runs of the sweep; replications and designs "
            f"of kind {', '.join(EXTENDABLE)} can grow"
        )
    return plan
