"""Compiled twins of mathematics that is irregular from firm to firm; needs numba."""
