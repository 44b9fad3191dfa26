"""The exact score against central differences of the filter's own log-likelihood."""

from dataclasses import replace

import numpy as np
import pytest

from statefolio.kalman import blocks, score
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.observations import Observed
from statefolio.kalman.records import Prior, new_block_parameters, new_entering, new_shared_derivatives
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA, Specification
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY
from statefolio.kalman.start_adjoint import differentiate_starts
from statefolio.kalman.start_tape import new_start_tape
from statefolio.kalman.tuning_problem import Free, Pool, TuningProblem
from statefolio.kalman.volatility import Common

COUNT = WIDTH + 8
SPECS = {
    "gaussian": Specification(CONSTANT, False, False, np.inf, 1.0, 1.0),
    "student": Specification(CONSTANT, False, False, 5.0, 1.0, 1.0),
    "learning": Specification(EWMA, True, False, 6.0, 0.96, 1.0),
    "two speeds": Specification(EWMA, True, False, 6.0, 0.96, 1.0, 0.6, 0.2, 1.1),
    "two speeds, own variances": Specification(EWMA, False, False, np.inf, 0.98, 1.0, 0.5, 0.3, 0.95),
    "learning, own variances": Specification(EWMA, False, False, np.inf, 0.96, 1.0),
    "conjugate": Specification(DISCOUNT, False, False, np.inf, 0.96, 1.0),
    "reverting": Specification(CONSTANT, False, True, np.inf, 1.0, 1.0),
    "learning and reverting": Specification(EWMA, True, True, 6.0, 0.96, 1.0),
    "discounted": Specification(CONSTANT, True, False, np.inf, 1.0, 0.97),
    "conjugate and reverting": Specification(DISCOUNT, True, True, np.inf, 0.96, 1.0),
}
MIXED = (DIFFUSE, GIVEN, STATIONARY)


def problem_of(spec, made, kind=DIFFUSE, states=3, *, early=False, trouble=False):
    """A problem whose first date is before the first prediction, or whose first dates have gaps and collinear rows."""
    panel = made(states, assets=COUNT)
    X, Y = panel.X.copy(), pad_last(panel.Y, np.nan)
    lanes, rng = Y.shape[1], np.random.default_rng(8)
    root = rng.normal(size=(lanes, states, states))
    kinds = np.broadcast_to(kind, states).copy()
    known = (kinds == GIVEN).astype(float)
    prior = Prior(
        kinds,
        early,
        rng.normal(size=(lanes, states)) * known,
        root @ root.transpose(0, 2, 1) * known[:, None] * known,
    )
    if trouble:
        X[0], X[1:6, 2] = 0.0, X[1:6, 0] - X[1:6, 1]
        Y[6], Y[[1, 3], ::2] = np.nan, np.nan
    return TuningProblem(
        spec=spec,
        X=X,
        observed=Observed.of(Y),
        common=Common(np.log(panel.common)[:, None] * [1.0, 0.5], 2.0 / (1.0 + np.arange(len(X)) % 5)),
        levels=pad_last(panel.level, 1.0),
        mean=pad_last(panel.mean, 0.0),
        prior=prior,
        moderate=np.full(states, 1e-3),
        free=Free(),
        walks=np.zeros(states, dtype=bool),
    )


def pool_of(problem):
    spec, states = problem.spec, problem.moderate.size
    phi = np.array([0.9, 0.95, 0.85])[:states] if spec.reverts else np.ones(states)
    ratio = np.array([2e-3, 5e-4, 4e-3])[:states]
    noise = {name: getattr(spec, name) for name in ("fast_memory", "fast_weight", "surprise_scale")}
    return Pool(ratio, phi, spec.tails, spec.memory, np.array([0.5, 0.6]), rise=0.3, **noise)


def log_likelihood(problem, pool):
    common = problem.dates(pool).common
    return problem.filter(pool).run(problem.X, problem.observed.Y, common, store="likelihood").log_likelihood


def difference(at, value):
    """Central differences of four points, by a value of the parameter; NaN where a cap or kink is between them."""
    h = 1e-4 * abs(value)
    near = (at(value + h) - at(value - h)) / (2.0 * h)
    far = (at(value + 2 * h) - at(value - 2 * h)) / (4.0 * h)
    smooth = np.abs(far - near) <= 1e-4 * (np.abs(near) + np.abs(near).max())
    return np.where(smooth, (4.0 * near - far) / 3.0, np.nan)


