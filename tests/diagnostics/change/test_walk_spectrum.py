"""Null distribution of the likelihood ratio: dense matrices, the filter's likelihood, the half-half mixture."""

import numpy as np
import pytest
from scipy.linalg import eigvalsh
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, norm

from statefolio.diagnostics.change import walk_spectrum as ws
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, Specification

DATES, STATES, MOVES = 90, 3, 1


@pytest.fixture(scope="module")
def asset():
    """Regressors, returns of an asset whose second loading moves."""
    rng = np.random.default_rng(3)
    X = np.column_stack(
        [np.ones(DATES), rng.standard_normal((DATES, STATES - 1)) * np.linspace(0.5, 2, DATES)[:, None]]
    )
    walk = np.cumsum(rng.standard_normal(DATES)) * 0.25
    return X, X @ [0.3, 1.0, -0.5] + X[:, MOVES] * walk + rng.standard_normal(DATES)


def daily(X, y):
    """Blocks of one date."""
    return X[:, :, None] * X[:, None, :], X * y[:, None], float(y @ y), len(y)


def dense_walk(X, j):
    """Z: column t is x_j from date t + 1 on."""
    return X[:, [j]] * np.tri(len(X), k=-1)[:, : len(X) - 1]


def dense_gain(X, y, j, lam):
    """Twice the gain in restricted likelihood at lambda, R concentrated."""

    def value(V):
        inverse = np.linalg.inv(V)
        A = X.T @ inverse @ X
        e = y - X @ np.linalg.solve(A, X.T @ inverse @ y)
        free = len(y) - X.shape[1]
        return -(np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + free * np.log(e @ inverse @ e))

    Z = dense_walk(X, j)
    return value(np.eye(len(y)) + lam * Z @ Z.T) - value(np.eye(len(y)))


def test_spectrum_is_that_of_dense_matrices(asset):
    X, _ = asset
    M = np.eye(DATES) - X @ np.linalg.pinv(X)
    found = ws.spectrum(X[:, :, None] * X[:, None, :])
    for j in range(STATES):
        Z = dense_walk(X, j)
        np.testing.assert_allclose(found[j], eigvalsh(Z.T @ M @ Z)[::-1], rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("j", range(STATES))
def test_ratio_is_the_dense_restricted_likelihoods(asset, j):
    X, y = asset
    ratio, lam = ws.single_ratio(*daily(X, y), j)
    found = minimize_scalar(
        lambda log: -dense_gain(X, y, j, np.exp(log)), bounds=(-12, 2), method="bounded", options={"xatol": 1e-9}
    )
    assert ratio == pytest.approx(max(-found.fun, 0.0), abs=1e-8)
    if ratio > 0.0:
        assert dense_gain(X, y, j, lam) == pytest.approx(ratio, abs=1e-8)
    assert (ratio > 5.0) == (j == MOVES)


def test_ratio_is_twice_the_gain_in_the_engines_exact_diffuse_likelihood(asset):
    X, y = asset
    ratio, lam = ws.single_ratio(*daily(X, y), MOVES)
    spec = Specification(CONSTANT, scales=True, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
    Y = pad_last(y[:, None], np.nan)
    tops = []
    for value in (0.0, lam):
        state_variance = np.zeros((STATES, 1))
        state_variance[MOVES] = value

        def likelihood(level, state_variance=state_variance):
            filter_ = new_filter(spec, state_variance, np.array([level]))
            return float(filter_.run(X, Y, store="likelihood").log_likelihood[0])

        found = filter_innovations(spec, state_variance, X, Y)
        tops.append(likelihood(found))
    assert 2.0 * (tops[1] - tops[0]) == pytest.approx(ratio, abs=1e-8)


def filter_innovations(spec, state_variance, X, Y):
    """R that maximises the likelihood at given signal-to-noise: mean squared standardised innovation."""
    found = new_filter(spec, state_variance, np.array([1.0])).run(X, Y, store="innovations")
    z2 = found.innovation[:, 0] ** 2 / found.innovation_variance[:, 0]
    return float(np.nansum(z2[STATES:]) / (DATES - STATES))


def test_drawn_ratios_are_those_of_drawn_returns(asset):
    X, _ = asset
    moments = X[:, :, None] * X[:, None, :]
    mu = ws.spectrum(moments)[MOVES]
    keep = mu > 1e-8 * mu[0]
    M = np.eye(DATES) - X @ np.linalg.pinv(X)
    P, _, _ = np.linalg.svd(M @ dense_walk(X, MOVES), full_matrices=False)
    rng = np.random.default_rng(5)
    Y = M @ rng.standard_normal((DATES, 80))
    w2 = (P[:, : keep.sum()].T @ Y) ** 2
    drawn = ws.ratio_draws(mu[keep], DATES - STATES, ws.Draws(w2.T, np.full(80, -30.0)))
    exact = [ws.single_ratio(moments, X * y[:, None], float(y @ y), DATES, MOVES)[0] for y in Y.T]
    assert np.max(drawn - exact) < 1e-8  # the grid's best is at most the best
    np.testing.assert_allclose(drawn, exact, rtol=0.04, atol=0.02)


def test_half_half_mixture_is_wrong(asset):
    """The textbook's 5 % value, 2.71, rejects a constant loading in about 3 % of cases."""
    X, _ = asset
    mu = ws.spectrum(X[:, :, None] * X[:, None, :])[MOVES]
    drawn = ws.ratio_draws(mu, DATES - STATES, ws.draw(8_000, DATES, 0))
    assert 0.6 < np.mean(drawn == 0.0) < 0.72
    assert 0.02 < np.mean(drawn > chi2.isf(0.10, 1)) < 0.04


def test_published_mass_at_zero():
    """With a constant alone, LR is zero in .65 of cases (Shephard and Harvey 1990)."""
    X = np.ones((100, 1))
    drawn = ws.ratio_draws(ws.spectrum(X[:, :, None] * X[:, None, :])[0], 99.0, ws.draw(10_000, 99, 1))
    assert np.mean(drawn == 0.0) == pytest.approx(0.65, abs=0.02)


def test_probabilities_beyond_the_draws_fall_as_a_chi_square_tail():
    rng = np.random.default_rng(0)
    drawn = 1.7 * rng.chisquare(3, 4000)
    for p in (0.2, 0.01, 1e-5):
        assert ws.exceedance(drawn, 1.7 * chi2.isf(p, 3), 1.7, 3.0) == pytest.approx(p, rel=0.6)
    assert ws.exceedance(drawn, -1.0) == 1.0


def test_chi_square_values_from_normals():
    z = np.array([-2.0, 0.0, 2.5])
    np.testing.assert_allclose(ws.chi_square(z, 300.0), chi2.ppf(norm.cdf(z), 300), rtol=1e-4)
