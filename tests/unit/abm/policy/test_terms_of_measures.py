"""What a measure may say beside its rate: caps, limits to content, tiers by metal, exclusions."""

from datetime import date

import numpy as np
import pytest

from abm.axes import REGIONS, SECTORS
from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.law.duty import duty
from abm.law.good import Good
from abm.policy import compile_policy
from abm.policy.instruments.content_limits import ContentLimits, dutiable_content
from abm.policy.instruments.duty_bases import foreign_content, metal_content
from abm.scenario.scenario import Scenario
from abm.trade.duties import duty_on, duty_on_lines, scheduled_duty
from tests.support.refusals import refused_in_one_line

LINES = load_economy().lines
LAW = shipped()

LINE = "construction_machinery"
"""Neither free of metal nor made of it."""

FROM, INTO = REGIONS.index("MEX"), REGIONS.index("USA")
METAL = float(metal_content()[LINES.name.index(LINE), FROM])
FOREIGN = float(foreign_content("USA")[SECTORS.index("machinery"), FROM])
ORDINARY = 0.04


def scenario(before="", **measures):
    text = before
    for name, terms in measures.items():
        text += f"[measures.{name}]\nauthority = 'law'\nin_force = true\n"
        if "destination" not in terms:
            text += "destination = 'USA'\n"
        text += terms + "\n"
    return Scenario.from_toml(text)


def owes(line=LINE, flow=(FROM, INTO), ordinary=ORDINARY, before="", **measures):
    """What a good of a line owes where nothing is claimed, and where its origin is."""
    number = LINES.name.index(line)
    policy = compile_policy(scenario(before, **measures), quarters=0)
    sector = int(LINES.sector[number])
    rate = np.array([ordinary])
    due = duty_on_lines(policy, (sector, *flow), np.array([number]), rate, rate)
    claimed = np.broadcast_to(due.fixed, due.unclaimed.shape)
    return pytest.approx((float(due.unclaimed[0, 0]), float(claimed[0, 0])), abs=1e-12)


def test_a_cap_counts_the_ordinary_duty_in_and_never_pays_back():
    cap = f"rates = {{ {LINE} = 0.15 }}\nin_all = true"
    assert owes(cap=cap) == (0.15, 0.15)
    assert owes(cap=cap, ordinary=0.20) == (0.20, 0.15)
    spared = cap + "\noriginating = 'exempt'"
    assert owes(cap=spared) == (0.15, 0.0)
    assert owes(cap=spared, ordinary=0.20) == (0.20, 0.0)


def test_a_cap_over_no_ordinary_duty_is_the_plain_duty_to_the_bit():
    capped, plain = (
        compile_policy(scenario(one=f"rates = {{ all = 0.15 }}{more}"), quarters=0)
        for more in ("\nin_all = true", "")
    )
    line = np.arange(LINES.of(4).start, LINES.of(4).stop)
    none = np.zeros(len(line))
    one, other = (duty_on_lines(p, (4, FROM, INTO), line, none, none) for p in (capped, plain))
    np.testing.assert_array_equal(one.unclaimed, np.broadcast_to(other.unclaimed, one.waived.shape))
    np.testing.assert_array_equal(duty_on(capped, ...).by_part, duty_on(plain, ...).by_part)


def test_of_a_sector_as_a_whole_a_cap_counts_in_what_each_flow_pays_already():
    economy = load_economy()
    policy = compile_policy(scenario(one="rates = { all = 0.03 }\nin_all = true"), quarters=0)
    known = scheduled_duty(economy)
    due = duty_on(policy, ..., known[..., None], known).unclaimed[:10, 3:, INTO, 0]
    np.testing.assert_allclose(due, np.maximum(known, 0.03)[:10, 3:, INTO], atol=1e-12)
    assert (known[:10, 3:, INTO] > 0.03).any()
    assert (known[:10, 3:, INTO] < 0.03).any()


@pytest.mark.parametrize(("code", "line"), [("850423", "transformers"), ("850434", "transformers")])
@pytest.mark.parametrize("originating", [False, True])
def test_a_large_transformer_of_mexico_owes_15_per_cent_in_all_as_annex_iii_says(
    code, line, originating
):
    law = duty(LAW, date(2026, 5, 1), "USA", Good("MEX", code, originating))
    ordinary = 0.0 if originating else duty(LAW, date(2025, 1, 10), "USA", Good("MEX", code)).rate
    found = owes(line, ordinary=ordinary, cap=f"rates = {{ {line} = 0.15 }}\nin_all = true")
    assert (law.rate, law.rate) == found


