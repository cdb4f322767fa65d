"""What an agent asks of the model it lives in; any model that answers this can hold it."""

from collections.abc import Sequence
from typing import Any, Protocol

from agents.firm_table import FirmTable


class AskedByFirm(Protocol):
    """The table a firm is a row of, the labels of its columns, and today's answers."""

    firms: FirmTable
    sector_labels: Sequence[str]
    host_labels: Sequence[str]
    home_labels: Sequence[str]
    belief_labels: Sequence[str]
    line_labels: Sequence[str]
    config_labels: Sequence[str]

    def capacity_of(self, row: int, host: str) -> float:
        """Units of output a quarter that a firm's plant at a host can make."""

    def content_of(self, row: int, host: str) -> float:
        """Regional value content of a firm's product at a host, inputs chosen freely."""

    def unit_cost_of(self, row: int, host: str) -> float:
        """Unit cost of a firm at a host, inputs chosen freely."""

    def claim_of(self, row: int, host: str, market: str) -> str:
        """How a firm's goods from a host enter another member."""

    def suppliers_of(self, row: int) -> list[Any]:
        """The firms that a firm is linked to as a buyer."""


class AskedByGovernment(Protocol):
    """What was announced and enacted so far, by anybody."""

    @property
    def events(self) -> list[dict[str, object]]:
        """Rows of the table of events, oldest first."""
