"""What Mesa offers on every agent and ours cannot do alone: refused, not done without effect."""

from typing import NoReturn

import mesa


class PartOfModel(mesa.Agent):
    """An agent that acts when its model does, and stays as long as its model.

    Attributes
    ----------
    instead_of_removal : str
        What a user who wants it gone can do; the end of a sentence.
    """

    instead_of_removal: str

    def step(self) -> NoReturn:
        """Refuse: all agents act together, phase by phase.

        Raises
        ------
        RuntimeError
        """
        raise RuntimeError(
            f"{self!r} cannot step alone: all firms and governments act together in model.step(), "
            "each phase on what the one before it left; call that"
        )

    advance = step

    def remove(self) -> NoReturn:
        """Refuse: the model would go on as if the agent were still there.

        Raises
        ------
        RuntimeError
        """
        raise RuntimeError(f"{self!r} cannot be removed: {self.instead_of_removal}")
