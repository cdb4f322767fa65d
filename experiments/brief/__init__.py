"""The answer of a run on one page: sentences, figures with intervals, who moved, caveats."""
