"""Channels: worlds between a reference and a run, and the parts of a difference they give."""

import json

import pandas as pd
import pytest

from abm.errors import ModelError, ScenarioError
from abm.scenario.scenario import Scenario
from abm.worlds.held_responses import RESPONSES, HeldWorld
from experiments.outcomes.summary import entries, summary
from experiments.runs.channels import (
    CHANNEL_NAMES,
    CHANNELS,
    channel_worlds,
    check_comparable,
    split_differences,
)
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 150
QUARTERS = 4

# So much that firms close plants, or keep them, otherwise within the year; opening takes three.
PUSH = (
    "tariffs.special.USA.MEX.all=3.0",
    "tariffs.special_waived_for_originating=false",
    "subsidies.USA.all=0.9",
)

# More opportunities and reviews than by default, so that firms of a tiny model move at all.
MOBILE = ("firms.reviews_per_year=2",)


def drawn(run, reference, folder, channels):
    """Stand-in for the figures, which says what it was given to draw."""
    path = folder / "channels.txt"
    path.write_text(" ".join(channels["channel"].unique()))
    return [path]


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_held_world_refuses_to_copy_another_quarter(ahead):
    reference = model_of("status-quo", FIRMS)
    held = HeldWorld(reference, reference.scenario, RESPONSES)
    for _ in range(ahead):
        reference.step()
    with pytest.raises(ModelError, match=f"is in quarter {ahead}, must be in 1"):
        held.step()


def split(scenario, reference, out=None):
    """Entries of a short run's summary by name, channels in them, and the result."""
    result = run_scenario(
        scenario,
        firms=FIRMS,
        quarters=QUARTERS,
        seed=5,
        out=out,
        against=reference,
        channels=True,
        quiet=True,
        draw=drawn,
    )
    return dict(entries(result.summary)), result


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """A US duty on Mexican goods that no claim avoids, and a US subsidy, against neither."""
    folder = tmp_path_factory.mktemp("channels") / "run"
    scenario = load_scenario("status-quo", (*MOBILE, *PUSH))
    found, result = split(scenario, load_scenario("status-quo", MOBILE), out=folder)
    return found, result, folder


def test_parts_sum_to_the_difference_of_every_headline(pushed):
    found, _, _ = pushed
    for path, entry in found.items():
        assert entry["channels"] is not None, path
        assert list(entry["channels"]) == list(CHANNEL_NAMES)
        # Nothing but the rounding of ten numbers of the size that the headline has in any world.
        for parts in (entry["channels"], *entry["channels_by_order"]):
            total = sum(parts.values())
            sizes = (entry["start"] or 0.0, entry["end"], *parts.values(), 1e-9)
            scale = max(abs(size) for size in sizes)
            assert total == pytest.approx(entry["difference"], rel=0, abs=2e-14 * scale), path


def test_each_channel_does_what_it_stands_for(pushed):
    found, _, _ = pushed
    balance = found["us_goods_balance", "MEX"]["channels"]
    # Both raise the balance, and buyers who turn elsewhere raise it more.
    assert balance["duty_paid"] > 0
    assert balance["contracts_renewed"] > 0
    assert balance["resourcing"] > 0
    assert balance["customers"] > 0
    # No firm moves before relocation is let go.
    moves = found["plants_moved", "real_firms", "moved", "all"]
    moved, stated = moves["channels"], moves["channels_by_order"][0]
    assert all(
        stated[channel] == 0
        for channel in ("duty_paid", "compliance", "resourcing", "customers", "capacity")
    )
    assert sum(moved[channel] for channel in ("entry", "exit", "moves")) != 0
    # What is asked of plants beyond their capacity, or short of it, changes what they charge.
    assert balance["capacity"] != 0
    # Wages and supply prices follow only when they are let go.
    services = found["us_services_balance", "CAN"]["channels"]
    assert services["price_feedback"] != 0


def test_the_split_is_written_beside_the_summary(pushed):
    found, result, folder = pushed
    table = pd.read_parquet(folder / "channels.parquet")
    stored = json.loads((folder / "summary.json").read_text())
    jobs = stored["manufacturing_employment"]["MEX"]["channels"]
    rows = table[table["headline"] == "manufacturing_employment.MEX"].sort_values("order")
    assert rows["channel"].tolist() == list(CHANNEL_NAMES)
    assert dict(zip(rows["channel"], rows["part"], strict=True)) == jobs
    assert jobs == found["manufacturing_employment", "MEX"]["channels"]
    assert result.figures[0].read_text() == " ".join(CHANNEL_NAMES)
    assert "channels.parquet" in json.loads((folder / "manifest.json").read_text())["contents"]


@pytest.fixture(scope="module")
def itself():
    """The USMCA with news on its way, followed by worlds under the same policy."""
    policy = load_scenario("usmca", ["start=2019-10-01"])
    followed = model_of(policy, FIRMS, seed=2)
    worlds = channel_worlds(policy, followed)
    for _ in range(QUARTERS):
        for model in (followed, *worlds.values()):
            model.step()
    return followed.frames(), {name: world.frames() for name, world in worlds.items()}


@pytest.mark.thorough
def test_under_the_policy_that_it_follows_a_held_world_is_the_world_it_follows(itself):
    followed, worlds = itself
    assert len(followed["events"])
    for world in worlds.values():
        for name, table in followed.items():
            pd.testing.assert_frame_equal(world[name], table, check_exact=True)


@pytest.mark.thorough
def test_a_run_against_itself_has_nothing_to_split(itself):
    followed, worlds = itself
    headlines = summary(followed, followed)
    table = split_differences(headlines, followed, worlds)
    assert len(table)
    assert (table["part"] == 0).all()


@pytest.mark.thorough
def test_without_relocation_its_channel_is_nothing():
    off = ("firms.relocation=false",)
    found, _ = split(load_scenario("status-quo", [*off, *PUSH]), load_scenario("status-quo", off))
    assert all(
        entry["channels"][channel] == 0
        for entry in found.values()
        if entry["channels"]
        for channel in ("entry", "exit", "moves")
    )
    assert found["us_goods_balance", "MEX"]["channels"]["price_feedback"] != 0


def test_the_order_may_be_another_and_ends_in_the_run_all_the_same():
    reference = model_of("status-quo", FIRMS, seed=2)
    scenario = Scenario.load("blanket-25")
    order = (
        "price_feedback",
        "capacity",
        "moves",
        "exit",
        "entry",
        "customers",
        "resourcing",
        "contracts_renewed",
        "compliance",
    )
    worlds = channel_worlds(scenario, reference, (order,))
    assert list(worlds) == ["duty_paid", *order[:-1]]
    held = [sorted(world.held) for world in worlds.values()]
    assert held[0] == sorted(RESPONSES)
    assert held[-1] == [CHANNELS[order[-1]]]
    with pytest.raises(ValueError, match="must hold each of"):
        channel_worlds(scenario, reference, (order[:-1],))


def test_what_does_not_differ_by_policy_alone_is_refused():
    other = load_scenario("blanket-25", ["firms.build_cost=0.3"])
    with pytest.raises(ScenarioError, match="assumes other firms"):
        check_comparable(other, Scenario.load("status-quo"))
    with pytest.raises(ScenarioError, match="name a scenario with --against"):
        check_comparable(other, None)
