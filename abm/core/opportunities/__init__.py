"""Opportunities to build: which are used, which are held on to, and what waiting is worth."""
