"""Rules of origin: how much of a product must come from the region to be duty-free."""

from typing import Any

from abm.axes import FOOTLOOSE, SECTORS
from abm.policy.arrays import RegimeArrays
from abm.settings import Settings, Share, setting


def _threshold(goods: str) -> Any:
    return setting(
        0.0,
        unit="share of net cost",
        meaning=f"regional value content that {goods} must reach, net cost method; 0 for no rule",
        source="no rule unless a scenario sets one",
    )


class RegionalValueContent(Settings):
    """Threshold by sector, net cost method; 0 means that there is no content rule."""

    cars: Share = _threshold("cars")
    light_trucks: Share = _threshold("light trucks")
    vehicle_parts: Share = _threshold("vehicle parts")
    electronics: Share = _threshold("electronics")
    machinery: Share = _threshold("machinery")
    metals: Share = _threshold("metals")
    chemicals_plastics: Share = _threshold("chemicals and plastics")
    textiles_apparel: Share = _threshold("textiles and apparel")
    food: Share = _threshold("food")
    other_manufacturing: Share = _threshold("other manufactures")


class RulesOfOrigin(Settings):
    """Conditions for the agreement's preference."""

    regional_value_content: RegionalValueContent = RegionalValueContent()


def fill_rules_of_origin(rules: RulesOfOrigin, regime: RegimeArrays) -> None:
    """Write the content thresholds into ``regime``."""
    for sector in FOOTLOOSE:
        threshold = getattr(rules.regional_value_content, sector)
        regime.content_threshold[SECTORS.index(sector)] = threshold
