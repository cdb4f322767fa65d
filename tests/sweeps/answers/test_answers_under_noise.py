"""Indices and intervals where the model is noisy, against functions whose answers are known.

Coverage is counted over designs that are drawn anew. With 300 of them a rate of 95% is
seen between 92.5% and 97.5% nineteen times in twenty (its standard error is 1.3 points),
so 90% and 99% are three standard errors away. Designs and noise have seeds: a change of
the estimators moves the counts, chance does not.
"""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.errors import StoreError
from benchmarks.sweeps.interval_coverage import (
    EXACT_INDICES,
    NOISES,
    SWEPT,
    N,
    coverage,
    drawn_designs,
    in_nets,
    independent,
    ishigami,
    made,
    sweep_of,
)
from experiments.sweeps.answers import report_figures
from experiments.sweeps.answers.indices import indices, what_matters
from experiments.sweeps.answers.morris import elementary_effects, morris
from experiments.sweeps.answers.sobol import sobol
from experiments.sweeps.answers.uncertainty import luck, product
from experiments.sweeps.design.points import NETS, points

DESIGNS = 300


@pytest.fixture(scope="module")
def designs():
    return drawn_designs(DESIGNS)


@pytest.mark.parametrize("function", EXACT_INDICES)
@pytest.mark.parametrize("noise", NOISES)
def test_intervals_of_sobol_indices_hold_what_they_promise(designs, function, noise):
    shares = coverage(designs, function, noise)
    assert (shares >= 0.90).all(), shares
    assert (shares <= 0.99).all(), shares


def test_independent_noise_does_not_bias_indices():
    """As large as the signal, over six replications: means over them would give 0.35, not 0.24."""
    u = np.stack([in_nets(made(sweep_of("sobol", N, seed=seed))) for seed in range(40)])
    f = ishigami(u)
    y = f[..., None] + independent(u, f.std(), np.random.default_rng(1))
    found = np.array([sobol(each, "abc", "y").set_index("factor")["total"]["c"] for each in y])
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found.mean() - 0.2437) < 3 * error < 0.04
    of_means = y.mean(-1, keepdims=True)
    biased = np.mean([sobol(e, "abc", "y").set_index("factor")["total"]["c"] for e in of_means])
    assert biased - 0.2437 > 10 * error


def test_luck_that_moves_all_points_alike_changes_nothing():
    u = in_nets(made(sweep_of("sobol", 64)))
    quiet = np.repeat(ishigami(u)[..., None], 5, axis=-1)
    loud = quiet + np.random.default_rng(1).normal(size=5) * 100
    pd.testing.assert_frame_equal(sobol(quiet, "abc", "y"), sobol(loud, "abc", "y"))
    assert luck(loud.reshape(NETS, -1, 5)).value[0] == pytest.approx(0, abs=1e-9)


def test_products_over_different_replications_are_those_written_out():
    p, q = np.random.default_rng(1).normal(size=(2, 3, 4))
    told = product(p, q)
    for row in range(3):
        pairs = [(r, s) for r in range(4) for s in range(4) if r != s]
        assert told[row, 0] == pytest.approx(np.mean([p[row, r] * q[row, s] for r, s in pairs]))
        left = [(r, s) for r, s in pairs if 2 not in (r, s)]
        assert told[row, 3] == pytest.approx(np.mean([p[row, r] * q[row, s] for r, s in left]))


@pytest.mark.parametrize("share", [0.0, 0.145, 0.6])
def test_luck_is_the_share_of_means_that_other_draws_would_not_give(share):
    """Points that differ with variance one, and noise whose mean over ten runs has that share."""
    draws = np.random.default_rng(2)
    hits = []
    for _ in range(200):
        f = draws.normal(size=(200, 1, 1))
        own = np.sqrt(10 * share / (1 - share)) * draws.normal(size=(200, 1, 10))
        found = luck(f + own + 5 * draws.normal(size=10))
        hits.append(found.low[0] - 1e-9 <= share <= found.high[0] + 1e-9)
    assert 0.90 <= np.mean(hits) <= (0.99 if share else 1.0)
    assert found.value[0] == pytest.approx(share, abs=0.1)


