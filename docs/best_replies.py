"""Plays the shipped game anew, and puts what it says into ``docs/how-to/best-replies.md``.

    python docs/best_replies.py
    python docs/best_replies.py GAME

replaces what stands between ``<!-- measured: game -->`` and ``<!-- end -->``, and the picture of
the path; with the file of another game, it prints what would stand there. It takes some minutes.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.fit.estimation_page import with_block
from experiments.labels import in_sentence, with_minus
from experiments.markdown import table
from experiments.replies.game import read_game
from experiments.replies.nash import nash
from experiments.sweeps.work.sweep import Options

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/how-to/best-replies.md"
FIGURE = ROOT / "docs/figures/replies.png"

GAME = "tariffs-and-content"


def played(game: str, folder: Path) -> dict[str, Any]:
    """What a game came to, as `experiments.replies.nash.nash` returns it, kept in a folder."""
    found = nash(read_game(game), folder, Options(quiet=True))
    if found.code:
        raise SystemExit("\n".join(found.lines))
    return found.numbers


def block(numbers: Mapping[str, Any]) -> str:
    """What the page has of a game: how it ended, every move, and the end on fresh seeds.

    Parameters
    ----------
    numbers : mapping
        As ``nash.json`` has them.
    """
    wanted = numbers["objectives"]
    heads = ("turn", "does", *(f"{who}: {one['name']}" for who, one in wanted.items()))
    units = ", ".join(dict.fromkeys(one["unit"] for one in wanted.values()))
    return (
        f"{numbers['sentence']} What each has of it against the start, {units}, with 95% intervals "
        f"over {numbers['seeds']} seeds:\n\n{table(heads, list(_rows(numbers)))}\n"
    )


def _rows(numbers: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    before = numbers["start"]
    for turn in numbers["turns"]:
        if turn["moved"]:
            after = turn["policy"]
            moved = [f"`{key}` = {value:g}" for key, value in after.items() if value != before[key]]
            who = in_sentence(turn["government"])
            yield (f"{turn['round']}, {who}", ", ".join(moved) or "nothing that holds",
                   *_gains(numbers, turn["gain_over_the_start"]))  # fmt: skip
            before = after
    yield ("the end", "on fresh seeds", *_gains(numbers, numbers["gain_on_fresh_seeds"]))


def _gains(numbers: Mapping[str, Any], gains: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for government, wanted in numbers["objectives"].items():
        digits = 0 if wanted["unit"] == "persons" else 2
        gain = gains[government]
        mean = with_minus(f"{gain['mean']:+,.{digits}f}")
        low, high = (with_minus(f"{gain[end]:,.{digits}f}") for end in ("low", "high"))
        yield f"{mean} ({low} to {high})"


def main(asked: str | None) -> None:
    """Rewrite the page and its picture, or print what another game says."""
    with TemporaryDirectory() as place:
        folder = Path(place, "nash")
        text = block(played(asked or GAME, folder))
        if asked is not None:
            sys.stdout.write(text)
            return
        FIGURE.write_bytes((folder / "path.png").read_bytes())
    PAGE.write_text(with_block(PAGE.read_text("utf-8"), "measured: game", text), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
