"""Writes the parts of the documentation that follow from the code.

    python docs/generate.py

A block in a page begins with ``<!-- generated: NAME -->`` and ends with
``<!-- end -->``; what stands between is replaced by what the function of that name
in ``docs/blocks`` returns. A test holds the pages to be current.
"""

import re
from collections.abc import Callable
from pathlib import Path

from docs.blocks.figures import collected_rates, law_acts, law_ranges, lines, transport_split
from docs.blocks.model import (
    ROOT,
    columns_of,
    constants,
    house,
    policy_arrays,
    schedule,
    state_variables,
)
from docs.blocks.parameters import (
    economy_parameters,
    firm_parameters,
    plant_sets,
    policy_parameters,
    scenarios,
    sector_parameters,
    thresholds,
)
from experiments.fit.estimation_page import found_text, split_table, targets_table
from experiments.outcomes.tables import EVERY_TABLE

GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)

BLOCKS: dict[str, Callable[[], str]] = {
    **{
        block.__name__: block
        for block in (
            schedule,
            state_variables,
            policy_arrays,
            constants,
            house,
            firm_parameters,
            economy_parameters,
            policy_parameters,
            thresholds,
            sector_parameters,
            plant_sets,
            scenarios,
            collected_rates,
            transport_split,
            law_acts,
            law_ranges,
            lines,
        )
    },
    **{f"{name}_columns": columns_of(name) for name in EVERY_TABLE},
    "estimation_targets": targets_table,
    "estimation_split": split_table,
    "estimation_found": found_text,
}


def pages() -> list[Path]:
    """Every page of the documentation, at the root or in ``docs``."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])


def rewritten(page: str) -> str:
    """A page with every generated block as the code has it now."""
    return GENERATED.sub(lambda found: f"{found[1]}{BLOCKS[found['name']]()}\n{found[3]}", page)


def main() -> None:
    """Rewrite all pages, and print those that changed."""
    for path in pages():
        before = path.read_text(encoding="utf-8")
        after = rewritten(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
