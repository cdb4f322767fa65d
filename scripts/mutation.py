"""Change the model in many small ways and count how many changes the tests notice.

``make mutation`` runs it. Cosmic Ray makes the changes, one at a time, in a copy of the project;
for each, the fast tests of the room that is changed are run until one fails. A sample of all
changes is drawn with a seed, and as many of it as the time allows are tried.
"""

import argparse
import random
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).parents[1]

SOLUTIONS = "tests/verification/known_solutions"

ROOMS = {
    "abm/core/choice": (
        "tests/unit/abm/location/test_beliefs.py",
        "tests/unit/abm/location/test_location.py",
        "tests/property/test_location_properties.py",
        f"{SOLUTIONS}/test_location_against_dynamic_programming.py",
        f"{SOLUTIONS}/test_net_present_value.py",
        "tests/verification/location/test_dated_values_against_dynamic_programming.py",
    ),
    "abm/core/demand": (
        "tests/unit/abm/test_customers.py",
        "tests/property/test_claim_properties.py",
        "tests/property/test_market_properties.py",
        "tests/property/test_customer_properties.py",
        "tests/verification/location/test_moved_plants_take_their_output_along.py",
    ),
    "abm/core/opportunities": (
        f"{SOLUTIONS}/test_opportunities_against_closed_forms.py",
        "tests/verification/test_opportunities_are_drawn_as_expected.py",
    ),
    "abm/core/inputs": (
        "tests/unit/abm/test_contracts.py",
        "tests/unit/test_held_wedges.py",
        f"{SOLUTIONS}/test_wedge_against_slsqp.py",
        f"{SOLUTIONS}/test_origin_rules_against_slsqp.py",
        f"{SOLUTIONS}/test_sourcing_against_exact_hat.py",
        "tests/property/test_content_rule_properties.py",
    ),
    "abm/trade": (
        "tests/unit/abm/test_duties.py",
        "tests/unit/abm/test_network.py",
        "tests/unit/abm/test_trade_margins.py",
        "tests/verification/trade/test_duties_fall_on_customs_value.py",
        "tests/verification/trade/test_a_part_of_goods_can_qualify.py",
        "tests/verification/trade/test_firms_under_contract.py",
    ),
    "abm/location": (
        "tests/unit/abm/location/test_plant_changes.py",
        "tests/unit/abm/location/test_money_of_moves.py",
        "tests/unit/abm/location/test_held_plants.py",
        "tests/verification/location/test_investment_in_stages.py",
        "tests/verification/location/test_threats_and_withdrawal.py",
    ),
}
"""What is changed, and the tests that are to notice, quickest first."""

YESTERDAY = "tests/regression/test_numbers_are_yesterdays.py"
"""Of last resort, one scenario of it: whether any number of a whole run moves."""

COPIED = ("abm", "agents", "nearshore", "experiments", "viz", "benchmarks", "tests", "docs")

TEST_SECONDS = 120.0
"""After which a changed core is taken not to come to an end, which counts as noticed."""


def main() -> int:
    """Try a sample of changes, room by room, and print the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of time, for all rooms")
    parser.add_argument("--sample", type=int, default=150, help="changes of each room at most")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    asked = parser.parse_args()
    until = time.monotonic() + 60 * asked.minutes
    with TemporaryDirectory() as place:
        copy = Path(place)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "Makefile"):
            shutil.copy(ROOT / name, copy)
        total: Counter[str] = Counter()
        for number, room in enumerate(ROOMS):
            share = (until - time.monotonic()) / (len(ROOMS) - number)
            total += _try_room(copy, room, asked.sample, asked.seed, time.monotonic() + share)
    print(_scored("all", total))
    return 0


def _try_room(copy: Path, room: str, sample: int, seed: int, until: float) -> Counter[str]:
    """Try changes of one room until a time, and print those that nothing noticed."""
    _must_pass(copy, room)
    session, config = copy / "session.sqlite", copy / "session.toml"
    config.write_text(_config(room))
    session.unlink(missing_ok=True)
    subprocess.run(["cosmic-ray", "init", config.name, session.name], cwd=copy, check=True)
    possible = _draw_sample(session, sample, seed)
    words = ["cosmic-ray", "exec", config.name, session.name]
    work = subprocess.Popen(words, cwd=copy)
    try:
        work.wait(timeout=max(until - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired:
        work.terminate()
        work.wait()
    shutil.rmtree(copy / room)  # one change may be in it still
    shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    count = _told(session)
    count["possible"] = possible
    print(_scored(room, count), flush=True)
    return count


def _must_pass(copy: Path, room: str) -> None:
    """Stop where the tests fail with nothing changed, and would seem to notice every change."""
    if subprocess.run(shlex.split(_test_command(room)), cwd=copy, stdout=sys.stderr).returncode:
        sys.exit(f"{room}: its tests fail with nothing changed")


def _test_command(room: str) -> str:
    python = f"{sys.executable} -m pytest -x -q -p no:cacheprovider --no-header"
    tests = " ".join(ROOMS[room])
    command = f"{python} {tests} && {python} {YESTERDAY} -k blanket-25"
    return f"env CI=1 HYPOTHESIS_EXAMPLES=15 NEARSHORE_THREADS=1 sh -c '{command}'"


def _config(room: str) -> str:
    return f"""[cosmic-ray]
module-path = "{room}"
timeout = {TEST_SECONDS}
excluded-modules = []
test-command = "{_test_command(room)}"

[cosmic-ray.distributor]
name = "local"
"""


def _draw_sample(session: Path, sample: int, seed: int) -> int:
    """Skip all changes but a sample; return how many there could be."""
    with use_db(session, WorkDB.Mode.open) as database:
        known = sorted(
            (item for item in database.work_items if not _is_of_words(item)),
            key=lambda item: str(item.mutations),
        )
        drawn = random.Random(seed).sample(known, min(sample, len(known)))
        chosen = {item.job_id for item in drawn}
        skipped = WorkResult(WorkerOutcome.SKIPPED)
        others = (item.job_id for item in database.work_items if item.job_id not in chosen)
        database.set_multiple_results(list(others), skipped)
    return len(known)


def _is_of_words(item: object) -> bool:
    """Whether a change is of an annotation, such as ``int | None``, which nothing carries out."""
    (mutation,) = item.mutations
    lines = (ROOT / mutation.module_path).read_text().splitlines()
    line = lines[mutation.start_pos[0] - 1]
    return "BinaryOperator_BitOr" in mutation.operator_name and "None" in line


def _told(session: Path) -> Counter[str]:
    """Count outcomes, and print every change that nothing noticed."""
    count: Counter[str] = Counter()
    with use_db(session, WorkDB.Mode.open) as database:
        items = {item.job_id: item for item in database.work_items}
        for job, result in database.results:
            if result.worker_outcome is WorkerOutcome.SKIPPED:
                continue
            outcome = result.test_outcome
            count["survived" if outcome is TestOutcome.SURVIVED else "killed"] += 1
            if outcome is TestOutcome.SURVIVED:
                (mutation,) = items[job].mutations
                print(f"{mutation.module_path}:{mutation.start_pos[0]}: nothing noticed")
                print(result.diff or "")
    return count


def _scored(name: str, count: Counter[str]) -> str:
    tried = count["killed"] + count["survived"]
    share = f"{count['killed'] / tried:.1%}" if tried else "none"
    possible = f"{count['possible']:,} possible"
    return f"{name}: {share} of {tried:,} changes tried were noticed, of {possible}"


if __name__ == "__main__":
    sys.exit(main())