def frame_of(y):
    """Outcomes, shape (point, replication), as results of one scenario."""
    size, replications = y.shape
    return pd.DataFrame(
        {
            "scenario": "s",
            "point": np.repeat(np.arange(1, size + 1), replications),
            "replication": np.tile(np.arange(1, replications + 1), size),
            "y": y.ravel(),
        }
    )


def test_sobol_indices_of_a_sweep_are_those_of_the_ishigami_function():
    sweep = sweep_of("sobol", 1024)
    frame = frame_of(ishigami(made(sweep))[:, None])
    found = indices(frame, sweep, "y", points(sweep)).set_index("factor").loc[list(SWEPT[:3])]
    np.testing.assert_allclose(found["first"], EXACT_INDICES[ishigami][:3], atol=0.05)
    np.testing.assert_allclose(found["total"], EXACT_INDICES[ishigami][3:], atol=0.05)
    assert (found["total_low"] < found["total"]).all()


def test_the_course_of_an_index_ends_with_the_index_and_narrows():
    sweep = sweep_of("sobol", 1024)
    frame = frame_of(ishigami(made(sweep))[:, None])
    found = what_matters(frame, sweep, "y", points(sweep))
    assert sorted(set(found.course["n"])) == [128, 256, 512, 1024]
    last = found.course[found.course["n"] == 1024].set_index("factor")["value"]
    assert last.to_dict() == found.table.set_index("factor")["total"].to_dict()
    widths = found.course.assign(width=lambda t: t["high"] - t["low"]).groupby("n")["width"].mean()
    assert widths[1024] < widths[128] / 2


def test_nets_of_a_scheme_are_nets_and_different():
    """Each has a point in every eighth of a factor's range, as no draw by chance would."""
    nets = in_nets(made(sweep_of("sobol", 128)))
    assert len({net.tobytes() for net in nets}) == NETS
    for net in nets:
        for factor in range(3):
            assert sorted((8 * net[:, 0, factor]).astype(int)) == list(range(8))


def test_a_factor_without_effect_has_no_index():
    sweep = sweep_of("sobol", 256)
    found = indices(frame_of(made(sweep)[:, :1]), sweep, "y", points(sweep)).set_index("factor")
    np.testing.assert_allclose(found["total"], [1, 0, 0], atol=0.06)


def test_luck_alone_has_no_indices():
    sweep = sweep_of("sobol", 64, replications=5)
    y = np.random.default_rng(1).normal(size=(len(points(sweep)), 5))
    with pytest.raises(StoreError, match="not told from luck; --extend replications=N"):
        indices(frame_of(y), sweep, "y", points(sweep))


@pytest.mark.parametrize("spoil", [np.nan, np.inf, None])
def test_indices_are_refused_when_a_run_is_missing_or_not_finite(spoil):
    sweep = sweep_of("sobol", 64)
    frame = frame_of(ishigami(made(sweep))[:, None])
    spoilt = frame.drop(index=3) if spoil is None else frame.replace({"y": {frame["y"][3]: spoil}})
    with pytest.raises(StoreError, match=r"no indices of the design.* at 1 of 320 points \(4\)"):
        indices(spoilt, sweep, "y", points(sweep))


def test_indices_of_a_constant_are_refused():
    sweep = sweep_of("sobol", 64)
    with pytest.raises(StoreError, match="is the same everywhere"):
        indices(frame_of(np.ones((320, 1))), sweep, "y", points(sweep))


def test_points_that_are_no_scheme_have_no_sobol_indices():
    sweep = sweep_of("sobol", 16)
    frame = frame_of(ishigami(made(sweep))[:, None])
    with pytest.raises(StoreError, match="no scheme of Saltelli"):
        indices(frame, sweep, "y", points(sweep)[::-1])


def screened(n, noise, *, seed=1, replications=1):
    """Trajectories of 3 a + b + 2 a c over four levels, and noise of its own at each point."""
    sweep = sweep_of("morris", n, seed=seed, replications=replications, factors=4)
    u = made(sweep)
    f = 3 * u[:, 0] + u[:, 1] + 2 * u[:, 0] * u[:, 2]
    draws = np.random.default_rng(seed)
    y = f[:, None] + noise * draws.normal(size=(len(u), replications))
    return sweep, y


