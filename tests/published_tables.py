"""The shipped economy as tables in the forms in which others publish theirs."""

import json
import zipfile

import numpy as np
import pandas as pd

from abm.axes import REGIONS, SECTORS
from abm.economy.tables import observed_flows
from experiments.own_data.mapping import shipped_mapping

TWO_OF = {"C10T12": "food", "C26": "electronics", "C27": "electronics", "B05_06": "primary_energy",
          "C19": "primary_energy", "C24": "metals", "C13T15": "textiles_apparel",
          "C28": "machinery", "C30": "machinery", "C20": "chemicals_plastics",
          "C22": "chemicals_plastics", "C31T33": "other_manufacturing",
          "C29": "cars+light_trucks+vehicle_parts", "J61": "telecom", "K": "finance",
          "G": "other_services", "H49": "other_services"}  # fmt: skip
"""Industries of a small table of the OECD's, with their sectors."""

OLD = {"C15T16FOD": "food", "C30T33XCEQ": "electronics", "C10T14MIN": "primary_energy",
       "C27MET": "metals", "C28FBM": "metals", "C17T19TEX": "textiles_apparel",
       "C29MEQ": "machinery", "C35TRQ": "machinery", "C24CHM": "chemicals_plastics",
       "C21T22PAP": "other_manufacturing", "C34MTR": "cars+light_trucks+vehicle_parts",
       "C64PTL": "telecom", "C65T67FIN": "finance", "C50T52WRT": "other_services"}  # fmt: skip
"""The same as the edition of 2016 codes them, by revision 3 of ISIC."""

MEXICO_IN_PARTS = {name: name for name in ("USA", "CAN", "CHN", "ROW")} | {
    "MX1": "MEX", "MX2": "MEX", "MEX": "MEX", "DEU": "ROW"}  # fmt: skip
PLAIN_REGIONS = {"USA": "USA", "MEX": "MEX", "CAN": "CAN", "CHN": "CHN", "RoW": "ROW", "DEU": "ROW"}
TWO_LETTERS = {"US": "USA", "MX": "MEX", "CA": "CAN", "CN": "CHN", "WA": "ROW", "DE": "ROW"}


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


def write_oecd(path, industries=None, *, added=("TLS", "VA"), output=("OUT", "OUT")):
    """The layout of the OECD: edition of 2021 unless other codes and names are given."""
    industries = industries or TWO_OF
    use, final = published(industries, MEXICO_IN_PARTS)
    labels = [f"{region}_{name}" for region in MEXICO_IN_PARTS for name in industries]
    table = pd.DataFrame(use, labels, labels)
    # As published: parts of Mexico have no final demand of their own.
    sold = pd.DataFrame(final, labels, list(MEXICO_IN_PARTS))
    sold["MEX"] += sold.pop("MX1") + sold.pop("MX2")
    for use, share in (("HFCE", 0.7), ("GFCF", 0.3)):
        table = table.join((share * sold).add_suffix(f"_{use}"))
    total, below = output
    table[total] = table.sum(axis=1)
    inputs = table.loc[labels].sum()
    for name in added[:-1]:
        table.loc[name] = 0.0
    table.loc[added[-1]] = table[total].reindex(table.columns).fillna(0) - inputs
    table.loc[below] = table.sum()
    table.rename_axis("V1").to_csv(path)


def write_figaro(path):
    """Rows and columns by region and NACE, value added in rows of W2, no row of output."""
    use, final = published(TWO_OF, TWO_LETTERS)
    labels = [f"{region}_{name}" for region in TWO_LETTERS for name in TWO_OF]
    table = pd.DataFrame(use, labels, labels)
    for what, share in (("P3_S14", 0.8), ("P51G", 0.2)):
        sold = pd.DataFrame(share * final, labels, list(TWO_LETTERS))
        table = table.join(sold.add_suffix(f"_{what}"))
    left = table.sum(axis=1).reindex(table.columns).fillna(0) - table.sum()
    for what, share in (("W2_D21X31", 0.1), ("W2_D1", 0.5), ("W2_B2A3G", 0.4)):
        table.loc[what] = (share * left).where(left > 0, 0.0)
    table.rename_axis("rowLabels").to_csv(path)


