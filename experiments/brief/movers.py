"""Firms whose plants end up elsewhere because of the policy, each with the command that says why.

Run and reference of one seed have the same firms and the same luck, so a firm
that completes another move in one than in the other does so because of the policy, however many
steps lie between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from abm.axes import CONFIG_LABELS, NO_PLANT
from experiments.labels import in_sentence, sector_in_sentence
from experiments.outcomes.tables import RunFrames
from experiments.runs.on_disk.run_folders import PROGRAM

MOVERS_SHOWN = 6
"""Movers in a brief; `explain` without a firm lists more."""

MOVERS_LISTED = 30
"""Movers that `explain` offers."""


@dataclass(frozen=True)
class Mover:
    """A modelled firm that completes another move than in the reference.

    Attributes
    ----------
    firm : int
    sector : str
    before, after : str
        Sets of countries, of the first move that differs.
    quarter : int
        When that was decided, or completed where the decision is not in the table.
    held_back : bool
        Whether it is the reference in which the firm moves.
    real_firms : float
        That it stands for.
    """

    firm: int
    sector: str
    before: str
    after: str
    quarter: int
    held_back: bool
    real_firms: float

    def command(self, folder: Path | None) -> str:
        """What explains the firm."""
        return f"{PROGRAM} explain {folder or 'DIR'} --firm {self.firm} --quarter {self.quarter}"

    def told(self, reference: str) -> str:
        """What it does, in a few words."""
        goods = sector_in_sentence(self.sector)
        way = f"from {_plants(self.before)} to {_plants(self.after)}"
        if self.held_back:
            return f"{goods}: would move {way} under {reference}, and does not"
        only = f", and not under {reference}" if reference else ""
        return f"{goods}: moves {way}{only}"


def names_firms(run: RunFrames) -> bool:
    """Whether the moves of a run name the firms; those of an earlier version do not."""
    return "firm_ids" in run.tables["moves"]


def movers(run: RunFrames, reference: RunFrames | None) -> list[Mover]:
    """Firms that complete other moves than in the reference, or any where there is none.

    Parameters
    ----------
    run, reference : RunFrames
        Of one seed.

    Returns
    -------
    list of Mover
        Those first that stand for most real firms; none of a run whose moves name no firms.
    """
    mine = _moves(run)
    theirs = {} if reference is None else _moves(reference)
    found = list(_differing(mine, theirs, held_back=False))
    named = {one.firm for one in found}
    found += [one for one in _differing(theirs, mine, held_back=True) if one.firm not in named]
    return sorted(found, key=lambda one: (-one.real_firms, one.firm))


def _plants(config: str) -> str:
    """A set of countries in words: ``the United States and Mexico``."""
    if config == CONFIG_LABELS[NO_PLANT]:
        return "no plant"
    *most, last = (in_sentence(host) for host in config.split("+"))
    return f"{', '.join(most)} and {last}" if most else last


type _Moves = dict[int, list[Mover]]


def _differing(some: _Moves, others: _Moves, *, held_back: bool) -> Iterator[Mover]:
    """The first move of each firm that it does not make among the others."""
    for firm, moves in some.items():
        known = {(one.before, one.after) for one in others.get(firm, ())}
        for one in moves:
            if (one.before, one.after) not in known:
                yield Mover(
                    firm, one.sector, one.before, one.after, one.quarter, held_back, one.real_firms
                )
                break


def _moves(run: RunFrames) -> _Moves:
    """Moves that a run completes, by firm, in the order of time."""
    table = run.tables["moves"]
    if not names_firms(run):
        return {}
    one_a_row = _one_firm_a_row(table)
    decided = one_a_row[one_a_row["stage"] == "announced"]
    decisions: dict[tuple[int, str, str], list[int]] = {}
    for row in decided.itertuples():
        decisions.setdefault((row.firm, row.from_config, row.to_config), []).append(row.quarter)
    found: _Moves = {}
    for row in one_a_row[one_a_row["stage"] == "completed"].itertuples():
        earlier = decisions.get((row.firm, row.from_config, row.to_config), [])
        quarter = max((one for one in earlier if one <= row.quarter), default=row.quarter)
        found.setdefault(row.firm, []).append(
            Mover(
                row.firm, row.sector, row.from_config, row.to_config, int(quarter), False, row.each
            )
        )
    return found


def _one_firm_a_row(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.assign(
        firm=table["firm_ids"].astype(str).str.split(), each=table["weight"] / table["firms"]
    )
    rows = rows.explode("firm").dropna(subset=["firm"])
    return rows.assign(firm=rows["firm"].astype(int)).sort_values("quarter", kind="stable")
