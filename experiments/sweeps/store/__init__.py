"""Where a sweep keeps its results: log, parts, merging and reading."""
