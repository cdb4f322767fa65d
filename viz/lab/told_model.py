"""A model that says which phase of a quarter it is in, for whoever waits for it."""

from collections.abc import Callable

from experiments.explain.watched import WatchedModel

PHASES = {
    "enact_policy": "what the law is now",
    "update_beliefs": "what firms expect of policy",
    "price_licences": "what licences under quotas are worth",
    "price_inputs": "what inputs cost",
    "renew_contracts": "contracts that end are signed anew",
    "solve_costs": "what every firm's goods cost, and their content",
    "claim_origin": "who claims origin",
    "value_plans": "what every set of plants would be worth",
    "relocate": "who builds, moves and closes",
    "serve_customers": "customers choose their sellers",
    "trade_and_account": "markets clear, and flows are booked",
    "build_capacity": "what plants invest in",
    "rewire_suppliers": "buyers look for suppliers",
    "record": "the quarter is taken down",
}
"""What each phase of a step works out, in the order of the step."""


class ToldModel(WatchedModel):
    """A model that keeps the name of the phase it is in.

    Telling changes nothing in it: it steps through the same bytes as any other.

    Attributes
    ----------
    doing : str
        Name of the phase that began last; empty until a quarter has begun.
    """

    doing = ""


def _told(name: str) -> Callable[[ToldModel], None]:
    inner = getattr(WatchedModel, name)

    def telling(self: ToldModel) -> None:
        self.doing = name
        inner(self)

    return telling


for _name in PHASES:
    setattr(ToldModel, _name, _told(_name))
