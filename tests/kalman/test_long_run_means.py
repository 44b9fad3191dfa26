"""Means that loadings revert to: between each asset's own and the panel's, by their uncertainty."""

import numpy as np
import pytest

from statefolio.kalman.long_run_means import _variance_between, _variance_of_average, shrunk_means
from statefolio.kalman.ordinary_least_squares import ordinary_least_squares

PHI = np.array([0.98])


def panel(spread, dates=1500, assets=200, seed=3):
    """Loadings that revert to means of a given spread; returns means, regressors, returns and the step's variance."""
    rng = np.random.default_rng(seed)
    mean, variance = rng.normal(1.0, spread, assets), 0.002
    beta, b = np.empty((dates, assets)), mean.copy()
    for t in range(dates):
        b = mean + PHI * (b - mean) + np.sqrt(variance) * rng.standard_normal(assets)
        beta[t] = b
    X = rng.standard_normal((dates, 1))
    return mean, X, X * beta + rng.standard_normal((dates, assets)), np.full((1, assets + 1), variance)


@pytest.mark.parametrize("spread", [0.1, 0.3])
def test_shrunk_means_are_nearer_to_the_true_ones_than_least_squares_and_the_panel(spread):
    mean, X, Y, variance = panel(spread)
    Y[:1100, ::2] = np.nan  # half of the assets are listed late
    ols = ordinary_least_squares(X, Y)
    found = shrunk_means(ols, variance, PHI)[0]

    def error(of, part=slice(None)):
        return np.mean((of[:200][part] - mean[part]) ** 2)

    for part in (slice(0, None, 2), slice(1, None, 2)):
        assert error(found, part) < (1.0 if spread < 0.2 else 1.1) * error(ols.mean[0], part)  # little to gain
        assert error(found, part) < error(np.full(201, np.median(ols.mean[0, :-1])), part)
    late, early = (np.abs(found[:200] - ols.mean[0, :-1])[k::2].mean() for k in (0, 1))
    assert late > 1.5 * early  # the shorter the history, the nearer to the panel
    assert found[-1] == np.median(ols.mean[0, :-1])


def test_variance_between_is_the_one_that_was_simulated():
    rng = np.random.default_rng(4)
    v = rng.uniform(0.1, 2.0, 50_000)
    squares = rng.normal(0.0, np.sqrt(0.5 + v)) ** 2
    assert _variance_between(squares, v) == pytest.approx(0.5, rel=0.06)
    assert _variance_between(rng.normal(0.0, np.sqrt(0.5 * v)) ** 2, v) < 1e-12


def test_means_that_do_not_differ_are_the_panels():
    _, X, Y, variance = panel(0.0)
    found = shrunk_means(ordinary_least_squares(X, Y), variance, PHI)[0]
    assert np.ptp(found) < 0.02


def test_variance_of_an_average_is_that_of_simulated_ones():
    rng = np.random.default_rng(1)
    phi, dates = 0.95, 200
    b = rng.standard_normal(20_000) / np.sqrt(1.0 - phi**2)
    total = np.zeros(20_000)
    for _ in range(dates):
        b = phi * b + rng.standard_normal(20_000)
        total += b
    found = _variance_of_average(np.ones((1, 1)), np.array([[phi]]), np.array([dates]))
    assert found[0, 0] == pytest.approx(np.var(total / dates), rel=0.04)
    assert np.isinf(_variance_of_average(np.ones((1, 1)), np.ones((1, 1)), np.array([dates]))[0, 0])


def test_a_single_asset_and_unobserved_ones():
    _, X, Y, variance = panel(0.3, assets=3)
    one = shrunk_means(ordinary_least_squares(X, Y[:, :1]), variance[:, :2], PHI)
    assert one[0, 0] == ordinary_least_squares(X, Y[:, :1]).mean[0, 0]
    Y[:, 1] = np.nan
    found = shrunk_means(ordinary_least_squares(X, Y), variance, PHI)[0]
    assert found[1] == found[-1]
    none = shrunk_means(ordinary_least_squares(X, np.full_like(Y, np.nan)), variance, PHI)
    np.testing.assert_array_equal(none, 0.0)
