"""Sweeps that run in programs of their own, to be killed and asked to stop."""

import multiprocessing
import time

import sweep_runs

FORKS = multiprocessing.get_context("forkserver")
# A program that has loaded everything: starting one takes no second, however often.
FORKS.set_forkserver_preload(["sweep_runs", "experiments.sweeps.work.sweep"])


def start(file, out, *, resume=False, run_one="slow", flush=0.05):
    """Carry out a sweep in a program of its own."""
    words = [str(file), str(out), run_one, str(flush), "quiet"] + ["resume"] * resume
    process = FORKS.Process(target=sweep_runs.main, args=(words,))
    process.start()
    return process


def wait_for_log(out, process, seconds=60):
    """Wait until a session's first result is in the log."""
    log, until = out / "log" / "main.jsonl", time.monotonic() + seconds
    known = log.stat().st_size if log.exists() else 0
    while process.is_alive() and time.monotonic() < until:
        if log.exists() and log.stat().st_size > known:
            return
        time.sleep(0.01)
