"""Judges of findings on made-up results: which of them a finding holds on, and on which it fails.

Every case says what differs from a run in which all measures are 100; each failing one changes what
one part of the rule looks at.
"""

from collections import defaultdict

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, REGIONS
from experiments.fit.long_run_stock import made_at
from experiments.fit.plant_moments import lead_times
from experiments.scenarios.designs import (
    BASE_FIXED,
    COLLECTED_ANSWERED,
    END_THREATENED,
    FIRST_QUARTER,
    HISTORY,
    METAL_DUTIES,
    WIDER_CUMULATION,
    scaled_content,
    threat,
    washing_machines,
)
from experiments.validation.finding import Results
from experiments.validation.findings.exposed_industries_lose_jobs import slope
from experiments.validation.findings.use_is_hump_shaped_in_size import by_thirds
from experiments.validation.registry import chosen, looks_of

OTHERS = ("MEX", "CAN", "ROW")
SEEDS = (1.0, 1.01, 0.98, 1.03)
"""Factors on all that is made, so that seeds differ and what is compared within one does not."""

THREATENED, QUIET = threat(0.025), threat(0.0)
STRICTER, RULES_OFF = scaled_content(1.25), scaled_content(0)
ON_CHINA, ON_ALL = washing_machines("CHN"), washing_machines("all")


def by_sector(name, values):
    return {f"{name}/{sector}": value for sector, value in zip(FOOTLOOSE, values, strict=True)}


def targeted(year, **changed):
    return {f"targeted/{origin}/{year}": value for origin, value in changed.items()}


def imports(**changed):
    return {f"imports/machinery/USA/{origin}": value for origin, value in changed.items()}


STEPS = np.arange(len(FOOTLOOSE))

DIVERTED = targeted(2018, CHN=95, MEX=101, CAN=101, ROW=101)
DIVERTED |= targeted(2019, CHN=75, MEX=103, CAN=102, ROW=102)
METALS = {"metals/imports": 76, "metals/price": 102.4}
METALS |= {"metals/output": 101.9, "metals/downstream": 99.4}
RELOCATED = imports(CHN=97, MEX=101, CAN=101, ROW=101) | {"price/machinery/USA": 100.1}
DEARER = imports(CHN=99, MEX=98, CAN=98, ROW=98) | {"price/machinery/USA": 101}
EXPOSED = by_sector("exposed/jobs", 100 - STEPS)
for channel in ("protection", "inputs", "retaliation"):
    EXPOSED |= by_sector(f"exposed/{channel}", 0.01 * STEPS)
EXPORTERS = by_sector("exported", 0.05 * STEPS)
HUMP = {"use/small": 50, "use/middle": 80, "use/large": 60}
PAYING = {
    f"vehicles paying/{host}/{year}": share
    for host in ("MEX", "CAN")
    for year, share in ((2019, 0.5), (2023, 8.2))
}
CANADA = {"vehicles/CAN/2016 of US makers": 56, "vehicles/CAN/2023 of US makers": 45}

HOLDS = {
    "NICITA-1": {COLLECTED_ANSWERED: DIVERTED},
    "ITC-232": {METAL_DUTIES: METALS},
    "PASS-1": {COLLECTED_ANSWERED: {"border/price": 7.0, "border/duty": 7.2}},
    "WASH-1": {ON_CHINA: RELOCATED, ON_ALL: DEARER},
    "FP-1": {COLLECTED_ANSWERED: EXPOSED},
    "BREXIT-1": {END_THREATENED: {"threatened/all": 85}},
    "BREXIT-2": {THREATENED: {"announced/USA/MEX": 117, "announced/MEX/USA": 91}},
    "TPU-1": {THREATENED: by_sector("foreign plants", 100 - STEPS), QUIET: EXPORTERS},
    "CONCONI-1": {RULES_OFF: {"inputs/vehicle_parts/MEX/outside": 107}},
    "MORAN-1": {
        STRICTER: {"inputs/all/MEX/USA": 99},
        RULES_OFF: {"inputs/all/MEX/USA": 103},
        BASE_FIXED: HUMP,
    },
    "AUGIER-1": {WIDER_CUMULATION: {"inputs/all/MEX/ROW": 130, "inputs/all/CAN/ROW": 120}},
    "OWN-1": {FIRST_QUARTER: {"exports/motor of foreign owners": 75,
                              "exports/other of foreign owners": 75}},
    "OWN-2": {HISTORY: CANADA},
    "VEH-1": {HISTORY: PAYING},
}  # fmt: skip

