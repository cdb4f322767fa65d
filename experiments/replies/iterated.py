"""Replies upon replies: each government in turn does what is best given the others, round by round.

A government moves only if its best reply can be told from staying where it is. Where it moves, it
moves as few of its levers as it can: of the policies that cannot be told from the best, it takes
those that leave most levers where they are, and the best of these. So no lever moves on luck. Where
nobody moves in a whole round, all stand at policies that cannot be told from their best replies: a
Nash equilibrium within the noise of the search, among the policies that may be chosen. What a
government does follows from where all stand, so that once all stand where they stood after an
earlier round, everything comes again: a cycle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from experiments.labels import in_sentence
from experiments.outcomes.intervals import interval
from experiments.replies.game import Game, Profile
from experiments.replies.kept_runs import PolicyRuns, place_of
from experiments.replies.replying import of_judgement, searched
from experiments.replies.told_apart import Choice, Judgement

AT_REST, CYCLE, NEITHER = "settled", "cycle", "neither"


@dataclass(frozen=True)
class ReplyTurn:
    """What one government did when it was its turn.

    Attributes
    ----------
    round : int
        From 1.
    government : str
    moved : bool
    complete : bool
        Whether no neighbour of its best reply was left that was not judged.
    profile : dict of str to tuple of float
        What all do after it.
    reply : dict
        As `experiments.replies.replying.of_judgement` returns it.
    """

    round: int
    government: str
    moved: bool
    complete: bool
    profile: Profile
    reply: dict[str, Any]


@dataclass(frozen=True)
class PathOfReplies:
    """All turns in their order, and how they ended.

    Attributes
    ----------
    turns : list of ReplyTurn
    verdict : str
        `AT_REST`, `CYCLE` or `NEITHER`.
    since : int
        Of a cycle: the round after which all stood where they stand at the end; 0 for the start.
    """

    turns: list[ReplyTurn]
    verdict: str
    since: int

    @property
    def rounds(self) -> int:
        """How many there were."""
        return self.turns[-1].round

    @property
    def end(self) -> Profile:
        """What all do at the end."""
        return self.turns[-1].profile


def iterate(
    game: Game, runs: PolicyRuns, tell: Callable[[ReplyTurn], None] = lambda turn: None
) -> PathOfReplies:
    """Let governments reply in turn until they settle, come round again, or rounds are used up.

    Parameters
    ----------
    game : Game
    runs : PolicyRuns
    tell : callable
        Is told of every turn.
    """
    profile, turns = game.first_profile, []
    seen = [profile]
    for number in range(1, game.file.rounds + 1):
        this_round = []
        for government in game.governments:
            turn = _turn(game, runs, number, government, profile)
            tell(turn)
            this_round.append(turn)
            profile = turn.profile
        turns += this_round
        if not any(turn.moved for turn in this_round):
            return PathOfReplies(turns, AT_REST, number)
        if profile in seen:
            return PathOfReplies(turns, CYCLE, seen.index(profile))
        seen.append(profile)
    return PathOfReplies(turns, NEITHER, game.file.rounds)


def _turn(
    game: Game, runs: PolicyRuns, number: int, government: str, profile: Profile
) -> ReplyTurn:
    judgement, complete = searched(game, government, profile, runs)
    stays = bool(judgement.alike[judgement.choices.index(profile[government])])
    after = profile if stays else {**profile, government: _taken(judgement, profile[government])}
    reply = of_judgement(game, government, judgement)
    return ReplyTurn(number, government, not stays, complete, after, reply)


def _taken(judgement: Judgement, present: Choice) -> Choice:
    """Return the policy like the best that moves the fewest levers; the best of those there are."""
    alike = [place for place, same in enumerate(judgement.alike) if same]

    def moves(place: int) -> int:
        pairs = zip(judgement.choices[place], present, strict=True)
        return sum(new != old for new, old in pairs)

    return judgement.choices[min(alike, key=lambda at: (moves(at), -judgement.means[at]))]


def as_numbers(game: Game, runs: PolicyRuns, path: PathOfReplies) -> dict[str, Any]:
    """Return a path as JSON can say it: every turn, and what it came to for all who act.

    Differences from the start are means over the seeds of the search, with 95% intervals.
    """
    policies = [game.policy(turn.profile) for turn in path.turns]
    start, *after = runs.at([game.start, *policies])
    turns = []
    for turn, policy, outcomes in zip(path.turns, policies, after, strict=True):
        gains = {}
        for government in game.governments:
            gain = interval((outcomes - start)[:, place_of(game, government)])
            gains[government] = {"mean": gain.mean, "low": gain.low, "high": gain.high}
        turns.append(
            {
                "round": turn.round,
                "government": turn.government,
                "moved": turn.moved,
                "complete": turn.complete,
                "policy": policy,
                "choices": _choices(game, turn.profile),
                "gain_over_the_start": gains,
                "best": turn.reply["best"],
                "like_the_best": turn.reply["like_the_best"],
                "judged": turn.reply["judged"],
                "possible": turn.reply["possible"],
            }
        )
    owners = {lever.key: lever.owner or "common" for lever in game.levers}
    return {
        "owners": owners,
        "common": game.file.common,
        "verdict": path.verdict,
        "sentence": sentence(path),
        "rounds": path.rounds,
        "since": path.since,
        "end": policies[-1],
        "turns": turns,
    }


def _choices(game: Game, profile: Profile) -> dict[str, dict[str, float]]:
    """Return what each government does or asks for, by lever."""
    return {
        government: dict(
            zip((lever.key for lever in game.levers_of(government)), choice, strict=True)
        )
        for government, choice in profile.items()
    }


def sentence(path: PathOfReplies) -> str:
    """Return in words whether the replies settled."""
    if path.verdict == AT_REST:
        when = "at once" if path.rounds == 1 else f"in round {path.rounds}"
        return (
            f"The replies settled {when}: no government can be told to gain by another of the "
            "policies judged, given the others'."
        )
    if path.verdict == CYCLE:
        length = path.rounds - path.since
        before = f"after round {path.since}" if path.since else "at the start"
        return (
            f"The replies go round in a cycle of {length} round{'s' * (length > 1)}: after round "
            f"{path.rounds} all stand where they stood {before}."
        )
    last = [turn for turn in path.turns if turn.moved][-1]
    return (
        f"The replies neither settled in {path.rounds} round{'s' * (path.rounds > 1)} nor came "
        f"back to where they had been; the last to move was {in_sentence(last.government)}."
    )