@pytest.mark.parametrize("united_states", [0.0, 0.2, 0.4, 0.6])
def test_equipment_of_canada_owes_on_content_from_elsewhere_with_a_floor_as_annex_i_c_says(
    united_states, monkeypatch
):
    content = np.full((len(SECTORS), len(REGIONS)), 1 - united_states)
    for module in ("content_limits", "measures"):
        at = f"abm.policy.instruments.{module}.foreign_content"
        monkeypatch.setattr(at, lambda destination: content)
    claimed = Good("CAN", "842952", True, {"us": united_states})
    rates = [
        duty(LAW, date(2026, 7, 1), "USA", good).rate for good in (Good("CAN", "842952"), claimed)
    ]
    terms = f"""rates = {{ {LINE} = 0.25 }}
        originating = "pays_on_foreign_content"
        most_domestic_content = 0.4
        least_in_all = 0.15"""
    assert tuple(rates) == owes(flow=(REGIONS.index("CAN"), INTO), ordinary=0.0, equipment=terms)


def test_an_american_car_owes_canada_on_at_most_85_per_cent_of_its_value():
    flow = (REGIONS.index("USA"), REGIONS.index("CAN"))
    law = duty(LAW, date(2025, 10, 1), "CAN", Good("USA", "870323", True))
    terms = "destination = 'CAN'\nrates = { cars_petrol = 0.25 }\nmost_of_value = 0.85"
    assert (0.25, law.rate) == owes("cars_petrol", flow, 0.0, cars=terms)
    assert law.rate == 0.2125


def test_an_american_car_with_parts_of_canada_and_mexico_owes_canada_on_the_rest(monkeypatch):
    shown = {"CAN": 0.1, "MEX": 0.2}
    law = duty(LAW, date(2025, 10, 1), "CAN", Good("USA", "870323", True, {"can": 0.1, "mex": 0.2}))
    shape = (len(SECTORS), len(REGIONS))
    monkeypatch.setattr(
        "abm.policy.instruments.content_limits.content_of",
        lambda region: np.full(shape, shown[region]),
    )
    flow = (REGIONS.index("USA"), REGIONS.index("CAN"))
    terms = """destination = 'CAN'
        rates = { cars_petrol = 0.25 }
        originating = "pays_on_foreign_content"
        content_of = ["CAN", "MEX"]
        most_of_value = 0.85"""
    assert (0.25, law.rate) == owes("cars_petrol", flow, 0.0, cars=terms)
    assert law.rate == 0.175


def test_reciprocal_duties_are_by_origin_with_exempt_goods_and_give_way_to_metals():
    """25 May 2025: China owes 10%, phones nothing, metals by their own act, Mexico nothing."""
    china, act = REGIONS.index("CHN"), "us-ieepa-reciprocal"
    goods = (("CHN", "940360"), ("CHN", "851713"), ("CHN", "720839"), ("MEX", "610910"))
    part = {}
    for origin, code in goods:
        acts = duty(LAW, date(2025, 5, 25), "USA", Good(origin, code)).acts
        part[code] = sum(one.rate for one in acts if one.act == act)
    reciprocal = """origins = ["CHN", "ROW"]
        rates = { all = 0.10, telephones = 0 }"""
    metals = """origins = ["CHN", "ROW", "MEX", "CAN"]
        rates = { steel_flat = 0.25 }
        relation = "instead_of"
        instead_of = ["reciprocal"]"""
    both = {"reciprocal": reciprocal, "metals": metals}
    for code, line, rate in (
        ("940360", "furniture", 0.0),
        ("851713", "telephones", 0.0),
        ("720839", "steel_flat", 0.25),
    ):
        found = owes(line, (china, INTO), 0.0, **both)
        assert (part[code] + rate, part[code] + rate) == found
    assert owes("apparel_knit", ordinary=0.0, **both) == (0.0, 0.0)
    assert (part["940360"], part["851713"], part["720839"], part["610910"]) == (0.10, 0, 0, 0)


def test_content_of_several_countries_is_spared_where_it_is_said():
    canada = REGIONS.index("USA"), SECTORS.index("cars")
    spared = dutiable_content(ContentLimits(content_of=("CAN", "MEX")), "CAN")
    alone = dutiable_content(ContentLimits(), "CAN")
    bought = 1 - foreign_content("MEX")
    np.testing.assert_allclose(spared[canada[::-1]], alone[canada[::-1]] - bought[canada[::-1]])
    # A Mexican car is Mexican by its value added as well.
    mexico = spared[SECTORS.index("cars"), REGIONS.index("MEX")]
    assert mexico < spared[canada[::-1]]
    np.testing.assert_array_equal(alone, foreign_content("CAN"))