def workbook(industries, numbers, final_names, tops, bottom):
    """A sheet as WIOD and ADB have them: four lines of names, four columns, and the last rows."""
    use, final = published(industries, PLAIN_REGIONS)
    n, size, m = len(industries), len(use), len(PLAIN_REGIONS)
    sheet = np.full((6 + size + len(bottom), 4 + size + 2 * m + 1), None, dtype=object)
    sheet[0, 0] = "World Input-Output Table, millions of US$, current prices"
    for a, region in enumerate(PLAIN_REGIONS):
        for b, (code, number) in enumerate(zip(industries, numbers, strict=True)):
            names = {"code": code, "name": f"Industry {code}", "region": region, "c": number}
            head = [names[top] for top in tops]
            sheet[2:6, 4 + a * n + b] = head
            sheet[6 + a * n + b, :4] = head
        for b, code in enumerate(final_names):
            names = {"code": code, "name": f"Final {code}", "region": region, "c": code}
            sheet[2:6, 4 + size + 2 * a + b] = [names[top] for top in tops]
            sheet[6 : 6 + size, 4 + size + 2 * a + b] = (0.6, 0.4)[b] * final[:, a]
    sheet[6 : 6 + size, 4 : 4 + size] = use
    output = use.sum(axis=1) + final.sum(axis=1)
    sheet[6 : 6 + size, -1] = output
    last = {"inputs": use.sum(axis=0), "added": output - use.sum(axis=0), "output": output}
    for row, (what, name, code) in enumerate(bottom):
        names = {"code": code, "name": name, "region": "TOT", "c": code}
        sheet[6 + size + row, :4] = [names[top] for top in tops]
        sheet[6 + size + row, 4 : 4 + size] = 0.0 if what == "nothing" else last[what]
    names = {"code": "GO", "name": "Total output", "region": "TOT", "c": "c42"}
    sheet[2:6, -1] = [names[top] for top in tops]
    return pd.DataFrame(sheet)


def wiod_2013():
    """The older release: 35 industries by revision 3 of ISIC."""
    mapping = shipped_mapping("wiod35").meaning
    codes = {code: group for code, group in mapping.items() if not code.startswith("c")}
    codes["34t35"] = "cars+light_trucks+vehicle_parts"  # machinery has its own, so once is enough
    bottom = (("inputs", "Total intermediate consumption", "r60"),
              ("nothing", "taxes less subsidies on products", "r61"),
              ("added", "Value added at basic prices", "r64"),
              ("output", "Output at basic prices", "r69"))  # fmt: skip
    numbers = [f"c{k}" for k in range(1, 36)]
    return workbook(codes, numbers, ("c37", "c41"), ("code", "name", "region", "c"), bottom)


def wiod_2016():
    """The later release: industries by revision 4 of ISIC."""
    codes = {"A01": "primary_energy", "B": "primary_energy", "C10-C12": "food",
             "C13-C15": "textiles_apparel", "C16": "other_manufacturing", "C19": "primary_energy",
             "C20": "chemicals_plastics", "C24": "metals", "C26": "electronics", "C28": "machinery",
             "C29": "cars+light_trucks+vehicle_parts", "C30": "machinery",
             "C31_C32": "other_manufacturing", "D35": "other_services", "G45": "other_services",
             "J61": "telecom", "K64": "finance", "K66": "finance",
             "U": "other_services"}  # fmt: skip
    bottom = (("inputs", "Total intermediate consumption", "II_fob"),
              ("nothing", "Taxes less subsidies on products", "TXSP"),
              ("added", "Value added at basic prices", "VA"),
              ("output", "Output at basic prices", "GO"))  # fmt: skip
    numbers = [f"r{k}" for k in range(1, 1 + len(codes))]
    return workbook(codes, numbers, ("CONS_h", "GFCF"), ("code", "name", "region", "c"), bottom)


def adb():
    """The multi-regional table of the Asian Development Bank: names, regions, c1 to c35."""
    mapping = shipped_mapping("wiod35").meaning
    codes = {code: group for code, group in mapping.items() if code.startswith("c")}
    codes["c15"] = "cars+light_trucks+vehicle_parts"
    bottom = (("inputs", "Total intermediate consumption", "r60"),
              ("added", "Gross value added at basic prices", "r64"),
              ("output", "Total output", "r69"))  # fmt: skip
    return workbook(codes, codes, ("F1", "F4"), ("name", "name", "region", "code"), bottom)


