"""Least squares with gaps, where tuning starts."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from statefolio.kalman.ordinary_least_squares import (
    filled_with_median,
    judge_residuals,
    moderate_ratio,
    ordinary_least_squares,
    unfitted,
)


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


DATES = 100
FACTOR = np.where(np.arange(DATES) % 2, -0.01, 0.01)
NOISE = np.where(np.arange(DATES) // 2 % 2, -0.01, 0.01)
"""As large as the factor, and orthogonal to it and to a constant."""


def judged(*columns):
    """Residual variance and what it teaches, by asset, of regressions on a constant and FACTOR."""
    Y = np.stack(columns, axis=1)
    found = judge_residuals(ordinary_least_squares(np.stack([np.ones(DATES), FACTOR], axis=1), Y), Y)
    kinds = np.where(found.hardly_any, "hardly any", np.where(found.one_date, "one date", "ordinary"))
    return found.variance, kinds.tolist()


def test_ordinary_residuals_are_as_they_are():
    variance, kinds = judged(FACTOR + NOISE, 5.0 * NOISE)
    np.testing.assert_allclose(variance, np.array([1.0, 25.0]) * 1e-4 * DATES / (DATES - 2), rtol=1e-10)
    assert kinds == ["ordinary"] * 2


def test_a_residual_of_one_ten_thousandth_teaches_and_has_a_floor_of_one_millionth():
    shares = np.array([1.1e-4, 0.9e-4, 1.1e-6, 0.9e-6, 0.0])
    variance, kinds = judged(*[FACTOR + np.sqrt(share * (DATES - 2) / DATES) * NOISE for share in shares])
    np.testing.assert_allclose(variance, 1e-4 * np.maximum(shares, 1e-6), rtol=1e-3)
    assert kinds == ["ordinary", *["hardly any"] * 4]


def test_constants_and_zeros_teach_nothing():
    variance, kinds = judged(np.zeros(DATES), np.full(DATES, 1e-4))
    assert np.isnan(variance[0])
    assert variance[1] == pytest.approx(1e-14, rel=1e-6)
    assert kinds == ["hardly any"] * 2


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_half_of_the_squared_returns_on_one_date_teach_nothing_and_99_percent_are_no_variance(sign):
    columns = []
    for share in (0.48, 0.52, 0.988, 0.992):
        column = NOISE.copy()
        column[7] = sign * np.sqrt(share / (1.0 - share) * (DATES - 1)) * 0.01
        columns.append(column)
    variance, kinds = judged(*columns)
    assert kinds == ["ordinary", *["one date"] * 3]
    assert variance[2] > 50e-4  # the large one counts
    assert variance[3] == pytest.approx(1e-4)  # the mean square of the others


def test_missing_returns_are_in_no_mean():
    whole, gap = NOISE.copy(), NOISE.copy()
    whole[7] = gap[7] = 1.0
    gap[60:] = np.nan
    few = np.where(np.arange(DATES) < 2, NOISE, np.nan)
    variance, kinds = judged(whole, gap, few, np.full(DATES, np.nan))
    assert variance[:2] == pytest.approx([1e-4, 1e-4])
    assert np.isnan(variance[2:]).all()
    assert kinds == ["one date", "one date", "ordinary", "ordinary"]


def test_a_regressor_of_zeros_costs_nothing():
    X = np.stack([np.ones(DATES), FACTOR, np.zeros(DATES)], axis=1)
    found = ordinary_least_squares(X, (2.0 * FACTOR + NOISE)[:, None])
    np.testing.assert_allclose(found.mean[:, 0], [0.0, 2.0, 0.0], atol=1e-12)


def test_as_many_observations_as_loadings_leave_no_residual():
    Y = np.stack([np.where(np.arange(DATES) < count, NOISE + FACTOR**2, np.nan) for count in (2, 3)], axis=1)
    found = ordinary_least_squares(np.stack([np.ones(DATES), FACTOR], axis=1), Y)
    np.testing.assert_array_equal(np.isfinite(found.residual_variance), [False, True, False])


def test_the_moderate_ratio_has_a_memory_of_a_fifth_of_the_history():
    found = ordinary_least_squares(FACTOR[:, None], (FACTOR + NOISE)[:, None])
    memory = 1.0 / np.sqrt(moderate_ratio(found)[0, 0] * 1e-4)  # the mean square of the factor
    assert memory == pytest.approx(DATES / 5.0)
    assert np.isnan(moderate_ratio(unfitted(3, 2))).all()
    assert unfitted(3, 2).mean.shape == (2, 4)
