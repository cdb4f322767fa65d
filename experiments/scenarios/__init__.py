"""Scenario files, and what reads, changes and tells them."""
