"""A model that remembers what its firms decided on, so that it can be explained."""

from abm.explain.one_firm import Moment, moment_of
from abm.model import RelocationModel
from abm.trade.sales.market_clearing import MarketState


class WatchedModel(RelocationModel):
    """A model that keeps the last moment at which its firms decided, until the next.

    Watching changes nothing in it: it steps through the same bytes as any other.

    Attributes
    ----------
    moment : Moment or None
        None until a quarter has been run.
    """

    moment: Moment | None = None
    _expected: MarketState

    def _expected_market(self) -> MarketState:
        self._expected = super()._expected_market()
        return self._expected

    def value_plans(self) -> None:
        """What every set of plants is worth; the moment is kept."""
        super().value_plans()
        self.moment = moment_of(self, self._expected)
