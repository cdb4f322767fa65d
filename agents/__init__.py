"""Who acts: firms and governments, as Mesa agents over one table of firms."""

from agents.firm import Firm, status_of
from agents.firm_table import FirmTable
from agents.government import Government

__all__ = ["Firm", "FirmTable", "Government", "status_of"]
