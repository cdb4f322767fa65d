"""What the program ends with: one number a kind of end, told in ``docs/command-line.md``."""

ALL_DONE = 0
WRONG_INSTALLATION = 1
"""Packages that do not fit together; also what Python itself ends with on a fault of ours."""

BAD_INPUT = 2
SOME_FAILED = 3
DAMAGED_OR_LOCKED = 4
RESUME_ME = 75
"""Stopped at a limit, as ``EX_TEMPFAIL`` of ``sysexits.h``: the same again goes on."""

INTERRUPTED = 130
"""As shells tell a program that Ctrl-C ended."""

NOBODY_READS = 141
"""As shells tell a program that wrote into a pipe which was closed, such as one to ``head``."""
