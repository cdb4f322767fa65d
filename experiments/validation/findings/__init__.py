"""One published finding a file; each ends in ``FINDING``."""
