"""Least squares with gaps, where tuning starts."""

import numpy as np
from threadpoolctl import threadpool_limits

from statefolio.kalman.ordinary_least_squares import filled_with_median, ordinary_least_squares


def test_every_asset_on_its_own_dates(made):
    panel = made(4)
    units = np.array([1.0, 1e-6, 1e6, 1.0])
    found = ordinary_least_squares(panel.X * units, panel.Y)
    for i in (0, 7, 9, 69):
        seen = np.isfinite(panel.Y[:, i])
        X = panel.X[seen]
        mean, squares, *_ = np.linalg.lstsq(X, panel.Y[seen, i], rcond=None)
        np.testing.assert_allclose(found.mean[:, i], mean / units, rtol=1e-8)
        variance = squares[0] / (seen.sum() - 4)
        np.testing.assert_allclose(found.residual_variance[i], variance, rtol=1e-10)
        errors = np.diagonal(np.linalg.inv(X.T @ X)) * variance / units**2
        np.testing.assert_allclose(found.variance[:, i], errors, rtol=1e-8)


def test_too_few_observations_give_nan(made):
    found = ordinary_least_squares(made(4).X, made(4).Y)
    assert np.isnan(found.mean[:, [3, 5]]).all()
    assert np.isnan(found.residual_variance[[3, 5]]).all()
    np.testing.assert_array_equal(found.observations[[3, 5]], [0, 1])


def test_unknown_values_take_the_median():
    np.testing.assert_array_equal(filled_with_median(np.array([1.0, np.nan, 3.0]), 9.0), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(filled_with_median(np.array([np.nan]), 9.0), [9.0])


def test_bits_depend_neither_on_other_assets_nor_on_threads_of_blas():
    rng = np.random.default_rng(3)
    X, Y = rng.standard_normal((1500, 7)), rng.standard_normal((1500, 300))
    Y[rng.random(Y.shape) < 0.02] = np.nan
    with threadpool_limits(1, "blas"):
        whole = ordinary_least_squares(X, Y)
    with threadpool_limits(2, "blas"):
        again = ordinary_least_squares(X, Y)
    parts = [ordinary_least_squares(X, Y[:, first:last]) for first, last in ((0, 64), (64, 192), (192, 300))]
    for name, values in whole._asdict().items():
        np.testing.assert_array_equal(values, getattr(again, name))
        joined = np.concatenate([getattr(part, name)[..., :-1] for part in parts], axis=-1)
        np.testing.assert_array_equal(values[..., :-1], joined)