def test_morris_finds_the_effects_that_a_bilinear_function_has():
    """Levels are 0, 1/3, 2/3, 1 with equal chances, so 2c has mean 1 and deviation 2 sqrt(5/36)."""
    sweep, y = screened(400, 0.0)
    found = indices(frame_of(y), sweep, "y", points(sweep)).set_index("factor").loc[list(SWEPT)]
    spread = 2 * np.sqrt(5 / 36)
    np.testing.assert_allclose(found["mu"], [4, 1, 1, 0], atol=4 * spread / 20)
    np.testing.assert_allclose(found["mu_star"], found["mu"], atol=1e-12)
    np.testing.assert_allclose(found["sigma"], [spread, 0, spread, 0], atol=0.05)
    assert found["mu_star"].idxmax() == SWEPT[0]


def test_noise_is_no_effect_and_no_interaction_to_morris():
    sweep, y = screened(400, 0.5, replications=6)
    found = indices(frame_of(y), sweep, "y", points(sweep)).set_index("factor").loc[list(SWEPT)]
    spread = 2 * np.sqrt(5 / 36)
    np.testing.assert_allclose(found["mu_star"], [4, 1, 1, 0], atol=0.12)
    np.testing.assert_allclose(found["sigma"], [spread, 0, spread, 0], atol=0.15)
    # Taken as it is, the mean over replications would show an effect of each.
    naive = morris(elementary_effects(y.mean(1)[:, None], pd.DataFrame(made(sweep)), 2 / 3), SWEPT)
    assert naive.set_index("factor")["mu_star"][SWEPT[3]] > 0.3


@pytest.mark.thorough
def test_intervals_of_morris_hold_what_they_promise():
    hits = np.zeros((2, 2))
    draws = np.random.default_rng(1)
    for seed in range(200):
        u = made(sweep_of("morris", 20, seed=seed, factors=4))
        f = 3 * u[:, 0] + u[:, 1] + 2 * u[:, 0] * u[:, 2]
        for kind, noise in enumerate((0.0, 0.5)):
            y = f[:, None] + noise * draws.normal(size=(len(u), 6))
            table = morris(elementary_effects(y, pd.DataFrame(u), 2 / 3), SWEPT).set_index("factor")
            for place, (key, exact) in enumerate(((SWEPT[0], 4), (SWEPT[2], 1))):
                hits[kind, place] += table["mu_low"][key] <= exact <= table["mu_high"][key]
    assert (hits / 200 >= 0.90).all(), hits / 200
    assert (hits / 200 <= 0.99).all(), hits / 200


def test_given_points_rank_factors_and_a_made_up_one_shows_what_is_nothing():
    sweep = sweep_of("latin_hypercube", 500)
    u = made(sweep)
    found = what_matters(frame_of((2 * u[:, 0] + u[:, 1])[:, None]), sweep, "y", points(sweep))
    assert found.kind == "given"
    table = found.table.set_index("factor")
    assert list(table.index[:2]) == list(SWEPT[:2])
    floor = table.loc["(a factor made up)"]
    assert (table.loc[list(SWEPT[:2]), "delta_low"] > floor["delta_high"]).all()
    assert table["delta"][SWEPT[2]] == pytest.approx(floor["delta"], abs=0.06)
    assert table["pawn"][SWEPT[2]] < 1.5 * floor["pawn"] < table["pawn"][SWEPT[1]]


def test_delta_is_that_of_salib_where_values_do_not_repeat():
    from SALib.analyze.delta import calc_delta

    from experiments.sweeps.answers.given_data import delta, slices

    x, luck_of_y = np.random.default_rng(1).normal(size=(2, 625))
    y = np.sin(x) + 0.3 * luck_of_y
    edges = np.linspace(0, 625, len(slices(x, 6)) + 1)
    theirs = calc_delta(y, np.linspace(y.min(), y.max(), 100), x, edges)
    assert delta(x, y) == pytest.approx(theirs, rel=0.02)


