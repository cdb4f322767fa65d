"""One base year for many runs.

Set-up is most of a short run: firms are drawn and the economy is calibrated to
them. None of that depends on policy, so runs of one replication share it: a worker
keeps the last base year it made and copies it.
"""

from copy import deepcopy
from typing import Any, ClassVar

from abm.economy import Economy
from abm.model import RelocationModel


class SharedBaseYear(RelocationModel):
    """The relocation model, starting from a copy of a base year that was made before.

    A run may change what it starts from, so the one kept is never handed out itself.
    """

    _kept: ClassVar[dict[Any, dict[str, Any]]] = {}

    def _set_up_economy(self, firms: int, observed: Economy) -> None:
        assumptions = (self.scenario.firms, self.scenario.economy)
        key = (assumptions, firms, self.draws.seed)
        if key not in self._kept:
            before = set(vars(self))
            super()._set_up_economy(firms, observed)
            made = {name: part for name, part in vars(self).items() if name not in before}
            self._kept.clear()
            self._kept[key] = made
        vars(self).update(deepcopy(self._kept[key]))
