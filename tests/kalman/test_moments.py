import numpy as np

from statefolio.kalman.moments import observed_squares, standardised_moments


def test_standardised_moments_against_plain_numpy():
    u = np.random.default_rng(0).normal(size=(70, 4))
    u[:, 3] = 0.0
    squares, products, weight = np.zeros(4), np.zeros((4, 4)), 0.0
    for row in u:
        squares, weight = 0.9 * squares + row * row, 0.9 * weight + 1.0
        z = row * np.sqrt(weight / np.where(squares > 0.0, squares, 1.0))
        products = 0.97 * products + np.outer(z, z)
    start = np.zeros(4), np.zeros((4, 4)), 0.0
    found = standardised_moments(u, *start, (0.9, 0.97))
    for ours, plain in zip(found, (squares, products, weight), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-12)
    parts = standardised_moments(u[31:], *standardised_moments(u[:31], *start, (0.9, 0.97)), (0.9, 0.97))
    for ours, whole in zip(parts, found, strict=True):
        np.testing.assert_array_equal(ours, whole)
    assert not start[1].any()


def test_observed_squares_skip_gaps():
    values = np.random.default_rng(1).normal(size=(50, 3))
    values[:20, 1], values[::3, 2] = np.nan, np.nan
    squares, weight = observed_squares(values, np.zeros(3), np.zeros(3), 0.95)
    for i in range(3):
        seen = values[~np.isnan(values[:, i]), i]
        w = 0.95 ** np.arange(len(seen))[::-1]
        np.testing.assert_allclose([squares[i], weight[i]], [w @ seen**2, w.sum()], rtol=1e-12)
    parts = observed_squares(values[17:], *observed_squares(values[:17], np.zeros(3), np.zeros(3), 0.95), 0.95)
    np.testing.assert_array_equal(parts, (squares, weight))
