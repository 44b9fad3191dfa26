"""Condensed panels and the volatility around a date, against plain loops."""

import numpy as np
import pytest

from statefolio.diagnostics.change.condensed import block_edges, condense
from statefolio.diagnostics.change.local_volatility import CAP, FLOOR, local_variance

DATES, STATES, ASSETS = 300, 3, 20


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(DATES), rng.standard_normal((DATES, STATES - 1)) * 0.01])
    sigma = 0.02 * np.exp(0.4 * rng.standard_normal((DATES, ASSETS)))
    Y = X @ rng.standard_normal((STATES, ASSETS)) + sigma * rng.standard_normal((DATES, ASSETS))
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:130, 2] = np.nan
    Y[:, 5] = np.nan
    return X, Y, sigma, block_edges(DATES, 30)


def test_constant_loadings_are_weighted_least_squares(panel):
    X, Y, sigma, edges = panel
    found = condense(X, Y, sigma, edges)
    for i in (0, 2, 19):
        known = np.isfinite(Y[:, i])
        W = X[known] / sigma[known, i, None]
        expected = np.linalg.lstsq(W, Y[known, i] / sigma[known, i], rcond=None)[0]
        np.testing.assert_allclose(found.loadings[:, i], expected, rtol=1e-9)
        e = (Y[known, i] - X[known] @ expected) / sigma[known, i]
        np.testing.assert_allclose(found.residuals[known, i], e, atol=1e-9)
    assert np.isnan(found.loadings[:, 5]).all()


def test_rows_hold_each_blocks_weighted_sums_up_to_one_factor(panel):
    X, Y, sigma, edges = panel
    found = condense(X, Y, sigma, edges, robust=False)
    moments, sums = found.moments()
    i, b = 0, 3
    here = np.arange(edges[b], edges[b + 1])
    here = here[np.isfinite(Y[here, i])]
    Z, h = X[here] / found.scale, 1 / sigma[here, i] ** 2
    expected, right = (Z * h[:, None]).T @ Z, Z.T @ (h * Y[here, i])
    level = expected[0, 0] / moments[i, b, 0, 0]
    np.testing.assert_allclose(moments[i, b] * level, expected, rtol=1e-9, atol=1e-9 * expected.max())
    np.testing.assert_allclose(sums[i, b] * level, right, rtol=1e-9)
    assert level == pytest.approx(1.0, abs=0.3)


def test_noise_of_rows_has_unit_variance_where_sizes_of_noise_and_factor_go_together():
    rng = np.random.default_rng(1)
    f = rng.standard_normal(4000)
    X = np.column_stack([np.ones(4000), f])
    Y = np.abs(f)[:, None] * rng.standard_normal((4000, 60))
    flat = np.ones_like(Y)
    edges = block_edges(4000, 50)
    robust, plain = condense(X, Y, flat, edges), condense(X, Y, flat, edges, robust=False)

    def spread(found):
        scaled = found.loadings * found.scale[:, None]
        e = found.values - np.einsum("brkn,kn->brn", found.rows, scaled)
        return np.sqrt((e**2).mean(axis=(0, 2)))

    np.testing.assert_allclose(spread(robust), 1.0, atol=0.12)
    assert spread(plain)[1] > 1.2 * spread(plain)[0]


def test_blocks_with_too_few_returns_are_empty(panel):
    X, Y, sigma, edges = panel
    found = condense(X, Y, sigma, edges)
    assert np.isnan(found.values[:4, :, 2]).all()
    assert (found.rows[:4, :, :, 2] == 0.0).all()
    assert np.isfinite(found.values[5:, :, 2]).all()
    assert found.observed[5] == 0.0


def test_scaling_returns_changes_nothing_but_loadings(panel):
    X, Y, sigma, edges = panel
    one, two = condense(X, Y, sigma, edges), condense(X, 3 * Y, 3 * sigma, edges)
    np.testing.assert_allclose(two.values, one.values * 3 / 3, rtol=1e-9)
    np.testing.assert_allclose(two.rows * 3, one.rows, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(two.loadings, 3 * one.loadings, rtol=1e-9)


def slow_variance(e, memory):
    seen = np.isfinite(e)
    mean = np.mean(e[seen] ** 2)

    def around(square):
        found = np.empty(len(e))
        for t in range(len(e)):
            weight = np.array([memory ** abs(s - t) if s != t and seen[s] else 0.0 for s in range(len(e))])
            found[t] = (weight @ square + mean) / (weight.sum() + 1.0)
        return np.maximum(found, FLOOR * mean)

    square = np.where(seen, e, 0.0) ** 2
    return around(np.minimum(square, CAP * around(np.minimum(square, CAP * mean))))


def test_local_variance_is_that_of_a_double_loop():
    e = np.random.default_rng(2).standard_t(4, (80, 2)) * np.linspace(0.5, 3.0, 80)[:, None]
    e[20:30, 1] = np.nan
    found = local_variance(e, 0.9)
    for i in range(2):
        np.testing.assert_allclose(found[:, i], slow_variance(e[:, i], 0.9), rtol=1e-10)


def test_local_variance_does_not_see_signs_and_follows_volatility():
    rng = np.random.default_rng(3)
    e = rng.standard_normal((500, 3)) * np.where(np.arange(500) < 250, 1.0, 3.0)[:, None]
    signs = np.where(rng.random(e.shape) < 0.5, -1.0, 1.0)
    np.testing.assert_array_equal(local_variance(e), local_variance(signs * e))
    found = np.sqrt(local_variance(e)).mean(axis=1)
    assert found[100] == pytest.approx(1.0, abs=0.25)
    assert found[400] == pytest.approx(3.0, abs=0.6)
    assert np.isnan(local_variance(np.full((5, 1), np.nan))).all()
