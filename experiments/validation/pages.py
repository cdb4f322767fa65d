"""The report of validation as data, as a page of HTML and as a page of the documentation."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from experiments.markdown import table
from experiments.outcomes.estimates import Estimate, expectation
from experiments.validation.finding import Row
from experiments.validation.pictures import picture
from experiments.validation.sections import Section


@dataclass(frozen=True)
class ValidationReport:
    """Everything a validation found.

    Attributes
    ----------
    rows : list of Row
    sections : list of Section
    firms, seeds : int
        Size of every run, and how many.
    notes : list of str
        What the reader must know of runs that broke down.
    """

    rows: list[Row]
    sections: list[Section]
    firms: int
    seeds: int
    notes: list[str]

    @property
    def introduction(self) -> str:
        """Where the page comes from, and the count of verdicts."""
        counts = dict.fromkeys(("holds", "fails", "not testable"), 0)
        for row in self.rows:
            counts[row.verdict] += 1
        told = f"{counts['holds']} hold and {counts['fails']} fail"
        if counts["not testable"]:
            told += f"; {counts['not testable']} cannot be tested"
        broken = f" {' '.join(self.notes)}" if self.notes else ""
        apart = ""
        if self.sections:
            apart = " What was fitted, or may have been, stands below under heads that say so."
        return (
            f"Published findings against the model: {told}. Written by nearshore validate:"
            f" {self.seeds} seeds of {self.firms:,} firms, scenarios paired by seed, t intervals of"
            " 95% over seeds. A rule was written before its result was looked at, and the whole"
            " interval must lie where the rule says; a finding that fails is left failing."
            f"{apart}{broken}"
        )

    def data(self) -> list[dict[str, Any]]:
        """One object a finding, as ``validation.json`` holds them."""
        return [
            {
                "id": row.id,
                "claim": row.claim,
                "source": row.source,
                "expected": row.expected,
                "design": row.design,
                "rule": row.rule,
                "model": row.model,
                "interval": [_data(each) for each in row.estimates],
                "verdict": row.verdict,
                "why": row.why,
            }
            for row in self.rows
        ]

    def html(self) -> str:
        """A page that needs no network."""
        environment = Environment(autoescape=True, undefined=StrictUndefined)
        text = (files("experiments.validation") / "report.html.j2").read_text(encoding="utf-8")
        # Pictures are built as XML, which escapes what they quote.
        pictures = {row.id: Markup(picture(row)) for row in self.rows}
        page: str = environment.from_string(text).render(
            introduction=self.introduction,
            rows=self.rows,
            sections=self.sections,
            pictures=pictures,
        )
        return page

    def markdown(self) -> str:
        """The same as ``docs/validation.md``, without pictures."""
        heads = ("Finding", "Claim", "Expected", "Model, mean and 95% interval", "Verdict")
        verdicts = [(r.id, r.claim, r.expected, r.judged, r.verdict) for r in self.rows]
        parts = ["# Validation", self.introduction, table(heads, verdicts)]
        for row in self.rows:
            numbers = [
                (each.label.rstrip(","), each.text, _expected(each), _published(each))
                for each in row.estimates
            ]
            parts += [
                f"## {row.id}: {row.verdict}",
                f"{row.claim}. *{row.source}*",
                f"**Design.** {row.design}",
                f"**Rule.** {row.rule}",
                table(("", "Model", "Expected", "Published"), numbers),
                f"**Why.** {row.why}",
            ]
        for section in self.sections:
            parts += [f"## {section.title}", *section.paragraphs]
            parts.append(table(section.columns, section.rows))
        return "\n\n".join(part for part in parts if part) + "\n"


def _data(each: Estimate) -> dict[str, Any]:
    return {
        "label": each.label.rstrip(","),
        "unit": each.unit.strip(),
        "mean": each.mean,
        "low": each.low,
        "high": each.high,
        "expected": _expected(each) or None,
        "published": each.published,
        "agrees": None if each.expected is None else each.agrees,
    }


def _expected(each: Estimate) -> str:
    return "" if each.expected is None else expectation(each.expected)


def _published(each: Estimate) -> str:
    return "" if each.published is None else f"{each.published:g}".replace("-", "\N{MINUS SIGN}")
