"""Models of the same firms are set up once in a process of tests, however many ask for them."""

from copy import deepcopy
from dataclasses import replace

import abm.model
from abm.base_year.set_up import assumed, calibrated_economy

SET_UP = abm.model.kept_economy


class SetUpOnce:
    """Stands for `abm.kept_set_ups.kept_economy`, and remembers what it gave.

    A model changes its table of firms and its network, so each gets copies of its own, as
    `abm.worlds.twin.twin` copies them. Tests marked ``anew`` are about the set-up itself.
    """

    def __init__(self):
        self.kept = {}
        self.anew = False

    def __call__(self, observed, scenario, firms, draws):
        if self.anew:
            return calibrated_economy(observed, scenario, firms, draws)
        key = (id(observed), *assumed(scenario), firms, draws.seed)
        if key not in self.kept:
            start = SET_UP(observed, scenario, firms, draws)
            self.kept[key] = observed, start
        observed, start = self.kept[key]
        return replace(start, firms=deepcopy(start.firms), network=deepcopy(start.network))


set_up_once = SetUpOnce()
