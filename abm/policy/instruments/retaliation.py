"""Retaliation in kind: who answers duties on its goods, and how much."""

from typing import Any

from abm.config.settings import Settings, Share, setting


def _probability(member: str) -> Any:
    return setting(
        0.0,
        unit="probability a quarter",
        meaning=f"chance that duties on the goods of {member} are answered, each quarter"
        " until they are",
        source="assumption: governments follow the timeline unless a scenario says otherwise",
    )


class Retaliation(Settings):
    """Who answers duties on its goods, and how much."""

    USA: Share = _probability("the USA")
    MEX: Share = _probability("Mexico")
    CAN: Share = _probability("Canada")
    in_kind: Share = setting(
        1.0,
        unit="share of the other side's rate",
        meaning="rate that is levied in return, on the same goods",
        source="assumption: Canada answered the metal duties of 2018 dollar for dollar",
    )
