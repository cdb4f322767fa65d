"""Whole runs handled as one thing: put away, doubled, or held still in part."""