def agree(found, expected, begun):
    sound = begun[np.isfinite(expected[begun])]
    assert sound.size >= 0.8 * begun.size
    found, expected = found[sound], expected[sound]
    assert np.abs(expected).max() > 0.0
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


def entry(array, j, value):
    changed = array.copy()
    changed[j] = value
    return changed


EARLY, TROUBLE = {"early": True}, {"trouble": True}
CASES = [
    *((spec, DIFFUSE, {}) for spec in SPECS),
    ("gaussian", GIVEN, {}),
    ("learning", GIVEN, {}),
    ("reverting", STATIONARY, {}),
    ("learning and reverting", STATIONARY, {}),
    ("gaussian", GIVEN, EARLY),
    ("gaussian", DIFFUSE, TROUBLE),
    ("conjugate", DIFFUSE, EARLY | TROUBLE),
    ("discounted", (GIVEN, DIFFUSE, DIFFUSE), TROUBLE),
    ("reverting", (STATIONARY, GIVEN, STATIONARY), EARLY),
    ("learning and reverting", MIXED, EARLY | TROUBLE),
    ("conjugate and reverting", MIXED, TROUBLE),
]


def name_of(case):
    spec, kind, options = case
    names = [("diffuse", "given", "stationary")[k] for k in np.atleast_1d(kind)]
    return ", ".join([spec, *names, *options])


@pytest.fixture(params=CASES, ids=name_of)
def case(request, made):
    name, kind, options = request.param
    problem = problem_of(SPECS[name], made, kind, **options)
    pool = pool_of(problem)
    filter_ = problem.filter(pool)
    filter_.run(problem.X, problem.observed.Y, store="state")
    return problem, pool, problem.score(pool), np.flatnonzero(filter_.begun[:COUNT])


def test_log_likelihood_is_the_filters(case):
    problem, pool, slopes, begun = case
    expected = log_likelihood(problem, pool)
    np.testing.assert_allclose(slopes.log_likelihood[begun], expected[begun], rtol=1e-10)


def test_score_by_state_variances(case):
    problem, pool, slopes, begun = case
    for j in range(3):
        found = (slopes.state_variance * problem.unit())[j]
        expected = difference(
            lambda ratio, j=j: log_likelihood(problem, replace(pool, ratio=entry(pool.ratio, j, ratio))),
            pool.ratio[j],
        )
        agree(found, expected, begun)


def test_score_by_level(case):
    problem, pool, slopes, begun = case
    found = slopes.level
    if np.ndim(problem.unit()):  # state variances are ratios times levels
        found = found + (pool.ratio[:, None] * slopes.state_variance).sum(axis=0)
    expected = difference(lambda by: log_likelihood(replace(problem, levels=problem.levels * by), pool), 1.0)
    agree(found * problem.levels, expected, begun)


def test_score_by_the_common_volatility(case):
    problem, pool, slopes, begun = case
    for j, exponent in enumerate(pool.exponents):
        at = lambda to, j=j: log_likelihood(problem, replace(pool, exponents=entry(pool.exponents, j, to)))  # noqa: E731
        agree(slopes.common[j], difference(at, exponent), begun)
    agree(slopes.common[-1], difference(lambda to: log_likelihood(problem, replace(pool, rise=to)), pool.rise), begun)


@pytest.mark.parametrize("name", ["tails", "memory", "fast_memory", "fast_weight", "surprise_scale"])
def test_score_by_shared_parameters(case, name):
    problem, pool, slopes, begun = case
    fixed = {
        "tails": not np.isfinite(pool.tails),
        "memory": problem.spec.noise == CONSTANT,
        "fast_memory": not pool.fast_weight,
        "fast_weight": not pool.fast_weight,
        "surprise_scale": problem.spec.noise != EWMA,
    }
    if fixed[name]:
        np.testing.assert_array_equal(getattr(slopes, name), 0.0)
        return
    expected = difference(lambda at: log_likelihood(problem, replace(pool, **{name: at})), getattr(pool, name))
    agree(getattr(slopes, name), expected, begun)


def test_score_by_persistence_and_mean(case):
    problem, pool, slopes, begun = case
    if not problem.spec.reverts:
        return
    for j in range(3):
        expected = difference(
            lambda phi, j=j: log_likelihood(problem, replace(pool, phi=entry(pool.phi, j, phi))), pool.phi[j]
        )
        agree(slopes.phi[j], expected, begun)
        mean = problem.mean[j]
        expected = difference(
            lambda by, j=j, m=mean: log_likelihood(replace(problem, mean=entry(problem.mean, j, m + (by - 1.0))), pool),
            1.0,
        )
        agree(slopes.mean[j], expected, begun)


