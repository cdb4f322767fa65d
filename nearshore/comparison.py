"""A comparison of two scenarios as a notebook has it: a summary, tables, figures, one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from experiments.brief.brief_page import brief_page, write_brief
from experiments.brief.sentences import sentences
from experiments.outcomes.summary import entries
from experiments.runs.runner import RunResult, find_figures


@dataclass(frozen=True)
class Drawing:
    """A figure that was drawn.

    Attributes
    ----------
    name : str
    svg : str
        As a browser and a notebook show it.
    png : bytes
        Two pixels a point.
    """

    name: str
    svg: str
    png: bytes

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Drawing({self.name})"

    def save(self, path: str | Path) -> None:
        """Write it, as SVG or PNG by the end of the name.

        Raises
        ------
        ValueError
            If the name ends otherwise.
        """
        kind = Path(path).suffix.lower()
        if kind not in (".svg", ".png"):
            raise ValueError(f"{path}: a picture is kept as .svg or .png")
        Path(path).write_bytes(self.png if kind == ".png" else self.svg.encode())


@dataclass(frozen=True)
class Brief:
    """The answer of a comparison on one page.

    Attributes
    ----------
    sentences : list of str
        What changed, for whom, how sure that is, and what was assumed.
    html : str
        The whole page; it needs no network.
    """

    sentences: list[str]
    html: str
    _result: RunResult

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        # In a frame of its own, since the page's style would change the notebook's.
        frame = "width: 100%; height: 40em; border: 1px solid #8884"
        return f'<iframe style="{frame}" title="Brief" srcdoc="{escape(self.html)}"></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page, as HTML, or as PDF where a browser is found.

        Raises
        ------
        OutputError
            If the name ends otherwise, or it cannot be written.
        """
        write_brief(self._result, Path(path))


@dataclass(frozen=True, eq=False)
class PolicyComparison:
    """Two scenarios that differ by policy alone, seed by seed.

    Attributes
    ----------
    result : RunResult
        Of the first seed, with what the others say.
    tables : dict of str to pandas.DataFrame
        Those of `docs/outputs.md`, rows of all runs under one another, with the columns
        ``seed`` and ``scenario`` in front; and ``headlines``, a row a seed and headline: its
        ``unit``, what it is at the ``end`` of the scenario, and the ``difference`` from the
        reference, NaN for a share of nothing.
    """

    result: RunResult
    tables: dict[str, pd.DataFrame]

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row a headline, in index ``headline``.

        Columns are ``unit``; ``run`` and ``reference``, the means over seeds at the end;
        ``difference``, the mean of the paired differences; ``low`` and ``high``, its 95%
        interval; and ``told``, whether that leaves zero outside. With one seed there is no
        interval, and nothing is told.
        """
        rows = []
        for names, entry in entries(self.result.summary):
            found = entry.get("over_seeds")
            rows.append({"headline": ".".join(names), "unit": entry["unit"], **_ends(entry, found)})
        return pd.DataFrame(rows).set_index("headline")

    @cached_property
    def figures(self) -> Mapping[str, Drawing]:
        """Every figure by name, drawn when first asked for."""
        draw = find_figures()
        given = {} if self.result.seeds is None else {"seeds": self.result.seeds}
        with TemporaryDirectory() as folder:
            draw(self.result.run, self.result.reference, Path(folder), **given)
            return {
                path.stem: Drawing(
                    path.stem,
                    path.read_text(encoding="utf-8"),
                    path.with_suffix(".png").read_bytes(),
                )
                for path in sorted(Path(folder).glob("*.svg"))
            }

    def brief(self) -> Brief:
        """Return the answer on one page, with how sure it is and who moved."""
        return Brief(sentences(self.result), brief_page(self.result), self.result)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the pairs of runs."""
        found = self.result.seeds
        return (self.result.seed,) if found is None else found.seeds

    def __repr__(self) -> str:
        assert self.result.reference is not None
        run, other = self.result.run, self.result.reference
        numbers = ", ".join(map(str, self.seeds))
        return (
            f"PolicyComparison({run.name} against {other.name}, quarter {run.quarters},"
            f" {self.result.firms:,} firms, seed{'s' * (len(self.seeds) > 1)} {numbers})"
        )

    def _repr_html_(self) -> str:
        """Return the answer in sentences, and the headlines that can be told from luck."""
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(self.result))
        told = self.summary[self.summary["told"]]
        table = (
            told.drop(columns="told").to_html(float_format="{:,.4g}".format) if len(told) else ""
        )
        return f"<div><strong>{escape(repr(self))}</strong>{said}{table}</div>"


def _ends(entry: Mapping[str, object], found: Mapping[str, object] | None) -> dict[str, object]:
    """A headline at the end, over all seeds or of the only one."""
    nothing = float("nan")
    if found is not None:
        kept = ("run", "reference", "difference", "low", "high", "told")
        return {name: found[name] for name in kept}
    end, difference = (
        nothing if (value := entry[name]) is None else float(value)  # type: ignore[arg-type]
        for name in ("end", "difference")
    )
    return {
        "run": end,
        "reference": end - difference,
        "difference": difference,
        "low": nothing,
        "high": nothing,
        "told": False,
    }
