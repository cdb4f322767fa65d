"""What governments did in plain words, one line a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from abm.axes import REGIONS, SECTORS
from abm.config.keys import keys_of
from abm.policy.regime import Instruments
from abm.scenario.levers import TITLE
from experiments.labels import REGION_NAMES, in_sentence, sector_in_sentence
from experiments.scenarios.acts import date_of, is_done, title_of

LISTED = 3
"""Changes of one decision that are told; of more, how many."""


@dataclass(frozen=True)
class Decision:
    """A decision of one or several governments.

    Attributes
    ----------
    quarter : int
        In which it was announced, or took effect.
    text : str
        A sentence without a full stop.
    """

    quarter: int
    text: str


def decisions(events: Sequence[dict[str, Any]]) -> list[Decision]:
    """The decisions behind rows of the table of events, in their order."""
    found = []
    for (quarter, actor, reason), rows in groupby(
        events, key=lambda event: (event["quarter"], event["actor"], event["reason"])
    ):
        who = _joined([REGION_NAMES.get(name, name) for name in str(actor).split("+")])
        said = Decision(int(quarter), _sentence(who, str(reason), list(rows)))
        if said not in found:
            found.append(said)
    return found


def _sentence(who: str, reason: str, rows: list[dict[str, Any]]) -> str:
    title, done = title_of(reason), is_done(reason)
    several = " and " in who
    if title == TITLE:
        return f"{who} {_joined(_deeds(rows, done, several))}{_when(reason)}"
    if done:
        return f"{who}, in force: {title}"
    return f"{who} announce{'' if several else 's'}{_when(reason)}: {title}"


def _when(reason: str) -> str:
    day = date_of(reason)
    return f" for {date.fromisoformat(day):%B %Y}" if day else ""


def _deeds(rows: list[dict[str, Any]], done: bool, several: bool) -> list[str]:
    """What is done, each with its verb."""
    s = "" if several else "s"
    threat = {row["instrument"]: row for row in rows if row["instrument"].startswith("threat.")}
    found = [_threat(threat, s)] if threat else []
    rest = [row for row in rows if row["instrument"] not in threat]
    deeds = [_deed(row, done, s) for row in rest]
    if len(deeds) > LISTED:
        deeds = [*deeds[:LISTED], f"change{s} {len(deeds) - LISTED} rules more"]
    return found + deeds


def _threat(rows: dict[str, dict[str, Any]], s: str) -> str:
    def new(key: str) -> str:
        return str(rows.get(f"threat.{key}", {}).get("new", ""))

    if new("standing") == "no" or new("withdrawn") not in ("", "none"):
        return f"withdraw{s} the threat"
    if new("standing") == "yes":
        what = "border tax" if new("instrument") == "border_tax" else "duty"
        named = [name for name in new("origins").replace(" ", "").split(",") if name in REGIONS]
        whom = f" on {_joined([in_sentence(name) for name in named])}" if named else ""
        return f"threaten{s} {_article(_percent(new('rate')))} {what}{whom}"
    if new("imposed") == "always":
        return f"carr{'ies' if s else 'y'} out the threat"
    return f"change{s} the terms of the threat"


def _deed(row: dict[str, Any], done: bool, s: str) -> str:
    parts, new, old = row["instrument"].split("."), str(row["new"]), str(row["old"])
    if parts[:2] == ["tariffs", "special"] and len(parts) == 5:
        whom = "every country" if parts[3] == "all" else in_sentence(parts[3])
        goods = "" if parts[4] == "all" else f"{sector_in_sentence(parts[4])} of "
        if new in ("none", "0"):
            return f"lift{s} the duty on {goods}{whom}"
        verb = "impose" if done else "announce"
        return f"{verb}{s} {_article(_percent(new))} duty on {goods}{whom}"
    if row["instrument"] == "tariffs.special_waived_for_originating":
        spared = f"exempt{s} goods that claim origin from special duties"
        return (
            spared if new == "yes" else f"charge{s} special duties on goods that claim origin, too"
        )
    return f"change{s} {_named(parts)} from {_value(parts, old)} to {_value(parts, new)}"


def _named(parts: list[str]) -> str:
    """What a dotted key is about."""
    words = [part.replace("_", " ") for part in parts[1:] if part not in (*REGIONS, *SECTORS)]
    words = [word for word in words if word != "all"] or [parts[0].replace("_", " ")]
    whose = [in_sentence(part) if part in REGIONS else sector_in_sentence(part)
             for part in parts if part in (*REGIONS, *SECTORS)]  # fmt: skip
    return " ".join(words) + (f" ({', '.join(whose)})" if whose else "")


def _value(parts: list[str], text: str) -> str:
    unit = keys_of(Instruments).about(tuple(parts), "unit")
    share = unit.startswith(("ad valorem", "share", "probability"))
    return _percent(text) if share else "nothing" if text == "none" else text


def _percent(text: str) -> str:
    try:
        return f"{100 * float(text):.4g}%"
    except ValueError:
        return "nothing" if text == "none" else text


def _article(number: str) -> str:
    """The number behind a or an, as it is read aloud."""
    vowel = number.startswith(("8", "11", "18"))
    return f"{'an' if vowel and not number.startswith(('110', '111', '180')) else 'a'} {number}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"