def write_exiobase(path, *, coefficients=False):
    """A ZIP with tables apart by tabulators, with two lines and two columns of names."""
    import pymrio

    labels = pymrio.get_classification("exio3_ixi").sectors
    mapping = shipped_mapping("isic3")
    meaning = {name: mapping.of(code) for name, code in
               zip(labels["ExioName"], labels["ExioCode"], strict=True)}  # fmt: skip
    industries, seen = {}, {}
    for name, group in meaning.items():  # two industries a sector are enough
        seen[group] = seen.get(group, 0) + 1
        if seen[group] <= 2:
            industries[name] = group
    use, final = published(industries, TWO_LETTERS)
    index = pd.MultiIndex.from_product([TWO_LETTERS, industries], names=["region", "sector"])
    sold = pd.MultiIndex.from_product([TWO_LETTERS, ["Final consumption"]],
                                      names=["region", "category"])  # fmt: skip
    output = use.sum(axis=1) + final.sum(axis=1)
    parts = {"Y": pd.DataFrame(final, index, sold), "x": pd.DataFrame({"indout": output}, index)}
    parts["unit"] = pd.DataFrame({"unit": "M.EUR"}, index)
    if coefficients:
        share = np.divide(use, output, out=np.zeros_like(use), where=output > 0)
        parts["A"] = pd.DataFrame(share, index, index)
    else:
        parts["Z"] = pd.DataFrame(use, index, index)
    described = {
        name: {"name": f"{name}.txt", "nr_index_col": "2",
               "nr_header": "2" if name in "AYZ" else "1"}
        for name in parts
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        for name, frame in parts.items():
            archive.writestr(f"IOT_2017_ixi/{name}.txt", frame.to_csv(sep="\t"))
        told = {"name": "EXIO", "description": "", "system": "IxI", "version": "", "history": []}
        archive.writestr("IOT_2017_ixi/metadata.json", json.dumps(told))
        archive.writestr(
            "IOT_2017_ixi/file_parameters.json",
            json.dumps({"files": described, "systemtype": "IOSystem"}),
        )


def write_eora(folder):
    """A folder of files without names, and names in files of their own; thousand USD."""
    folder.mkdir()
    mapping = shipped_mapping("eora26").meaning
    whole = "primary_energy+chemicals_plastics+other_manufacturing"
    industries = {name: group for name, group in mapping.items() if group != whole}
    industries["Petroleum, Chemical and Non-Metallic Mineral Products"] = "chemicals_plastics"
    industries = {n: {"electronics+machinery": "electronics", "finance+other_services": "finance"}
                  .get(g, g) for n, g in industries.items()}  # fmt: skip
    regions = {"USA": "USA", "MEX": "MEX", "CAN": "CAN", "CHN": "CHN", "DEU": "ROW"}
    use, final = published(industries, regions)
    rows = [(r, r, "Industries", n) for r in regions for n in industries]
    sold = [(r, r, "Final Demand", n) for r in regions for n in ("Household", "Government")]
    added = use.sum(axis=1) + final.sum(axis=1) - use.sum(axis=0)
    files = {
        "Eora26_2017_bp_T": 1e3 * use,
        "Eora26_2017_bp_FD": 1e3 * np.repeat(final, 2, axis=1) / 2,
        "Eora26_2017_bp_VA": 1e3 * np.stack([0.7 * added, 0.3 * added]),
        "Eora26_2017_bp_Q": np.ones((1, len(rows))),
        "Eora26_2017_bp_QY": np.ones((1, len(sold))),
        "labels_T": rows,
        "labels_FD": sold,
        "labels_VA": [("Primary Inputs", "Compensation"), ("Primary Inputs", "Surplus")],
        "labels_Q": [("Energy (TJ)", "Total")],
    }
    for name, content in files.items():
        pd.DataFrame(content).to_csv(folder / f"{name}.txt", sep="\t", header=False, index=False)
