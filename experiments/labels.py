"""What regions and sectors are called, and how numbers are written, for a person."""

REGION_NAMES = {
    "USA": "United States",
    "MEX": "Mexico",
    "CAN": "Canada",
    "CHN": "China",
    "ROW": "Rest of world",
}

ADJECTIVES = {"USA": "US", "MEX": "Mexican", "CAN": "Canadian", "CHN": "Chinese", "ROW": "overseas"}

SECTOR_NAMES = {
    "cars": "Cars",
    "light_trucks": "Light trucks",
    "vehicle_parts": "Vehicle parts",
    "electronics": "Electronics",
    "machinery": "Machinery",
    "metals": "Metals",
    "chemicals_plastics": "Chemicals, plastics",
    "textiles_apparel": "Textiles, apparel",
    "food": "Food",
    "other_manufacturing": "Other manufacturing",
    "primary_energy": "Primary goods, energy",
    "telecom": "Telecom",
    "finance": "Finance",
    "other_services": "Other services",
}


HEADLINE_NAMES = {
    "us_goods_balance": "US goods balance",
    "us_deficit_index": "US goods deficit",
    "us_services_balance": "US services balance",
    "manufacturing_employment": "Manufacturing jobs",
    "jobs": "Jobs created and destroyed",
    "utilisation": "Output over capacity",
    "plants_decided": "Plants decided on",
    "new_plants_by_owner": "New plants by owner",
    "plants_moved": "Plants moved",
    "investment": "Investment in new plants",
    "preference_utilisation": "Dutiable US imports claiming origin",
    "false_claim_share": "False ones among claims",
    "misclassified_origin": "Misclassified origin",
    "mean_content": "Regional content of net cost",
    "consumer_prices": "Consumer prices",
    "real_income": "Real income of consumers",
    "welfare": "Consumers' welfare, present value",
    "duty_revenue": "Duties and penalties",
    "gross_move_rate_per_year": "Plants moving a year",
}
"""What headlines are called, by the first of their names."""


CHANNEL_LABELS = {
    "duty_paid": "Duty paid",
    "compliance": "Compliance",
    "contracts_renewed": "Contracts",
    "resourcing": "Other re-sourcing",
    "customers": "Customers",
    "capacity": "Capacity",
    "entry": "Entry",
    "exit": "Exit",
    "moves": "Moves",
    "price_feedback": "Price feedback",
}
"""Channels of a difference, as a table or a figure names them."""


def in_sentence(region: str) -> str:
    """A region's name as it stands inside a sentence."""
    name = REGION_NAMES[region]
    return {"USA": f"the {name}", "ROW": "the rest of the world"}.get(region, name)


def sector_in_sentence(sector: str) -> str:
    """A sector's name as it stands inside a sentence."""
    return SECTOR_NAMES[sector].lower().replace(", ", " and ")


MAY_BE_LUCK = "no difference that can be told from luck"
"""What is said of a difference whose interval leaves the sign open."""

NOTHING = "\N{EN DASH}"
"""Where there is no number to show."""


def format_value(value: float | None, unit: str) -> str:
    """A number as a table shows it: shares in percent, persons in thousands.

    Parameters
    ----------
    value : float or None
    unit : str
        As in an entry of a summary.
    """
    if value is None:
        return NOTHING
    if unit.startswith("share"):
        return with_minus(f"{value:.1%}")
    if unit == "moves a plant a year":
        return f"{value:.2%}"
    return with_minus(_number(value, unit, ""))


def format_change(change: float | None, unit: str) -> str:
    """A change as a table shows it, always with its sign; shares in percentage points."""
    if change is None:
        return NOTHING
    if unit.startswith("share"):
        return with_minus(f"{100 * change:+.1f} pts")
    if unit == "moves a plant a year":
        return with_minus(f"{100 * change:+.2f} pts")
    return with_minus(_number(change, unit, "+"))


def with_minus(text: str) -> str:
    """The same with a true minus sign, and none before a zero."""
    if text.startswith(("-", "+")) and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def _number(value: float, unit: str, sign: str) -> str:
    if unit == "calibration year = 1":
        return f"{value:{sign}.4f}"
    if unit == "persons":
        return f"{value / 1000:{sign},.1f}"
    return f"{value:{sign},.1f}" if unit.startswith("billion") else f"{value:{sign},.0f}"
