"""Faults by the thousand: schedules drawn from a seed, carried out, resumed and read.

``python -m tests.faults`` carries them out; `tests.faults.campaign` says what a schedule is.
"""
