"""Who owns what is made: shares of a host's output by owner's home and sector.

    python -m experiments.fit.owners_shares

rewrites ``abm/data/owners.csv``. Of vehicles the makers are known by parent; of everything
else some totals are, and nothing by sector. So a first guess by sector is scaled to the
totals by iterative proportional fitting: what is asked for comes out, and the guess is
changed no more than that takes. Each row says on what it rests.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from abm import data
from abm.axes import FOOTLOOSE, HOMES, HOSTS, VEHICLES
from abm.core.inputs.proportional_fitting import fitted
from abm.economy.tables import Array
from experiments.runs.on_disk.run_folders import write_whole

VEHICLES_BY_PARENT = {
    # The USA follows from North America's 49.3% outside the Detroit three and the other two.
    "USA": (0.52, 0.0, 0.0, 0.001, 0.479),
    "MEX": (0.4566, 0.0, 0.0, 0.008, 0.5354),
    "CAN": (0.5408, 0.0, 0.0, 0.001, 0.4582),
}
"""Shares of vehicles made by parent's home: 2017 (USA, CAN) and January to September 2019 (MEX)."""

_ENGINEERING = {
    "USA": (0.74, 0.005, 0.008, 0.005, 0.242),
    "MEX": (0.45, 0.17, 0.03, 0.02, 0.33),
    "CAN": (0.40, 0.005, 0.345, 0.01, 0.24),
}
_MATERIALS = {
    "USA": (0.785, 0.006, 0.015, 0.004, 0.19),
    "MEX": (0.23, 0.58, 0.02, 0.01, 0.16),
    "CAN": (0.27, 0.003, 0.55, 0.012, 0.165),
}
_CLOTHES = {host: tuple(np.mean([_ENGINEERING[host], _MATERIALS[host]], axis=0)) for host in HOSTS}

FIRST_GUESS = {
    "vehicle_parts": _ENGINEERING,
    "electronics": _ENGINEERING,
    "machinery": _ENGINEERING,
    "metals": _MATERIALS,
    "chemicals_plastics": _MATERIALS,
    "textiles_apparel": _CLOTHES,
    "food": _MATERIALS,
    "other_manufacturing": _MATERIALS,
}
"""Shares by owner's home in the order of `HOMES`: an assumption."""

JOBS_IN_MEXICO = {
    "electronics": 84.2,
    "machinery": 34.0,
    "metals": 18.6,
    "chemicals_plastics": 32.2,
    "food": 71.3,
}
"""Thousand jobs of majority-owned US affiliates in Mexico, 2012, where given by industry."""

CANADIAN_OWNED = 1 - 0.446
"""Of Canadian manufacturing output, mean of 2009 to 2011."""

MEXICAN_JOBS_IN_THE_USA = 56.2
"""Thousand, of majority-owned Mexican affiliates in manufacturing, 2012."""


def owners_table() -> pd.DataFrame:
    """``owners.csv``: one row a sector, host and owner's home; shares of a host sum to one."""
    rows = []
    for host in HOSTS:
        shares = dict.fromkeys(VEHICLES, np.array(VEHICLES_BY_PARENT[host]))
        shares |= dict(zip(FIRST_GUESS, _scaled_guess(host), strict=True))
        for sector in FOOTLOOSE:
            basis = "vehicles by parent" if sector in VEHICLES else "assumption within totals"
            for home, share in zip(HOMES, shares[sector], strict=True):
                rows.append((sector, host, home, round(float(share), 5), basis))
    return pd.DataFrame(rows, columns=["sector", "host", "home", "share", "basis"])


def _scaled_guess(host: str) -> Array:
    """The guess for all sectors but vehicles, in accord with a total, shape (sector, home)."""
    output = _of_host("output_value_added_2017", "gross_output_musd", host)
    made = output.loc[list(FIRST_GUESS)].to_numpy(np.float64)
    guess = np.array([of_host[host] for of_host in FIRST_GUESS.values()])
    if host == "MEX":
        guess = _by_jobs(guess, made)
    known, total = _known_total(host, output, guess, made)
    amount = guess[:, known] * made
    split = fitted(
        np.stack([amount, made - amount], axis=1), made, np.array([total, made.sum() - total])
    )
    found: Array = guess * (split[:, 1] / (made - amount))[:, None]
    found[:, known] = split[:, 0] / made
    return found


def _known_total(host: str, output: pd.Series, guess: Array, made: Array) -> tuple[int, float]:
    """Whose total is known at a host, and what they make outside vehicles."""
    everything = float(output.loc[list(FOOTLOOSE)].sum())
    if host == "CAN":
        return HOMES.index("CAN"), CANADIAN_OWNED * everything
    if host == "USA":
        jobs = _of_host("labour", "employment_thousand", host).loc[list(FOOTLOOSE)].sum()
        return HOMES.index("MEX"), MEXICAN_JOBS_IN_THE_USA / float(jobs) * everything
    usa = HOMES.index("USA")  # no total in output is known: that of the guess
    return usa, float(guess[:, usa] @ made)


def _by_jobs(guess: Array, made: Array) -> Array:
    """Give US owners in Mexico, where their jobs are known by industry, output as these are.

    Their output together stays as guessed; output per job over its sector's mean is common.
    """
    usa = HOMES.index("USA")
    employed = _of_host("labour", "employment_thousand", "MEX")
    jobs = np.array([JOBS_IN_MEXICO.get(sector, 0) / employed[sector] for sector in FIRST_GUESS])
    known = jobs > 0
    common = (guess[known, usa] @ made[known]) / (jobs[known] @ made[known])
    share = np.where(known, common * jobs, guess[:, usa])
    scaled = guess * ((1 - share) / (1 - guess[:, usa]))[:, None]
    scaled[:, usa] = share
    return scaled


def _of_host(table: str, column: str, host: str) -> pd.Series:
    """A column of a table by sector, for one host."""
    frame = data.read(table)
    return frame[frame["region"] == host].set_index("sector")[column]


def main() -> None:
    """Rewrite the table."""
    folder = Path(str(data.path("establishments"))).parent
    table = owners_table()
    write_whole(folder / "owners.csv", table.to_csv(index=False).encode())
    cells = table.pivot(index=["host", "sector"], columns="home", values="share")
    sys.stdout.write(cells.to_string() + "\n")


if __name__ == "__main__":
    main()