def test_goods_of_little_metal_are_out_and_tiers_make_a_staircase():
    tiers = "metal_tiers = [{ least_metal = %s, part = 0.5 }, { least_metal = %s }]"
    rates = f"rates = {{ {LINE} = 0.5 }}\n"
    assert owes(one=rates + tiers % (0.0, METAL)) == (0.54, 0.5)
    assert owes(one=rates + tiers % (METAL, METAL + 0.01)) == (0.29, 0.25)
    assert owes(one=rates + tiers % (METAL + 0.01, METAL + 0.02)) == (0.04, 0.0)


def test_terms_at_their_limits_are_the_plain_measure_to_the_bit():
    plain = 'rates = { all = 0.25 }\noriginating = "pays_on_foreign_content"\n'
    limits = "most_domestic_content = 1\nmost_of_value = 1\nleast_in_all = 0\nin_all = false\n"
    limits += "metal_tiers = [{ least_metal = 0, part = 1 }]\nexcluded = { all = 0 }"
    one, other = (compile_policy(scenario(x=text)) for text in (plain, plain + limits))
    assert one.same_as(other)
    out = compile_policy(scenario(x=plain + "excluded = { all = 1 }"))
    assert not out.line_fixed.any()
    assert not out.line_waived.any()


HALF = "metal_tiers = [{ least_metal = 0.01, part = 0.5 }]\n"
TERMS = f"rates = {{ {LINE} = 0.5 }}\n"
CAP = f"rates = {{ {LINE} = 0.15 }}\nin_all = true\n"
TEN = "rates = { all = 0.10 }\n"
BLANKET = "rates = { all = 0.25 }\noriginating = 'exempt'\n"
INSTEAD = "relation = 'instead_of'\ninstead_of = ['blanket']\n"
CONTENT = f"rates = {{ {LINE} = 0.25 }}\noriginating = 'pays_on_foreign_content'\n"

FLOOR = "rates = { all = 0.15 }\nrelation = 'floor'\n"

PAIRS = [
    ("a cap, and a duty beside it", {"cap": CAP, "ten": TEN}, 0.25, 0.25),
    ("a cap that spares originating goods", {"cap": CAP + "originating = 'exempt'"}, 0.15, 0),
    ("a cap instead of a blanket duty", {"cap": CAP + INSTEAD, "blanket": BLANKET}, 0.15, 0.15),
    ("a cap beside a blanket duty", {"cap": CAP, "blanket": BLANKET}, 0.40, 0.15),
    ("a cap with exclusions", {"cap": CAP + "excluded = { all = 0.5 }"}, 0.04 + 0.055, 0.075),
    (
        "a cap on metal alone",
        {"cap": CAP + "base = 'metal_content'"},
        0.04 + METAL * 0.11,
        METAL * 0.15,
    ),
    (
        "a cap on foreign content of originating goods",
        {"cap": CAP + "originating = 'pays_on_foreign_content'"},
        0.15,
        FOREIGN * 0.15,
    ),
    (
        "exclusions from what displaces another",
        {"metal": TERMS + INSTEAD + "excluded = { all = 0.4 }", "blanket": BLANKET},
        0.04 + 0.6 * 0.5 + 0.4 * 0.25,
        0.3,
    ),
    (
        "too little metal for what displaces another",
        {"metal": TERMS + INSTEAD + "metal_tiers = [{ least_metal = 0.9 }]", "blanket": BLANKET},
        0.29,
        0,
    ),
    (
        "exclusions and tiers",
        {"metal": TERMS + "excluded = { all = 0.4 }\n" + HALF},
        0.04 + 0.6 * 0.25,
        0.15,
    ),
    (
        "tiers on metal content",
        {"metal": TERMS + "base = 'metal_content'\n" + HALF},
        0.04 + METAL * 0.25,
        METAL * 0.25,
    ),
    (
        "a floor under content, and exclusions",
        {"equipment": CONTENT + "least_in_all = 0.24\nexcluded = { all = 0.5 }"},
        0.04 + 0.125,
        0.12,
    ),
    (
        "content spared up to 10%, and a duty beside it",
        {"equipment": CONTENT + "most_domestic_content = 0.1", "ten": TEN},
        0.04 + 0.35,
        0.1 + 0.25 * max(FOREIGN, 0.9),
    ),
    (
        "a part of value at most, of what originates",
        {"equipment": CONTENT + "most_of_value = 0.5"},
        0.29,
        0.125,
    ),
    (
        "a floor that originating goods pay, over a duty that spares them",
        {"blanket": BLANKET, "floor": FLOOR},
        0.29,
        0.15,
    ),
    (
        "a floor on content, over a lower duty that spares originating goods",
        {"ten": TEN + "originating = 'exempt'", "floor": CONTENT + "relation = 'floor'"},
        0.29,
        0.25 * FOREIGN,
    ),
    (
        "a floor, half of it excluded, over a lower duty",
        {"ten": TEN, "floor": FLOOR.replace("0.15", "0.25") + "excluded = { all = 0.5 }"},
        0.04 + 0.175,
        0.175,
    ),
    (
        "a floor on metal, over a lower duty",
        {"ten": TEN, "floor": TERMS + "relation = 'floor'\nbase = 'metal_content'"},
        0.04 + max(0.1, 0.5 * METAL),
        max(0.1, 0.5 * METAL),
    ),
    (
        "half of a duty instead of a floor",
        {
            "ten": TEN + INSTEAD + "excluded = { all = 0.5 }",
            "blanket": "rates = { all = 0.25 }\nrelation = 'floor'",
        },
        0.04 + 0.5 * 0.1 + 0.5 * 0.25,
        0.5 * 0.1 + 0.5 * 0.25,
    ),
]


