"""Settings every test shares; that warnings are errors stands in pyproject.toml."""

import os

from hypothesis import settings

# Pictures are drawn to files, also where a screen is at hand.
os.environ.setdefault("MPLBACKEND", "Agg")

# Tests run side by side; small models are no faster for threads that wait for each other.
os.environ.setdefault("NEARSHORE_THREADS", "1")

# No deadline: a slow machine is not a wrong result.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
