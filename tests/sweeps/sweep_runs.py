"""Runs of sweeps that cost nothing, and some that go wrong as real ones do."""

import os
import random
import signal
import sys
import time
from pathlib import Path

SWEEP = """
scenario = "status-quo"
firms = 10
quarters = 1
replications = {replications}
[factors]
"firms.build_cost" = {costs}
"""


def write_sweep(folder, *, replications=5, costs=(0.1, 0.2, 0.3, 0.4), more=""):
    """Write a sweep file and return its path."""
    path = Path(folder) / "small.toml"
    path.write_text(SWEEP.format(replications=replications, costs=list(costs)) + more)
    return path


def cost(spec):
    return dict(spec.values)["firms.build_cost"]


def outcome(spec):
    luck = random.Random(spec.seed)
    return {
        "profit": 10 * cost(spec) ** 2 + luck.gauss(),
        "profit.change": luck.random(),
        "share": None if spec.seed % 7 == 0 else luck.random(),
    }


def trivial(spec, scenario):
    assert scenario.count("regional_value_content") > 0
    return outcome(spec)


def process(spec, scenario):
    """Tells which process it is carried out in."""
    return {"profit": float(os.getpid())}


def slow(spec, scenario):
    time.sleep(0.02)
    return outcome(spec)


def busy(spec, scenario):
    """Takes a tenth of a second of processor time, as a small run does."""
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    return outcome(spec)


def raises(spec, scenario):
    """Fails at one cost."""
    if cost(spec) == 0.2:
        raise ValueError("no plant costs <b>0.2</b>")
    return outcome(spec)


def raises_first(spec, scenario):
    raise ZeroDivisionError("always")


def hangs(spec, scenario):
    if cost(spec) == 0.2:
        time.sleep(600)
    return outcome(spec)


def takes_memory(spec, scenario):
    if cost(spec) == 0.2:
        held = bytearray(8 * 2**30)
        held[::4096] = b"x" * len(held[::4096])
    return outcome(spec)


def crashes(spec, scenario):
    """Ends its own process, by a fault of a library as it were."""
    if cost(spec) == 0.2:
        os.kill(os.getpid(), signal.SIGSEGV)
    return outcome(spec)


def crashes_once(spec, scenario):
    """Ends its process the first time it is asked, for each seed."""
    mark = Path(os.environ["MARKS"]) / f"{spec.seed}-{cost(spec)}"
    if cost(spec) == 0.2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(spec)


def raises_unless_mended(spec, scenario):
    if cost(spec) == 0.2 and not (Path(os.environ["MARKS"]) / "mended").exists():
        raise ValueError("not mended yet")
    return outcome(spec)


def not_a_number(spec, scenario):
    return {"profit": "many"}


def infinite(spec, scenario):
    return {"profit": float("inf")}


def bent(spec, scenario):
    """A model of two parameters that is nearly linear in them."""
    values = dict(spec.values)
    a, b = values["firms.build_cost"], values["firms.closure_cost"]
    luck = random.Random(spec.seed)
    return {
        "sum": a + b + 0.01 * luck.gauss(),
        "gap": a - b + 0.01 * luck.gauss(),
        "product": a * b,
        "twice": 2 * (a + b),
    }


def noisy(spec, scenario):
    """The same with luck that differs from point to point, as where single firms are large."""
    luck = random.Random(f"{spec.values} {spec.seed}")
    return {name: value + 0.1 * luck.gauss() for name, value in bent(spec, scenario).items()}


def bent_until_stopped(spec, scenario):
    """The same, but it asks the program that runs it to stop once."""
    mark = Path(os.environ["MARKS"]) / "stopped"
    if len(list(mark.parent.iterdir())) == 30 and not mark.exists():
        mark.touch()
        os.kill(int(os.environ["MAIN"]), signal.SIGTERM)
        time.sleep(60)
    (mark.parent / f"{spec.run}").touch()
    return bent(spec, scenario)


def claims(spec, scenario):
    """The relocation model, and of its outcomes claims alone."""
    from abm.worlds.twin import twin
    from experiments.outcomes.quantities import preference_utilisation
    from experiments.sweeps.design.plan import resolved_scenario
    from experiments.sweeps.workers.base_years import base_year

    resolved = resolved_scenario(scenario, spec)
    model = twin(base_year(resolved.firms, resolved.economy, spec.firms, spec.seed), resolved)
    model.run_for(spec.quarters)
    return {"claims": float(preference_utilisation(model.frames()["trade"])["all"].iloc[-1])}


def main(words=None):
    """Carry out a sweep as a program of its own: FILE, DIR, name of a function, options."""
    from experiments.sweeps.work.sweep import Options, run_sweep

    file, folder, name, seconds, *words = words or sys.argv[1:]
    options = Options(
        workers=2, resume="resume" in words, flush_seconds=float(seconds), quiet="quiet" in words
    )
    from abm.errors import NearshoreError

    try:
        result = run_sweep(file, Path(folder), options, run_one=globals()[name])
    except NearshoreError as error:
        print(error, file=sys.stderr)
        sys.exit(4)
    print(result.done, result.failed, result.left, *result.notes)
    sys.exit(result.code)
