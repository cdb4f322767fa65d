"""What compiled code works out, against the reference, for any owners, policies and beliefs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import look_ahead
from abm.core.choice.plant_values import keeping_values
from abm.core.opportunities.waiting import Waiting
from abm.engine import kernels
from abm.engine.kernel_choice import KERNEL, NUMBA, NUMPY
from abm.model import RelocationModel
from tests.synthetic_plants import ALL_SETS, owners

FOUR_REGIMES = Path(__file__).parents[2] / "benchmarks" / "four_regimes.toml"
N_FIRMS = 6
IN_DOUBLE, IN_SINGLE = 1e-9, 1e-5

pytest.importorskip("numba", reason="compiled code needs the extra 'compiled'")


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """The compiled code, in the user's own cache: it takes half a minute to compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KERNEL, NUMBA)
        yield kernels.kernel()


@st.composite
def problems(draw, single=False):
    """Owners with random regimes, delays, scales, patience and deaths."""
    noise = draw(st.sampled_from([0.0, 0.05, 0.6, 5.0]))
    delays = draw(st.integers(0, 14)), draw(st.integers(0, 5))
    problem = owners(
        N_FIRMS,
        draw(st.integers(1, 4)),
        delays=delays,
        dying=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
        noise=noise,
        keep_noise=noise * draw(st.sampled_from([0.0, 0.01, 0.3, 1.0])),
        discount=draw(st.floats(0, 0.97)),
        review=draw(st.floats(0, 1)),
    )
    if draw(st.booleans()):
        slower = problem.location.build_delay + draw(st.integers(1, 3)) * ALL_SETS.opens
        problem = replace(problem, slow=np.arange(N_FIRMS) % 2 == 0, slow_delay=slower)
    if draw(st.booleans()):
        costs = problem.location.move_cost.copy()
        costs[::2, :, 3:5] = np.inf
        costs[:, range(8), range(8)] = 0
        problem = replace(problem, location=replace(problem.location, move_cost=costs))
    if not single:
        return problem
    location, singles = problem.location, {}
    for name in ("profit", "move_cost"):
        singles[name] = getattr(location, name).astype(np.float32)
    return replace(problem, location=replace(location, **singles))


@st.composite
def outlooks(draw, problem):
    """Dates that policy changes on, of which regimes some cannot be reached before them."""
    later, horizon = problem.location.transitions, draw(st.integers(0, 6))
    regimes = later.shape[-1]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    near = np.broadcast_to(np.eye(regimes), (horizon, *later.shape)).copy()
    if horizon:
        near[-1] = rng.dirichlet(np.ones(regimes), later.shape[:2])
        some = max(1, regimes - 1)
        near[:-1, :, :some, :some] = rng.dirichlet(np.ones(some), (horizon - 1, len(later), some))
    regime = draw(st.integers(0, max(0, regimes - 2)))
    return Calendar(near, later), regime, rng.integers(0, 8, N_FIRMS), rng


def close(found, expected, size, tolerance):
    """Whether figures agree, to a part of the money that goes round."""
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(
        found[finite], expected[finite], rtol=tolerance, atol=tolerance * size
    )


def size_of(problem):
    location = problem.location
    return (1 + np.abs(location.profit).max() + location.noise) / (1 - location.discount)


@given(st.data(), st.booleans())
def test_values_are_those_of_the_reference(compiled, data, single):
    problem = data.draw(problems(single))
    start = None
    if data.draw(st.booleans()):
        start = np.random.default_rng(0).normal(size=problem.location.profit.shape)
    values, residual = compiled.keeping_values(problem, start, 1e-12)
    expected, _ = keeping_values(problem, start, 1e-12)
    assert residual.max() <= 1e-11
    close(values, expected, size_of(problem), IN_SINGLE if single else IN_DOUBLE)