@pytest.mark.parametrize(
    ("what", "measures", "unclaimed", "claimed"), PAIRS, ids=[p[0] for p in PAIRS]
)
def test_terms_that_meet_make_up_the_right_duty(what, measures, unclaimed, claimed):
    assert (unclaimed, claimed) == owes(**measures), what


@pytest.mark.parametrize("excluded", [0.0, 0.5])
def test_of_two_floors_each_part_has_the_higher_one_whatever_their_names(excluded):
    low = FLOOR.replace("0.15", "0.10")
    high = FLOOR + f"originating = 'exempt'\nexcluded = {{ all = {excluded} }}"
    due = 0.04 + 0.15 * (1 - excluded) + 0.10 * excluded, 0.10
    assert owes(a=low, b=high) == due
    assert owes(a=high, b=low) == due


@pytest.mark.parametrize("waived", ["true", "false"])
@pytest.mark.parametrize("special", [0.1, 0.2])
def test_a_floor_counts_special_duties(waived, special):
    before = f"""[tariffs]
        special_waived_for_originating = {waived}
        special.USA.MEX = {{ all = {special} }}
        """
    kept = 0.0 if waived == "true" else special
    due = (0.04 + max(special, 0.15), max(kept, 0.15))
    assert owes(before=before, floor=FLOOR) == due


def test_a_floor_counts_a_special_duty_on_every_day_and_one_that_is_threatened():
    text = """[threat]
        instrument = "blanket"
        waived_for_originating = true
        rate = 0.1
        origins = ["MEX"]
        [measures.floor]
        authority = "law"
        destination = "USA"
        rates = { all = 0.15 }
        relation = "floor"
        effective = 2017-11-15
        """
    policy = compile_policy(Scenario.from_toml(text), quarters=8)
    line = LINES.name.index(LINE)
    days = 47 / 92  # from 15 November on
    for quarter, part in ((4, days), (5, 1.0)):
        for imposed, waived in ((False, 0.0), (True, 0.1)):
            at = (line, FROM, INTO, policy.regime_index(quarter, imposed=imposed))
            assert policy.line_fixed[at] == pytest.approx(0.15 * part)
            assert policy.line_waived[at] == pytest.approx(-waived * part)


@pytest.mark.parametrize(
    ("measures", "complaint"),
    [
        (
            {"a": CAP, "b": CAP},
            "measures.a.in_all: construction_machinery from MEX into USA is under",
        ),
        ({"a": CAP, "f": TEN + "relation = 'floor'"}, "under the cap or floor f too"),
        ({"a": CAP + "relation = 'floor'"}, "a floor their sum; choose one"),
        ({"a": TEN + "most_domestic_content = 0.4"}, "it is 'pays'"),
        ({"a": BLANKET + "least_in_all = 0.1"}, "goods that originating has 'exempt'"),
        ({"a": CONTENT + "least_in_all = 0.3"}, "least_in_all 0.3 is above the rate 0.25"),
        (
            {"a": TEN + "metal_tiers = [{ least_metal = 0.5 }, { least_metal = 0.2 }]"},
            "least_metal 0.2 does not rise above 0.5",
        ),
        ({"a": TEN + "excluded = { stel_flat = 0.2 }"}, "did you mean 'steel_flat'?"),
        ({"a": TEN + "excluded = { all = 1.2 }"}, "excluded.all"),
    ],
)
def test_terms_at_odds_are_refused_in_one_line(measures, complaint):
    with refused_in_one_line(complaint):
        compile_policy(scenario(**measures), quarters=0)