def test_score_at_a_variance_of_exactly_zero(made):
    problem = problem_of(SPECS["gaussian"], made)
    pool = replace(pool_of(problem), ratio=np.zeros(3))
    slopes = problem.score(pool)
    begun = np.flatnonzero(np.isfinite(problem.observed.Y[:, :COUNT]).sum(axis=0) > 10)
    base = log_likelihood(problem, pool)
    for j in range(3):
        h = 1e-7
        one, two, four = (
            log_likelihood(problem, replace(pool, ratio=entry(pool.ratio, j, k * h))) - base for k in (1, 2, 4)
        )
        expected = (32.0 * one - 12.0 * two + four) / (12.0 * h)
        found = (slopes.state_variance * problem.unit())[j]
        np.testing.assert_allclose(found[begun], expected[begun], rtol=1e-4, atol=1e-4 * np.abs(expected[begun]).max())


def test_score_is_the_same_for_any_number_of_threads(made, monkeypatch):
    problem = problem_of(SPECS["learning"], made)
    pool = pool_of(problem)
    found = []
    for threads, small in ((1, np.inf), (3, 0)):
        monkeypatch.setattr(blocks, "get_num_threads", lambda threads=threads: threads)
        monkeypatch.setattr(blocks, "_SMALL", small)
        found.append(problem.score(pool))
    for name in ("log_likelihood", "level", "state_variance", "memory", "common"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))


def test_an_asset_that_is_never_identified_does_not_count(made):
    problem = problem_of(SPECS["gaussian"], made)
    Y = problem.observed.Y.copy()
    Y[2:, 0] = np.nan
    slopes = replace(problem, observed=Observed.of(Y)).score(pool_of(problem))
    assert slopes.log_likelihood[0] == 0.0
    assert slopes.level[0] == 0.0
    np.testing.assert_array_equal(slopes.state_variance[:, 0], 0.0)


def started(problem, pool, X):
    """The states that a block's lanes enter with, and the derivatives through its start at some bars of them."""
    spec, own = problem.at(pool)
    mine = type(own)(*(np.ascontiguousarray(part[..., :WIDTH]) for part in own))
    states, dates = mine.phi.shape[0], problem.dates(pool)._replace(X=X)
    entering, bars, by, by_shared = (
        new_entering(states),
        new_entering(states),
        new_block_parameters(states),
        new_shared_derivatives(dates.slopes.shape[1]),
    )
    A, U, at = np.zeros((WIDTH, states, states)), np.zeros((WIDTH, states, states + 1)), np.zeros(WIDTH + 1, int)
    tape = new_start_tape(spec, WIDTH * len(X), states)
    score._begin(spec, dates, problem.observed.Y, 0, problem.prior, mine, A, U, tape, at, entering, np.empty(WIDTH))
    bars.a[:], bars.P[:] = 0.5, -0.25
    differentiate_starts(spec, dates, 0, problem.prior, mine, A, U, tape, at, entering, bars, by, by_shared)
    begun = np.isfinite(entering.began)
    assert begun.sum() > 20
    return [part[..., begun] for part in (entering.began, entering.a, entering.P, *by, by_shared.common)]


def test_own_regressors_that_are_all_the_same_change_no_start(made):
    problem = problem_of(SPECS["learning and reverting"], made, MIXED, early=True, trouble=True)
    pool = pool_of(problem)
    own = np.repeat(problem.X[:, :, None], problem.observed.Y.shape[1], axis=2)
    for found, expected in zip(started(problem, pool, own), started(problem, pool, problem.X), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_start_of_more_dates_than_the_tape_has(made):
    problem = problem_of(SPECS["reverting"], made)
    X, Y = problem.X.copy(), problem.observed.Y.copy()
    X[:40, 2] = X[:40, 1]  # forty dates an asset, where six are expected
    problem, pool = replace(problem, X=X, observed=Observed.of(Y)), pool_of(problem)
    begun = np.flatnonzero(np.isfinite(Y[50:, :COUNT]).sum(axis=0) > 10)
    slopes = problem.score(pool)
    expected = difference(lambda phi: log_likelihood(problem, replace(pool, phi=entry(pool.phi, 2, phi))), pool.phi[2])
    agree(slopes.phi[2], expected, begun)