@given(st.data(), st.booleans())
def test_what_firms_look_ahead_to_is_that_of_the_reference(compiled, data, single):
    problem = data.draw(problems(single))
    expected, regime, config, _ = data.draw(outlooks(problem))
    later, _ = keeping_values(problem, tolerance=1e-12)
    found, known = (
        work(problem, expected, later, config, regime) for work in (compiled.look_ahead, look_ahead)
    )
    size, tolerance = size_of(problem), IN_SINGLE if single else IN_DOUBLE
    possible = [*expected.possible(regime)[: expected.horizon], [regime]]
    if not expected.horizon:
        found, known = (
            replace(some, gain=some.gain[None], remains=some.remains[None])
            for some in (found, known)
        )
    for ahead, regimes in enumerate(possible):
        for name in ("path", "gain", "remains"):
            here, there = (getattr(some, name)[ahead][..., regimes] for some in (found, known))
            close(here, there, size, tolerance)
    for name in ("worth", "value", "keeping"):
        here, there = (getattr(some.today, name)[..., regime] for some in (found, known))
        # Where there is no luck a tie that rounding breaks is no tie: odds then jump.
        if name != "keeping" or problem.keep_noise > 0:
            scale = 1 if name != "keeping" else size / max(problem.keep_noise, 1e-300)
            close(here, there, max(size, scale), tolerance)
    np.testing.assert_array_equal(found.today.builds, known.today.builds)
    np.testing.assert_allclose(found.today.stands, known.today.stands, rtol=1e-12)


@given(st.data())
def test_opportunities_are_used_and_worth_as_in_the_reference(compiled, data):
    problem = data.draw(problems())
    expected, regime, config, rng = data.draw(outlooks(problem))
    later, _ = keeping_values(problem, tolerance=1e-12)
    ahead = look_ahead(problem, expected, later, config, regime)
    location, stay = problem.location, data.draw(st.sampled_from([0.0, 0.75, 1.0]))
    terms = expected, location.belief, location.discount, stay, ahead.remains
    found, known = compiled.waiting(*terms), Waiting(*terms)
    size = size_of(problem)
    close(found.cutoffs(ahead.gain, regime), known.cutoffs(ahead.gain, regime), size, IN_DOUBLE)
    gain, luck = ahead.gain[..., 7, :], rng.normal(scale=size / 10, size=N_FIRMS)
    values = (some.option_values(gain, luck, regime) for some in (found, known))
    close(*values, size, IN_DOUBLE)


@pytest.mark.parametrize("scenario", ["usmca", FOUR_REGIMES])
def test_a_whole_run_is_that_of_the_reference(monkeypatch, scenario):
    ends = []
    for name in (NUMPY, NUMBA):
        monkeypatch.setenv(KERNEL, name)
        model = RelocationModel(scenario, firms=150, rng=3)
        model.run_for(10)
        ends.append(model)
    reference, other = ends
    np.testing.assert_array_equal(other.firms.config, reference.firms.config)
    np.testing.assert_array_equal(other.firms.target, reference.firms.target)
    size = np.abs(reference.plan_values).max()
    np.testing.assert_allclose(
        other.plan_values, reference.plan_values, rtol=IN_DOUBLE, atol=IN_DOUBLE * size
    )
    for name, frame in reference.frames().items():
        numbers = frame.select_dtypes("number").columns
        np.testing.assert_allclose(
            other.frames()[name][numbers], frame[numbers], rtol=IN_SINGLE, atol=1e-6, err_msg=name
        )


def test_compiled_code_gives_the_same_bytes_with_any_number_of_threads(monkeypatch):
    ends = []
    monkeypatch.setenv(KERNEL, NUMBA)
    monkeypatch.setattr("abm.location.valuation.FIRMS_AT_A_TIME", 64)
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("NEARSHORE_THREADS", threads)
        model = RelocationModel(FOUR_REGIMES, firms=400, rng=2)
        model.run_for(3)
        ends.append(model.plan_values.tobytes() + model.firms.config.tobytes())
    assert len(set(ends)) == 1


def test_what_a_firm_ends_at_does_not_depend_on_who_is_worked_on_beside_it(compiled):
    problem = owners(150, 3, noise=0.05, keep_noise=0.02, review=0.9)
    values, _ = compiled.keeping_values(problem, tolerance=1e-3)
    some = np.arange(3, 150, 7)
    alone, _ = compiled.keeping_values(problem.take(some), tolerance=1e-3)
    np.testing.assert_array_equal(alone, values[some])
