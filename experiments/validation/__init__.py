"""Published findings against the model: each a design, a rule and a verdict.

``findings/`` holds one finding a file; :mod:`experiments.validation.registry` lists
them. A rule is written down before the result is looked at, and a finding that
fails stays failed.
"""