@pytest.mark.thorough
def test_delta_of_a_sum_of_normals_is_the_integral_it_stands_for():
    """Delta is half the mean distance of the density given a factor to that without."""
    from scipy.integrate import dblquad

    from experiments.sweeps.answers.given_data import given_data

    def apart(y, x):
        given, all_ = stats.norm.pdf(y, x, 1), stats.norm.pdf(y, 0, np.sqrt(2))
        return abs(given - all_) * stats.norm.pdf(x)

    exact = dblquad(apart, -5, 5, -8, 8, epsabs=1e-4)[0] / 2
    x = np.random.default_rng(1).normal(size=(1000, 2))
    found = given_data(pd.DataFrame(x, columns=["a", "b"]), x.sum(1), "y", 1).set_index("factor")
    # Six slices and smoothed densities take off up to a sixth.
    np.testing.assert_allclose(found.loc[["a", "b"], "delta"], exact, rtol=1 / 6)


def test_pawn_is_that_of_salib_where_values_do_not_repeat():
    from SALib.analyze import pawn

    from experiments.sweeps.answers.given_data import given_data

    x = np.random.default_rng(1).random((400, 2))
    y = x[:, 0] ** 2 + 0.3 * x[:, 1]
    of = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1]] * 2}
    theirs = pawn.analyze(of, x, y, S=10)["median"]
    ours = given_data(pd.DataFrame(x, columns=["a", "b"]), y, "y", 1).set_index("factor")["pawn"]
    # Theirs leaves out the largest value.
    np.testing.assert_allclose(ours[["a", "b"]], theirs, atol=0.02)


def test_a_scheme_with_gaps_is_answered_from_the_points_that_are_there():
    sweep = sweep_of("sobol", 64)
    frame = frame_of(ishigami(made(sweep))[:, None]).drop(index=[3, 100])
    found = what_matters(frame, sweep, "y", points(sweep))
    assert found.kind == "given"
    assert any("at 2 of 320 points (4, 101)" in note for note in found.notes)
    assert found.table.set_index("factor")["delta"].idxmax() == SWEPT[1]


def test_one_replication_is_said_to_leave_luck_unknown():
    sweep = sweep_of("sobol", 64)
    found = what_matters(frame_of(ishigami(made(sweep))[:, None]), sweep, "y", points(sweep))
    assert found.luck is None
    assert any("cannot be told" in note for note in found.notes)


def cells(scenarios, runs=4):
    rows = [
        {"scenario": s, "a": a, "b": b, "mean": a + b + k, "low": a, "high": b + 9, "n": runs}
        for k, s in enumerate(scenarios)
        for a in (0.0, 1.0)
        for b in (0.0, 1.0)
    ]
    return pd.DataFrame(rows)


def words_in(figure):
    axes = figure.get_axes()
    told = [each.get_title(loc) for each in axes for loc in ("left", "center")]
    told += [note.get_text() for each in axes for note in each.texts]
    told += [t.get_text() for each in axes if each.get_legend() for t in each.get_legend().texts]
    return " ".join(told)


@pytest.mark.parametrize("runs", [10, 4000])
def test_every_figure_tells_several_scenarios_apart(runs):
    names = ["free-trade", "wall"]
    means = cells(names)
    x = np.random.default_rng(1).random((2 * runs, 2))
    runs = pd.DataFrame({"scenario": np.repeat(names, runs), "a": x[:, 0], "y": x[:, 1]})
    for figure in (
        report_figures.response(means, "a", "y", ["scenario", "b"]),
        report_figures.heat_map(means, "a", "b", "y"),
        report_figures.scatter(runs, "a", "y"),
    ):
        assert all(name in words_in(figure) for name in names), words_in(figure)


def test_panels_of_several_scenarios_share_one_scale_of_colours():
    figure = report_figures.heat_map(cells(["free-trade", "wall"]), "a", "b", "y")
    scales = {image.get_clim() for axes in figure.get_axes() for image in axes.images}
    assert scales == {(0.0, 3.0)}


def test_a_figure_of_very_many_runs_stays_small():
    from experiments.sweeps.answers.report import as_svg

    x = np.random.default_rng(1).random((100_000, 2))
    runs = pd.DataFrame({"scenario": "s", "a": x[:, 0], "y": x[:, 1]})
    text = as_svg(report_figures.scatter(runs, "a", "y"))
    assert len(text) < 300_000
    assert not re.search(r"(href)=[\"'](?!#)", text)