FAILS = [
    ("NICITA-1", COLLECTED_ANSWERED, targeted(2019, CHN=100.5)),
    ("NICITA-1", COLLECTED_ANSWERED, targeted(2019, MEX=99.5, CAN=104, ROW=104)),
    ("NICITA-1", COLLECTED_ANSWERED, targeted(2018, MEX=105, CAN=105, ROW=105)),
    ("ITC-232", METAL_DUTIES, {"metals/imports": 89}),
    ("ITC-232", METAL_DUTIES, {"metals/price": 105}),
    ("ITC-232", METAL_DUTIES, {"metals/output": 100.5}),
    ("ITC-232", METAL_DUTIES, {"metals/downstream": 100.1}),
    ("PASS-1", COLLECTED_ANSWERED, {"border/price": 5.0}),
    ("PASS-1", COLLECTED_ANSWERED, {"border/price": 8.0}),
    ("WASH-1", ON_CHINA, imports(CHN=100.1)),
    ("WASH-1", ON_CHINA, imports(**dict.fromkeys(OTHERS, 99.9))),
    ("WASH-1", ON_ALL, imports(**dict.fromkeys(OTHERS, 101.5))),
    ("WASH-1", ON_ALL, {"price/machinery/USA": 100.05}),
    ("FP-1", COLLECTED_ANSWERED, by_sector("exposed/jobs", 100 + STEPS)),
    ("BREXIT-1", END_THREATENED, {"threatened/all": 99}),
    ("BREXIT-1", END_THREATENED, {"threatened/all": 45}),
    ("BREXIT-2", THREATENED, {"announced/USA/MEX": 99}),
    ("BREXIT-2", THREATENED, {"announced/MEX/USA": 101}),
    ("TPU-1", THREATENED, by_sector("foreign plants", 80 + STEPS)),
    ("CONCONI-1", RULES_OFF, {"inputs/vehicle_parts/MEX/outside": 104}),
    ("MORAN-1", STRICTER, {"inputs/all/MEX/USA": 101}),
    ("MORAN-1", RULES_OFF, {"inputs/all/MEX/USA": 99}),
    ("MORAN-1", BASE_FIXED, {"use/small": 85}),
    ("MORAN-1", BASE_FIXED, {"use/large": 85}),
    ("AUGIER-1", WIDER_CUMULATION, {"inputs/all/MEX/ROW": 105, "inputs/all/CAN/ROW": 105}),
    ("AUGIER-1", WIDER_CUMULATION, {"inputs/all/MEX/ROW": 180, "inputs/all/CAN/ROW": 180}),
    ("OWN-1", FIRST_QUARTER, dict.fromkeys(
        (f"exports/{some} of foreign owners" for some in ("motor", "other")), 95)),
    ("OWN-1", FIRST_QUARTER, {"exports/motor of foreign owners": 20}),
    ("OWN-2", HISTORY, {"vehicles/CAN/2023 of US makers": 58}),
    ("VEH-1", HISTORY, {"vehicles paying/MEX/2019": 6.0}),
    ("VEH-1", HISTORY, {"vehicles paying/MEX/2023": 1.0}),
]  # fmt: skip


def verdict(name, changes):
    """The verdict of a finding on runs that differ from a hundred as they are told to."""
    (finding,) = chosen([name])
    told = {design.name: measures for design, measures in changes.items()}
    assert set(told) <= {design.name for design in finding.designs}
    runs = {
        design.name: [
            defaultdict(lambda factor=factor: 100.0 * factor,
                        {key: value * factor for key, value in told.get(design.name, {}).items()})
            for factor in SEEDS
        ]
        for design in finding.designs
    }  # fmt: skip
    return finding.row(Results(runs)).verdict


