"""Bans and quotas that meet other terms: what is due, what a licence costs at most, what is shut.

As told in docs/instruments.md.
"""

import pytest

from abm.axes import REGIONS
from abm.economy.tables import load_economy
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from tests.support.refusals import refused_in_one_line

USA, CAN = REGIONS.index("USA"), REGIONS.index("CAN")
LINES = load_economy().lines

HEAD = """
[measures.{name}]
authority = "law"
destination = "USA"
origins = ["CAN"]
announced = 2017-04-01
effective = 2017-10-01
"""


def scenario(*terms):
    text = ""
    for number, some in enumerate(terms):
        head = HEAD.format(name=f"m{number}")
        if "origins" in some:
            head = head.replace('origins = ["CAN"]\n', "")
        text += head + some + "\n"
    return Scenario.from_toml(text)


NO_METALS = 'banned = ["metals"]'
LOWER = "rates = { metals = 0.25 }\nquota = 0.8"
TEN = "rates = { metals = 0.10 }"
FEW_METALS = 'banned = ["metals"]\nquota = 0.5'
INSTEAD_OF_IT = '\nrelation = "instead_of"\ninstead_of = ["m0"]'


@pytest.mark.parametrize(
    ("what", "terms", "due", "most", "closed"),
    [
        ("a lower rate within, beside a duty", [LOWER, TEN], 0.10, 0.25, 0),
        (
            "a lower rate within that is not nothing",
            [LOWER + "\nquota_rate = 0.05", TEN],
            0.15,
            0.20,
            0,
        ),
        (
            "exclusions from a duty with a quota",
            [LOWER + "\nexcluded = { all = 0.5 }"],
            0,
            0.125,
            0,
        ),
        ("a duty with a quota on metal alone", [LOWER + '\nbase = "metal_content"'], 0, 0.25, 0),
        ("a ban beside a duty", [NO_METALS, TEN], 0.10, 0, 1),
        ("a ban with exclusions", [NO_METALS + "\nexcluded = { all = 0.5 }"], 0, 0, 0.5),
        ("two bans", [NO_METALS, NO_METALS], 0, 0, 1),
        (
            "a quota beside a cap",
            ['banned = ["metals"]\nquota = 0.5', TEN + "\nin_all = true"],
            0.10,
            5.0,
            0,
        ),
        (
            "a quota instead of a duty",
            [LOWER + '\nrelation = "instead_of"\ninstead_of = ["m1"]', TEN],
            0,
            0.25,
            0,
        ),
        (
            "a duty instead of one with a quota",
            [LOWER, TEN + '\nrelation = "instead_of"\ninstead_of = ["m0"]'],
            0.10,
            0,
            0,
        ),
        ("a duty instead of a ban", [NO_METALS, TEN + INSTEAD_OF_IT], 0.10, 0, 0),
        (
            "a duty instead of half a ban",
            [NO_METALS, TEN + INSTEAD_OF_IT + "\nexcluded = { all = 0.5 }"],
            0.05,
            0,
            0.5,
        ),
        ("a duty instead of a quota", [FEW_METALS, TEN + INSTEAD_OF_IT], 0.10, 0, 0),
        ("a rate within on what is banned beyond", [FEW_METALS + "\nquota_rate = 0.1"], 0.1, 5, 0),
        (
            "the same, half excluded, beside a duty",
            [
                FEW_METALS + "\nquota_rate = 0.1\nexcluded = { all = 0.5 }",
                TEN,
            ],
            0.15,
            2.5,
            0,
        ),
        (
            "a quota on what is banned beyond, instead of a duty",
            [TEN, FEW_METALS + INSTEAD_OF_IT],
            0,
            5,
            0,
        ),
        ("a ban instead of a duty", [TEN, NO_METALS + INSTEAD_OF_IT], 0.1, 0, 1),
        ("a rate of 0 instead of a duty", [TEN, "rates = { metals = 0 }" + INSTEAD_OF_IT], 0, 0, 0),
        (
            "a rate of 0 instead of a ban",
            [NO_METALS, "rates = { metals = 0 }" + INSTEAD_OF_IT],
            0,
            0,
            0,
        ),
    ],
)
def test_bans_and_quotas_that_meet_other_terms_ask_for_the_right_duty(
    what, terms, due, most, closed
):
    policy = compile_policy(scenario(*terms))
    line = LINES.name.index("steel_flat")
    at = (line, CAN, USA, -1)
    found = [float(getattr(policy, name)[at]) for name in ("line_fixed", "licence_most", "banned")]
    assert found == pytest.approx([due, most, closed], abs=1e-12), what


def test_a_quota_on_all_goods_leaves_energy_which_has_none_at_the_full_rate():
    policy = compile_policy(scenario("rates = { all = 0.5 }\nquota = 0.5\nquota_rate = 0.1"))
    energy, steel = (LINES.name.index(name) for name in ("primary_energy", "steel_flat"))
    assert policy.line_fixed[[energy, steel], CAN, USA, -1].tolist() == [0.5, 0.1]
    assert policy.licence_most[[energy, steel], CAN, USA, -1].tolist() == [0.0, 0.4]
    assert policy.quota[[energy, steel], CAN, USA, -1].tolist() == [0.0, 0.5]


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        (["rates = {}"], "rates names no goods, and banned none either"),
        (['banned = ["primary_energy"]'], "banned: primary_energy is of primary_energy"),
        (['banned = ["beer", "2709"]'], "banned: 2709 is of primary_energy, whose trade is fixed"),
        (
            ["rates = { metals = 0.2, primary_energy = 0.5 }\nquota = 0.5"],
            "quota: primary_energy is of primary_energy, whose trade is fixed",
        ),
        (['banned = ["beer", "beer"]'], "names beer twice"),
        (['banned = ["8711.50", "871150"]'], "names 871150 twice"),
        (['banned = ["beeer"]'], "did you mean 'beer'?"),
        ([LOWER + "\nin_all = true"], "a quota stands by itself"),
        ([LOWER + '\noriginating = "exempt"'], "originating must be 'pays'; it is 'exempt'"),
        ([LOWER + "\nquota_rate = 0.3"], "quota_rate 0.3 is above the rate 0.25"),
        ([TEN + "\nquota_rate = 0.05"], "quota_rate and quota_holder are of a quota"),
        ([TEN + "\nquota = 0"], "quota"),
        ([LOWER, LOWER], "has a quota by m0 already; let one stand instead_of the other"),
        (
            ['origins = ["ROW"]\nrates = { steel_flat = 0.2 }\nquota = 0.5'],
            "of what ROW sells lines are not told apart; name metals as a whole",
        ),
        ([LOWER + '\nbanned = ["beer"]'], "give each a measure of its own"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(terms, complaint):
    with refused_in_one_line(complaint):
        compile_policy(scenario(*terms))
