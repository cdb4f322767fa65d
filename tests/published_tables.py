"""The shipped economy as a table in the form in which others publish theirs."""

import numpy as np
import pandas as pd

from abm.axes import REGIONS, SECTORS
from abm.economy.tables import observed_flows

TWO_OF = {"C10T12": "food", "C26": "electronics", "C27": "electronics", "B05_06": "primary_energy",
          "C19": "primary_energy", "C24": "metals", "C13T15": "textiles_apparel",
          "C28": "machinery", "C30": "machinery", "C20": "chemicals_plastics",
          "C22": "chemicals_plastics", "C31T33": "other_manufacturing",
          "C29": "cars+light_trucks+vehicle_parts", "J61": "telecom", "K": "finance",
          "G": "other_services", "H49": "other_services"}  # fmt: skip
"""Industries of a small table of the OECD's, with their sectors."""


def published(industries, regions):
    """The shipped economy as a table of finer industries and more regions.

    Industries of one sector have equal parts of it, and so have parts of a region.
    """
    observed_use, observed_final = observed_flows()
    n, r = len(REGIONS), len(SECTORS)
    split = np.zeros((len(regions) * len(industries), n * r))
    market = np.zeros((len(regions), n))
    groups = list(industries.values())
    for a, whole in enumerate(regions.values()):
        market[a, REGIONS.index(whole)] = 1 / list(regions.values()).count(whole)
        for b, group in enumerate(groups):
            for sector in group.split("+"):
                part = market[a, REGIONS.index(whole)] / groups.count(group)
                place = REGIONS.index(whole) * r + SECTORS.index(sector)
                split[a * len(industries) + b, place] = part
    use = split @ observed_use.reshape(n * r, n * r) @ split.T
    return use, split @ observed_final.reshape(n * r, n) @ market.T


def write_oecd(path):
    own = {name: name for name in ("USA", "CAN", "CHN", "ROW")}
    regions = own | {"MX1": "MEX", "MX2": "MEX", "MEX": "MEX", "DEU": "ROW"}
    use, final = published(TWO_OF, regions)
    labels = [f"{region}_{name}" for region in regions for name in TWO_OF]
    table = pd.DataFrame(use, labels, labels)
    # As published: parts of Mexico have no final demand of their own.
    sold = pd.DataFrame(final, labels, list(regions))
    sold["MEX"] += sold.pop("MX1") + sold.pop("MX2")
    for use, share in (("HFCE", 0.7), ("GFCF", 0.3)):
        table = table.join((share * sold).add_suffix(f"_{use}"))
    table["OUT"] = table.sum(axis=1)
    table.loc["TLS"] = 0.0
    table.loc["VA"] = table["OUT"].reindex(table.columns).fillna(0) - table.loc[labels].sum()
    table.loc["OUT"] = table.sum()
    table.rename_axis("V1").to_csv(path)