def test_every_finding_of_the_second_table_is_put_to_both():
    assert {name for name, _, _ in FAILS} == set(HOLDS)
    assert [finding.id for finding in chosen([])[13:]] == list(HOLDS)


@pytest.mark.parametrize("name", HOLDS)
def test_a_finding_holds_on_results_as_published(name):
    assert verdict(name, HOLDS[name]) == "holds"


@pytest.mark.parametrize(
    ("name", "design", "other"), FAILS, ids=[f"{case[0]} {n}" for n, case in enumerate(FAILS)]
)
def test_a_finding_fails_where_one_part_of_its_rule_is_not_met(name, design, other):
    changes = HOLDS[name] | {design: HOLDS[name].get(design, {}) | other}
    assert verdict(name, changes) == "fails"


def test_seeds_that_disagree_are_no_agreement():
    name, design = "CONCONI-1", RULES_OFF
    (finding,) = chosen([name])
    runs = [{"inputs/vehicle_parts/MEX/outside": value, "inputs/all/MEX/outside": 100.0}
            for value in (103.0, 112.0, 115.0)]  # fmt: skip
    base = [dict.fromkeys(runs[0], 100.0)] * 3
    assert finding.row(Results({BASE_FIXED.name: base, design.name: runs})).verdict == "fails"


def test_the_slope_is_that_of_weighted_least_squares():
    rng = np.random.default_rng(3)
    on, of, weight = rng.random((3, 10, 4))
    for seed in range(4):
        root = np.sqrt(weight[:, seed])
        design = np.stack([np.ones(10), on[:, seed]], axis=1)
        found = np.linalg.lstsq(design * root[:, None], of[:, seed] * root, rcond=None)[0][1]
        assert slope(on, of, weight)[seed] == pytest.approx(found)


def test_thirds_are_of_real_firms_and_not_of_modelled_ones():
    size = np.array([3.0, 1.0, 2.0, 9.0])
    weight = np.array([10.0, 10.0, 5.0, 5.0])
    use = np.array([1.0, 0.0, 0.4, 0.6])
    # In order of size 10, 5, 10 and 5 real firms: the middle of the third is at 20 of 30.
    assert by_thirds(size, weight, use) == pytest.approx([0.0, 0.4, (10 * 1 + 5 * 0.6) / 15])


def test_lead_times_are_those_of_projects_carried_out():
    moves = [
        (1, "cars", "USA", "USA+MEX", "announced", 2, 2.0, 0.0, "4 9"),
        (2, "cars", "USA+MEX", "USA", "announced", 1, 1.0, 0.0, "7"),
        (3, "cars", "USA+MEX", "USA", "completed", 1, 1.0, 0.0, "7"),
        (3, "cars", "USA", "none", "announced", 1, 1.0, 0.0, "8"),
        (5, "cars", "USA", "none", "completed", 1, 1.0, 0.0, "8"),
        (5, "cars", "USA", "USA+MEX", "cancelled", 1, 1.0, 0.0, "9"),
        (11, "cars", "USA", "USA+MEX", "completed", 1, 1.0, 0.0, "4"),
        (30, "cars", "USA", "USA+MEX", "announced", 1, 1.0, 0.0, "5"),
        (33, "cars", "USA", "USA+MEX", "completed", 1, 1.0, 0.0, "5"),
    ]
    assert lead_times(moves) == {
        "lead/opening": 30.0,
        "lead/transfer": 3.0,
        "lead/closing": 6.0,
    }


def test_what_a_set_makes_at_a_host_is_its_share_of_sales():
    sales = np.zeros((1, 2, 3))
    sales[0, 1] = 6.0, 3.0, 1.0
    np.testing.assert_allclose(made_at(sales, 1), [[0.0, 0.3]])


def test_what_two_findings_look_at_in_one_run_is_looked_at_once():
    looks = looks_of(chosen(["CONCONI-1", "AUGIER-1", "MORAN-1"]), {})
    assert len(looks[WIDER_CUMULATION.name]) == 1
    assert len(looks[BASE_FIXED.name]) == len(set(looks[BASE_FIXED.name])) == 2
    assert set(OTHERS) < set(REGIONS)
