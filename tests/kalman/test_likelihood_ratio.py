"""Likelihood ratios with one loading held constant, against dense matrices and a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.kalman.likelihood_ratio import likelihood_ratios

DATES, STATES, ASSETS = 100, 3, 70


@pytest.fixture(scope="module")
def panel():
    """Regressors of each asset its own; the second loading of the first ten assets moves."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((DATES, STATES, ASSETS))
    X[:, 0] = 1.0
    Y = np.einsum("tkn,kn->tn", X, rng.standard_normal((STATES, ASSETS))) + rng.standard_normal((DATES, ASSETS))
    Y[:, :10] += X[:, 1, :10] * np.cumsum(rng.standard_normal((DATES, 10)) * 0.25, axis=0)
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:50, 12] = np.nan
    Y[:, 13] = np.nan
    return X, Y


@pytest.fixture(scope="module")
def found(panel):
    return likelihood_ratios(*panel)


def dense_maximum(X, y, held=None):
    """Twice the largest restricted log-likelihood, up to a constant, by scipy from several starts."""
    known = np.isfinite(y)
    walk = np.tri(len(y), k=-1)[:, :-1]
    kernels = [np.outer(x, x)[np.ix_(known, known)] * (walk @ walk.T)[np.ix_(known, known)] for x in X.T]
    X, y = X[known], y[known]
    free = [j for j in range(X.shape[1]) if j != held]

    def loss(theta):
        V = np.eye(len(y)) + sum(t**2 * kernels[j] for t, j in zip(theta, free, strict=True))
        inverse = np.linalg.inv(V)
        A = X.T @ inverse @ X
        e = y - X @ np.linalg.solve(A, X.T @ inverse @ y)
        rest = (len(y) - X.shape[1]) * np.log(e @ inverse @ e)
        return np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + rest

    starts = [np.full(len(free), value) for value in (0.02, 0.1, 0.3)]
    ends = [minimize(loss, start, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9}) for start in starts]
    return -min(end.fun for end in ends)


@pytest.mark.parametrize("asset", [0, 12])
def test_ratios_are_those_of_dense_matrices(panel, found, asset):
    X, Y = panel
    top = dense_maximum(X[:, :, asset], Y[:, asset])
    for j in range(STATES):
        expected = top - dense_maximum(X[:, :, asset], Y[:, asset], held=j)
        assert found.ratio[j, asset] == pytest.approx(expected, abs=2e-5)


def test_ratios_are_zero_exactly_where_loadings_do_not_move(found):
    assert (found.ratio[:, np.arange(ASSETS) != 13] >= 0.0).all()
    assert 0.4 < np.mean(found.ratio[:, 14:] == 0.0) < 0.85
    assert (found.signal_to_noise[found.ratio > 0.1] > 0.0).all()


def test_moving_loadings_are_distinguished_from_constant_ones(found):
    assert np.median(found.ratio[1, :10]) > 10.0
    assert np.median(found.ratio[[0, 2], :10]) < 2.0


def test_an_asset_without_observations_is_nan(found):
    assert np.isnan(found.ratio[:, 13]).all()
    assert not found.converged[13]
    assert found.converged[np.arange(ASSETS) != 13].mean() > 0.95


def test_assets_do_not_depend_on_their_neighbours(panel, found):
    X, Y = panel
    order = np.random.default_rng(1).permutation(ASSETS)
    again = likelihood_ratios(X[:, :, order], Y[:, order])
    np.testing.assert_allclose(again.ratio, found.ratio[:, order], atol=1e-9)


def test_scale_of_returns_leaves_ratios(panel, found):
    X, Y = panel
    again = likelihood_ratios(X, 0.01 * Y)
    np.testing.assert_allclose(again.ratio, found.ratio, atol=1e-5)
