"""Audit of a user's conclusions: which of them survive other seeds, firms and assumptions."""
